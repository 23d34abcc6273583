package frame

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

const (
	protoUDP  = 17
	udpHeader = 8
)

// Datagram is one UDP datagram on its way from one host to another. It fits one frame: at most 1,472 bytes
// of payload over IPv4.
type Datagram struct {
	From, To         Host // either address may be the unspecified or the broadcast one
	FromPort, ToPort uint16
	Payload          []byte
	ID               uint16 // identification field of IPv4
	TTL              uint8
	Tags             Tags
}

// Broadcast is every host of a link.
func Broadcast() Host {
	return Host{MAC: [6]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, Addr: netip.AddrFrom4([4]byte{255, 255, 255, 255})}
}

// Append appends the frame to dst.
func (d *Datagram) Append(dst []byte) ([]byte, error) {
	switch size := ip4Header + udpHeader + len(d.Payload); {
	case !d.From.Addr.Is4() || !d.To.Addr.Is4():
		return dst, fmt.Errorf("datagram from %v to %v: both must be IPv4", d.From.Addr, d.To.Addr)
	case size > 1500:
		return dst, fmt.Errorf("payload of %d bytes, at most %d", len(d.Payload), 1500-ip4Header-udpHeader)
	}
	dst = append(dst, d.To.MAC[:]...)
	dst = append(dst, d.From.MAC[:]...)
	dst = d.Tags.append(dst)
	size := udpHeader + len(d.Payload)
	dst = appendIPv4(dst, d.From.Addr, d.To.Addr, ip4{id: d.ID, ttl: d.TTL, proto: protoUDP, size: size})
	at := len(dst)
	dst = binary.BigEndian.AppendUint16(dst, d.FromPort)
	dst = binary.BigEndian.AppendUint16(dst, d.ToPort)
	dst = binary.BigEndian.AppendUint16(dst, uint16(size))
	dst = append(dst, 0, 0)
	dst = append(dst, d.Payload...)
	pseudo := sum(0, d.From.Addr.AsSlice())
	pseudo = sum(pseudo, d.To.Addr.AsSlice()) + protoUDP + uint64(size)
	field := ^fold(sum(pseudo, dst[at:]))
	if field == 0 {
		field = 0xffff // zero means that there is none (RFC 768)
	}
	binary.BigEndian.PutUint16(dst[at+6:], field)
	return dst, nil
}
