package tls

// A hello in the format of SSL 2 (RFC 5246 appendix E.2): two bytes of length with the top bit set, a type, a
// version, and the lengths of its three lists.
const (
	legacyHead        = 11
	legacyAnswerHead  = 7
	legacyClientHello = 1
	legacyServerHello = 4
)

// beginsLegacy reports whether b may be the beginning of such a hello of a client.
func beginsLegacy(b []byte) bool {
	if len(b) == 0 || b[0]&0x80 == 0 {
		return false
	}
	if len(b) > 2 && b[2] != legacyClientHello || len(b) > 3 && b[3] != 0 && b[3] != 3 ||
		len(b) > 4 && (b[3] == 0 && b[4] != 2 || b[4] > 4) {
		return false
	}
	if len(b) < legacyHead {
		return true
	}
	n, specs := int(b[0]&0x7f)<<8|int(b[1]), int(b[5])<<8|int(b[6])
	id, challenge := int(b[7])<<8|int(b[8]), int(b[9])<<8|int(b[10])
	return specs > 0 && specs%3 == 0 && (id == 0 || id == 16) && challenge >= 16 && challenge <= 32 &&
		n == legacyHead-2+specs+id+challenge
}

// legacy takes bytes of such a hello. It tells a version and nothing else that is wanted: what follows is in
// records if the server chooses SSL 3 or later.
func (c *Conn) legacy(side int, b []byte) int {
	h := &c.half[side]
	if h.size == 0 {
		return c.legacyHead(side, b)
	}
	n := min(len(b), h.left)
	if h.left -= n; h.left == 0 {
		h.state = head
		if c.facts.Offered[0] == SSL2 {
			c.old(side) // a client that knows nothing later
		}
	}
	return n
}

// legacyHead takes what stands before the lists.
func (c *Conn) legacyHead(side int, b []byte) int {
	h := &c.half[side]
	n := min(len(b), legacyHead-len(h.msg.buf))
	if !c.hold(h, b[:n]) {
		c.lie(side)
		return n
	}
	p := h.msg.buf
	if !beginsLegacy(p) {
		c.lie(side)
		return n
	}
	if len(p) < legacyHead {
		return n
	}
	f := &c.facts
	c.known, c.asked, h.msg.first, f.Client, f.ClientHello, f.Legacy = true, true, true, side, true, true
	f.Offered = append(f.Offered, Version(p[3])<<8|Version(p[4]))
	h.size = int(p[0]&0x7f)<<8 | int(p[1])
	h.left = 2 + h.size - legacyHead
	c.drop(h)
	return n
}

// legacyAnswer takes bytes of the answer of a server to such a hello, when it does not begin with a record: it
// chose SSL 2, and its version stands behind two other fields.
func (c *Conn) legacyAnswer(side int, b []byte) int {
	h := &c.half[side]
	n := min(len(b), legacyAnswerHead-len(h.msg.buf))
	if !c.hold(h, b[:n]) {
		c.lie(side)
		return n
	}
	p := h.msg.buf
	if len(p) > 2 && p[2] != legacyServerHello {
		c.lie(side)
		return n
	}
	if len(p) < legacyAnswerHead {
		return n
	}
	c.facts.ServerHello, c.facts.Version = true, Version(p[5])<<8|Version(p[6])
	c.drop(h)
	c.old(side)
	c.old(side ^ 1)
	return n
}

// old stops the reading of a direction that goes on in records of SSL 2.
func (c *Conn) old(side int) {
	c.half[side].state = over
	c.facts.Inexact[side] = true
}
