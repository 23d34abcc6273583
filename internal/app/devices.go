package app

import (
	"cmp"
	"context"
	"io"
	"net/netip"
	"slices"
	"strings"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/inventory"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/store"
)

// ListedDevice is one device as the hospital's list has it. Empty means that the list does not say.
type ListedDevice struct {
	Device       model.Subject     `json:"device,omitzero"`  // zero unless the list gives product and serial
	Product      model.Subject     `json:"product,omitzero"` // as the list gives it
	ProductKnown bool              `json:"product_known"`    // a release of that maker names the product
	Asset        string            `json:"asset,omitzero"`
	Vendor       string            `json:"vendor,omitzero"`
	Model        string            `json:"model,omitzero"`
	Serial       string            `json:"serial,omitzero"`
	Version      string            `json:"version,omitzero"`
	MACs         []string          `json:"mac,omitempty"`
	IPs          []netip.Addr      `json:"ip,omitempty"`
	Site         string            `json:"site,omitzero"`
	Location     string            `json:"location,omitzero"`
	Zone         string            `json:"zone,omitzero"`
	Owner        string            `json:"owner,omitzero"`
	Role         model.Role        `json:"role"`
	Criticality  string            `json:"criticality,omitzero"`
	Notes        map[string]string `json:"notes,omitempty"` // what stood in foreign columns
}

func (f *facts) listed(d *inventory.Device) ListedDevice {
	p := d.Product()
	return ListedDevice{
		Device: d.Subject(), Product: p, ProductKnown: f.book.Names(p),
		Asset: d.Asset, Vendor: d.Vendor, Model: d.Model, Serial: d.Serial, Version: d.Version, MACs: d.MACs, IPs: d.IPs,
		Site: d.Site, Location: d.Location, Zone: d.Zone, Owner: d.Owner, Role: d.Role, Criticality: d.Criticality, Notes: d.Notes,
	}
}

// What an import did with a row.
const (
	RowMatched     = "matched"
	RowNew         = "new"
	RowGone        = "gone"
	RowConflicting = "conflicting"
)

// DeviceChange is what an import did with one row.
type DeviceChange struct {
	Change  string   `json:"change"`            // one of the words above
	Changed []string `json:"changed,omitempty"` // of a matched row: the columns that differ
	Why     string   `json:"why,omitzero"`      // of a conflicting row
	ListedDevice
}

// UnknownProduct is a vendor and model of listed endpoints that no release of a trusted maker names.
// Whether a release fits such a device stays unknown, and it is never a wrong device.
type UnknownProduct struct {
	Vendor  string        `json:"vendor"`
	Model   string        `json:"model"`
	Product model.Subject `json:"product,omitzero"` // what the list says in Cordon's form
	Devices int           `json:"devices"`
	Why     string        `json:"why"`
}

// DeviceImport tells what became of a device list. Said is nil when nothing was signed: the list is in
// force already, or no row of it could be taken.
type DeviceImport struct {
	Devices     int              `json:"devices"` // rows in force now
	Matched     int              `json:"matched"`
	New         int              `json:"new"`
	Gone        int              `json:"gone"`
	Conflicting int              `json:"conflicting"` // rows left out
	Elsewhere   bool             `json:"elsewhere"`   // every address in it is of another site than this home's
	Changes     []DeviceChange   `json:"-"`
	Unknown     []UnknownProduct `json:"-"`
	*Said
}

// ImportDevices takes the hospital's device list as one signed statement over salted rows. It replaces
// the list before it from the time on at which the ledger holds it; facts of an earlier time keep the
// list of theirs. One row that cannot be read means that nothing is taken. Rows that contradict each
// other, or say another thing of a device than the list before without a way to tell which is right, are
// left out and reported, so that no verdict rests on them: imported again, a row that contradicted only
// the list before is a new device. A list that changes nothing is not signed again.
func (a *App) ImportDevices(ctx context.Context, r io.Reader) (DeviceImport, error) {
	role, err := a.roleFor(evidence.PredDeviceRegister)
	if err != nil {
		return DeviceImport{}, err
	}
	list, err := inventory.ReadDevices(r)
	if err != nil {
		return DeviceImport{}, err
	}
	if len(list) == 0 {
		return DeviceImport{}, fault.New(fault.BadRows, "the file holds no devices")
	}
	signers, err := a.ring.Signers(ctx, role) // before the write lock: opening a key takes a second
	if err != nil {
		return DeviceImport{}, err
	}
	var done DeviceImport
	err = a.update(ctx, func(tx *store.Tx) error {
		f, err := a.readFacts(ctx, tx)
		if err != nil {
			return err
		}
		if err := a.readRegister(ctx, tx, &f); err != nil {
			return err
		}
		inForce := f.register.Current()
		if err := f.register.Err(); err != nil {
			return err
		}
		changes := inventory.Compare(inForce, list)
		done = f.report(changes, a.home.Site)
		taken := takenOf(changes)
		switch {
		case len(taken) == 0:
			return fault.New(fault.BadRows, "every row of the list contradicts another, and nothing was taken")
		case done.unchanged():
			return nil
		}
		arr, err := a.registration(taken, signers)
		if err != nil {
			return err
		}
		e, err := a.recordOwn(ctx, tx, f.roots, arr)
		if err == nil {
			said := a.saidOf(e)
			done.Said = &said
		}
		return err
	})
	return done, err
}

