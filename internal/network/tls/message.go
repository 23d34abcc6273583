package tls

// Types of handshake messages that are read (RFC 8446 appendix B.3).
const (
	clientHello       = 1
	serverHello       = 2
	certificate       = 11
	serverKeyExchange = 12
)

const messageHead = 4

// message is the handshake message under way in a direction.
type message struct {
	head  [messageHead]byte
	nhead int
	left  int    // bytes to come
	wants bool   // it is read
	buf   []byte // what came of it, when it came in pieces
	first bool   // a message was seen
}

// messages takes the bytes of a handshake record. Messages may share a record or span several.
func (c *Conn) messages(side int, b []byte) {
	m := &c.half[side].msg
	for len(b) > 0 && !c.half[side].secret {
		if m.left == 0 {
			n := copy(m.head[m.nhead:], b)
			m.nhead += n
			b = b[n:]
			if m.nhead < messageHead {
				return
			}
			m.nhead = 0
			c.announce(side)
			if m.left == 0 {
				c.message(side, nil)
			}
			continue
		}
		n := min(m.left, len(b))
		m.left -= n
		switch {
		case !m.wants:
		case m.left == 0 && len(m.buf) == 0:
			c.message(side, b[:n])
		case c.hold(&c.half[side], b[:n]) && m.left == 0:
			c.message(side, m.buf)
			c.drop(&c.half[side])
		}
		b = b[n:]
	}
}

// announce decides whether the message that begins is read.
func (c *Conn) announce(side int) {
	h := &c.half[side]
	m := &h.msg
	typ := m.head[0]
	m.left = int(m.head[1])<<16 | int(m.head[2])<<8 | int(m.head[3])
	if !m.first {
		m.first = true
		if typ != clientHello && typ != serverHello {
			c.lie(side) // a direction begins with a hello
			h.secret, m.left = true, 0
			return
		}
		c.known = true
	}
	f := &c.facts
	switch typ {
	case clientHello:
		// The first: a second one repeats it (RFC 8446 section 4.1.2).
		if m.wants = !c.asked; m.wants {
			c.asked, f.Client = true, side
		}
	case serverHello:
		m.wants = !c.settled && (!c.asked || f.Client != side)
		if !c.asked {
			f.Client = side ^ 1
		}
	case certificate:
		m.wants = !c.shared.Brief && !f.is13() && f.Chains[side].Seen == 0
	case serverKeyExchange:
		m.wants = !c.shared.Brief && f.ServerHello && f.Group == 0
	default:
		m.wants = false
	}
	if m.wants && m.left > maxMessage {
		m.wants = false
		c.shared.Unread++
		f.Partial = true
	}
}

// hold keeps a piece of a message. Without room for it the message is stepped over.
func (c *Conn) hold(h *half, b []byte) bool {
	s, m := c.shared, &h.msg
	if s.held+len(b) > maxHeld {
		m.wants = false
		s.Unread++
		c.facts.Partial = true
		c.drop(h)
		return false
	}
	if n := len(s.buffers); m.buf == nil && n > 0 {
		m.buf, s.buffers = s.buffers[n-1], s.buffers[:n-1]
	}
	m.buf = append(m.buf, b...)
	s.held += len(b)
	return true
}

// drop gives back the room of a message.
func (c *Conn) drop(h *half) {
	s, m := c.shared, &h.msg
	if m.buf == nil {
		return
	}
	s.held -= len(m.buf)
	if cap(m.buf) <= restBytes && len(s.buffers) < restBuffers {
		s.buffers = append(s.buffers, m.buf[:0])
	}
	m.buf = nil
}

// message reads a whole message.
func (c *Conn) message(side int, b []byte) {
	m := &c.half[side].msg
	if !m.wants {
		return
	}
	ok := true
	switch m.head[0] {
	case clientHello:
		ok = c.clientHello(b)
	case serverHello:
		ok = c.serverHello(b)
	case certificate:
		ok = c.certificates(side, b)
	case serverKeyExchange:
		c.keyExchange(b)
	}
	if !ok {
		c.shared.Unread++
		c.facts.Partial = true
	}
}
