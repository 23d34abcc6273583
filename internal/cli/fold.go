package cli

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// foldAt is how wide a sentence gets on a terminal or on paper; a word that is longer stays whole.
const foldAt = 110

// fold breaks a sentence for people into lines at spaces. The first line begins with label, and the others
// stand under it. What scripts look for is in --json.
func fold(label, text string) []string {
	if utf8.RuneCountInString(label)+utf8.RuneCountInString(text) <= foldAt {
		return []string{label + text}
	}
	indent := strings.Repeat(" ", len(label))
	var out []string
	line, width, empty := label, len(label), true
	for word := range strings.SplitSeq(text, " ") {
		n := utf8.RuneCountInString(word)
		if !empty && width+1+n > foldAt {
			out = append(out, line)
			line, width, empty = indent, len(indent), true
		}
		if !empty {
			line, width = line+" ", width+1
		}
		line, width, empty = line+word, width+n, false
	}
	return append(out, line)
}

// counted is a number with what it counts; the noun takes an s.
func counted[N int | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
