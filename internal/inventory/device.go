// Package inventory keeps the device register: what the hospital's own list says of each device, and
// which address was whose.
//
// Most callers need [ReadDevices] for the file and [Register.At] for the question "which device was at
// this address then?". [EncodeRow] and [DecodeRow] carry a device as a row of a signed batch. A file with
// a row that cannot be right is refused whole, with every such line named. An address or MAC that two
// devices of one list claim answers for neither.
package inventory

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/cordon-trust/cordon/internal/model"
)

// Bounds of one device.
const (
	MaxCell      = 512      // bytes of a cell
	MaxAddresses = 64       // MACs, and IP addresses
	maxNotes     = 256      // foreign columns
	maxText      = 32 << 10 // bytes of all cells and names of foreign columns together
	maxQuoted    = 80       // bytes of a cell that an error repeats
)

// Device is one line of the hospital's device list. Empty means that the list does not say.
type Device struct {
	Asset, Vendor, Model, Serial, Version string

	MACs []string     // sorted; lower-case hex in pairs joined by colons
	IPs  []netip.Addr // sorted; IPv4 never in its IPv6 form, no zone

	Site, Location, Zone, Owner string

	Role        model.Role
	Criticality string
	Notes       map[string]string // what stood in foreign columns, by the column's name; nil when nothing
}

// ProductColumn is a foreign column that, where it holds MAKER/MODEL as releases name a product, counts
// before vendor and model, which a hospital's own system may spell in its way.
const ProductColumn = "product"

// Product returns the subject of the device's product: what [ProductColumn] gives, else the model with
// the vendor brought to the form of an organisation name; zero when neither is one. It is what the list
// says; whether a maker has such a product is for its releases to say.
func (d *Device) Product() model.Subject {
	if p, err := model.ParseProduct(d.Notes[ProductColumn]); err == nil {
		return p
	}
	org := OrgName(d.Vendor)
	if org == "" || d.Model == "" {
		return model.Subject{}
	}
	s, err := model.NewSubject(model.KindProduct, org, d.Model)
	if err != nil {
		return model.Subject{}
	}
	return s
}

// Subject returns the device's own subject when the list gives its product and serial, else zero.
func (d *Device) Subject() model.Subject {
	p := d.Product()
	if p.IsZero() || d.Serial == "" {
		return model.Subject{}
	}
	s, err := model.NewSubject(model.KindDevice, p.Org(), p.Parts()[1], d.Serial)
	if err != nil {
		return model.Subject{}
	}
	return s
}

// Info returns what findings show of the device.
func (d *Device) Info() model.DeviceInfo {
	return model.DeviceInfo{
		Asset: d.Asset, Site: d.Site, Location: d.Location, Zone: d.Zone, Owner: d.Owner,
		Role: string(d.Role), Criticality: d.Criticality,
	}
}

// OrgName brings a vendor's name to the form of an organisation name (DESIGN section 3): lower case,
// accents dropped, other characters as single hyphens. "" when letters would be lost, because a name made
// of what is left could be somebody else's.
func OrgName(vendor string) string {
	var b strings.Builder
	gap := false
	for _, r := range norm.NFKD.String(strings.ToLower(vendor)) {
		switch {
		case 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '.':
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			return ""
		default:
			gap = true
		}
	}
	name := strings.Trim(strings.ReplaceAll(b.String(), ".-", "-"), ".-")
	if model.CheckOrg(name) != nil {
		return ""
	}
	return name
}

// canonical sorts addresses, drops doubles and fills in the role.
func (d *Device) canonical() {
	slices.Sort(d.MACs)
	d.MACs = slices.Compact(d.MACs)
	slices.SortFunc(d.IPs, netip.Addr.Compare)
	d.IPs = slices.Compact(d.IPs)
	if d.Role == "" {
		d.Role = model.Endpoint
	}
	if len(d.Notes) == 0 {
		d.Notes = nil
	}
}

