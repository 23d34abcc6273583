package multipart

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	stdmultipart "mime/multipart"
	"net/textproto"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// seen is a part as it came out.
type seen struct {
	Part  Part
	Body  string
	Whole bool
}

// collect is a consumer that checks the order of calls.
type collect struct {
	fail  func(string, ...any)
	parts []seen
	open  bool
}

func (c *collect) Begin(p *Part) {
	if c.open {
		c.fail("a part begins inside another")
	}
	c.open, c.parts = true, append(c.parts, seen{Part: *p})
}

func (c *collect) Body(b []byte) {
	if !c.open {
		c.fail("bytes outside of a part")
		return
	}
	c.parts[len(c.parts)-1].Body += string(b)
}

func (c *collect) End(whole bool) {
	if !c.open {
		c.fail("the end of no part")
		return
	}
	c.open, c.parts[len(c.parts)-1].Whole = false, whole
}

// run parses a body in the pieces that cut ends at; nil: at once.
func run(fail func(string, ...any), boundary, body string, cut func(left int) int) ([]seen, *Parser) {
	var p Parser
	c := collect{fail: fail}
	p.Reset(boundary, &c)
	for b := []byte(body); len(b) > 0; {
		n := len(b)
		if cut != nil {
			n = cut(len(b))
		}
		piece := bytes.Clone(b[:n])
		p.Write(piece)
		clear(piece) // what was handed out is valid during the call only
		b = b[n:]
	}
	p.Close()
	if c.open {
		fail("a part is open at the end")
	}
	return c.parts, &p
}

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

func none() Part { return Part{First: -1, Last: -1, Whole: -1} }

func file(name string) Part { p := none(); p.File, p.Name = true, name; return p }

func TestBodies(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 70)
	for name, k := range map[string]struct {
		boundary, body string
		want           []seen
		outside        int64
		err            error
	}{
		"two parts": {
			"b", crlf("--b\nContent-Disposition: form-data; name=\"f\"; filename=\"C:\\fw\\a.bin\"\n\none\n--b\n\ntwo\n--b--\n"),
			[]seen{{file("a.bin"), "one", true}, {none(), "two", true}},
			2, nil,
		},
		"bare line ends":                {"b", "--b\nX: y\n\none\r\n--b\n\n\r\n--b--\n", []seen{{none(), "one\r", true}, {none(), "\r", true}}, 1, nil},
		"preamble and epilogue":         {"b", crlf("This is\n--bc\n --b\n--b \t\n\none\n--b--  \n--b\n\nnot read"), []seen{{none(), "one", true}}, 40, nil},
		"no line end after the last":    {"b", crlf("--b\n\none\n--b--"), []seen{{none(), "one", true}}, 0, nil},
		"nothing in a part":             {"b", crlf("--b\n\n--b\nX: y\n\n--b\n\n\n--b--"), []seen{{none(), "", true}, {none(), "", true}, {none(), "", true}}, 0, nil},
		"no part":                       {"b", "--b--\r\n", nil, 2, nil},
		"nearly a delimiter":            {"b", crlf("--b\n\n\n--\n--c\n--bb\n--b-\n--b-x\n\r\n--b--"), []seen{{none(), crlf("\n--\n--c\n--bb\n--b-\n--b-x\n\r"), true}}, 0, nil},
		"longest boundary":              {long, crlf("--" + long + "\n\n--" + long[1:] + "\n--" + long + "--"), []seen{{none(), "--" + long[1:], true}}, 0, nil},
		"folded field":                  {"b", crlf("--b\nContent-Disposition: form-data;\n\tname=x; filename=y.bin\n\none\n--b--"), []seen{{file("y.bin"), "one", true}}, 0, nil},
		"nested":                        {"b", crlf("--b\nContent-Type: Multipart/Mixed; boundary=bc\n\n--bc\n\nx\n--bc--\n--b--"), []seen{{Part{Type: "multipart/mixed", First: -1, Last: -1, Whole: -1}, crlf("--bc\n\nx\n--bc--"), true}}, 0, nil},
		"ranges":                        {"b", crlf("\n--b\nContent-Range: bytes 5-9/20\n\n56789\n--b\ncontent-range: Bytes 0-1/*\n\n01\n--b--"), []seen{{Part{First: 5, Last: 9, Whole: 20}, "56789", true}, {Part{First: 0, Last: 1, Whole: -1}, "01", true}}, 2, nil},
		"lying ranges":                  {"b", crlf("--b\nContent-Range: bytes 9-5/20\n\n--b\nContent-Range: bytes +1-5/20\n\n--b\nContent-Range: bytes 0-5/5\n\n--b--"), []seen{{none(), "", true}, {none(), "", true}, {Part{First: 0, Last: 5, Whole: -1}, "", true}}, 0, nil},
		"encoded":                       {"b", crlf("--b\nContent-Transfer-Encoding: base64\n\neHg=\n--b\nContent-Transfer-Encoding: BINARY\n\nx\n--b--"), []seen{{Part{Encoded: true, First: -1, Last: -1, Whole: -1}, "eHg=", true}, {none(), "x", true}}, 0, nil},
		"never closed":                  {"b", crlf("--b\n\none\n--b\n\ntwo"), []seen{{none(), "one", true}, {none(), "two", false}}, 0, ErrUnclosed},
		"ends in a delimiter":           {"b", crlf("--b\n\none\n--b"), []seen{{none(), "one", false}}, 0, ErrUnclosed},
		"ends in a header":              {"b", crlf("--b\n\none\n--b\nX: "), []seen{{none(), "one", true}}, 0, ErrUnclosed},
		"never begun":                   {"b", "some text", nil, 9, ErrUnclosed},
		"empty":                         {"b", "", nil, 0, ErrUnclosed},
		"junk behind a delimiter":       {"b", crlf("--b\n\none\n--b junk\n\ntwo\n--b--"), []seen{{none(), "one", false}}, 18, ErrDelimiter},
		"junk behind the last":          {"b", crlf("--b\n\none\n--b--x"), []seen{{none(), "one", false}}, 1, ErrDelimiter},
		"no colon":                      {"b", crlf("--b\nfield\n\none\n--b--"), nil, 10, ErrHeader},
		"a delimiter among the fields":  {"b", crlf("--b\nX: y\n--b: z\n\none\n--b--"), nil, 10, ErrHeader},
		"folded from nothing":           {"b", crlf("--b\n X: y\n\none\n--b--"), nil, 10, ErrHeader},
		"line ends change":              {"b", "--b\r\nX: y\n\r\none\r\n--b--", nil, 12, ErrHeader},
		"line ends change at delimiter": {"b", "--b\r\n\r\none\r\n--b\n\ntwo\r\n--b--", []seen{{none(), "one", false}}, 12, ErrDelimiter},
		"white space without end":       {"b", "--b" + strings.Repeat(" ", 300), nil, 44, ErrDelimiter},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, cut := range []func(int) int{nil, func(int) int { return 1 }, func(left int) int { return min(left, 3) }} {
				got, p := run(t.Errorf, k.boundary, k.body, cut)
				if d := cmp.Diff(k.want, got); d != "" {
					t.Error(d)
				}
				if !errors.Is(p.Err(), k.err) || p.Err() != nil && k.err == nil {
					t.Errorf("error %v, want %v", p.Err(), k.err)
				}
				if p.Outside() != k.outside {
					t.Errorf("%d bytes outside, want %d", p.Outside(), k.outside)
				}
			}
		})
	}
}

