package cli

import (
	"cmp"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/inventory"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

func newDeviceCommand(s *state) *cobra.Command {
	return group("device", "the hospital's own list of its devices",
		"  cordon device import devices.csv",
		newDeviceImportCommand(s), newDeviceListCommand(s))
}

func newDeviceImportCommand(s *state) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "take a device list from CSV as one signed statement; a bad row means nothing is taken",
		Example: `  cordon device import devices.csv
  (columns: asset,vendor,model,serial,version,mac,ip,site,location,zone,owner,role,criticality)`,
		Long: `The whole list replaces the one before it; what was seen earlier keeps the list of its time. mac and ip
take several addresses. Role is endpoint, workstation, server, gateway, relay or service laptop; empty is
endpoint. Other columns are kept as notes. vendor and model name the product as its maker's releases do,
such as acme and pump-7; a column named product with MAKER/MODEL counts before them.

Rows that contradict each other are left out and named: exit 3. A row that contradicts only the list
before counts as a new device when it is imported again.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := os.Open(args[0])
			if err != nil {
				return fault.Wrap(err, fault.ReadFailed, "the device list cannot be read")
			}
			defer f.Close() //nolint:errcheck // only read
			return s.writing(cmd.Context(), func(a *app.App) error {
				done, err := a.ImportDevices(cmd.Context(), f)
				return s.printImport(a, done, err)
			})
		},
	}
	return s.writes(cmd)
}

// printImport says what became of every row, also when nothing could be taken because of them.
func (s *state) printImport(a *app.App, done app.DeviceImport, err error) error {
	if err != nil && len(done.Changes) == 0 {
		return err
	}
	shown := map[string]int{}
	for _, c := range done.Changes {
		if shown[c.Change]++; s.json || shown[c.Change] <= maxShownRows && (c.Change != app.RowMatched || c.Changed != nil) {
			if perr := s.print(changeRow{c}); perr != nil {
				return perr
			}
		}
	}
	for i, u := range done.Unknown {
		if !s.json && i == maxShownRows {
			break
		}
		if perr := s.print(unknownRow{u}); perr != nil {
			return perr
		}
	}
	if err != nil {
		return err
	}
	if done.Elsewhere {
		s.say("warning", fmt.Sprintf("no row is of site %q, which is this home's, so no device will be found by its address", a.Home().Site))
	}
	if err := s.print(registerRow{done}); err != nil || done.Conflicting == 0 {
		return err
	}
	return fault.New(fault.PartlyDone, "%d rows contradict others and were left out", done.Conflicting).
		Hint("correct the rows that are named above and import the whole list again; one that is right as it stands is then taken as new")
}

func newDeviceListCommand(s *state) *cobra.Command {
	var want app.DeviceFilter
	var role string
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "print the device list that is in force",
		Example: "  cordon device list --site main --role workstation",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if role != "" {
				r, err := inventory.ParseRole(role)
				if err != nil {
					return fault.Wrap(err, fault.Usage, "--role cannot be read")
				}
				want.Role = r
			}
			return s.reading(cmd.Context(), func(a *app.App) error {
				return a.ListDevices(cmd.Context(), want, func(d app.ListedDevice) error { return s.print(deviceRow{d}) })
			})
		},
	}
	cmd.Flags().StringVar(&want.Site, "site", "", "only devices of this `SITE`")
	cmd.Flags().StringVar(&role, "role", "", "only devices of this `ROLE`")
	return cmd
}

// maxShownRows is how many rows of a kind an import shows to a person; --json prints all.
const maxShownRows = 40

type deviceRow struct{ app.ListedDevice }

func (deviceRow) kind() string { return "device" }

func (d deviceRow) lines() []string {
	out := []string{named(&d.ListedDevice)}
	var at []string
	at = append(at, d.MACs...)
	for _, ip := range d.IPs {
		at = append(at, ip.String())
	}
	if len(at) > 0 {
		out = append(out, "  at "+strings.Join(at, ", "))
	}
	place := placed(model.DeviceInfo{Site: d.Site, Location: d.Location, Zone: d.Zone, Owner: d.Owner, Criticality: d.Criticality})
	if len(place) > 0 {
		out = append(out, "  "+strings.Join(place, ", "))
	}
	return out
}

// named is a device in one line, as people call it.
func named(d *app.ListedDevice) string {
	parts := []string{string(d.Role)}
	if d.Asset != "" {
		parts = append(parts, d.Asset)
	}
	if what := strings.TrimSpace(d.Vendor + " " + d.Model); what != "" {
		parts = append(parts, what)
	}
	for _, p := range [...]struct{ name, text string }{{"serial", d.Serial}, {"version", d.Version}} {
		if p.text != "" {
			parts = append(parts, p.name+" "+p.text)
		}
	}
	if len(parts) == 1 && len(d.MACs) > 0 {
		parts = append(parts, d.MACs[0])
	} else if len(parts) == 1 && len(d.IPs) > 0 {
		parts = append(parts, d.IPs[0].String())
	}
	return strings.Join(parts, ", ")
}

// concerned is a device of a finding: what people call it, where it is and whose it is, then its subject.
func concerned(d *model.FindingDevice) string {
	var parts []string
	if d.Asset != "" {
		parts = append(parts, d.Asset)
	}
	parts = append(parts, placed(d.DeviceInfo)...)
	switch {
	case !d.Listed:
		parts = append(parts, "not on the device list")
	case d.Asset == "":
		parts = append(parts, "without an asset on the device list")
	}
	return strings.Join(append(parts, d.Device.String()), ", ")
}

// placed says where a device is, whose it is and what depends on it, each with what it is.
func placed(d model.DeviceInfo) []string {
	var out []string
	for _, p := range [...]struct{ label, text string }{
		{"site", d.Site}, {"location", d.Location}, {"zone", d.Zone}, {"owner", d.Owner}, {"role", d.Role}, {"criticality", d.Criticality},
	} {
		if p.text != "" {
			out = append(out, p.label+" "+p.text)
		}
	}
	return out
}

// receiver names the device of a transfer, first by what people call it when it is listed.
func receiver(t *app.TransferInfo) string {
	wire := t.Device.String()
	if name := cmp.Or(t.Asset, t.Listed.String()); name != "" && name != wire {
		return name + ", " + wire
	}
	return wire
}

type changeRow struct{ app.DeviceChange }

func (changeRow) kind() string { return "device" }

func (c changeRow) lines() []string {
	line := fmt.Sprintf("%-11s %s", c.Change, named(&c.ListedDevice))
	if c.Changed != nil {
		line += ": other " + strings.Join(c.Changed, ", ")
	}
	if c.Why != "" {
		return []string{line, "  " + c.Why}
	}
	return []string{line}
}

type unknownRow struct{ app.UnknownProduct }

func (unknownRow) kind() string { return "unknown_product" }

func (u unknownRow) lines() []string {
	return []string{fmt.Sprintf("unknown product: vendor %q, model %q (%s): %s, so whether a release fits stays unknown",
		u.Vendor, u.Model, counted(u.Devices, "device"), u.Why)}
}

type registerRow struct{ app.DeviceImport }

func (registerRow) kind() string { return "register" }

func (r registerRow) lines() []string {
	out := []string{fmt.Sprintf("%d devices: %d matched, %d new, %d gone, %d conflicting", r.Devices, r.Matched, r.New, r.Gone, r.Conflicting)}
	switch {
	case r.Said == nil:
		return append(out, "  the list in force says all of this already; nothing is signed")
	case r.DryRun:
		return append(out, "  would record "+r.Predicate)
	}
	return append(out, fmt.Sprintf("  statement:%s, entry %d of log %q", r.Statement, r.Index, r.Log))
}
