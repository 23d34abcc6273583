package flow

import "encoding/binary"

// IP protocol numbers.
const (
	protoHop   = 0
	protoIPIP  = 4
	protoTCP   = 6
	protoUDP   = 17
	protoIPv6  = 41
	protoRoute = 43
	protoFrag  = 44
	protoGRE   = 47
	protoESP   = 50
	protoAH    = 51
	protoDest  = 60

	protoICMPv6 = 58
	protoL2TP   = 115
	protoMPLS   = 137
)

// packet is what the transport layer needs of an IP packet.
type packet struct {
	src, dst Addr
	addrs    []byte // both addresses as sent
	id       uint32
	hops     uint8 // hop limit; IPv6 only
	badHead  bool  // IPv4 header checksum wrong and not zero
	cut      bool  // bytes of the payload were not captured
	copied   bool  // body lies in a buffer of the decoder, not in the frame
	wire     int   // length of the payload on the wire
	body     []byte
	time     int64
}

func (d *Decoder) ipv4(b []byte, cut int, t int64) Layer {
	if len(b) < 20 || b[0]>>4 != 4 {
		return d.short()
	}
	hl, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	if total == 0 {
		total = len(b) + cut // segmentation offload: the sending host had yet to fill it in
	}
	if hl < 20 || hl > len(b) || total < hl {
		return d.short()
	}
	if total > len(b) && cut == 0 {
		return d.short() // the frame is whole and shorter than the packet claims
	}
	p := packet{
		src: addr4(b[12:]), dst: addr4(b[16:]), addrs: b[12:20], id: uint32(binary.BigEndian.Uint16(b[4:])),
		cut: total > len(b), wire: total - hl, body: b[hl:min(total, len(b))], time: t,
	}
	field := binary.BigEndian.Uint16(b[10:])
	p.badHead = field != 0 && (hl != 20 || !goodHead(b)) && fold(onesSum(b[:hl])) != 0xffff
	proto := b[9]
	if frag := binary.BigEndian.Uint16(b[6:]); frag&0x3fff != 0 {
		d.Counts.Fragments++
		if !d.fragment(&p, proto, int(frag&0x1fff)*8, frag&0x2000 != 0) {
			return None
		}
	}
	return d.transport(&p, proto)
}

func (d *Decoder) ipv6(b []byte, cut int, t int64) Layer {
	if len(b) < 40 || b[0]>>4 != 6 {
		return d.short()
	}
	n := int(binary.BigEndian.Uint16(b[4:]))
	if n == 0 {
		n = len(b) + cut - 40 // jumbogram or offload
	}
	if 40+n > len(b) && cut == 0 {
		return d.short()
	}
	p := packet{
		src: addr16(b[8:]), dst: addr16(b[24:]), addrs: b[8:40], hops: b[7],
		cut: 40+n > len(b), wire: n, body: b[40:min(40+n, len(b))], time: t,
	}
	proto := b[6]
	for range maxHeaders {
		switch proto {
		case protoHop, protoRoute, protoDest, protoAH, protoFrag:
			next, ok := d.extension(&p, proto)
			if !ok {
				return None
			}
			proto = next
		default:
			return d.transport(&p, proto)
		}
	}
	return d.short()
}

// extension steps over one IPv6 extension header (RFC 8200 section 4).
func (d *Decoder) extension(p *packet, proto byte) (byte, bool) {
	if len(p.body) < 8 {
		d.Counts.Short++
		return 0, false
	}
	next, n := p.body[0], 8+int(p.body[1])*8
	switch proto {
	case protoAH:
		n = 8 + int(p.body[1])*4
	case protoFrag:
		n = 8
	}
	if n > len(p.body) {
		d.Counts.Short++
		return 0, false
	}
	at := binary.BigEndian.Uint16(p.body[2:])
	id := binary.BigEndian.Uint32(p.body[4:])
	p.body, p.wire = p.body[n:], p.wire-n
	if proto == protoFrag && at&0xfff9 != 0 { // an atomic fragment is a whole packet (RFC 6946)
		p.id = id
		d.Counts.Fragments++
		return next, d.fragment(p, next, int(at&0xfff8), at&1 != 0)
	}
	return next, true
}

func (d *Decoder) transport(p *packet, proto byte) Layer {
	if p.cut {
		d.Counts.Cut++
	}
	switch proto {
	case protoTCP:
		return d.tcp(p)
	case protoUDP:
		return d.udp(p)
	case protoGRE:
		return d.gre(p)
	case protoIPIP, protoIPv6:
		return d.encap(EncapIPIP)
	case protoESP, protoAH: // in IPv6 an authentication header has been stepped over
		return d.encap(EncapIPsec)
	case protoMPLS:
		return d.encap(EncapMPLS)
	case protoL2TP:
		return d.encap(EncapL2TP)
	case protoICMPv6:
		return d.discovery(p)
	}
	d.Counts.OtherIP++
	return None
}

func (d *Decoder) tcp(p *packet) Layer {
	b := p.body
	if len(b) < 20 {
		return d.short()
	}
	hl := int(b[12]>>4) * 4
	if hl < 20 || hl > p.wire {
		return d.short()
	}
	s := &d.Seg
	s.Time, s.Src, s.Dst, s.ID = p.time, p.src, p.dst, p.id
	s.SrcPort, s.DstPort = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	s.Seq, s.Ack = binary.BigEndian.Uint32(b[4:]), binary.BigEndian.Uint32(b[8:])
	s.Flags, s.Window, s.Field = b[13], binary.BigEndian.Uint16(b[14:]), binary.BigEndian.Uint16(b[16:])
	s.Payload, s.Wire, s.Copied = b[min(hl, len(b)):], p.wire-hl, p.copied
	switch {
	case p.cut:
		s.Sum = SumUnknown
	case p.badHead:
		s.Sum = SumWrong
	default:
		s.Sum = check(b, pseudoOf(p.src, p.dst, protoTCP), fieldTCP)
	}
	return TCP
}

func (d *Decoder) udp(p *packet) Layer {
	b := p.body
	if len(b) < 8 {
		return d.short()
	}
	n := int(binary.BigEndian.Uint16(b[4:]))
	if n == 0 {
		n = p.wire
	}
	if n < 8 || n > p.wire {
		return d.short()
	}
	g := &d.Gram
	g.Time, g.Src, g.Dst = p.time, p.src, p.dst
	g.SrcPort, g.DstPort = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	g.Payload, g.Wire = b[8:min(n, len(b))], n-8
	if e := tunnel(g.SrcPort, g.DstPort, g.Payload); e != EncapCount {
		return d.encap(e)
	}
	g.whole, g.addrs, g.id, g.badHead = b[:min(n, len(b))], p.addrs, p.id, p.badHead
	return UDP
}
