package frame_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/cordon-trust/cordon/internal/lab/frame"
)

func host(s string) frame.Host { return frame.HostAt(netip.MustParseAddr(s)) }

func example(from, to string, payload string) frame.Segment {
	return frame.Segment{
		From: host(from), To: host(to), FromPort: 40001, ToPort: 80, Seq: 0xfffffff0, Ack: 77,
		Flags: frame.ACK | frame.PSH, Window: 501, Payload: []byte(payload), ID: 9, TTL: 64,
	}
}

// gopacket reads back what was written, and agrees with every checksum.
func TestSegmentsReadBack(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*frame.Segment){
		"plain":   func(*frame.Segment) {},
		"empty":   func(s *frame.Segment) { s.Payload = nil },
		"odd":     func(s *frame.Segment) { s.Payload = []byte("odd") },
		"options": func(s *frame.Segment) { s.Options = []byte{1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2} },
		"tagged":  func(s *frame.Segment) { s.Tags.Inner = 30 },
		"qinq":    func(s *frame.Segment) { s.Tags = frame.Tags{Outer: 7, Inner: 4095} },
		"large":   func(s *frame.Segment) { s.Payload = bytes.Repeat([]byte{0xff, 0xfe}, frame.MaxPayload/2) },
		"v6": func(s *frame.Segment) {
			s.From, s.To = host("fd00::1"), host("fd00::200")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := example("10.0.0.10", "10.0.0.200", "hello")
			change(&want)
			raw, err := want.Append(nil)
			if err != nil {
				t.Fatal(err)
			}
			p := decode(t, raw)
			if err, bad := p.VerifyChecksums(); err != nil || len(bad) != 0 || p.ErrorLayer() != nil {
				t.Fatalf("checksums %v, %v; %v", bad, err, p.ErrorLayer())
			}
			if diff := cmp.Diff(want, readBack(t, p), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func decode(t *testing.T, raw []byte) gopacket.Packet {
	t.Helper()
	p := gopacket.NewPacket(raw, layers.LayerTypeEthernet, gopacket.Default)
	if tcp, ok := p.TransportLayer().(*layers.TCP); ok {
		if err := tcp.SetNetworkLayerForChecksum(p.NetworkLayer()); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// readBack fills a segment from what gopacket understood.
func readBack(t *testing.T, p gopacket.Packet) frame.Segment {
	t.Helper()
	eth, _ := p.Layer(layers.LayerTypeEthernet).(*layers.Ethernet)
	tcp, _ := p.Layer(layers.LayerTypeTCP).(*layers.TCP)
	if eth == nil || tcp == nil {
		t.Fatalf("no Ethernet or TCP in %v", p)
	}
	s := frame.Segment{
		FromPort: uint16(tcp.SrcPort), ToPort: uint16(tcp.DstPort), Seq: tcp.Seq, Ack: tcp.Ack, Window: tcp.Window,
		Flags: tcp.Contents[13], ID: 9, // IPv6 has no identification
	}
	if len(tcp.Payload) > 0 {
		s.Payload = tcp.Payload
	}
	if len(tcp.Contents) > 20 {
		s.Options = tcp.Contents[20:]
	}
	switch ip := p.NetworkLayer().(type) {
	case *layers.IPv4:
		s.From.Addr, _ = netip.AddrFromSlice(ip.SrcIP)
		s.To.Addr, _ = netip.AddrFromSlice(ip.DstIP)
		s.TTL, s.ID = ip.TTL, ip.Id
	case *layers.IPv6:
		s.From.Addr, _ = netip.AddrFromSlice(ip.SrcIP)
		s.To.Addr, _ = netip.AddrFromSlice(ip.DstIP)
		s.TTL = ip.HopLimit
	}
	copy(s.From.MAC[:], eth.SrcMAC)
	copy(s.To.MAC[:], eth.DstMAC)
	for _, l := range p.Layers() {
		tag, ok := l.(*layers.Dot1Q)
		switch {
		case !ok:
		case eth.EthernetType == layers.EthernetTypeQinQ && s.Tags.Outer == 0:
			s.Tags.Outer = tag.VLANIdentifier
		default:
			s.Tags.Inner = tag.VLANIdentifier
		}
	}
	return s
}

// What a network card has not filled yet: the sum of the pseudo-header, or nothing; and what is plainly wrong.
func TestUnfilledChecksums(t *testing.T) {
	t.Parallel()
	for sum, want := range map[frame.Sum]uint16{frame.SumZero: 0, frame.SumPseudo: 0x14f1, frame.SumWrong: 0xed0a} {
		s := example("10.0.0.10", "10.0.0.200", "hello")
		s.Sum = sum
		raw, err := s.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		p := decode(t, raw)
		tcp, _ := p.Layer(layers.LayerTypeTCP).(*layers.TCP)
		if tcp == nil || tcp.Checksum != want {
			t.Errorf("sum %d: field %#x, want %#x", sum, tcp.Checksum, want)
		}
		if _, bad := p.VerifyChecksums(); len(bad) != 1 {
			t.Errorf("sum %d: %d wrong checksums, want that of TCP alone", sum, len(bad))
		}
	}
}

func TestSegmentsRefused(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*frame.Segment){
		"both IPv6":    func(s *frame.Segment) { s.To = host("fd00::1") },
		"multiple":     func(s *frame.Segment) { s.Options = make([]byte, 3) },
		"at most 40":   func(s *frame.Segment) { s.Options = make([]byte, 44) },
		"payload of":   func(s *frame.Segment) { s.Payload = make([]byte, frame.MaxPayload+1) },
		"invalid IP":   func(s *frame.Segment) { s.From = frame.Host{} },
		"::ffff:1.2.3": func(s *frame.Segment) { s.From, s.To = host("::ffff:1.2.3.4"), host("::1") },
	} {
		s := example("10.0.0.10", "10.0.0.200", "hello")
		change(&s)
		if raw, err := s.Append(nil); err == nil || !strings.Contains(err.Error(), want) || raw != nil {
			t.Errorf("%q: error %v with %d bytes", want, err, len(raw))
		}
	}
}

func TestARP(t *testing.T) {
	t.Parallel()
	a, b := host("10.0.0.10"), host("10.0.0.200")
	for _, c := range []struct {
		reply bool
		to    string
		op    uint16
	}{{false, "ff:ff:ff:ff:ff:ff", layers.ARPRequest}, {true, "02:c0:0a:00:00:c8", layers.ARPReply}} {
		raw, err := frame.AppendARP(nil, a, b, c.reply, frame.Tags{Inner: 4})
		if err != nil {
			t.Fatal(err)
		}
		p := gopacket.NewPacket(raw, layers.LayerTypeEthernet, gopacket.Default)
		eth, _ := p.Layer(layers.LayerTypeEthernet).(*layers.Ethernet)
		arp, _ := p.Layer(layers.LayerTypeARP).(*layers.ARP)
		if arp == nil || arp.Operation != c.op || eth.DstMAC.String() != c.to ||
			!bytes.Equal(arp.SourceHwAddress, a.MAC[:]) || !bytes.Equal(arp.SourceProtAddress, []byte{10, 0, 0, 10}) ||
			!bytes.Equal(arp.DstProtAddress, []byte{10, 0, 0, 200}) {
			t.Errorf("reply %v: %v %v", c.reply, eth, arp)
		}
	}
	if _, err := frame.AppendARP(nil, a, host("::1"), false, frame.Tags{}); err == nil {
		t.Error("ARP for IPv6")
	}
}

// The files hold what their specifications say, field by field.
func TestFiles(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 5, 8, 0, 0, 123456789, time.UTC)
	sizes := []int{60, 61, 62, 63, 90, 91, 1514}
	for format, read := range map[frame.Format]func(*testing.T, []byte) []record{frame.Pcap: classic, frame.PcapNano: classic, frame.PcapNG: blocks} {
		var out bytes.Buffer
		f, err := frame.New(&out, format, 90)
		if err != nil {
			t.Fatal(err)
		}
		var want []record
		for i, n := range sizes {
			seen, raw := at.Add(time.Duration(i)*time.Second), bytes.Repeat([]byte{byte(i)}, n)
			if err := f.Write(seen, raw); err != nil {
				t.Fatal(err)
			}
			if format == frame.Pcap {
				seen = seen.Truncate(time.Microsecond)
			}
			want = append(want, record{seen, raw[:min(n, 90)], n})
		}
		if err := f.Flush(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, read(t, out.Bytes())); diff != "" {
			t.Errorf("format %d: %s", format, diff)
		}
		if f.Frames() != 7 || f.Bytes() != 60+61+62+63+3*90 || f.Snap() != 90 {
			t.Errorf("format %d: counted %d frames, %d bytes", format, f.Frames(), f.Bytes())
		}
	}
}

type record struct {
	At    time.Time
	Kept  []byte
	Whole int
}

// classic reads a file as tcpdump has always written it.
func classic(t *testing.T, b []byte) (out []record) {
	t.Helper()
	u32 := func(at int) int { return int(binary.LittleEndian.Uint32(b[at:])) }
	unit := map[int]int{0xa1b2c3d4: 1000, 0xa1b23c4d: 1}[u32(0)]
	if unit == 0 || u32(4) != 4<<16|2 || u32(8) != 0 || u32(12) != 0 || u32(16) != 90 || u32(20) != 1 {
		t.Fatalf("header % x", b[:24])
	}
	for at := 24; at < len(b); at += 16 + u32(at+8) {
		out = append(out, record{time.Unix(int64(u32(at)), int64(u32(at+4)*unit)).UTC(), b[at+16 : at+16+u32(at+8)], u32(at + 12)})
	}
	return out
}

// blocks reads a file of one section and one interface by draft-ietf-opsawg-pcapng.
func blocks(t *testing.T, b []byte) (out []record) {
	t.Helper()
	u32 := func(at int) int { return int(binary.LittleEndian.Uint32(b[at:])) }
	for at, n := 0, 0; at < len(b); at, n = at+u32(at+4), n+1 {
		size := u32(at + 4)
		if size%4 != 0 || u32(at+size-4) != size {
			t.Fatalf("block at %d is of %d bytes, its end says %d", at, size, u32(at+size-4))
		}
		switch kind := u32(at); {
		case n == 0:
			if kind != 0x0a0d0d0a || u32(at+8) != 0x1a2b3c4d || u32(at+12) != 1 {
				t.Fatalf("section header % x", b[at:at+size])
			}
		case n == 1:
			// Link type 1, snap length, option 9 of one byte (nanoseconds), end of options.
			if kind != 1 || u32(at+8) != 1 || u32(at+12) != 90 || u32(at+16) != 1<<16|9 || u32(at+20) != 9 || u32(at+24) != 0 {
				t.Fatalf("interface % x", b[at:at+size])
			}
		case kind != 6 || u32(at+8) != 0 || size-32-u32(at+20) > 3:
			t.Fatalf("packet block % x", b[at:at+32])
		default:
			stamp := int64(u32(at+12))<<32 | int64(u32(at+16))
			out = append(out, record{time.Unix(0, stamp).UTC(), b[at+28 : at+28+u32(at+20)], u32(at + 24)})
		}
	}
	return out
}

func TestFilesRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		format frame.Format
		snap   int
	}{{frame.Pcap, -1}, {frame.Pcap, frame.DefaultSnap + 1}, {9, 0}} {
		if _, err := frame.New(io.Discard, c.format, c.snap); err == nil {
			t.Errorf("format %d with snap length %d is taken", c.format, c.snap)
		}
	}
}
