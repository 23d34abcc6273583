package flow

// asked notes who opened a connection, from a segment with a SYN.
func (c *Conn) asked(side int, flags uint8) {
	if flags&ACK != 0 {
		side ^= 1 // it is the answer
	}
	if c.asker == 0 {
		c.asker = uint8(side + 1) //nolint:gosec // 1 or 2
	}
}

// Asker returns the side that opened the connection, or -1 when no SYN was seen.
func (c *Conn) Asker() int { return int(c.asker) - 1 }

// First returns the time of the first packet, in nanoseconds since 1970.
func (c *Conn) First() int64 { return c.first }

// Last returns the time of the last packet, in nanoseconds since 1970.
func (c *Conn) Last() int64 { return c.last }

// Sent returns how many bytes of what a side sent were seen, each counted once. Of a connection that nobody
// wants, those that lie between the first and the last are counted though they may be missing.
func (c *Conn) Sent(side int) uint64 { return c.half[side].off - c.half[side].lost }

// Holes returns how many holes were found in what a side sent, and how many bytes they have.
func (c *Conn) Holes(side int) (n int, bytes uint64) {
	return int(c.half[side].holes), c.half[side].lost
}

// Stream returns the stream, nil when nobody wants the connection (any more).
func (c *Conn) Stream() Stream { return c.stream }

// ended says how a connection as a whole ended: closed when every side that was seen closed it.
func (c *Conn) ended(why End) End {
	a, b := &c.half[0], &c.half[1]
	switch {
	case (a.hasFin || b.hasFin) && a.hasFin == a.started && b.hasFin == b.started:
		return EndFIN
	case c.reset:
		return EndReset
	case why == EndFIN, why == EndReset:
		return EndIdle // one side closed it and the other fell silent
	}
	return why
}

var endNames = [...]string{
	EndFIN: "fin", EndReset: "rst", EndIdle: "idle", EndEvicted: "evicted", EndReused: "reused", EndCapture: "cut",
}

// String returns the name used in rows.
func (e End) String() string { return endNames[e] }
