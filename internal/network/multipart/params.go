package multipart

import (
	"bytes"
	"strings"
)

// Boundary returns the boundary that a Content-Type names. There is none when it is empty, longer than the
// standard allows, holds control characters, or is given twice.
func Boundary(contentType string) (string, bool) {
	var found []byte
	n := 0
	params([]byte(contentType), func(name, value []byte) {
		if fold(name, "boundary") {
			found = append(found[:0], value...)
			n++
		}
	})
	if n != 1 || len(found) == 0 || len(found) > maxBoundary || found[len(found)-1] == ' ' {
		return "", false
	}
	for _, c := range found {
		if c < ' ' || c >= 0x7f {
			return "", false
		}
	}
	return string(found), true
}

// params calls f for each parameter behind the first ";" of a field (RFC 2045 section 5.1). Values are
// without quotes and valid during the call.
func params(b []byte, f func(name, value []byte)) {
	_, b, _ = bytes.Cut(b, []byte{';'})
	for len(b) > 0 {
		name, rest, ok := bytes.Cut(b, []byte{'='})
		if i := bytes.IndexByte(name, ';'); i >= 0 { // a parameter without a value
			b = b[i+1:]
			continue
		}
		if !ok {
			return
		}
		name, rest = bytes.TrimSpace(name), bytes.TrimLeft(rest, " \t")
		var value []byte
		if len(rest) > 0 && rest[0] == '"' {
			value, rest = quoted(rest[1:])
		} else {
			value, _, _ = bytes.Cut(rest, []byte{';'})
			value = bytes.TrimSpace(value)
		}
		f(name, value)
		_, b, _ = bytes.Cut(rest, []byte{';'})
	}
}

// quoted returns a quoted string whose first quote is gone, and what follows it. A backslash counts only
// before a quote or another: some senders write whole Windows paths.
func quoted(b []byte) (value, rest []byte) {
	plain := true
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == '"':
			if plain {
				return b[:i], b[i+1:]
			}
			return value, b[i+1:]
		case b[i] == '\\' && i+1 < len(b) && (b[i+1] == '"' || b[i+1] == '\\'):
			if plain {
				value, plain = append(value, b[:i]...), false
			}
			i++
		}
		if !plain {
			value = append(value, b[i])
		}
	}
	return b, nil // never closed
}

// extendedValue decodes charset'language'value (RFC 8187 section 3.2).
func extendedValue(b []byte) ([]byte, bool) {
	charset, rest, ok := bytes.Cut(b, []byte{'\''})
	_, v, ok2 := bytes.Cut(rest, []byte{'\''})
	latin := fold(charset, "iso-8859-1")
	if !ok || !ok2 || !latin && !fold(charset, "utf-8") {
		return nil, false
	}
	out := make([]byte, 0, min(len(v), 4*maxName))
	for i := 0; i < len(v) && len(out) < cap(out); i++ {
		c := v[i]
		if c == '%' {
			if i+2 >= len(v) {
				return nil, false
			}
			hi, lo := hexValue(v[i+1]), hexValue(v[i+2])
			if hi < 0 || lo < 0 {
				return nil, false
			}
			c = byte(hi<<4 | lo) //nolint:gosec // two hexadecimal digits
			i += 2
		}
		out = append(out, c)
	}
	if latin {
		return []byte(latinToUTF8(out)), true
	}
	return out, true
}

func latinToUTF8(b []byte) string {
	r := make([]rune, len(b))
	for i, c := range b {
		r[i] = rune(c)
	}
	return string(r)
}

func hexValue(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// lastSegment returns what stands behind the last separator of a path, of either kind.
func lastSegment(path []byte) string {
	if i := bytes.LastIndexAny(path, `/\`); i >= 0 {
		path = path[i+1:]
	}
	return strings.ToValidUTF8(string(path[:min(len(path), maxName)]), "\uFFFD")
}
