package network

import (
	"github.com/cordon-trust/cordon/internal/network/http"
	"github.com/cordon-trust/cordon/internal/network/magic"
	"github.com/cordon-trust/cordon/internal/network/multipart"
)

var _ multipart.Consumer = (*formParts)(nil)

// formParts makes a transfer of each file in a form (RFC 7578). Its receiver is the server.
type formParts inner

// Begin begins the object of a part.
func (f *formParts) Begin(p *multipart.Part) {
	e, m := f.stream.engine, f.msg
	if e.live >= maxObjects {
		e.unfollowed++
		f.lost = true
		return
	}
	e.live++
	o := e.object()
	o.begin(e, &http.Message{
		Side: m.Side, Start: m.Start, Serial: m.Serial, Time: m.Time, Request: true, Host: m.Host, Name: p.Name,
		Declared: -1, First: -1, Whole: -1,
	})
	o.field = p.Name == ""
	if p.Encoded {
		o.blocks.drop() // offsets in it are not offsets in the file
		o.extra = append(o.extra, "it is encoded inside its form, and that is not decoded")
	}
	if len(p.Type) > 10 && p.Type[:10] == "multipart/" {
		o.extra = append(o.extra, "it is itself multipart, and is not taken apart")
	}
	f.part = o
}

// Body takes bytes of a part.
func (f *formParts) Body(b []byte) {
	if o := f.part; o != nil {
		o.write(f.stream.engine, o.at, b)
	}
}

// End hands a file on and forgets a field.
func (f *formParts) End(whole bool) {
	o := f.part
	if o == nil {
		return
	}
	f.part = nil
	e, m := f.stream.engine, f.msg
	if m.Notes&unframed != 0 {
		o.dropBlocks(e)
	}
	o.end(e, &http.Message{
		Stop: m.Stop, Seen: o.at, Host: o.host, Name: o.name, First: -1, Whole: -1, Unchecked: m.Unchecked,
		Complete: whole && m.Notes&unframed == 0,
	})
	if o.isField() {
		e.recycle(o)
		return
	}
	if !whole {
		o.extra = append(o.extra, "the delimiter behind it in its form was not seen")
	}
	o.ambiguous = o.ambiguous || f.body.ambiguous
	o.uncompared = o.uncompared || f.body.uncompared
	f.stream.await(o)
}

// isField reports whether a part of a form is what somebody typed rather than a file. A part without a file
// name that does not look like text, or is long, may be one all the same.
func (o *object) isField() bool {
	if !o.field || o.seen >= sizeable {
		return false
	}
	return o.class == magic.Text || o.class == magic.Config || o.class == magic.Empty
}
