package network

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/model"
)

// formPart is a part of a form under construction. disposition is what stands behind "form-data; ".
type formPart struct {
	disposition, fields string
	body                []byte
}

func form(boundary string, parts ...formPart) []byte {
	var b bytes.Buffer
	for _, p := range parts {
		fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; %s\r\n%s\r\n%s\r\n", boundary, p.disposition, p.fields, p.body)
	}
	fmt.Fprintf(&b, "--%s--\r\n", boundary)
	return b.Bytes()
}

func post(body []byte, fields string) []byte {
	return append(fmt.Appendf(nil, "POST /upload.cgi?patient=Doe HTTP/1.1\r\nHost: pump\r\nContent-Length: %d\r\n%s\r\n", len(body), fields), body...)
}

const formB = "Content-Type: multipart/form-data; boundary=b\r\n"

// brief is what the tests compare of a transfer.
func brief(g model.Transfer) string {
	dev := g.Device.String()
	dev = strings.TrimSuffix(dev[strings.LastIndexByte(dev, '.')+1:], "/-")
	return fmt.Sprintf("%s %q %d %v %v", dev, g.Name, g.Size, g.Complete, g.Notes)
}

func TestForms(t *testing.T) {
	t.Parallel()
	fw, other := firmware(21, 90_000), firmware(22, 5000)
	typed := formPart{`name="patient"`, "", []byte("DOE^JANE")}
	upload := formPart{`name="f"; filename="C:\fw\pump.bin"`, "Content-Type: application/octet-stream\r\n", fw}
	second := formPart{`name="f"; filename*=utf-8''other.bin`, "", other}
	two := form("b", typed, upload, second, typed)
	for name, k := range map[string]struct {
		request  []byte
		want     []string
		opened   bool // nothing counts as not taken apart
		complete []model.Digest
	}{
		"files and fields": {post(two, formB), []string{
			`200 "pump.bin" 90000 true []`, `200 "other.bin" 5000 true []`,
		}, true, []model.Digest{model.DigestOf(fw), model.DigestOf(other)}},
		"quoted boundary in another case": {post(form("a b:c", upload), "CONTENT-TYPE: Multipart/Form-Data; charset=utf-8; Boundary=\"a b:c\"\r\n"), []string{
			`200 "pump.bin" 90000 true []`,
		}, true, []model.Digest{model.DigestOf(fw)}},
		"in chunks": {append([]byte("PUT /x HTTP/1.1\r\nHost: pump\r\nTransfer-Encoding: chunked\r\n"+formB+"\r\n"), inChunks(two, 777)...), []string{
			`200 "pump.bin" 90000 true []`, `200 "other.bin" 5000 true []`,
		}, true, []model.Digest{model.DigestOf(fw), model.DigestOf(other)}},
		"compressed": {post(gz(t, two), formB+"Content-Encoding: gzip\r\n"), []string{
			`200 "pump.bin" 90000 true []`, `200 "other.bin" 5000 true []`,
		}, true, []model.Digest{model.DigestOf(fw), model.DigestOf(other)}},
		"compressed as nobody decodes": {post(two, formB+"Content-Encoding: br\r\n"), []string{
			fmt.Sprintf(`200 "upload.cgi" %d true [its content coding is not one that is decoded]`, len(two)),
		}, true, []model.Digest{model.DigestOf(two)}},
		"a program without a file name": {post(form("b", typed, formPart{"name=fw", "", other}), formB), []string{
			`200 "" 5000 true []`,
		}, true, []model.Digest{model.DigestOf(other)}},
		"long text without a file name": {post(form("b", formPart{"name=fw", "", bytes.Repeat([]byte("x"), sizeable)}), formB), []string{
			`200 "" 65536 true []`,
		}, true, []model.Digest{model.DigestOf(bytes.Repeat([]byte("x"), sizeable))}},
		"fields alone":       {post(form("b", typed, typed), formB), nil, true, nil},
		"no file was chosen": {post(form("b", formPart{`name=f; filename=""`, "", nil}), formB), nil, true, nil},
		"encoded and nested": {post(form("b", formPart{`name=f; filename="a.bin"`, "Content-Transfer-Encoding: base64\r\n", []byte("eA==")},
			formPart{`name=f; filename="m"`, "Content-Type: multipart/mixed; boundary=x\r\n", form("x", upload)}), formB), []string{
			`200 "a.bin" 4 true [it is encoded inside its form, and that is not decoded]`,
			fmt.Sprintf(`200 "m" %d true [it is itself multipart, and is not taken apart]`, len(form("x", upload))),
		}, true, []model.Digest{model.DigestOf([]byte("eA==")), model.DigestOf(form("x", upload))}},
		"never closed": {post(two[:len(two)-6], formB), []string{
			`200 "pump.bin" 90000 true []`, `200 "other.bin" 5000 true []`,
			fmt.Sprintf(`200 "upload.cgi" %d true [its parts cannot be told apart to its end: it ends without its closing delimiter]`, len(two)-6),
		}, false, []model.Digest{model.DigestOf(fw), model.DigestOf(other), model.DigestOf(two[:len(two)-6])}},
		"no boundary": {post(two, "Content-Type: multipart/form-data\r\n"), []string{
			fmt.Sprintf(`200 "upload.cgi" %d true [it is multipart, and no boundary is told by which its parts could be told apart]`, len(two)),
		}, false, []model.Digest{model.DigestOf(two)}},
		"two types": {post(two, formB+"Content-Type: multipart/form-data; boundary=c\r\n"), []string{
			fmt.Sprintf(`200 "upload.cgi" %d true [it is multipart, and no boundary is told by which its parts could be told apart]`, len(two)),
		}, false, []model.Digest{model.DigestOf(two)}},
		"another boundary": {post(two, "Content-Type: multipart/form-data; boundary=c\r\n"), []string{
			fmt.Sprintf(`200 "upload.cgi" %d true [its parts cannot be told apart to its end: it ends without its closing delimiter]`, len(two)),
		}, false, []model.Digest{model.DigestOf(two)}},
		"something behind the last part": {post(slices.Concat(form("b", second), fw), formB), []string{
			`200 "other.bin" 5000 true []`,
			fmt.Sprintf(`200 "upload.cgi" %d true [bytes of it lie before its first part or behind its last]`, len(form("b", second))+len(fw)),
		}, false, []model.Digest{model.DigestOf(other), model.DigestOf(slices.Concat(form("b", second), fw))}},
		"two lengths": {append([]byte("POST /up HTTP/1.1\r\nHost: pump\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"+formB+"\r\n"), inChunks(form("b", second), 999)...), []string{
			`200 "other.bin" 5000 false []`,
			fmt.Sprintf(`200 "up" %d false [it has both a Content-Length and a Transfer-Encoding, so that receivers may take different bytes of it]`, len(form("b", second))),
		}, true, nil},
	} {
		for _, mss := range []int{1448, 61} {
			t.Run(fmt.Sprint(name, " in segments of ", mss), func(t *testing.T) {
				t.Parallel()
				w := newWire()
				c := w.conv("10.0.0.10:40001", "10.0.0.200:80")
				c.mss = mss
				c.open()
				c.send(0, k.request)
				c.send(1, ok(nil, ""))
				c.close()
				got, s := watch(t, w.pcap())
				var briefs []string
				for _, g := range got {
					briefs = append(briefs, brief(g))
				}
				if d := cmp.Diff(k.want, briefs); d != "" {
					t.Error(d)
				}
				if d := cmp.Diff(k.complete, digests(got)); d != "" {
					t.Error(d)
				}
				if (s.Losses.Multipart == 0) != k.opened || s.Objects != int64(len(k.want)) {
					t.Errorf("%d not taken apart, %d objects", s.Losses.Multipart, s.Objects)
				}
			})
		}
	}
}

