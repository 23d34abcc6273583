package flow

import "bytes"

// early takes bytes that arrived before their turn: off lies beyond the next byte.
func (t *Table) early(c *Conn, side int, off uint64, b []byte, missing int, s *Segment) {
	d := &c.half[side]
	if t.pages.room() > len(b)/pageSize {
		t.hold(c, side, off, b, missing, s)
		t.patience(c, side, s.Time)
		return
	}
	// No room to wait: what is missing up to here is given up, so that nothing that was seen is lost.
	t.Counts.HeldEvicted++
	for d.held != nil {
		t.skip(c, side)
	}
	if off > d.off {
		t.lose(c, side, int(off-d.off), s.Time) //nolint:gosec // less than 2^31
	}
	if skip := d.off - off; skip < uint64(len(b)) {
		t.chunk = Chunk{Bytes: b[skip:], Time: s.Time, Acked: c.received(side, s), Unchecked: s.Sum != SumGood}
		t.deliver(c, side, s.Copied)
	}
}

// hold keeps bytes until those before them have come. Where they overlap what is held already, the first
// copy wins, and one that differs is noted: nothing of it can have been settled.
func (t *Table) hold(c *Conn, side int, off uint64, b []byte, missing int, s *Segment) {
	d := &c.half[side]
	if d.held == nil {
		d.since = s.Time
	}
	end := off + uint64(len(b))
	if d.tail != nil && off >= d.tail.end() {
		t.place(c, side, d.tail, off, b, missing, s)
		return
	}
	var before *page
	for p := d.held; p != nil && off < end && p.off < end; p = p.next {
		if p.end() > off {
			if off < p.off {
				t.place(c, side, before, off, b[:p.off-off], 0, s)
				b, off = b[p.off-off:], p.off
			}
			k := min(p.end(), end) - off
			if !bytes.Equal(b[:k], p.buf[off-p.off:off-p.off+k]) {
				t.Counts.Conflicts++
				p.dispute(off, off+k)
			}
			b, off = b[k:], off+k
		}
		before = p
	}
	if off < end {
		t.place(c, side, before, off, b, missing, s)
	}
}

// dispute notes that another copy of [lo,hi) differed.
func (p *page) dispute(lo, hi uint64) {
	if p.hi == 0 {
		p.lo, p.hi = lo, hi
		return
	}
	p.lo, p.hi = min(p.lo, lo), max(p.hi, hi)
}

// place puts b into new pages behind before, which is nil for the front.
func (t *Table) place(c *Conn, side int, before *page, off uint64, b []byte, missing int, s *Segment) {
	d := &c.half[side]
	for len(b) > 0 {
		p := t.pages.get()
		if p == nil {
			return // a hole will be declared where these bytes were
		}
		p.off, p.time, p.unchecked, p.acked = off, s.Time, s.Sum != SumGood, c.received(side, s)
		p.n = copy(p.buf, b)
		b, off = b[p.n:], p.end()
		if len(b) == 0 {
			p.missing = missing
		}
		if before == nil {
			p.next, d.held = d.held, p
		} else {
			p.next, before.next = before.next, p
		}
		if p.next == nil {
			d.tail = p
		}
		d.nheld++
		before = p
	}
}
