package app

import (
	"net/netip"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network"
)

// SeenInfo is one host that was seen: an address for as long as one MAC had it, with what the hospital's
// device list says of it.
type SeenInfo struct {
	Device      model.Subject `json:"device"`
	Addr        netip.Addr    `json:"addr"`
	MAC         string        `json:"mac,omitzero"`
	By          string        `json:"by,omitzero"`    // what proved the MAC: arp, nd or dhcp
	Names       []string      `json:"names,omitzero"` // what it is called on the wire; not believed
	VendorClass string        `json:"vendor_class,omitzero"`
	First       time.Time     `json:"first"`
	Last        time.Time     `json:"last"`
	Router      bool          `json:"router"` // its MAC stands for many addresses
	Received    int64         `json:"received"`
	Served      int64         `json:"served"`
	Listed      model.Subject `json:"listed,omitzero"` // the device as the hospital's list has it, when it does
	model.DeviceInfo
}

// sightings are who was seen, in blocks: in one slice all would be copied each time that it grows, and a ward has
// thousands.
type sightings [][]SeenInfo

const sightingsBlock = 128

func (s *sightings) add(i *SeenInfo) {
	last := len(*s) - 1
	if last < 0 || len((*s)[last]) == sightingsBlock {
		*s = append(*s, make([]SeenInfo, 0, sightingsBlock))
		last++
	}
	(*s)[last] = append((*s)[last], *i)
}

var _ network.SightingSink = (*watcher)(nil)

// Sighting takes who was seen. What is recorded is kept until then: it is shown after it.
func (w *watcher) Sighting(s network.Sighting) error {
	d, info := w.facts.device(&model.Transfer{Time: s.Last, Device: s.Device, Addr: s.Addr, MAC: s.MAC})
	seen := SeenInfo{
		Device: s.Device, Addr: s.Addr, MAC: s.MAC, By: s.By, Names: s.Names, VendorClass: s.Vendor,
		First: s.First, Last: s.Last, Router: s.Router, Received: s.Received, Served: s.Served, DeviceInfo: info,
	}
	if d.Listed {
		seen.Listed = d.Subject
	}
	if seen.Role == "" {
		seen.Role = string(d.Role) // what it was seen to do
	}
	if w.rec != nil {
		w.sighted.add(&seen)
		return nil
	}
	return w.showDevice(seen)
}

// showDevice shows who was seen, if somebody wants to know.
func (w *watcher) showDevice(s SeenInfo) error {
	if w.show.Device == nil {
		return nil
	}
	return w.show.Device(s)
}

// showSighted shows who was seen once that is recorded.
func (w *watcher) showSighted() error {
	for _, block := range w.sighted {
		for i := range block {
			if err := w.showDevice(block[i]); err != nil {
				return err
			}
		}
	}
	return nil
}