// registration signs the rows of a list.
func (a *App) registration(devices []inventory.Device, signers []evidence.Signer) (arrival, error) {
	var arr arrival
	for _, d := range devices {
		row, err := evidence.NewRow(a.opt.Rand, inventory.EncodeRow(d))
		if err != nil {
			return arr, err
		}
		arr.rows = append(arr.rows, row)
	}
	batch, err := evidence.Batch(arr.rows)
	if err != nil {
		return arr, err
	}
	org, err := model.OrgOf(a.home.Org)
	if err != nil {
		return arr, err
	}
	payload, err := evidence.NewPayload(evidence.PredDeviceRegister, inventory.Registration{Header: a.header(), Rows: batch}, org)
	if err != nil {
		return arr, err
	}
	arr.env, err = evidence.Sign(payload, signers...)
	return arr, err
}

// takenOf are the rows that no other contradicts.
func takenOf(c inventory.Comparison) []inventory.Device {
	out := make([]inventory.Device, 0, len(c.Matched)+len(c.New))
	for _, m := range c.Matched {
		out = append(out, m.New)
	}
	return append(out, c.New...)
}

// unchanged reports whether the list in force says all of it already.
func (i *DeviceImport) unchanged() bool {
	return i.New+i.Gone+i.Conflicting == 0 && !slices.ContainsFunc(i.Changes, func(c DeviceChange) bool { return c.Changed != nil })
}

// report tells what an import changes, and what of it Cordon cannot use.
func (f *facts) report(c inventory.Comparison, site string) DeviceImport {
	taken := takenOf(c)
	here, elsewhere := inventory.Addressed(taken, site)
	done := DeviceImport{
		Devices: len(taken), Matched: len(c.Matched), New: len(c.New), Gone: len(c.Gone), Conflicting: len(c.Conflicting),
		Elsewhere: here == 0 && elsewhere > 0, Unknown: f.unknownProducts(taken),
	}
	add := func(change, why string, changed []string, d *inventory.Device) {
		done.Changes = append(done.Changes, DeviceChange{change, changed, why, f.listed(d)})
	}
	for i := range c.Conflicting {
		add(RowConflicting, c.Conflicting[i].Why, nil, &c.Conflicting[i].Row)
	}
	for i := range c.New {
		add(RowNew, "", nil, &c.New[i])
	}
	for i := range c.Gone {
		add(RowGone, "", nil, &c.Gone[i])
	}
	for i := range c.Matched {
		add(RowMatched, "", c.Matched[i].Changed, &c.Matched[i].New)
	}
	return done
}

// unknownProducts names what the list calls endpoints and no release of a trusted maker does.
func (f *facts) unknownProducts(list []inventory.Device) []UnknownProduct {
	type key struct{ vendor, model, product string }
	var out []UnknownProduct
	at := map[key]int{}
	for i := range list {
		d := &list[i]
		p := d.Product()
		if d.Role != model.Endpoint || f.book.Names(p) {
			continue
		}
		k := key{d.Vendor, d.Model, p.String()}
		n, held := at[k]
		if !held {
			n = len(out)
			at[k] = n
			out = append(out, UnknownProduct{Vendor: d.Vendor, Model: d.Model, Product: p, Why: f.whyUnknown(p)})
		}
		out[n].Devices++
	}
	slices.SortFunc(out, func(x, y UnknownProduct) int {
		return cmp.Or(cmp.Compare(y.Devices, x.Devices), cmp.Compare(x.Vendor, y.Vendor), cmp.Compare(x.Model, y.Model),
			cmp.Compare(x.Product.String(), y.Product.String()))
	})
	return out
}

func (f *facts) whyUnknown(p model.Subject) string {
	if p.IsZero() {
		return "the list does not give a vendor and a model that make a product"
	}
	if t, ok := f.roots.Of(p.Org()); !ok || t.Root.Kind != evidence.Maker {
		return "no trusted maker is called " + p.Org()
	}
	return "no release of " + p.Org() + " that this house holds names " + p.String()
}

// DeviceFilter chooses rows of the list. Empty means all.
type DeviceFilter struct {
	Site string // whatever its case
	Role model.Role
}

// ListDevices calls show for every device of the list in force, in its order.
func (a *App) ListDevices(ctx context.Context, want DeviceFilter, show func(ListedDevice) error) error {
	return a.db.View(ctx, func(tx *store.Tx) error {
		f, err := a.readFacts(ctx, tx)
		if err != nil {
			return err
		}
		if err := a.readRegister(ctx, tx, &f); err != nil {
			return err
		}
		list := f.register.Current()
		if err := f.register.Err(); err != nil {
			return err
		}
		for i := range list {
			d := &list[i]
			if want.Site != "" && !strings.EqualFold(want.Site, d.Site) || want.Role != "" && want.Role != d.Role {
				continue
			}
			if err := show(f.listed(d)); err != nil {
				return err
			}
		}
		return nil
	})
}
