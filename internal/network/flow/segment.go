package flow

// minWindow is how far from the bytes expected next a reset is believed to be genuine.
const minWindow = 1 << 16

// maxAhead is how far beyond what was seen an acknowledgement is believed.
const maxAhead = 64 << 20

// Add follows one segment. Its payload must stay as it is until the next Detach, unless it is Copied.
//
// A checksum field that is zero or holds the bare pseudo-header sum was left to hardware: the segment is
// used. Any other wrong one is used while that sender has shown no good data segment (its addresses may
// have been rewritten), else dropped. What rests on such segments is marked Unchecked.
func (t *Table) Add(s *Segment) {
	var k key
	side := k.of(s, t.realm)
	name := k.hash(t.seed)
	if t.mirrored = t.copies.seen(s, name, side); t.mirrored {
		t.Counts.Copies++
		if s.Wire == 0 {
			return
		}
	}
	h := slotHash(name)
	c := t.lookup(&k, h)
	if !t.accept(c, side, s) {
		return
	}
	if c == nil {
		if s.Flags&(SYN|RST) != SYN && s.Wire == 0 {
			t.Counts.Stray++
			return
		}
		c = t.create(&k, h, s.Time)
	}
	if c = t.takeover(c, side, s); c == nil {
		return
	}
	c.last = s.Time
	if c.first == 0 {
		c.first = s.Time
	}
	seq := s.Seq
	if s.Flags&SYN != 0 {
		seq++
	}
	if s.Flags&(ACK|RST) == ACK { // the acknowledgement in a reset need not mean anything
		t.ack(c, side, s)
	}
	if s.Wire > 0 {
		t.data(c, side, s, seq)
	}
	if s.Flags&(FIN|RST) != 0 {
		t.closing(c, side, s, seq)
	}
}

// accept applies the checksum rule.
func (t *Table) accept(c *Conn, side int, s *Segment) bool {
	known := c != nil && c.half[side].good
	switch s.Sum {
	case SumGood:
		if s.Wire > 0 && !known {
			t.senders.add(s.Src)
			if c != nil {
				c.half[side].good = true
			}
		}
	case SumOffload:
		t.Counts.Offload++
	case SumWrong:
		if known || t.senders.has(s.Src) {
			t.Counts.WrongDrop++
			return false
		}
		t.Counts.WrongUsed++
	case SumUnknown: // cut, and counted as such by the decoder
	}
	return true
}

// takeover handles the beginnings of connections: it notes initial sequence numbers, and starts anew when
// another connection has taken over the ports. It returns nil when the segment belongs to nothing.
//
// A SYN that does not fit a running connection proves nothing, since anybody can send one: it counts when
// the other side answers it or its sender goes on from it.
func (t *Table) takeover(c *Conn, side int, s *Segment) *Conn {
	d, o := &c.half[side], &c.half[side^1]
	if s.Flags&SYN != 0 {
		isn := s.Seq + 1
		switch {
		case s.Flags&RST != 0:
			return nil
		case c.closed || c.reset && s.Flags&ACK == 0:
			t.reopen(c)
			t.begin(c, side, isn)
			c.asked(side, s.Flags)
		case s.Flags&ACK != 0 && o.hasSyn && s.Ack == o.syn:
			first := o.syn
			t.reopen(c)
			t.begin(c, side^1, first)
			t.begin(c, side, isn)
			c.asked(side, s.Flags)
		case !d.started:
			t.begin(c, side, isn)
			c.asked(side, s.Flags)
			if s.Flags&ACK != 0 && !o.started {
				t.begin(c, side^1, s.Ack) // the answer tells where the other side began
			}
		case d.isn != isn:
			d.syn, d.hasSyn = isn, true
		}
		return c
	}
	if d.hasSyn && s.Seq == d.syn {
		first, other, both := d.syn, o.syn, o.hasSyn
		t.reopen(c)
		t.begin(c, side, first)
		if both {
			t.begin(c, side^1, other)
		}
		return c
	}
	if c.closed {
		if s.Wire == 0 || s.Flags&RST != 0 || d.started && d.near(s.Seq) {
			if s.Wire > 0 {
				t.Counts.Stray++
			}
			return nil
		}
		t.reopen(c)
	}
	return c
}

func (t *Table) begin(c *Conn, side int, first uint32) {
	d := &c.half[side]
	d.started, d.fromSyn, d.isn, d.next = true, true, first, first
}

// near reports whether a sequence number lies in what this direction has recently sent or may send next.
func (d *half) near(seq uint32) bool {
	diff := int32(seq - d.next) //nolint:gosec // serial number arithmetic, RFC 1982
	return diff >= -(1<<22) && diff <= 1<<22
}

// reopen finishes what used the ports before.
func (t *Table) reopen(c *Conn) {
	t.finish(c, EndReused)
	*c = Conn{key: c.key, hash: c.hash, index: c.index, live: true, last: c.last}
	t.Counts.Connections++
}

// ack notes what the sender of s has received from the other side.
func (t *Table) ack(c *Conn, side int, s *Segment) {
	o := &c.half[side^1]
	if !o.started {
		return
	}
	diff := int64(int32(s.Ack - o.next)) //nolint:gosec // serial number arithmetic, RFC 1982
	if o.hasFin && s.Ack == o.fin+1 {
		diff-- // the FIN takes a number of its own
	}
	if diff > maxAhead {
		return // such as the answer to a segment of an earlier connection (RFC 9293 section 3.10.7.4)
	}
	off := int64(o.off) + diff //nolint:gosec // far below 2^63
	if off <= int64(o.acked) { //nolint:gosec // far below 2^63
		return
	}
	o.acked = uint64(off) //nolint:gosec // positive, see above
	if settled := min(o.acked, o.off); settled > o.settled {
		o.settled = settled
		if o.win != nil {
			t.windows.acked(o.win, settled)
		}
		if c.stream != nil {
			c.stream.Settled(side^1, settled)
		}
	}
	if o.held != nil {
		t.patience(c, side^1, s.Time)
	}
	t.done(c)
}

// closing handles FIN and RST. seq is the number of the first byte of the segment.
func (t *Table) closing(c *Conn, side int, s *Segment, seq uint32) {
	d := &c.half[side]
	if s.Flags&RST != 0 {
		diff := int32(s.Seq - d.next) //nolint:gosec // serial number arithmetic, RFC 1982
		if !d.started || diff >= 0 && diff <= minWindow {
			c.reset = true
		}
		return
	}
	if d.hasFin {
		return
	}
	if !d.started {
		d.started, d.next = true, seq
	}
	d.fin, d.hasFin = seq+uint32(s.Wire), true //nolint:gosec // an IP payload
	t.finReached(c, side)
}

// finReached ends a direction whose every byte up to its FIN was seen or declared missing.
func (t *Table) finReached(c *Conn, side int) {
	d := &c.half[side]
	if !d.hasFin || d.ended || d.next != d.fin || d.held != nil {
		return
	}
	d.ended = true
	if c.stream != nil {
		c.stream.End(side, EndFIN)
	}
	t.done(c)
}

// done finishes a connection that was closed by both sides and whose bytes were all acknowledged.
func (t *Table) done(c *Conn) {
	a, b := &c.half[0], &c.half[1]
	if !c.closed && a.ended && b.ended && a.settled == a.off && b.settled == b.off {
		t.finish(c, EndFIN)
	}
}
