package flow

const (
	pageSize   = 2048
	pagesBlock = 32 // pages allocated at a time
)

// page holds bytes that could not stay in the capture buffer: they arrived early, or the buffer was
// about to be overwritten while the receiver had yet to acknowledge them.
type page struct {
	next      *page
	off       uint64 // offset in the stream
	time      int64
	acked     uint64 // see Chunk.Acked
	n         int    // bytes used
	missing   int    // bytes behind them that were cut from the frame
	lo, hi    uint64 // where another copy differed; hi is 0 when none did
	unchecked bool
	buf       []byte
}

func (p *page) end() uint64 { return p.off + uint64(p.n) } //nolint:gosec // n is at most pageSize

// pages hands out pages up to a limit and takes them back.
type pages struct {
	free  *page
	made  int
	used  int
	limit int
}

// room is how many pages are left.
func (s *pages) room() int { return s.limit - s.used }

// get returns a page, or nil when the limit is reached.
func (s *pages) get() *page {
	if s.free == nil {
		if s.made >= s.limit {
			return nil
		}
		n := min(pagesBlock, s.limit-s.made)
		block, bytes := make([]page, n), make([]byte, n*pageSize)
		for i := range block {
			block[i].buf = bytes[i*pageSize : (i+1)*pageSize : (i+1)*pageSize]
			block[i].next, s.free = s.free, &block[i]
		}
		s.made += n
	}
	p := s.free
	s.free = p.next
	s.used++
	*p = page{buf: p.buf}
	return p
}

func (s *pages) put(p *page) {
	p.next = s.free
	s.free = p
	s.used--
}
