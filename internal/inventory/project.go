package inventory

import (
	"time"

	"github.com/cordon-trust/cordon/internal/model"
)

// Relations of the edges that a device list makes.
const (
	RelRunsOn = "runs-on"    // a product, on a device of it
	RelShares = "shares-net" // a device and its zone, either way
)

// Names returns the subjects under which a device can be seen: first that under which it stands in the exposure
// graph, which is its own, else that of its first MAC, else that of its first address. site is meant where the list
// gives none, and realm is that of its addresses.
func (d *Device) Names(site, realm string) []model.Subject {
	var out []model.Subject
	add := func(s model.Subject, err error) {
		if err == nil && !s.IsZero() {
			out = append(out, s)
		}
	}
	add(d.Subject(), nil)
	for _, m := range d.MACs {
		add(model.NewSubject(model.KindDevice, "mac", m))
	}
	if d.Site == "" || siteName(d.Site) == siteName(site) { // a sensor names addresses of its own site only
		for _, ip := range d.IPs {
			add(model.DeviceAt(site, realm, ip, time.Time{}))
		}
	}
	return out
}

// Project turns a device list into edges, of which the caller adds statement and author. What changes a product can
// change each device of it: the house asserts which these are. Whether something can pass from a device to
// others of its zone nobody said: that is undisclosed, and only possible. nodes are the subjects of the
// devices by their order, zero for one that has no edges; house and site name the zones, and site is taken where the
// list gives none.
func Project(list []Device, nodes []model.Subject, house, site string) []model.Edge {
	edges := make([]model.Edge, 0, 3*len(list))
	for i := range list {
		d, at := &list[i], nodes[i]
		if at.IsZero() {
			continue
		}
		if p := d.Product(); !p.IsZero() {
			edges = append(edges, model.Edge{From: p, Relation: RelRunsOn, To: at, Harm: model.Integrity, Known: model.Asserted})
		}
		if z := d.zone(house, site); !z.IsZero() {
			edges = append(edges,
				model.Edge{From: at, Relation: RelShares, To: z, Harm: model.Integrity, Known: model.Undisclosed},
				model.Edge{From: z, Relation: RelShares, To: at, Harm: model.Integrity, Known: model.Undisclosed})
		}
	}
	return edges
}

// zone is the subject of the device's zone; zero when the list names none that can be one.
func (d *Device) zone(house, site string) model.Subject {
	if d.Zone == "" {
		return model.Subject{}
	}
	if d.Site != "" {
		site = d.Site
	}
	z, err := model.NewSubject(model.KindZone, house, siteName(site), d.Zone)
	if err != nil {
		return model.Subject{}
	}
	return z
}
