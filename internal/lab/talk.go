package lab

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/cordon-trust/cordon/internal/lab/frame"
)

// talk is one connection on the wire: it asks the wire what was said next and says which packets TCP sends
// for it.
type talk struct {
	plan   Conversation
	wire   source
	seen   *seen
	got    fetched // written by the client's goroutine until the wire is over
	isn    [2]uint32
	sent   [2]int64 // bytes of data sent by each side
	syn    [2]bool
	fin    [2]bool
	owed   int // data segments that the receiver did not acknowledge yet
	step   int // of the opening or closing
	over   bool
	began  time.Time
	turns  []said
	buf    []byte
	inTurn bool
}

// source is where a connection's bytes come from: the tape of a [wire], or a script.
type source interface {
	take(buf []byte) (taken, error)
	fail(err error)
}

// said is where one turn lies in its stream.
type said struct {
	side     int
	from, to int64
	at       time.Time
}

// wrapWithin is how many bytes each side sends at most before its sequence numbers wrap.
func wrapWithin(side int) int {
	if side == device {
		return 64 // less than any request
	}
	return 32 << 10
}

func newTalk(c Conversation, d *Distortion, dice *rand.Rand) (*talk, error) {
	switch {
	case !aligned(c.Device, c.Server):
		return nil, fmt.Errorf("%v fetches from %v: two addresses of one family are needed", c.Device, c.Server)
	case c.ARP && !c.Device.Addr().Is4():
		return nil, fmt.Errorf("%v: ARP is for IPv4", c.Device)
	case !oneOf(len(c.Fetch) > 0, len(c.Say) > 0, c.Refused):
		return nil, fmt.Errorf("%v must fetch something from %v, or speak with it, or be refused", c.Device, c.Server)
	}
	for _, o := range c.Fetch {
		if err := o.valid(); err != nil {
			return nil, err
		}
	}
	t := &talk{plan: c, seen: newSeen(&c), buf: make([]byte, d.Segment)}
	t.wire = &recital{lines: c.Say}
	if len(c.Fetch) > 0 {
		t.wire = newWire(c.Device, c.Server)
	}
	for side := range t.isn {
		t.isn[side] = dice.Uint32()
		if d.Wrap {
			t.isn[side] = -uint32(1 + dice.IntN(wrapWithin(side)))
		}
		t.seen.ident[side] = uint16(dice.Uint32())
	}
	return t, nil
}

// seq returns the sequence number that a side sends next.
func (t *talk) seq(side int) uint32 {
	n := t.isn[side] + uint32(t.sent[side])
	if t.syn[side] {
		n++
	}
	if t.fin[side] {
		n++
	}
	return n
}

// control sends a segment without data.
func (t *talk) control(m *mirror, side int, flags uint8, hello bool) error {
	p := packet{side: side, flags: flags, seq: t.seq(side), off: t.sent[side], hello: hello}
	if flags&frame.ACK != 0 {
		p.ack = t.seq(1 - side)
	}
	t.syn[side] = t.syn[side] || flags&frame.SYN != 0
	t.fin[side] = t.fin[side] || flags&frame.FIN != 0
	return m.pass(t.seen, p)
}

// next sends what comes next and reports whether the connection is over.
func (t *talk) next(m *mirror) (bool, error) {
	var err error
	switch t.step++; t.step {
	case 1:
		t.began = m.now
		if t.plan.ARP {
			err = m.arp(t.seen)
		}
	case 2:
		err = t.control(m, device, frame.SYN, true)
	case 3:
		m.now = m.now.Add(t.plan.Trip)
		if t.plan.Refused {
			return true, t.control(m, server, frame.RST|frame.ACK, true)
		}
		err = t.control(m, server, frame.SYN|frame.ACK, true)
	case 4:
		err = t.control(m, device, frame.ACK, true)
	default:
		if !t.over {
			return false, t.data(m)
		}
		return t.hangUp(m)
	}
	return false, err
}

