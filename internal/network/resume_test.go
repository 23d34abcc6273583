package network

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cordon-trust/cordon/internal/model"
)

// A download that breaks off and is resumed by a range is one object, and its parts give the whole.
func TestResumed(t *testing.T) {
	t.Parallel()
	const n, at, tag = 300_000, 100_000, "ETag: \"1\"\r\n"
	fw := firmware(12, n)
	bad := slices.Clone(fw)
	for i := range bad {
		bad[i] ^= 1
	}
	// begin sends the first bytes of a whole answer, and what follows it goes on.
	begin := func(w *wire, fields string, body []byte) *conv {
		c := w.conv("10.0.0.10:40001", "10.0.0.200:80").open()
		c.send(0, []byte("GET /fw.bin HTTP/1.1\r\nHost: h\r\n\r\n"))
		head := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n", n, fields)
		c.send(1, append([]byte(head), body...))
		return c
	}
	rest := func(w *wire, from, to int, body []byte, fields string) {
		ranged(w, 41000+len(w.frames), "/fw.bin", from, to, n, body[from:to], fields).close()
	}
	for name, k := range map[string]struct {
		build     func(*wire)
		whole     bool
		ambiguous bool
		note      string // of the last
	}{
		"closed": {func(w *wire) { begin(w, tag, fw[:at]).close(); rest(w, at, n, fw, tag) }, true, false, "its beginning came in a message that broke off"},
		"reset by the client, which is not certain yet": {func(w *wire) {
			c := begin(w, tag, fw[:at])
			c.flag(0, 0x04)
			rest(w, at, n, fw, tag)
		}, true, false, "its beginning came in a message that broke off"},
		"never closed": {func(w *wire) { begin(w, tag, fw[:at]); rest(w, at, n, fw, tag) }, true, false, "it crossed in ranges; seen of these: 1"},
		"in two steps": {func(w *wire) {
			begin(w, tag, fw[:at]).close()
			rest(w, at, 200_000, fw, tag)
			rest(w, 200_000, n, fw, tag)
		}, true, false, "it crossed in ranges; seen of these: 2"},
		"from before what was seen": {func(w *wire) { begin(w, tag, fw[:at]).close(); rest(w, at-5000, n, fw, tag) }, true, false, "came too late to be compared"},
		"the same, not certain yet": {func(w *wire) { begin(w, tag, fw[:at]); rest(w, at-5000, n, fw, tag) }, true, false, "came too late to be compared"},
		"what came since differs": {func(w *wire) {
			begin(w, tag, fw[:at]).close()
			rest(w, at, 150_000, fw, tag)
			rest(w, 120_000, 120_500, bad, tag)
			rest(w, 150_000, n, fw, tag)
		}, true, true, ""},
		"before what was seen ends": {func(w *wire) { begin(w, tag, fw[:at]).close(); rest(w, at+1, n, fw, tag) }, false, false, ""},
		"another version":           {func(w *wire) { begin(w, tag, fw[:at]).close(); rest(w, at, n, fw, "ETag: \"2\"\r\n") }, false, false, ""},
		"no version is named":       {func(w *wire) { begin(w, "", fw[:at]).close(); rest(w, at, n, fw, "") }, false, false, ""},
		"encoded":                   {func(w *wire) { begin(w, tag+"Content-Encoding: gzip\r\n", fw[:at]).close(); rest(w, at, n, fw, tag) }, false, false, ""},
		"a hole in the beginning": {func(w *wire) {
			begin(w, tag, fw[:at]).close()
			w.frames = slices.Delete(w.frames, 20, 21)
			rest(w, at, n, fw, tag)
		}, false, false, ""},
		"too many broke off since": {func(w *wire) {
			begin(w, tag, fw[:at]).close()
			for i := range maxBegun {
				c := w.conv(fmt.Sprintf("10.0.1.%d:40001", i), "10.0.0.200:80").open()
				c.send(0, get("/x"))
				c.send(1, []byte("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n"+tag+"\r\nabc"))
				c.close()
			}
			rest(w, at, n, fw, tag)
		}, false, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire()
			k.build(w)
			l, s := watchParts(t, w.pcap(), Options{})
			whole := 0
			for _, g := range l.got {
				if !g.Complete {
					continue
				}
				whole++
				if !k.ambiguous && g.Digest != model.DigestOf(fw) || g.Ambiguous != k.ambiguous || g.Name != "fw.bin" || g.Size != n || g.ContentType != "application/x-elf" {
					t.Errorf("%+v", g)
				}
				if !strings.Contains(strings.Join(g.Notes, "\n"), k.note) {
					t.Errorf("notes %q", g.Notes)
				}
			}
			if whole > 1 || (whole == 1) != k.whole || s.Transfers != int64(len(l.got)) {
				t.Errorf("%d of %d transfers are whole", whole, len(l.got))
			}
			if k.whole && len(l.got) != 2 {
				t.Errorf("%d transfers, want what broke off and the whole", len(l.got))
			}
		})
	}
}
