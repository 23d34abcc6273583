package app

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/store"
)

// A closed finding goes with the first of its rows that is erased: it is not derived anew, so the device of
// that row would live on in it. Others stay.
func TestClosedFindingsForgetWhatIsErased(t *testing.T) {
	t.Parallel()
	for name, erase := range map[string]func(*testing.T, ward, model.Digest){
		"erased": func(t *testing.T, w ward, batch model.Digest) {
			if _, err := w.house.Erase(t.Context(), batch); err != nil {
				t.Fatal(err)
			}
		},
		"expired": func(t *testing.T, w ward, _ model.Digest) {
			w.c.at = w.c.at.Add(2 * 24 * time.Hour)
			if _, err := w.house.EraseExpired(t.Context()); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWard(t)
			body, other := elf(2, 5000), elf(3, 6000)
			watch := func(keep time.Duration, d talk) {
				t.Helper()
				if _, err := see(t.Context(), w.house, WatchOptions{Retain: keep}, capture(t, d)); err != nil {
					t.Fatal(err)
				}
			}
			watch(24*time.Hour, download("10.0.0.10", host, "pump-2.0.0.bin", body, wireTime()))
			batch, err := w.house.firstOf(t.Context(), evidence.PredObservation)
			if err != nil {
				t.Fatal(err)
			}
			watch(0, download("10.0.0.11", host, "pump-2.0.0.bin", body, wireTime().Add(time.Hour)))
			watch(0, download("10.0.0.12", host, "pump-3.0.0.bin", other, wireTime().Add(2*time.Hour)))
			w.release(t, "2.0.0", "pump-2.0.0.bin", body)
			w.release(t, "3.0.0", "pump-3.0.0.bin", other)
			w.publish(t)
			says(t, w.house, "update.unknown closed", "update.unknown closed")
			erase(t, w, batch)
			for _, f := range says(t, w.house, "update.unknown closed") {
				if f.Rule == model.UpdateUnknown && f.Digest != model.DigestOf(other) {
					t.Errorf("the finding that is left is about %s, seen at %v", f.Name, f.Devices)
				}
			}
		})
	}
}

// While the list of third parties cannot be read nothing is derived anew, and what is erased goes all the same.
func TestNothingErasedLivesOnUnread(t *testing.T) {
	t.Parallel()
	w, body := newWard(t), elf(2, 5000)
	mustSee(t, w.house, capture(t, download("10.0.0.10", host, "pump-2.0.0.bin", body, wireTime())))
	batch, err := w.house.firstOf(t.Context(), evidence.PredObservation)
	if err != nil {
		t.Fatal(err)
	}
	mustSee(t, w.house, capture(t, download("10.0.0.11", host, "pump-2.0.0.bin", body, wireTime().Add(time.Hour))))
	list := filepath.Join(w.house.opt.Dir, sourcesFile)
	if err := os.WriteFile(list, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := w.house.Erase(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	err = w.house.db.View(t.Context(), func(tx *store.Tx) error {
		all, err := tx.Findings().All(t.Context())
		for _, f := range all {
			if bytes.Contains(f.Body, []byte("10.0.0.10")) {
				t.Errorf("kept is %s", f.Body)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(list); err != nil {
		t.Fatal(err)
	}
	if f := says(t, w.house, "update.unknown open")[0]; f.Transfers != 1 || f.DeviceCount != 1 {
		t.Errorf("%d transfers to %d devices", f.Transfers, f.DeviceCount)
	}
}
