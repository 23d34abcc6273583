package tls

// reader takes a message apart. Reading beyond its end makes it bad, and empty.
type reader struct {
	b   []byte
	bad bool
}

// take returns the next n bytes.
func (r *reader) take(n int) []byte {
	if n > len(r.b) {
		r.b, r.bad = nil, true
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) u8() int {
	if b := r.take(1); b != nil {
		return int(b[0])
	}
	return 0
}

func (r *reader) u16() uint16 {
	if b := r.take(2); b != nil {
		return uint16(b[0])<<8 | uint16(b[1])
	}
	return 0
}

func (r *reader) u24() int {
	if b := r.take(3); b != nil {
		return int(b[0])<<16 | int(b[1])<<8 | int(b[2])
	}
	return 0
}

// list16 takes a list whose length stands before it in two bytes.
func (r *reader) list16() reader {
	b := r.take(int(r.u16()))
	return reader{b, r.bad}
}

func (r *reader) list8() reader {
	b := r.take(r.u8())
	return reader{b, r.bad}
}

// extensions takes the extensions with which a hello ends; SSL 3 and TLS 1.0 need not have any. It reports
// whether each lies in them as it says, so that they can be read without looking again.
func (r *reader) extensions() (reader, bool) {
	if len(r.b) == 0 {
		return reader{}, true
	}
	all := r.list16()
	try := all
	for len(try.b) > 0 {
		try.u16()
		try.list16()
	}
	return all, !try.bad && len(r.b) == 0
}

// collect appends the two-byte values of a list to dst, without GREASE, until dst has n.
func collect[T ~uint16](r reader, dst []T, n int) []T {
	for len(r.b) > 1 && len(dst) < n {
		if v := r.u16(); !grease(v) {
			dst = append(dst, T(v))
		}
	}
	return dst
}
