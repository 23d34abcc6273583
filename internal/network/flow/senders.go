package flow

// maxSenders bounds the memory of who has shown a good checksum. When it is full it starts anew: a sender
// that is forgotten shows a good segment with its next data.
const maxSenders = 1 << 16

type sender struct {
	addr  Addr
	realm uint32
}

// senders remembers which hosts have sent a data segment with a good checksum.
type senders struct {
	good map[sender]struct{}
	last [1024]sender // of these, some that were added lately: each connection adds both its ends
}

func (s *senders) add(a Addr, realm uint32) {
	last := &s.last[(a.Lo^a.Lo>>4)%uint64(len(s.last))]
	if *last == (sender{a, realm}) && *last != (sender{}) {
		return
	}
	if s.good == nil || len(s.good) >= maxSenders {
		s.good, s.last = make(map[sender]struct{}), [1024]sender{}
	}
	s.good[sender{a, realm}] = struct{}{}
	*last = sender{a, realm}
}

func (s *senders) has(a Addr, realm uint32) bool {
	_, ok := s.good[sender{a, realm}]
	return ok
}
