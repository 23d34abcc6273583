package network

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/http"
	"github.com/cordon-trust/cordon/internal/network/magic"
)

// object is one body on its way. Objects and their hash states are recycled.
type object struct {
	next        *object // in a queue
	side        int     // who sends it
	start, stop uint64  // where its message lies in its direction
	serial      uint32
	time        int64
	request     bool
	host, name  string
	protocol    string
	extra       []string // remarks of its protocol
	seen        int64
	missing     int64
	declared    int64
	first, last int64     // of a range
	whereof     *assembly // what it is a part of; nil when that is not known
	inner       *inner    // takes it apart; nil unless it is multipart
	spans       int       // ranges that it holds as multipart
	field       bool      // it is part of a form and has no name of a file
	whole       int64
	target      uint64 // with validator names it, for ranges that may follow; 0 when none can
	validator   uint64
	status      int // of the HTTP answer that it is the body of; 0 where there is none
	notes       http.Note

	complete, unchecked, ambiguous, uncompared bool

	hash   hash.Hash
	at     int64 // offset up to which the hash has come; it stops at the first hole
	blocks blocks
	hole   uint64 // where the last hole ends in its direction
	acked  bool   // the receiver acknowledged what is missing
	digest model.Digest

	coded        bool // the body is encoded; type and saving go by what it decodes to
	entity       *entity
	entityDigest model.Digest
	undecoded    string // why there is no entity though there should be one

	head  [magic.Need]byte // first bytes, until the type is known
	nhead int
	known bool
	typ   string
	class magic.Class
	save  Carved // nil when nothing is kept
}

func (e *engine) object() *object {
	if n := len(e.free); n > 0 {
		o := e.free[n-1]
		e.free = e.free[:n-1]
		return o
	}
	return &object{hash: sha256.New()}
}

func (o *object) begin(e *engine, m *http.Message) {
	h := o.hash
	h.Reset()
	o.reset()
	o.hash = h
	o.side, o.start, o.serial, o.time, o.request = m.Side, m.Start, m.Serial, m.Time, m.Request
	o.host, o.name, o.declared, o.notes = m.Host, m.Name, m.Declared, m.Notes
	o.status, o.coded = m.Status, m.Coding != http.Identity
	o.blocks.begin(m)
	o.resumable(m)
	if !o.isPart() { // a range of an encoded body cannot be decoded alone
		e.decoder(o, m.Coding)
	}
}

// reset clears everything but the first bytes, which nhead makes void.
func (o *object) reset() {
	o.next, o.seen, o.missing, o.at, o.stop = nil, 0, 0, 0, 0
	o.complete, o.unchecked, o.ambiguous, o.uncompared = false, false, false, false
	o.entity, o.entityDigest, o.coded, o.undecoded = nil, model.Digest{}, false, ""
	o.protocol, o.extra, o.whereof = "http", nil, nil
	o.hole, o.acked = 0, false
	o.inner, o.spans, o.field = nil, 0, false
	o.digest, o.nhead, o.known, o.typ, o.class, o.save = model.Digest{}, 0, false, "", 0, nil
}

// write takes the bytes at off. Behind a hole only whole blocks still matter.
func (o *object) write(e *engine, off int64, b []byte) {
	if off != o.at {
		o.discard()
		o.behind(e, off, b)
		return
	}
	if o.at+int64(len(b)) < o.blocks.end {
		o.at += int64(len(b))
		_, _ = o.hash.Write(b) // a hash never fails
	} else {
		o.across(e, b)
	}
	switch {
	case o.entity != nil:
		o.entity.write(b)
	case !o.coded:
		o.content(e, off, b)
	}
}

// content takes bytes of what the object is when it is used.
func (o *object) content(e *engine, off int64, b []byte) {
	if !o.known {
		o.peek(e, off, b)
		return
	}
	o.keep(e, b)
}

// peek collects first bytes until the type can be told, and then decides whether to save the object.
func (o *object) peek(e *engine, off int64, b []byte) {
	if off == 0 && len(b) >= magic.Need {
		o.sniff(e, b)
		o.keep(e, b)
		return
	}
	n := copy(o.head[o.nhead:], b)
	o.nhead += n
	if o.nhead == magic.Need {
		o.sniff(e, o.head[:])
		o.keep(e, o.head[:])
		o.keep(e, b[n:])
	}
}

func (o *object) sniff(e *engine, b []byte) {
	o.known = true
	o.typ, o.class = magic.Sniff(b)
	if e.opt.Saver != nil && !o.isPart() && o.worthSaving() {
		c, err := e.opt.Saver.Create()
		if err != nil {
			e.unsaved++
			return
		}
		o.save = c
	}
}

func (o *object) keep(e *engine, b []byte) {
	if o.save == nil || len(b) == 0 {
		return
	}
	if _, err := o.save.Write(b); err != nil {
		e.unsaved++
		o.discard()
	}
}

