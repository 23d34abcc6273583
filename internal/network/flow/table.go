package flow

import (
	"cmp"
	"slices"
)

// Timeouts in nanoseconds of capture time.
const (
	idleOpen   = 600e9 // a connection that may go on
	idleSYN    = 60e9  // one that never carried a byte
	idleClosed = 5e9   // one that was closed or reset
)

const (
	slabBits     = 8 // connections are allocated in blocks of 256
	slabSize     = 1 << slabBits
	evictionLook = 64 // connections looked at to find the one idle for longest
)

// Limits bound the memory of a [Table]. A zero value means the default.
type Limits struct {
	Connections int // followed at the same time; 65,536
	HeldBytes   int // that arrived early, of all connections; 16 MiB
}

// Table follows connections. It is used by one goroutine.
type Table struct {
	Counts *Counts
	// Over, when it is set, is told of each connection that is over, before the Close of its stream.
	Over func(c *Conn, why End)

	opener Opener
	realm  uint32
	seed   uint64
	limit  int

	slots []slot // open addressing, linear probing; the length is a power of two
	used  int
	slabs []*[slabSize]Conn
	free  []uint32
	made  uint32
	hand  uint32 // where the sweep for idle connections stands

	windows windows
	pages   pages // of what arrived early
	senders senders
	copies  copies
	chunk   Chunk

	mirrored bool // the segment at hand was seen before: the mirror sent it again, not its sender
}

type slot struct {
	hash uint32
	conn uint32 // index+1; 0: empty
}

// NewTable returns a table that asks opener for streams. The seed keeps senders of packets from choosing
// addresses that collide; it has no influence on what is reported.
func NewTable(opener Opener, counts *Counts, realm uint32, seed uint64, l Limits) *Table {
	if l.Connections <= 0 {
		l.Connections = 1 << 16
	}
	if l.HeldBytes <= 0 {
		l.HeldBytes = 16 << 20
	}
	t := &Table{Counts: counts, opener: opener, realm: realm, seed: seed, limit: l.Connections, slots: make([]slot, 1024)}
	t.pages.limit = max(l.HeldBytes/pageSize, 1)
	t.windows.pool.limit = windowPages
	return t
}

// Detach must be called before the bytes of segments that were added are overwritten.
func (t *Table) Detach() { t.windows.detach() }

func (t *Table) conn(i uint32) *Conn { return &t.slabs[i>>slabBits][i&(slabSize-1)] }

func (t *Table) lookup(k *key, h uint32) *Conn {
	mask := uint32(len(t.slots) - 1) //nolint:gosec // a power of two below 2^32
	for i := h & mask; ; i = (i + 1) & mask {
		s := t.slots[i]
		if s.conn == 0 {
			return nil
		}
		if s.hash == h {
			if c := t.conn(s.conn - 1); c.key.equal(k) {
				return c
			}
		}
	}
}

// create adds a connection, making room first when there is none.
func (t *Table) create(k *key, h uint32, now int64) *Conn {
	t.sweep(now, 2)
	if t.used >= t.limit {
		t.evict(now)
	}
	if 2*t.used >= len(t.slots) {
		t.grow()
	}
	var i uint32
	if n := len(t.free); n > 0 {
		i, t.free = t.free[n-1], t.free[:n-1]
	} else {
		i = t.made
		t.made++
		if int(i>>slabBits) == len(t.slabs) {
			t.slabs = append(t.slabs, new([slabSize]Conn))
		}
	}
	c := t.conn(i)
	*c = Conn{}
	c.key, c.hash, c.index, c.live, c.first, c.last = *k, h, i, true, now, now
	t.insert(h, i)
	t.used++
	t.Counts.Connections++
	return c
}

func (t *Table) insert(h, i uint32) {
	mask := uint32(len(t.slots) - 1) //nolint:gosec // a power of two below 2^32
	at := h & mask
	for t.slots[at].conn != 0 {
		at = (at + 1) & mask
	}
	t.slots[at] = slot{h, i + 1}
}

func (t *Table) grow() {
	old := t.slots
	t.slots = make([]slot, 2*len(old))
	for _, s := range old {
		if s.conn != 0 {
			t.insert(s.hash, s.conn-1)
		}
	}
}

// remove takes a finished connection out, moving later ones of its run back so that no mark is left.
func (t *Table) remove(c *Conn) {
	mask := uint32(len(t.slots) - 1) //nolint:gosec // a power of two below 2^32
	at := c.hash & mask
	for t.slots[at].conn != c.index+1 {
		at = (at + 1) & mask
	}
	for next := (at + 1) & mask; ; next = (next + 1) & mask {
		s := t.slots[next]
		if s.conn == 0 {
			break
		}
		if (next-s.hash)&mask >= (next-at)&mask {
			t.slots[at] = s
			at = next
		}
	}
	t.slots[at] = slot{}
	c.live = false
	t.free = append(t.free, c.index)
	t.used--
}

// sweep looks at the next n connections of the slab and ends those that are idle.
func (t *Table) sweep(now int64, n int) {
	for range n {
		if t.made == 0 {
			return
		}
		t.hand = (t.hand + 1) % t.made
		c := t.conn(t.hand)
		if !c.live {
			continue
		}
		idle, why := now-c.last, EndIdle
		switch {
		case c.closed || c.reset || c.half[0].ended && c.half[1].ended:
			if idle <= idleClosed {
				continue
			}
			why = EndReset
		case !c.opened && idle <= idleSYN, c.opened && idle <= idleOpen:
			continue
		}
		t.finish(c, why)
		t.remove(c)
	}
}

// evict gives up one connection: of the next ones in the slab, one that is over, else one that never carried
// a byte, so that a flood of these costs no other, else the one idle for longest.
func (t *Table) evict(now int64) {
	var worst *Conn
	for range evictionLook {
		t.hand = (t.hand + 1) % t.made
		c := t.conn(t.hand)
		if !c.live {
			continue
		}
		if worst == nil || c.worth() < worst.worth() || c.worth() == worst.worth() && now-c.last > now-worst.last {
			worst = c
		}
	}
	if worst == nil {
		return
	}
	if !worst.closed {
		t.Counts.Evicted++
	}
	t.finish(worst, EndEvicted)
	t.remove(worst)
}

// worth is how much is lost with a connection.
func (c *Conn) worth() int {
	switch {
	case c.closed:
		return 0
	case !c.opened:
		return 1
	}
	return 2
}

// Finish ends every connection, in the order of their last packets: the capture is over.
func (t *Table) Finish() {
	var open []uint32
	for i := range t.made {
		if c := t.conn(i); c.live {
			open = append(open, i)
		}
	}
	slices.SortStableFunc(open, func(a, b uint32) int { return cmp.Compare(t.conn(a).last, t.conn(b).last) })
	for _, i := range open {
		t.finish(t.conn(i), EndCapture)
		t.remove(t.conn(i))
	}
}
