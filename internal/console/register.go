package console

import (
	"cmp"
	"strings"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/model"
)

// listed is one row of the device list, under the identity by which pages name it.
type listed struct {
	app.ListedDevice
	ID model.Digest
}

// Name is what people call the device.
func (d *listed) Name() string {
	for _, s := range [...]string{d.Asset, strings.TrimSpace(d.Vendor + " " + d.Model + " " + d.Serial)} {
		if s != "" {
			return s
		}
	}
	switch {
	case len(d.MACs) > 0:
		return d.MACs[0]
	case len(d.IPs) > 0:
		return d.IPs[0].String()
	}
	return "a device without a name"
}

// Place is where the list says that it stands.
func (d *listed) Place() string { return place(d.Location, d.Zone, d.Site) }

// Where is the shortest text that says where to look for it.
func (d *listed) Where() string { return where(d.Location, d.Zone, d.Site) }

// place says all that is known of where a device stands. What a zone or a site is called says little without the word.
func place(location, zone, site string) string {
	if zone != "" {
		zone = "zone " + zone
	}
	if site != "" {
		site = "site " + site
	}
	return joined(location, zone, site)
}

// where is the location that people know; what else is known only when there is none.
func where(location, zone, site string) string {
	if location != "" {
		return location
	}
	return place("", zone, site)
}

// Link leads to the page of the device.
func (d *listed) Link() string { return "/devices/" + d.ID.Hex() }

// register is the device list in force. It does not change.
type register struct {
	list      []listed
	bySubject map[model.Subject]int
	byAsset   map[[2]string]int // asset and site
	byID      map[model.Digest]int
}

func newRegister(s *app.Survey) (*register, error) {
	reg := &register{nil, map[model.Subject]int{}, map[[2]string]int{}, map[model.Digest]int{}}
	list, err := s.Devices()
	for i, d := range list {
		reg.list = append(reg.list, listed{d, identify(&d)})
		reg.byID[reg.list[i].ID] = i
		if !d.Device.IsZero() {
			reg.bySubject[d.Device] = i
		}
		if d.Asset != "" {
			reg.byAsset[[2]string{d.Asset, d.Site}] = i
		}
	}
	return reg, err
}

// identify gives a row an identity that stays when the list says more of the device. It is a digest, so that
// no serial number stands in the history of a browser.
func identify(d *app.ListedDevice) model.Digest {
	var by []string
	switch {
	case !d.Device.IsZero():
		by = []string{"device", d.Device.String()}
	case d.Asset != "":
		by = []string{"asset", d.Asset, d.Site}
	case len(d.MACs) > 0:
		by = []string{"mac", d.MACs[0]}
	default:
		by = []string{"other", d.Site, d.Vendor, d.Model, d.Serial}
		for _, ip := range d.IPs {
			by = append(by, ip.String())
		}
	}
	return model.DigestOf([]byte(strings.Join(by, "\x00")))
}

// of finds the row of a device that a finding concerns; nil when the list in force does not have it.
func (r *register) of(d *model.FindingDevice) *listed {
	if !d.Listed {
		return nil
	}
	i, ok := r.bySubject[d.Device]
	if !ok && d.Asset != "" {
		i, ok = r.byAsset[[2]string{d.Asset, d.Site}]
	}
	if !ok {
		return nil
	}
	return &r.list[i]
}

// concerned is a device of a finding as a page shows it.
type concerned struct {
	*model.FindingDevice
	Name, Place string
	Link        string // to its page; empty: it is not on the list in force
}

func (r *register) concerned(d *model.FindingDevice) concerned {
	out := concerned{FindingDevice: d, Name: d.Asset, Place: place(d.Location, d.Zone, d.Site)}
	if out.Name == "" {
		out.Name = cmp.Or(d.Device.DeviceAddr(), d.Device.String())
	}
	if l := r.of(d); l != nil {
		out.Link = l.Link()
	}
	return out
}
