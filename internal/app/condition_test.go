package app

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
)

func TestKeyFiles(t *testing.T) {
	t.Parallel()
	c := newHand()
	for kind, want := range map[evidence.OrgKind][]string{
		evidence.Maker:    {"keys/house-log.key", "keys/log.age", "keys/recall.age", "keys/release.age", "offline/root.age"},
		evidence.Hospital: {"keys/house-log.key", "keys/house.age", "keys/observer.key", "offline/root.age"},
	} {
		a := newHouse(t, c, "mercy", kind)
		dir := a.opt.Dir
		names := func() []string {
			t.Helper()
			have, _, err := KeyFiles(dir, a.Home())
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, f := range have {
				out = append(out, f.Name)
				if f.Mode != 0o600 || f.Open || f.Machine != strings.HasSuffix(f.Name, ".key") {
					t.Errorf("%+v", f)
				}
			}
			return out
		}
		if diff := cmp.Diff(want, names()); diff != "" {
			t.Errorf("%s:\n%s", kind, diff)
		}
		if err := os.RemoveAll(filepath.Join(dir, "offline")); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(dir, want[0])); err != nil {
			t.Fatal(err)
		}
		_, missing, err := KeyFiles(dir, a.Home())
		if diff := cmp.Diff(want[:1], missing); diff != "" || err != nil {
			t.Errorf("%s, %v:\n%s", kind, err, diff)
		}
		if err := os.RemoveAll(filepath.Join(dir, "keys")); err != nil {
			t.Fatal(err)
		}
		if _, _, err := KeyFiles(dir, a.Home()); !errors.Is(err, fault.ReadFailed) {
			t.Errorf("without the folder: %v", err)
		}
	}
}

// Rows whose time has come and that are still there are told; what was erased is not.
func TestRecordedTellsWhatIsOverdue(t *testing.T) {
	t.Parallel()
	c := newHand()
	house := newHouse(t, c, "st-elsewhere", evidence.Hospital)
	csv := "from,relation,to,harm,known,since,until,control\nsystem:ad,administers,system:share,integrity,asserted,,,\n"
	if _, err := house.ImportEdges(t.Context(), strings.NewReader(csv), 48*time.Hour); err != nil {
		t.Fatal(err)
	}
	expect := func(want int) {
		t.Helper()
		held, overdue, err := house.Recorded(t.Context())
		if err != nil || held || overdue != want {
			t.Errorf("held %v, overdue %d, %v; want %d, and nothing of the wire", held, overdue, err, want)
		}
	}
	expect(0)
	c.at = c.at.Add(49 * time.Hour)
	expect(1)
	if _, err := house.EraseExpired(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect(0)
}

// The head of a log is looked at without reading the log: its last checkpoint must be signed, and the entries
// at both ends be in its tree.
func TestCheckHeads(t *testing.T) {
	t.Parallel()
	c := newHand()
	acme := newHouse(t, c, "acme", evidence.Maker)
	add(t, acme, "1", file(t, "pump.bin", "pump", 1000))
	publish(t, acme, filepath.Join(t.TempDir(), "repo"))
	heads, err := acme.CheckHeads(t.Context())
	if err != nil || len(heads) != 2 || heads[0].Origin != "acme/house" || heads[1].Origin != "acme/publication" || heads[1].Size != 1 {
		t.Fatalf("%+v, %v", heads, err)
	}
	whole, err := acme.VerifyLogs(t.Context(), nil)
	if err != nil || whole[0].Size != heads[0].Size || !whole[0].Time.Equal(heads[0].Time) {
		t.Errorf("the whole log says %+v, %v", whole, err)
	}
}
