package app

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// Third parties by name excuse a listed workstation and no pump; the hospital's own list counts first.
func TestThirdPartiesOfTheHouse(t *testing.T) {
	t.Parallel()
	w := newClinic(t)
	devices(t, w.house, "W-1,,,,,10.0.0.10,main,office,IT,workstation", "P-1,acme,pump-7,SN-1,,10.0.0.11,main,ward 3,CE,endpoint")
	w.c.at = w.c.at.Add(time.Minute)
	from := func(addr, host string) string {
		return fetched(t, fetch{body: elf(9, 4000), name: "tool_1_amd64.deb", host: host, at: w.c.at, device: addr})
	}
	own := `{"source":"IT","status":"in force","date":"2026-02-01","publishers":[{"name":"Our mirror","kind":"packages","hosts":["mirror.mercy.test"],"names":[".deb"]}]}`
	for _, c := range []struct {
		name, addr, host, list string
		verdict                model.Verdict
		publisher, why         string
		findings               int
	}{
		{"a workstation", "10.0.0.10", "deb.debian.org", "", model.ThirdParty, "Debian (packages)", "by name only (Cordon's own list of ", 0},
		{"a pump", "10.0.0.11", "deb.debian.org", "", model.Unknown, "", "excuses nothing here: the device is listed as endpoint", 1},
		{"somebody", "10.0.0.12", "deb.debian.org", "", model.Unknown, "", "excuses nothing here: the device is not listed", 0},
		{"a mirror that nobody listed", "10.0.0.10", "mirror.mercy.test", "", model.Unknown, "", "no organisation", 1},
		{"the house's mirror", "10.0.0.10", "mirror.mercy.test", own, model.ThirdParty, "Our mirror", "this hospital's list of 2026-02-01", 0},
		{"both lists", "10.0.0.10", "deb.debian.org", own, model.ThirdParty, "Debian (packages)", "Cordon's own list", 0},
	} {
		home := filepath.Join(w.house.opt.Dir, sourcesFile)
		_ = os.Remove(home)
		tried := WatchOptions{Files: []string{from(c.addr, c.host)}}
		if c.list != "" {
			if err := os.WriteFile(home, []byte(c.list), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		check := func(where string) {
			rows, found := watched(t, w.house, tried)
			if rows[0].Verdict != c.verdict || rows[0].Publisher != c.publisher || !strings.Contains(strings.Join(rows[0].Why, "\n"), c.why) || len(found) != c.findings {
				t.Errorf("%s, %s: %s of %q, %d findings: %q", c.name, where, rows[0].Verdict, rows[0].Publisher, len(found), rows[0].Why)
			}
		}
		check("by the home")
		if c.list != "" {
			tried.Sources = filepath.Join(t.TempDir(), "mine.json")
			if err := os.Rename(home, tried.Sources); err != nil {
				t.Fatal(err)
			}
			check("by a file")
		}
	}
	for name, opt := range map[string]WatchOptions{"a missing list": {Sources: filepath.Join(t.TempDir(), "none")}, "no list": {Sources: w.house.opt.Dir}} {
		if _, err := w.house.Watch(t.Context(), opt, WatchShow{}); fault.CodeOf(err) != fault.ReadFailed {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.WriteFile(filepath.Join(w.house.opt.Dir, sourcesFile), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := w.house.Watch(t.Context(), WatchOptions{}, WatchShow{}); !failsWith(err, fault.BadInput, sourcesFile) {
		t.Errorf("a list that cannot be right: %v", err)
	}
}

// What was recorded before the list came is judged by it: a workstation's package is a third party's, and
// what a host's or file's name added to the list's entry is not kept.
func TestRecordedThirdParty(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, row string
		findings  []model.Rule
	}{
		{"a workstation", "W-1,,,,,10.0.0.10,main,office,IT,workstation", nil},
		{"a pump", "P-1,acme,pump-7,SN-1,,10.0.0.10,main,ward 3,CE,endpoint", []model.Rule{model.UpdateUnknown}},
	} {
		w := newClinic(t)
		capture := fetched(t, fetch{body: elf(9, 4000), name: "Erika_Musterfrau.deb", host: "musterfrau.deb.debian.org", at: w.c.at})
		_, err := w.house.Watch(t.Context(), WatchOptions{Files: []string{capture}}, WatchShow{
			Transfer: func(i *TransferInfo) error {
				if i.Verdict != model.Unknown {
					t.Errorf("%s: %s before it is listed", c.name, i.Verdict)
				}
				return nil
			},
			Part:    func(PartInfo) error { return nil },
			Finding: func(f model.Finding) error { t.Errorf("%s: %s before it is listed", c.name, f.Rule); return nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		w.c.at = w.c.at.Add(time.Minute)
		devices(t, w.house, c.row)
		found, err := w.house.Findings(t.Context(), FindingFilter{State: model.Open})
		if err != nil {
			t.Fatal(err)
		}
		var rules []model.Rule
		for _, f := range found {
			rules = append(rules, f.Rule)
			if len(f.Devices) != 1 || f.Devices[0].Asset != "P-1" || !strings.Contains(strings.Join(f.Evidence, "\n"), "is known as Debian (packages), by name only") {
				t.Errorf("%s: %+v %q", c.name, f.Devices, f.Evidence)
			}
		}
		if !slices.Equal(rules, c.findings) {
			t.Errorf("%s: findings %v, want %v", c.name, rules, c.findings)
		}
		for _, text := range []string{"Musterfrau", "musterfrau"} {
			if contains(t, w.house, "cordon.db", text) {
				t.Errorf("%s: %q is kept", c.name, text)
			}
		}
	}
}
