package network

import (
	"github.com/cordon-trust/cordon/internal/network/http"
	"github.com/cordon-trust/cordon/internal/network/multipart"
)

var _ multipart.Consumer = (*rangeParts)(nil)

// rangeParts uses the parts of a multipart/byteranges body (RFC 9110 section 14.6) for the object that they are
// ranges of. A body has one object; ranges of any other are left alone.
type rangeParts inner

// span is the range that a part claims.
type span struct {
	off, end int64 // of the bytes that are still to come
	used     bool
}

// Begin finds the object that a range belongs to.
func (r *rangeParts) Begin(p *multipart.Part) {
	r.span = span{}
	if p.First < 0 || p.Whole <= 0 || p.Encoded {
		return
	}
	o, g := r.body, &r.stream.engine.ranges
	switch a := o.whereof; {
	case a == nil:
		m := *r.msg
		m.Notes |= http.NotePart
		m.First, m.Last, m.Whole, m.Declared = p.First, p.Last, p.Whole, -1
		o.whereof = g.join(r.stream, o, &m)
	case a.over:
		return
	case a.key.whole == p.Whole:
		a.parts++
	default:
		return
	}
	r.span = span{p.First, p.Last + 1, o.whereof != nil}
}

// Body takes bytes of a range, and none beyond what it claims.
func (r *rangeParts) Body(b []byte) {
	x := &r.span
	if !x.used || x.off >= x.end {
		return
	}
	b = b[:min(int64(len(b)), x.end-x.off)]
	r.stream.engine.ranges.write(r.body.whereof, x.off, b)
	x.off += int64(len(b))
}

// End needs nothing: bytes that were not seen are missing from the whole.
func (r *rangeParts) End(bool) {}
