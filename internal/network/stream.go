package network

import (
	"github.com/cordon-trust/cordon/internal/network/flow"
	"github.com/cordon-trust/cordon/internal/network/ftp"
	"github.com/cordon-trust/cordon/internal/network/http"
	"github.com/cordon-trust/cordon/internal/network/tls"
)

var (
	_ flow.Stream   = (*stream)(nil)
	_ http.Consumer = (*stream)(nil)
	_ flow.Opener   = (*engine)(nil)
)

// stream is one connection: its protocol, the bodies under way in it, and those that are complete while
// another copy of their bytes could still arrive before the receiver acknowledges them.
type stream struct {
	engine  *engine
	conn    *flow.Conn
	http    *http.Conn // nil until the protocol is known to be HTTP
	control *ftp.Conn  // nil unless it is an FTP control connection
	file    *file      // nil unless it is an FTP data connection
	tls     *tls.Conn  // nil unless it looks like TLS
	opaque  bool       // it has been told that it is not TLS
	missed  bool       // bytes went by before that, which may have been messages
	current [2]*object
	waiting [2]queue
	side    [2]disputed
	hole    [2]uint64 // where the last gap of a direction ends
	devices [2]party  // made when first needed
	peers   [2]string
}

// queue is a list of objects in the order in which they lie in their direction.
type queue struct {
	head, tail *object
	n          int
}

// disputed is the last range of a direction of which two copies differed, or could not be compared.
type disputed struct{ differs, unclear uint64 } // ends of the ranges; 0: none

// receiver is who receives what a side sends.
func (s *stream) receiver(side int) *party {
	to := side ^ 1
	if !s.devices[to].to.IsValid() {
		s.devices[to] = s.engine.device(s.conn.Side(to).Addr())
		s.devices[to].from = s.conn.Side(side).Addr()
	}
	return &s.devices[to]
}

func (s *stream) sender(side int) string {
	if s.peers[side] == "" {
		s.peers[side] = s.conn.Side(side).String()
	}
	return s.peers[side]
}

// Data takes the next bytes of a direction.
func (s *stream) Data(side int, c *flow.Chunk) bool {
	if s.tls != nil {
		return s.dataTLS(side, c)
	}
	if s.http == nil {
		if s.file != nil || s.control != nil || s.beginsFTP(side, c) {
			return s.dataFTP(side, c)
		}
		if !http.Looks(c.Bytes) {
			if s.beginsTLS(side, c) {
				return s.dataTLS(side, c)
			}
			// A connection seen from its start that begins with something else is something else. Seen
			// from its middle it may be a body, and the next message begins with a segment.
			s.missed = true
			return c.Off != 0 || !s.conn.Handshake(side)
		}
		s.http = s.engine.newHTTP(s)
	}
	return s.http.Data(side, c)
}

func (e *engine) newHTTP(s *stream) *http.Conn {
	var c *http.Conn
	if n := len(e.conns); n > 0 {
		c, e.conns = e.conns[n-1], e.conns[:n-1]
	}
	c = http.New(c, &e.shared, s)
	if s.missed {
		c.Missed()
	}
	return c
}

// Gap says that bytes are missing.
func (s *stream) Gap(side int, off, n uint64, t int64) {
	s.hole[side] = off + n
	switch {
	case s.tls != nil:
		s.tls.Gap(side, n)
	case s.http != nil:
		s.http.Gap(side, off, n, t)
	case s.control != nil:
		s.control.Gap(side)
	case s.file != nil:
		s.gapFTP(side, off, n, t)
	default:
		s.missed = true
	}
}

// Overlap marks the objects whose bytes are disputed.
func (s *stream) Overlap(side int, lo, hi uint64, differs bool) {
	d := &s.side[side]
	if differs {
		d.differs = max(d.differs, hi)
	} else {
		d.unclear = max(d.unclear, hi)
	}
	if o := s.current[side]; o != nil && hi > o.start {
		o.dispute(differs)
	}
	for o := s.waiting[side].head; o != nil; o = o.next {
		if lo < o.stop && hi > o.start {
			o.dispute(differs)
		}
	}
}

// Settled lets go of the objects that no other copy can change any more.
func (s *stream) Settled(side int, off uint64) {
	q := &s.waiting[side]
	for q.head != nil && q.head.stop <= off {
		s.release(q)
	}
}

func (s *stream) release(q *queue) {
	o := q.head
	if q.head = o.next; q.head == nil {
		q.tail = nil
	}
	o.next = nil
	q.n--
	o.acked = s.conn.Acknowledged(o.side) >= o.hole
	s.engine.pending--
	s.engine.emit(o, s.receiver(o.side), s.sender(o.side))
}

// End says that a direction is over.
func (s *stream) End(side int, why flow.End) {
	switch {
	case s.http != nil:
		s.http.End(side, why == flow.EndFIN)
	case s.file != nil:
		s.endFTP(side, why == flow.EndFIN)
	}
}

// Close lets go of everything.
func (s *stream) Close() {
	s.conn.Label = s.label()
	s.closeTLS()
	if s.control != nil {
		s.control.Close()
	}
	s.flush()
	if s.http != nil {
		s.http.Release()
		s.engine.conns = append(s.engine.conns, s.http)
	}
	e := s.engine
	*s = stream{}
	e.streams.put(s)
}

// flush lets go of every object that waits.
func (s *stream) flush() {
	for side := range s.waiting {
		for q := &s.waiting[side]; q.head != nil; {
			s.release(q)
		}
	}
}

// Begin announces a body.
func (s *stream) Begin(m *http.Message) {
	e := s.engine
	if e.live >= maxObjects {
		e.unfollowed++
		return
	}
	e.live++
	o := e.object()
	o.begin(e, m)
	if s.side[m.Side].differs > m.Start {
		o.dispute(true)
	}
	if s.side[m.Side].unclear > m.Start {
		o.dispute(false)
	}
	s.current[m.Side] = o
	o.whereof = e.ranges.join(s, o, m)
	s.takeApart(o, m)
}

// Body takes bytes of a body.
func (s *stream) Body(m *http.Message, off int64, b []byte) {
	if o := s.current[m.Side]; o != nil {
		o.write(s.engine, off, b)
		if o.inner != nil {
			o.inner.sent(off, b)
		} else if o.whereof != nil {
			s.engine.ranges.part(o, off, b)
		}
	}
}

// Done says that a body is over.
func (s *stream) Done(m *http.Message) {
	o := s.current[m.Side]
	if o == nil {
		return
	}
	e := s.engine
	s.current[m.Side] = nil
	o.hole = s.hole[m.Side]
	all := o.closeParts(e, m)
	if o.end(e, m); all && o.complete && !o.contentDigest().IsZero() {
		e.recycle(o) // its parts are what it brought
		return
	}
	s.await(o)
}

// await keeps an object that is over until nothing can dispute it any more.
func (s *stream) await(o *object) {
	e, q := s.engine, &s.waiting[o.side]
	if q.tail == nil {
		q.head = o
	} else {
		q.tail.next = o
	}
	q.tail = o
	q.n++
	if e.pending++; e.pending > maxPending || q.n > perStream {
		s.release(q)
	}
}

// Named gives an object the name that its request, captured after it, asked for.
func (s *stream) Named(side int, serial uint32, name, host string) {
	if o := s.current[side]; o != nil && o.serial == serial {
		o.name, o.host, o.notes = name, host, o.notes&^http.NoteNoRequest
	}
	for o := s.waiting[side].head; o != nil; o = o.next {
		if o.serial == serial {
			o.name, o.host, o.notes = name, host, o.notes&^http.NoteNoRequest
		}
	}
}
