package app

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// fetch is one device that fetches one file by HTTP from 10.0.0.200.
type fetch struct {
	body   []byte
	name   string // default "pump.bin"
	host   string // default "updates.acme.example"
	device string // default 10.0.0.10
	at     time.Time
}

// firmware returns n bytes that begin as an executable does; other seeds give other bytes.
func firmware(seed byte, n int) []byte {
	out := append([]byte("\x7fELF\x02\x01\x01"), bytes.Repeat([]byte{0, seed, 0xff, seed ^ 0x5a}, n/4)...)
	return out[:n]
}

// download writes the capture of a fetch: IPv4 without a link layer, one segment each way.
func download(t *testing.T, f fetch) string {
	t.Helper()
	if f.name == "" {
		f.name = "pump.bin"
	}
	if f.host == "" {
		f.host = "updates.acme.example"
	}
	if f.device == "" {
		f.device = "10.0.0.10"
	}
	device, server := netip.MustParseAddrPort(f.device+":40001"), netip.MustParseAddrPort("10.0.0.200:80")
	ask := fmt.Sprintf("GET /fw/%s HTTP/1.1\r\nHost: %s\r\n\r\n", f.name, f.host)
	answer := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(f.body), f.body)
	const syn, ack, push = 0x02, 0x10, 0x18
	afterAsk, afterAnswer := 1001+uint32(len(ask)), 5001+uint32(len(answer))
	b := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	b = binary.LittleEndian.AppendUint32(b, 2|4<<16)
	b = append(b, make([]byte, 8)...)
	b = binary.LittleEndian.AppendUint32(b, 1<<18)
	b = binary.LittleEndian.AppendUint32(b, 101) // LINKTYPE_RAW
	for i, p := range [][]byte{
		packet(device, server, 1000, 0, syn, ""), packet(server, device, 5000, 1001, syn|ack, ""), packet(device, server, 1001, 5001, ack, ""),
		packet(device, server, 1001, 5001, push, ask), packet(server, device, 5001, afterAsk, push, answer),
		packet(device, server, afterAsk, afterAnswer, ack, ""),
	} {
		b = binary.LittleEndian.AppendUint32(b, uint32(f.at.Unix()))
		b = binary.LittleEndian.AppendUint32(b, uint32(i))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(p)))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(p)))
		b = append(b, p...)
	}
	path := filepath.Join(t.TempDir(), "capture.pcap")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// packet makes an IPv4 packet with one TCP segment (RFC 791 section 3.1, RFC 9293 section 3.1).
func packet(from, to netip.AddrPort, seq, ack uint32, flags byte, data string) []byte {
	src, dst := from.Addr().As4(), to.Addr().As4()
	tcp := binary.BigEndian.AppendUint16(nil, from.Port())
	tcp = binary.BigEndian.AppendUint16(tcp, to.Port())
	tcp = binary.BigEndian.AppendUint32(tcp, seq)
	tcp = binary.BigEndian.AppendUint32(tcp, ack)
	tcp = append(tcp, 5<<4, flags, 0xff, 0xff, 0, 0, 0, 0)
	tcp = append(tcp, data...)
	pseudo := append(append(src[:], dst[:]...), 0, 6, byte(len(tcp)>>8), byte(len(tcp)))
	binary.BigEndian.PutUint16(tcp[16:], checksum(append(pseudo, tcp...)))
	ip := []byte{0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, 6, 0, 0}
	binary.BigEndian.PutUint16(ip[2:], uint16(20+len(tcp)))
	ip = append(append(ip, src[:]...), dst[:]...)
	binary.BigEndian.PutUint16(ip[10:], checksum(ip))
	return append(ip, tcp...)
}

// checksum is the Internet checksum (RFC 1071).
func checksum(b []byte) uint16 {
	sum := uint32(0)
	for i, c := range b {
		sum += uint32(c) << (8 * (1 - i%2))
	}
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}
