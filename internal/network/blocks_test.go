package network

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/http"
)

const block = model.BlockSize

// partsOf says the plain way which digests an object must have of which these offsets are missing.
func partsOf(body []byte, missing func(at int) bool, lastCounts bool) model.Parts {
	var want model.Parts
	hole := false
	for from := 0; from < len(body); from += block {
		to := min(from+block, len(body))
		whole := to-from == block || hole && lastCounts
		for at := from; at < to; at++ {
			if missing(at) {
				hole, whole = true, false
				break
			}
		}
		switch {
		case whole && !hole:
			want.Prefixes = append(want.Prefixes, model.DigestOf(body[:to]))
		case whole:
			want.Behind = append(want.Behind, model.Block{Index: int64(from / block), Digest: model.DigestOf(body[from:to])})
		}
	}
	return want
}

func in(ranges ...[2]int) func(int) bool {
	return func(at int) bool {
		return slices.ContainsFunc(ranges, func(r [2]int) bool { return at >= r[0] && at < r[1] })
	}
}

// lossy is a download of body in segments of mss bytes, of which those that begin in the body at the offsets
// for which lost says so are not seen.
func lossy(body []byte, mss int, lost func(at int) bool) *wire {
	w := newWire()
	c := w.conv("10.0.0.10:40001", "10.0.0.200:80").open()
	c.send(0, get("/fw.bin"))
	c.send(1, ok(body, "")[:len(ok(body, ""))-len(body)])
	for at := 0; at < len(body); at += mss {
		part := body[at:min(at+mss, len(body))]
		if !lost(at) {
			c.put(1, 0x18, c.seq[1], part)
		}
		c.seq[1] += uint32(len(part))
		if at/mss%2 == 1 {
			c.flag(0, 0x10)
		}
	}
	c.flag(0, 0x10)
	c.close()
	return w
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	const n, mss = 5*block + 1000, 1000
	fw := firmware(21, n)
	at := func(offsets ...int) func(int) bool {
		return func(at int) bool {
			return slices.ContainsFunc(offsets, func(o int) bool { return o >= at && o < at+mss })
		}
	}
	for name, lost := range map[string]func(int) bool{
		"nothing":           at(),
		"the first byte":    at(0),
		"the first block":   func(at int) bool { return at < block },
		"in the middle":     at(2*block + 5000),
		"twice":             at(block+5000, 3*block+70_000),
		"across two blocks": at(2 * block),
		"the end":           at(n - 1),
		"all but the end":   func(at int) bool { return at < 5*block-mss },
		"everywhere":        func(at int) bool { return at/mss%100 == 0 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _ := watch(t, lossy(fw, mss, lost).pcap())
			if len(got) != 1 {
				t.Fatalf("%+v", got)
			}
			want := partsOf(fw, func(at int) bool { return lost(at / mss * mss) }, true)
			if d := cmp.Diff(want, got[0].Parts); d != "" {
				t.Error(d)
			}
			if got[0].Complete != (name == "nothing") || got[0].Complete == got[0].Digest.IsZero() {
				t.Errorf("%+v", got[0])
			}
		})
	}
}

// Whatever is lost, repeated or reordered, every digest is that of the bytes that were sent, and there is one
// for each block that was seen whole.
func TestAnyBlocks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		fw := firmware(rapid.Uint64Range(0, 50).Draw(t, "seed"), rapid.IntRange(0, 4).Draw(t, "blocks")*block+rapid.SampledFrom([]int{1, 777, block - 1}).Draw(t, "more"))
		mss := rapid.SampledFrom([]int{1448, 8948, 60_000}).Draw(t, "mss")
		share := rapid.SampledFrom([]int{10, 100, 1000}).Draw(t, "one of")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "loss"), 5))
		gone := map[int]bool{}
		w := lossy(fw, mss, func(at int) bool { gone[at] = r.IntN(share) == 0; return gone[at] })
		s := &scene{w: w}
		if mss == 1448 && rapid.Bool().Draw(t, "disturbed") { // larger ones out of order are rightly given up
			s.disturb(t)
		}
		var l list
		if _, err := Watch(context.Background(), bytes.NewReader(w.pcap()), "x", Options{AllObjects: true}, &l); err != nil {
			t.Fatal(err)
		}
		if len(l.got) != 1 {
			t.Fatalf("%+v", l.got)
		}
		if d := cmp.Diff(partsOf(fw, func(at int) bool { return gone[at/mss*mss] }, true), l.got[0].Parts); d != "" {
			t.Fatal(d)
		}
	})
}

