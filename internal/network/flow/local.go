package flow

import (
	"encoding/binary"

	"github.com/cordon-trust/cordon/internal/network/capture"
)

// Local is a message between neighbours on one link: ARP, or IPv6 neighbour discovery. Its body lies in
// the frame.
type Local struct {
	Time int64
	Src  Addr   // of neighbour discovery
	Body []byte // behind the EtherType of ARP, or from the ICMPv6 type on
}

// Message types of neighbour discovery (RFC 4861 section 4), without redirects, which prove nothing.
const (
	routerSolicitation    = 133
	neighborAdvertisement = 136
)

func (d *Decoder) arp(b []byte, t int64) Layer {
	d.Local = Local{Time: t, Body: b}
	return ARP
}

// discovery leaves a message of neighbour discovery in d.Local. One that came over a router (RFC 4861
// section 7.1), in fragments (RFC 6980) or with a wrong checksum is not believed by anybody.
func (d *Decoder) discovery(p *packet) Layer {
	const fieldICMP, linkLocal = 2, 255
	b := p.body
	if len(b) < 8 {
		return d.short()
	}
	if b[0] < routerSolicitation || b[0] > neighborAdvertisement || b[1] != 0 || p.hops != linkLocal || p.copied {
		d.Counts.OtherIP++
		return None
	}
	if !p.cut && check(b, pseudoSum(p.addrs, protoICMPv6), fieldICMP) == SumWrong {
		d.Counts.WrongDrop++
		return None
	}
	d.Local = Local{Time: p.time, Src: p.src, Body: b}
	return Discovery
}

// LinkSource returns the MAC address from which a frame came, if its link has such addresses.
func LinkSource(p *capture.Packet) (mac [6]byte, ok bool) {
	at := -1
	switch b := p.Data; p.Link {
	case capture.LinkEthernet:
		at = 6
	case capture.LinkCooked:
		if len(b) >= 6 && binary.BigEndian.Uint16(b[4:]) == 6 {
			at = 6
		}
	case capture.LinkCooked2:
		if len(b) >= 12 && b[11] == 6 {
			at = 12
		}
	}
	if at < 0 || len(p.Data) < at+6 {
		return mac, false
	}
	return [6]byte(p.Data[at:]), true
}
