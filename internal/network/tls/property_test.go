package tls

import (
	ctls "crypto/tls"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/cordon-trust/cordon/internal/network/flow"
)

// samples are real connections of several kinds.
func samples(t testing.TB) [][]turn {
	t.Helper()
	server, client := pair(t, "a.example"), pair(t, "pump-17")
	var out [][]turn
	for _, v := range []uint16{ctls.VersionTLS12, ctls.VersionTLS13} {
		srv := &ctls.Config{Certificates: []ctls.Certificate{server}, ClientAuth: ctls.RequireAnyClientCert, NextProtos: []string{"h2"}}
		cl := &ctls.Config{InsecureSkipVerify: true, ServerName: "a.example", MaxVersion: v, NextProtos: []string{"h2"}, Certificates: []ctls.Certificate{client}}
		out = append(out, talk(t, cl, srv, 500, 20_000).turns)
		srv = srv.Clone()
		srv.CurvePreferences = []ctls.CurveID{ctls.CurveP384}
		cl = cl.Clone()
		cl.NextProtos = manyNames(90)
		out = append(out, talk(t, cl, srv, 40_000, 10).turns)
	}
	return append(out, []turn{
		{0, old(0x0301)}, {1, one(recordHandshake, answer(0x0301, 5))}, {0, one(recordChange, []byte{1})}, {0, one(recordData, make([]byte, 900))},
	})
}

// cutUp sends the turns in pieces of lengths that next tells.
func cutUp(f *feeder, turns []turn, next func() int) {
	for _, t := range turns {
		for b := t.data; len(b) > 0; {
			n := min(max(next(), 1), len(b))
			f.send(t.side, slices.Clone(b[:n])) // a copy, so that nothing of it can be kept unnoticed
			b = b[n:]
		}
	}
}

// However a connection is cut into segments, its facts are the same.
func TestSegmentation(t *testing.T) {
	t.Parallel()
	all := samples(t)
	var want []*Facts
	for _, s := range all {
		want = append(want, play(s))
	}
	shared := &Shared{}
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(0, len(all)-1).Draw(t, "sample")
		sizes := rapid.SliceOfN(rapid.SampledFrom([]int{1, 2, 3, 5, 6, 11, 100, 1448, 1448, 40_000}), 1, 40).Draw(t, "sizes")
		f, k := feed(shared), 0
		cutUp(f, all[i], func() int { k++; return sizes[k%len(sizes)] })
		if d := cmp.Diff(want[i], f.conn.Facts(), cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("-whole +cut:\n%s", d)
		}
		if f.conn.Release(); shared.held != 0 {
			t.Fatalf("%d bytes are still held", shared.held)
		}
	})
}

// With bytes missing anywhere, what is said is what the whole connection says or nothing, and never more
// application data than there is.
func TestGapsInventNothing(t *testing.T) {
	t.Parallel()
	all := samples(t)
	var want []*Facts
	for _, s := range all {
		want = append(want, play(s))
	}
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(0, len(all)-1).Draw(t, "sample")
		f, lost := feed(&Shared{}), false
		for _, turn := range all[i] {
			for part := range slices.Chunk(turn.data, 1448) {
				if rapid.IntRange(0, 5).Draw(t, "lost") == 0 {
					f.gap(turn.side, len(part))
					lost = true
				} else {
					f.send(turn.side, part)
				}
			}
		}
		got := f.conn.Facts()
		if got == nil {
			if !lost {
				t.Fatal("it is not taken for TLS")
			}
			return
		}
		w := want[i]
		if got.SNI != "" && got.SNI != w.SNI || got.JA4 != "" && got.JA4 != w.JA4 || got.Version != 0 && got.Version != w.Version ||
			got.Cipher != 0 && got.Cipher != w.Cipher || got.Group != 0 && got.Group != w.Group {
			t.Fatalf("invented: %+v, want %+v", got, w)
		}
		for side := range 2 {
			if got.App[side] > w.App[side] || got.App[side] < w.App[side] && !got.Inexact[side] {
				t.Fatalf("%d bytes of application data on side %d (inexact %v), want %d", got.App[side], side, got.Inexact[side], w.App[side])
			}
			if n := got.Chains[side].Seen; n > w.Chains[side].Seen {
				t.Fatalf("%d certificates", n)
			}
		}
	})
}

