// Package ftp follows FTP control connections, to know what the data connections beside them carry.
//
// Most callers need [New] and [Conn.Data] for a control connection, and [Table.Take] for every other
// connection that opens: it says whether an FTP session announced it, and what it was announced for. The
// protocol is RFC 959 with the EPRT and EPSV of RFC 2428. User names, passwords and every command that
// is not needed are dropped as they pass; of a path only the last segment is kept. It refuses to guess:
// after a loss, a command is not paired with an announcement that may belong to another one.
package ftp

import (
	"bytes"
	"net/netip"

	"github.com/cordon-trust/cordon/internal/network/flow"
)

// Port is where servers listen.
const Port = 21

const (
	maxLine = 4 << 10 // bytes of one line
	maxName = 255     // bytes of a name
	maxHeld = 4 << 20 // bytes of unfinished lines of all connections
	maxKept = 512     // bytes of room for them that a connection keeps
)

// Verb says what a data connection is used for.
type Verb uint8

// The verbs.
const (
	None     Verb = iota // not told
	Retrieve             // the server sends a file
	Store                // the client sends a file
	Append               // the client sends what is added to a file
	Listing              // a list of names
)

// Transfer is one announced data connection. Its control connection fills it in as commands come, so it
// is read when it is needed. It belongs to the goroutine of its [Table].
type Transfer struct {
	Verb   Verb
	Name   string
	Text   bool  // TYPE A: line ends may have been changed on the way
	From   int64 // REST: where in the file the bytes begin
	Size   int64 // as the server said it; -1 when it did not
	Failed bool  // the server said that it broke off

	passive bool // the server listens
	keys    [2]key
	taken   bool
	done    bool // the server said that it is over
}

// Conn is one control connection. It is used by one goroutine.
type Conn struct {
	table   *Table
	server  int // side
	ends    [2]netip.AddrPort
	half    [2]lines
	current *Transfer // announced last; nil when there is none
	text    bool
	from    int64
	fresh   bool // no verb was given for current
	unsure  bool // lines may have been missed
	multi   int  // code of a reply of several lines that is under way
	over    bool // nothing more can be read: it is encrypted, or was not FTP
}

// lines collects the lines of one direction.
type lines struct {
	buf  []byte
	skip bool // up to the next line end
}

// Greets reports whether the first bytes of a server are those of an FTP server. A mail server greets
// alike; its commands then tell the difference.
func Greets(b []byte) bool {
	return len(b) >= 4 && string(b[:3]) == "220" && (b[3] == ' ' || b[3] == '-')
}

// New returns the control connection between two ends, of which the one at index server is the server.
// With whole unset its beginning was not seen.
func New(t *Table, ends [2]netip.AddrPort, server int, whole bool) *Conn {
	return &Conn{table: t, ends: ends, server: server, unsure: !whole}
}

// Data takes the next bytes of a direction. It returns false when nothing more of them can be read.
func (c *Conn) Data(side int, d *flow.Chunk) bool {
	h := &c.half[side]
	for b := d.Bytes; len(b) > 0 && !c.over; {
		n := bytes.IndexByte(b, '\n') + 1
		if n == 0 {
			c.hold(h, b)
			break
		}
		l := b[:n]
		b = b[n:]
		switch {
		case h.skip:
			h.skip = false
			continue
		case len(h.buf) > 0:
			if c.hold(h, l); h.skip { // it was too long, and ends here
				h.skip = false
				continue
			}
			l = h.buf
		}
		c.line(side, bytes.TrimRight(l, "\r\n"))
		c.drop(h)
	}
	return !c.over
}

// hold keeps the beginning of a line. One that is too long is stepped over.
func (c *Conn) hold(h *lines, b []byte) {
	if h.skip {
		return
	}
	if len(h.buf)+len(b) > maxLine || c.table.held+len(b) > maxHeld {
		c.drop(h)
		h.skip = true
		c.lost()
		return
	}
	h.buf = append(h.buf, b...)
	c.table.held += len(b)
}

// drop forgets a line: it may hold a password.
func (c *Conn) drop(h *lines) {
	c.table.held -= len(h.buf)
	clear(h.buf)
	if h.buf = h.buf[:0]; cap(h.buf) > maxKept {
		h.buf = nil // else every connection could keep its longest
	}
}

// Gap says that bytes of a direction are missing.
func (c *Conn) Gap(side int) {
	h := &c.half[side]
	c.drop(h)
	h.skip = true
	c.multi = 0
	c.lost()
}

// lost forgets what is pending: the lines that are missing may have changed it.
func (c *Conn) lost() {
	c.unsure, c.from = true, 0
	if x := c.current; x != nil && !x.taken {
		x.Verb, x.Name = None, ""
	}
	c.current = nil
}

// Close gives back what the connection holds. What it announced stays announced.
func (c *Conn) Close() {
	for i := range c.half {
		c.drop(&c.half[i])
	}
}

func (c *Conn) line(side int, l []byte) {
	if side == c.server {
		c.reply(l)
	} else {
		c.command(l)
	}
}
