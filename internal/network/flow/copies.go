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

// seen says whether this segment was seen within the last moments, and remembers it.
func (c *copies) seen(s *Segment) bool {
	hi, lo := bits.Mul64(s.Src.Lo^bits.RotateLeft64(s.Src.Hi, 17)^uint64(s.Field)<<48, s.Dst.Lo^bits.RotateLeft64(s.Dst.Hi, 41)^0x9e3779b97f4a7c15)
	x := hi ^ lo
	hi, lo = bits.Mul64(x^(uint64(s.Seq)<<32|uint64(s.Ack)), 0xd6e8feb86659fd93^(uint64(s.ID)<<16|uint64(s.Window)<<40|uint64(s.Flags)))
	x = hi ^ lo
	hi, lo = bits.Mul64(x^(uint64(s.SrcPort)<<48|uint64(s.DstPort)<<32|uint64(uint32(s.Wire))), 0xa0761d6478bd642f) //nolint:gosec // mixing
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
