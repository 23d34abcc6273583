package dns

// nameAt reads the name at an offset and returns it with the offset behind it. A pointer leads backwards
// only (RFC 1035 section 4.1.4 speaks of a prior occurrence), so that no loop is possible.
func nameAt(b []byte, at int) (string, int, error) {
	var out [4 * MaxName]byte
	name, size := out[:0], 0
	end, lowest := -1, at
	for range maxPointers + MaxName {
		if at >= len(b) {
			return "", 0, ErrMalformed
		}
		n := int(b[at])
		switch n & 0xc0 {
		case 0xc0:
			if at+2 > len(b) {
				return "", 0, ErrMalformed
			}
			if end < 0 {
				end = at + 2
			}
			to := n&0x3f<<8 | int(b[at+1])
			if to >= lowest {
				return "", 0, ErrMalformed
			}
			at, lowest = to, to
			continue
		case 0:
		default:
			return "", 0, ErrMalformed
		}
		at++
		if n == 0 {
			if end < 0 {
				end = at
			}
			return string(name), end, nil
		}
		if size += n + 1; at+n > len(b) || size >= MaxName {
			return "", 0, ErrMalformed
		}
		if len(name) > 0 {
			name = append(name, '.')
		}
		name = appendLabel(name, b[at:at+n])
		at += n
	}
	return "", 0, ErrMalformed
}

// appendLabel writes a label in lower case. A dot or backslash in it is marked by a backslash (RFC 1035
// section 5.1), so that a.b is two labels and a\.b is one.
func appendLabel(dst, label []byte) []byte {
	for _, c := range label {
		switch {
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case c == '.' || c == '\\':
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return dst
}
