package lab

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/cordon-trust/cordon/internal/lab/frame"
)

// mirror turns what a connection sends into frames of the capture, distorts them, and notes which bytes
// of each stream lie in some frame.
type mirror struct {
	file  sink
	dice  *rand.Rand
	dist  Distortion
	now   time.Time
	start time.Time
	frame []byte // scratch
	other []byte // scratch of overlaps and conflicts
	rate  int64  // bits a second
}

// sink takes frames. It does not keep what it is given.
type sink interface {
	Write(t time.Time, frame []byte) error
	Snap() int // bytes of a frame that are kept at most
}

const gigabit = 1_000_000_000 // bits a second

func newMirror(file *frame.File, p Plan) *mirror {
	return &mirror{file: file, dice: newDice(p.Seed, "mirror"), dist: p.Distortion, now: p.Start, start: p.Start, rate: gigabit}
}

// newDice returns a source of chance for one purpose, so that using one does not shift the other.
func newDice(seed uint64, purpose string) *rand.Rand {
	return rand.New(rand.NewChaCha8(keyOf(seed, purpose))) //nolint:gosec // a capture must come out the same from the same seed
}

// packet is one segment on its way to the mirror.
type packet struct {
	side  int
	flags uint8
	seq   uint32
	ack   uint32
	off   int64 // of data in the stream
	data  []byte
	hello bool // belongs to the handshake
	alien bool // its data is not what was sent
	first bool // of its turn
	sum   frame.Sum
}

// seen is what the mirror knows of one connection.
type seen struct {
	host  [2]frame.Host
	port  [2]uint16
	ident [2]uint16
	stamp [2]uint32 // last timestamp value sent, RFC 7323
	bytes [2]spans  // offsets that lie in some frame
	alien [2]spans  // offsets of which a copy with other bytes passed
	late  []held
	tail  [2][]byte // last bytes sent, for overlaps
	ends  [2]int64  // where the tail ends in the stream
}

type held struct {
	packet packet
	wait   int // frames that still pass before it
}

func newSeen(c *Conversation) *seen {
	s := &seen{
		host: [2]frame.Host{frame.HostAt(c.Device.Addr()), frame.HostAt(c.Server.Addr())},
		port: [2]uint16{c.Device.Port(), c.Server.Port()},
	}
	if c.Route != [6]byte{} {
		s.host[server].MAC = c.Route
	}
	return s
}

func (m *mirror) chance(share float64) bool { return share > 0 && m.dice.Float64() < share }

// tick moves time on by what a frame needs on the wire, and a little more.
func (m *mirror) tick(bytes int) {
	m.now = m.now.Add(time.Duration(8*int64(bytes)*gigabit/m.rate+m.dice.Int64N(4000)) * time.Nanosecond)
}

// pass shows one packet to the mirror. Its data is only valid during the call.
func (m *mirror) pass(s *seen, p packet) error {
	if len(p.data) > 0 && m.chance(m.dist.Reorder) {
		p.data = append([]byte(nil), p.data...)
		s.late = append(s.late, held{p, 1 + m.dice.IntN(3)})
		return nil
	}
	if err := m.send(s, p); err != nil {
		return err
	}
	for i := 0; i < len(s.late); i++ {
		s.late[i].wait--
		if s.late[i].wait > 0 {
			continue
		}
		due := s.late[i].packet
		s.late = append(s.late[:i], s.late[i+1:]...)
		i--
		if err := m.send(s, due); err != nil {
			return err
		}
	}
	return nil
}

// flush shows what was held back.
func (m *mirror) flush(s *seen) error {
	for _, h := range s.late {
		if err := m.send(s, h.packet); err != nil {
			return err
		}
	}
	s.late = nil
	return nil
}

// send shows a packet and whatever the distortion lets follow it.
func (m *mirror) send(s *seen, p packet) error {
	if p.side == server && len(p.data) > 0 && !p.first && m.chance(m.dist.Damage) {
		if err := m.alter(s, p, frame.SumWrong); err != nil {
			return err
		}
	}
	if err := m.capture(s, p); err != nil || len(p.data) == 0 {
		return err
	}
	if m.chance(m.dist.Duplicate) {
		if err := m.capture(s, p); err != nil {
			return err
		}
	}
	if tail := s.tail[p.side]; len(tail) > 0 && s.ends[p.side] == p.off && m.chance(m.dist.Overlap) {
		more := p
		m.other = append(append(m.other[:0], tail...), p.data...)
		more.data, more.off, more.seq = m.other, p.off-int64(len(tail)), p.seq-uint32(len(tail))
		if err := m.capture(s, more); err != nil {
			return err
		}
	}
	if p.side == server && !p.first && m.chance(m.dist.Conflict) {
		return m.alter(s, p, m.dist.Sum)
	}
	return nil
}