// Where offsets in what is seen are not offsets in the file, there are no digests.
func TestNoBlocks(t *testing.T) {
	t.Parallel()
	fw := firmware(22, 4*block)
	missing := func(c *conv, message []byte, from, to int) {
		c.send(1, message[:from])
		c.seq[1] += uint32(to - from)
		c.send(1, message[to:])
	}
	chunks := []byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
	for part := range slices.Chunk(fw, 100_000) {
		chunks = append(append(fmt.Appendf(chunks, "%x\r\n", len(part)), part...), "\r\n"...)
	}
	chunks = append(chunks, "0\r\n\r\n"...)
	second := bytes.Index(chunks[100:], []byte("\r\n186a0\r\n")) + 100
	fifth := second + 3*len("186a0\r\n\r\n") + 300_000
	prefix := func(n int) []model.Digest {
		var out []model.Digest
		for i := range n {
			out = append(out, model.DigestOf(fw[:(i+1)*block]))
		}
		return out
	}
	for name, c := range map[string]struct {
		send func(c *conv)
		want model.Parts
	}{
		"a whole one": {func(c *conv) { c.send(1, ok(fw, "")) }, model.Parts{Prefixes: prefix(4)}},
		"in chunks":   {func(c *conv) { c.send(1, chunks) }, model.Parts{Prefixes: prefix(4)}},
		"missing in a chunk": {
			func(c *conv) { missing(c, chunks, 500, 1500) },
			model.Parts{Behind: partsOf(fw, in([2]int{0, 1}), false).Behind},
		},
		"a chunk's header is missing": {func(c *conv) { missing(c, chunks, second-500, second+500) }, model.Parts{}},
		"a later one's is missing":    {func(c *conv) { missing(c, chunks, fifth-500, fifth+500) }, model.Parts{Prefixes: prefix(1)}},
		"encoded":                     {func(c *conv) { c.send(1, ok(fw, "Content-Encoding: br\r\n")) }, model.Parts{}},
		"encoded, with a hole":        {func(c *conv) { missing(c, ok(fw, "Content-Encoding: gzip\r\n"), 9000, 9999) }, model.Parts{}},
		"two lengths": {func(c *conv) {
			c.send(1, bytes.Replace(chunks, []byte("\r\n\r\n"), []byte("\r\nContent-Length: 9\r\n\r\n"), 1))
		}, model.Parts{}},
		"a range of an unknown whole": {
			func(c *conv) {
				c.send(1, append(fmt.Appendf(nil, "HTTP/1.1 206 Part\r\nContent-Length: %d\r\nContent-Range: bytes 7-%d/*\r\n\r\n", len(fw), 6+len(fw)), fw...))
			},
			model.Parts{},
		},
		"the beginning of an unknown whole": {
			func(c *conv) {
				c.send(1, append(fmt.Appendf(nil, "HTTP/1.1 206 Part\r\nContent-Length: %d\r\nContent-Range: bytes 0-%d/*\r\n\r\n", len(fw), len(fw)-1), fw...))
			},
			model.Parts{Prefixes: prefix(4)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire()
			conn := w.conv("10.0.0.10:40001", "10.0.0.200:80").open()
			conn.send(0, get("/fw.bin"))
			c.send(conn)
			conn.close()
			got, _ := watch(t, w.pcap())
			if len(got) != 1 {
				t.Fatalf("%+v", got)
			}
			if d := cmp.Diff(c.want, got[0].Parts); d != "" {
				t.Error(d)
			}
		})
	}
}

