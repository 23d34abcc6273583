package network

import (
	"bytes"
	"fmt"
	"net/netip"

	"github.com/cordon-trust/cordon/internal/network/http"
)

// Bounds of what is put together at the same time.
const (
	maxAssemblies = 512
	maxCompared   = 64 << 10  // times that bytes of one object are read back to compare them
	tailBytes     = 256 << 10 // of what was hashed last, to compare other copies with
	maxTails      = 32        // 8 MiB in all
)

// wholeKey says which parts belong to one object. The path and the validators are known by keyed hashes
// only, which never leave the process.
type wholeKey struct {
	device            netip.Addr
	host              string
	target, validator uint64
	whole             int64
	request           bool
	coding            http.Coding // ranges count in the encoded bytes (RFC 9110 section 14.1)
}

// assembly is one object being put together from its parts.
type assembly struct {
	key        wholeKey
	prev, next *assembly // by time of the last part that began
	object     *object   // hashes what is known from the beginning on without a hole
	device     party
	peer       string
	parts      int
	live       int // parts that are under way, or may still be disputed
	over       bool
	spool      *spool // nil until a part came before its turn
	failed     bool   // bytes were dropped because there was no room for them
	compared   int    // times that bytes were read back to compare them
	tail       []byte // ring of what was hashed last; nil when there is no room
	from       int64  // where that begins: what is before came in a message that broke off
	resumed    bool
}

// ranges puts objects together. It belongs to the engine.
type ranges struct {
	engine     *engine
	by         map[wholeKey]*assembly
	head, tail *assembly // the one waited for longest comes first
	tails      [][]byte
	tailsMade  int
	spooler    spooler
	evicted    int64
	begun      []begun // oldest first
}

// join finds the object that a message is a part of, or nil when it does not say enough.
func (r *ranges) join(s *stream, o *object, m *http.Message) *assembly {
	if m.Notes&http.NotePart == 0 || m.Target == 0 || m.First < 0 || m.Whole <= 0 || m.Last >= m.Whole {
		return nil
	}
	if m.Declared >= 0 && m.Declared != m.Last-m.First+1 {
		return nil // it contradicts itself
	}
	k := wholeKey{s.conn.Side(m.Side ^ 1).Addr(), m.Host, m.Target, m.Validator, m.Whole, m.Request, m.Coding}
	a := r.by[k]
	if a == nil {
		if a = r.start(k, m); a == nil {
			return nil
		}
		a.device, a.peer = *s.receiver(m.Side), s.sender(m.Side)
	} else {
		r.unlink(a)
	}
	r.link(a)
	a.parts++
	a.live++
	o.first, o.last = m.First, m.Last
	return a
}

func (r *ranges) start(k wholeKey, m *http.Message) *assembly {
	e := r.engine
	if len(r.by) >= maxAssemblies {
		r.evicted++
		r.finish(r.head)
	}
	if e.live >= maxObjects {
		r.evicted++
		return nil
	}
	e.live++
	a := &assembly{key: k, object: e.object()}
	a.object.begin(e, &http.Message{
		Time: m.Time, Request: m.Request, Host: m.Host, Name: m.Name, Declared: m.Whole, First: -1, Whole: -1, Coding: e.spare(m.Coding),
	})
	if a.object.coded = m.Coding != http.Identity; a.object.coded && a.object.entity == nil && m.Coding != http.Other {
		a.object.undecoded = crowded
	}
	switch n := len(r.tails); {
	case n > 0:
		a.tail, r.tails = r.tails[n-1], r.tails[:n-1]
	case r.tailsMade < maxTails:
		r.tailsMade++
		a.tail = make([]byte, tailBytes)
	}
	r.by[k] = a
	r.goOn(a)
	return a
}

// part takes bytes of the body of a part, and none beyond the range that it claims.
func (r *ranges) part(o *object, off int64, b []byte) {
	if size := o.last - o.first + 1; off < size {
		r.write(o.whereof, o.first+off, b[:min(int64(len(b)), size-off)])
	}
}

// write takes bytes of a part. The first copy of a byte counts.
func (r *ranges) write(a *assembly, off int64, b []byte) {
	o := a.object
	if a.over || off >= a.key.whole {
		return
	}
	b = b[:min(int64(len(b)), a.key.whole-off)]
	if off < o.at {
		n := min(int64(len(b)), o.at-off)
		r.again(a, off, b[:n])
		b, off = b[n:], off+n
	}
	for len(b) > 0 {
		held, n := a.held(off, int64(len(b)))
		switch {
		case held:
			r.compare(a, off, b[:n])
		case off == o.at:
			r.advance(a, b[:n])
		case !r.keep(a, off, b[:n]):
			a.failed = true
		}
		b, off = b[n:], off+n
	}
	r.drain(a)
}

