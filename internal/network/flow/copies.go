package flow

import "math/bits"

const (
	copySlots = 4096
	// copyWithin is how far apart in time two copies of one packet may lie: a mirror adds microseconds to
	// a few milliseconds, a retransmission takes at least a round trip and usually 200 ms.
	copyWithin = 10e6 // nanoseconds
)

// copies recognises packets that the mirror delivered twice, such as before and after routing: equal in
// all that a router leaves alone. It remembers one packet per slot; its size is fixed.
type copies struct {
	slots [copySlots]struct {
		print uint64
		time  int64
	}
}

// seen says whether this segment was seen within the last moments, and remembers it. flow is the hash of the
// connection's name, whose seed the sender does not know, and side who sends in it.
func (c *copies) seen(s *Segment, flow uint64, side int) bool {
	hi, lo := bits.Mul64(flow^(uint64(s.Seq)<<32|uint64(s.Ack)), bits.RotateLeft64(flow, 32)^(uint64(s.ID)<<16|uint64(s.Window)<<40|uint64(s.Flags)))
	x := hi ^ lo
	hi, lo = bits.Mul64(x^(uint64(uint32(s.Wire))|uint64(s.Field)<<32|uint64(side)<<48), 0xa0761d6478bd642f) //nolint:gosec // mixing
	x = hi ^ lo
	if x == 0 {
		x = 1
	}
	e := &c.slots[x%copySlots]
	if e.print == x && s.Time-e.time <= copyWithin && e.time-s.Time <= copyWithin {
		return true
	}
	e.print, e.time = x, s.Time
	return false
}