// gz compresses.
func gz(tb testing.TB, b []byte) []byte {
	tb.Helper()
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	if _, err := w.Write(b); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return z.Bytes()
}

// inChunks is a body in chunked transfer coding.
func inChunks(b []byte, n int) []byte {
	var out []byte
	for c := range slices.Chunk(b, n) {
		out = fmt.Appendf(out, "%x\r\n%s\r\n", len(c), c)
	}
	return append(out, "0\r\n\r\n"...)
}

// A form with missing bytes gives the files before them, and says that the rest is not known.
func TestFormWithGap(t *testing.T) {
	t.Parallel()
	fw, other := firmware(23, 30_000), firmware(24, 30_000)
	w := newWire()
	c := w.conv("10.0.0.10:40001", "10.0.0.200:80").open()
	body := form("b", formPart{`filename="a.bin"`, "", fw}, formPart{`filename="b.bin"`, "", other}, formPart{`filename="c.bin"`, "", fw})
	at := len(w.frames)
	c.send(0, post(body, formB))
	w.frames = slices.Delete(w.frames, at+30, at+31) // of the second file
	c.send(1, ok(nil, ""))
	c.close()
	got, _ := watch(t, w.pcap())
	if len(got) != 3 {
		t.Fatalf("%d transfers, want 3: %+v", len(got), got)
	}
	if got[0].Name != "a.bin" || got[0].Digest != model.DigestOf(fw) {
		t.Errorf("the file before the gap: %s", brief(got[0]))
	}
	if g := got[1]; g.Name != "b.bin" || g.Complete || !g.Digest.IsZero() || len(g.Notes) != 1 || g.Size >= 30_000 {
		t.Errorf("the file with the gap: %s", brief(g))
	}
	if g := got[2]; g.Name != "upload.cgi" || g.Complete || len(g.Notes) != 1 || !strings.HasPrefix(g.Notes[0], "1448 bytes of it are missing from the capture") {
		t.Errorf("the form: %s", brief(g))
	}
}

