package http

import (
	"bytes"
	"hash/maphash"
	"math/bits"
)

// methods are those whose name at the beginning of a segment is taken for a request.
var methods = [...]string{
	"GET ", "POST ", "PUT ", "HEAD ", "DELETE ", "OPTIONS ", "PATCH ", "CONNECT ", "TRACE ", "PROPFIND ",
	"PROPPATCH ", "MKCOL ", "COPY ", "MOVE ", "LOCK ", "UNLOCK ", "REPORT ", "SEARCH ", "BITS_POST ",
	"CCM_POST ", "SUBSCRIBE ", "NOTIFY ", "M-SEARCH ", "PRI ",
}

func begins(b []byte, with string) bool { return len(b) >= len(with) && string(b[:len(with)]) == with }

func isResponse(b []byte) bool {
	const want = "HTTP/1."
	return len(b) > 0 && b[0] == 'H' && string(b[:min(len(b), len(want))]) == want[:min(len(b), len(want))]
}

func isRequest(b []byte) bool {
	if len(b) == 0 || b[0] < 'A' || b[0] > 'Z' {
		return false
	}
	for _, m := range methods {
		if n := min(len(b), len(m)); b[0] == m[0] && string(b[:n]) == m[:n] {
			return true
		}
	}
	return false
}

// resume decides whether a segment in a lost direction begins a message. It wants the whole start line,
// since a body may hold a method's name.
func (p *parser) resume(b []byte) bool {
	var h header
	n := bytes.IndexByte(b, '\n')
	if n < 0 {
		return false
	}
	l := bytes.TrimSuffix(b[:n], []byte{'\r'})
	if p.role != requests && isResponse(b) && h.status(l) || p.role != responses && isRequest(b) && h.request(l) {
		p.state = start
		return true
	}
	return false
}

// request is what is remembered of a request until its response comes.
type request struct {
	method string
	name   string
	host   string
	target uint64 // keyed hash of path and query
	end    uint64 // offset behind its header section
}

// header is what is read of a header section.
type header struct {
	code    int
	old     bool // HTTP/1.0, or what claims to be older
	req     request
	length  int64 // -1: none
	badLen  bool
	chunked bool
	spaced  bool // white space before the colon of a field that frames
	coded   bool // a transfer coding that is not chunked alone
	coding  Coding
	first   int64
	whole   int64
	last    int64
	ranged  bool
	shared  *Shared // nil where only the form matters
	etag    uint64
	changed uint64
	typed   bool // there was a Content-Type
	multi   string
	params  string
}

// status reads a status line (RFC 9112 section 4).
func (h *header) status(l []byte) bool {
	if len(l) < 12 || !isResponse(l) || l[8] != ' ' {
		return false
	}
	for _, c := range l[9:12] {
		if c < '0' || c > '9' {
			return false
		}
		h.code = h.code*10 + int(c-'0')
	}
	h.old = l[7] == '0'
	return h.code >= 100 && (len(l) == 12 || l[12] == ' ')
}

// request reads a request line (RFC 9112 section 3).
func (h *header) request(l []byte) bool {
	i, j := bytes.IndexByte(l, ' '), bytes.LastIndexByte(l, ' ')
	if i <= 0 || j <= i || !begins(l[j+1:], "HTTP/1.") {
		return false
	}
	h.old = len(l) >= 4 && string(l[len(l)-4:]) == "/1.0"
	h.req.method = methodName(l[:i])
	target := bytes.TrimSpace(l[i+1 : j])
	h.req.name = nameOf(target)
	if host, ok := authority(target); ok {
		h.req.host = h.shared.host(host)
	}
	h.req.target = h.hash(pathOf(target))
	return true
}

// hash is never 0 but where only the form matters.
func (h *header) hash(b []byte) uint64 {
	if h.shared == nil {
		return 0
	}
	return max(maphash.Bytes(h.shared.seed, b), 1)
}

// methodName returns a method's name without allocating for the usual ones.
func methodName(b []byte) string {
	for _, m := range methods {
		if len(b) == len(m)-1 && string(b) == m[:len(b)] {
			return m[:len(b)]
		}
	}
	return string(b[:min(len(b), 32)])
}