func TestFloods(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]struct {
		body  string
		err   error
		parts int
	}{
		"parts":         {strings.Repeat("--b\r\n\r\n\r\n", MaxParts+1) + "--b--", ErrParts, MaxParts},
		"fields":        {"--b\r\n" + strings.Repeat("a: b\r\n", maxHeader), ErrTooLong, 1},
		"a line":        {"--b\r\na: " + strings.Repeat("b", 1<<20), ErrTooLong, 1},
		"exactly right": {strings.Repeat("--b\r\n\r\n\r\n", MaxParts) + "--b--", nil, MaxParts},
	} {
		_, p := run(t.Errorf, "b", k.body, func(left int) int { return min(left, 1000) })
		if !errors.Is(p.Err(), k.err) || p.Parts() != k.parts {
			t.Errorf("%s: %v after %d parts", name, p.Err(), p.Parts())
		}
		if cap(p.section) > 2*maxHeader {
			t.Errorf("%s: %d bytes are held", name, cap(p.section))
		}
	}
}

func TestBoundary(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`multipart/form-data; boundary=abc`:                        "abc",
		`multipart/form-data; charset=utf-8; Boundary="a b;c=\"d"`: `a b;c="d`,
		`multipart/form-data;boundary=----=_Part_1:2`:              "----=_Part_1:2",
		`multipart/form-data; boundary = "x" ; y=z`:                "x",
		`multipart/form-data; flag; boundary=x`:                    "x",
		`multipart/form-data`:                                      "",
		`multipart/form-data; boundary=`:                           "",
		`multipart/form-data; boundary=""`:                         "",
		`multipart/form-data; boundary="x "`:                       "",
		`multipart/form-data; boundary=x; boundary=y`:              "",
		"multipart/form-data; boundary=\"x\ty\"":                   "",
		`multipart/form-data; boundary=` + strings.Repeat("x", 71): "",
	} {
		if got, ok := Boundary(in); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", in, got, ok)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`form-data; name="f"; filename="../../etc/fw.bin"`:                           "fw.bin",
		`form-data; name="f"; filename="C:\fw\new.bin"`:                              "new.bin",
		`form-data; filename="say \"x\".bin"`:                                        `say "x".bin`,
		`form-data; filename=plain.bin; size=4`:                                      "plain.bin",
		`attachment; filename*=UTF-8''na%c3%afve%2Ffw.bin; filename="other"`:         "fw.bin",
		`attachment; filename="fw.bin"; filename*=utf-8'en'f%C3%BC.bin`:              "fü.bin",
		`attachment; filename*=iso-8859-1''f%FC.bin`:                                 "fü.bin",
		`attachment; filename="fw.bin"; filename*=koi8-r''%C3.bin`:                   "fw.bin",
		`attachment; filename="fw.bin"; filename*=utf-8''%C3%.bin`:                   "fw.bin",
		"form-data; filename=\"a\xffb\"":                                             "a\uFFFDb",
		`form-data; filename="never closed`:                                          "never closed",
		`form-data; filename="` + strings.Repeat("n", 300) + `"`:                     strings.Repeat("n", maxName),
		`form-data; filename*=utf-8''` + strings.Repeat("%41", 2000):                 strings.Repeat("A", maxName),
		`form-data; name="filename=evil.bin; filename=\"worse.bin\""; filename="ok"`: "ok",
	} {
		p := Parser{delim: []byte("\r\n--b")}
		p.disposition([]byte(in))
		if !p.part.File || p.part.Name != want {
			t.Errorf("%q: %q", in, p.part.Name)
		}
	}
	var p Parser
	p.disposition([]byte(`form-data; name="filename=evil.bin"`))
	if p.part.File {
		t.Error("the name of a field is taken for a file's")
	}
}

