package flow

import (
	"slices"
	"testing"
)

// tally is a Stream that counts, for streams too long to keep.
type tally struct {
	bytes, gaps      uint64
	gapAt, lo, hi    uint64
	differs, unclear int
	settled          uint64
}

func (s *tally) Open(*Conn) Stream { return s }
func (s *tally) Data(_ int, c *Chunk) bool {
	s.bytes += uint64(len(c.Bytes))
	return true
}
func (s *tally) Gap(_ int, off, n uint64, _ int64) { s.gapAt, s.gaps = off, s.gaps+n }
func (s *tally) Overlap(_ int, lo, hi uint64, differs bool) {
	s.lo, s.hi = lo, hi
	if differs {
		s.differs++
	} else {
		s.unclear++
	}
}
func (s *tally) Settled(_ int, off uint64) { s.settled = off }
func (s *tally) End(int, End)              {}
func (s *tally) Close()                    {}

// Offsets count on behind 4 GiB, where sequence numbers have come round.
func TestBeyondFourGiB(t *testing.T) {
	t.Parallel()
	const step, n = 16 << 20, 300
	var s tally
	var counts Counts
	tab := NewTable(&s, &counts, 0, 1, Limits{})
	body := make([]byte, step)
	id := uint32(0)
	send := func(seq uint64, b []byte) {
		id++
		tab.Add(&Segment{
			Time: int64(id) * 1e6, Src: Addr{0, 1}, Dst: Addr{0, 2}, SrcPort: 5, DstPort: 80, ID: id,
			Seq: uint32(seq), Flags: ACK, Payload: b, Wire: len(b),
		})
	}
	ack := func(seq uint64) {
		id++
		tab.Add(&Segment{Time: int64(id) * 1e6, Src: Addr{0, 2}, Dst: Addr{0, 1}, SrcPort: 80, DstPort: 5, ID: id, Ack: uint32(seq), Flags: ACK})
	}
	const first = 0xfffff000
	for i := range uint64(n) {
		send(first+i*step, body)
		ack(first + (i+1)*step)
		tab.Detach()
	}
	end := uint64(n * step)
	if s.bytes != end || s.settled != end || end < 1<<32 {
		t.Fatalf("%d bytes, settled %d, want %d", s.bytes, s.settled, end)
	}
	send(first+end, body[:1000])
	send(first+end+500, slices.Repeat([]byte{1}, 500))
	if s.differs != 1 || s.lo != end+500 || s.hi != end+1000 {
		t.Errorf("%d differ, in %d to %d", s.differs, s.lo, s.hi)
	}
	send(first+end+3000, body[:100])
	tab.Finish()
	if s.gapAt != end+1000 || s.gaps != 2000 || counts.Gaps != 1 || counts.Stray != 0 || counts.Connections != 1 {
		t.Errorf("gap at %d of %d bytes, %+v", s.gapAt, s.gaps, counts)
	}
}

// Of what the receiver has not acknowledged the last 256 KiB of a direction are compared, and 8 MiB in all; what
// lies before is told apart from what was compared.
func TestUncompared(t *testing.T) {
	t.Parallel()
	const size = pageSize
	for name, c := range map[string]struct {
		conns, segments  int
		back             int // segments from the end that the copy lies
		differs, unclear int
	}{
		"the window":                   {1, 128, 128, 1, 0},
		"one more":                     {1, 129, 129, 0, 1},
		"far beyond it":                {1, 2000, 1000, 0, 1},
		"near its end":                 {1, 2000, 3, 1, 0},
		"32 directions: 8 MiB":         {32, 128, 100, 32, 0},
		"more: too little for them":    {64, 128, 1, 32, 32},
		"of many, what is left for it": {64, 64, 1, 64, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s tally
			var counts Counts
			tab := NewTable(&s, &counts, 0, 1, Limits{})
			id := uint32(0)
			send := func(conn, n int, fill byte) {
				id++
				tab.Add(&Segment{
					Time: int64(id) * 1e6, Src: Addr{0, uint64(conn)}, Dst: Addr{0, 1 << 20}, SrcPort: 5, DstPort: 80, ID: id,
					Seq: uint32(n * size), Flags: ACK, Payload: slices.Repeat([]byte{fill}, size), Wire: size,
				})
				if id%16 == 0 {
					tab.Detach()
				}
			}
			for conn := range c.conns {
				for n := range c.segments {
					send(conn, n, 0)
				}
			}
			tab.Detach()
			for conn := range c.conns {
				send(conn, c.segments-c.back, 1)
			}
			if s.differs != c.differs || s.unclear != c.unclear || counts.Conflicts != int64(c.differs) || counts.Uncompared != int64(c.unclear) {
				t.Errorf("%d differ, %d are unclear, want %d and %d; %+v", s.differs, s.unclear, c.differs, c.unclear, counts)
			}
			if tab.windows.pool.made*pageSize > 8<<20 {
				t.Errorf("%d pages", tab.windows.pool.made)
			}
		})
	}
}