// hangUp closes as most clients do: FIN, FIN, ACK.
func (t *talk) hangUp(m *mirror) (bool, error) {
	switch {
	case !t.fin[device]:
		return false, t.control(m, device, frame.FIN|frame.ACK, false)
	case !t.fin[server]:
		return false, t.control(m, server, frame.FIN|frame.ACK, false)
	}
	if err := t.control(m, device, frame.ACK, false); err != nil {
		return true, err
	}
	return true, m.flush(t.seen)
}

// data sends the next segment and, after every second, its acknowledgement.
func (t *talk) data(m *mirror) error {
	got, err := t.wire.take(t.buf)
	if err != nil || got.over {
		t.over = got.over
		return err
	}
	if !t.inTurn {
		m.now = m.now.Add(time.Duration(50+m.dice.IntN(200))*time.Microsecond + t.pause(got.side))
		t.turns = append(t.turns, said{side: got.side, from: t.sent[got.side], at: m.now})
		t.owed = 0 // the first segment of an answer acknowledges all before it
	}
	p := packet{
		side: got.side, flags: frame.ACK, seq: t.seq(got.side), ack: t.seq(1 - got.side),
		off: t.sent[got.side], data: got.data, first: !t.inTurn,
	}
	if got.last {
		p.flags |= frame.PSH
	}
	t.sent[got.side] += int64(len(got.data))
	t.turns[len(t.turns)-1].to = t.sent[got.side]
	t.inTurn = !got.last
	if err := m.pass(t.seen, p); err != nil {
		return err
	}
	t.seen.remember(got.side, got.data, t.sent[got.side])
	if t.owed++; t.owed < 2 {
		return nil
	}
	t.owed = 0
	return t.control(m, 1-got.side, frame.ACK, false)
}

// pause is how much longer than usual a side waits before it speaks.
func (t *talk) pause(side int) time.Duration {
	if side == server {
		return t.plan.Trip
	}
	if asked := len(t.turns) / 2; t.plan.TLS == 0 && asked < len(t.plan.Fetch) {
		return t.plan.Fetch[asked].Wait
	}
	return 0
}

// remember keeps the end of what a side sent, for overlaps.
func (s *seen) remember(side int, data []byte, end int64) {
	const most = 100
	s.tail[side] = append(s.tail[side][:0], data[max(0, len(data)-most):]...)
	s.ends[side] = end
}

// truth tells what is known about a connection that is over: its session, or its objects one by one.
func (t *talk) truth(session func(Session) error, object func(Truth) error) error {
	if len(t.plan.Fetch) == 0 {
		return nil
	}
	if t.plan.TLS != 0 {
		if t.got.session == nil {
			return fmt.Errorf("%v and %v did not shake hands", t.plan.Device, t.plan.Server)
		}
		t.got.session.Time, t.got.session.Objects = t.began, t.plan.Fetch
		return session(*t.got.session)
	}
	if len(t.turns) != 2*len(t.plan.Fetch) || len(t.got.all) != len(t.plan.Fetch) {
		return fmt.Errorf("%v and %v spoke %d times about %d objects", t.plan.Device, t.plan.Server, len(t.turns), len(t.plan.Fetch))
	}
	for i, o := range t.plan.Fetch {
		if err := object(t.object(o, t.got.all[i], t.turns[2*i], t.turns[2*i+1])); err != nil {
			return err
		}
	}
	return nil
}

func (t *talk) object(o Object, got arrived, asked, answer said) Truth {
	there, body := t.seen.bytes, answer.to-got.size
	if o.Gzip {
		body = answer.from // chunks lie between its bytes
	}
	return Truth{
		Time: answer.at, Device: t.plan.Device, Server: t.plan.Server, Host: t.plan.Host, Path: o.Path,
		Length: got.size, Digest: got.digest, From: o.From, Whole: o.Body.Size(), Entity: got.entity, Ref: o.Ref,
		Complete:  there[server].missing(answer.from, answer.to) == 0,
		Requested: there[device].missing(asked.from, asked.to) == 0,
		Missing:   there[server].missing(body, answer.to),
		Ambiguous: t.seen.alien[server].touches(answer.from, answer.to),
	}
}
