package network

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// count counts transfers.
type count struct{ all, whole int }

func (c *count) Transfer(t *model.Transfer) error {
	c.all++
	if t.Complete {
		c.whole++
	}
	return nil
}

// list keeps transfers and parts.
type list struct {
	got   []model.Transfer
	parts []Part
}

func (l *list) Part(p Part) error {
	l.parts = append(l.parts, p)
	return nil
}

func (l *list) Transfer(t *model.Transfer) error {
	l.got = append(l.got, *t)
	return nil
}

func watch(tb testing.TB, capture []byte) ([]model.Transfer, Summary) {
	tb.Helper()
	var l list
	s, err := Watch(tb.Context(), bytes.NewReader(capture), "test.pcap", Options{AllObjects: true}, &l)
	if err != nil {
		tb.Fatal(err)
	}
	return l.got, s
}

// digests of the complete transfers.
func digests(ts []model.Transfer) []model.Digest {
	var out []model.Digest
	for _, t := range ts {
		if t.Complete {
			out = append(out, t.Digest)
		}
	}
	return out
}

func TestDownload(t *testing.T) {
	t.Parallel()
	w, fw := newWire(), firmware(1, 200_000)
	download(w, "/fw/pump%2D2.1.0.bin;jsessionid=1?patient=Doe", fw).close()
	got, s := watch(t, w.pcap())
	device, err := model.DeviceAt("main", "-", netip.MustParseAddr("10.0.0.10"), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	want := []model.Transfer{{
		Time: time.Unix(1_760_000_000, 6*700_000).UTC().Truncate(time.Microsecond), Device: device, Addr: netip.MustParseAddr("10.0.0.10"), Peer: "10.0.0.200:80",
		Host: "updates.acme.example", Protocol: "http", Name: "pump-2.1.0.bin", Size: 200_000, Declared: 200_000,
		Complete: true, Digest: model.DigestOf(fw), ContentType: "application/x-elf", UpdateLike: true,
	}}
	if d := cmp.Diff(want, got, cmpopts.EquateComparable(model.Subject{}, netip.Addr{})); d != "" {
		t.Error(d)
	}
	wantSum := Summary{
		Packets: int64(len(w.frames)), Bytes: s.Bytes, Sessions: 1, Objects: 1, Transfers: 1,
		First: "2025-10-09T08:53:20.0007Z", Last: s.Last,
	}
	if d := cmp.Diff(wantSum, s); d != "" {
		t.Error(d)
	}
}

func TestSegments(t *testing.T) {
	t.Parallel()
	fw := firmware(2, 90_000)
	same := []model.Digest{model.DigestOf(fw)}
	for name, c := range map[string]struct {
		build func(*wire)
		want  []model.Digest
		check func(model.Transfer, Summary) string
	}{
		"sequence numbers wrap": {
			build: func(w *wire) {
				c := w.conv("10.0.0.10:40001", "10.0.0.200:80")
				c.seq = [2]uint32{0xfffffff0, 0xffff8000}
				c.open().send(0, get("/a"))
				c.send(1, ok(fw, ""))
			}, want: same,
		},
		"capture begins in the middle": {
			build: func(w *wire) { download(w, "/a", fw); w.frames = w.frames[3:] }, want: same,
		},
		"capture begins with the response": {
			build: func(w *wire) { download(w, "/a", fw); w.frames = w.frames[5:] }, want: same,
			check: func(t model.Transfer, _ Summary) string {
				if t.Name != "" || len(t.Notes) != 1 {
					return fmt.Sprintf("name %q, notes %q", t.Name, t.Notes)
				}
				return ""
			},
		},
		"one direction only": {
			build: func(w *wire) {
				download(w, "/a", fw)
				w.frames = slices.DeleteFunc(w.frames, func(f frame) bool { return f.data[11] == 0 })
			}, want: same,
		},
		"request captured after its response began": {
			build: func(w *wire) { download(w, "/a", fw); w.frames[3], w.frames[6] = w.frames[6], w.frames[3] }, want: same,
			check: func(t model.Transfer, _ Summary) string { return differs("name", t.Name, "a") },
		},
		"everything twice, as a mirror delivers it": {
			build: func(w *wire) {
				download(w, "/a", fw)
				var out []frame
				for _, f := range w.frames {
					g := frame{time: f.time + 40_000, data: slices.Clone(f.data)}
					g.data[5] ^= 9 // another MAC address
					out = append(out, f, g)
				}
				w.frames = out
			}, want: same,
			check: func(_ model.Transfer, s Summary) string { return differs("copies", s.Copies, s.Packets/2) },
		},
		"another VLAN each way": {
			build: func(w *wire) {
				c := w.conv("10.0.0.10:40001", "10.0.0.200:80").open()
				c.vlan = 10
				c.send(0, get("/a"))
				c.vlan = 20
				c.send(1, ok(fw, ""))
			}, want: same,
		},
		"segments merged by offload, lengths left out": {
			build: func(w *wire) {
				c := w.conv("10.0.0.10:40001", "10.0.0.200:80").open()
				c.send(0, get("/a"))
				c.mss = 64_000
				c.sum = func(_, pseudo uint16) uint16 { return pseudo }
				c.send(1, ok(fw, ""))
			}, want: same,
			check: func(t model.Transfer, _ Summary) string { return differs("unchecked", t.Unchecked, true) },
		},
		"a segment is missing": {
			build: func(w *wire) { download(w, "/a", fw); w.frames = slices.Delete(w.frames, 30, 31) },
			check: func(t model.Transfer, s Summary) string {
				return differs("size, digest, gaps", fmt.Sprint(t.Size, t.Digest.IsZero(), s.Losses.Gaps, s.Losses.GapBytes, s.Losses.GapsAcked),
					fmt.Sprint(90_000-1448, true, 1, 1448, 1))
			},
		},
		"the last segment is missing": {
			build: func(w *wire) {
				download(w, "/a", fw)
				w.frames = slices.Delete(w.frames, len(w.frames)-2, len(w.frames)-1)
			},
			check: func(t model.Transfer, _ Summary) string { return differs("complete", t.Complete, false) },
		},
		"cut by the snap length": {
			build: func(w *wire) {
				download(w, "/a", fw)
				for i := range w.frames {
					f := &w.frames[i]
					f.wire, f.data = len(f.data), f.data[:min(len(f.data), 400)]
				}
			},
			check: func(t model.Transfer, s Summary) string {
				return differs("complete, size+missing", fmt.Sprint(t.Complete, t.Size+s.Losses.GapBytes >= 90_000, s.Losses.Cut > 0), "false true true")
			},
		},
		"a reset in the middle": {
			build: func(w *wire) {
				download(w, "/a", fw)
				w.frames = w.frames[:40]
				w.conv("10.0.0.10:40001", "10.0.0.200:80").put(0, 0x04, 1001+uint32(len(get("/a"))), nil)
			},
			check: func(t model.Transfer, _ Summary) string { return differs("complete", t.Complete, false) },
		},
		"ports used again at once": {
			build: func(w *wire) {
				download(w, "/a", firmware(9, 5000)).close()
				c := w.conv("10.0.0.10:40001", "10.0.0.200:80")
				c.seq = [2]uint32{700_000, 900_000}
				c.open().send(0, get("/b"))
				c.send(1, ok(fw, ""))
			}, want: []model.Digest{model.DigestOf(firmware(9, 5000)), model.DigestOf(fw)},
		},
		"ports used again without a close": {
			build: func(w *wire) {
				download(w, "/a", firmware(9, 5000))
				c := w.conv("10.0.0.10:40001", "10.0.0.200:80")
				c.seq = [2]uint32{700_000, 900_000}
				c.open().send(0, get("/b"))
				c.send(1, ok(fw, ""))
			}, want: []model.Digest{model.DigestOf(firmware(9, 5000)), model.DigestOf(fw)},
		},
		"a forged SYN changes nothing": {
			build: func(w *wire) {
				download(w, "/a", fw)
				x := newWire()
				x.conv("10.0.0.10:40001", "10.0.0.200:80").put(0, 0x02, 0x12345678, nil)
				w.frames = slices.Insert(w.frames, 40, x.frames...)
			}, want: same,
		},
		"a pipelined request lost before any response": {
			build: func(w *wire) {
				c := w.conv("10.0.0.10:40001", "10.0.0.200:80").open()
				c.send(0, get("/a"))
				lost := len(w.frames) - 2
				for i := range 100 { // so many that the hole is declared
					c.put(0, 0x18, c.seq[0], get(fmt.Sprintf("/%d", i)))
					c.seq[0] += uint32(len(get(fmt.Sprintf("/%d", i))))
					c.flag(1, 0x10)
				}
				c.send(1, ok(fw, ""))
				w.frames = slices.Delete(w.frames, lost, lost+1)
			}, want: same,
			check: func(t model.Transfer, _ Summary) string { return differs("name", t.Name, "") },
		},
		"keep-alive probes": {
			build: func(w *wire) {
				c := w.conv("10.0.0.10:40001", "10.0.0.200:80").open()
				c.send(0, get("/a"))
				all := ok(fw, "")
				c.send(1, all[:20_000])
				c.put(1, 0x10, c.seq[1]-1, []byte{0})
				c.send(1, all[20_000:])
			}, want: same,
			check: func(t model.Transfer, _ Summary) string { return differs("ambiguous", t.Ambiguous, false) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire()
			c.build(w)
			got, s := watch(t, w.pcap())
			if d := cmp.Diff(c.want, digests(got)); d != "" {
				t.Errorf("digests: %s", d)
			}
			if len(got) == 0 {
				t.Fatal("no transfer")
			}
			if c.check != nil {
				if bad := c.check(got[len(got)-1], s); bad != "" {
					t.Error(bad)
				}
			}
		})
	}
}

func differs[T comparable](what string, got, want T) string {
	if got == want {
		return ""
	}
	return fmt.Sprintf("%s: %v, want %v", what, got, want)
}

func TestAmbiguous(t *testing.T) {
	t.Parallel()
	fw := firmware(3, 60_000)
	other := slices.Repeat([]byte{0xaa}, 1000)
	for name, k := range map[string]struct {
		evil      func(c *conv, base uint32)
		ambiguous bool
	}{
		"a copy that differs":  {func(c *conv, base uint32) { c.put(1, 0x18, base+20_000, other) }, true},
		"one byte":             {func(c *conv, base uint32) { c.put(1, 0x18, base+20_000, other[:1]) }, true},
		"an equal copy":        {func(c *conv, base uint32) { c.put(1, 0x18, base+20_000, ok(fw, "")[20_000:21_000]) }, false},
		"bytes of the header":  {func(c *conv, base uint32) { c.put(1, 0x18, base+10, other[:20]) }, true},
		"across what was sent": {func(c *conv, base uint32) { c.put(1, 0x18, base+29_990, other[:30]) }, true},
		"after the acknowledgement": {func(c *conv, base uint32) {
			c.flag(0, 0x10)
			c.put(1, 0x18, base+20_000, other)
		}, false},
		"two copies ahead": {func(c *conv, base uint32) {
			c.put(1, 0x18, base+40_000, ok(fw, "")[40_000:41_000])
			c.put(1, 0x18, base+40_500, other[:500])
		}, true},
		"with a wrong checksum": {func(c *conv, base uint32) {
			c.sum = func(right, _ uint16) uint16 { return right ^ 0x5555 }
			c.put(1, 0x18, base+20_000, other)
			c.sum = nil
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire()
			c := w.conv("10.0.0.10:40001", "10.0.0.200:80").open()
			c.send(0, get("/fw.bin"))
			base, all := c.seq[1], ok(fw, "")
			for part := range slices.Chunk(all[:30_000], c.mss) {
				c.put(1, 0x18, c.seq[1], part)
				c.seq[1] += uint32(len(part))
			}
			k.evil(c, base)
			c.send(1, all[30_000:])
			got, s := watch(t, w.pcap())
			if len(got) != 1 || !got[0].Complete || got[0].Ambiguous != k.ambiguous || (s.Losses.Conflicts > 0) != k.ambiguous {
				t.Errorf("%+v, %d conflicts", got, s.Losses.Conflicts)
			}
			if name != "across what was sent" && len(got) == 1 && got[0].Digest != model.DigestOf(fw) {
				t.Error("the first copy did not win")
			}
		})
	}
}

func TestCutCapture(t *testing.T) {
	t.Parallel()
	w := newWire()
	download(w, "/a", firmware(4, 30_000))
	whole := w.pcap()
	for name, c := range map[string]struct {
		in      []byte
		code    fault.Code
		packets int64
	}{
		"cut in a record":      {whole[:len(whole)-7], fault.CutCapture, int64(len(w.frames)) - 1},
		"cut in the header":    {whole[:20], fault.BadCapture, 0},
		"empty":                {nil, fault.BadCapture, 0},
		"text":                 {[]byte("not a capture\n"), fault.BadCapture, 0},
		"an absurd length":     {append(slices.Clone(whole), slices.Repeat([]byte{0xff}, 40)...), fault.CutCapture, int64(len(w.frames))},
		"another file version": {append([]byte{0xd4, 0xc3, 0xb2, 0xa1, 9, 0}, whole[6:]...), fault.BadCapture, 0},
	} {
		var l list
		s, err := Watch(t.Context(), bytes.NewReader(c.in), "x.pcap", Options{AllObjects: true}, &l)
		if fault.CodeOf(err) != c.code || s.Packets != c.packets || s.Truncated != (c.code == fault.CutCapture) {
			t.Errorf("%s: %d packets, truncated %v, %v", name, s.Packets, s.Truncated, err)
		}
		if err != nil && (!strings.Contains(err.Error(), "x.pcap") || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s: the error does not name the capture in one line: %v", name, err)
		}
	}
}

func TestStops(t *testing.T) {
	t.Parallel()
	capture := bulk(t, 1<<22)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Watch(ctx, bytes.NewReader(capture), "x", Options{AllObjects: true}, &count{}); fault.CodeOf(err) != fault.Interrupted {
		t.Errorf("after cancellation: %v", err)
	}
	full := errors.New("sink is full")
	if _, err := Watch(t.Context(), bytes.NewReader(capture), "x", Options{AllObjects: true}, failing{full}); !errors.Is(err, full) {
		t.Errorf("the error of the sink is lost: %v", err)
	}
	if _, err := Watch(t.Context(), bytes.NewReader(capture), "x", Options{Connections: -1}, &count{}); fault.CodeOf(err) != fault.Usage {
		t.Errorf("a negative limit is taken: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Transfer(*model.Transfer) error { return f.err }

func TestFilter(t *testing.T) {
	t.Parallel()
	w := newWire()
	c := w.conv("10.0.0.10:40001", "10.0.0.200:80").open()
	for _, o := range []struct{ path, body string }{
		{"/index.html", "<html><body>hello</body></html>"},
		{"/logo", "\x89PNG\r\n\x1a\n0000"},
		{"/app", "\x7fELF\x02\x01\x01\x00 and more"},
		{"/pump.xml", "<?xml version=\"1.0\"?><library/>"},
		{"/feed", "<?xml version=\"1.0\"?><rss/>"},
		{"/drugs.csv", "a,b,c\n1,2,3\n"},
	} {
		c.send(0, get(o.path))
		c.send(1, ok([]byte(o.body), ""))
	}
	names := func(o Options) []string {
		var l list
		if _, err := Watch(t.Context(), bytes.NewReader(w.pcap()), "x", o, &l); err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, g := range l.got {
			out = append(out, g.Name)
		}
		return out
	}
	if d := cmp.Diff([]string{"app", "pump.xml"}, names(Options{})); d != "" {
		t.Error(d)
	}
	keep := func(t *model.Transfer) bool { return t.Name == "drugs.csv" }
	if d := cmp.Diff([]string{"app", "pump.xml", "drugs.csv"}, names(Options{Keep: keep})); d != "" {
		t.Errorf("with what matches a release: %s", d)
	}
}

func TestSave(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	saver, err := NewDirSaver(disk.OS{}, dir, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	w, fw := newWire(), firmware(5, 50_000)
	download(w, "/fw.bin", fw).close()
	c := w.conv("10.0.0.11:40002", "10.0.0.200:80").open()
	for _, body := range [][]byte{[]byte("%PDF-1.7 report of a patient"), []byte("MSH|^~\\&|LAB|"), firmware(6, 300)} {
		c.send(0, get("/x"))
		c.send(1, ok(body, ""))
	}
	c.send(0, get("/big"))
	c.send(1, ok(firmware(7, 1<<20), ""))
	c.send(0, get("/cut"))
	c.send(1, ok(firmware(8, 20_000), "")[:9000])
	s, err := Watch(t.Context(), bytes.NewReader(w.pcap()), "x", Options{AllObjects: true, Saver: saver}, &count{})
	if err != nil || s.Saved != 2 || s.Unsaved != 1 {
		t.Errorf("saved %d, unsaved %d, %v", s.Saved, s.Unsaved, err)
	}
	want := map[string][]byte{model.DigestOf(fw).Hex(): fw, model.DigestOf(firmware(6, 300)).Hex(): firmware(6, 300)}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]byte{}
	for _, e := range entries {
		b, err := os.ReadFile(dir + "/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		got[e.Name()] = b
		if i, err := e.Info(); err != nil || i.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", e.Name(), i.Mode(), err)
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestEntity(t *testing.T) {
	t.Parallel()
	fw := firmware(11, 120_000)
	squeezed := func(b []byte) []byte {
		var z bytes.Buffer
		w := gzip.NewWriter(&z)
		if _, err := w.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return z.Bytes()
	}
	z := squeezed(fw)
	for name, c := range map[string]struct {
		body   []byte
		entity model.Digest
		typ    string
		notes  int
	}{
		"firmware":    {z, model.DigestOf(fw), "application/x-elf", 0},
		"damaged":     {append(slices.Clone(z[:60_000]), z[60_001:]...), model.Digest{}, "application/x-elf", 1},
		"not gzip":    {fw, model.Digest{}, "", 1},
		"a gzip bomb": {squeezed(make([]byte, 64<<20)), model.Digest{}, "application/octet-stream", 1},
		"cut inside":  {z[:50_000], model.Digest{}, "application/x-elf", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			saver, err := NewDirSaver(disk.OS{}, dir, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			w := newWire()
			conn := w.conv("10.0.0.10:40001", "10.0.0.200:80").open()
			conn.send(0, get("/fw.bin"))
			conn.send(1, ok(c.body, "Content-Encoding: gzip\r\n"))
			var l list
			if _, err := Watch(t.Context(), bytes.NewReader(w.pcap()), "x", Options{AllObjects: true, Saver: saver}, &l); err != nil {
				t.Fatal(err)
			}
			if len(l.got) != 1 {
				t.Fatalf("%+v", l.got)
			}
			if g := l.got[0]; g.Digest != model.DigestOf(c.body) || g.EntityDigest != c.entity || g.ContentType != c.typ || len(g.Notes) != c.notes {
				t.Errorf("%+v", g)
			}
			entries, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			if c.entity.IsZero() != (len(entries) == 0) || len(entries) == 1 && entries[0].Name() != c.entity.Hex() {
				t.Errorf("saved: %v", entries)
			}
		})
	}
}
