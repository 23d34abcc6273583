package app

import (
	"net/netip"

	"github.com/cordon-trust/cordon/internal/model"
)

// maxServing bounds the addresses of senders that are remembered. Beyond it nobody new is seen serving:
// what is not known stays an endpoint.
const maxServing = 32 << 10

// serving remembers which addresses handed objects to others, so that what no list names and serves is not
// taken for an endpoint. A transfer does not say who asked, and an endpoint sends too, when it uploads: so
// an address serves once it sent from a port of a service, below 1024, or to two receivers from one port,
// which no client does. It belongs to one goroutine.
type serving struct {
	to      map[netip.AddrPort]netip.Addr // the first receiver
	servers map[netip.Addr]struct{}
}

// note takes the two sides of a transfer.
func (s *serving) note(t *model.Transfer) {
	from, err := netip.ParseAddrPort(t.Peer)
	if err != nil {
		return
	}
	from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	if s.serves(from.Addr()) {
		return
	}
	to := addrOf(t)
	first, held := s.to[from]
	switch {
	case from.Port() < 1024, held && first != to && to.IsValid():
		if s.servers == nil {
			s.servers = map[netip.Addr]struct{}{}
		}
		if len(s.servers) < maxServing {
			s.servers[from.Addr()] = struct{}{}
		}
	case !held && to.IsValid() && len(s.to) < maxServing:
		if s.to == nil {
			s.to = map[netip.AddrPort]netip.Addr{}
		}
		s.to[from] = to
	}
}

// serves reports whether the address was seen serving others.
func (s *serving) serves(a netip.Addr) bool {
	_, ok := s.servers[a.Unmap()]
	return ok
}
