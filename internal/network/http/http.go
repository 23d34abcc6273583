// Package http follows HTTP/1 on both directions of a connection, without ever holding a body.
//
// Most callers need [New], [Conn.Data], [Conn.Gap] and [Conn.End]; bodies come out through a [Consumer]
// as slices of what went in. Framing follows RFC 9112 section 6. It refuses to guess: a message whose
// framing lies, or that has bytes missing, is reported as incomplete, and after a loss a connection is
// taken up again only where a segment begins with a start line. Queries, credentials and every field it
// does not need are dropped as they pass.
package http

import (
	"hash/maphash"

	"github.com/cordon-trust/cordon/internal/network/flow"
)

// Limits of what is believed.
const (
	maxLine     = 16 << 10 // bytes of one line
	maxHeader   = 64 << 10 // bytes of a header or trailer section
	maxPipeline = 1024     // requests without a response
	maxOwed     = 16       // responses without a request
	maxName     = 255      // bytes of a name
	maxParams   = 512      // bytes of a Content-Type with its parameters
	maxLength   = 1 << 50  // bytes a body may declare
	maxHeldLine = 4 << 20  // bytes of unfinished lines of all connections
	maxKeptLine = 1 << 10  // bytes of room for them that a connection keeps
	maxAsked    = 32 << 10 // requests without a response of all connections
	minAsked    = 2        // that every connection has room for, also then
	maxKeptAsk  = 64       // requests that a connection keeps room for
	maxHosts    = 1 << 10  // hosts that are remembered
)

// Note is something the operator should know about a message.
type Note uint16

// The notes.
const (
	NoteBadLength  Note = 1 << iota // Content-Length is not a number that can be true
	NoteTwoLengths                  // both Content-Length and Transfer-Encoding
	NoteClose                       // the end of the body is known only from the close of the connection
	NotePart                        // one range of a larger object
	NoteBadChunk                    // chunked framing is broken
	NoteBadCoding                   // a transfer coding that is not understood
	NoteTooLong                     // the header section is longer than is read
	NoteNoRequest                   // the request was not seen, or is not certain
	NoteOldChunks                   // chunked in HTTP/1.0, which receivers frame differently (RFC 9112 section 6.1)
	NoteSpace                       // white space before the colon of a field that frames: some receivers ignore it, some refuse it (RFC 9112 section 5.1)
)

// Coding is the content coding of a body.
type Coding uint8

// The codings. Other is one that is not decoded, or several at once.
const (
	Identity Coding = iota
	Gzip
	Deflate
	Other
)

// Message is one message that carries a body.
type Message struct {
	Side        int    // who sends it
	Serial      uint32 // number of the message in its direction
	Start, Stop uint64 // where it lies in its direction; Stop is known at the end
	Time        int64  // of its first byte, nanoseconds since 1970
	Request     bool
	Method      string // of the request; empty when it was not seen
	Host, Name  string // of the request
	Status      int
	Declared    int64 // Content-Length, -1 when there is none or it lies
	Coding      Coding
	Seen        int64  // bytes of the body that were seen
	Missing     int64  // bytes of the body known to be missing
	First       int64  // offset of a range in the whole; -1 when the message is not a range
	Last        int64  // offset of its last byte, when First is known
	Whole       int64  // length of the whole a range belongs to; -1 when not told
	Target      uint64 // keyed hash of the path and query asked for; 0 when the request was not seen
	Validator   uint64 // keyed hash of ETag and Last-Modified; 0 when there is neither
	Complete    bool
	Unchecked   bool
	Notes       Note
	Type        string // Content-Type without parameters, lower case, for multipart only
	Params      string // the Content-Type with its parameters, for multipart only; empty when it was given twice
}

// Consumer takes bodies. The message is the connection's own: a consumer keeps what it needs.
type Consumer interface {
	// Begin announces a body, when its first byte is seen or known to be missing.
	Begin(m *Message)
	// Body takes bytes of the body as sent, without transfer coding; off is where they lie in it.
	Body(m *Message, off int64, b []byte)
	// Done says that nothing more comes; m.Complete says whether everything came.
	Done(m *Message)
	// Named says what the request asked for whose response began before the request was captured.
	Named(side int, serial uint32, name, host string)
}

// Shared is what all connections of one reader share: the budget of unfinished lines.
type Shared struct {
	held  int
	asked int               // requests without a response
	seed  maphash.Seed      // made when first needed
	hosts map[string]string // of requests, by how they were written
	// TooLong counts header sections and lines that were longer than is read.
	TooLong int64
	// Forgotten counts requests that were given up for lack of room before their response came.
	Forgotten int64
	// Lost counts places at which the framing was lost.
	Lost int64
}

// Conn is one connection. It is used by one goroutine.
type Conn struct {
	shared *Shared
	out    Consumer
	half   [2]parser

	fromSYN   [2]bool   // which directions were seen from their first byte
	requests  []request // without a response, oldest first
	head      int
	owed      []uint32 // serials of responses whose request had not been seen
	unsure    bool     // messages were lost: a response may belong to another request
	blind     bool     // of the lost messages some may be requests
	pipelined bool     // the client does not wait for a response before its next request
}

// New returns a connection, or makes c anew when it is not nil.
func New(c *Conn, shared *Shared, out Consumer) *Conn {
	if c == nil {
		c = new(Conn)
	}
	if shared.seed == (maphash.Seed{}) {
		shared.seed = maphash.MakeSeed()
	}
	for i := range c.half {
		p := &c.half[i]
		*p = parser{conn: c, buf: p.buf[:0]}
		p.msg.Side = i
	}
	clear(c.requests)
	c.shared, c.out, c.fromSYN = shared, out, [2]bool{}
	c.requests, c.head, c.owed = c.requests[:0], 0, c.owed[:0]
	c.unsure, c.blind, c.pipelined = false, false, false
	return c
}

// Missed says that messages may have gone by before the first byte that the connection is given.
func (c *Conn) Missed() { c.unsure, c.blind = true, true }

// Looks reports whether the bytes at the beginning of a segment begin an HTTP/1 message. Few bytes are
// enough to say no.
func Looks(b []byte) bool { return isResponse(b) || isRequest(b) }

// Data takes the next bytes of a direction. It returns false once nothing more of the connection is
// wanted: it became a tunnel.
func (c *Conn) Data(side int, d *flow.Chunk) bool {
	p := &c.half[side]
	c.fromSYN = d.FromSYN
	p.off, p.time, p.acked, p.unchecked = d.Off, d.Time, d.Acked, d.Unchecked
	p.run(d.Bytes)
	return c.half[0].state != tunnel || c.half[1].state != tunnel
}

// Gap says that n bytes of a direction are missing, from off on.
func (c *Conn) Gap(side int, off, n uint64, t int64) {
	p := &c.half[side]
	p.off, p.time = off, t
	p.gap(n)
}

// End says that a direction is over. closed is whether its sender closed it and nothing is missing.
func (c *Conn) End(side int, closed bool) {
	p := &c.half[side]
	switch {
	case p.state == untilClose && closed && p.msg.Missing == 0:
		p.finish(true)
	case p.open:
		p.finish(false)
	}
	p.drop()
	p.state = over
}

// Release gives back what the connection holds of the shared budget.
func (c *Conn) Release() {
	for i := range c.half {
		c.half[i].drop()
	}
	c.shared.asked -= len(c.requests) - c.head
	clear(c.requests)
	c.rewind()
}
