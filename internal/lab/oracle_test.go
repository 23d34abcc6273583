package lab_test

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// sight is one TCP segment as gopacket read it.
type sight struct {
	at       time.Time
	from, to netip.AddrPort
	tcp      layers.TCP
	ttl      uint8
	vlan     []uint16
	whole    int  // length of the frame before it was cut
	wrong    bool // its checksum is
}

func (s sight) flow() [2]netip.AddrPort { return [2]netip.AddrPort{s.from, s.to} }

// sights decodes the frames of a classic capture with gopacket and lets nothing pass whose checksum is wrong, unless lax.
func sights(t *testing.T, capture []byte, lax bool) (out []sight, frames int) {
	t.Helper()
	le := binary.LittleEndian
	if len(capture) < 24 || le.Uint32(capture) != 0xa1b2c3d4 || le.Uint32(capture[20:]) != 1 {
		t.Fatalf("not a classic capture of Ethernet: % x", capture[:min(24, len(capture))])
	}
	var last time.Time
	for rest := capture[24:]; len(rest) > 0; {
		at := time.Unix(int64(le.Uint32(rest)), int64(le.Uint32(rest[4:]))*1000).UTC()
		kept, whole := int(le.Uint32(rest[8:])), int(le.Uint32(rest[12:]))
		data := rest[16 : 16+kept]
		rest = rest[16+kept:]
		frames++
		if at.Before(last) {
			t.Fatalf("frame %d was seen at %v, before %v", frames, at, last)
		}
		last = at
		p := gopacket.NewPacket(data, layers.LayerTypeEthernet, gopacket.DecodeOptions{NoCopy: true})
		if tcp, ok := p.TransportLayer().(*layers.TCP); ok {
			if err := tcp.SetNetworkLayerForChecksum(p.NetworkLayer()); err != nil {
				t.Fatal(err)
			}
		}
		err, bad := p.VerifyChecksums()
		if !lax && (err != nil || len(bad) != 0) {
			t.Fatalf("frame %d has wrong checksums %v, %v", frames, bad, err)
		}
		if s, ok := see(p); ok {
			s.at, s.whole, s.wrong = at, whole, len(bad) != 0
			out = append(out, s)
		}
	}
	return out, frames
}

func see(p gopacket.Packet) (sight, bool) {
	tcp, ok := p.Layer(layers.LayerTypeTCP).(*layers.TCP)
	if !ok {
		return sight{}, false
	}
	s := sight{tcp: *tcp}
	from, to := p.NetworkLayer().NetworkFlow().Endpoints()
	a, _ := netip.AddrFromSlice(from.Raw())
	b, _ := netip.AddrFromSlice(to.Raw())
	s.from, s.to = netip.AddrPortFrom(a, uint16(tcp.SrcPort)), netip.AddrPortFrom(b, uint16(tcp.DstPort))
	if ip, ok := p.NetworkLayer().(*layers.IPv4); ok {
		s.ttl = ip.TTL
	}
	for _, l := range p.Layers() {
		if tag, ok := l.(*layers.Dot1Q); ok {
			s.vlan = append(s.vlan, tag.VLANIdentifier)
		}
	}
	return s, true
}

// stream is one direction put together again, first bytes first, with a mark for what was seen.
type stream struct {
	data   []byte
	seen   []bool
	differ int // bytes that came again with other content
}

// assemble puts every direction together by sequence numbers alone. The stream begins after SYN, or with
// the lowest number where no SYN was seen.
func assemble(all []sight) map[[2]netip.AddrPort]*stream {
	base := map[[2]netip.AddrPort]uint32{}
	for _, s := range all {
		at, known := base[s.flow()]
		switch {
		case s.tcp.SYN:
			base[s.flow()] = s.tcp.Seq + 1
		case len(s.tcp.Payload) > 0 && (!known || int32(s.tcp.Seq-at) < 0):
			base[s.flow()] = s.tcp.Seq
		}
	}
	out := map[[2]netip.AddrPort]*stream{}
	for _, s := range all {
		if out[s.flow()] == nil {
			out[s.flow()] = &stream{}
		}
		out[s.flow()].put(int(s.tcp.Seq-base[s.flow()]), s.tcp.Payload)
	}
	return out
}

func (s *stream) put(at int, p []byte) {
	if len(p) == 0 {
		return
	}
	for len(s.data) < at+len(p) {
		s.data, s.seen = append(s.data, 0), append(s.seen, false)
	}
	for i, b := range p {
		switch {
		case !s.seen[at+i]:
			s.data[at+i], s.seen[at+i] = b, true
		case s.data[at+i] != b:
			s.differ++
		}
	}
}

// missing counts what was not seen of the last n bytes of a stream that is total bytes long.
func (s *stream) missing(total, n int) int {
	gone := 0
	for i := total - n; i < total; i++ {
		if i >= len(s.seen) || !s.seen[i] {
			gone++
		}
	}
	return gone
}