// Whoever may have received other bytes may have received other parts, from there on.
func TestDisputedForm(t *testing.T) {
	t.Parallel()
	fw := firmware(25, 9_000)
	body := form("b", formPart{`filename="a.bin"`, "", fw}, formPart{`filename="b.bin"`, "", fw}, formPart{`filename="c.bin"`, "", fw})
	w := newWire()
	c := w.conv("10.0.0.10:40001", "10.0.0.200:80").open()
	req := post(body, formB)
	first := bytes.Index(req, []byte(`b.bin`)) // the whole first part is acknowledged
	c.send(0, req[:first])
	seq := c.seq[0]
	c.put(0, 0x18, seq, req[first:first+1000])
	forged := slices.Clone(req[first : first+1000])
	forged[900] ^= 1
	c.put(0, 0x18, seq, forged)
	c.seq[0] += 1000
	c.send(0, req[first+1000:])
	c.send(1, ok(nil, ""))
	c.close()
	got, _ := watch(t, w.pcap())
	want := map[string]bool{"a.bin": false, "b.bin": true, "c.bin": true}
	if len(got) != 3 {
		t.Fatalf("%d transfers, want 3: %+v", len(got), got)
	}
	for _, g := range got {
		if g.Ambiguous != want[g.Name] {
			t.Errorf("%s: ambiguous %v", g.Name, g.Ambiguous)
		}
	}
}

// Fields of forms reach neither the sink nor the folder of saved files, though one begins like a program.
func TestFieldsAreKeptNowhere(t *testing.T) {
	t.Parallel()
	const secret = "DOE^JANE 19610304"
	preamble := append(firmware(26, 600), secret...)
	body := slices.Concat(preamble, []byte("\r\n"), form("b",
		formPart{`name="` + secret + `"`, "X: " + secret + "\r\n", []byte(secret)},
		formPart{`name="` + secret + `"; filename="fw.bin"`, "", firmware(27, 4000)}))
	w := newWire()
	c := w.conv("10.0.0.10:40001", "10.0.0.200:80").open()
	c.send(0, post(body, formB))
	c.send(0, post(body[:len(body)-6], formB)) // never closed
	c.send(1, ok(nil, ""))
	c.close()
	dir := t.TempDir()
	got, s := watchSaving(t, w.pcap(), dir)
	if len(got) != 3 || s.Saved != 1 {
		t.Fatalf("%d transfers, %d saved: %+v", len(got), s.Saved, got)
	}
	refuse(t, dir, got, nil, s, "DOE", "19610304")
}

func byteranges(boundary string, whole []byte, spans ...[2]int) []byte {
	var b bytes.Buffer
	for _, s := range spans {
		fmt.Fprintf(&b, "\r\n--%s\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes %d-%d/%d\r\n\r\n%s",
			boundary, s[0], s[1]-1, len(whole), whole[s[0]:s[1]])
	}
	fmt.Fprintf(&b, "\r\n--%s--\r\n", boundary)
	return b.Bytes()
}

func partial(body []byte) []byte {
	return append(fmt.Appendf(nil, "HTTP/1.1 206 Partial Content\r\nETag: \"1\"\r\nContent-Type: multipart/byteranges; boundary=B\r\nContent-Length: %d\r\n\r\n", len(body)), body...)
}

