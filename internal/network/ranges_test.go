package network

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/cordon-trust/cordon/internal/model"
)

// ranged is one request for a range on a connection of its own.
func ranged(w *wire, port int, path string, from, to, whole int, body []byte, fields string) *conv {
	c := w.conv(fmt.Sprintf("10.0.0.10:%d", port), "10.0.0.200:80").open()
	c.send(0, fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: h\r\nRange: bytes=%d-%d\r\n\r\n", path, from, to-1))
	c.send(1, append(fmt.Appendf(nil, "HTTP/1.1 206 Partial Content\r\nContent-Length: %d\r\nContent-Range: bytes %d-%d/%d\r\n%s\r\n", len(body), from, to-1, whole, fields), body...))
	return c
}

func watchParts(tb testing.TB, capture []byte, opt Options) (*list, Summary) {
	tb.Helper()
	var l list
	opt.AllObjects = true
	s, err := Watch(tb.Context(), bytes.NewReader(capture), "test.pcap", opt, &l)
	if err != nil {
		tb.Fatal(err)
	}
	return &l, s
}

func TestRanges(t *testing.T) {
	t.Parallel()
	const n = 400_000
	fw := firmware(8, n)
	bad := slices.Clone(fw)
	for i := range bad {
		bad[i] ^= 1
	}
	type part struct {
		from, to int
		fields   string
		path     string
		of       []byte
	}
	for name, k := range map[string]struct {
		parts     []part
		transfers int
		whole     bool
		ambiguous bool
	}{
		"in order":               {[]part{{to: n / 2}, {from: n / 2, to: n}}, 1, true, false},
		"out of order":           {[]part{{from: 300_000, to: n}, {from: 1000, to: 300_000}, {to: 1000}}, 1, true, false},
		"overlapping, the same":  {[]part{{to: 250_000}, {from: 200_000, to: n}}, 1, true, false},
		"the same twice":         {[]part{{from: 10, to: n}, {from: 10, to: n}, {to: 10}}, 1, true, false},
		"a hole":                 {[]part{{to: 1000}, {from: 1001, to: n}}, 1, false, false},
		"only the end":           {[]part{{from: 5, to: n}}, 1, false, false},
		"overlap that differs":   {[]part{{to: 250_000}, {from: 249_999, to: 250_001, of: bad}, {from: 250_000, to: n}}, 1, true, true},
		"kept copy that differs": {[]part{{from: 100, to: n}, {from: 2000, to: 2001, of: bad}, {to: 100}}, 1, true, true},
		"differs when joined":    {[]part{{from: 100, to: n}, {to: 101, of: bad}}, 1, true, true},
		"another version":        {[]part{{to: n / 2, fields: "ETag: \"a\"\r\n"}, {from: n / 2, to: n, fields: "ETag: \"b\"\r\n"}}, 2, false, false},
		"another time":           {[]part{{to: n / 2, fields: "Last-Modified: a\r\n"}, {from: n / 2, to: n, fields: "Last-Modified: b\r\n"}}, 2, false, false},
		"another query":          {[]part{{to: n / 2}, {from: n / 2, to: n, path: "/fw.bin?v=2"}}, 2, false, false},
		"another folder":         {[]part{{to: n / 2}, {from: n / 2, to: n, path: "/x/fw.bin"}}, 2, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire()
			for i, p := range k.parts {
				if p.path == "" {
					p.path = "/fw.bin"
				}
				if p.of == nil {
					p.of = fw
				}
				ranged(w, 41000+i, p.path, p.from, p.to, n, p.of[p.from:p.to], p.fields).close()
			}
			dir := t.TempDir()
			l, s := watchParts(t, w.pcap(), Options{Spool: dir})
			if len(l.got) != k.transfers || len(l.parts) != len(k.parts) || s.Objects != int64(k.transfers) {
				t.Fatalf("%d transfers, %d parts, %d objects: %+v", len(l.got), len(l.parts), s.Objects, l.got)
			}
			g := l.got[0]
			if g.Complete != k.whole || g.Ambiguous != k.ambiguous || g.Declared != n || g.Name != "fw.bin" {
				t.Errorf("%+v", g)
			}
			if !k.ambiguous && (g.Digest == model.DigestOf(fw)) != k.whole || g.Complete == g.Digest.IsZero() {
				t.Errorf("digest %s", g.Digest)
			}
			for i, p := range l.parts {
				of := k.parts[i].of
				if of == nil {
					of = fw
				}
				if p.Digest != model.DigestOf(of[k.parts[i].from:k.parts[i].to]) || p.First != int64(k.parts[i].from) || p.Whole != n {
					t.Errorf("part %+v", p)
				}
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
				t.Errorf("%v stay behind: %v", left, err)
			}
		})
	}
}

