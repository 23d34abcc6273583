package flow

import (
	"encoding/binary"
	"math/bits"
)

const (
	copySlots = 4096
	// copyWithin is how far apart in time two copies of one packet may lie: a mirror adds microseconds to
	// a few milliseconds, a retransmission takes at least a round trip and usually 200 ms.
	copyWithin = 10e6 // nanoseconds
	copyTick   = 18   // times are kept in units of 2^18 ns, about a quarter of a millisecond
	copyTime   = 24   // bits of a time, which comes round after 73 minutes
)

// copies recognises packets that the mirror delivered twice, such as before and after routing: equal in
// all that a router leaves alone. It remembers one packet per slot, the upper 40 bits of its print and its
// time below; its size is fixed and fits the processor's first cache.
type copies struct{ slots [copySlots]uint64 }

// seen says whether this segment was seen within the last moments, and remembers it. flow is the hash of the
// connection's name, whose seed the sender does not know, and side who sends in it.
func (c *copies) seen(s *Segment, flow uint64, side int) bool {
	hi, lo := bits.Mul64(flow^(uint64(s.Seq)<<32|uint64(s.Ack)), bits.RotateLeft64(flow, 32)^(uint64(s.ID)<<16|uint64(s.Window)<<40|uint64(s.Flags)))
	x := hi ^ lo
	hi, lo = bits.Mul64(x^(uint64(uint32(s.Wire))|uint64(s.Field)<<32|uint64(side)<<48), 0xa0761d6478bd642f) //nolint:gosec // mixing
	x = hi ^ lo
	e := &c.slots[x%copySlots]
	const mask = 1<<copyTime - 1
	now := uint64(s.Time>>copyTick) & mask //nolint:gosec // modulo 2^24
	entry := (x|1<<63)&^mask | now         // never 0, which is an empty slot
	if apart := (now - *e) & mask; (entry^*e)&^mask == 0 && (apart <= copyWithin>>copyTick || apart >= mask-copyWithin>>copyTick) {
		return true
	}
	*e = entry
	return false
}

// Repeated counts a datagram that the mirror delivered twice. Two that are equal in all that is looked at, and
// so close to each other, carry the same; whoever reads them is not told apart from one.
func (t *Table) Repeated(g *Datagram) {
	s := Segment{Time: g.Time, Src: g.Src, Dst: g.Dst, SrcPort: g.SrcPort, DstPort: g.DstPort, ID: g.id, Payload: g.Payload, Wire: g.Wire}
	if len(g.whole) >= 8 {
		s.Field = binary.BigEndian.Uint16(g.whole[fieldUDP:])
	}
	// No checksum tells two apart of a sender that computes none: their first bytes, with a number in most
	// protocols, and the last ones do.
	for i, b := range g.Payload[:min(len(g.Payload), 16)] {
		s.Seq ^= uint32(b) << (i % 4 * 8)
		s.Seq = s.Seq*0x01000193 + 1
	}
	if n := len(g.Payload); n > 16 {
		s.Ack = binary.BigEndian.Uint32(g.Payload[n-4:])
	}
	var k key
	side := k.of(&s, t.realm)
	if t.copies.seen(&s, ^k.hash(t.seed), side) {
		t.Counts.Copies++
	}
}
