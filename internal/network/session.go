package network

import (
	"net/netip"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/flow"
	"github.com/cordon-trust/cordon/internal/network/tls"
)

// Session is one TCP connection. Of arrays the first is about what the client sent, the second about what
// the server did.
type Session struct {
	First, Last time.Time // of its packets
	Ends        [2]netip.AddrPort
	Devices     [2]model.Subject
	Told        Told
	Handshake   bool // both sides were seen from their first byte on
	End         flow.End
	Protocol    string   // "tls", "http", "ftp", "ssh"; "tcp" for any other
	Sent        [2]int64 // payload bytes that were seen, each counted once
	Holes       [2]int64 // in the payload
	Missing     [2]int64 // bytes in them
	// TLS is what it said in clear, with the client as side 0; nil when it is not TLS. It is valid during the
	// call only.
	TLS *tls.Facts
}

// Told is from what it is known which side is the client.
type Told uint8

// The sources.
const (
	ByPort  Told = iota // a guess: the server is the side with the smaller port
	ByHello             // it sent the ClientHello
	BySYN               // it opened the connection
)

var toldNames = [...]string{ByPort: "port", ByHello: "hello", BySYN: "syn"}

// String returns the name used in rows.
func (t Told) String() string { return toldNames[t] }

// SessionSink is a [Sink] that also takes sessions, in the order in which it became known that they are over.
type SessionSink interface {
	Session(Session) error
}

// over is told of each connection that is over.
func (e *engine) over(c *flow.Conn, why flow.End) {
	label := c.Label
	s, _ := c.Stream().(*stream)
	if s != nil {
		s.flush()
		label = s.label()
	}
	var facts *tls.Facts
	if s != nil && s.tls != nil {
		facts = s.tls.Facts()
	}
	if e.conceal(c, facts, label); e.sessions == nil || e.err != nil {
		return
	}
	client, told := clientOf(c, facts)
	row := Session{
		First: time.Unix(0, c.First()).UTC(), Last: time.Unix(0, c.Last()).UTC(), Told: told, End: why,
		Handshake: c.Handshake(0) && c.Handshake(1), Protocol: labelNames[label],
	}
	for i := range 2 {
		side := client ^ i
		row.Ends[i] = c.Side(side)
		row.Devices[i] = e.deviceAt(row.Ends[i].Addr(), c.First())
		row.Sent[i] = int64(c.Sent(side)) //nolint:gosec // far below 2^63
		n, missing := c.Holes(side)
		row.Holes[i], row.Missing[i] = int64(n), int64(missing) //nolint:gosec // far below 2^63
	}
	if facts != nil {
		row.TLS = facts.Seen(client)
	}
	if e.err == nil {
		e.err = e.sessions.Session(row)
	}
}

// clientOf tells which side is the client.
func clientOf(c *flow.Conn, facts *tls.Facts) (int, Told) {
	switch {
	case c.Asker() >= 0:
		return c.Asker(), BySYN
	case facts != nil && facts.Client >= 0:
		return facts.Client, ByHello
	case c.Side(0).Port() < c.Side(1).Port():
		return 1, ByPort
	}
	return 0, ByPort
}
