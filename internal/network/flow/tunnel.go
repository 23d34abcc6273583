package flow

import "encoding/binary"

// The ports on which tunnels listen (IANA; 8472 is Linux's first choice for VXLAN, 37008 is TZSP's).
const (
	portL2TP     = 1701
	portGTP      = 2152
	portNATT     = 4500
	portVXLAN    = 4789
	portVXLANGPE = 4790
	portCAPWAP   = 5247
	portGeneve   = 6081
	portVXLANOld = 8472
	portTZSP     = 37008
)

// Protocol types in GRE that carry whole mirrored frames (draft-foschiano-erspan-03 section 4).
const (
	greERSPAN    = 0x88be
	greERSPANIII = 0x22eb
)

// gre tells a mirror that sends its frames in GRE from other uses of GRE (RFC 2784 section 2.1).
func (d *Decoder) gre(p *packet) Layer {
	if len(p.body) < 4 {
		return d.short()
	}
	switch binary.BigEndian.Uint16(p.body[2:]) {
	case greERSPAN, greERSPANIII:
		return d.encap(EncapERSPAN)
	}
	return d.encap(EncapGRE)
}

// tunnel names the encapsulation of a datagram, or returns EncapCount when it is none. A port alone does
// not tell, since any client may have been given that number: the first bytes must be those of the tunnel,
// and no well-known service answers from one.
func tunnel(from, to uint16, b []byte) Encap {
	if len(b) < 8 || from < 1024 {
		return EncapCount
	}
	e, is := EncapCount, false
	switch to {
	case portVXLAN, portVXLANOld: // RFC 7348 section 5: the I flag among reserved bits, and 8 at the end
		e, is = EncapVXLAN, b[0]&0x0f == 0x08 && b[7] == 0
	case portVXLANGPE: // draft-ietf-nvo3-vxlan-gpe section 3.1: version 0, the I flag
		e, is = EncapVXLAN, b[0]&0x38 == 0x08 && b[7] == 0
	case portGeneve: // RFC 8926 section 3.4: version 0, reserved bits and what is inside
		e, is = EncapGeneve, b[0]>>6 == 0 && b[1]&0x3f == 0 && b[7] == 0 && binary.BigEndian.Uint16(b[2:]) != 0
	case portGTP: // 3GPP TS 29.281 section 5.1: version 1, GTP, a G-PDU
		e, is = EncapGTP, b[0]>>4 == 3 && b[1] == 255
	case portL2TP: // RFC 2661 section 3.1, and RFC 3931 section 4.1.2 where both ends use the port
		e, is = EncapL2TP, b[0]&0x34 == 0 && (b[1] == 2 || b[1] == 3 && from == portL2TP)
	case portNATT: // RFC 3948 section 2: a key exchange begins with four zero bytes
		e, is = EncapIPsec, from == portNATT && binary.BigEndian.Uint32(b) != 0
	case portCAPWAP: // RFC 5415 section 4.1: version 0, a header of its own or DTLS
		e, is = EncapCAPWAP, b[0] == 0 && b[1]>>3 >= 2 || binary.BigEndian.Uint32(b) == 1<<24
	case portTZSP: // version 1, a received or sent frame, Ethernet
		e, is = EncapTZSP, b[0] == 1 && b[1] <= 1 && b[2] == 0 && b[3] == 1
	}
	if !is {
		return EncapCount
	}
	return e
}
