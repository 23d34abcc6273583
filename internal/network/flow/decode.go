package flow

import (
	"encoding/binary"

	"github.com/cordon-trust/cordon/internal/network/capture"
)

// Layer says what a frame carried.
type Layer uint8

// The layers. What is None was counted by its cause.
const (
	None Layer = iota
	TCP
	UDP
	ARP
	Discovery // IPv6 neighbour discovery
)

// Segment is one TCP segment. Its payload lies in the frame.
type Segment struct {
	Time             int64 // nanoseconds since 1970
	Src, Dst         Addr
	SrcPort, DstPort uint16
	Flags            uint8
	Sum              SumState
	Window, Field    uint16 // Field is the checksum as sent
	Seq, Ack         uint32
	ID               uint32 // IP identification, 0 where there is none
	Payload          []byte
	Wire             int  // length of the payload on the wire; larger than len(Payload) when it was cut
	Copied           bool // the payload is valid until the next frame only
}

// Flags of a segment.
const (
	FIN = 1 << iota
	SYN
	RST
	_
	ACK
)

// Datagram is one UDP datagram. Its payload lies in the frame.
type Datagram struct {
	Time             int64
	Src, Dst         Addr
	SrcPort, DstPort uint16
	Payload          []byte
	Wire             int // length of the payload on the wire; larger than len(Payload) when it was cut

	whole, addrs []byte // the datagram with its header, and both addresses
	id           uint32 // IP identification, 0 where there is none
	badHead      bool
}

// Decoder opens frames. It is used by one goroutine. The zero value is ready to use.
type Decoder struct {
	Counts *Counts // must be set
	Seg    Segment // of the last frame that was TCP
	Gram   Datagram
	Local  Local
	frags  fragments
}

const (
	typeIPv4   = 0x0800
	typeARP    = 0x0806
	typeIPv6   = 0x86dd
	typeVLAN   = 0x8100
	typeQinQ   = 0x88a8
	typeQinQ9  = 0x9100
	typeMPLS   = 0x8847
	typeMPLSm  = 0x8848
	typePPPoE  = 0x8864
	typePBB    = 0x88e7 // IEEE 802.1ah, provider backbone
	typeMACsec = 0x88e5 // IEEE 802.1AE
	typeNSH    = 0x894f // RFC 8300
	typeTRILL  = 0x22f3 // RFC 6325
	maxTags    = 4
	maxHeaders = 8 // IPv6 extension headers
)

// Frame opens one record. TCP and UDP are left in d.Seg and d.Gram, valid as long as p.Data is.
func (d *Decoder) Frame(p *capture.Packet) Layer {
	if d.plain(p) {
		return TCP
	}
	return d.frame(p)
}

// frame opens any record, layer by layer.
func (d *Decoder) frame(p *capture.Packet) Layer {
	b, cut := p.Data, p.Wire-len(p.Data)
	var typ uint16
	switch p.Link {
	case capture.LinkEthernet:
		if len(b) < 14 {
			return d.short()
		}
		typ, b = binary.BigEndian.Uint16(b[12:]), b[14:]
	case capture.LinkRaw, capture.LinkRawBSD, capture.LinkIPv4, capture.LinkIPv6:
		typ = ipType(b)
	case capture.LinkNull, capture.LinkLoop:
		// The address family differs between systems; the version nibble behind it does not.
		if len(b) < 4 {
			return d.short()
		}
		b = b[4:]
		typ = ipType(b)
	case capture.LinkCooked:
		if len(b) < 16 {
			return d.short()
		}
		typ, b = binary.BigEndian.Uint16(b[14:]), b[16:]
	case capture.LinkCooked2:
		if len(b) < 20 {
			return d.short()
		}
		typ, b = binary.BigEndian.Uint16(b), b[20:]
	default:
		d.Counts.UnknownLink++
		return None
	}
	return d.network(typ, b, cut, p.Time)
}

// network skips VLAN tags and opens what lies behind. cut is how many bytes were not captured.
func (d *Decoder) network(typ uint16, b []byte, cut int, t int64) Layer {
	for range maxTags {
		if typ != typeVLAN && typ != typeQinQ && typ != typeQinQ9 {
			break
		}
		if len(b) < 4 {
			return d.short()
		}
		typ, b = binary.BigEndian.Uint16(b[2:]), b[4:]
	}
	switch typ {
	case typeIPv4:
		return d.ipv4(b, cut, t)
	case typeIPv6:
		return d.ipv6(b, cut, t)
	case typeMPLS, typeMPLSm:
		return d.encap(EncapMPLS)
	case typePPPoE:
		return d.encap(EncapPPPoE)
	case typeARP:
		return d.arp(b, t)
	case typePBB, typeTRILL:
		return d.encap(EncapPBB)
	case typeMACsec:
		return d.encap(EncapMACsec)
	case typeNSH:
		return d.encap(EncapNSH)
	}
	d.Counts.NotIP++
	return None
}

func ipType(b []byte) uint16 {
	if len(b) > 0 {
		switch b[0] >> 4 {
		case 4:
			return typeIPv4
		case 6:
			return typeIPv6
		}
	}
	return 0
}

func (d *Decoder) short() Layer {
	d.Counts.Short++
	return None
}

func (d *Decoder) encap(e Encap) Layer {
	d.Counts.Encapsulated[e]++
	return None
}
