package ward_test

import (
	"bytes"
	"encoding/binary"
	"net"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/cordon-trust/cordon/internal/lab/ward"
)

// gopacket understands every frame of a day: DHCP with the device's own address, names with their
// addresses, the time, and no frame that is malformed or of a wrong checksum.
func TestGopacketUnderstandsTheDay(t *testing.T) {
	t.Parallel()
	w := newWard(t, ward.Options{Seed: 6, Devices: 12})
	leased, asked := map[string]string{}, map[string]bool{}
	times, arps := 0, 0
	for i, r := range records(t, write(t, w, 1).capture) {
		p := gopacket.NewPacket(r.data, layers.LayerTypeEthernet, gopacket.NoCopy)
		if bad := p.ErrorLayer(); bad != nil {
			t.Fatalf("frame %d: %v", i, bad.Error())
		}
		for _, l := range p.Layers() {
			switch l := l.(type) {
			case *layers.DHCPv4:
				if kind := l.Options[0]; l.Operation == layers.DHCPOpReply && kind.Data[0] == byte(layers.DHCPMsgTypeAck) {
					leased[l.ClientHWAddr.String()] = l.YourClientIP.String()
				}
			case *layers.DNS:
				for _, a := range l.Answers {
					asked[string(a.Name)] = true
					if a.IP.To4() == nil || len(l.Questions) != 1 || !bytes.Equal(l.Questions[0].Name, a.Name) {
						t.Errorf("answer %+v", a)
					}
				}
			case *layers.NTP:
				times++
			case *layers.ARP:
				arps++
			}
		}
	}
	for _, d := range w.Devices() {
		if d.Model == "pump-7" && leased[d.MAC] != d.IPs[0].String() {
			t.Errorf("%s leased %q and is listed at %s", d.Asset, leased[d.MAC], d.IPs[0])
		}
	}
	if !asked["updates.acme.example"] || len(asked) < 8 || times < 40 || arps < 40 {
		t.Errorf("%d names, %d asked for the time, %d for a MAC: %v", len(asked), times, arps, asked)
	}
}

// streams joins what each side of the connections to a port says, for captures in which nothing is lost.
func streams(t *testing.T, capture []byte, port layers.TCPPort) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, r := range records(t, capture) {
		p := gopacket.NewPacket(r.data, layers.LayerTypeEthernet, gopacket.NoCopy)
		tcp, ok := p.TransportLayer().(*layers.TCP)
		if ok && (tcp.SrcPort == port || tcp.DstPort == port) {
			from := net.IP(p.NetworkLayer().NetworkFlow().Src().Raw()).String()
			to := net.IP(p.NetworkLayer().NetworkFlow().Dst().Raw()).String()
			key := from + ":" + tcp.SrcPort.String() + ">" + to + ":" + tcp.DstPort.String()
			out[key] = append(out[key], tcp.Payload...)
		}
	}
	return out
}

// An image is stored in data units that add up (DICOM PS3.8 section 9.3), all with one synthetic patient.
func TestStudiesAreFramed(t *testing.T) {
	t.Parallel()
	m := write(t, newWard(t, ward.Options{Seed: 6, Devices: 12}), 1)
	kinds, studies := map[byte]int{}, 0
	for key, said := range streams(t, m.capture, 11112) {
		for len(said) > 0 {
			size := 6 + int(binary.BigEndian.Uint32(said[2:]))
			if size > len(said) {
				t.Fatalf("%s: a unit of %d bytes, %d are left", key, size, len(said))
			}
			kinds[said[0]]++
			if said[0] == 4 && int(binary.BigEndian.Uint32(said[6:]))+4+6 != size {
				t.Errorf("%s: a data unit of %d bytes whose value is not as long", key, size)
			}
			if bytes.Contains(said[:size], []byte("LAB^PATIENT")) {
				studies++
			}
			said = said[size:]
		}
	}
	for kind := byte(1); kind <= 6; kind++ {
		if kind != 3 && kinds[kind] == 0 {
			t.Errorf("no data unit of type %d: %v", kind, kinds)
		}
	}
	if studies < 7 || studies != kinds[1] {
		t.Errorf("%d images over %d associations", studies, kinds[1])
	}
}

// Every result is framed and acknowledged.
func TestResultsAreFramed(t *testing.T) {
	t.Parallel()
	m := write(t, newWard(t, ward.Options{Seed: 6, Devices: 12}), 1)
	sent, taken := 0, 0
	for key, said := range streams(t, m.capture, 2575) {
		for part := range bytes.SplitSeq(bytes.TrimSuffix(said, []byte("\x1c\r")), []byte("\x1c\r")) {
			switch {
			case len(part) == 0:
			case bytes.HasPrefix(part, []byte("\x0bMSH|^~\\&|ENGINE|")) && bytes.Contains(part, []byte("\rMSA|AA|")):
				taken++
			case bytes.HasPrefix(part, []byte("\x0bMSH|^~\\&|")) && bytes.Contains(part, []byte("|LAB^PATIENT|")):
				sent++
			default:
				t.Fatalf("%s: %q", key, part)
			}
		}
	}
	if sent < 100 || sent != taken {
		t.Errorf("%d results, %d acknowledged", sent, taken)
	}
}