// What was put together from ranges has the digests of the whole, each byte hashed once.
func TestBlocksOfRanges(t *testing.T) {
	t.Parallel()
	const n = 5*block + 700
	fw := firmware(23, n)
	for name, parts := range map[string][][2]int{
		"all":           {{0, 2 * block}, {2 * block, n}},
		"out of order":  {{2 * block, n}, {0, 2 * block}},
		"no beginning":  {{100, n}},
		"a hole":        {{0, block + 50}, {2*block - 50, n}},
		"two holes":     {{4*block - 10, n}, {0, 300}, {block - 200, 3 * block}},
		"joined behind": {{3*block - 10, 4*block - 7}, {4*block - 7, 5 * block}, {0, 10}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire()
			for i, p := range parts {
				ranged(w, 41000+i, "/fw.bin", p[0], p[1], n, fw[p[0]:p[1]], "").close()
			}
			l, s := watchParts(t, w.pcap(), Options{Spool: t.TempDir()})
			if len(l.got) != 1 || s.Losses.Blocks != 0 {
				t.Fatalf("%+v, %+v", l.got, s)
			}
			want := partsOf(fw, func(at int) bool { return !in(parts...)(at) }, true)
			if d := cmp.Diff(want, l.got[0].Parts); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestBlocksOfFTP(t *testing.T) {
	t.Parallel()
	fw := firmware(24, 3*block+99)
	hole := func(w *wire, _ *conv) {
		for i, f := range w.frames {
			if len(f.data) > 1000 {
				w.frames = slices.Delete(w.frames, i+20, i+21)
				return
			}
		}
	}
	gap := in([2]int{20 * 1448, 21 * 1448})
	for name, k := range map[string]struct {
		setup []string
		open  func(*wire)
		want  model.Parts
	}{
		"size told":     {setup: []string{"TYPE I", "200", "PASV", "227 (10,0,0,201,195,80).", "RETR fw.bin", fmt.Sprintf("150 (%d bytes)", len(fw))}, want: partsOf(fw, gap, true)},
		"size not told": {setup: []string{"TYPE I", "200", "PASV", "227 (10,0,0,201,195,80).", "RETR fw.bin", "150 go"}, want: partsOf(fw, gap, false)},
		"as text":       {setup: []string{"TYPE A", "200", "PASV", "227 (10,0,0,201,195,80).", "RETR fw.bin", "150 go"}},
		"from a byte":   {setup: []string{"TYPE I", "200", "PASV", "227 (10,0,0,201,195,80).", "REST 77", "350", "RETR fw.bin", "150 go"}},
		"no beginning":  {setup: []string{"TYPE I", "200", "PASV", "227 (10,0,0,201,195,80).", "RETR fw.bin", "150 go"}, open: func(*wire) {}},
	} {
		w := ftpScene{setup: k.setup, client: "10.0.0.11:50001", server: "10.0.0.201:50000", change: hole, open: k.open}.build(fw)
		got, _ := watch(t, w.pcap())
		if len(got) != 1 || got[0].Complete {
			t.Fatalf("%s: %+v", name, got)
		}
		if d := cmp.Diff(k.want, got[0].Parts); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// A file in a form has digests up to the first byte that is missing, behind which nothing can be told apart.
func TestBlocksOfForms(t *testing.T) {
	t.Parallel()
	fw := firmware(28, 4*block)
	for fields, want := range map[string]model.Parts{
		"":                                      {Prefixes: []model.Digest{model.DigestOf(fw[:block]), model.DigestOf(fw[:2*block])}},
		"Content-Transfer-Encoding: base64\r\n": {},
	} {
		w := newWire()
		c := w.conv("10.0.0.10:40001", "10.0.0.200:80").open()
		message := post(form("b", formPart{`name="f"; filename="a.bin"`, fields, fw}), formB)
		c.send(0, message[:2*block+5000])
		c.seq[0] += 100
		c.send(0, message[2*block+5100:])
		c.send(1, ok(nil, ""))
		got, _ := watch(t, w.pcap())
		if len(got) == 0 || got[0].Name != "a.bin" {
			t.Fatalf("%+v", got)
		}
		if d := cmp.Diff(want, got[0].Parts); d != "" {
			t.Errorf("%q: %s", fields, d)
		}
	}
}

func TestBlocksOfTFTP(t *testing.T) {
	t.Parallel()
	c, s := [4]byte{10, 0, 0, 12}, [4]byte{10, 0, 0, 202}
	fw := firmware(25, 2*block+100)
	for mode, counts := range map[string]bool{"octet": true, "netascii": false} {
		w := newWire()
		w.gram(c, s, 50000, 69, []byte("\x00\x02fw.bin\x00"+mode+"\x00blksize\x008192\x00tsize\x00524388\x00"))
		w.gram(s, c, 50001, 50000, []byte("\x00\x06blksize\x008192\x00tsize\x00524388\x00"))
		for n := 1; (n-1)*8192 <= len(fw); n++ {
			if n != 3 {
				w.gram(c, s, 50000, 50001, append([]byte{0, 3, 0, byte(n)}, fw[(n-1)*8192:min(n*8192, len(fw))]...))
			}
			w.gram(s, c, 50001, 50000, []byte{0, 4, 0, byte(n)})
		}
		got, _ := watch(t, w.pcap())
		if len(got) != 1 {
			t.Fatalf("%+v", got)
		}
		want := model.Parts{}
		if counts {
			want = partsOf(fw, in([2]int{2 * 8192, 3 * 8192}), true)
		}
		if d := cmp.Diff(want, got[0].Parts); d != "" {
			t.Errorf("%s: %s", mode, d)
		}
	}
}

// The notes say whether the receiver had what is missing.
func TestWhoLostIt(t *testing.T) {
	t.Parallel()
	w := lossy(firmware(26, 50_000), 1000, in([2]int{20_000, 20_001}))
	oneSided := newWire()
	oneSided.frames = slices.DeleteFunc(slices.Clone(w.frames), func(f frame) bool { return f.data[11] == 0 }) // sent by the client
	for want, w := range map[string]*wire{"the mirror lost them": w, "no acknowledgement of them was seen": oneSided} {
		got, _ := watch(t, w.pcap())
		if len(got) != 1 || !slices.ContainsFunc(got[0].Notes, func(n string) bool {
			return strings.HasPrefix(n, "1000 bytes of it are missing") && strings.Contains(n, want)
		}) {
			t.Errorf("%q is not said: %+v", want, got)
		}
	}
}

// What is kept of all objects together is bounded, and what is not kept is counted.
func TestRoomForBlocks(t *testing.T) {
	t.Parallel()
	e := newEngine(Options{}, &count{})
	e.blocks = allBlocks - 3
	o := e.object()
	o.begin(e, &http.Message{Declared: 9 * block, First: -1, Whole: -1})
	e.live++
	fw := firmware(27, 9*block)
	o.write(e, 0, fw[:2*block+10])
	o.write(e, 2*block+20, fw[2*block+20:])
	if d := cmp.Diff(model.Parts{
		Prefixes: []model.Digest{model.DigestOf(fw[:block]), model.DigestOf(fw[:2*block])},
		Behind:   []model.Block{{Index: 3, Digest: model.DigestOf(fw[3*block : 4*block])}},
	}, o.blocks.parts); d != "" {
		t.Error(d)
	}
	if e.recycle(o); e.blocks != allBlocks-3 || e.unkept != 1 {
		t.Errorf("%d blocks, %d objects with some not kept", e.blocks, e.unkept)
	}
}
