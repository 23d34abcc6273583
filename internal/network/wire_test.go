package network

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
)

// frame is one record of a capture under construction.
type frame struct {
	time int64
	data []byte
	wire int // length on the wire; 0: as long as data
}

// wire builds captures, packet by packet, without using any code that it is meant to test.
type wire struct {
	frames []frame
	now    int64
	ident  uint16
	step   int64 // nanoseconds between frames
}

func newWire() *wire { return &wire{now: 1_760_000_000e9, step: 700_000} }

// pcap returns the frames as a classic capture.
func (w *wire) pcap() []byte {
	le := binary.LittleEndian
	b := make([]byte, 0, 1<<20)
	b = le.AppendUint32(b, 0xa1b2c3d4)
	b = le.AppendUint16(b, 2)
	b = le.AppendUint16(b, 4)
	b = le.AppendUint32(le.AppendUint32(b, 0), 0)
	b = le.AppendUint32(b, 262144)
	b = le.AppendUint32(b, 1)
	for _, f := range w.frames {
		b = le.AppendUint32(b, uint32(f.time/1e9))
		b = le.AppendUint32(b, uint32(f.time%1e9/1000))
		b = le.AppendUint32(b, uint32(len(f.data)))
		b = le.AppendUint32(b, uint32(max(f.wire, len(f.data))))
		b = append(b, f.data...)
	}
	return b
}

// conv is one TCP connection. Side 0 is the client.
type conv struct {
	w     *wire
	ends  [2]netip.AddrPort
	seq   [2]uint32
	mss   int
	vlan  int // tag; 0: none
	sum   func(right uint16, pseudo uint16) uint16
	ackBy int // an acknowledgement after so many segments; 0: after all
}

func (w *wire) conv(client, server string) *conv {
	return &conv{w: w, ends: [2]netip.AddrPort{netip.MustParseAddrPort(client), netip.MustParseAddrPort(server)}, seq: [2]uint32{1000, 5000}, mss: 1448}
}

func (c *conv) open() *conv {
	c.flag(0, 0x02)
	c.seq[0]++
	c.flag(1, 0x12)
	c.seq[1]++
	c.flag(0, 0x10)
	return c
}

func (c *conv) close() {
	c.flag(0, 0x11)
	c.seq[0]++
	c.flag(1, 0x11)
	c.seq[1]++
	c.flag(0, 0x10)
}

func (c *conv) flag(side int, flags byte) { c.put(side, flags, c.seq[side], nil) }

// send sends data in segments, and has the other side acknowledge them.
func (c *conv) send(side int, data []byte) {
	n := 0
	for part := range slices.Chunk(data, c.mss) {
		c.put(side, 0x18, c.seq[side], part)
		c.seq[side] += uint32(len(part))
		if n++; c.ackBy > 0 && n%c.ackBy == 0 {
			c.flag(side^1, 0x10)
		}
	}
	if c.ackBy == 0 || n%c.ackBy != 0 {
		c.flag(side^1, 0x10)
	}
}

// put adds one segment with correct checksums.
func (c *conv) put(side int, flags byte, seq uint32, data []byte) {
	c.w.now += c.w.step
	c.w.frames = append(c.w.frames, frame{time: c.w.now, data: c.segment(side, flags, seq, data)})
}

func (c *conv) segment(side int, flags byte, seq uint32, data []byte) []byte {
	be := binary.BigEndian
	from, to := c.ends[side], c.ends[side^1]
	b := make([]byte, 0, 80+len(data))
	b = append(b, 2, 0, 0, 0, 0, byte(side^1), 2, 0, 0, 0, 0, byte(side))
	if c.vlan > 0 {
		b = be.AppendUint16(be.AppendUint16(b, 0x8100), uint16(c.vlan))
	}
	b = be.AppendUint16(b, 0x0800)
	ip := len(b)
	c.w.ident++
	b = append(b, 0x45, 0)
	b = be.AppendUint16(b, uint16(40+len(data)))
	b = be.AppendUint16(b, c.w.ident)
	b = append(b, 0, 0, 64, 6, 0, 0)
	b = append(b, from.Addr().AsSlice()...)
	b = append(b, to.Addr().AsSlice()...)
	be.PutUint16(b[ip+10:], ^naiveSum(b[ip:]))
	tcp := len(b)
	b = be.AppendUint16(be.AppendUint16(b, from.Port()), to.Port())
	b = be.AppendUint32(be.AppendUint32(b, seq), c.seq[side^1])
	b = append(b, 5<<4, flags, 0xff, 0xff, 0, 0, 0, 0)
	b = append(b, data...)
	pseudo := append(slices.Clone(b[ip+12:ip+20]), 0, 6)
	pseudo = be.AppendUint16(pseudo, uint16(20+len(data)))
	right := ^naiveSum(append(slices.Clone(pseudo), b[tcp:]...))
	if c.sum != nil {
		right = c.sum(right, naiveSum(pseudo))
	}
	be.PutUint16(b[tcp+16:], right)
	return b
}