// Parts fetched at the same time over several connections, their segments mixed, give the whole.
func TestRangesInParallel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(8, 60_000).Draw(t, "size")
		fw := firmware(3, n)
		cuts := append(rapid.SliceOfN(rapid.IntRange(1, n-1), 0, 6).Draw(t, "cuts"), 0, n)
		slices.Sort(cuts)
		cuts = slices.Compact(cuts)
		lost := rapid.Bool().Draw(t, "lost")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 9))
		var parts [][]frame
		for i := range len(cuts) - 1 {
			w := newWire()
			to := cuts[i+1]
			if i+2 < len(cuts) { // some overlap, which leaves every part a byte of its own
				to = min(to+r.IntN(2)*r.IntN(3000), cuts[i+2]-1)
			}
			ranged(w, 41000+i, "/fw.bin", cuts[i], to, n, fw[cuts[i]:to], "").close()
			parts = append(parts, w.frames)
		}
		r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		if lost {
			p := r.IntN(len(parts))
			at := r.IntN(len(parts[p]))
			parts[p] = slices.Delete(parts[p], at, at+1)
		}
		var l list
		s, err := Watch(context.Background(), bytes.NewReader(interleave(parts, 1+r.IntN(4))), "x", Options{AllObjects: true}, &l)
		if err != nil {
			t.Fatal(err)
		}
		whole := 0
		for _, g := range l.got {
			if g.Complete && g.Digest != model.DigestOf(fw) || g.Ambiguous || g.Complete == g.Digest.IsZero() {
				t.Fatalf("%+v", g)
			}
			if g.Complete {
				whole++
			}
		}
		if !lost && (whole != 1 || len(l.got) != 1) {
			t.Fatalf("%d of %d whole: %+v, %+v", whole, len(l.got), l.got, s)
		}
	})
}

// However many objects are begun, a bounded number is followed, and the loss is counted.
func TestRangesBound(t *testing.T) {
	t.Parallel()
	w := newWire()
	const many = maxAssemblies + 50
	c := w.conv("10.0.0.10:41000", "10.0.0.200:80").open()
	for i := range many {
		c.send(0, get(fmt.Sprintf("/%d.bin", i)))
		c.send(1, []byte("HTTP/1.1 206 P\r\nContent-Length: 5\r\nContent-Range: bytes 7-11/100\r\n\r\nabcde"))
	}
	c.close()
	l, s := watchParts(t, w.pcap(), Options{})
	if len(l.got) != many || len(l.parts) != many || s.Losses.Ranges != 50 {
		t.Fatalf("%d transfers, %d parts, %+v", len(l.got), len(l.parts), s.Losses)
	}
}

// Any writes in any order give what a flat buffer gives, where the first copy of a byte counts.
func FuzzAssembly(f *testing.F) {
	f.Add([]byte{0, 10, 20, 1, 0, 10, 1, 5, 200, 2})
	f.Add([]byte{200, 255, 9, 0, 200, 1, 100, 255, 1})
	f.Fuzz(func(t *testing.T, ops []byte) {
		const scale, whole = 300, 64 << 10
		e := newEngine(Options{AllObjects: true, Spool: t.TempDir()}, &count{})
		r := &e.ranges
		e.live++
		a := &assembly{key: wholeKey{whole: whole}, object: e.object(), tail: make([]byte, tailBytes)}
		a.object.reset()
		a.object.hash.Reset()
		r.by[a.key] = a
		r.link(a)
		flat, known := make([]byte, whole), make([]bool, whole)
		clash := false
		for len(ops) >= 3 {
			off, n := int(ops[0])*scale, int(ops[1])*scale/7
			b := bytes.Repeat([]byte{ops[2] % 3}, n)
			ops = ops[3:]
			r.write(a, int64(off), b)
			for i := off; i < min(off+n, whole); i++ {
				clash = clash || known[i] && flat[i] != b[i-off]
				if !known[i] {
					known[i], flat[i] = true, b[i-off]
				}
			}
		}
		front := slices.Index(known, false)
		if front < 0 {
			front = whole
		}
		o := a.object
		if o.at != int64(front) || o.ambiguous != clash || a.failed || o.uncompared {
			t.Fatalf("at %d, want %d; ambiguous %v, want %v; failed %v, uncompared %v", o.at, front, o.ambiguous, clash, a.failed, o.uncompared)
		}
		if want := model.DigestOf(flat[:front]); !bytes.Equal(o.hash.Sum(nil), want[:]) {
			t.Fatal("the digest is another")
		}
		r.finishAll()
		if r.spooler.used != 0 || r.spooler.files != 0 {
			t.Fatalf("%d bytes, %d files stay", r.spooler.used, r.spooler.files)
		}
	})
}