// A connection whose beginning was not captured still counts, and says that it knows no more.
func TestFromTheMiddle(t *testing.T) {
	t.Parallel()
	f := feed(&Shared{})
	f.syn = [2]bool{}
	data := slices.Concat(one(recordData, make([]byte, 9000)), one(recordData, make([]byte, 700)), one(recordData, make([]byte, 90)))
	for part := range slices.Chunk(data, 1448) {
		f.send(1, part)
	}
	got := f.conn.Facts()
	if got == nil || got.App[1] != 9790 || !got.Inexact[1] || !got.Partial || got.Client != -1 || got.JA4 != "" {
		t.Errorf("%+v", got)
	}
	f.gap(1, 3000)
	f.send(1, slices.Concat(make([]byte, 500), data))
	if got = f.conn.Facts(); got.App[1] != 9790+500+9790 {
		t.Errorf("%d bytes after a gap", got.App[1])
	}
}

// Whatever lengths are claimed, the memory that all connections hold together is bounded, and so is what is
// kept of one.
func TestHostileTLS(t *testing.T) {
	t.Parallel()
	s := &Shared{}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var conns []*feeder
	endless := []byte{clientHello, 0, 0xff, 0xff}
	piece := one(recordHandshake, make([]byte, 1<<14))
	for range 2000 { // hellos of 64 KiB that never end
		f := feed(s)
		f.send(0, one(recordHandshake, endless))
		f.send(0, piece)
		f.send(0, piece)
		conns = append(conns, f)
	}
	if s.held > maxHeld || s.Unread < 1000 {
		t.Errorf("%d bytes are held, %d messages given up", s.held, s.Unread)
	}
	huge := feed(s) // a message of 16 MiB, in records of one byte
	huge.send(0, one(recordHandshake, []byte{clientHello, 0xff, 0xff, 0xff}))
	for range 1000 {
		huge.send(0, records(recordHandshake, make([]byte, 4000), 1))
	}
	conns = append(conns, huge)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 24<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
	for _, f := range conns {
		f.conn.Release()
	}
	if s.held != 0 {
		t.Errorf("%d bytes are still held", s.held)
	}
	for range 3 { // 10,000 certificates, sent again and again
		var list builder
		for range 10_000 {
			list = list.vec24([]byte{0x30, 0})
		}
		f := feed(s)
		f.send(1, slices.Concat(one(recordHandshake, answer(0x0303, 0xc02f)), one(recordHandshake, builder{certificate}.vec24(builder{}.vec24(list)))))
		if c := f.conn.Facts().Chains[1]; c.Seen != 10_000 || len(c.List) != maxChain || !c.List[0].Unreadable {
			t.Errorf("%d certificates, %d opened", c.Seen, len(c.List))
		}
	}
	for i := range 3 * maxCached { // certificates and names that are all different
		s.certificate([]byte{byte(i), byte(i >> 8), 7})
		s.intern([]byte{byte(i), byte(i >> 8), 8})
	}
	if len(s.certs) > maxCached || len(s.names) > maxNames || len(s.buffers) > restBuffers {
		t.Errorf("%d certificates, %d names, %d buffers are kept", len(s.certs), len(s.names), len(s.buffers))
	}
}