// naiveSum is RFC 1071 word by word.
func naiveSum(b []byte) uint16 {
	var s uint32
	for i := 0; i+1 < len(b); i += 2 {
		s += uint32(b[i])<<8 | uint32(b[i+1])
	}
	if len(b)%2 == 1 {
		s += uint32(b[len(b)-1]) << 8
	}
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return uint16(s)
}

func get(path string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: Updates.ACME.example:8080\r\nUser-Agent: PumpUpdater/1.4\r\n\r\n", path)
}

func ok(body []byte, fields string) []byte {
	return append(fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nServer: fw\r\nContent-Length: %d\r\n%s\r\n", len(body), fields), body...)
}

// firmware returns n bytes that look like a program.
func firmware(seed uint64, n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	_, _ = r.Read(b)
	copy(b, "\x7fELF\x01\x01\x01\x00")
	return b
}

// download is the connection most tests start from.
func download(w *wire, path string, body []byte) *conv {
	c := w.conv("10.0.0.10:40001", "10.0.0.200:80").open()
	c.send(0, get(path))
	c.send(1, ok(body, ""))
	return c
}

// bulk is 8 downloads at a time with an acknowledgement for every second segment.
func bulk(tb testing.TB, total int) []byte {
	tb.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	sizes := []int{300 << 10, 1 << 20, 4 << 20, 8 << 20}
	var parts [][]frame
	sum := 0
	for i := 0; sum < total; i++ {
		w := newWire()
		c := w.conv(fmt.Sprintf("10.0.%d.%d:%d", i>>8, i&255, 20000+i), "10.1.0.1:80")
		c.ackBy = 2
		c.open()
		n := min(sizes[r.IntN(len(sizes))], total-sum+1)
		c.send(0, get(fmt.Sprintf("/fw/%d.bin", i)))
		c.send(1, ok(firmware(uint64(i), n), ""))
		c.close()
		sum += n
		parts = append(parts, w.frames)
	}
	return interleave(parts, 8)
}

// mix is many short connections: 7 of 12 HTTP with 1 to 4 requests, the others TLS records.
func mix(tb testing.TB, conns int) []byte {
	tb.Helper()
	r := rand.New(rand.NewPCG(3, 4))
	var parts [][]frame
	for i := range conns {
		w := newWire()
		c := w.conv(fmt.Sprintf("10.%d.%d.%d:%d", 2+i>>16, i>>8&255, i&255, 20000+i%40000), "10.1.0.1:80")
		if i%12 >= 7 {
			c.ends[1] = netip.MustParseAddrPort("10.1.0.2:443")
		}
		c.ackBy = 2
		c.open()
		if i%12 >= 7 {
			hello := append([]byte{22, 3, 1, 5, 0xdc}, firmware(uint64(i), 1500)...)
			c.send(0, hello)
			c.send(1, append([]byte{22, 3, 3, 0x0e, 0xa6}, firmware(uint64(i), 3750)...))
			for range 4 {
				c.send(0, append([]byte{23, 3, 3, 1, 0x2c}, firmware(uint64(i), 300)...))
				n := 200 + r.IntN(8000)
				c.send(1, append([]byte{23, 3, 3, byte(n >> 8), byte(n)}, firmware(uint64(i), n)...))
			}
		} else {
			for k := range 1 + r.IntN(4) {
				c.send(0, get(fmt.Sprintf("/o/%d/%d.bin", i, k)))
				c.send(1, ok(firmware(uint64(i*7+k), 200+r.IntN(8000)), ""))
			}
		}
		c.close()
		parts = append(parts, w.frames)
	}
	return interleave(parts, 8)
}

// interleave mixes n parts at a time into one capture.
func interleave(parts [][]frame, n int) []byte {
	out := newWire()
	var at []int
	var live [][]frame
	for {
		for len(live) < n && len(parts) > 0 {
			live, at, parts = append(live, parts[0]), append(at, 0), parts[1:]
		}
		if len(live) == 0 {
			return out.pcap()
		}
		for i := 0; i < len(live); i++ {
			k := min(at[i]+6, len(live[i]))
			for _, f := range live[i][at[i]:k] {
				out.now += 10_000
				f.time = out.now
				out.frames = append(out.frames, f)
			}
			if at[i] = k; k == len(live[i]) {
				live, at = slices.Delete(live, i, i+1), slices.Delete(at, i, i+1)
				i--
			}
		}
	}
}