// Public captures whose parts cover their object: the lengths are those that other tools report of the parts.
func TestKnownRanges(t *testing.T) {
	t.Parallel()
	dir := sharedCaptures(t)
	for file, want := range map[string]struct {
		size  int64
		parts int
	}{
		"zeek__http_206_example_a.pcap":               {522_755 + 32_768, 2},
		"suricata-verify__http-range-multiflows.pcap": {37_323, 41},
	} {
		l, _ := watchFile(t, filepath.Join(dir, file))
		if len(l.got) != 1 || !l.got[0].Complete || l.got[0].Size != want.size || l.got[0].Declared != want.size || len(l.parts) != want.parts {
			t.Errorf("%s: %d parts, %+v", file, len(l.parts), l.got)
		}
	}
}

// Ranges count in the bytes as sent, so those of an encoded object give its digest as sent and, decoded in their
// order, that of the entity. Objects that are never whole leave decoders for others.
func TestRangesOfEncoded(t *testing.T) {
	t.Parallel()
	const fields = "Content-Encoding: gzip\r\nETag: \"1\"\r\n"
	fw := firmware(11, 120_000)
	z := gz(t, fw)
	n := len(z)
	for name, k := range map[string]struct {
		parts  [][2]int
		before int // other objects of which only the first range is seen
		entity model.Digest
		whole  bool
	}{
		"in order":            {[][2]int{{0, 50_000}, {50_000, n}}, 0, model.DigestOf(fw), true},
		"out of order":        {[][2]int{{50_000, n}, {1, 50_000}, {0, 1}}, 0, model.DigestOf(fw), true},
		"a hole":              {[][2]int{{0, 50_000}, {50_001, n}}, 0, model.Digest{}, false},
		"behind a few others": {[][2]int{{0, n}}, maxEntities/2 - 1, model.DigestOf(fw), true},
		"behind many others":  {[][2]int{{0, n}}, 2 * maxEntities, model.Digest{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire()
			for i := range k.before {
				ranged(w, 30000+i, fmt.Sprintf("/%d.bin", i), 0, 100, n, z[:100], fields).close()
			}
			for i, p := range k.parts {
				ranged(w, 41000+i, "/fw.bin", p[0], p[1], n, z[p[0]:p[1]], fields).close()
			}
			c := w.conv("10.0.0.11:40001", "10.0.0.200:80").open()
			c.send(0, get("/other.bin"))
			c.send(1, ok(z, "Content-Encoding: gzip\r\n"))
			l, s := watchParts(t, w.pcap(), Options{})
			if len(l.got) != 2+k.before {
				t.Fatalf("%d transfers", len(l.got))
			}
			for _, g := range l.got {
				switch g.Name {
				case "fw.bin":
					typ := ""
					if !k.entity.IsZero() || !k.whole {
						typ = "application/x-elf"
					}
					if g.Complete != k.whole || k.whole && g.Digest != model.DigestOf(z) || g.EntityDigest != k.entity || g.ContentType != typ {
						t.Errorf("%+v", g)
					}
					if k.whole && k.entity.IsZero() != slices.Contains(g.Notes, crowded) {
						t.Errorf("notes %q", g.Notes)
					}
				case "other.bin":
					if g.EntityDigest != model.DigestOf(fw) {
						t.Errorf("the other has entity %s", g.EntityDigest)
					}
				}
			}
			if (s.Losses.Undecoded > 0) != (k.before > maxEntities) {
				t.Errorf("%d undecoded", s.Losses.Undecoded)
			}
		})
	}
}

// A range of the encoded object and one of the object itself are of different bytes.
func TestRangesOfEitherCoding(t *testing.T) {
	t.Parallel()
	fw := firmware(11, 1000)
	w := newWire()
	ranged(w, 41000, "/fw.bin", 0, 500, 1000, fw[:500], "Content-Encoding: gzip\r\n").close()
	ranged(w, 41001, "/fw.bin", 500, 1000, 1000, fw[500:], "").close()
	l, _ := watchParts(t, w.pcap(), Options{})
	if len(l.got) != 2 || l.got[0].Complete || l.got[1].Complete {
		t.Errorf("%+v", l.got)
	}
}
