// Package visible prints strings that came from outside without letting them act: control, escape,
// bidirectional, zero-width and other invisible characters become \u{1b}, so that a file name cannot
// colour a terminal, turn a word round or hide a part of itself.
//
// Most callers need [Text]; [Cell] is for CSV and [JSON] for encoded JSON. What they return is for
// eyes: it is never parsed again and never compared.
package visible

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text returns s on one line with every unsafe character written as \u{hex} and every byte that is not
// UTF-8 as \x{hex}. A backslash that would look like such a form is written so itself, so two different
// strings never look the same for that reason.
func Text(s string) string {
	clean := true
	for i, r := range s {
		if unsafe(r) || r == utf8.RuneError || r == '\\' && looksEscaped(s[i:]) {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			write(&b, 'x', rune(s[i]))
		case unsafe(r) || r == '\\' && looksEscaped(s[i:]):
			write(&b, 'u', r)
		default:
			b.WriteRune(r)
		}
		i += n
	}
	return b.String()
}

func write(b *strings.Builder, letter byte, r rune) {
	b.WriteByte('\\')
	b.WriteByte(letter)
	b.WriteByte('{')
	b.WriteString(strconv.FormatInt(int64(r), 16))
	b.WriteByte('}')
}

func looksEscaped(s string) bool {
	return strings.HasPrefix(s, `\u{`) || strings.HasPrefix(s, `\x{`)
}

// unsafe reports whether r acts on the reader's device or cannot be seen: categories Cc, Cf, Zl, Zp, and
// what Unicode calls default ignorable (variation selectors, fillers, tags), and the blank Braille cell.
func unsafe(r rune) bool {
	if r < 0x7f {
		return r < ' '
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) || r == '\u2800'
}

// Cell returns s for one cell of a CSV file: [Text], and with an apostrophe in front when a spreadsheet
// would take the cell for a formula (it begins with =, +, -, @, tab or CR, or a full-width form of
// these). Quoting of commas and quotation marks is the CSV writer's affair.
func Cell(s string) string {
	r, _ := utf8.DecodeRuneInString(s)
	if strings.ContainsRune("=+-@\t\r＝＋－＠", r) && s != "" {
		return "'" + Text(s)
	}
	return Text(s)
}

// JSON returns encoded JSON with every unsafe character inside its strings written as \uXXXX. A reader
// of the JSON gets the same values.
func JSON(b []byte) []byte {
	i := 0
	for i < len(b) {
		r, n := utf8.DecodeRune(b[i:])
		if unsafeInJSON(r) {
			break
		}
		i += n
	}
	if i == len(b) {
		return b
	}
	out := append(make([]byte, 0, len(b)+16), b[:i]...)
	for i < len(b) {
		r, n := utf8.DecodeRune(b[i:])
		if unsafeInJSON(r) {
			out = appendEscaped(out, r)
		} else {
			out = append(out, b[i:i+n]...)
		}
		i += n
	}
	return out
}

// unsafeInJSON leaves ASCII alone but for DEL: below it JSON itself escapes what is not white space.
func unsafeInJSON(r rune) bool { return r >= 0x7f && unsafe(r) }

func appendEscaped(b []byte, r rune) []byte {
	if r > 0xffff {
		r -= 0x10000
		return appendEscaped(appendEscaped(b, 0xd800+r>>10), 0xdc00+r&0x3ff)
	}
	const hex = "0123456789abcdef"
	return append(b, '\\', 'u', hex[r>>12], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}
