package network

import (
	"crypto/sha256"
	"hash"

	"github.com/cordon-trust/cordon/internal/network/http"
	"github.com/cordon-trust/cordon/internal/network/magic"
)

// maxBegun is how many downloads that broke off are remembered, so that ranges which go on from there are added.
const maxBegun = 64

// begun is the beginning of an object whose message broke off.
type begun struct {
	key   wholeKey
	hash  hash.Hash
	at    int64
	time  int64
	head  [magic.Need]byte
	nhead int
	known bool
	typ   string
	class magic.Class

	unchecked, ambiguous, uncompared bool
}

// resumable notes what names an object, if a client that lost its connection can fetch the rest of it: the server
// must have named its version.
func (o *object) resumable(m *http.Message) {
	o.target, o.validator = 0, 0
	if m.Status == 200 && m.Coding == http.Identity && m.Declared > 0 && m.Validator != 0 && m.Notes&(unframed|http.NotePart) == 0 {
		o.target, o.validator = m.Target, m.Validator
	}
}

// brokenOff takes an object that is handed out as incomplete, of which a beginning without holes was seen. Ranges
// of the same version for the same device may complete it; they may have been seen before it was certain that it
// broke off.
func (r *ranges) brokenOff(o *object, to *party) {
	if o.complete || o.missing > 0 || o.at == 0 || o.at != o.seen {
		return
	}
	b := begun{
		key: wholeKey{device: to.to, host: o.host, target: o.target, validator: o.validator, whole: o.declared}, hash: o.hash,
		at: o.at, time: o.time, head: o.head, nhead: o.nhead, known: o.known, typ: o.typ, class: o.class,
		unchecked: o.unchecked, ambiguous: o.ambiguous, uncompared: o.uncompared,
	}
	o.hash = sha256.New()
	if a := r.by[b.key]; a != nil {
		r.precede(a, &b)
		if a.live == 0 && a.object.at == a.key.whole {
			r.finish(a)
		}
		return
	}
	if len(r.begun) >= maxBegun {
		r.begun = append(r.begun[:0], r.begun[1:]...)
	}
	r.begun = append(r.begun, b)
}

// goOn gives an object that begins to cross in ranges the beginning that was seen before, if there is one.
func (r *ranges) goOn(a *assembly) {
	for i := range r.begun {
		if r.begun[i].key == a.key {
			b := r.begun[i]
			r.begun = append(r.begun[:i], r.begun[i+1:]...)
			r.precede(a, &b)
			return
		}
	}
}

// precede puts a beginning in front of what is put together, unless that has one. What it had in common with ranges
// cannot be compared any more, and its blocks are those of the object that broke off.
func (r *ranges) precede(a *assembly, b *begun) {
	w := a.object
	if w.at > 0 {
		return
	}
	w.dropBlocks(r.engine)
	w.hash, w.at, a.from, a.resumed = b.hash, b.at, b.at, true
	w.time, w.head, w.nhead, w.known, w.typ, w.class = min(w.time, b.time), b.head, b.nhead, b.known, b.typ, b.class
	w.unchecked, w.ambiguous, w.uncompared = w.unchecked || b.unchecked, w.ambiguous || b.ambiguous, w.uncompared || b.uncompared
	if a.spool != nil && len(a.spool.runs) > 0 && a.spool.runs[0].lo < b.at {
		w.uncompared = true
	}
	r.drain(a)
}
