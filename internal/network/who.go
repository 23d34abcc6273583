package network

import (
	"net/netip"
	"slices"

	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/flow"
	"github.com/cordon-trust/cordon/internal/network/neighbour"
)

// Bounds of what is remembered of addresses. A flood of forged messages costs at most this much; what is
// given up for it is counted.
const (
	maxPlaces   = 64 << 10 // addresses
	maxStations = 64 << 10 // MACs
	maxStays    = 16       // of one address
	maxNames    = 8        // of one address, and of one MAC
	nameBytes   = 4 << 20  // of all names together
)

// A MAC is taken for a router's when it has had more than ownAddrs IPv4 addresses within ownWithin. One host
// has one, or a few for a while as it is moved about. IPv6 says nothing: hosts change theirs daily (RFC 8981).
const (
	ownAddrs  = 4
	ownWithin = int64(8 * 3600e9) // nanoseconds; ARP caches of routers are renewed every 4 hours or sooner
)

// contestWithin is how soon two MACs that take an address from each other contest it: neither is proved
// until this long after the last change.
const contestWithin = int64(60e9) // nanoseconds

// who knows which MAC had which address when, and what they are called. It belongs to the engine.
type who struct {
	places   book[flow.Addr, place]
	stations book[neighbour.MAC, station]
	called   book[flow.Addr, called]
	named    int          // bytes of names that are held
	near     [4096]*place // that were asked for last, each where its address falls

	malformed int64 // messages that lie about their lengths
	nameless  int64 // names not kept for lack of room
	stays     int64 // given up for lack of room
}

// place is one address.
type place struct {
	addr  flow.Addr
	gone  bool    // given up: what is learned of its address from then on is in another
	stays []stay  // in the order in which they began
	one   [1]stay // room for them while there is one
	// While two MACs contest the address it is nobody's.
	contested, until int64
}

// called is what DNS calls an address.
type called struct {
	names []string
	last  int64
}

// stay is a time during which one MAC had the address; while mac is zero nothing proved one.
type stay struct {
	mac              neighbour.MAC
	station          *station // of mac; forgotten when it is gone
	by               string
	first, last      int64
	lease            int64 // end of the time for which DHCP gave the address; 0 when that is not known
	received, served int64
}

// holds reports whether the stay's MAC is proved at a moment: it began, and no lease ran out since the MAC
// was last seen with the address.
func (s *stay) holds(t int64) bool {
	return s.mac != neighbour.MAC{} && s.first <= t && (s.lease == 0 || t <= s.lease || s.last > s.lease)
}

// station is one MAC.
type station struct {
	held    [ownAddrs]held
	n       int
	router  bool
	gone    bool // given up: what is learned of its MAC from then on is in another
	names   []string
	vendor  string
	text    string        // the MAC
	subject model.Subject // made when first needed
}

// held is an IPv4 address that a MAC was seen with.
type held struct {
	addr flow.Addr
	last int64
}

func newWho() *who {
	w := &who{}
	w.places = newBook[flow.Addr](maxPlaces, func(p *place) (bool, int64) {
		needed, last := false, int64(0)
		for i := range p.stays {
			needed, last = needed || p.stays[i].counts(), max(last, p.stays[i].last)
		}
		return needed, last
	}, func(p *place) { p.gone = true })
	w.stations = newBook[neighbour.MAC](maxStations, func(s *station) (bool, int64) {
		last := int64(0)
		for _, h := range s.held[:s.n] {
			last = max(last, h.last)
		}
		return s.router, last
	}, func(s *station) {
		s.gone = true
		w.forget(append(s.names, s.vendor))
	})
	w.called = newBook[flow.Addr](maxPlaces, func(c *called) (bool, int64) { return false, c.last },
		func(c *called) { w.forget(c.names) })
	return w
}

// counts reports whether a transfer rests on the stay.
func (s *stay) counts() bool { return s.received+s.served > 0 }

// claim takes a proved binding. lease is the end of the time for which it was given, or 0.
func (w *who) claim(c neighbour.Claim, by string, t, lease int64) {
	a := flow.AddrOf(c.Addr)
	w.station(c.MAC).hold(c, a, t)
	p := w.place(a)
	var now *stay
	if n := len(p.stays); n > 0 {
		now = &p.stays[n-1]
	}
	back := p.lastOf(c.MAC)
	switch {
	case back != nil && back == now:
	case back != nil && t-back.last <= contestWithin && t-now.last <= contestWithin:
		if t > p.until {
			p.contested = now.first
		}
		p.until = t + contestWithin
	default:
		w.trim(p)
		p.stays = append(p.stays, stay{mac: c.MAC, by: by, first: t, last: t})
		back = &p.stays[len(p.stays)-1]
	}
	back.first, back.last = min(back.first, t), max(back.last, t)
	back.lease = max(back.lease, lease)
}

