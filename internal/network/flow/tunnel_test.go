package flow

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/cordon-trust/cordon/internal/network/capture"
)

// ether is an Ethernet frame, ipv4Packet an IPv4 packet and udpPacket a datagram in one, byte by byte.
func ether(typ uint16, body ...byte) []byte {
	b := append([]byte{2, 0, 0, 0, 0, 1}, 2, 0, 0, 0, 0, 2)
	return append(binary.BigEndian.AppendUint16(b, typ), body...)
}

func ipv4Packet(proto byte, body ...byte) []byte {
	b := []byte{0x45, 0, 0, 0, 0, 1, 0, 0, 64, proto, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)+len(body)))
	return append(b, body...)
}

func ipv6Packet(proto, hops byte, body ...byte) []byte {
	b := []byte{0x60, 0, 0, 0, 0, 0, proto, hops}
	binary.BigEndian.PutUint16(b[4:], uint16(len(body)))
	b = append(b, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
	b = append(b, 0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2)
	return append(b, body...)
}

func udpPacket(from, to uint16, payload ...byte) []byte {
	be := binary.BigEndian
	b := be.AppendUint16(be.AppendUint16(nil, from), to)
	b = be.AppendUint16(be.AppendUint16(b, uint16(8+len(payload))), 0)
	return ipv4Packet(protoUDP, append(b, payload...)...)
}

// inner is a frame in a tunnel, which must not be taken for one outside.
func inner(head ...byte) []byte {
	return append(head, ether(typeIPv4, ipv4Packet(protoTCP, make([]byte, 20)...)...)...)
}

// Each encapsulation that is not opened is named and counted, and nothing in it is read.
func TestTunnels(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   []byte
		want Encap
	}{
		"MPLS":            {ether(0x8847, inner(0, 1, 0x41, 64)...), EncapMPLS},
		"MPLS multicast":  {ether(0x8848, inner(0, 1, 0x41, 64)...), EncapMPLS},
		"MPLS in IP":      {ether(typeIPv4, ipv4Packet(137, inner(0, 1, 0x41, 64)...)...), EncapMPLS},
		"PPPoE":           {ether(0x8864, 0x11, 0, 0, 1, 0, 30, 0, 0x21), EncapPPPoE},
		"GRE":             {ether(typeIPv4, ipv4Packet(47, append([]byte{0, 0, 8, 0}, ipv4Packet(protoTCP, make([]byte, 20)...)...)...)...), EncapGRE},
		"GRE with a key":  {ether(typeIPv4, ipv4Packet(47, inner(0x20, 0, 0x65, 0x58, 0, 0, 0, 9)...)...), EncapGRE},
		"ERSPAN II":       {ether(typeIPv4, ipv4Packet(47, inner(0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 0, 0, 1, 0, 0, 0, 0)...)...), EncapERSPAN},
		"ERSPAN III":      {ether(typeIPv4, ipv4Packet(47, inner(0x10, 0, 0x22, 0xeb, 0, 0, 0, 1)...)...), EncapERSPAN},
		"IP in IP":        {ether(typeIPv4, ipv4Packet(4, ipv4Packet(protoTCP, make([]byte, 20)...)...)...), EncapIPIP},
		"IPv6 in IP":      {ether(typeIPv4, ipv4Packet(41, ipv6Packet(protoTCP, 64, make([]byte, 20)...)...)...), EncapIPIP},
		"ESP":             {ether(typeIPv4, ipv4Packet(50, make([]byte, 40)...)...), EncapIPsec},
		"AH":              {ether(typeIPv4, ipv4Packet(51, make([]byte, 40)...)...), EncapIPsec},
		"ESP in IPv6":     {ether(typeIPv6, ipv6Packet(50, 64, make([]byte, 40)...)...), EncapIPsec},
		"ESP in UDP":      {ether(typeIPv4, udpPacket(4500, 4500, 0xc0, 0, 0, 1, 0, 0, 0, 9, 1, 2)...), EncapIPsec},
		"VXLAN":           {ether(typeIPv4, udpPacket(50000, 4789, inner(8, 0, 0, 0, 0, 0, 7, 0)...)...), EncapVXLAN},
		"VXLAN, old port": {ether(typeIPv4, udpPacket(50000, 8472, inner(8, 0, 0, 0, 0, 0, 7, 0)...)...), EncapVXLAN},
		"VXLAN policy":    {ether(typeIPv4, udpPacket(50000, 4789, inner(0x88, 0, 0, 5, 0, 0, 7, 0)...)...), EncapVXLAN},
		"VXLAN-GPE":       {ether(typeIPv4, udpPacket(50000, 4790, inner(0x0c, 0, 0, 3, 0, 0, 7, 0)...)...), EncapVXLAN},
		"Geneve":          {ether(typeIPv4, udpPacket(50000, 6081, inner(2, 0, 0x65, 0x58, 0, 0, 7, 0)...)...), EncapGeneve},
		"GTP":             {ether(typeIPv4, udpPacket(2152, 2152, inner(0x30, 255, 0, 54, 0, 0, 0, 1)...)...), EncapGTP},
		"L2TP":            {ether(typeIPv4, udpPacket(1701, 1701, inner(0x40, 2, 0, 60, 0, 1, 0, 1)...)...), EncapL2TP},
		"L2TP, version 3": {ether(typeIPv4, udpPacket(1701, 1701, inner(0, 3, 0, 0, 0, 0, 0, 1)...)...), EncapL2TP},
		"L2TP in IP":      {ether(typeIPv4, ipv4Packet(115, inner(0, 0, 0, 1)...)...), EncapL2TP},
		"CAPWAP":          {ether(typeIPv4, udpPacket(50000, 5247, inner(0, 0x10, 2, 0, 0, 0, 0, 0)...)...), EncapCAPWAP},
		"CAPWAP in DTLS":  {ether(typeIPv4, udpPacket(50000, 5247, 1, 0, 0, 0, 23, 0xfe, 0xfd, 0, 1)...), EncapCAPWAP},
		"TZSP":            {ether(typeIPv4, udpPacket(50000, 37008, inner(1, 0, 0, 1, 1, 0, 0, 0)...)...), EncapTZSP},
		"MAC in MAC":      {ether(0x88e7, inner(0, 0, 0, 7)...), EncapPBB},
		"TRILL":           {ether(0x22f3, inner(0, 0, 0, 7, 0, 1)...), EncapPBB},
		"MACsec":          {ether(0x88e5, make([]byte, 40)...), EncapMACsec},
		"NSH":             {ether(0x894f, inner(0, 6, 1, 3, 0, 0, 1, 255)...), EncapNSH},
		"VXLAN in a VLAN": {ether(typeVLAN, append([]byte{0, 7, 8, 0}, udpPacket(50000, 4789, inner(8, 0, 0, 0, 0, 0, 7, 0)...)...)...), EncapVXLAN},
	} {
		layer, d := decode(c.in, 0, capture.LinkEthernet)
		want := Counts{}
		want.Encapsulated[c.want] = 1
		if layer != None || *d.Counts != want {
			t.Errorf("%s: layer %d, %+v, want one of %s", name, layer, *d.Counts, c.want)
		}
	}
	seen := map[string]bool{}
	for e := range EncapCount {
		if n := e.String(); n == "" || seen[n] {
			t.Errorf("encapsulation %d is called %q", e, n)
		} else {
			seen[n] = true
		}
	}
}

