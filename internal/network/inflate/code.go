package inflate

import "math/bits"

const (
	maxBits  = 15 // of a code
	fastBits = 10 // looked up at once
)

// code is one Huffman code: short codes in a table, longer ones by counting (RFC 1951 section 3.2.2).
type code struct {
	fast   [1 << fastBits]uint16 // symbol<<4 | length; 0: longer, or none
	count  [maxBits + 1]uint16
	symbol [320]uint16
	empty  bool
}

// build makes the code from the lengths of its symbols.
func (c *code) build(lens []uint8) bool {
	c.count = [maxBits + 1]uint16{}
	for _, l := range lens {
		c.count[l]++
	}
	c.empty = int(c.count[0]) == len(lens)
	c.count[0] = 0
	left := 1
	for l := 1; l <= maxBits; l++ {
		left = left<<1 - int(c.count[l])
		if left < 0 {
			return false // more codes than there are
		}
	}
	if left > 0 && !c.empty && c.used() != 1 {
		return false // only a code of one symbol may leave some unused (section 3.2.7)
	}
	var first, offset [maxBits + 2]uint16
	for l := 1; l <= maxBits; l++ {
		first[l+1] = (first[l] + c.count[l]) << 1
		offset[l+1] = offset[l] + c.count[l]
	}
	clear(c.fast[:])
	next := first
	for sym, l := range lens {
		if l == 0 {
			continue
		}
		c.symbol[offset[l]] = uint16(sym)
		offset[l]++
		v := next[l]
		next[l]++
		if l > fastBits {
			continue
		}
		entry := uint16(sym)<<4 | uint16(l)
		for i := bits.Reverse16(v) >> (16 - l); int(i) < len(c.fast); i += 1 << l {
			c.fast[i] = entry
		}
	}
	return true
}

func (c *code) used() int {
	n := 0
	for _, k := range c.count[1:] {
		n += int(k)
	}
	return n
}

// Results of lookup that are not symbols.
const (
	needMore = -1
	noSymbol = -2
)

// lookup decodes one symbol from the low nb bits of v. It returns the symbol and the length of its code.
func (c *code) lookup(v uint64, nb uint) (int, uint) {
	if e := c.fast[v&(1<<fastBits-1)]; e != 0 {
		if l := uint(e & 15); l <= nb {
			return int(e >> 4), l
		}
		return needMore, 0
	}
	at, first, index := 0, 0, 0
	for l := uint(1); l <= maxBits; l++ {
		if l > nb {
			return needMore, 0
		}
		at |= int(v & 1)
		v >>= 1
		n := int(c.count[l])
		if at-first < n {
			return int(c.symbol[index+at-first]), l
		}
		index += n
		first = (first + n) << 1
		at <<= 1
	}
	return noSymbol, 0
}
