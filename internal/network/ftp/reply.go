package ftp

import (
	"bytes"
	"net/netip"
)

// reply reads what the server says (RFC 959 section 4.2). Of a reply of several lines the last counts.
func (c *Conn) reply(l []byte) {
	if len(l) < 3 {
		return
	}
	code, ok := number(l[:3])
	if !ok || code < 100 || code > 599 {
		return
	}
	if c.multi != 0 && int(code) != c.multi {
		return
	}
	if len(l) > 3 && l[3] == '-' {
		c.multi = int(code)
		return
	}
	c.multi = 0
	text := l[min(len(l), 4):]
	switch code {
	case 227:
		if at, ok := sixNumbers(text); ok {
			c.passive(at)
		}
	case 229:
		if port, ok := extendedPort(text); ok {
			c.passive(netip.AddrPortFrom(c.ends[c.server].Addr(), port))
		}
	case 125, 150:
		if x := c.current; x != nil && x.Verb == Retrieve {
			x.Size = sizeIn(text)
		}
	case 234: // AUTH: what follows is encrypted (RFC 4217 section 4)
		c.over = true
	case 226, 250:
		if x := c.current; x != nil && !c.fresh {
			x.done = true
		}
	case 425, 426, 451, 452, 552:
		if x := c.current; x != nil && !c.fresh && !x.done {
			x.Failed = true
		}
	}
}

// passive notes where the server listens.
func (c *Conn) passive(told netip.AddrPort) {
	server := c.ends[c.server].Addr()
	c.announce(true, told, netip.AddrPortFrom(server, told.Port()), c.ends[c.server^1].Addr())
}

// extendedPort reads "... (|||6446|)" (RFC 2428 section 3).
func extendedPort(b []byte) (uint16, bool) {
	i := bytes.IndexByte(b, '(')
	if i < 0 || len(b) < i+6 {
		return 0, false
	}
	b = b[i+1:]
	if b[1] != b[0] || b[2] != b[0] {
		return 0, false
	}
	j := bytes.IndexByte(b[3:], b[0])
	if j < 0 {
		return 0, false
	}
	n, ok := number(b[3 : 3+j])
	if !ok || n < 1 || n > 65535 {
		return 0, false
	}
	return uint16(n), true
}

// sizeIn reads the length that most servers tell, "... (43568 bytes)"; -1 when there is none.
func sizeIn(b []byte) int64 {
	i := bytes.LastIndexByte(b, '(')
	if i < 0 {
		return -1
	}
	v, rest, ok := bytes.Cut(b[i+1:], []byte{' '})
	n, isNumber := number(v)
	if !ok || !isNumber || !bytes.HasPrefix(rest, []byte("byte")) {
		return -1
	}
	return n
}