// A client that was given the number of a tunnel's port as its own is read.
func TestNoTunnels(t *testing.T) {
	t.Parallel()
	block := append([]byte{0, 3, 0, 1}, make([]byte, 512)...) // of TFTP, the answer to a request from that port
	dns := append([]byte{8, 0, 0x81, 0x80, 0, 1, 0, 0}, make([]byte, 30)...)
	for _, port := range []uint16{portL2TP, portGTP, portNATT, portVXLAN, portVXLANGPE, portCAPWAP, portGeneve, portVXLANOld, portTZSP} {
		for name, in := range map[string][]byte{
			"tftp": ether(typeIPv4, udpPacket(50001, port, block...)...), "dns": ether(typeIPv4, udpPacket(53, port, dns...)...),
			"short": ether(typeIPv4, udpPacket(50001, port, 8, 0, 0)...), "ike": ether(typeIPv4, udpPacket(4500, port, make([]byte, 30)...)...),
		} {
			if layer, d := decode(in, 0, capture.LinkEthernet); layer != UDP || *d.Counts != (Counts{}) {
				t.Errorf("%s to port %d: layer %d, %+v", name, port, layer, *d.Counts)
			}
		}
	}
}

func TestLocal(t *testing.T) {
	t.Parallel()
	ns := append([]byte{135, 0, 0, 0, 0, 0, 0, 0}, make([]byte, 16)...)
	sum := func(b []byte) []byte {
		pkt := ipv6Packet(protoICMPv6, 255)
		b = slices.Clone(b)
		binary.BigEndian.PutUint16(b[2:], ^fold(onesSum(b)+pseudoSum(pkt[8:40], protoICMPv6)+uint32(len(b))))
		return b
	}
	good := sum(ns)
	wrong := slices.Clone(good)
	wrong[3] ^= 1
	echo := sum([]byte{128, 0, 0, 0, 0, 1, 0, 1})
	code := slices.Clone(ns)
	code[1] = 1
	frag := append([]byte{protoICMPv6, 0, 0, 1, 0, 0, 0, 7}, good[:16]...)
	last := append([]byte{protoICMPv6, 0, 0, 16, 0, 0, 0, 7}, good[16:]...)
	for name, c := range map[string]struct {
		in   []byte
		wire int
		want Layer
		n    Counts
	}{
		"ARP":                {in: ether(typeARP, make([]byte, 28)...), want: ARP},
		"ARP in a VLAN":      {in: ether(typeVLAN, append([]byte{0, 7, 8, 6}, make([]byte, 28)...)...), want: ARP},
		"ARP, cut":           {in: ether(typeARP), wire: 60, want: ARP},
		"solicitation":       {in: ether(typeIPv6, ipv6Packet(protoICMPv6, 255, good...)...), want: Discovery},
		"solicitation, cut":  {in: ether(typeIPv6, ipv6Packet(protoICMPv6, 255, good...)...)[:14+40+12], wire: 78, want: Discovery, n: Counts{Cut: 1}},
		"over a router":      {in: ether(typeIPv6, ipv6Packet(protoICMPv6, 254, good...)...), n: Counts{OtherIP: 1}},
		"another code":       {in: ether(typeIPv6, ipv6Packet(protoICMPv6, 255, sum(code)...)...), n: Counts{OtherIP: 1}},
		"wrong checksum":     {in: ether(typeIPv6, ipv6Packet(protoICMPv6, 255, wrong...)...), n: Counts{WrongDrop: 1}},
		"echo":               {in: ether(typeIPv6, ipv6Packet(protoICMPv6, 255, echo...)...), n: Counts{OtherIP: 1}},
		"too short for ICMP": {in: ether(typeIPv6, ipv6Packet(protoICMPv6, 255, 135, 0, 0)...), n: Counts{Short: 1}},
	} {
		layer, d := decode(c.in, c.wire, capture.LinkEthernet)
		if layer != c.want || *d.Counts != c.n {
			t.Errorf("%s: layer %d, %+v", name, layer, *d.Counts)
		}
	}
	d := Decoder{Counts: &Counts{}}
	for _, b := range [][]byte{frag, last} {
		in := ether(typeIPv6, ipv6Packet(protoFrag, 255, b...)...)
		if layer := d.Frame(&capture.Packet{Data: in, Wire: len(in), Link: capture.LinkEthernet}); layer != None {
			t.Errorf("a fragmented solicitation is layer %d", layer)
		}
	}
	if d.Counts.OtherIP != 1 || d.Counts.Fragments != 2 {
		t.Errorf("a fragmented solicitation: %+v", *d.Counts)
	}
}

