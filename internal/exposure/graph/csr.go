package graph

import (
	"fmt"
	"math"
	"slices"
	"sort"
)

// csr holds edges in compressed sparse rows, both ways. The edges of a node are sorted by target and
// then by detail, so parallel edges lie together, the strongest first. Without edges all of it is nil.
type csr struct {
	off  []uint32 // the edges that leave u are off[u] up to, not including, off[u+1]
	to   []uint32 // target, with timedBit
	what column   // detail of each edge
	roff []uint32 // the edges into v are roff[v] up to, not including, roff[v+1]
	from []uint32 // origin, with timedBit, sorted within a node
}

// column is a list of detail ids, of two bytes each while they fit.
type column struct {
	narrow []uint16
	wide   []uint32
}

func (c *column) at(i uint32) uint32 {
	if c.wide != nil {
		return c.wide[i]
	}
	return uint32(c.narrow[i])
}

func newColumn(n, largest int) column {
	if largest <= math.MaxUint16 {
		return column{narrow: make([]uint16, n)}
	}
	return column{wide: make([]uint32, n)}
}

func (c *column) set(i int, v uint32) {
	if c.wide != nil {
		c.wide[i] = v
		return
	}
	c.narrow[i] = uint16(v) //nolint:gosec // newColumn was told the largest
}

func (c *csr) out(u uint32) (lo, hi uint32) {
	if c.off == nil {
		return 0, 0
	}
	return c.off[u], c.off[u+1]
}

func (c *csr) in(v uint32) []uint32 {
	if c.roff == nil {
		return nil
	}
	return c.from[c.roff[v]:c.roff[v+1]]
}

// run returns the edges from u to v.
func (c *csr) run(u, v uint32) (lo, hi uint32) {
	first, end := c.out(u)
	row := c.to[first:end]
	i := sort.Search(len(row), func(i int) bool { return row[i]&idMask >= v })
	lo = first + uint32(i) //nolint:gosec // within the row
	for hi = lo; hi < end && c.to[hi]&idMask == v; {
		hi++
	}
	return lo, hi
}

func (c *csr) bytes() int64 {
	return 4*int64(len(c.off)+len(c.to)+len(c.roff)+len(c.from)+len(c.what.wide)) + 2*int64(len(c.what.narrow))
}

// record is one edge while the graph is built.
type record struct{ from, to, detail uint32 }

// newCSR builds the rows of nodes nodes. Equal records become one edge. timed says which details hold
// for a limited time.
func newCSR(nodes int, p *pile, timed []bool) (csr, error) {
	if p.n == 0 {
		return csr{}, nil
	}
	if p.n > math.MaxUint32 {
		return csr{}, fmt.Errorf("%d edges of one harm are more than %d", p.n, math.MaxUint32)
	}
	off, keys := p.rows(nodes)
	keys = sortRows(off, keys)
	c := csr{off: off, to: make([]uint32, len(keys)), what: newColumn(len(keys), len(timed)-1)}
	for i, k := range keys {
		d := uint32(k) //nolint:gosec // the lower half
		c.to[i] = uint32(k >> 32)
		if timed[d] {
			c.to[i] |= timedBit
		}
		c.what.set(i, d)
	}
	c.reverse(nodes)
	return c, nil
}

// rows places the records by origin: target and detail of each in one word.
func (p *pile) rows(nodes int) (off []uint32, keys []uint64) {
	off = make([]uint32, nodes+1)
	for r := range p.all {
		off[r.from]++
	}
	sum := uint32(0)
	for u, n := range off {
		off[u] = sum
		sum += n
	}
	keys = make([]uint64, p.n)
	for r := range p.all {
		keys[off[r.from]] = uint64(r.to)<<32 | uint64(r.detail)
		off[r.from]++
	}
	copy(off[1:], off[:nodes]) // each offset has moved to the end of its row, the start of the next
	off[0] = 0
	return off, keys
}

// sortRows sorts each row and drops what is there twice.
func sortRows(off []uint32, keys []uint64) []uint64 {
	n := uint32(0)
	for u := range len(off) - 1 {
		row := keys[off[u]:off[u+1]]
		off[u] = n
		slices.Sort(row)
		for i, k := range row {
			if i > 0 && k == row[i-1] {
				continue
			}
			keys[n] = k
			n++
		}
	}
	off[len(off)-1] = n
	return keys[:n]
}

// reverse fills roff and from.
func (c *csr) reverse(nodes int) {
	c.roff = make([]uint32, nodes+1)
	for _, t := range c.to {
		c.roff[t&idMask]++
	}
	sum := uint32(0)
	for v, n := range c.roff {
		c.roff[v] = sum
		sum += n
	}
	c.from = make([]uint32, len(c.to))
	for u := range uint32(nodes) { //nolint:gosec // ids fit 30 bits, checked by New
		for e := c.off[u]; e < c.off[u+1]; e++ {
			v := c.to[e] & idMask
			c.from[c.roff[v]] = u | c.to[e]&timedBit
			c.roff[v]++
		}
	}
	copy(c.roff[1:], c.roff[:nodes])
	c.roff[0] = 0
}