// discard lets go of what was saved of an object that will not be whole.
func (o *object) discard() {
	if o.save != nil {
		o.save.Drop()
		o.save = nil
	}
}

// end takes over what the message turned out to be.
func (o *object) end(e *engine, m *http.Message) {
	o.stop, o.seen, o.missing, o.notes = m.Stop, m.Seen, m.Missing, m.Notes
	o.host, o.name, o.first, o.whole = m.Host, m.Name, m.First, m.Whole
	o.unchecked = m.Unchecked
	o.complete = m.Complete && o.at == m.Seen
	o.endBlocks(e)
	if o.entity != nil {
		o.entity.end(o.complete)
	}
	if !o.known {
		n := o.nhead
		o.sniff(e, o.head[:n])
		o.keep(e, o.head[:n])
	}
	if o.complete {
		o.hash.Sum(o.digest[:0])
	}
	if !o.complete || o.isPart() || o.contentDigest().IsZero() {
		o.discard()
	}
	if o.save == nil {
		return
	}
	if err := o.save.Keep(o.contentDigest()); err != nil {
		e.unsaved++
	} else {
		e.saved++
	}
	o.save = nil
}

// isPart reports whether the object is a range of a larger one. It is whole as a part, never as an object.
func (o *object) isPart() bool { return o.notes&http.NotePart != 0 }

// refused reports whether the object is the body of an answer that is no success (RFC 9110 section 15): an error
// page or a redirection, which has the name of the file that it stands for.
func (o *object) refused() bool { return o.status != 0 && o.status/100 != 2 }

// dispute notes that another copy of bytes of the message differed, or could not be compared.
func (o *object) dispute(differs bool) {
	if differs {
		o.ambiguous = true
	} else {
		o.uncompared = true
	}
}

// transfer makes t the object as the rest of Cordon sees it.
func (o *object) transfer(t *model.Transfer, device model.Subject, peer string) {
	*t = model.Transfer{
		Time: time.Unix(0, o.time).UTC(), Device: device, Peer: peer,
		Host: o.host, Protocol: o.protocol, Name: o.name, Size: o.seen, Declared: o.declared,
		Complete: o.complete, Ambiguous: o.ambiguous, Unchecked: o.unchecked, Digest: o.digest, EntityDigest: o.entityDigest,
		ContentType: o.typ, Parts: o.blocks.parts, Notes: o.remarks(), Upload: o.request, UpdateLike: o.updateLike(),
		Refused: o.refused(),
	}
	if o.isPart() {
		t.Complete, t.Digest, t.EntityDigest = false, model.Digest{}, model.Digest{}
		t.Declared = o.whole // what the message announced is the length of the part
	}
}

// remarks says in words what is to be known about the object.
func (o *object) remarks() []string {
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if o.refused() {
		add("the server answered %d: this is not the file that was asked for", o.status)
	}
	switch {
	case o.complete:
	case o.missing > 0:
		add("%d bytes of it are missing from the capture%s", o.missing, o.fate())
	case !o.isPart() && o.declared > o.seen:
		add("%d of %d bytes were seen", o.seen, o.declared)
	}
	if o.isPart() {
		switch {
		case o.spans > 0:
			add("it holds %d ranges of a larger object", o.spans)
		case o.first < 0:
			add("it is part of a larger object, at a place that was not told")
		case o.whole < 0:
			add("it is part of a larger object, from byte %d", o.first)
		default:
			add("it is part of a larger object: %d bytes from byte %d of %d", o.seen, o.first, o.whole)
		}
	}
	if o.uncompared {
		add("a second copy of some of its bytes came too late to be compared")
	}
	if o.undecoded != "" {
		out = append(out, o.undecoded)
	}
	out = append(out, o.extra...)
	for _, n := range noteTexts {
		if o.notes&n.note != 0 {
			out = append(out, n.text)
		}
	}
	return out
}

// noteTexts is the wording of notes that need no numbers.
var noteTexts = [...]struct {
	note http.Note
	text string
}{
	{http.NoteBadLength, "its Content-Length is not a number that can be true, so that its end is not known"},
	{http.NoteTwoLengths, "it has both a Content-Length and a Transfer-Encoding, so that receivers may take different bytes of it"},
	{http.NoteSpace, "a space stands before the colon of its length, so that receivers may take different bytes of it"},
	{http.NoteOldChunks, "it is chunked in HTTP/1.0, so that receivers may take different bytes of it"},
	{http.NoteClose, "only the close of the connection says where it ends"},
	{http.NoteBadChunk, "its chunks are not framed as they should be"},
	{http.NoteBadCoding, "its transfer coding is not understood"},
	{http.NoteTooLong, "its header section is longer than is read"},
	{http.NoteNoRequest, "the request for it was not seen, or is not certain"},
}
