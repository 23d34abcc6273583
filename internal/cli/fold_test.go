package cli

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestFold(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("word ", 40) + "finally"
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"short":      {"one sentence", []string{"  now: one sentence"}},
		"empty":      {"", []string{"  now: "}},
		"a long one": {long, []string{"  now: " + strings.Repeat("word ", 19) + "word", "       " + strings.Repeat("word ", 19) + "word", "       finally"}},
		"a digest": {
			"as sha256:" + strings.Repeat("0", 120) + " is",
			[]string{"  now: as", "       sha256:" + strings.Repeat("0", 120), "       is"},
		},
	} {
		if diff := cmp.Diff(c.want, fold("  now: ", c.text)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Nothing is lost or added, whatever the text is, and only a single word makes a long line.
func TestFoldKeepsEveryByte(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.StringN(0, 60, 90), 0, 30).Draw(rt, "words"), " ")
		var joined []string
		for i, l := range fold("- ", text) {
			rest := l[2:]
			if i == 0 && l[:2] != "- " || i > 0 && l[:2] != "  " {
				rt.Fatalf("line %d begins with %q", i, l[:2])
			}
			if utf8.RuneCountInString(l) > foldAt && strings.Contains(rest, " ") {
				rt.Fatalf("%d characters: %q", utf8.RuneCountInString(l), l)
			}
			joined = append(joined, rest)
		}
		if got := strings.Join(joined, " "); got != text {
			rt.Fatalf("%q became %q", text, got)
		}
	})
}