// check refuses what cannot be one device.
func (d *Device) check() error {
	if d.Asset == "" && d.Serial == "" && len(d.MACs) == 0 && len(d.IPs) == 0 {
		return errors.New("it has no asset, serial, mac or ip, so no device can be told by it")
	}
	if len(d.MACs) > MaxAddresses || len(d.IPs) > MaxAddresses {
		return fmt.Errorf("it has %d MACs and %d addresses, at most %d each are allowed", len(d.MACs), len(d.IPs), MaxAddresses)
	}
	if !slices.Contains(model.Roles[:], d.Role) {
		return unknownRole(d.Role)
	}
	total := 0
	for i, text := range d.texts() {
		if err := checkCell(textColumns[i], *text); err != nil {
			return err
		}
		total += len(*text)
	}
	if len(d.Notes) > maxNotes {
		return fmt.Errorf("it has %d notes, more than %d", len(d.Notes), maxNotes)
	}
	for _, name := range slices.Sorted(maps.Keys(d.Notes)) {
		if err := checkCell("name of a column", name); err != nil {
			return err
		}
		if err := checkCell(name, d.Notes[name]); err != nil {
			return err
		}
		if name == "" || d.Notes[name] == "" || slices.Contains(Columns[:], name) {
			return errors.New("it has a note that is empty or has the name of a column that is read")
		}
		total += len(name) + len(d.Notes[name])
	}
	if total > maxText {
		return fmt.Errorf("its cells have %d bytes, more than %d", total, maxText)
	}
	return nil
}

// textColumns are the columns that are plain text, in the order of texts.
var textColumns = [...]string{"asset", "vendor", "model", "serial", "version", "site", "location", "zone", "owner", "criticality"}

func (d *Device) texts() [len(textColumns)]*string {
	return [...]*string{&d.Asset, &d.Vendor, &d.Model, &d.Serial, &d.Version, &d.Site, &d.Location, &d.Zone, &d.Owner, &d.Criticality}
}

func checkCell(column, s string) error {
	switch {
	case len(s) > MaxCell:
		return fmt.Errorf("%s has %d bytes, more than %d", quoted(column), len(s), MaxCell)
	case !utf8.ValidString(s):
		return fmt.Errorf("%s is not valid UTF-8; save the file as UTF-8", quoted(column))
	case tidy(s) != s:
		return fmt.Errorf("%s %q has space around it or is not in Unicode normal form C", quoted(column), clip(s))
	case strings.ContainsFunc(s, unicode.IsControl):
		return fmt.Errorf("%s %q has a control character", quoted(column), clip(s))
	}
	return nil
}

// ParseRole reads a role in whatever case. The error names the roles, and the nearest one.
func ParseRole(text string) (model.Role, error) {
	if r := model.Role(strings.ToLower(tidy(text))); slices.Contains(model.Roles[:], r) {
		return r, nil
	}
	return "", unknownRole(model.Role(text))
}

func unknownRole(r model.Role) error {
	names := make([]string, len(model.Roles))
	for i, x := range model.Roles {
		names[i] = string(x)
	}
	list := strings.Join(names, ", ")
	if near := model.Nearest(string(r), names); near != "" {
		return fmt.Errorf("role %q is none of %s; did you mean %s?", clip(string(r)), list, near)
	}
	return fmt.Errorf("role %q is none of %s", clip(string(r)), list)
}

// tidy brings a cell to its one spelling. The two steps can undo each other's work once, not twice.
func tidy(s string) string { return strings.TrimSpace(norm.NFC.String(strings.TrimSpace(s))) }

// quoted names a column: ours as they are, foreign ones in quotes.
func quoted(column string) string {
	if slices.Contains(Columns[:], column) || column == "name of a column" {
		return column
	}
	return fmt.Sprintf("column %q", clip(column))
}

// clip shortens text from outside for an error; the caller quotes it.
func clip(s string) string {
	if len(s) <= maxQuoted {
		return s
	}
	return strings.ToValidUTF8(s[:maxQuoted], "") + "..."
}
