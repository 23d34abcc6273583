// Package frame writes Ethernet frames and the capture files that hold them, byte by byte from the RFCs.
// It shares no code with the sensor that reads them: an oracle must not repeat the mistakes of what it tests.
//
// Most callers need [Segment.Append], which makes one frame with a TCP segment, and [New], whose File
// takes frames in the order of their times. It opens no socket and refuses a segment that no IP packet
// can carry.
package frame

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// EtherTypes and protocol numbers (IEEE 802, IANA).
const (
	typeIPv4  = 0x0800
	typeARP   = 0x0806
	typeVLAN  = 0x8100
	typeIPv6  = 0x86dd
	typeQinQ  = 0x88a8
	protoTCP  = 6
	tcpHeader = 20
	ip4Header = 20
)

// MaxPayload is what one TCP segment may carry, in bytes: an IPv4 packet of 65,535 bytes less both
// headers with 40 bytes of options. Whole packets of that size are seen where the network card merges segments.
const MaxPayload = 65535 - ip4Header - tcpHeader - 40

// TCP flags (RFC 9293 section 3.1).
const (
	FIN uint8 = 1 << iota
	SYN
	RST
	PSH
	ACK
)

// Host is one end of a link.
type Host struct {
	MAC  [6]byte
	Addr netip.Addr // IPv4 or IPv6
}

// HostAt returns the host at addr with a locally administered MAC made from the address.
func HostAt(addr netip.Addr) Host {
	h := Host{Addr: addr, MAC: [6]byte{0x02, 0xc0}}
	raw := addr.AsSlice()
	if len(raw) >= 4 {
		copy(h.MAC[2:], raw[len(raw)-4:])
	}
	return h
}

// Tags are the VLAN tags of a frame; a zero identifier means no tag.
type Tags struct {
	Outer uint16 // service tag (IEEE 802.1ad), 12 bits
	Inner uint16 // customer tag (IEEE 802.1Q), 12 bits
}

// Sum says what stands in the checksum field of TCP.
type Sum uint8

// What is found in checksum fields: network cards fill them later, and addresses are rewritten on the way.
const (
	SumRight  Sum = iota // the checksum of RFC 9293
	SumPseudo            // the sum of the pseudo-header alone, as Linux leaves it for the card
	SumZero              // nothing
	SumWrong             // something that is none of these
)

// Segment is one TCP segment on its way from one host to another.
type Segment struct {
	From, To         Host
	FromPort, ToPort uint16
	Seq, Ack         uint32
	Flags            uint8
	Window           uint16
	Options          []byte // a multiple of 4 bytes, at most 40
	Payload          []byte // at most [MaxPayload]
	ID               uint16 // identification field of IPv4
	TTL              uint8  // or hop limit
	Tags             Tags
	Sum              Sum
}

// valid refuses what cannot be put into a frame.
func (s *Segment) valid() error {
	switch {
	case !s.From.Addr.IsValid() || s.From.Addr.Is4() != s.To.Addr.Is4() || s.From.Addr.Is4In6() || s.To.Addr.Is4In6():
		return fmt.Errorf("frame from %v to %v: both must be IPv4 or both IPv6", s.From.Addr, s.To.Addr)
	case len(s.Options)%4 != 0 || len(s.Options) > 40:
		return fmt.Errorf("%d bytes of TCP options: a multiple of 4, at most 40", len(s.Options))
	case len(s.Payload) > MaxPayload:
		return fmt.Errorf("payload of %d bytes, at most %d", len(s.Payload), MaxPayload)
	}
	return nil
}

// Append appends the frame to dst.
func (s *Segment) Append(dst []byte) ([]byte, error) {
	if err := s.valid(); err != nil {
		return dst, err
	}
	size := tcpHeader + len(s.Options) + len(s.Payload)
	dst = append(dst, s.To.MAC[:]...)
	dst = append(dst, s.From.MAC[:]...)
	dst = s.Tags.append(dst)
	if s.From.Addr.Is4() {
		dst = appendIPv4(dst, s.From.Addr, s.To.Addr, ip4{id: s.ID, ttl: s.TTL, proto: protoTCP, size: size})
	} else {
		dst = s.appendIPv6(dst, size)
	}
	return s.appendTCP(dst, size), nil
}

func (t Tags) append(dst []byte) []byte {
	if t.Outer != 0 {
		dst = binary.BigEndian.AppendUint16(dst, typeQinQ)
		dst = binary.BigEndian.AppendUint16(dst, t.Outer&0xfff)
	}
	if t.Inner != 0 {
		dst = binary.BigEndian.AppendUint16(dst, typeVLAN)
		dst = binary.BigEndian.AppendUint16(dst, t.Inner&0xfff)
	}
	return dst
}

