package flow

import "math/bits"

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
