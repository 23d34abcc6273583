package app

import (
	"database/sql"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/store"
)

// clinic is a hospital that follows a maker of two products.
type clinic struct {
	c           *hand
	acme, house *App
	pump        []byte // firmware of pump-7, version 1
}

func newClinic(t *testing.T) clinic {
	t.Helper()
	c := newHand()
	w := clinic{c, newHouse(t, c, "acme", evidence.Maker), newHouse(t, c, "mercy", evidence.Hospital), elf(1, 3000)}
	trust(t, w.house, w.acme)
	for _, p := range []struct {
		model string
		body  []byte
	}{{"pump-7", w.pump}, {"scanner", elf(2, 3000)}} {
		path := filepath.Join(t.TempDir(), p.model+".bin")
		if err := os.WriteFile(path, p.body, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := w.acme.AddRelease(t.Context(), Draft{Product: product(t, "acme/"+p.model), Version: "1", Kind: "firmware", Files: []string{path}}); err != nil {
			t.Fatal(err)
		}
	}
	repo := filepath.Join(t.TempDir(), "repo")
	publish(t, w.acme, repo)
	sync(t, w.house, repo)
	return w
}

// One row of the list decides what the same download is. A vendor's long name is no maker that is trusted,
// and proves nothing wrong.
func TestListDecidesVerdict(t *testing.T) {
	t.Parallel()
	w := newClinic(t)
	capture := fetched(t, fetch{body: w.pump, at: w.c.at})
	for _, c := range []struct {
		name, row string
		verdict   model.Verdict
		fits      model.Fit
		why       string
		rule      model.Rule
	}{
		{"its product", "A-1,acme,pump-7,SN-1,,10.0.0.10,main,ward 3,CE,", model.Verified, model.Fits, "signed these bytes", model.UpdatePlaintext},
		{"another product of acme", "A-1,acme,scanner,SN-1,,10.0.0.10,main,ward 3,CE,", model.WrongDevice, model.FitsNot, "this device is listed as product:acme/scanner", model.UpdateWrongDevice},
		{"a vendor in capitals", "A-1,ACME,scanner,SN-1,,10.0.0.10,main,ward 3,CE,", model.WrongDevice, model.FitsNot, "this device is listed as product:acme/scanner", model.UpdateWrongDevice},
		{"a workstation", "A-1,acme,scanner,SN-1,,10.0.0.10,main,ward 3,CE,workstation", model.Verified, model.FitsNot, "signed these bytes", model.UpdatePlaintext},
		{"a vendor by its long name", "A-1,Acme Medical GmbH,Scanner,SN-1,,10.0.0.10,main,ward 3,CE,", model.Verified, model.FitUnknown, "no release that this house holds names product:acme-medical-gmbh/Scanner", model.UpdatePlaintext},
		{"a model that acme has not", "A-1,acme,Scanner,SN-1,,10.0.0.10,main,ward 3,CE,", model.Verified, model.FitUnknown, "names product:acme/Scanner", model.UpdatePlaintext},
		{"another site", "A-1,acme,scanner,SN-1,,10.0.0.10,annex,ward 3,CE,", model.Verified, model.FitUnknown, "signed these bytes", model.UpdatePlaintext},
		{"every site", "A-1,acme,scanner,SN-1,,10.0.0.10,,ward 3,CE,", model.WrongDevice, model.FitsNot, "listed as", model.UpdateWrongDevice},
	} {
		w.c.at = w.c.at.Add(time.Minute)
		done := devices(t, w.house, c.row, "A-2,acme,pump-7,SN-2,,10.0.9.9,main,,,") // the row before may contradict this one
		if done.Conflicting > 0 {
			done = devices(t, w.house, c.row, "A-2,acme,pump-7,SN-2,,10.0.9.9,main,,,")
		}
		if done.Said == nil || done.Elsewhere { // the second row is of this site
			t.Fatalf("%s: %+v", c.name, done)
		}
		late := fetched(t, fetch{body: w.pump, at: w.c.at.Add(time.Second)})
		rows, found := watched(t, w.house, WatchOptions{Files: []string{late}})
		if len(rows) != 1 || len(found) != 1 {
			t.Fatalf("%s: %d transfers, %d findings", c.name, len(rows), len(found))
		}
		r, f := rows[0], found[0]
		if r.Verdict != c.verdict || r.Fits != c.fits || !strings.Contains(strings.Join(r.Why, "\n"), c.why) {
			t.Errorf("%s: %s, fits %s: %q", c.name, r.Verdict, r.Fits, r.Why)
		}
		if listed := c.name != "another site"; f.Rule != c.rule || f.Devices[0].Listed != listed ||
			listed && (f.Devices[0].Asset != "A-1" || f.Devices[0].Location != "ward 3" || f.Devices[0].Owner != "CE" || r.Asset != "A-1") {
			t.Errorf("%s: %s %+v", c.name, f.Rule, f.Devices)
		}
	}
	// The first download came before every list, so the first list speaks of it still.
	if rows, _ := watched(t, w.house, WatchOptions{Files: []string{capture}}); rows[0].Verdict != model.Verified || rows[0].Fits != model.Fits {
		t.Errorf("an older capture: %s, fits %s", rows[0].Verdict, rows[0].Fits)
	}
}

// A list speaks from the time at which it was held; erased, it never did. Rows that are erased are not
// known.
func TestListInTime(t *testing.T) {
	t.Parallel()
	w := newClinic(t)
	at := func(after time.Duration) string {
		return fetched(t, fetch{body: w.pump, at: w.c.at.Add(after)})
	}
	w.c.at = w.c.at.Add(time.Minute)
	early, between, late := at(-time.Hour), at(time.Hour), at(3*time.Hour)
	pump := devices(t, w.house, "A-1,acme,pump-7,SN-1,,10.0.0.10,main,,,")
	w.c.at = w.c.at.Add(2 * time.Hour)
	devices(t, w.house, "A-2,acme,scanner,SN-2,,10.0.0.10,main,,,")
	check := func(when string, want map[string]string) {
		t.Helper()
		for _, f := range []string{early, between, late} {
			rows, _ := watched(t, w.house, WatchOptions{Files: []string{f}})
			if got := rows[0].Asset + " " + string(rows[0].Verdict); got != want[f] {
				t.Errorf("%s: %q, want %q", when, got, want[f])
			}
		}
	}
	check("two lists", map[string]string{early: "A-1 verified", between: "A-1 verified", late: "A-2 wrong-device"})
	if _, err := w.house.Erase(t.Context(), pump.Statement); err != nil {
		t.Fatal(err)
	}
	check("the first is erased", map[string]string{early: "A-2 wrong-device", between: "A-2 wrong-device", late: "A-2 wrong-device"})
	if _, err := w.house.VerifyLogs(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if contains(t, w.house, "cordon.db", "SN-1\"") {
		t.Error("the erased list is still in the database")
	}
	// Rows alone, as a retention takes them.
	err := w.house.update(t.Context(), func(tx *store.Tx) error {
		d, err := lastOf(t, tx, evidence.PredDeviceRegister)
		if err != nil {
			return err
		}
		_, err = tx.Rows().EraseBatch(t.Context(), d)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	check("its rows are erased", map[string]string{early: " verified", between: " verified", late: " verified"})
	if got := listedAs(t, w.house, DeviceFilter{}); len(got) != 0 {
		t.Errorf("erased rows are listed: %v", got)
	}
}

// lastOf is the last statement of a predicate.
func lastOf(t *testing.T, tx *store.Tx, predicate string) (d model.Digest, err error) {
	t.Helper()
	err = tx.Archive().All(t.Context(), func(r ledger.Record) error {
		if r.PredicateType == evidence.PredicateURI(predicate) {
			d = r.Digest
		}
		return nil
	})
	return d, err
}

// A list whose rows were changed in the database is an error, not another answer; one that the house role
// signed after its key was stolen says nothing.
func TestListThatDoesNotStand(t *testing.T) {
	t.Parallel()
	w := newClinic(t)
	start := w.c.at
	devices(t, w.house, "A-1,acme,scanner,SN-1,,10.0.0.10,main,,,")
	late := fetched(t, fetch{body: w.pump, at: start.Add(time.Hour)})
	if rows, _ := watched(t, w.house, WatchOptions{Files: []string{late}}); rows[0].Verdict != model.WrongDevice {
		t.Fatalf("%s", rows[0].Verdict)
	}
	w.c.at = start.Add(2 * time.Hour)
	key := keyOf(t, w.house, "mercy", evidence.RoleHouse, evidence.Classical)
	if _, err := w.house.Compromise(t.Context(), key, rfc(start.Add(-time.Hour)), "laptop stolen"); err != nil {
		t.Fatal(err)
	}
	if rows, _ := watched(t, w.house, WatchOptions{Files: []string{late}}); rows[0].Verdict != model.Verified || rows[0].Asset != "" {
		t.Errorf("under a stolen key: %s %s", rows[0].Verdict, rows[0].Asset)
	}

	w = newClinic(t)
	devices(t, w.house, "A-1,acme,pump-7,SN-1,,10.0.0.10,main,,,")
	db, err := sql.Open("sqlite", filepath.Join(w.house.opt.Dir, dbFile))
	if err != nil {
		t.Fatal(err)
	}
	done, err := db.ExecContext(t.Context(), `UPDATE segments SET data = unhex(replace(hex(data), hex('pump-7'), hex('scan-7')))`)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := done.RowsAffected(); n != 1 || db.Close() != nil {
		t.Fatalf("%d rows changed, %v", n, err)
	}
	_, err = w.house.Watch(t.Context(), WatchOptions{Files: []string{late}, NoRecord: true}, WatchShow{})
	if !failsWith(err, fault.Damaged, "the device list") {
		t.Errorf("a changed row: %v", err)
	}
}

// A proved MAC counts before the address, and who has the address of another's row is not that device.
func TestDeviceByMAC(t *testing.T) {
	t.Parallel()
	w := newClinic(t)
	devices(t, w.house, "A-1,acme,pump-7,SN-1,00:1a:2b:3c:4d:01,10.0.0.10,main,,,", "A-2,acme,scanner,,00:1a:2b:3c:4d:02,,main,,,")
	at, err := model.DeviceAt("main", "-", netip.MustParseAddr("10.0.0.10"), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	err = w.house.db.View(t.Context(), func(tx *store.Tx) error {
		f, err := w.house.readForJudging(t.Context(), tx, "")
		if err != nil {
			return err
		}
		for mac, want := range map[string]string{
			"":                  "A-1 device:acme/pump-7/SN-1 product:acme/pump-7 true",
			"00:1a:2b:3c:4d:01": "A-1 device:acme/pump-7/SN-1 product:acme/pump-7 true",
			"00:1a:2b:3c:4d:02": "A-2 device:mac/00%3A1a%3A2b%3A3c%3A4d%3A02 product:acme/scanner true",
			"00:1a:2b:3c:4d:03": " " + at.String() + "  false",
		} {
			d, info := f.device(&model.Transfer{Time: w.c.at, Device: at, MAC: mac})
			if got := fmt.Sprintf("%s %s %s %v", info.Asset, d.Subject, d.Product, d.Listed); got != want {
				t.Errorf("%s: %q, want %q", mac, got, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Sessions that hide what may be an update are kept and shown, and the others are not.
func TestEncryptedSessions(t *testing.T) {
	t.Parallel()
	w := newClinic(t)
	devices(t, w.house, "A-1,acme,pump-7,SN-1,,10.0.0.10,main,ward 3,,")
	var shown []TransferInfo
	watch, err := w.house.newWatcher(t.Context(), WatchOptions{All: true, NoRecord: true},
		WatchShow{Transfer: func(i *TransferInfo) error { shown = append(shown, *i); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		addr string
		size int64
		keep bool
	}{{"10.0.0.10", 65_537, true}, {"10.0.0.10", 65_536, false}, {"10.0.0.11", 1 << 30, false}} {
		at, err := model.DeviceAt("main", "-", netip.MustParseAddr(c.addr), time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		tr := model.Transfer{Time: w.c.at, Device: at, Peer: "192.0.2.1:443", Host: "cloud.example", Protocol: "tls", Size: c.size, Declared: -1, Encrypted: true}
		if got := watch.concerns(&tr); got != c.keep {
			t.Errorf("%s, %d bytes: kept %v", c.addr, c.size, got)
		}
		if err := watch.Transfer(&tr); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(watch.found.List()); n != 0 {
		t.Errorf("%d findings", n)
	}
	if len(shown) != 1 || shown[0].Verdict != model.CannotSee || shown[0].Asset != "A-1" || shown[0].Fits != model.FitUnknown {
		t.Errorf("shown: %+v", shown)
	}
}