func FuzzConn(f *testing.F) {
	for _, s := range samples(f) {
		both := streams(s)
		f.Add(both[0][:min(len(both[0]), 3000)], both[1][:min(len(both[1]), 3000)], uint8(7))
	}
	f.Add(slices.Concat(old(2), []byte{0x80, 3}), append([]byte{0x80, 30, 4, 0, 1, 0, 2}, make([]byte, 25)...), uint8(1))
	f.Add(one(recordHandshake, []byte{clientHello, 0xff, 0xff, 0xff}), []byte{23, 3, 3, 0xff, 0xff}, uint8(1))
	f.Fuzz(func(t *testing.T, up, down []byte, size uint8) {
		turns := []turn{{0, up}, {1, down}}
		want := play(turns)
		cut := feed(&Shared{})
		cutUp(cut, turns, func() int { return int(size) })
		if d := cmp.Diff(want, cut.conn.Facts(), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("-whole +cut:\n%s", d)
		}
		gaps := feed(&Shared{})
		gaps.syn = [2]bool{size&1 == 0, size&2 == 0}
		for i, b := range [][]byte{up, down} {
			for part := range slices.Chunk(b, 1+int(size)*4) {
				if gaps.off[i]%3 == 1 {
					gaps.gap(i, len(part))
					continue
				}
				gaps.send(i, part)
			}
		}
		if fa := gaps.conn.Facts(); fa != nil {
			for i, b := range [][]byte{up, down} {
				if fa.App[i] < 0 || fa.App[i] > int64(len(b)) {
					t.Errorf("%d of %d bytes are application data", fa.App[i], len(b))
				}
			}
			fa.Seen(1)
		}
		gaps.conn.Release()
		if gaps.conn.shared.held != 0 {
			t.Error("bytes are still held")
		}
	})
}

// BenchmarkData must allocate nothing: application data, in segments of 1,448 bytes, is only counted.
func BenchmarkData(b *testing.B) {
	f := feed(&Shared{})
	f.send(0, one(recordHandshake, hello(0x0303, []uint16{0x1301}, sni("a.example"))))
	data := bytesOf(one(recordData, make([]byte, 1<<14)), 64)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	chunk := flow.Chunk{Off: 1, FromSYN: f.syn}
	for b.Loop() {
		for part := range slices.Chunk(data, 1448) {
			chunk.Bytes = part
			f.conn.Data(0, &chunk)
		}
	}
}

func bytesOf(b []byte, n int) []byte { return slices.Repeat(b, n) }

// BenchmarkHandshake is what a short connection costs; connections of the same parties allocate nothing.
func BenchmarkHandshake(b *testing.B) {
	for i, name := range []string{"TLS12", "TLS13"} {
		b.Run(name, func(b *testing.B) {
			turns := samples(b)[2*i]
			f := feed(&Shared{})
			play := func() {
				f.conn, f.off = New(f.conn, f.conn.shared), [2]uint64{}
				cutUpInPlace(f, turns)
				f.conn.Release()
			}
			play()
			b.ReportAllocs()
			for b.Loop() {
				play()
			}
		})
	}
}

func cutUpInPlace(f *feeder, turns []turn) {
	var c flow.Chunk
	for _, t := range turns {
		for part := range slices.Chunk(t.data, 1448) {
			c = flow.Chunk{Off: f.off[t.side], Bytes: part, FromSYN: f.syn}
			f.conn.Data(t.side, &c)
			f.off[t.side] += uint64(len(part))
		}
	}
}

// A connection of parties that were seen before allocates nothing, unless its hello is longer than the buffers
// that are kept. It does not run in parallel: the allocations of other tests would count.
func TestAllocatesNothing(t *testing.T) {
	all := samples(t)
	for _, i := range []int{0, 2, 4} {
		f, turns := feed(&Shared{}), all[i]
		again := func() {
			f.conn, f.off = New(f.conn, f.conn.shared), [2]uint64{}
			cutUpInPlace(f, turns)
			f.conn.Release()
		}
		again()
		if n := testing.AllocsPerRun(20, again); n > 0 {
			t.Errorf("sample %d: %v allocations", i, n)
		}
	}
}
