package flow

import (
	"encoding/binary"

	"github.com/cordon-trust/cordon/internal/network/capture"
)

// plain opens at once what nearly all frames are: untagged Ethernet, IPv4 without options and not a fragment,
// its header sound, TCP, all of it captured. It reports false, and changes nothing, when a frame is anything
// else; the long way then leads to the same for these frames, layer by layer.
func (d *Decoder) plain(p *capture.Packet) bool {
	const link, ip = 14, 20
	if p.Link != capture.LinkEthernet || len(p.Data) < link+2*ip {
		return false
	}
	h := (*[link + 2*ip]byte)(p.Data)
	total := int(h[16])<<8 | int(h[17])
	if h[12] != typeIPv4>>8 || h[13] != typeIPv4&0xff || h[14] != 0x45 || h[23] != protoTCP ||
		h[20]&0x3f|h[21] != 0 || total > len(p.Data)-link {
		return false
	}
	head, wire := int(h[46]>>4)*4, total-ip
	if head < 20 || head > wire || h[24]|h[25] != 0 && !goodHead(h[link:link+ip]) {
		return false
	}
	s, b := &d.Seg, p.Data[link+ip:link+total]
	s.Time, s.Src, s.Dst = p.Time, addr4(h[26:30]), addr4(h[30:34])
	s.ID = uint32(binary.BigEndian.Uint16(h[18:20]))
	s.SrcPort, s.DstPort = binary.BigEndian.Uint16(h[34:36]), binary.BigEndian.Uint16(h[36:38])
	s.Seq, s.Ack = binary.BigEndian.Uint32(h[38:42]), binary.BigEndian.Uint32(h[42:46])
	s.Flags, s.Window, s.Field = h[47], binary.BigEndian.Uint16(h[48:50]), binary.BigEndian.Uint16(h[50:52])
	s.Payload, s.Wire, s.Copied = b[head:], wire-head, false
	s.Sum = check(b, pseudoOf(s.Src, s.Dst, protoTCP), fieldTCP)
	return true
}