// However a body is cut into segments, the parts are those that were written.
func TestSegments(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		boundary := rapid.StringMatching(`[a-zA-Z0-9_=][-a-zA-Z0-9_=]{0,69}`).Draw(t, "boundary")
		// What is nearly a delimiter is frequent.
		piece := rapid.OneOf(
			rapid.SampledFrom([]string{"\r\n", "\r", "\n", "-", "--", "\r\n--", "\r\n--" + boundary[:len(boundary)-1], "--" + boundary, "x"}),
			rapid.StringN(0, 20, 40))
		var want []seen
		var buf bytes.Buffer
		w := stdmultipart.NewWriter(&buf)
		if err := w.SetBoundary(boundary); err != nil {
			t.Fatal(err)
		}
		buf.WriteString(rapid.SampledFrom([]string{"", "\r\n", "preamble\r\n", "-\r\n\r\n"}).Draw(t, "preamble"))
		for i := range rapid.IntRange(1, 5).Draw(t, "parts") {
			body := strings.Join(rapid.SliceOfN(piece, 0, 8).Draw(t, "body"), "")
			if strings.Contains("\r\n"+body, "\r\n--"+boundary) {
				body = "it held a delimiter"
			}
			name := fmt.Sprintf("%d.bin", i)
			pw, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {"form-data; name=f; filename=" + name}})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(pw, body); err != nil {
				t.Fatal(err)
			}
			want = append(want, seen{file(name), body, true})
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		buf.WriteString(rapid.SampledFrom([]string{"", "epilogue", "--" + boundary + "\r\n\r\n"}).Draw(t, "epilogue"))
		got, p := run(t.Fatalf, boundary, buf.String(), func(left int) int { return rapid.IntRange(1, min(left, 50)).Draw(t, "cut") })
		if p.Err() != nil {
			t.Fatalf("given up: %v", p.Err())
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
	})
}

// oracle reads a body with the standard library.
func oracle(boundary, body string) ([]string, bool) {
	r := stdmultipart.NewReader(strings.NewReader(body), boundary)
	var out []string
	for {
		p, err := r.NextRawPart()
		if err == io.EOF { //nolint:errorlint // the documented value
			return out, true
		}
		if err != nil {
			return out, false
		}
		b, err := io.ReadAll(p)
		if err != nil {
			return out, false
		}
		out = append(out, string(b))
	}
}

// A hostile body never breaks the parser, comes out the same however it is cut, and where both this parser
// and the standard library read it to its end, they read the same.
func FuzzParser(f *testing.F) {
	f.Add("b", "--b\r\nContent-Disposition: form-data; filename=\"a.bin\"\r\n\r\none\r\n--b--\r\n", uint8(3))
	f.Add("b", "x\n--b\nContent-Range: bytes 0-4/9\n\none\r\n--b-\n--b--", uint8(1))
	f.Add("b", "--b\r\nA: b\r\n c\r\n\r\n\r\n--b \r\n\r\n\r\n--b--", uint8(7))
	f.Add("--", "----\r\n\r\n--\r\n------", uint8(2))
	f.Fuzz(func(t *testing.T, boundary, body string, step uint8) {
		b, ok := Boundary(`multipart/x; boundary="` + boundary + `"`)
		if !ok {
			return
		}
		at1, p := run(t.Fatalf, b, body, nil)
		cut, q := run(t.Fatalf, b, body, func(left int) int { return min(left, int(step)+1) })
		if d := cmp.Diff(at1, cut); d != "" {
			t.Fatalf("cut into segments of %d:\n%s", int(step)+1, d)
		}
		if p.Outside() != q.Outside() || !errors.Is(p.Err(), q.Err()) {
			t.Fatalf("outside %d and %d, %v and %v", p.Outside(), q.Outside(), p.Err(), q.Err())
		}
		std, ok := oracle(b, body)
		if !ok || p.Err() != nil {
			return
		}
		var bodies []string
		for _, g := range at1 {
			bodies = append(bodies, g.Body)
		}
		if d := cmp.Diff(std, bodies); d != "" {
			t.Fatal(d)
		}
	})
}
