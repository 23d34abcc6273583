package inventory

import (
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/cordon-trust/cordon/internal/model"
)

// Register answers which listed device was at an address. It holds every list that the house stated, each
// from the time on at which it was held, and loads one when it is first asked for. It belongs to one
// goroutine.
type Register struct {
	lists []*list // by from
	err   error   // the first of loading
}

// list is one device list with its addresses. Its register owns it.
type list struct {
	from    time.Time
	load    func() ([]Device, error) // nil once it was called
	devices []Device
	seen    []*model.Device  // what a judge takes each for, once it was asked for
	byMAC   map[string]int   // of devices; doubtful where two rows claim it
	byIP    map[siteAddr]int // likewise
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
	r.AddLater(from, func() ([]Device, error) { return devices, nil })
}

// AddLater does as [Register.Add] with a list that is loaded when an answer needs it: most captures are
// younger than the last list, and an old list is as large as a new one. When load fails, [Register.Err]
// says so.
func (r *Register) AddLater(from time.Time, load func() ([]Device, error)) {
	at := slices.IndexFunc(r.lists, func(o *list) bool { return o.from.After(from) })
	if at < 0 {
		at = len(r.lists)
	}
	r.lists = slices.Insert(r.lists, at, &list{from: from, load: load})
}

// Err returns the first error of loading a list. From then on nothing is known of any device, so whoever
// asks the register asks for its error too before an answer is believed.
func (r *Register) Err() error { return r.err }

// loaded returns a list that can be asked, or nil when one could not be loaded.
func (r *Register) loaded(i int) *list {
	l := r.lists[i]
	if l.load != nil && r.err == nil {
		var devices []Device
		devices, r.err = l.load()
		l.load = nil
		l.index(devices)
	}
	if r.err != nil {
		return nil
	}
	return l
}

func (l *list) index(devices []Device) {
	l.devices, l.seen = devices, make([]*model.Device, len(devices))
	l.byMAC, l.byIP = map[string]int{}, map[siteAddr]int{}
	for i := range devices {
		d := &devices[i]
		for _, m := range d.MACs {
			claim(l.byMAC, m, i)
		}
		for _, a := range d.IPs {
			claim(l.byIP, siteAddr{siteName(d.Site), a}, i)
		}
	}
}

func claim[K comparable](m map[K]int, k K, i int) {
	if held, ok := m[k]; ok && held != i {
		i = doubtful
	}
	m[k] = i
}

// Current returns the devices of the list added for the latest time. The caller does not change them.
func (r *Register) Current() []Device {
	if len(r.lists) == 0 {
		return nil
	}
	if l := r.loaded(len(r.lists) - 1); l != nil {
		return l.devices
	}
	return nil
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
	if len(r.lists) == 0 {
		return model.Device{}, model.DeviceInfo{}, false
	}
	site, addr = siteName(site), addr.Unmap().WithZone("")
	if mac != "" {
		mac, _ = ParseMAC(mac) // "" when it is none
	}
	for i := r.inForce(when); i < len(r.lists); i++ {
		l := r.loaded(i)
		if l == nil {
			break
		}
		at, known := l.find(site, addr, mac)
		switch {
		case !known:
			continue
		case at == doubtful:
			return model.Device{}, model.DeviceInfo{}, false
		}
		d := l.known(at, mac)
		if l.from.After(when) {
			d.Running = "" // what it runs was recorded later
		}
		return d, l.devices[at].Info(), true
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

// known is a row as a judge takes it. Its subjects are made once: a device that downloads does so often.
func (l *list) known(at int, mac string) model.Device {
	if l.seen[at] == nil {
		d := &l.devices[at]
		l.seen[at] = &model.Device{Subject: d.Subject(), Product: d.Product(), Role: d.Role, Running: d.Version, Listed: true}
	}
	out := *l.seen[at]
	if out.Subject.IsZero() && mac != "" {
		// A MAC that ParseMAC gave always makes a subject.
		out.Subject, _ = model.NewSubject(model.KindDevice, "mac", mac)
	}
	return out
}

// siteName is how sites are compared: nobody tells two sites apart by case or spaces.
func siteName(s string) string {
	if strings.IndexFunc(s, unicode.IsSpace) < 0 {
		return strings.ToLower(s)
	}
	return strings.ToLower(strings.Join(strings.Fields(s), " "))
}

// Since returns from when on the list holds that [Register.Current] answers from; zero when there is none.
func (r *Register) Since() time.Time {
	if len(r.lists) == 0 {
		return time.Time{}
	}
	return r.lists[len(r.lists)-1].from
}
