package flow

// maxSenders bounds the memory of who has shown a good checksum. When it is full it starts anew: a sender
// that is forgotten shows a good segment with its next data.
const maxSenders = 1 << 16

type sender struct {
	addr  Addr
	realm uint32
}

// senders remembers which hosts have sent a data segment with a good checksum.
type senders struct{ good map[sender]struct{} }

func (s *senders) add(a Addr, realm uint32) {
	if s.good == nil || len(s.good) >= maxSenders {
		s.good = make(map[sender]struct{})
	}
	s.good[sender{a, realm}] = struct{}{}
}

func (s *senders) has(a Addr, realm uint32) bool {
	_, ok := s.good[sender{a, realm}]
	return ok
}
