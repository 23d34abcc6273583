package visible

import "unicode/utf8"

// AppendJSON appends s as a JSON string, as encoding/json/v2 writes it and [JSON] then shows it: bytes that
// are not UTF-8 become U+FFFD, unsafe characters \uXXXX. It allocates nothing where dst has room.
func AppendJSON(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for {
		n := plain(s)
		dst = append(dst, s[:n]...)
		if s = s[n:]; s == "" {
			return append(dst, '"')
		}
		if s[0] < utf8.RuneSelf {
			dst, s = appendASCII(dst, s[0]), s[1:]
			continue
		}
		r, size := utf8.DecodeRuneInString(s)
		if unsafe(r) {
			dst = appendEscaped(dst, r)
		} else {
			dst = utf8.AppendRune(dst, r)
		}
		s = s[size:]
	}
}

// plain returns how many bytes at the beginning of s are printable ASCII that JSON does not escape. It looks
// at eight at a time, at the end at some of them twice.
func plain(s string) int {
	n := 0
	for ; len(s)-n >= 8; n += 8 {
		if !plain8(s[n : n+8]) {
			break
		}
	}
	if rest := len(s) - n; rest < 8 && len(s) >= 8 && plain8(s[len(s)-8:]) {
		return len(s)
	}
	for ; n < len(s); n++ {
		if c := s[n]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			break
		}
	}
	return n
}

// plain8 looks at eight bytes: each term sets the highest bit of a byte that is not plain, and what it carries
// into the next byte comes only from one that it marked.
func plain8(s string) bool {
	const ones = 0x0101010101010101
	x := load(s)
	quote, slash := x^'"'*ones, x^'\\'*ones
	return (x|(x+ones)|(x-' '*ones)|(quote-ones)|(slash-ones))&(0x80*ones) == 0
}

func load(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// appendASCII appends a character that JSON or [JSON] escapes (RFC 8259 section 7).
func appendASCII(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return appendEscaped(dst, rune(c))
}
