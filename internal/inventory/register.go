package inventory

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
)

// Register answers which listed device was at an address. It holds every list that the house stated, each
// from the time on at which it was held. It is not safe to add while others ask.
type Register struct {
	lists []list // by from
}

// list is one device list with its addresses. Immutable once made.
type list struct {
	from    time.Time
	devices []Device
	byMAC   map[string]int    // of devices; doubtful where two rows claim it
	byIP    map[siteAddr]int  // likewise
	sites   map[string]string // as the list spells them, by siteName
}

type siteAddr struct {
	site string
	addr netip.Addr
}

const doubtful = -1

// NewRegister returns a register without any list.
func NewRegister() *Register { return &Register{} }

// Add puts a list in force from a time on, until the next list's. Of two lists of the same time the one
// added last counts. The register keeps the slice; the caller no longer changes it.
func (r *Register) Add(from time.Time, devices []Device) {
	l := list{from: from, devices: devices, byMAC: map[string]int{}, byIP: map[siteAddr]int{}, sites: map[string]string{}}
	for i := range devices {
		d := &devices[i]
		for _, m := range d.MACs {
			claim(l.byMAC, m, i)
		}
		for _, a := range d.IPs {
			claim(l.byIP, siteAddr{siteName(d.Site), a}, i)
		}
		if d.Site != "" {
			l.sites[siteName(d.Site)] = d.Site
		}
	}
	at := slices.IndexFunc(r.lists, func(o list) bool { return o.from.After(from) })
	if at < 0 {
		at = len(r.lists)
	}
	r.lists = slices.Insert(r.lists, at, l)
}

func claim[K comparable](m map[K]int, k K, i int) {
	if held, ok := m[k]; ok && held != i {
		i = doubtful
	}
	m[k] = i
}

// Len returns how many devices the list in force today has.
func (r *Register) Len() int { return len(r.Current()) }

// Current returns the devices of the list added for the latest time. The caller does not change them.
func (r *Register) Current() []Device {
	if len(r.lists) == 0 {
		return nil
	}
	return r.lists[len(r.lists)-1].devices
}

// Sites returns the sites of the current list as it spells them, sorted. A capture of a site that is not
// among them finds no device by address except those without a site.
func (r *Register) Sites() []string {
	if len(r.lists) == 0 {
		return nil
	}
	return slices.Sorted(maps.Values(r.lists[len(r.lists)-1].sites))
}

// At returns the device that had an address at a site at a time, and what the list says of it. addr and
// mac may each be missing (zero, ""); mac is one that was proved on its own link and counts before the
// address. The answer comes from the list that was in force; what that list does not have comes from the
// next later one, because a list proves no absence; what an older list had and the one in force does not
// is gone. ok is false when no list answers, when two rows of a list claim the address or MAC, and when
// the row with the address has MACs and the proved one is not among them.
//
// The device's Subject is zero unless the list gives vendor, model and serial, or the MAC is known.
func (r *Register) At(site string, addr netip.Addr, mac string, when time.Time) (model.Device, model.DeviceInfo, bool) {
	addr = addr.Unmap().WithZone("")
	if mac != "" { // mostly none is proved
		mac, _ = ParseMAC(mac)
	}
	for i := r.inForce(when); i < len(r.lists); i++ {
		at, known := r.lists[i].find(siteName(site), addr, mac)
		switch {
		case !known:
			continue
		case at == doubtful:
			return model.Device{}, model.DeviceInfo{}, false
		}
		d := &r.lists[i].devices[at]
		return d.seen(mac), d.Info(), true
	}
	return model.Device{}, model.DeviceInfo{}, false
}

// inForce returns the last list that began at or before when, or the first of all: an older capture is
// read with the oldest list there is.
func (r *Register) inForce(when time.Time) int {
	at := 0
	for i, l := range r.lists {
		if !l.from.After(when) {
			at = i
		}
	}
	return at
}

// find returns the row of an address, or doubtful; known is false when the list says nothing of it.
func (l *list) find(site string, addr netip.Addr, mac string) (at int, known bool) {
	if mac != "" {
		if at, known = l.byMAC[mac]; known {
			return at, true
		}
	}
	if !addr.IsValid() {
		return 0, false
	}
	if at, known = l.byIP[siteAddr{site, addr}]; !known {
		at, known = l.byIP[siteAddr{"", addr}]
	}
	if known && at != doubtful && mac != "" && len(l.devices[at].MACs) > 0 {
		return doubtful, true // somebody else has the address now
	}
	return at, known
}

// seen is the device as a judge takes it.
func (d *Device) seen(mac string) model.Device {
	out := model.Device{Subject: d.Subject(), Product: d.Product(), Role: d.Role, Listed: true}
	if out.Subject.IsZero() && mac != "" {
		// A MAC that ParseMAC gave always makes a subject.
		out.Subject, _ = model.NewSubject(model.KindDevice, "mac", mac)
	}
	return out
}

// siteName is how sites are compared: nobody tells two sites apart by case or spaces.
func siteName(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }
