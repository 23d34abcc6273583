package flow

// Bounds of what is held back while earlier bytes are missing.
const (
	heldPages = 4 << 20 / pageSize // of one direction, whether acknowledged or not
	ackedHeld = 64                 // pages after which a hole that the receiver acknowledged is declared
	ackedWait = 1e9                // nanoseconds after which it is declared
)

// data takes the payload of a segment.
func (t *Table) data(c *Conn, side int, s *Segment, seq uint32) {
	d := &c.half[side]
	if c.closed {
		t.Counts.Stray++
		return
	}
	if !d.started {
		d.started, d.isn, d.next = true, seq, seq
	}
	c.reset = false // it goes on: the reset was not meant for this connection
	b, n := s.Payload, s.Wire
	rel := int(int32(seq - d.next)) //nolint:gosec // serial number arithmetic, RFC 1982
	if rel < 0 {
		k := t.old(c, side, b, n, -rel)
		if k >= n {
			return
		}
		b, n, rel = b[min(k, len(b)):], n-k, 0
	}
	if d.ended { // nothing can lie behind a FIN
		t.Counts.Stray++
		return
	}
	if c.opened && c.stream == nil { // nobody wants these bytes: follow the numbers only
		d.off += uint64(rel + n)  //nolint:gosec // not negative
		d.next += uint32(rel + n) //nolint:gosec // serial number arithmetic
		return
	}
	if rel > 0 {
		t.early(c, side, d.off+uint64(rel), b, n-len(b), s)
		return
	}
	if p := d.held; p != nil && d.off+uint64(len(b)) > p.off { // what is held came first
		k := p.off - d.off
		t.hold(c, side, p.off, b[k:], n-len(b), s)
		b, n = b[:k], int(k) //nolint:gosec // at most len(b)
	}
	t.chunk.Bytes, t.chunk.Time, t.chunk.Acked, t.chunk.Unchecked = b, s.Time, c.received(side, s), s.Sum != SumGood
	t.deliver(c, side, s.Copied)
	if n > len(b) {
		t.lose(c, side, n-len(b), s.Time)
	}
	if d.held != nil {
		t.drain(c, side)
	}
	if d.hasFin {
		t.finReached(c, side)
	}
}

// old deals with the bytes of a segment that begins back bytes below the next one. It returns how many
// of its n bytes were seen before.
func (t *Table) old(c *Conn, side int, b []byte, n, back int) int {
	d := &c.half[side]
	if n == 1 && back == 1 {
		if t.mirrored {
			return n
		}
		t.Counts.KeepAlive++ // RFC 9293 section 3.8.4
		return n
	}
	if !t.mirrored {
		t.Counts.Retrans++
	}
	k := min(n, back)
	seen := b[:min(k, len(b))]
	if uint64(back) > d.off { //nolint:gosec // not negative
		// It begins before the first byte that was seen of this direction.
		skip := back - int(d.off)                            //nolint:gosec // smaller than back
		seen, back = seen[min(skip, len(seen)):], int(d.off) //nolint:gosec // at most len(b)
	}
	lo := d.off - uint64(back) //nolint:gosec // not negative
	if lo < d.settled {
		skip := min(d.settled-lo, uint64(len(seen)))
		seen, lo = seen[skip:], lo+skip
	}
	if len(seen) > 0 && c.stream != nil {
		hi, compared, same := lo+uint64(len(seen)), 0, true
		if d.win != nil {
			compared, same = d.win.compare(lo, seen)
		}
		if !same {
			t.Counts.Conflicts++
			c.stream.Overlap(side, lo, hi, true)
		} else if compared < len(seen) {
			t.Counts.Uncompared++
			c.stream.Overlap(side, lo, hi, false)
		}
	}
	return k
}

// received is where the acknowledgement of a segment stands in the other direction.
func (c *Conn) received(side int, s *Segment) uint64 {
	o := &c.half[side^1]
	diff := int64(int32(s.Ack - o.next)) //nolint:gosec // serial number arithmetic, RFC 1982
	off := int64(o.off) + diff           //nolint:gosec // far below 2^63
	if s.Flags&ACK == 0 || !o.started || off < 0 {
		return NotTold
	}
	return uint64(off)
}

// deliver hands the bytes of t.chunk, which are next in their direction, to the stream.
func (t *Table) deliver(c *Conn, side int, copied bool) {
	if !c.opened {
		c.opened = true
		c.stream = t.opener.Open(c)
	}
	d := &c.half[side]
	off, b := d.off, t.chunk.Bytes
	d.off += uint64(len(b))
	d.next += uint32(len(b)) //nolint:gosec // serial number arithmetic
	if c.stream == nil || len(b) == 0 {
		return
	}
	if w := d.win; w != nil {
		t.windows.push(w, off, b, copied)
	} else if w = t.windows.get(d); w != nil {
		t.windows.push(w, off, b, copied)
	}
	t.chunk.Off, t.chunk.FromSYN = off, [2]bool{c.half[0].fromSyn, c.half[1].fromSyn}
	if !c.stream.Data(side, &t.chunk) {
		t.dismiss(c)
	}
}

// lose declares that the next n bytes of a direction are missing.
func (t *Table) lose(c *Conn, side, n int, when int64) {
	d := &c.half[side]
	t.Counts.Gaps++
	t.Counts.GapBytes += int64(n)
	d.holes++
	d.lost += uint64(n) //nolint:gosec // positive
	off := d.off
	d.off += uint64(n)  //nolint:gosec // positive
	d.next += uint32(n) //nolint:gosec // serial number arithmetic
	if d.acked >= d.off {
		t.Counts.GapsAcked++
	}
	if c.stream != nil {
		c.stream.Gap(side, off, uint64(n), when) //nolint:gosec // positive
	}
}

// patience declares the first hole of a direction once it is clear, or has become too costly to hope,
// that its bytes will not come.
func (t *Table) patience(c *Conn, side int, now int64) {
	d := &c.half[side]
	for d.held != nil {
		if d.nheld < heldPages {
			if d.acked < d.held.off || d.nheld < ackedHeld && now-d.since < ackedWait {
				return
			}
		} else {
			t.Counts.HeldEvicted++
		}
		t.skip(c, side)
	}
}

// skip gives up the hole before the first held page.
func (t *Table) skip(c *Conn, side int) {
	d := &c.half[side]
	if !c.opened {
		c.opened = true
		c.stream = t.opener.Open(c)
	}
	t.lose(c, side, int(d.held.off-d.off), d.held.time) //nolint:gosec // less than 2^31
	t.drain(c, side)
}

// drain delivers what is held and has become next.
func (t *Table) drain(c *Conn, side int) {
	d := &c.half[side]
	for p := d.held; p != nil && p.off <= d.off; p = d.held {
		d.held = p.next
		d.nheld--
		if d.held == nil {
			d.tail = nil
		} else {
			d.since = d.held.time
		}
		if p.end() > d.off {
			t.chunk.Bytes, t.chunk.Time, t.chunk.Acked, t.chunk.Unchecked = p.buf[d.off-p.off:p.n], p.time, p.acked, p.unchecked
			t.deliver(c, side, true)
		}
		if p.hi != 0 && c.stream != nil {
			c.stream.Overlap(side, p.lo, p.hi, true)
		}
		if p.missing > 0 && d.off == p.end() {
			t.lose(c, side, p.missing, p.time)
		}
		t.pages.put(p)
	}
	if d.held == nil {
		t.finReached(c, side)
	}
}

// dismiss stops following the bytes of a connection that nobody wants any more.
func (t *Table) dismiss(c *Conn) {
	c.stream.Close()
	c.stream = nil
	for side := range c.half {
		t.release(&c.half[side])
	}
}

func (t *Table) release(d *half) {
	if d.win != nil {
		t.windows.put(d.win)
	}
	for p := d.held; p != nil; p = d.held {
		d.held = p.next
		t.pages.put(p)
	}
	d.tail, d.nheld = nil, 0
}

// finish ends both directions of a connection and lets go of all but its name.
func (t *Table) finish(c *Conn, why End) {
	if c.closed {
		return
	}
	if c.reset && why != EndFIN {
		why = EndReset
	}
	for side := range c.half {
		d := &c.half[side]
		for d.held != nil {
			t.skip(c, side)
		}
		t.trailing(c, side)
		if d.ended {
			continue
		}
		d.ended = true
		if c.stream != nil {
			c.stream.End(side, why)
		}
	}
	c.closed = true
	for side := range c.half {
		t.release(&c.half[side])
	}
	if t.Over != nil {
		t.Over(c, c.ended(why))
	}
	if c.stream != nil {
		c.stream.Close()
		c.stream = nil
	}
}

// trailing declares bytes at the end of a direction that were never seen, though the receiver
// acknowledged them or the sender closed behind them.
func (t *Table) trailing(c *Conn, side int) {
	d := &c.half[side]
	n := 0
	if d.acked > d.off {
		n = int(min(d.acked-d.off, 1<<30))
		if n == 1 && !d.hasFin {
			n = 0 // rather the number that a FIN takes, which was not captured
		}
	}
	if d.hasFin {
		if k := int(int32(d.fin - d.next)); k >= 0 { //nolint:gosec // serial number arithmetic
			n = k
		}
	}
	if n > 0 && !d.ended && c.stream != nil {
		t.lose(c, side, n, c.last)
	}
}