// compare holds bytes against those in the spool, as often as is worth the reading.
func (r *ranges) compare(a *assembly, off int64, b []byte) {
	o := a.object
	if a.compared++; a.compared > maxCompared {
		o.uncompared = true
		return
	}
	same, err := a.spool.compare(off, b)
	o.ambiguous = o.ambiguous || err == nil && !same
	o.uncompared = o.uncompared || err != nil
}

// held says whether the byte at off waits in the spool, and for how many of the next n that is so.
func (a *assembly) held(off, n int64) (bool, int64) {
	if a.spool == nil {
		return false, n
	}
	i := a.spool.find(off)
	switch {
	case i == len(a.spool.runs):
		return false, n
	case a.spool.runs[i].lo > off:
		return false, min(n, a.spool.runs[i].lo-off)
	}
	return true, min(n, a.spool.runs[i].hi-off)
}

// advance hashes the bytes that are next.
func (r *ranges) advance(a *assembly, b []byte) {
	at := a.object.at
	a.object.write(r.engine, at, b)
	if a.tail == nil {
		return
	}
	if skip := len(b) - tailBytes; skip > 0 {
		b, at = b[skip:], at+int64(skip)
	}
	n := copy(a.tail[at%tailBytes:], b)
	copy(a.tail, b[n:])
}

// drain hashes what waited in the spool and is next.
func (r *ranges) drain(a *assembly) {
	for a.spool != nil {
		n, err := a.spool.read(a.object.at, a.key.whole, func(b []byte) { r.advance(a, b) })
		if err != nil {
			a.failed = true
		}
		if n == 0 {
			return
		}
	}
}

func (r *ranges) keep(a *assembly, off int64, b []byte) bool {
	if a.spool == nil {
		p, err := r.spooler.open()
		if err != nil {
			return false
		}
		a.spool = p
	}
	return a.spool.add(off, b) == nil
}

// again compares bytes that were hashed before with what is left of them.
func (r *ranges) again(a *assembly, off int64, b []byte) {
	o := a.object
	for len(b) > 0 {
		var same bool
		held, n := a.held(off, int64(len(b)))
		recent := max(o.at-tailBytes, a.from)
		switch {
		case held:
			r.compare(a, off, b[:n])
			same = true
		case a.tail == nil:
			same, o.uncompared = true, true
		case off < recent:
			n = min(n, recent-off)
			same, o.uncompared = true, true
		default:
			n = min(n, tailBytes-off%tailBytes)
			same = bytes.Equal(b[:n], a.tail[off%tailBytes:off%tailBytes+n])
		}
		o.ambiguous = o.ambiguous || !same
		b, off = b[n:], off+n
	}
}

// done takes a part that nothing can dispute any more.
func (r *ranges) done(a *assembly, o *object) {
	a.live--
	if a.over {
		return
	}
	w := a.object
	w.unchecked, w.ambiguous, w.uncompared = w.unchecked || o.unchecked, w.ambiguous || o.ambiguous, w.uncompared || o.uncompared
	if a.live == 0 && w.at == a.key.whole {
		r.finish(a)
	}
}

// finish hands on what was put together, whole or not.
func (r *ranges) finish(a *assembly) {
	o := a.object
	delete(r.by, a.key)
	r.unlink(a)
	a.over, a.object = true, nil
	seen := o.at
	if a.spool != nil {
		seen += a.spool.beyond(o.at)
		if err := o.rest(r.engine, a.spool); err != nil {
			a.failed = true
		}
		a.spool.close()
	}
	if a.tail != nil {
		r.tails = append(r.tails, a.tail)
	}
	o.end(r.engine, &http.Message{
		Host: o.host, Name: o.name, Seen: seen, First: -1, Whole: -1, Complete: o.at == a.key.whole, Unchecked: o.unchecked,
	})
	o.extra = append(o.extra, fmt.Sprintf("it crossed in ranges; seen of these: %d", a.parts))
	if a.resumed {
		o.extra = append(o.extra, "its beginning came in a message that broke off")
	}
	if a.failed {
		o.extra = append(o.extra, "bytes of it that came out of order could not be kept")
	}
	r.engine.emit(o, &a.device, a.peer)
}

// finishAll ends what is not whole: the capture is over.
func (r *ranges) finishAll() {
	for r.head != nil {
		r.finish(r.head)
	}
}

func (r *ranges) link(a *assembly) {
	a.prev, a.next = r.tail, nil
	if r.tail == nil {
		r.head = a
	} else {
		r.tail.next = a
	}
	r.tail = a
}

func (r *ranges) unlink(a *assembly) {
	if a.prev == nil {
		r.head = a.next
	} else {
		a.prev.next = a.next
	}
	if a.next == nil {
		r.tail = a.prev
	} else {
		a.next.prev = a.prev
	}
}