func TestByteRanges(t *testing.T) {
	t.Parallel()
	fw := firmware(28, 60_000)
	same := model.DigestOf(fw)
	forged := slices.Clone(fw)
	forged[15_000] ^= 1
	for name, k := range map[string]struct {
		bodies    [][]byte
		cut       int // frame of the first body that is lost; 0: none
		whole     []model.Digest
		ambiguous bool
		transfers int
	}{
		"in order":                 {[][]byte{byteranges("B", fw, [2]int{0, 20_000}, [2]int{20_000, 60_000})}, 0, []model.Digest{same}, false, 1},
		"out of order":             {[][]byte{byteranges("B", fw, [2]int{40_000, 60_000}, [2]int{0, 1}, [2]int{1, 40_000})}, 0, []model.Digest{same}, false, 1},
		"over two answers":         {[][]byte{byteranges("B", fw, [2]int{50_000, 60_000}, [2]int{0, 10_000}), byteranges("B", fw, [2]int{10_000, 30_000}, [2]int{30_000, 50_000})}, 0, []model.Digest{same}, false, 1},
		"overlapping":              {[][]byte{byteranges("B", fw, [2]int{0, 40_000}, [2]int{20_000, 60_000})}, 0, []model.Digest{same}, false, 1},
		"overlapping and other":    {[][]byte{slices.Concat(bytes.TrimSuffix(byteranges("B", fw, [2]int{0, 40_000}), []byte("--\r\n")), byteranges("B", forged, [2]int{10_000, 60_000})[len("\r\n--B"):])}, 0, []model.Digest{same}, true, 1},
		"one is missing":           {[][]byte{byteranges("B", fw, [2]int{0, 20_000}, [2]int{20_001, 60_000})}, 0, nil, false, 1},
		"a gap":                    {[][]byte{byteranges("B", fw, [2]int{0, 20_000}, [2]int{20_000, 60_000})}, 20, nil, false, 1},
		"a gap, and once more":     {[][]byte{byteranges("B", fw, [2]int{0, 20_000}, [2]int{20_000, 60_000}), byteranges("B", fw, [2]int{20_000, 60_000})}, 20, []model.Digest{same}, false, 1},
		"never closed":             {[][]byte{byteranges("B", fw, [2]int{0, 20_000}, [2]int{20_000, 60_000})[:30_000]}, 0, nil, false, 1},
		"of another object":        {[][]byte{slices.Concat(bytes.TrimSuffix(byteranges("B", fw, [2]int{0, 60_000}), []byte("--\r\n")), byteranges("B", fw[:100], [2]int{0, 100})[len("\r\n--B"):])}, 0, []model.Digest{same}, false, 1},
		"more than a range claims": {[][]byte{bytes.Replace(byteranges("B", fw, [2]int{0, 20_000}, [2]int{20_000, 60_000}), []byte("0-19999/"), []byte("0-9999/"), 1)}, 0, nil, false, 1},
		"no place is told":         {[][]byte{[]byte("--B\r\n\r\nxx\r\n--B--")}, 0, nil, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire()
			for i, b := range k.bodies {
				c := w.conv(fmt.Sprintf("10.0.0.10:4000%d", i), "10.0.0.200:80").open()
				c.send(0, get("/fw.bin"))
				at := len(w.frames)
				c.send(1, partial(b))
				if i == 0 && k.cut > 0 {
					w.frames = slices.Delete(w.frames, at+k.cut, at+k.cut+1)
				}
				c.close()
			}
			var l list
			s, err := Watch(t.Context(), bytes.NewReader(w.pcap()), "test.pcap", Options{AllObjects: true, Spool: t.TempDir()}, &l)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(k.whole, digests(l.got)); d != "" {
				t.Errorf("%s\n%+v", d, l.got)
			}
			if len(l.got) != k.transfers || l.got[0].Ambiguous != k.ambiguous || s.Losses.Evicted != 0 {
				t.Errorf("%d transfers: %+v", len(l.got), l.got)
			}
			if len(l.parts) != len(k.bodies) {
				t.Fatalf("%d parts, want %d", len(l.parts), len(k.bodies))
			}
			slices.SortFunc(l.parts, func(a, b Part) int { return a.Time.Compare(b.Time) })
			for i, p := range l.parts {
				whole := k.cut == 0 || i > 0
				if p.Complete != whole || whole && p.Digest != model.DigestOf(k.bodies[i]) || !whole && !p.Digest.IsZero() || p.First != -1 {
					t.Errorf("part %d: %+v", i, p)
				}
			}
		})
	}
}
