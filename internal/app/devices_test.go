package app

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

const deviceHeader = "asset,vendor,model,serial,mac,ip,site,location,owner,role\n"

func devices(t *testing.T, a *App, rows ...string) DeviceImport {
	t.Helper()
	done, err := a.ImportDevices(t.Context(), strings.NewReader(deviceHeader+strings.Join(rows, "\n")+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// listedAs are the assets in force.
func listedAs(t *testing.T, a *App, want DeviceFilter) []string {
	t.Helper()
	out := []string{}
	err := a.ListDevices(t.Context(), want, func(d ListedDevice) error { out = append(out, d.Asset); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// watched reads captures of one download each, together.
func watched(t *testing.T, a *App, opt WatchOptions) ([]TransferInfo, []model.Finding) {
	t.Helper()
	opt.All, opt.NoRecord = true, true
	var rows []TransferInfo
	var found []model.Finding
	_, err := a.Watch(t.Context(), opt, WatchShow{
		Transfer: func(i *TransferInfo) error { rows = append(rows, *i); return nil },
		Part:     func(PartInfo) error { return nil },
		Finding:  func(f model.Finding) error { found = append(found, f); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows, found
}

func TestImportDevices(t *testing.T) {
	t.Parallel()
	c := newHand()
	a := newHouse(t, c, "mercy", evidence.Hospital)
	entries := size(t, a)
	first := devices(t, a, "A-1,acme,pump-7,SN-1,,10.0.0.10,main,ward 3,CE,", "A-2,acme,pump-7,SN-2,,10.0.0.11,main,,,", "A-3,,,,00:1a:2b:3c:4d:5e,,,,,server", "A-9,acme,,,,10.0.0.19,,,,")
	if first.New != 4 || first.Devices != 4 || first.Matched+first.Gone+first.Conflicting != 0 || first.Said == nil || first.Predicate != evidence.PredDeviceRegister || first.Role != evidence.RoleHouse {
		t.Errorf("first: %+v", first)
	}
	wantUnknown := []UnknownProduct{
		{Vendor: "acme", Model: "pump-7", Product: product(t, "acme/pump-7"), Devices: 2, Why: "no trusted maker is called acme"},
		{Devices: 1, Vendor: "acme", Why: "the list does not give a vendor and a model that make a product"},
	}
	if d := cmp.Diff(wantUnknown, first.Unknown, cmp.Comparer(func(x, y model.Subject) bool { return x == y })); d != "" {
		t.Error(d)
	}
	if got := size(t, a); got != entries+1 {
		t.Errorf("one list is %d entries", got-entries)
	}

	// The same list says nothing new.
	c.at = c.at.Add(time.Hour)
	same := devices(t, a, "A-3,,,,00-1A-2B-3C-4D-5E,,,,,SERVER", "A-9,acme,,,,10.0.0.19,,,,", "A-2,acme,pump-7,SN-2,,10.0.0.11,main,,,", "A-1,acme,pump-7,SN-1,,10.0.0.10,main,ward 3,CE,endpoint")
	if same.Matched != 4 || same.Said != nil || size(t, a) != entries+1 {
		t.Errorf("the same list again: %+v", same)
	}

	// One moved, one is gone, one is new, two contradict each other.
	next := devices(t, a, "A-1,acme,pump-7,SN-1,,10.0.0.10,main,ward 4,CE,", "A-3,,,,00:1a:2b:3c:4d:5e,,,,,server",
		"A-4,acme,pump-7,SN-4,,10.0.0.14,main,,,", "A-5,acme,pump-7,SN-5,,10.0.0.15,main,,,", "A-6,acme,pump-7,SN-6,,10.0.0.15,main,,,")
	if next.Matched != 2 || next.New != 1 || next.Gone != 2 || next.Conflicting != 2 || next.Devices != 3 || next.Said == nil {
		t.Errorf("next: %+v", next)
	}
	var told []string
	for _, ch := range next.Changes {
		told = append(told, strings.TrimSpace(fmt.Sprint(ch.Change, " ", ch.Asset, " ", ch.Why, ch.Changed)))
	}
	wantTold := []string{
		`conflicting A-5 ip "10.0.0.15" is claimed by another row too[]`, `conflicting A-6 ip "10.0.0.15" is claimed by another row too[]`,
		"new A-4 []", "gone A-2 []", "gone A-9 []", "matched A-1 [location]", "matched A-3 []",
	}
	if d := cmp.Diff(wantTold, told); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"A-1", "A-3", "A-4"}, listedAs(t, a, DeviceFilter{})); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"A-3"}, listedAs(t, a, DeviceFilter{Role: model.Server})); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"A-1", "A-4"}, listedAs(t, a, DeviceFilter{Site: "MAIN"})); d != "" {
		t.Error(d)
	}

	// A list of other sites alone finds no device here by its address.
	for row, want := range map[string]bool{
		"A-7,,,,,10.0.0.17,Annex,,,": true, "A-7,,,,,10.0.0.17,MAIN,,,": false, "A-7,,,,,10.0.0.17,,,,": false, "A-7,,,,00:1a:2b:3c:4d:5f,,Annex,,,": false,
	} {
		if done := devices(t, reopenDry(t, a), row); done.Elsewhere != want {
			t.Errorf("%s: elsewhere is %v", row, done.Elsewhere)
		}
	}

	// An asset that got another serial is left out until it is said again.
	swapped := []string{"A-1,acme,pump-7,SN-9,,10.0.0.10,main,ward 4,CE,", "A-4,acme,pump-7,SN-4,,10.0.0.14,main,,,"}
	if done := devices(t, a, swapped...); done.Conflicting != 1 || done.Matched != 1 || done.Gone != 1 {
		t.Errorf("another serial: %+v", done)
	}
	if done := devices(t, a, swapped...); done.Conflicting != 0 || done.New != 1 {
		t.Errorf("another serial, said again: %+v", done)
	}
	if _, err := a.VerifyLogs(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

func TestImportDevicesRefuses(t *testing.T) {
	t.Parallel()
	c := newHand()
	house, acme := newHouse(t, c, "mercy", evidence.Hospital), newHouse(t, c, "acme", evidence.Maker)
	devices(t, house, "A-1,acme,pump-7,SN-1,,10.0.0.10,main,,,")
	before := size(t, house)
	for name, csv := range map[string]string{
		"nothing": "", "no rows": deviceHeader, "a bad row": "asset,ip\nA,10.0.0.1\nB,nowhere\n", "binary": "\x00\x01\x02",
		"all contradict": "asset,ip\nA,10.0.0.1\nB,10.0.0.1\n",
	} {
		done, err := house.ImportDevices(t.Context(), strings.NewReader(csv))
		if fault.CodeOf(err) != fault.BadRows || done.Said != nil {
			t.Errorf("%s: %v", name, err)
		}
		if all := name == "all contradict"; all != (done.Conflicting == 2) {
			t.Errorf("%s: %+v", name, done)
		}
	}
	if _, err := acme.ImportDevices(t.Context(), strings.NewReader("asset\nA\n")); fault.CodeOf(err) != fault.NotAllowed {
		t.Errorf("a maker: %v", err)
	}
	if size(t, house) != before || len(listedAs(t, house, DeviceFilter{})) != 1 {
		t.Error("a refused list left something")
	}
	dry := reopenDry(t, house)
	if done := devices(t, dry, "A-2,,,,,10.0.0.11,main,,,"); done.Said == nil || !done.DryRun || done.New != 1 || done.Gone != 1 {
		t.Errorf("a dry run: %+v", done)
	}
	if size(t, house) != before || !slices.Equal(listedAs(t, house, DeviceFilter{}), []string{"A-1"}) {
		t.Error("a dry run left something")
	}
}

func reopenDry(t *testing.T, a *App) *App {
	t.Helper()
	opt := a.opt
	opt.DryRun = true
	return reopen(t, opt)
}
