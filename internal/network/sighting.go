package network

import (
	"bytes"
	"cmp"
	"net/netip"
	"slices"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/neighbour"
)

// Sighting is one address, and who had it for how long. An address that changes its MAC has one for each.
type Sighting struct {
	Device model.Subject // by its MAC, if one is proved that stands for one device, else by its address
	Addr   netip.Addr
	// MAC is the address on its own link, in pairs of lower-case hex digits joined by colons; empty when
	// nothing proved one.
	MAC string
	By  string // what proved it first: "arp", "nd" or "dhcp"; empty when nothing did
	// First and Last are when the MAC was proved first and last, or, without one, when an object began
	// that the address received or sent.
	First, Last time.Time
	// Names are what the host calls itself, then what DNS calls the address. They are not believed, may
	// name a person, and are at most 8.
	Names []string
	// Vendor is what kind of device the host says it is (DHCP option 60); not believed.
	Vendor string
	// Router says that the MAC stands for many addresses or routes for others: it never names a device.
	Router bool
	// Received and Served count the transfers handed out that went to the address and came from it.
	Received, Served int64
}

// SightingSink is a [Sink] that also takes who was seen. It is handed every proved pair of address and MAC,
// and every address that received or sent a transfer handed out, once, when all captures are read: by
// address, then MAC, then time.
type SightingSink interface {
	Sighting(Sighting) error
}

// handSightings tells the sink who was seen, one after the other: a list of all of them would be the largest
// thing in memory. It puts the stays of an address in the order of their MACs, so nothing may be read behind it.
func (e *engine) handSightings() {
	sink, ok := e.sink.(SightingSink)
	if !ok {
		return
	}
	places := e.who.places.all()
	slices.SortFunc(places, func(a, b *place) int { return a.addr.Compare(b.addr) })
	for _, p := range places {
		slices.SortFunc(p.stays, func(a, b stay) int {
			return cmp.Or(bytes.Compare(a.mac[:], b.mac[:]), cmp.Compare(a.first, b.first))
		})
		for i := range p.stays {
			s := e.who.sighting(p, &p.stays[i])
			if s.Device = e.identity(&s); e.err != nil {
				return
			}
			if e.err = sink.Sighting(s); e.err != nil {
				return
			}
		}
	}
}

// identity is the subject of who was seen.
func (e *engine) identity(s *Sighting) model.Subject {
	if s.MAC == "" || s.Router {
		return e.addressed(s.Addr)
	}
	d, err := model.NewSubject(model.KindDevice, "mac", s.MAC)
	if err != nil {
		e.err = err // never: a MAC is always one
	}
	return d
}

// sighting is one stay at an address.
func (w *who) sighting(p *place, s *stay) Sighting {
	out := Sighting{
		Addr: p.addr.IP(), First: time.Unix(0, s.first).UTC(), Last: time.Unix(0, s.last).UTC(),
		Received: s.received, Served: s.served, By: s.by,
	}
	if s.mac != (neighbour.MAC{}) {
		out.MAC = s.mac.String()
		if st := w.stations.get(s.mac); st != nil {
			out.Router, out.Vendor = st.router, st.vendor
			out.Names = slices.Clone(st.names)
		}
	}
	if c := w.called.get(p.addr); c != nil {
		for _, n := range c.names {
			if len(out.Names) < maxNames && !slices.Contains(out.Names, n) {
				out.Names = append(out.Names, n)
			}
		}
	}
	return out
}
