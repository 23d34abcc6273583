package flow

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/cordon-trust/cordon/internal/network/capture"
)

// model is a Stream that checks what every stream may rely on.
type model struct {
	t      *testing.T
	off    [2]uint64
	ended  [2]bool
	closed bool
}

func (m *model) Data(side int, c *Chunk) bool {
	if m.closed || m.ended[side] || len(c.Bytes) == 0 || c.Off != m.off[side] {
		m.t.Fatalf("data at %d, want %d; ended %v, closed %v", c.Off, m.off[side], m.ended[side], m.closed)
	}
	m.off[side] += uint64(len(c.Bytes))
	return !bytes.HasPrefix(c.Bytes, []byte("stop"))
}

func (m *model) Gap(side int, off, n uint64, _ int64) {
	if m.closed || m.ended[side] || n == 0 || off != m.off[side] {
		m.t.Fatalf("gap of %d at %d, want %d; ended %v", n, off, m.off[side], m.ended[side])
	}
	m.off[side] += n
}

func (m *model) Overlap(side int, lo, hi uint64, _ bool) {
	if m.closed || lo >= hi || hi > m.off[side] {
		m.t.Fatalf("overlap of %d to %d, at %d", lo, hi, m.off[side])
	}
}

func (m *model) Settled(side int, off uint64) {
	if m.closed || off > m.off[side] {
		m.t.Fatalf("settled up to %d, at %d", off, m.off[side])
	}
}

func (m *model) End(side int, _ End) {
	if m.closed || m.ended[side] {
		m.t.Fatal("a direction ends twice")
	}
	m.ended[side] = true
}

func (m *model) Close() {
	if m.closed {
		m.t.Fatal("closed twice")
	}
	m.closed = true
}

// FuzzPacket takes bytes as frames, each after its link type and length, and follows them.
func FuzzPacket(f *testing.F) {
	pack := func(frames ...[]byte) []byte {
		var b []byte
		for _, x := range frames {
			b = append(binary.BigEndian.AppendUint16(append(b, byte(capture.LinkEthernet)), uint16(len(x))), x...)
		}
		return b
	}
	tcp := func(seq uint32, flags uint8, payload string) []byte {
		return frame(f, &layers.IPv4{Id: uint16(seq)}, &layers.TCP{SrcPort: 1, DstPort: 2, Seq: seq, SYN: flags&SYN != 0, FIN: flags&FIN != 0, ACK: flags&ACK != 0, RST: flags&RST != 0}, nil, []byte(payload))
	}
	f.Add(pack(tcp(1, SYN, ""), tcp(2, ACK, "abc"), tcp(8, ACK, "ghi"), tcp(4, ACK, "deXghi"), tcp(11, FIN|ACK, "")))
	f.Add(pack(tcp(5, ACK, "stop"), tcp(9, ACK, "more"), tcp(20, RST, "")))
	f.Add(pack(fragmented(tcp(5, ACK, string(make([]byte, 300))), 64)...))
	f.Add(append([]byte{101, 0, 60}, tcp(1, ACK, "raw")[14:]...))
	f.Fuzz(func(t *testing.T, b []byte) {
		var counts Counts
		d := Decoder{Counts: &counts}
		tab := NewTable(opener(func() Stream { return &model{t: t} }), &counts, 0, 1, Limits{Connections: 4, HeldBytes: 8 * pageSize})
		for i := 0; len(b) >= 3; i++ {
			n := min(int(binary.BigEndian.Uint16(b[1:])), len(b)-3)
			p := capture.Packet{Data: b[3 : 3+n], Wire: n + int(b[0]>>7), Link: capture.Link(b[0] & 0x7f), Time: int64(i) * 3e8}
			b = b[3+n:]
			samePlain(t, p.Data, p.Wire)
			if layer := d.Frame(&p); layer == TCP {
				agrees(t, &p, &d.Seg)
				tab.Add(&d.Seg)
			}
			if i%7 == 0 {
				tab.Detach()
			}
		}
		tab.Finish()
		if tab.used != 0 || tab.pages.used != 0 || tab.windows.pool.used != 0 {
			t.Fatalf("left over: %d connections, %d and %d pages", tab.used, tab.pages.used, tab.windows.pool.used)
		}
	})
}

// agrees holds what was decoded against gopacket, where both read the same: plain Ethernet, whole frames.
func agrees(t *testing.T, p *capture.Packet, s *Segment) {
	if p.Link != capture.LinkEthernet || p.Wire > len(p.Data) || s.Copied {
		return
	}
	g := gopacket.NewPacket(p.Data, layers.LayerTypeEthernet, gopacket.NoCopy)
	tcp, ok := g.TransportLayer().(*layers.TCP)
	if !ok || g.ErrorLayer() != nil || g.Metadata().Truncated {
		return // it refuses options and tags that do not matter here
	}
	if uint16(tcp.SrcPort) != s.SrcPort || tcp.Seq != s.Seq || tcp.Ack != s.Ack || !bytes.Equal(tcp.Payload, s.Payload) {
		t.Fatalf("gopacket reads %v with %d bytes, this package %+v", tcp, len(tcp.Payload), s)
	}
}
