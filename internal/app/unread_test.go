package app

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/store"
)

// keptFindings are the findings as the store has them, by ID.
func keptFindings(t *testing.T, a *App) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := a.db.View(t.Context(), func(tx *store.Tx) error {
		all, err := tx.Findings().All(t.Context())
		for _, f := range all {
			out[f.ID.String()] = f.Closed.String() + " " + string(f.Body)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A list of third parties that cannot be read stops no statement. The findings that are kept stay as they are,
// the person is told, and whoever asks for verdicts gets an error rather than others than the list gives.
func TestUnreadableListStopsNoStatement(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]struct {
		with func(path string) error
		code fault.Code
	}{
		"malformed":    {func(path string) error { return os.WriteFile(path, []byte("{"), 0o600) }, fault.BadInput},
		"not readable": {func(path string) error { return os.Mkdir(path, 0o700) }, fault.ReadFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWard(t)
			var notes []string
			w.house.opt.Note = func(s string) { notes = append(notes, s) }
			file := capture(t, download("10.0.0.10", host, "pump-1.0.0.bin", elf(1, 5000), wireTime()))
			mustSee(t, w.house, file)
			says(t, w.house)
			list, before := filepath.Join(w.house.opt.Dir, sourcesFile), keptFindings(t, w.house)
			if err := spoil.with(list); err != nil {
				t.Fatal(err)
			}
			if len(before) == 0 || len(notes) > 0 {
				t.Fatalf("%d findings, notes %q", len(before), notes)
			}

			if _, err := w.house.Withdraw(t.Context(), product(t, "acme/pump-7"), "1.0.0", "recall notice"); err != nil {
				t.Fatal(err)
			}
			compromised(t, w.house, keyOf(t, w.house, "acme", evidence.RoleRelease, evidence.Classical), "unknown")
			if len(notes) != 2 || !strings.Contains(notes[0], "not judged anew") || !strings.Contains(notes[0], sourcesFile) {
				t.Errorf("notes %q", notes)
			}
			if d := cmp.Diff(before, keptFindings(t, w.house)); d != "" {
				t.Errorf("the kept findings changed (-before +after):\n%s", d)
			}
			if _, err := w.house.Findings(t.Context(), FindingFilter{}); !failsWith(err, spoil.code, sourcesFile) {
				t.Errorf("findings: %v", err)
			}
			if _, err := see(t.Context(), w.house, WatchOptions{}, file); !failsWith(err, spoil.code, sourcesFile) {
				t.Errorf("watch: %v", err)
			}
			if len(notes) != 2 {
				t.Errorf("a question leaves notes: %q", notes)
			}

			if err := os.Remove(list); err != nil {
				t.Fatal(err)
			}
			says(t, w.house, "update.withdrawn open")
		})
	}
}

// What is erased does not live on in a finding, whether or not the list can be read.
func TestEraseWithUnreadableList(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	mustSee(t, w.house, capture(t, download("10.0.0.10", host, "pump-8.bin", elf(8, 5000), wireTime())))
	mustSee(t, w.house, capture(t, download("10.0.0.11", host, "pump-9.bin", elf(9, 5000), wireTime())))
	if err := os.WriteFile(filepath.Join(w.house.opt.Dir, sourcesFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	site, err := model.NewSubject(model.KindSite, "mercy", "main")
	if err != nil {
		t.Fatal(err)
	}
	why, err := w.house.Why(t.Context(), site)
	if err != nil || len(why) != 2 {
		t.Fatal(err)
	}
	if _, err := w.house.Erase(t.Context(), why[0].Statement); err != nil {
		t.Fatal(err)
	}
	kept := keptFindings(t, w.house)
	var names []string
	for _, f := range kept {
		for _, n := range []string{"pump-8.bin", "pump-9.bin"} {
			if strings.Contains(f, n) {
				names = append(names, n)
			}
		}
	}
	if !slices.Equal(names, []string{"pump-9.bin"}) || len(kept) != 1 {
		t.Errorf("kept are %v: %v", names, kept)
	}
}
