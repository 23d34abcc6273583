package app

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
)

// talk is one TCP connection of a capture: what each side says in turn.
type talk struct {
	at             time.Time
	client, server string // address and port
	turns          []turn
}

type turn struct {
	server bool // who speaks
	text   string
}

// wireTime is when captures of the tests begin.
func wireTime() time.Time { return time.Date(2026, 11, 19, 8, 0, 0, 0, time.UTC) }

// download is a device that fetches one file.
func download(device, host, name string, body []byte, at time.Time) talk {
	return talk{at, device + ":40001", "10.0.0.200:80", []turn{
		{false, fmt.Sprintf("GET /fw/%s?patient=Zyxwvutski HTTP/1.1\r\nHost: %s\r\n\r\n", name, host)},
		{true, fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)},
	}}
}

// capture writes the connections, one after another, as a pcap file.
func capture(t *testing.T, talks ...talk) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "capture.pcap")
	if err := os.WriteFile(path, pcap(talks...), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// pcap is a capture of the connections, one after another.
func pcap(talks ...talk) []byte {
	out := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	out = append(out, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0)
	for _, c := range talks {
		out = c.append(out)
	}
	return out
}

// Flags of TCP.
const (
	fin     = 1
	syn     = 2
	ackFlag = 16
)

func (c talk) append(out []byte) []byte {
	ends := [2]netip.AddrPort{netip.MustParseAddrPort(c.client), netip.MustParseAddrPort(c.server)}
	seq, at := [2]uint32{1000, 5000}, c.at
	send := func(side int, flags byte, data []byte) {
		at = at.Add(time.Millisecond)
		frame := segment(ends[side], ends[side^1], seq[side], seq[side^1], flags, data)
		out = record(out, at, frame)
		seq[side] += uint32(len(data))
		if flags&(syn|fin) != 0 {
			seq[side]++
		}
	}
	send(0, syn, nil)
	send(1, syn|ackFlag, nil)
	send(0, ackFlag, nil)
	for _, u := range c.turns {
		side := 0
		if u.server {
			side = 1
		}
		for data := []byte(u.text); len(data) > 0; {
			n := min(1400, len(data))
			send(side, ackFlag, data[:n])
			send(side^1, ackFlag, nil)
			data = data[n:]
		}
	}
	send(0, fin|ackFlag, nil)
	send(1, fin|ackFlag, nil)
	send(0, ackFlag, nil)
	return out
}

// letter is one UDP datagram of a capture. Its receiver's MAC is the second host's, its sender's is given.
type letter struct {
	at       time.Time
	from, to string // address and port
	mac      [6]byte
	data     []byte
}

// append adds the datagram to a capture.
func (l letter) append(out []byte) []byte {
	from, to := netip.MustParseAddrPort(l.from), netip.MustParseAddrPort(l.to)
	udp := binary.BigEndian.AppendUint16(nil, from.Port())
	udp = binary.BigEndian.AppendUint16(udp, to.Port())
	udp = binary.BigEndian.AppendUint16(udp, uint16(8+len(l.data)))
	udp = append(append(udp, 0, 0), l.data...) // without a checksum, as IPv4 allows
	frame := append([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, l.mac[:]...)
	frame = append(append(append(frame, 8, 0), header(from, to, 17, len(udp))...), udp...)
	return record(out, l.at, frame)
}

// record appends one frame of a capture.
func record(out []byte, at time.Time, frame []byte) []byte {
	for _, n := range [...]int64{at.Unix(), int64(at.Nanosecond() / 1000), int64(len(frame)), int64(len(frame))} {
		out = binary.LittleEndian.AppendUint32(out, uint32(n))
	}
	return append(out, frame...)
}

// header is an IPv4 header.
func header(from, to netip.AddrPort, protocol byte, n int) []byte {
	ip := []byte{0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, protocol, 0, 0}
	binary.BigEndian.PutUint16(ip[2:], uint16(20+n))
	ip = append(append(ip, from.Addr().AsSlice()...), to.Addr().AsSlice()...)
	binary.BigEndian.PutUint16(ip[10:], sum(ip))
	return ip
}

// segment is an Ethernet frame with a TCP segment; its checksum is right.
func segment(from, to netip.AddrPort, seq, next uint32, flags byte, data []byte) []byte {
	tcp := binary.BigEndian.AppendUint16(nil, from.Port())
	tcp = binary.BigEndian.AppendUint16(tcp, to.Port())
	tcp = binary.BigEndian.AppendUint32(tcp, seq)
	tcp = binary.BigEndian.AppendUint32(tcp, next)
	tcp = append(tcp, 5<<4, flags, 255, 255, 0, 0, 0, 0)
	tcp = append(tcp, data...)
	pseudo := append(from.Addr().AsSlice(), to.Addr().AsSlice()...)
	pseudo = append(pseudo, 0, 6)
	pseudo = binary.BigEndian.AppendUint16(pseudo, uint16(len(tcp)))
	binary.BigEndian.PutUint16(tcp[16:], sum(append(pseudo, tcp...)))
	frame := []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0}
	return append(append(frame, header(from, to, 6, len(tcp))...), tcp...)
}

// sum is the checksum of RFC 1071.
func sum(b []byte) uint16 {
	var s uint32
	for i := 0; i < len(b); i += 2 {
		s += uint32(b[i]) << 8
		if i+1 < len(b) {
			s += uint32(b[i+1])
		}
	}
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return ^uint16(s)
}

// elf is a file that looks like firmware.
func elf(seed byte, n int) []byte {
	b := append([]byte("\x7fELF\x02\x01\x01"), make([]byte, n-7)...)
	for i := 7; i < n; i++ {
		b[i] = byte(i*7) ^ byte(i>>8) ^ seed
	}
	return b
}

// shown is what one watch showed.
type shown struct {
	transfers []TransferInfo
	findings  []model.Finding
	devices   []SeenInfo
	summary   WatchSummary
}

func (w shown) verdicts() (out []model.Verdict) {
	for _, t := range w.transfers {
		out = append(out, t.Verdict)
	}
	return out
}

// see watches captures with these options.
func see(ctx context.Context, a *App, opt WatchOptions, files ...string) (shown, error) {
	var out shown
	opt.Files = files
	var err error
	out.summary, err = a.Watch(ctx, opt, WatchShow{
		Transfer: func(t *TransferInfo) error { out.transfers = append(out.transfers, *t); return nil },
		Part:     func(PartInfo) error { return nil },
		Device:   func(s SeenInfo) error { out.devices = append(out.devices, s); return nil },
		Finding:  func(f model.Finding) error { out.findings = append(out.findings, f); return nil },
	})
	return out, err
}

func mustSee(t *testing.T, a *App, files ...string) shown {
	t.Helper()
	w, err := see(t.Context(), a, WatchOptions{}, files...)
	if err != nil {
		t.Fatal(err)
	}
	return w
}
