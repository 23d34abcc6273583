package network

import (
	"errors"

	"github.com/cordon-trust/cordon/internal/network/http"
	"github.com/cordon-trust/cordon/internal/network/multipart"
)

// Bounds of multipart bodies.
const (
	maxInners = 512  // that are taken apart at the same time
	maxAround = 1024 // bytes before the first part and behind the last that are nobody's business
)

// unframed are the notes of messages of which receivers may take different bytes.
const unframed = http.NoteBadLength | http.NoteTwoLengths | http.NoteBadChunk | http.NoteBadCoding | http.NoteOldChunks | http.NoteSpace

// inner takes the multipart body of one message apart while it passes. A form gives a transfer for each of its
// files; several ranges of an object are used for the whole of it. Inners are recycled.
//
// Which bytes a part has follows from everything before it in its message, so whatever is disputed or unchecked
// there is so for the part.
type inner struct {
	parser multipart.Parser
	stream *stream
	body   *object       // the whole body
	msg    *http.Message // of the connection, while the body passes
	form   bool
	coded  bool  // it is taken apart as decoded
	at     int64 // bytes of the body taken
	over   bool  // bytes are missing: nothing behind them can be told apart
	lost   bool  // there was no room for a part

	part *object // of a form, under way; nil when there is no room
	span span    // of ranges, under way
}

// takeApart begins to take the body of a message apart, if it is multipart of a kind that is.
func (s *stream) takeApart(o *object, m *http.Message) {
	form := m.Request && m.Type == "multipart/form-data" && !o.isPart()
	if !form && (m.Request || !o.isPart() || m.Type != "multipart/byteranges") {
		return
	}
	e := s.engine
	boundary, ok := multipart.Boundary(m.Params)
	switch {
	case !ok:
		e.unopened++
		o.extra = append(o.extra, "it is multipart, and no boundary is told by which its parts could be told apart")
		return
	case form && o.coded && o.entity == nil:
		return // the object says why it is not decoded
	case len(e.inners) == 0 && e.innersMade >= maxInners:
		e.unopened++
		o.extra = append(o.extra, "too many multipart bodies were under way to take this one apart")
		return
	}
	var in *inner
	if n := len(e.inners); n > 0 {
		in, e.inners = e.inners[n-1], e.inners[:n-1]
	} else {
		in = new(inner)
		e.innersMade++
	}
	*in = inner{parser: in.parser, stream: s, body: o, msg: m, form: form, coded: form && o.coded}
	if form {
		in.parser.Reset(boundary, (*formParts)(in))
	} else {
		in.parser.Reset(boundary, (*rangeParts)(in))
	}
	o.inner = in
}

// sent takes bytes of the body as sent.
func (in *inner) sent(off int64, b []byte) {
	in.over = in.over || off != in.at
	in.at = off + int64(len(b))
	if !in.over && !in.coded {
		in.parser.Write(b)
	}
}

// decoded takes bytes of the body as its content coding has them.
func (in *inner) decoded(b []byte) {
	if in.coded {
		in.parser.Write(b)
	}
}

// closeParts ends the parts of a body and reports whether they hold all that it brought, so that nothing is left
// to be said of the body itself.
func (o *object) closeParts(e *engine, m *http.Message) bool {
	in := o.inner
	if in == nil {
		return false
	}
	in.parser.Close()
	o.inner = nil
	err, around := in.parser.Err(), in.parser.Outside()
	all := in.form && err == nil && !in.lost && around <= maxAround && m.Missing == 0
	switch {
	case err == nil && around > maxAround:
		e.unopened++
		o.extra = append(o.extra, "bytes of it lie before its first part or behind its last")
	case err == nil || m.Missing > 0 || errors.Is(err, multipart.ErrUnclosed) && !m.Complete:
		// What is missing is said of the object.
	default:
		e.unopened++
		o.extra = append(o.extra, "its parts cannot be told apart to its end: "+err.Error())
	}
	if !in.form {
		o.spans = in.parser.Parts()
	}
	in.stream, in.body, in.msg, in.part = nil, nil, nil, nil
	e.inners = append(e.inners, in)
	return all
}
