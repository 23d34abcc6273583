package flow

// maxSenders bounds the memory of who has shown a good checksum. When it is full it starts anew: a sender
// that is forgotten shows a good segment with its next data.
const maxSenders = 1 << 16

// senders remembers which hosts have sent a data segment with a good checksum.
type senders struct {
	good map[Addr]struct{}
	last [1024]Addr // of these, some that were added lately: each connection adds both its ends
}

func (s *senders) add(a Addr) {
	last := &s.last[a.Spread()%uint64(len(s.last))]
	if *last == a && a != (Addr{}) {
		return
	}
	if s.good == nil || len(s.good) >= maxSenders {
		s.good, s.last = make(map[Addr]struct{}), [1024]Addr{}
	}
	s.good[a] = struct{}{}
	*last = a
}

func (s *senders) has(a Addr) bool {
	_, ok := s.good[a]
	return ok
}