func TestLinkSource(t *testing.T) {
	t.Parallel()
	mac := [6]byte{2, 1, 2, 3, 4, 5}
	cooked := []byte{0, 0, 0, 1, 0, 6, 2, 1, 2, 3, 4, 5, 0, 0, 8, 6}
	cooked2 := []byte{8, 6, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 2, 1, 2, 3, 4, 5, 0, 0}
	for name, c := range map[string]struct {
		in   []byte
		link capture.Link
		ok   bool
	}{
		"Ethernet":          {[]byte{9, 9, 9, 9, 9, 9, 2, 1, 2, 3, 4, 5, 8, 0}, capture.LinkEthernet, true},
		"Ethernet, cut":     {make([]byte, 11), capture.LinkEthernet, false},
		"cooked":            {cooked, capture.LinkCooked, true},
		"cooked, cut":       {cooked[:8], capture.LinkCooked, false},
		"cooked, no MAC":    {append([]byte{0, 0, 3, 4, 0, 0}, make([]byte, 10)...), capture.LinkCooked, false},
		"cooked 2":          {cooked2, capture.LinkCooked2, true},
		"cooked 2, 8 bytes": {append(slices.Clone(cooked2[:11]), append([]byte{8}, cooked2[12:]...)...), capture.LinkCooked2, false},
		"raw IP":            {make([]byte, 60), capture.LinkRaw, false},
		"nothing":           {nil, capture.LinkCooked2, false},
	} {
		got, ok := LinkSource(&capture.Packet{Data: c.in, Link: c.link})
		if ok != c.ok || ok && got != mac {
			t.Errorf("%s: %v, %v", name, got, ok)
		}
	}
}