// ip4 is what differs between the IPv4 headers of this package.
type ip4 struct {
	id    uint16
	ttl   uint8
	proto byte
	size  int // of what follows the header
}

// appendIPv4 appends the type and the header of RFC 791, with "don't fragment" as path MTU discovery sets it.
func appendIPv4(dst []byte, from, to netip.Addr, h ip4) []byte {
	dst = binary.BigEndian.AppendUint16(dst, typeIPv4)
	at := len(dst)
	dst = append(dst, 0x45, 0)
	dst = binary.BigEndian.AppendUint16(dst, uint16(ip4Header+h.size))
	dst = binary.BigEndian.AppendUint16(dst, h.id)
	dst = append(dst, 0x40, 0, h.ttl, h.proto, 0, 0)
	dst = append(dst, from.AsSlice()...)
	dst = append(dst, to.AsSlice()...)
	binary.BigEndian.PutUint16(dst[at+10:], ^fold(sum(0, dst[at:])))
	return dst
}

// appendIPv6 appends the type and the header of RFC 8200.
func (s *Segment) appendIPv6(dst []byte, size int) []byte {
	dst = binary.BigEndian.AppendUint16(dst, typeIPv6)
	dst = append(dst, 0x60, 0, 0, 0)
	dst = binary.BigEndian.AppendUint16(dst, uint16(size))
	dst = append(dst, protoTCP, s.TTL)
	dst = append(dst, s.From.Addr.AsSlice()...)
	return append(dst, s.To.Addr.AsSlice()...)
}

func (s *Segment) appendTCP(dst []byte, size int) []byte {
	at := len(dst)
	dst = binary.BigEndian.AppendUint16(dst, s.FromPort)
	dst = binary.BigEndian.AppendUint16(dst, s.ToPort)
	dst = binary.BigEndian.AppendUint32(dst, s.Seq)
	dst = binary.BigEndian.AppendUint32(dst, s.Ack)
	dst = append(dst, byte((tcpHeader+len(s.Options))/4)<<4, s.Flags)
	dst = binary.BigEndian.AppendUint16(dst, s.Window)
	dst = append(dst, 0, 0, 0, 0)
	dst = append(dst, s.Options...)
	dst = append(dst, s.Payload...)
	// The pseudo-header: RFC 9293 section 3.1 and RFC 8200 section 8.1 give the same sum.
	pseudo := sum(0, s.From.Addr.AsSlice())
	pseudo = sum(pseudo, s.To.Addr.AsSlice()) + protoTCP + uint64(size)
	var field uint16
	switch s.Sum {
	case SumRight:
		field = ^fold(sum(pseudo, dst[at:]))
	case SumPseudo:
		field = fold(pseudo)
	case SumWrong:
		right := ^fold(sum(pseudo, dst[at:]))
		field = right ^ 0x5555
		if field == 0 || field == fold(pseudo) {
			field = right ^ 0xaaaa
		}
	case SumZero:
	}
	binary.BigEndian.PutUint16(dst[at+16:], field)
	return dst
}

// AppendARP appends a request "who has the address of to, tell from" or, as a reply, "from is at its
// MAC" (RFC 826). Both hosts are IPv4.
func AppendARP(dst []byte, from, to Host, reply bool, tags Tags) ([]byte, error) {
	if !from.Addr.Is4() || !to.Addr.Is4() {
		return dst, fmt.Errorf("ARP from %v to %v: both must be IPv4", from.Addr, to.Addr)
	}
	link, target, operation := [6]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, [6]byte{}, byte(1)
	if reply {
		link, target, operation = to.MAC, to.MAC, 2
	}
	dst = append(dst, link[:]...)
	dst = append(dst, from.MAC[:]...)
	dst = tags.append(dst)
	dst = binary.BigEndian.AppendUint16(dst, typeARP)
	dst = append(dst, 0, 1, 0x08, 0, 6, 4, 0, operation)
	dst = append(dst, from.MAC[:]...)
	dst = append(dst, from.Addr.AsSlice()...)
	dst = append(dst, target[:]...)
	return append(dst, to.Addr.AsSlice()...), nil
}

// sum adds b to a ones' complement sum of 16-bit words that is folded later (RFC 1071). An odd last byte
// is padded, so only the last part of a message may be odd.
func sum(acc uint64, b []byte) uint64 {
	for len(b) >= 4 {
		acc += uint64(binary.BigEndian.Uint32(b))
		b = b[4:]
	}
	if len(b) >= 2 {
		acc += uint64(binary.BigEndian.Uint16(b))
		b = b[2:]
	}
	if len(b) == 1 {
		acc += uint64(b[0]) << 8
	}
	return acc
}

func fold(acc uint64) uint16 {
	for acc > 0xffff {
		acc = acc&0xffff + acc>>16
	}
	return uint16(acc)
}