// alter shows a copy of a packet in which every byte is another one.
func (m *mirror) alter(s *seen, p packet, sum frame.Sum) error {
	m.other = append(m.other[:0], p.data...)
	for i := range m.other {
		m.other[i] ^= 0xff
	}
	p.data, p.alien, p.sum = m.other, true, sum
	return m.capture(s, p)
}

// capture writes the frame of a packet, unless the mirror does not see it.
func (m *mirror) capture(s *seen, p packet) error {
	s.ident[p.side]++
	s.stamp[p.side] = uint32(m.now.Sub(m.start).Milliseconds()) + 1
	d := &m.dist
	if p.hello && d.NoHandshake || d.Only == ToDevice && p.side == device || d.Only == FromDevice && p.side == server || m.chance(d.Lose) {
		m.tick(len(p.data))
		return nil
	}
	g := frame.Segment{
		From: s.host[p.side], To: s.host[1-p.side], FromPort: s.port[p.side], ToPort: s.port[1-p.side],
		Seq: p.seq, Ack: p.ack, Flags: p.flags, Window: 501, Options: s.options(p), Payload: p.data,
		ID: s.ident[p.side], TTL: 64, Tags: d.Tags[p.side],
	}
	if p.side == server && len(p.data) > 0 {
		g.Sum = d.Sum
		if p.alien {
			g.Sum = p.sum
		}
	}
	if err := m.write(s, &g, p); err != nil || !d.Twice {
		return err
	}
	g.TTL, g.From.MAC, g.To.MAC = 63, routerMAC(p.side), routerMAC(1-p.side)
	return m.write(s, &g, p)
}

// routerMAC is what stands in frames on the other leg of a router.
func routerMAC(side int) [6]byte { return [6]byte{0x02, 0xc0, 0xff, 0xff, 0xff, byte(side)} }

func (m *mirror) write(s *seen, g *frame.Segment, p packet) error {
	raw, err := g.Append(m.frame[:0])
	if err != nil {
		return err
	}
	m.frame = raw
	m.tick(len(raw))
	if err := m.file.Write(m.now, raw); err != nil {
		return err
	}
	to := p.off + int64(len(p.data)-max(0, len(raw)-m.file.Snap()))
	switch {
	case !p.alien:
		s.bytes[p.side].add(p.off, to)
	case p.sum != frame.SumWrong:
		s.alien[p.side].add(p.off, to)
	}
	return nil
}

// options returns those of Linux: on SYN segment size, SACK, timestamps and window scale, later timestamps only.
func (s *seen) options(p packet) []byte {
	o := make([]byte, 0, 20)
	if p.flags&frame.SYN != 0 {
		o = append(o, 2, 4, 0x05, 0xb4, 4, 2)
	} else {
		o = append(o, 1, 1)
	}
	o = append(o, 8, 10)
	o = binary.BigEndian.AppendUint32(o, s.stamp[p.side])
	o = binary.BigEndian.AppendUint32(o, s.stamp[1-p.side])
	if p.flags&frame.SYN != 0 {
		o = append(o, 1, 3, 3, 7)
	}
	return o
}

// arp shows that the device asks who has the server's address, and the answer.
func (m *mirror) arp(s *seen) error {
	for side, reply := range []bool{false, true} {
		raw, err := frame.AppendARP(m.frame[:0], s.host[side], s.host[1-side], reply, m.dist.Tags[side])
		if err != nil {
			return err
		}
		m.frame = raw
		m.tick(len(raw))
		if err := m.file.Write(m.now, raw); err != nil {
			return err
		}
	}
	return nil
}

// aligned reports whether both addresses of a conversation are of one family, as a frame needs.
func aligned(a, b netip.AddrPort) bool {
	return a.IsValid() && b.IsValid() && a.Addr().Is4() == b.Addr().Is4() && !a.Addr().Is4In6() && !b.Addr().Is4In6()
}