// field reads one field line. Only those that framing, naming and decoding need are looked at.
func (h *header) field(l []byte) {
	i := bytes.IndexByte(l, ':')
	if i < 4 {
		return
	}
	name := l[:i]
	for len(name) > 0 && (name[len(name)-1] == ' ' || name[len(name)-1] == '\t') {
		name = name[:len(name)-1]
	}
	switch len(name) {
	case 4:
		if h.req.host == "" && is(name, "host") {
			h.req.host = h.shared.host(bytes.TrimSpace(l[i+1:]))
		} else if h.versioned() && is(name, "etag") {
			h.etag = h.hash(bytes.TrimSpace(l[i+1:]))
		}
	case 12:
		if is(name, "content-type") {
			h.contentType(bytes.TrimSpace(l[i+1:]))
		}
	case 13:
		if is(name, "content-range") {
			h.contentRange(bytes.TrimSpace(l[i+1:]))
		} else if h.versioned() && is(name, "last-modified") {
			h.changed = h.hash(bytes.TrimSpace(l[i+1:]))
		}
	case 14:
		if is(name, "content-length") {
			h.spaced = h.spaced || len(name) < i
			h.contentLength(bytes.TrimSpace(l[i+1:]))
		}
	case 16:
		if is(name, "content-encoding") {
			h.contentEncoding(bytes.TrimSpace(l[i+1:]))
		}
	case 17:
		if is(name, "transfer-encoding") {
			h.spaced = h.spaced || len(name) < i
			h.transferEncoding(bytes.TrimSpace(l[i+1:]))
		}
	}
}

// is compares a field name with one written in lower case, as ASCII without case.
func is(name []byte, want string) bool {
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != want[i] {
			return false
		}
	}
	return true
}

// contentLength reads a length. A list of equal numbers is one number (RFC 9112 section 6.3).
func (h *header) contentLength(v []byte) {
	for one := range bytes.SplitSeq(v, []byte{','}) {
		n, ok := number(bytes.TrimSpace(one))
		if !ok || h.length >= 0 && h.length != n {
			h.badLen = true
			return
		}
		h.length = n
	}
}

// number reads decimal digits up to maxLength.
func number(v []byte) (int64, bool) {
	var n int64
	for _, c := range v {
		if c < '0' || c > '9' {
			return 0, false
		}
		if n = n*10 + int64(c-'0'); n > maxLength {
			return 0, false
		}
	}
	return n, len(v) > 0
}

func (h *header) transferEncoding(v []byte) {
	for one := range bytes.SplitSeq(v, []byte{','}) {
		one = bytes.TrimSpace(one)
		switch {
		case bytes.EqualFold(one, []byte("chunked")) && !h.chunked:
			h.chunked = true
		case bytes.EqualFold(one, []byte("identity")):
		default:
			h.coded = true
		}
	}
}

func (h *header) contentEncoding(v []byte) {
	switch {
	case len(v) == 0 || bytes.EqualFold(v, []byte("identity")):
	case h.coding != Identity:
		h.coding = Other
	case bytes.EqualFold(v, []byte("gzip")), bytes.EqualFold(v, []byte("x-gzip")):
		h.coding = Gzip
	case bytes.EqualFold(v, []byte("deflate")):
		h.coding = Deflate
	default:
		h.coding = Other
	}
}

// contentRange reads "bytes first-last/whole" (RFC 9110 section 14.4). Of two that differ neither is believed.
func (h *header) contentRange(v []byte) {
	first, last, whole := rangeOf(v)
	if h.ranged && (first != h.first || last != h.last || whole != h.whole) {
		first, whole = -1, -1
	}
	h.ranged, h.first, h.last, h.whole = true, first, last, whole
}

// rangeOf returns -1 for what is not told or cannot be true.
func rangeOf(v []byte) (first, last, whole int64) {
	v, ok := bytes.CutPrefix(v, []byte("bytes "))
	if !ok {
		return -1, -1, -1
	}
	span, of, ok := bytes.Cut(v, []byte{'/'})
	from, to, ok1 := bytes.Cut(span, []byte{'-'})
	first, ok2 := number(bytes.TrimSpace(from))
	last, ok3 := number(bytes.TrimSpace(to))
	if !ok || !ok1 || !ok2 || !ok3 || last < first {
		return -1, -1, -1
	}
	if n, ok := number(bytes.TrimSpace(of)); ok && n > last {
		return first, last, n
	}
	return first, last, -1
}

func (h *header) contentType(v []byte) {
	again := h.typed
	if h.typed, h.params = true, ""; again {
		return // receivers may believe either
	}
	if len(v) > 10 && bytes.EqualFold(v[:10], []byte("multipart/")) {
		typ, _, _ := bytes.Cut(v, []byte{';'})
		h.multi = string(bytes.ToLower(bytes.TrimSpace(typ[:min(len(typ), 64)])))
		h.params = string(v[:min(len(v), maxParams)])
	}
}

// versioned reports whether it matters which version of an object a response carries: ranges may be of it.
func (h *header) versioned() bool { return h.code == 200 || h.code == 206 }

// validator joins what names the version of an object.
func (h *header) validator() uint64 { return h.etag ^ bits.RotateLeft64(h.changed, 31) }
