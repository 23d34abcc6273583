// Package dhcp reads the messages with which a host on a link is given its IPv4 address (RFC 2131).
//
// Most callers need [Parse]. An acknowledgement names the address, the MAC it was given to and for how
// long; a request tells what the host calls itself, which nobody checked and which may name a person. At
// most 312 options are read, none is followed, and nothing outlives the call but the two strings. It
// refuses messages that are cut or whose lengths lie.
package dhcp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"time"
)

// Ports of DHCP.
const (
	PortServer = 67
	PortClient = 68
)

// Kind is a DHCP message type (RFC 2132 section 9.6).
type Kind uint8

// The types that matter here.
const (
	Discover Kind = 1
	Request  Kind = 3
	Ack      Kind = 5
	Release  Kind = 7
	Inform   Kind = 8
)

const (
	headerLen  = 236
	maxOptions = 312
	// MaxName is how many bytes of a name are kept.
	MaxName = 255
)

// Message is what a DHCP message says.
type Message struct {
	Kind   Kind
	Reply  bool       // sent by a server
	MAC    [6]byte    // of the client, as the client wrote it
	Addr   netip.Addr // that the client has or is given; invalid when there is none
	Lease  time.Duration
	Name   string // that the client gives itself (options 12 and 81); not believed
	Vendor string // what kind of device it says it is (option 60); not believed
}

// Errors. A message that is no DHCP over Ethernet is foreign, not malformed.
var (
	ErrMalformed = errors.New("malformed DHCP message")
	ErrForeign   = errors.New("not DHCP for an Ethernet host")
)

// Parse reads one message: the payload of a datagram.
func Parse(b []byte) (Message, error) {
	if len(b) < headerLen+4 {
		return Message{}, ErrMalformed
	}
	if op := b[0]; op != 1 && op != 2 || b[1] != 1 || !bytes.Equal(b[headerLen:headerLen+4], []byte{99, 130, 83, 99}) {
		return Message{}, ErrForeign
	}
	if b[2] != 6 {
		return Message{}, ErrMalformed
	}
	m := Message{Reply: b[0] == 2, MAC: [6]byte(b[28:34])}
	if m.Reply {
		m.Addr = address(b[16:20])
	} else {
		m.Addr = address(b[12:16])
	}
	r := reader{m: &m}
	if err := r.options(b[headerLen+4:]); err != nil {
		return Message{}, err
	}
	// RFC 2132 section 9.3: the fields for a file and a server name may hold options as well.
	if r.overload&1 != 0 {
		if err := r.options(b[108:236]); err != nil {
			return Message{}, err
		}
	}
	if r.overload&2 != 0 {
		if err := r.options(b[44:108]); err != nil {
			return Message{}, err
		}
	}
	if m.Kind == 0 {
		return Message{}, ErrForeign // BOOTP
	}
	return m, nil
}

func address(b []byte) netip.Addr {
	if a := netip.AddrFrom4([4]byte(b)); !a.IsUnspecified() {
		return a
	}
	return netip.Addr{}
}

type reader struct {
	m        *Message
	overload byte
	n        int
}

// The options that matter here (RFC 2132, RFC 4702).
const (
	optPad      = 0
	optHostName = 12
	optLease    = 51
	optOverload = 52
	optKind     = 53
	optVendor   = 60
	optFQDN     = 81
	optEnd      = 255
)

func (r *reader) options(b []byte) error {
	for len(b) > 0 && b[0] != optEnd {
		if b[0] == optPad {
			b = b[1:]
			continue
		}
		if len(b) < 2 || len(b) < 2+int(b[1]) {
			return ErrMalformed
		}
		if r.n++; r.n > maxOptions {
			return ErrMalformed
		}
		if err := r.option(b[0], b[2:2+int(b[1])]); err != nil {
			return err
		}
		b = b[2+int(b[1]):]
	}
	return nil
}

func (r *reader) option(code byte, v []byte) error {
	m := r.m
	switch code {
	case optHostName:
		if name := text(v); name != "" {
			m.Name = name
		}
	case optFQDN:
		if len(v) < 3 {
			return ErrMalformed
		}
		if m.Name == "" {
			m.Name = fqdn(v[0], v[3:])
		}
	case optVendor:
		m.Vendor = text(v)
	case optKind:
		if len(v) != 1 {
			return ErrMalformed
		}
		m.Kind = Kind(v[0])
	case optOverload:
		if len(v) != 1 {
			return ErrMalformed
		}
		r.overload = v[0]
	case optLease:
		if len(v) != 4 {
			return ErrMalformed
		}
		m.Lease = time.Duration(binary.BigEndian.Uint32(v)) * time.Second
	}
	return nil
}

// text is an option's value without the zeros that some clients append.
func text(v []byte) string {
	v = bytes.TrimRight(v, "\x00")
	return string(v[:min(len(v), MaxName)])
}

// fqdn reads a client's full name, in the encoding of DNS when the flag says so (RFC 4702 section 2.3.1).
func fqdn(flags byte, v []byte) string {
	const encoded = 4
	if flags&encoded == 0 {
		return text(v)
	}
	var out []byte
	for len(v) > 0 && v[0] != 0 && v[0] < 64 && int(v[0]) < len(v) {
		if len(out) > 0 {
			out = append(out, '.')
		}
		out = append(out, v[1:1+int(v[0])]...)
		v = v[1+int(v[0]):]
	}
	return text(out)
}
