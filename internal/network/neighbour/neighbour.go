// Package neighbour reads how hosts on one link tell each other which MAC address stands behind an IP
// address: ARP, and the neighbour discovery of IPv6.
//
// Most callers need [ARP] and [Discovery]. What they return is proof only for the link on which the
// message was captured, and only because the frame came from the very address that it names: a relayed,
// proxied or forged message of another host has another source. Nothing is allocated, and nothing in a
// message is followed. It refuses messages whose lengths lie and addresses that no host can own.
package neighbour

import (
	"encoding/binary"
	"errors"
	"net/netip"
)

// MAC is an address on an Ethernet link.
type MAC [6]byte

// String returns the address as pairs of lower-case hex digits joined by colons.
func (m MAC) String() string {
	const hex = "0123456789abcdef"
	var b [17]byte
	for i, v := range m {
		b[3*i], b[3*i+1] = hex[v>>4], hex[v&15]
		if i > 0 {
			b[3*i-1] = ':'
		}
	}
	return string(b[:])
}

// Host reports whether the address can be one host's: neither zero nor for a group.
func (m MAC) Host() bool { return m != MAC{} && m[0]&1 == 0 }

// Shared reports whether the address is a virtual router's, which several machines take in turn: VRRP
// (RFC 9568 section 7.3) and HSRP.
func (m MAC) Shared() bool {
	switch {
	case m[0] == 0 && m[1] == 0 && m[2] == 0x5e && m[3] == 0 && (m[4] == 1 || m[4] == 2):
		return true
	case m[0] == 0 && m[1] == 0 && m[2] == 0x0c && m[3] == 0x07 && m[4] == 0xac:
		return true
	case m[0] == 0 && m[1] == 0 && m[2] == 0x0c && m[3] == 0x9f && m[4]&0xf0 == 0xf0:
		return true
	case m[0] == 0 && m[1] == 0x05 && m[2] == 0x73 && m[3] == 0xa0 && m[4]&0xf0 == 0:
		return true
	}
	return false
}

// Claim is what a message proves.
type Claim struct {
	Addr   netip.Addr
	MAC    MAC
	Router bool // it offers to route for others
}

// ErrMalformed says that a message is too short for what it is, or contradicts itself.
var ErrMalformed = errors.New("malformed neighbour message")

// Owned reports whether one host can own an address.
func Owned(a netip.Addr) bool {
	return a.IsValid() && !a.IsUnspecified() && !a.IsMulticast() && !a.IsLoopback() && a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// ARP reads an ARP message (RFC 826) that came in a frame from source. It reports false when the message
// proves nothing: a probe (RFC 5227), another kind of network, or a sender that is not the frame's.
func ARP(b []byte, source MAC) (Claim, bool, error) {
	if len(b) < 8 {
		return Claim{}, false, ErrMalformed
	}
	link, proto, op := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]), binary.BigEndian.Uint16(b[6:])
	if link != 1 && link != 6 || proto != 0x0800 || op != 1 && op != 2 {
		return Claim{}, false, nil
	}
	if b[4] != 6 || b[5] != 4 || len(b) < 28 {
		return Claim{}, false, ErrMalformed
	}
	c := Claim{MAC: MAC(b[8:14]), Addr: netip.AddrFrom4([4]byte(b[14:18]))}
	return c, c.MAC == source && c.MAC.Host() && Owned(c.Addr), nil
}

// Types of message (RFC 4861 section 4).
const (
	routerSolicitation    = 133
	routerAdvertisement   = 134
	neighborSolicitation  = 135
	neighborAdvertisement = 136
)

// Options (RFC 4861 section 4.6).
const (
	sourceLink = 1
	targetLink = 2
)

// Discovery reads a message of neighbour discovery, from its ICMPv6 type on, that came from the address
// src in a frame from source; the caller has seen to it that its hop limit is 255. It reports false when
// the message proves nothing: duplicate address detection, no link-layer address, a proxy's or anycast
// answer, or one that is not the frame's.
func Discovery(b []byte, src netip.Addr, source MAC) (Claim, bool, error) {
	if len(b) < 8 {
		return Claim{}, false, ErrMalformed
	}
	c, want, own := Claim{Addr: src}, byte(sourceLink), true
	var at int
	switch b[0] {
	case routerSolicitation:
		at = 8
	case routerAdvertisement:
		at = 16
	case neighborSolicitation:
		at = 24
	case neighborAdvertisement:
		at, want = 24, targetLink
		own = b[4]&0x20 != 0 // the override flag, which proxies and anycast leave out (section 7.2.4)
	default:
		return Claim{}, false, nil
	}
	if len(b) < at {
		return Claim{}, false, ErrMalformed
	}
	switch b[0] {
	case routerAdvertisement:
		c.Router = binary.BigEndian.Uint16(b[6:]) != 0 // lifetime as a default router
	case neighborAdvertisement:
		c.Addr = netip.AddrFrom16([16]byte(b[8:24]))
	}
	mac, err := linkOption(b[at:], want)
	if err != nil {
		return Claim{}, false, err
	}
	c.MAC = mac
	return c, own && mac == source && mac.Host() && Owned(c.Addr), nil
}

// linkOption finds a link-layer address; the zero MAC when there is none. Options are as many as fit.
func linkOption(o []byte, want byte) (MAC, error) {
	var mac MAC
	for len(o) > 0 {
		if len(o) < 8 || o[1] == 0 || int(o[1])*8 > len(o) {
			return MAC{}, ErrMalformed
		}
		n := int(o[1]) * 8
		if o[0] == want && n == 8 {
			mac = MAC(o[2:8])
		}
		o = o[n:]
	}
	return mac, nil
}
