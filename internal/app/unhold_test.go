package app

import (
	"errors"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/store"
)

// A hold that lapsed can be taken back, once, and does not count again when what ended it is gone.
func TestUnholdOfWhatLapsed(t *testing.T) {
	t.Parallel()
	for name, takeBack := range map[string]bool{"taken back": true, "left": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, f := unknownSeen(t)
			rests(t, w.house, HoldDraft{Findings: []model.Digest{f.ID}})
			w.c.at = w.c.at.Add(time.Minute)
			mustSee(t, w.house, capture(t, download("10.0.0.11", host, "pump-9.bin", elf(9, 5000), wireTime().Add(time.Hour))))
			says(t, w.house, "update.unknown open")
			end := "update.unknown held"
			if takeBack {
				end = "update.unknown open"
				if _, err := w.house.UnholdFindings(t.Context(), []model.Digest{f.ID}, "not any more"); err != nil {
					t.Fatal(err)
				}
				if _, err := w.house.UnholdFindings(t.Context(), []model.Digest{f.ID}, "again"); !errors.Is(err, fault.NotAllowed) {
					t.Errorf("what was taken back is taken back again: %v", err)
				}
			}
			if _, err := w.house.Erase(t.Context(), seenLast(t, w.house)); err != nil {
				t.Fatal(err)
			}
			says(t, w.house, end)
		})
	}
}

// Whatever becomes of the last word about a finding, no older hold comes back by it.
func TestNoHoldComesBack(t *testing.T) {
	t.Parallel()
	for name, then := range map[string]func(t *testing.T, w ward, said Reviewed, at time.Time){
		"erased": func(t *testing.T, w ward, said Reviewed, _ time.Time) {
			if _, err := w.house.Erase(t.Context(), said.Statement); err != nil {
				t.Fatal(err)
			}
			for _, r := range recordsOf(t, w.house, evidence.PredReview) {
				if r.Erased.IsZero() || r.Envelope != nil {
					t.Errorf("statement:%s of the same finding is still there", r.Digest)
				}
			}
			if _, err := w.house.VerifyLogs(t.Context(), nil); err != nil {
				t.Error(err)
			}
		},
		"its key compromised": func(t *testing.T, w ward, _ Reviewed, at time.Time) {
			for _, family := range []evidence.Family{evidence.Classical, evidence.PostQuantum} {
				compromised(t, w.house, keyOf(t, w.house, "mercy", evidence.RoleHouse, family), at.Format(time.RFC3339))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, f := unknownSeen(t)
			rests(t, w.house, HoldDraft{Findings: []model.Digest{f.ID}})
			w.c.at = w.c.at.Add(time.Hour)
			at := w.c.at
			w.c.at = w.c.at.Add(time.Hour)
			done, err := w.house.UnholdFindings(t.Context(), []model.Digest{f.ID}, "it does not")
			if err != nil {
				t.Fatal(err)
			}
			w.c.at = w.c.at.Add(time.Hour)
			then(t, w, done[0], at)
			says(t, w.house, "update.unknown open")
		})
	}
}

// A log belongs to the organisation whose name its origin begins with, whoever else writes that origin into a root.
func TestLogOfAnotherName(t *testing.T) {
	t.Parallel()
	with := func(org, purpose, origin, key string) evidence.Trusted {
		var t evidence.Trusted
		t.Root.Author = org
		t.Root.Logs = []evidence.Log{{Purpose: purpose, LogIdentity: evidence.LogIdentity{Origin: origin, Keys: []string{key}}}}
		return t
	}
	thief := with("aaa", evidence.LogHouse, "mercy/house", "thief")
	for name, c := range map[string]struct {
		roots []evidence.Trusted
		want  string
	}{
		"alone":          {[]evidence.Trusted{with("mercy", evidence.LogHouse, "mercy/house", "own")}, "own"},
		"beside a thief": {[]evidence.Trusted{thief, with("mercy", evidence.LogHouse, "mercy/house", "own")}, "own"},
		"only a thief":   {[]evidence.Trusted{thief}, ""},
		"another purpose": {
			[]evidence.Trusted{with("mercy", evidence.LogPublication, "mercy/house", "other")}, "",
		},
	} {
		_, id, ok := logOf(evidence.NewRoots("house", c.roots...), "mercy/house")
		if ok != (c.want != "") || ok && id.Keys[0] != c.want {
			t.Errorf("%s: %v, %v", name, id, ok)
		}
	}
}

func recordsOf(t *testing.T, a *App, predicate string) (list []ledger.Record) {
	t.Helper()
	err := a.db.View(t.Context(), func(tx *store.Tx) error {
		return tx.Archive().ByPredicate(t.Context(), evidence.PredicateURI(predicate), func(rec ledger.Record) error {
			list = append(list, rec)
			return nil
		})
	})
	if err != nil || len(list) == 0 {
		t.Fatalf("%d statements %q, error %v", len(list), predicate, err)
	}
	return list
}

func seenLast(t *testing.T, a *App) model.Digest {
	t.Helper()
	list := recordsOf(t, a, evidence.PredObservation)
	return list[len(list)-1].Digest
}
