package http

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// isPath reports whether a target is a path, as nearly all are: no authority stands in front.
func isPath(target []byte) bool { return len(target) > 0 && target[0] == '/' }

// authority returns what stands between "//" and the path of an absolute target (RFC 9112 section 3.2.2).
func authority(target []byte) ([]byte, bool) {
	if isPath(target) {
		return nil, false
	}
	_, rest, ok := bytes.Cut(target, []byte("://"))
	if !ok || bytes.IndexByte(target, '/') < bytes.Index(target, []byte("://")) {
		return nil, false
	}
	if i := bytes.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	return rest, true
}

// pathOf returns what stands behind the authority of a target.
func pathOf(target []byte) []byte {
	if isPath(target) {
		return target
	}
	if i := bytes.Index(target, []byte("://")); i >= 0 && bytes.IndexByte(target, '/') > i {
		target = target[i+3:]
		if j := bytes.IndexAny(target, "/?"); j >= 0 {
			return target[j:]
		}
		return nil
	}
	return target
}

// nameOf returns the last segment of a target's path, decoded. Query, fragment and path parameters, which
// may carry sessions, credentials and patients, are cut off before anything else is looked at, and once more
// where they were encoded. A target that is no path (RFC 9112 section 3.2) has no name.
func nameOf(target []byte) string {
	for i, c := range target {
		if c == '?' || c == '#' {
			target = target[:i]
			break
		}
	}
	if !isPath(target) {
		if i := bytes.Index(target, []byte("://")); i >= 0 && bytes.IndexByte(target, '/') > i {
			target = target[i+3:]
			if bytes.IndexByte(target, '/') < 0 {
				return ""
			}
		} else if len(target) > 0 {
			return ""
		}
	}
	if i := bytes.LastIndexByte(target, '/'); i >= 0 {
		target = target[i+1:]
	}
	if i := bytes.IndexByte(target, ';'); i >= 0 {
		target = target[:i]
	}
	name := decode(target)
	if i := strings.IndexAny(name, ";?#"); i >= 0 {
		name = name[:i]
	}
	return clean(name[strings.LastIndexAny(name, `/\`)+1:])
}

// decode undoes percent-encoding; what is not well encoded stays as it is.
func decode(b []byte) string {
	if bytes.IndexByte(b, '%') < 0 {
		return string(b[:min(len(b), maxName)])
	}
	var s strings.Builder
	for i := 0; i < len(b) && s.Len() < maxName; i++ {
		if b[i] == '%' && i+2 < len(b) {
			if hi, lo := hexValue(b[i+1]), hexValue(b[i+2]); hi >= 0 && lo >= 0 {
				s.WriteByte(byte(hi<<4 | lo)) //nolint:gosec // two hexadecimal digits
				i += 2
				continue
			}
		}
		s.WriteByte(b[i])
	}
	return s.String()
}

func clean(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// host is [hostOf], which is asked for few different hosts again and again. A nil s remembers none.
func (s *Shared) host(b []byte) string {
	if s == nil || len(b) > maxName {
		return hostOf(b)
	}
	if out, ok := s.hosts[string(b)]; ok {
		return out
	}
	if s.hosts == nil || len(s.hosts) >= maxHosts {
		s.hosts = make(map[string]string)
	}
	out := hostOf(b)
	s.hosts[string(b)] = out
	return out
}

// hostOf brings a host to lower case and drops user information and the port. What cannot be the name or
// address of a host is none.
func hostOf(b []byte) string {
	if i := bytes.LastIndexByte(b, '@'); i >= 0 {
		b = b[i+1:]
	}
	switch {
	case len(b) > 0 && b[0] == '[':
		if i := bytes.IndexByte(b, ']'); i >= 0 {
			b = b[1:i]
		}
	default:
		if i := bytes.LastIndexByte(b, ':'); i >= 0 {
			b = b[:i]
		}
	}
	if len(b) > maxName {
		return ""
	}
	for _, c := range b {
		if !('a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '.' || c == '-' || c == '_' || c == ':') {
			return ""
		}
	}
	return strings.ToLower(string(b))
}
