package tls

import "bytes"

// state is where a direction stands.
type state uint8

const (
	fresh   state = iota // nothing was seen yet
	head                 // before or in the header of a record
	body                 // in a record
	legacy               // in a hello in the format of SSL 2
	answer2              // in the answer to one, in the same format
	lost                 // framing lost: look for the header of a record
	over                 // nothing more is read
)

// half is one direction.
type half struct {
	state  state
	typ    uint8 // of the record
	size   int   // of the record
	left   int   // bytes of it to come
	head   [5]byte
	nhead  int
	secret bool // messages are encrypted, or where they begin is not known
	msg    message
}

// run takes bytes until none are left.
func (c *Conn) run(side int, b []byte) {
	h := &c.half[side]
	for len(b) > 0 {
		var n int
		switch h.state {
		case head:
			n = c.open(side, b)
		case body:
			n = c.inside(side, b)
		case legacy:
			n = c.legacy(side, b)
		case answer2:
			n = c.legacyAnswer(side, b)
		case lost:
			n = c.resume(side, b)
		default:
			return
		}
		b = b[n:]
	}
}

// open takes bytes of the header of a record.
func (c *Conn) open(side int, b []byte) int {
	h := &c.half[side]
	p, n := b, 5
	if h.nhead > 0 || len(b) < 5 {
		n = copy(h.head[h.nhead:], b)
		if h.nhead += n; h.nhead < 5 {
			if !plausible(h.head[:h.nhead]) {
				c.lie(side)
			}
			return n
		}
		p, h.nhead = h.head[:], 0
	}
	typ, size, ok := header(p)
	if !ok {
		c.lie(side)
		return n
	}
	h.typ, h.size, h.left = typ, size, size
	if c.records++; c.records > 1 && h.secret {
		c.known = true // without a hello, one header more is needed
	}
	if typ == recordChange && !c.facts.is13() {
		h.secret = true // in TLS 1.3 it means nothing, and what is encrypted has another type (RFC 8446 section 5)
	}
	if size > 0 {
		h.state = body
	}
	return n
}

// inside takes bytes of a record.
func (c *Conn) inside(side int, b []byte) int {
	h := &c.half[side]
	n := min(h.left, len(b))
	h.left -= n
	if h.left == 0 {
		h.state = head
	}
	switch h.typ {
	case recordData:
		c.facts.App[side] += int64(n)
	case recordHandshake:
		if !h.secret {
			c.messages(side, b[:n])
		}
	case recordAlert:
		if !h.secret {
			c.alert(side, b[:n])
		}
	}
	return n
}

// alert reads a plain alert: a level and a description, which may come apart.
func (c *Conn) alert(side int, b []byte) {
	h, a := &c.half[side], &c.facts.Alert[side]
	if h.size == 2 && h.left == 0 && !a.Seen {
		a.Code, a.Seen = b[len(b)-1], true
	}
}

// lie ends the reading of a direction whose next record cannot be one.
func (c *Conn) lie(side int) {
	h := &c.half[side]
	c.drop(h)
	if !c.known {
		c.refused = true
	} else {
		c.shared.Lost++
		c.facts.Broken[side] = true
	}
	h.state = over
	c.facts.Inexact[side] = true
}

// resume looks for the header of a record in b, and believes one behind which, as far as can be seen,
// another lies. Where a segment begins any type is believed, elsewhere application data only. What is stepped
// over is counted when application data went before it.
func (c *Conn) resume(side int, b []byte) int {
	h, at := &c.half[side], 0
	for !aligned(b[at:]) {
		i := bytes.IndexByte(b[at+1:], recordData)
		if i < 0 {
			at = len(b)
			break
		}
		at += 1 + i
	}
	if at < len(b) {
		h.state = head
	}
	if c.facts.App[side] > 0 {
		c.facts.App[side] += int64(at)
	}
	return at
}
