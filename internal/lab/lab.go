// Package lab is the digital ward: it makes captures of devices that fetch things, together with the truth
// about every object in them. Real net/http and crypto/tls clients and servers talk to each other through
// memory; what crosses is cut into TCP segments, put into frames of our own and written as a capture file.
//
// Most callers need [WriteDownload], one device that fetches one file, or [Write] with a [Plan] of any
// number of conversations; [Play] lets things happen at the times of a [Script]; [WriteBulk] and [WriteMix] make the two captures that benchmarks read. The same
// plan gives the same bytes as long as nothing in it uses TLS. It opens no socket, needs no privilege and
// refuses what no frame can carry, such as a conversation between IPv4 and IPv6 or a segment too large for IP.
package lab

import (
	"fmt"
	"io"
	"iter"
	"net/netip"
	"time"

	"github.com/cordon-trust/cordon/internal/lab/frame"
)

// Conversation is one TCP connection in which a device fetches objects one after the other.
type Conversation struct {
	Device netip.AddrPort // who fetches
	Server netip.AddrPort
	Host   string // name in the Host header and in SNI
	TLS    uint16 // 0 for plain HTTP, else tls.VersionTLS12 or tls.VersionTLS13
	ARP    bool   // the device first asks for the server's MAC, as on one link
	Fetch  []Object

	At      time.Time     // when it begins; a [Script] sets it
	Agent   string        // User-Agent; the default is "PumpUpdater/1.4"
	Say     []Line        // instead of Fetch: what the two sides say, with no stack behind it
	Refused bool          // instead of Fetch: the server's host answers SYN with RST
	Route   [6]byte       // MAC of the router on the way to the server; zero: both are on one link
	Trip    time.Duration // what every answer of the server takes longer
	Rate    int64         // bits a second on the wire; 0: 1 Gbit/s
	Mirror  *Distortion   // what the mirror does to this connection; nil: what the plan says
}

// Object is something that a server serves.
type Object struct {
	Path string // begins with "/"
	Body Body

	Post     []byte        // what the device sends with the request, at most 2,000 bytes; nil: nothing, a GET
	From, To int64         // the range of the body that is asked for, the end not included; To 0: all of it
	Gzip     bool          // the body crosses as gzip, in chunks when there is more than a little
	Type     string        // Content-Type; the default is application/octet-stream
	Wait     time.Duration // pause before the request of a plain connection
	Ref      any           // the caller's own; it comes back in [Truth]
}

// Line is what one side of a connection says before the other side does.
type Line struct {
	Server bool // the server says it
	Data   []byte
}

// Plan is a capture to be made.
type Plan struct {
	Seed          uint64    // of ports, sequence numbers, pauses and the order of connections
	Start         time.Time // of the first frame; the default is 2026-01-05 08:00:00 UTC
	Conversations iter.Seq[Conversation]
	Lanes         int          // how many connections are interleaved, 1 to 8; 0 means 1
	Format        frame.Format // of the file
	Distortion    Distortion   // what the mirror does to it
}

// DefaultStart is when a capture begins whose plan does not say.
func DefaultStart() time.Time { return time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC) }

const maxLanes = 8

// valid fills in defaults and refuses a plan that cannot be carried out.
func (p *Plan) valid() error {
	if p.Start.IsZero() {
		p.Start = DefaultStart()
	}
	p.Lanes = max(p.Lanes, 1)
	if p.Lanes > maxLanes {
		return fmt.Errorf("%d interleaved connections: at most %d", p.Lanes, maxLanes)
	}
	if p.Conversations == nil {
		return fmt.Errorf("the plan holds no conversations")
	}
	return p.Distortion.valid()
}

// Write carries out a plan, writes the capture to w and returns what is true about it. Memory stays
// bounded whatever the size of the capture, apart from the record itself.
func Write(w io.Writer, p Plan) (Record, error) {
	if err := p.valid(); err != nil {
		return Record{}, fmt.Errorf("lab: %w", err)
	}
	file, err := frame.New(w, p.Format, p.Distortion.Snap)
	if err != nil {
		return Record{}, fmt.Errorf("lab: %w", err)
	}
	next, stop := iter.Pull(p.Conversations)
	defer stop()
	s := &stage{plan: p, next: next, ward: newWard(p.Start, nil), mirror: newMirror(file, p)}
	err = s.play()
	if cerr := s.ward.close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = file.Flush()
	}
	if err != nil {
		return Record{}, fmt.Errorf("lab: %w", err)
	}
	s.record.Frames, s.record.Bytes = file.Frames(), file.Bytes()
	return s.record, nil
}
