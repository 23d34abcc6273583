package console

import (
	"context"
	"slices"

	"github.com/cordon-trust/cordon/internal/model"
)

// deviceList is the page of all devices.
type deviceList struct {
	Form  []*choice
	List  []deviceLine
	Pager pager
	Empty bool // there is no list at all
}

// deviceLine is a device with how many open findings concern it.
type deviceLine struct {
	*listed
	Open     int
	Findings string
}

func devices(_ context.Context, a *snapshot, r *request) (page, error) {
	reg, err := a.register()
	if err != nil {
		return page{}, err
	}
	text := choice{Name: "text", Label: "Text", Any: "asset, product, serial, address or place", Free: true}
	role := choice{Name: "role", Label: "Role", Any: "any", Values: reg.values(func(d *listed) string { return string(d.Role) })}
	site := choice{Name: "site", Label: "Site", Any: "any", Values: reg.values(func(d *listed) string { return d.Site })}
	zone := choice{Name: "zone", Label: "Zone", Any: "any", Values: reg.values(func(d *listed) string { return d.Zone })}
	out := deviceList{Form: []*choice{&text, &role, &site, &zone}, Empty: len(reg.list) == 0}
	if err := choose(r.URL.Query(), out.Form...); err != nil {
		return page{}, err
	}
	var some []*listed
	for i := range reg.list {
		d := &reg.list[i]
		if role.is(string(d.Role)) && site.is(d.Site) && zone.is(d.Zone) && text.has(d.texts()...) {
			some = append(some, d)
		}
	}
	if some, out.Pager, err = paged(r.URL, some); err != nil {
		return page{}, err
	}
	by, err := a.concerns()
	if err != nil {
		return page{}, err
	}
	for _, d := range some {
		out.List = append(out.List, deviceLine{d, by.open[d.ID], d.findings(string(model.Open))})
	}
	return page{Template: "devices", Question: "Which devices does the hospital's list have?", Place: "devices", Content: out}, nil
}

// values are the different values that a column of the list has, in order.
func (r *register) values(of func(*listed) string) []string {
	var out []string
	for i := range r.list {
		if v := of(&r.list[i]); v != "" {
			out = append(out, v)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// texts are what a device can be found by.
func (d *listed) texts() []string {
	out := append([]string{d.Asset, d.Vendor, d.Model, d.Serial, d.Location, d.Zone, d.Owner, d.Product.String()}, d.MACs...)
	for _, ip := range d.IPs {
		out = append(out, ip.String())
	}
	return out
}

// findings is the address of the findings of a device; state is empty for all.
func (d *listed) findings(state string) string {
	return findingsWith("device", d.ID.Hex(), "state", state)
}
