package frame_test

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/cordon-trust/cordon/internal/lab/frame"
)

// gopacket reads back what was written, and agrees with every checksum.
func TestDatagramsReadBack(t *testing.T) {
	t.Parallel()
	nobody := frame.Host{MAC: host("10.0.0.7").MAC, Addr: netip.IPv4Unspecified()}
	for name, d := range map[string]frame.Datagram{
		"plain":     {From: host("10.0.0.7"), To: host("10.0.0.53"), FromPort: 40001, ToPort: 53, Payload: []byte("what?"), TTL: 64, ID: 3},
		"empty":     {From: host("10.0.0.7"), To: host("10.0.0.53"), FromPort: 1, ToPort: 2, TTL: 1},
		"broadcast": {From: nobody, To: frame.Broadcast(), FromPort: 68, ToPort: 67, Payload: make([]byte, 300), TTL: 64},
		"tagged":    {From: host("10.0.0.7"), To: host("10.0.0.53"), FromPort: 1, ToPort: 2, TTL: 64, Tags: frame.Tags{Outer: 7, Inner: 30}},
		"largest":   {From: host("10.0.0.7"), To: host("10.0.0.53"), FromPort: 1, ToPort: 2, TTL: 64, Payload: bytes.Repeat([]byte{0xff}, 1472)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, err := d.Append(nil)
			if err != nil {
				t.Fatal(err)
			}
			p := gopacket.NewPacket(raw, layers.LayerTypeEthernet, gopacket.NoCopy)
			udp, ok := p.TransportLayer().(*layers.UDP)
			if !ok {
				t.Fatalf("no UDP: %v", p)
			}
			if err := udp.SetNetworkLayerForChecksum(p.NetworkLayer()); err != nil {
				t.Fatal(err)
			}
			if err, bad := p.VerifyChecksums(); err != nil || len(bad) != 0 {
				t.Errorf("checksums %v, %v", bad, err)
			}
			ip, _ := p.NetworkLayer().(*layers.IPv4)
			link, _ := p.LinkLayer().(*layers.Ethernet)
			if udp.SrcPort != layers.UDPPort(d.FromPort) || udp.DstPort != layers.UDPPort(d.ToPort) || !bytes.Equal(udp.Payload, d.Payload) ||
				ip.TTL != d.TTL || ip.Id != d.ID || ip.SrcIP.String() != d.From.Addr.String() || ip.DstIP.String() != d.To.Addr.String() ||
				!bytes.Equal(link.SrcMAC, d.From.MAC[:]) || !bytes.Equal(link.DstMAC, d.To.MAC[:]) {
				t.Errorf("read back %v", p)
			}
		})
	}
}

// A checksum that comes out as zero is sent as all ones: zero would mean that there is none.
func TestDatagramChecksumIsNeverZero(t *testing.T) {
	t.Parallel()
	d := frame.Datagram{From: host("10.0.0.7"), To: host("10.0.0.53"), FromPort: 1, ToPort: 2, TTL: 64}
	found := false
	for n := range 1 << 16 {
		d.Payload = []byte{byte(n >> 8), byte(n)}
		raw, err := d.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		sum := raw[len(raw)-4 : len(raw)-2]
		if sum[0] == 0 && sum[1] == 0 {
			t.Fatalf("payload %x has checksum zero", d.Payload)
		}
		found = found || sum[0] == 0xff && sum[1] == 0xff
	}
	if !found {
		t.Error("no payload of two bytes leads to all ones, so this test sees nothing")
	}
}

func TestDatagramsThatNoFrameCarries(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]frame.Datagram{
		"both must be IPv4": {From: host("fd00::1"), To: host("fd00::2")},
		"at most 1472":      {From: host("10.0.0.7"), To: host("10.0.0.53"), Payload: make([]byte, 1473)},
	} {
		if _, err := d.Append(nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}
