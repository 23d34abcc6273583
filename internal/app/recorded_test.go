package app

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	"modernc.org/sqlite"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

const host = "updates.acme.example"

// ward is a maker and a hospital that trusts it and follows its publication, in which release 1.0.0 names
// the update server.
type ward struct {
	c           *hand
	acme, house *App
	repo        string
}

func newWard(t *testing.T) ward {
	t.Helper()
	c := newHand()
	w := ward{c, newHouse(t, c, "acme", evidence.Maker), newHouse(t, c, "mercy", evidence.Hospital), filepath.Join(t.TempDir(), "repo")}
	w.release(t, "1.0.0", "pump-1.0.0.bin", elf(1, 5000))
	publish(t, w.acme, w.repo)
	trust(t, w.house, w.acme)
	sync(t, w.house, w.repo)
	return w
}

// release signs a release of one file that the update server serves.
func (w ward) release(t *testing.T, version, name string, body []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := w.acme.AddRelease(t.Context(), Draft{
		Product: product(t, "acme/pump-7"), Version: version, Kind: "firmware", Files: []string{path}, Hosts: []string{host},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// publish publishes and syncs.
func (w ward) publish(t *testing.T) {
	t.Helper()
	w.c.at = w.c.at.Add(time.Minute)
	publish(t, w.acme, w.repo)
	sync(t, w.house, w.repo)
}

// says checks the findings of a house: "rule state", in any order. Those over plain text are left out.
func says(t *testing.T, a *App, want ...string) []model.Finding {
	t.Helper()
	list, err := a.Findings(t.Context(), FindingFilter{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range list {
		if f.Rule != model.UpdatePlaintext {
			got = append(got, fmt.Sprint(f.Rule, " ", f.State))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the findings are %q, want %q", got, want)
	}
	return list
}

// What was unknown becomes verified when its release arrives, and its finding closes by itself; a
// compromise of the keys opens it again. The capture is gone by then.
func TestRecordedIsJudgedAgain(t *testing.T) {
	t.Parallel()
	w, body := newWard(t), elf(2, 200_000)
	file := capture(t, download("10.0.0.10", host, "pump-2.0.0.bin", body, wireTime()))
	got := mustSee(t, w.house, file)
	if v := got.verdicts(); !slices.Equal(v, []model.Verdict{model.Unknown}) || got.summary.Recorded != 1 || len(got.findings) != 1 {
		t.Fatalf("%v, %+v", v, got.summary)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	before := says(t, w.house, "update.unknown open")
	if before[0].ID != got.findings[0].ID {
		t.Error("the finding of the watch has another ID than the one on the list")
	}
	w.release(t, "2.0.0", "pump-2.0.0.bin", body)
	w.publish(t)
	says(t, w.house, "update.unknown closed")
	w.c.at = w.c.at.Add(time.Hour)
	for _, family := range []evidence.Family{evidence.Classical, evidence.PostQuantum} {
		compromised(t, w.house, keyOf(t, w.house, "acme", evidence.RoleRelease, family), "unknown")
	}
	after := says(t, w.house, "update.unknown open")
	if after[0].ID != before[0].ID || !strings.Contains(strings.Join(after[0].Evidence, "\n"), "does not count") {
		t.Errorf("%s, then %s: %q", before[0].ID, after[0].ID, after[0].Evidence)
	}
	if _, err := w.house.VerifyLogs(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// A host and a name that nobody knew were not kept, and are still found when a release names them.
func TestNamesThatAreLearntLater(t *testing.T) {
	t.Parallel()
	w, body := newWard(t), elf(3, 100_000)
	body[500] ^= 1
	mustSee(t, w.house, capture(t, download("10.0.0.10", "mirror.acme.example", "pump-3.0.0.bin", body, wireTime())))
	says(t, w.house)
	path := filepath.Join(t.TempDir(), "pump-3.0.0.bin")
	if err := os.WriteFile(path, elf(3, 100_000), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := w.acme.AddRelease(t.Context(), Draft{
		Product: product(t, "acme/pump-7"), Version: "3.0.0", Kind: "firmware", Files: []string{path}, Hosts: []string{"mirror.acme.example"},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.publish(t)
	f := says(t, w.house, "update.altered open")[0]
	if f.Name != "pump-3.0.0.bin" || f.Host != "mirror.acme.example" || f.Digest != model.DigestOf(body) {
		t.Errorf("%q from %q, %s", f.Name, f.Host, f.Digest)
	}
}

// An older release after a newer one is replayed, whichever capture is read first, and also within one run.
func TestReplayedInAnyOrder(t *testing.T) {
	t.Parallel()
	for name, order := range map[string][]int{"as they came": {0, 1}, "the later first": {1, 0}, "in one run": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWard(t)
			old, next := elf(1, 5000), elf(2, 6000)
			w.release(t, "2.0.0", "pump-2.0.0.bin", next)
			w.publish(t)
			files := []string{
				capture(t, download("10.0.0.10", host, "pump-2.0.0.bin", next, wireTime())),
				capture(t, download("10.0.0.10", host, "pump-1.0.0.bin", old, wireTime().Add(24*time.Hour))),
			}
			if order == nil {
				got := mustSee(t, w.house, files[1], files[0])
				if !slices.ContainsFunc(got.findings, func(f model.Finding) bool { return f.Rule == model.UpdateReplayed }) {
					t.Errorf("the watch itself finds %v", got.findings)
				}
			}
			for _, i := range order {
				mustSee(t, w.house, files[i])
			}
			says(t, w.house, "update.replayed open")
			// Another device that never had the newer one is not concerned.
			mustSee(t, w.house, capture(t, download("10.0.0.11", host, "pump-1.0.0.bin", old, wireTime().Add(48*time.Hour))))
			if f := says(t, w.house, "update.replayed open")[0]; f.DeviceCount != 1 {
				t.Errorf("%d devices", f.DeviceCount)
			}
		})
	}
}

// A second watch of the same capture, and one file given twice, double nothing.
func TestWatchedTwice(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	file := capture(t, download("10.0.0.10", host, "pump-9.bin", elf(9, 5000), wireTime()))
	mustSee(t, w.house, file)
	once := says(t, w.house, "update.unknown open")
	mustSee(t, w.house, file, file)
	again := says(t, w.house, "update.unknown open")
	if again[0].Transfers != once[0].Transfers || again[0].Transfers != 1 || again[0].DeviceCount != 1 {
		t.Errorf("%d transfers to %d devices", again[0].Transfers, again[0].DeviceCount)
	}
}

// The hospital's own word counts at once, and ends when it ends, without anybody writing anything.
func TestHouseDecisionsJudgeAgain(t *testing.T) {
	t.Parallel()
	w, body := newWard(t), elf(4, 7000)
	mustSee(t, w.house, capture(t,
		download("10.0.0.10", host, "vendor.bin", body, wireTime()),
		download("10.0.0.11", host, "pump-1.0.0.bin", elf(1, 5000), wireTime().Add(time.Minute)),
	))
	says(t, w.house, "update.unknown open")
	path := filepath.Join(t.TempDir(), "vendor.bin")
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := vouch(t.Context(), t, w.house, path, "0.9"); err != nil {
		t.Fatal(err)
	}
	says(t, w.house, "update.unknown closed")
	w.c.at = w.c.at.Add(49 * time.Hour)
	says(t, w.house, "update.unknown open")
	if _, err := w.house.Withdraw(t.Context(), product(t, "acme/pump-7"), "1.0.0", "recall notice 7"); err != nil {
		t.Fatal(err)
	}
	f := says(t, w.house, "update.unknown open", "update.withdrawn open")
	if !strings.Contains(strings.Join(append(f[0].Evidence, f[1].Evidence...), "\n"), "this house holds back release:acme/pump-7/1.0.0") {
		t.Errorf("%q, %q", f[0].Evidence, f[1].Evidence)
	}
}

// Who asks why of a file is told where it was seen, as long as it was not erased.
func TestWhereBytesWereSeen(t *testing.T) {
	t.Parallel()
	w, body := newWard(t), elf(2, 5000)
	mustSee(t, w.house, capture(t, download("10.0.0.10", host, "a.bin", elf(3, 5000), wireTime())))
	mustSee(t, w.house, capture(t,
		download("10.0.0.10", host, "b.bin", body, wireTime()), download("10.0.0.11", host, "c.bin", body, wireTime().Add(time.Minute)),
	))
	ask := func() []Reason {
		t.Helper()
		why, err := w.house.Why(t.Context(), model.ArtifactOf(model.DigestOf(body)))
		if err != nil {
			t.Fatal(err)
		}
		return why
	}
	why := ask()
	if len(why) != 1 || why[0].Predicate != evidence.PredObservation || why[0].Verifies != "yes" {
		t.Fatalf("%+v", why)
	}
	for _, device := range []string{"10.0.0.10", "10.0.0.11"} {
		if !strings.Contains(strings.Join(why[0].Notes, "\n"), device+"/- received these bytes from 10.0.0.200:80 over http at 2026-11-19T08:0") {
			t.Errorf("nothing is said of %s: %q", device, why[0].Notes)
		}
	}
	if _, err := w.house.Erase(t.Context(), why[0].Statement); err != nil {
		t.Fatal(err)
	}
	if why := ask(); len(why) != 0 {
		t.Errorf("after the erasure: %+v", why)
	}
}

// What is said of bytes that were seen is what is known of them today, not what was known then.
func TestWhyJudgesWhatWasSeen(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	body := elf(4, 5000)
	mustSee(t, w.house, capture(t, download("10.0.0.10", host, "b.bin", body, wireTime())))
	today := func(want string) {
		t.Helper()
		why, err := w.house.Why(t.Context(), model.ArtifactOf(model.DigestOf(body)))
		if err != nil {
			t.Fatal(err)
		}
		var notes []string
		for _, r := range why {
			notes = append(notes, r.Notes...)
		}
		if all := strings.Join(notes, "\n"); !strings.Contains(all, "; today: "+want) {
			t.Errorf("not %q: %s", want, all)
		}
	}
	today("unknown")
	w.release(t, "3.0.0", "b.bin", body)
	w.publish(t)
	today("verified, release:acme/pump-7/3.0.0")
}

// Whoever reads the wire opens machine keys and no role's.
func TestRecordingOpensNoPassphrase(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	opt := w.house.opt
	opt.Passphrase = func(context.Context, string) (string, error) {
		t.Error("a passphrase was asked for")
		return "", errors.New("nobody is here")
	}
	a := reopen(t, opt)
	mustSee(t, a, capture(t, download("10.0.0.10", host, "pump-9.bin", elf(9, 5000), wireTime())))
	says(t, a, "update.unknown open")
	sub, err := model.NewSubject(model.KindSite, "mercy", "main")
	if err != nil {
		t.Fatal(err)
	}
	why, err := a.Why(t.Context(), sub)
	if err != nil || len(why) != 1 || why[0].Role != evidence.RoleObserver || why[0].Verifies != "yes" || why[0].Effect != string(evidence.Fact) {
		t.Errorf("%+v, %v", why, err)
	}
}

// A maker's house has no sensor, and --no-record leaves nothing.
func TestNothingIsRecorded(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	file := capture(t, download("10.0.0.10", host, "pump-9.bin", elf(9, 5000), wireTime()))
	before := size(t, w.house)
	for name, a := range map[string]*App{"no record": w.house, "maker": w.acme} {
		got, err := see(t.Context(), a, WatchOptions{NoRecord: a == w.house}, file)
		if err != nil || len(got.transfers) != 1 || got.summary.Recorded != 0 {
			t.Errorf("%s: %+v, %v", name, got.summary, err)
		}
	}
	if now := size(t, w.house); now != before {
		t.Errorf("the ledger grew from %d to %d entries", before, now)
	}
	if _, err := os.Stat(filepath.Join(w.house.opt.Dir, "keys", "marks.key")); err == nil {
		t.Error("a secret was made for nothing")
	}
	says(t, w.house)
}

// Of an excluded network nothing is recorded, whichever side lies in it.
func TestExcludedNetworks(t *testing.T) {
	t.Parallel()
	for network, recorded := range map[string]int64{"10.0.0.10/32": 1, "10.0.0.200/32": 0, "10.0.0.0/24": 0, "192.0.2.0/24": 2} {
		w := newWard(t)
		prefix := []netip.Prefix{netip.MustParsePrefix(network)}
		file := capture(t,
			download("10.0.0.10", host, "pump-8.bin", elf(8, 5000), wireTime()),
			download("10.0.0.11", host, "pump-9.bin", elf(9, 5000), wireTime().Add(time.Minute)),
		)
		got, err := see(t.Context(), w.house, WatchOptions{Exclude: prefix}, file)
		if err != nil || got.summary.Recorded != recorded || got.summary.Excluded != 2-recorded || len(got.transfers) != 2 {
			t.Errorf("%s: %+v, %v", network, got.summary, err)
		}
		if list, err := w.house.Findings(t.Context(), FindingFilter{}); err != nil || int64(len(list)) != recorded {
			t.Errorf("%s: %d findings, %v", network, len(list), err)
		}
	}
}

// Rows go when their time has come, with the next write, or when they are erased: the findings with them,
// and the ledger still verifies.
func TestRecordedRowsExpire(t *testing.T) {
	t.Parallel()
	const rows = 4 // a transfer, two sightings and the counts
	for name, erase := range map[string]func(*testing.T, ward, model.Digest){
		"with the next write": func(t *testing.T, w ward, _ model.Digest) {
			w.c.at = w.c.at.Add(8 * 24 * time.Hour)
			if _, err := vouch(t.Context(), t, w.house, file(t, "x.bin", "x", 10), "5"); err != nil {
				t.Fatal(err)
			}
		},
		"all that expired": func(t *testing.T, w ward, _ model.Digest) {
			w.c.at = w.c.at.Add(8 * 24 * time.Hour)
			if n, err := w.house.EraseExpired(t.Context()); err != nil || n != rows {
				t.Errorf("%d rows were erased: %v", n, err)
			}
		},
		"the batch": func(t *testing.T, w ward, d model.Digest) {
			if n, err := w.house.Erase(t.Context(), d); err != nil || n != rows {
				t.Errorf("%d rows were erased: %v", n, err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWard(t)
			body := elf(9, 5000)
			path := capture(t, download("10.0.0.10", host, "pump-9.bin", body, wireTime()))
			if _, err := see(t.Context(), w.house, WatchOptions{Retain: 7 * 24 * time.Hour}, path); err != nil {
				t.Fatal(err)
			}
			says(t, w.house, "update.unknown open")
			batch, err := w.house.firstOf(t.Context(), evidence.PredObservation)
			if err != nil {
				t.Fatal(err)
			}
			erase(t, w, batch)
			says(t, w.house)
			if _, err := w.house.VerifyLogs(t.Context(), nil); err != nil {
				t.Error(err)
			}
			why, err := w.house.Why(t.Context(), model.StatementOf(batch))
			if err != nil || len(why) != 1 || !strings.Contains(why[0].Check+strings.Join(why[0].Notes, "\n"), "erased") {
				t.Errorf("%+v, %v", why, err)
			}
		})
	}
}

// A row that was changed in the database is found by the verification of the logs.
func TestChangedRowsAreFound(t *testing.T) {
	t.Parallel()
	for name, query := range map[string]string{
		"a bit":      `UPDATE segments SET data = CAST(substr(data, 1, 100) || x'00' || substr(data, 102) AS BLOB)`,
		"rows lost":  `DELETE FROM segments`,
		"a row lost": `UPDATE segments SET data = substr(data, 1, 32) || x'00'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWard(t)
			mustSee(t, w.house, capture(t, download("10.0.0.10", host, "pump-9.bin", elf(9, 5000), wireTime())))
			if _, err := w.house.VerifyLogs(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			execSQL(t, w.house, `DELETE FROM batch_keys`)
			execSQL(t, w.house, query)
			if _, err := w.house.VerifyLogs(t.Context(), nil); err == nil {
				t.Error("nobody noticed")
			}
		})
	}
}

// A watch and a sync of the same home at the same time both do their work.
func TestWatchAndSyncAtOnce(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	body := elf(2, 300_000)
	path := capture(t, download("10.0.0.10", host, "pump-2.0.0.bin", body, wireTime()))
	w.release(t, "2.0.0", "pump-2.0.0.bin", body)
	w.c.at = w.c.at.Add(time.Minute)
	publish(t, w.acme, w.repo)
	opt := w.house.opt
	opt.Store.Wait = time.Minute
	var wg stdsync.WaitGroup
	for _, do := range []func(*App) error{
		func(a *App) error { _, err := see(t.Context(), a, WatchOptions{}, path); return err },
		func(a *App) error { _, err := a.Sync(t.Context(), w.repo); return err },
		func(a *App) error { _, err := see(t.Context(), a, WatchOptions{}, path); return err },
	} {
		a := reopen(t, opt)
		wg.Go(func() {
			if err := do(a); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	list, err := w.house.Findings(t.Context(), FindingFilter{State: model.Open})
	if err != nil || len(list) != 1 || list[0].Rule != model.UpdatePlaintext || list[0].Transfers != 1 {
		t.Errorf("%v, %v", list, err)
	}
	if _, err := w.house.VerifyLogs(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// A home that cannot be written shows what it knows, watches without recording, and says why it cannot
// record.
func TestReadOnlyHome(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	path := capture(t, download("10.0.0.10", host, "pump-9.bin", elf(9, 5000), wireTime()))
	mustSee(t, w.house, path)
	opt := w.house.opt
	opt.Store.ReadOnly = true
	a := reopen(t, opt)
	says(t, a, "update.unknown open")
	if got, err := see(t.Context(), a, WatchOptions{NoRecord: true}, path); err != nil || len(got.findings) != 1 {
		t.Errorf("%v, %v", got.findings, err)
	}
	if _, err := see(t.Context(), a, WatchOptions{}, path); !errors.Is(err, fault.ReadOnly) {
		t.Errorf("recording says %v", err)
	}
}

// execSQL changes the database behind the house's back.
func execSQL(t *testing.T, a *App, query string) {
	t.Helper()
	c, err := (&sqlite.Driver{}).Open(filepath.Join(a.opt.Dir, dbFile))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // its work is done
	x, ok := c.(driver.ExecerContext)
	if !ok {
		t.Fatalf("a connection is of type %T", c)
	}
	if _, err := x.ExecContext(t.Context(), query, nil); err != nil {
		t.Fatal(err)
	}
}
