package app

import (
	"net/netip"

	"github.com/cordon-trust/cordon/internal/model"
)

// device returns who received a transfer, as far as this house knows: the device that its list had at
// that MAC or address at that time. What is not listed is taken for an endpoint until it serves others.
func (f *facts) device(t *model.Transfer) (model.Device, model.DeviceInfo) {
	addr := addrOf(t)
	if f.register != nil {
		if d, info, ok := f.register.At(f.site, addr, t.MAC, t.Time); ok {
			if d.Subject.IsZero() {
				d.Subject = t.Device
			}
			return d, info
		}
	}
	d := model.Device{Subject: t.Device}
	if f.history.serves(addr) {
		d.Role = model.Server
	}
	return d, model.DeviceInfo{}
}

// addrOf returns the address of the receiver, which a recorded transfer has in its subject only.
func addrOf(t *model.Transfer) netip.Addr {
	if t.Addr.IsValid() {
		return t.Addr
	}
	if p := t.Device.Parts(); t.Device.Kind() == model.KindDevice && len(p) == 5 && p[0] == "ip" {
		a, _ := netip.ParseAddr(p[3]) // a subject's address was checked when the subject was made
		return a
	}
	return netip.Addr{}
}
