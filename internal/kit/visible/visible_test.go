package visible_test

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/cordon-trust/cordon/internal/kit/visible"
)

func TestText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                           "",
		"pump-2.1.0.bin":             "pump-2.1.0.bin",
		"Herzgerät 心電図 (3) · ok":     "Herzgerät 心電図 (3) · ok",
		"\x1b[31mred\x1b[0m":         `\u{1b}[31mred\u{1b}[0m`,
		"two\nlines\r\tand a tab":    `two\u{a}lines\u{d}\u{9}and a tab`,
		"invoice\u202efdp.exe":       `invoice\u{202e}fdp.exe`,
		"a\u2066b\u2069":             `a\u{2066}b\u{2069}`,
		"zero\u200bwidth\ufeff":      `zero\u{200b}width\u{feff}`,
		"soft\u00adhyphen":           `soft\u{ad}hyphen`,
		"C1\u009b31m and \x7f":       `C1\u{9b}31m and \u{7f}`,
		"tag\U000e0041":              `tag\u{e0041}`,
		"variation\ufe0f":            `variation\u{fe0f}`,
		"filler\u3164 braille\u2800": `filler\u{3164} braille\u{2800}`,
		"para\u2029graph":            `para\u{2029}graph`,
		"bad\xffbyte\xc3":            `bad\x{ff}byte\x{c3}`,
		"replacement \ufffd stays":   "replacement \ufffd stays",
		`C:\new\update`:              `C:\new\update`,
		`forged \u{1b} escape`:       `forged \u{5c}u{1b} escape`,
	} {
		if got := visible.Text(in); got != want {
			t.Errorf("Text(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestCell(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                  "",
		"ward 3":            "ward 3",
		"=HYPERLINK(1)":     "'=HYPERLINK(1)",
		"+1":                "'+1",
		"-1":                "'-1",
		"@SUM(A1)":          "'@SUM(A1)",
		"\t=1":              `'\u{9}=1`,
		"\r=1":              `'\u{d}=1`,
		"＝1":                "'＝1",
		"a=b":               "a=b",
		"\x1b]0;title\x07x": `\u{1b}]0;title\u{7}x`,
		"\xff":              `\x{ff}`,
	} {
		if got := visible.Cell(in); got != want {
			t.Errorf("Cell(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestJSONKeepsValues(t *testing.T) {
	t.Parallel()
	in := map[string]string{"name": "invoice\u202efdp\u009b.exe \U000e0041 心\n\x7f"}
	b, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	out := visible.JSON(b)
	if want := `{"name":"invoice\u202efdp\u009b.exe \udb40\udc41 心\n\u007f"}`; string(out) != want {
		t.Errorf("JSON = %s, want %s", out, want)
	}
	var back map[string]string
	if err := json.Unmarshal(out, &back); err != nil || back["name"] != in["name"] {
		t.Errorf("came back as %q, %v", back["name"], err)
	}
}

func acts(s string) rune {
	for _, r := range s {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			return r
		}
	}
	return -1
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "a", "\x1b[0m", "\u202e", "\xff\xfe", `\u{1b}`, `\\u{`, "=1", "\u200b", "\U000e0020"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := visible.Text(s)
		if r := acts(out); r >= 0 {
			t.Errorf("Text(%q) keeps %U", s, r)
		}
		if !utf8.ValidString(out) {
			t.Errorf("Text(%q) is not UTF-8", s)
		}
		if utf8.ValidString(s) && undo(t, out) != s {
			t.Errorf("Text(%q) = %q reads as %q", s, out, undo(t, out))
		}
		cell := visible.Cell(s)
		if acts(cell) >= 0 || cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
			t.Errorf("Cell(%q) = %q", s, cell)
		}
		if b, err := json.Marshal(s); err == nil {
			var back string
			if err := json.Unmarshal(visible.JSON(b), &back); err != nil || back != s || acts(string(visible.JSON(b))) >= 0 {
				t.Errorf("JSON of %q came back as %q, %v", s, back, err)
			}
		}
	})
}

// undo reads the escapes of valid text back, which shows that no two strings share a form.
func undo(t *testing.T, s string) string {
	t.Helper()
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(s, `\u{`)
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		digits, after, ok := strings.Cut(rest, "}")
		if !ok {
			t.Fatalf("open escape in %q", s)
		}
		var r rune
		for _, d := range digits {
			r = r<<4 + rune(strings.IndexRune("0123456789abcdef", d))
		}
		b.WriteRune(r)
		s = after
	}
}

// What AppendJSON writes is what encoding/json/v2 writes, made visible.
func FuzzAppendJSON(f *testing.F) {
	for _, s := range []string{
		"", "pump-2.1.0.bin", "quote \" and \\ here", "\x00\b\t\n\f\r\x1b\x1f", "1234567\"", "12345678\x7f", "ä心\u2028\u202e",
		"\xff\xfe\xc3", "tag\U000e0041", "\ufffd", "1234567\xff",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b, err := json.Marshal(s, jsontext.AllowInvalidUTF8(true))
		if err != nil {
			t.Fatal(err)
		}
		if want, got := string(visible.JSON(b)), string(visible.AppendJSON(nil, s)); got != want {
			t.Errorf("AppendJSON(%q) = %s, want %s", s, got, want)
		}
	})
}

// A character of every kind at every place of the eight bytes that are looked at together.
func TestAppendJSONLooksEverywhere(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		for at := range 19 {
			s := []byte("abcdefghijklmnopqrs")
			s[at] = byte(c)
			b, err := json.Marshal(string(s), jsontext.AllowInvalidUTF8(true))
			if err != nil {
				t.Fatal(err)
			}
			if want, got := string(visible.JSON(b)), string(visible.AppendJSON(nil, string(s))); got != want {
				t.Errorf("byte %#x at %d: %s, want %s", c, at, got, want)
			}
		}
	}
}
