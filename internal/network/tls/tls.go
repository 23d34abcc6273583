// Package tls reads what a TLS connection says in clear, on both directions, and counts what it hides.
//
// Most callers need [Looks], which tells TLS by its bytes and not by its port, [New] and [Conn.Data];
// what was learned is in [Conn.Facts]. Hello and certificate messages are put together across segments and
// across records; application data is counted as it passes, and nothing of it is copied. The package reads
// SSL 3 to TLS 1.3 and hellos in the format of SSL 2. It decrypts nothing. It refuses to guess: after bytes
// that are missing, what they may have said stays unknown, and a record that cannot be one ends the reading
// of its direction. Memory is bounded whatever lengths are claimed.
package tls

import (
	"github.com/cordon-trust/cordon/internal/network/flow"
)

// Limits of what is read.
const (
	maxRecord   = 1<<14 + 2048 // bytes of a record (RFC 5246 section 6.2.3)
	maxMessage  = 64 << 10     // bytes of a handshake message that is read; longer ones are stepped over
	maxHeld     = 4 << 20      // bytes of unfinished messages of all connections
	maxChain    = 8            // certificates of one message that are opened
	maxCached   = 1024         // certificates and fingerprints that are remembered
	maxNames    = 4096         // server names that are remembered
	maxList     = 64           // entries that are kept of a list that a hello offers
	maxPrinted  = 1024         // entries of a list that a fingerprint holds
	maxName     = 255          // bytes of a server name
	maxDN       = 2 << 10      // bytes of the encoded subject or issuer of a certificate that is written out
	maxText     = 512          // bytes of what is written
	maxKey      = 2 << 10      // bytes a fingerprint is made of when it is remembered
	restBuffers = 32           // buffers kept for the next unfinished message
	restBytes   = 16 << 10     // bytes of a buffer that is kept
)

// Types of records (RFC 8446 appendix B.1; RFC 6520 section 3).
const (
	recordChange    = 20
	recordAlert     = 21
	recordHandshake = 22
	recordData      = 23
	recordHeartbeat = 24
)

// Shared is what all connections of one reader share. The zero value is ready to use; it is used by one
// goroutine.
type Shared struct {
	// Brief says that server names and counts are all that is wanted: no fingerprints, no certificates.
	Brief bool

	// Lost counts places at which the framing of records was lost or lied.
	Lost int64
	// Unread counts messages that were not read: too long, or malformed.
	Unread int64

	held    int // bytes of unfinished messages
	buffers [][]byte
	names   map[string]string
	prints  map[string]string
	certs   map[[32]byte]*Certificate
	print   printer
}

// Conn is one connection. It is used by one goroutine.
type Conn struct {
	shared  *Shared
	half    [2]half
	facts   Facts
	records int
	asked   bool // a ClientHello was announced
	settled bool // the server's choice was read, and is not to ask for another hello
	known   bool // it has shown to be TLS
	refused bool // it has shown not to be
}

// New returns a connection, or makes c anew when it is not nil.
func New(c *Conn, shared *Shared) *Conn {
	if c == nil {
		c = new(Conn)
	}
	c.facts.reset()
	*c = Conn{shared: shared, facts: c.facts}
	return c
}

// Looks reports whether b, with which a segment begins, may begin a TLS connection. first says that they
// are the first bytes of their direction: then few bytes are enough to say no, and a yes may still be
// refused, see [Conn.Refused]. Otherwise b must begin with a record, and the next record, when it lies in b,
// must be one too.
func Looks(b []byte, first bool) bool {
	if !first {
		return aligned(b)
	}
	return begins(b) || beginsLegacy(b)
}