// place returns what is known of an address, which may be nothing yet.
func (w *who) place(a flow.Addr) *place {
	near := w.nearest(a)
	if p := *near; p != nil && p.addr == a && !p.gone {
		return p
	}
	p, fresh := w.places.make(a)
	if fresh {
		p.addr, p.stays = a, p.one[:0]
	}
	*near = p
	return p
}

// known returns what is known of an address, or nil.
func (w *who) known(a flow.Addr) *place {
	near := w.nearest(a)
	if p := *near; p != nil && p.addr == a && !p.gone {
		return p
	}
	p := w.places.get(a)
	if p != nil {
		*near = p
	}
	return p
}

// nearest is where an address falls among those that were asked for last.
func (w *who) nearest(a flow.Addr) **place {
	return &w.near[a.Spread()%uint64(len(w.near))]
}

// lastOf is the last time that a MAC had the address, or nil.
func (p *place) lastOf(mac neighbour.MAC) *stay {
	for i := range slices.Backward(p.stays) {
		if p.stays[i].mac == mac {
			return &p.stays[i]
		}
	}
	return nil
}

// trim makes room for one stay: it forgets the first that no transfer rests on, and never the last.
func (w *who) trim(p *place) {
	if n := len(p.stays); n >= maxStays {
		drop := max(slices.IndexFunc(p.stays[:n-1], func(s stay) bool { return !s.counts() }), 0)
		p.stays = slices.Delete(p.stays, drop, drop+1)
		w.stays++
	}
}

// station returns what is known of a MAC.
func (w *who) station(mac neighbour.MAC) *station {
	s, fresh := w.stations.make(mac)
	if fresh {
		s.router = mac.Shared()
	}
	return s
}

// hold notes that the MAC has an address, and whether these have become too many for one device.
func (s *station) hold(c neighbour.Claim, a flow.Addr, t int64) {
	s.router = s.router || c.Router
	if s.router || !c.Addr.Is4() {
		return
	}
	kept := s.held[:0]
	for _, h := range s.held[:s.n] {
		if h.addr != a && t-h.last <= ownWithin {
			kept = append(kept, h)
		}
	}
	if len(kept) == ownAddrs {
		s.router = true
		return
	}
	kept = append(kept, held{a, t})
	s.n = len(kept)
}

// at finds the stay of a moment, or nil when no MAC is proved for it.
func (p *place) at(t int64) *stay {
	if p.contested <= t && t <= p.until {
		return nil
	}
	for i := len(p.stays) - 1; i >= 0; i-- {
		if s := &p.stays[i]; s.first <= t && s.mac != (neighbour.MAC{}) {
			if s.holds(t) {
				return s
			}
			return nil
		}
	}
	return nil
}

// resident is the MAC that an address had at a moment, if it stands for one device.
func (w *who) resident(a flow.Addr, t int64) *station {
	if len(w.stations.entries) == 0 {
		return nil // nothing was proved so far
	}
	p := w.known(a)
	if p == nil {
		return nil
	}
	s := p.at(t)
	if s == nil {
		return nil
	}
	if s.station == nil || s.station.gone {
		s.station = w.stations.get(s.mac)
	}
	switch st := s.station; {
	case st == nil || st.router:
		return nil
	case st.text == "":
		st.text = s.mac.String()
	}
	return s.station
}

// again is what is known of an address that was asked for before; p is what was known then, or nil.
func (w *who) again(p *place, a netip.Addr) *place {
	if p != nil && !p.gone {
		return p
	}
	return w.place(flow.AddrOf(a))
}

// count is where a transfer counts that an address received or served at a moment.
func (w *who) count(p *place, t int64) *stay {
	if s := p.at(t); s != nil {
		return s
	}
	return w.unproved(p, t)
}

// unproved is the stay of the moments for which no MAC is proved. It comes first, so that the last one is
// always the latest that is proved, if any is.
func (w *who) unproved(p *place, t int64) *stay {
	if len(p.stays) > 0 && p.stays[0].mac == (neighbour.MAC{}) {
		s := &p.stays[0]
		s.first, s.last = min(s.first, t), max(s.last, t)
		return s
	}
	w.trim(p)
	p.stays = slices.Insert(p.stays, 0, stay{first: t, last: t})
	return &p.stays[0]
}

// describe keeps what kind of device a host says it is.
func (w *who) describe(s *station, vendor string) {
	if grown := len(vendor) - len(s.vendor); vendor != "" && w.named+grown <= nameBytes {
		w.named += grown
		s.vendor = vendor
	}
}

// name adds a name to a list, within the bounds.
func (w *who) name(list []string, name string) []string {
	switch {
	case name == "" || slices.Contains(list, name):
		return list
	case len(list) >= maxNames || w.named+len(name) > nameBytes:
		w.nameless++
		return list
	}
	w.named += len(name)
	return append(list, name)
}

// forget lets go of names.
func (w *who) forget(names []string) {
	for _, n := range names {
		w.named -= len(n)
	}
}
