package picture

import (
	"cmp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cordon-trust/cordon/internal/kit/visible"
	"github.com/cordon-trust/cordon/internal/model"
)

// Cut shortens a text to a width in pixels at a size of letters, as far as one can tell without the font: what is cut
// ends in an ellipsis. Characters that are not shown as they are count as what stands in their place.
func Cut(text string, width, size int) string {
	room := 100 * width
	used, keep := 0, 0 // keep is how much stays when an ellipsis must follow
	for i, r := range text {
		if used+size*100 <= room {
			keep = i
		}
		if used += letters(r) * size; used > room {
			return text[:keep] + "\u2026"
		}
	}
	return text
}

// Width is how many pixels a text takes at a size of letters, as [Cut] counts them.
func Width(text string, size int) int {
	used := 0
	for _, r := range text {
		used += letters(r) * size
	}
	return (used + 99) / 100
}

// letters is the width of a character in hundredths of the size of letters.
func letters(r rune) int {
	const (
		narrow = 38
		normal = 62
		wide   = 95
		full   = 105
	)
	switch shown := visible.Text(string(r)); {
	case shown != string(r):
		return normal * utf8.RuneCountInString(shown)
	case r >= 0x1100:
		return full
	case r == 'm' || r == 'w' || r == 'M' || r == 'W' || r == '@' || r == '%':
		return wide
	case r == 'i' || r == 'l' || r == 'j' || r == 't' || r == 'f' || r == 'r' || r == '.' || r == ',' || r == ':' || r == ' ' || r == '\'' || r == '/' || r == '(' || r == ')' || r == '-':
		return narrow
	case unicode.IsUpper(r):
		return 70
	}
	return normal
}

// Many is a number of things of a kind, in words.
func Many(n int, k model.Kind) string { return strconv.Itoa(n) + " " + Word(k, n) }

// Word names a kind in plain words, for one or for several.
func Word(k model.Kind, n int) string {
	one, more := string(k), ""
	switch k {
	case model.KindArtifact:
		one = "file"
	case model.KindGate:
		one = "signing role"
	case model.KindKey:
		one = "key"
	case model.KindAdvisory:
		more = "advisories"
	case model.KindOrg:
		one = "organisation"
	case model.KindPerson:
		one = "role account"
	case model.KindDataset:
		one = "data set"
	case "":
		one = "thing"
	}
	switch {
	case n == 1:
		return one
	case more != "":
		return more
	}
	return one + "s"
}

// naturally compares texts as people do: a number in them by its value.
func naturally(a, b string) int {
	digits := func(s string) int {
		n := 0
		for n < len(s) && '0' <= s[n] && s[n] <= '9' {
			n++
		}
		return n
	}
	for x, y := a, b; x != "" && y != ""; {
		m, n := digits(x), digits(y)
		if m == 0 || n == 0 {
			if x[0] != y[0] {
				return cmp.Compare(x[0], y[0])
			}
			x, y = x[1:], y[1:]
			continue
		}
		p, q := strings.TrimLeft(x[:m], "0"), strings.TrimLeft(y[:n], "0")
		if order := cmp.Or(cmp.Compare(len(p), len(q)), cmp.Compare(p, q)); order != 0 {
			return order
		}
		x, y = x[m:], y[n:]
	}
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}