// begins reports whether b may be the beginning of a record with a hello or a plain alert.
func begins(b []byte) bool {
	for i, c := range b[:min(len(b), 6)] {
		ok := true
		switch i {
		case 0:
			ok = c == recordHandshake || c == recordAlert
		case 1:
			ok = c == 3
		case 2:
			ok = c <= 4
		case 3:
			ok = c <= maxRecord>>8
		case 4:
			ok = b[0] == recordHandshake && (b[3] > 0 || c > 0) || b[3] == 0 && c == 2
		case 5:
			ok = b[0] == recordAlert && (c == 1 || c == 2) || b[0] == recordHandshake && (c == clientHello || c == serverHello)
		}
		if !ok {
			return false
		}
	}
	return len(b) > 0
}

// aligned reports whether b begins with the header of a record, and whether what lies behind that record,
// as far as it lies in b, does too.
func aligned(b []byte) bool {
	_, n, ok := header(b)
	if !ok {
		return false
	}
	if len(b) < 10+n {
		return true
	}
	_, _, ok = header(b[5+n:])
	return ok
}

// header opens the header of a record.
func header(b []byte) (typ uint8, n int, ok bool) {
	if len(b) < 5 {
		return 0, 0, false
	}
	typ, n = b[0], int(b[3])<<8|int(b[4])
	if typ < recordChange || typ > recordHeartbeat || b[1] != 3 || b[2] > 4 || n > maxRecord || n == 0 && typ != recordData {
		return 0, 0, false
	}
	return typ, n, true
}

// plausible reports whether fewer than five bytes may begin the header of a record.
func plausible(b []byte) bool {
	return b[0] >= recordChange && b[0] <= recordHeartbeat && (len(b) < 2 || b[1] == 3) && (len(b) < 3 || b[2] <= 4)
}

// Data takes the next bytes of a direction.
func (c *Conn) Data(side int, d *flow.Chunk) {
	h := &c.half[side]
	if len(d.Bytes) == 0 || c.refused {
		return
	}
	if h.state == body && h.typ == recordData && len(d.Bytes) < h.left { // most segments lie within a record
		h.left -= len(d.Bytes)
		c.facts.App[side] += int64(len(d.Bytes))
		return
	}
	if h.state == fresh {
		c.start(side, d)
	}
	c.run(side, d.Bytes)
}

// start decides how to read a direction whose first bytes are at hand.
func (c *Conn) start(side int, d *flow.Chunk) {
	h := &c.half[side]
	switch whole := d.Off == 0 && d.FromSYN[side]; {
	case whole && c.facts.Legacy && c.facts.Client != side && d.Bytes[0]&0x80 != 0:
		h.state = answer2
	case !c.known && beginsLegacy(d.Bytes) && (whole || len(d.Bytes) > legacyHead):
		h.state = legacy
	case whole || begins(d.Bytes) && len(d.Bytes) > 5:
		h.state = head
	default:
		// Its beginning was not seen, so what it says in clear is over or unknown.
		h.secret, h.state = true, lost
		c.facts.Inexact[side] = true
		c.facts.Partial = true
	}
}

// Gap says that n bytes of a direction are missing.
func (c *Conn) Gap(side int, n uint64) {
	h := &c.half[side]
	switch {
	case h.state == body && n <= uint64(h.left): //nolint:gosec // not negative
		if h.typ == recordData {
			c.facts.App[side] += int64(n) //nolint:gosec // at most left
		} else {
			c.blind(h)
		}
		h.left -= int(n) //nolint:gosec // at most left
		if h.left == 0 {
			h.state = head
		}
	case h.state == over || h.state == lost:
	default:
		c.blind(h)
		c.shared.Lost++
		h.state, h.nhead, h.left = lost, 0, 0
		c.facts.Inexact[side] = true
	}
}

// blind gives up the handshake messages of a direction: where the next one begins is not known.
func (c *Conn) blind(h *half) {
	if !h.secret {
		c.facts.Partial = true
	}
	h.secret = true
	c.drop(h)
}

// Refused reports whether the connection has turned out not to be TLS. What it is given then is not read.
func (c *Conn) Refused() bool { return c.refused }

// Release gives back what the connection holds of the shared budget. The facts stay until it is made anew.
func (c *Conn) Release() {
	for i := range c.half {
		c.drop(&c.half[i])
		c.half[i].state = over
	}
}
