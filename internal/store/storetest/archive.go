package storetest

import (
	"context"
	"encoding/base64"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/kit/clock"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/store"
)

var compareSubjects = cmp.Comparer(func(a, b model.Subject) bool { return a == b })

func get(t *testing.T, db *store.DB, d model.Digest) ledger.Record {
	t.Helper()
	var r ledger.Record
	view(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
		r, err = tx.Archive().Get(ctx, d)
		return err
	})
	return r
}

func testArchive(t *testing.T, db *store.DB) {
	records, _ := Statements(t, 0, 3)
	product, err := model.ParseSubject("product:acme/pump")
	if err != nil {
		t.Fatal(err)
	}
	for i := range records {
		records[i].HeldAt = noon.Add(time.Duration(i) * time.Nanosecond)
		records[i].Subjects = append(records[i].Subjects, product)
	}
	records[2].PredicateType, records[2].Subjects = "https://example.org/other/v1", nil
	put := func(rs ...ledger.Record) {
		t.Helper()
		update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.Archive().Put(ctx, rs) })
	}
	put(records...)
	for _, want := range records {
		if diff := cmp.Diff(want, get(t, db, want.Digest), compareSubjects); diff != "" {
			t.Errorf("record (-want +got):\n%s", diff)
		}
	}
	// Again, with another envelope: what was first held stays.
	changed := records[1]
	changed.Envelope, changed.Effect, changed.Role, changed.HeldAt = []byte("{}"), "claim", "recall", noon.Add(time.Hour)
	put(changed)
	changed.HeldAt = records[1].HeldAt
	if diff := cmp.Diff(changed, get(t, db, changed.Digest), compareSubjects); diff != "" {
		t.Errorf("updated record (-want +got):\n%s", diff)
	}
	// The derived parts.
	by := model.DigestOf([]byte("retraction"))
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.Archive().SetEffect(ctx, records[0].Digest, "root", "refused"),
			tx.Archive().Retract(ctx, records[0].Digest, by, noon))
	})
	want := records[0]
	want.Role, want.Effect, want.Retracted, want.RetractedBy = "root", "refused", noon, by
	if diff := cmp.Diff(want, get(t, db, want.Digest), compareSubjects); diff != "" {
		t.Errorf("retracted record (-want +got):\n%s", diff)
	}
	view(t, db, func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.Archive().Get(ctx, by); !errors.Is(err, fault.NotFound) {
			t.Errorf("a statement that is not held: %v", err)
		}
		ok, err := tx.Archive().Has(ctx, by)
		held, err2 := tx.Archive().Has(ctx, records[0].Digest)
		if ok || !held {
			t.Errorf("held: %v and %v", ok, held)
		}
		return errors.Join(err, err2)
	})
	err = db.Update(t.Context(), func(tx *store.Tx) error { return tx.Archive().Erase(t.Context(), by, noon) })
	if !errors.Is(err, fault.NotFound) {
		t.Errorf("erasing what is not held: %v", err)
	}
}

// The queries give every statement once, in the order in which it was held, however many there are.
func testArchivePages(t *testing.T, db *store.DB) {
	const n = 150
	records, _ := Statements(t, 0, n)
	shared, err := model.ParseSubject("product:acme/pump")
	if err != nil {
		t.Fatal(err)
	}
	var even []model.Digest
	var all []model.Digest
	for i := range records {
		all = append(all, records[i].Digest)
		if i%2 == 0 {
			even = append(even, records[i].Digest)
			records[i].PredicateType = "https://example.org/even/v1"
			records[i].Subjects = append(records[i].Subjects, shared, shared)
		}
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.Archive().Put(ctx, records) })
	view(t, db, func(ctx context.Context, tx *store.Tx) error {
		var bySubject, byPredicate, every []model.Digest
		collect := func(into *[]model.Digest) func(ledger.Record) error {
			return func(r ledger.Record) error {
				*into = append(*into, r.Digest)
				_, err := tx.Archive().Has(ctx, r.Digest) // the transaction is free for use
				return err
			}
		}
		err := errors.Join(
			tx.Archive().BySubject(ctx, shared, collect(&bySubject)),
			tx.Archive().ByPredicate(ctx, "https://example.org/even/v1", collect(&byPredicate)),
			tx.Archive().All(ctx, collect(&every)),
		)
		for name, d := range map[string]string{
			"by subject": cmp.Diff(even, bySubject), "by predicate": cmp.Diff(even, byPredicate), "all": cmp.Diff(all, every),
		} {
			if d != "" {
				t.Errorf("%s (-want +got):\n%s", name, d)
			}
		}
		if c, err := tx.Archive().Count(ctx); err != nil || c != n {
			t.Errorf("count %d, %v", c, err)
		}
		return err
	})
	stop := errors.New("enough")
	err = db.View(t.Context(), func(tx *store.Tx) error {
		return tx.Archive().All(t.Context(), func(ledger.Record) error { return stop })
	})
	if !errors.Is(err, stop) {
		t.Errorf("a callback's error became %v", err)
	}
}

// A signature that arrives later is a new entry on the same statement, with the envelopes merged.
func testCountersignature(t *testing.T, db *store.DB) {
	ctx := t.Context()
	w := NewWriter(t, "log.example.org/house", clock.Fixed(noon))
	records, items := Statements(t, 0, 2)
	if _, err := Append(ctx, db, w, records, items); err != nil {
		t.Fatal(err)
	}
	env, err := evidence.ParseEnvelope(records[0].Envelope)
	if err != nil {
		t.Fatal(err)
	}
	later := []byte("a third signature")
	env.Signatures = append(env.Signatures, evidence.Signature{Sig: base64.StdEncoding.EncodeToString(later)})
	r, item := records[0], items[0]
	if r.Envelope, err = env.Line(); err != nil {
		t.Fatal(err)
	}
	item.Signatures = []evidence.SignatureRef{{Key: model.KeyOf(model.DigestOf([]byte("third"))), Digest: model.DigestOf(later)}}
	if _, err := Append(ctx, db, w, []ledger.Record{r}, []ledger.Item{item}); err != nil {
		t.Fatal(err)
	}
	if rep, err := Verify(ctx, db, w.Log, nil); err != nil || rep.Entries != 3 {
		t.Errorf("report %+v, error %v", rep, err)
	}
	view(t, db, func(ctx context.Context, tx *store.Tx) error {
		at, err := tx.Archive().Entries(ctx, r.Digest)
		if len(at) != 2 || at[0].Seq != 0 || at[1].Seq != 2 {
			t.Errorf("entries %+v", at)
		}
		return err
	})
	// The same envelope without what the first entry fixed is damage.
	r.Envelope = records[1].Envelope
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.Archive().Put(ctx, []ledger.Record{r}) })
	if _, err := Verify(ctx, db, w.Log, nil); !errors.Is(err, fault.LogDamaged) {
		t.Errorf("an exchanged envelope: %v", err)
	}
}

func testErase(t *testing.T, db *store.DB) {
	ctx := t.Context()
	w := NewWriter(t, "log.example.org/house", clock.Fixed(noon))
	records, items := Statements(t, 0, 5)
	if _, err := Append(ctx, db, w, records, items); err != nil {
		t.Fatal(err)
	}
	at := noon.Add(time.Hour)
	d := records[3].Digest
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.Archive().Erase(ctx, d, at) })
	got := get(t, db, d)
	if got.Envelope != nil || !got.Erased.Equal(at) || got.Author != "acme" || got.PredicateType != Predicate {
		t.Errorf("erased record %+v", got)
	}
	if diff := cmp.Diff(records[3].Subjects, got.Subjects, compareSubjects); diff != "" {
		t.Errorf("subjects of the erased record (-want +got):\n%s", diff)
	}
	rep, err := Verify(ctx, db, w.Log, nil)
	if err != nil || rep.Erased != 1 || rep.Entries != 5 {
		t.Errorf("report %+v, error %v", rep, err)
	}
	view(t, db, func(ctx context.Context, tx *store.Tx) error {
		p, err := w.Prove(ctx, tx.Log(w.Origin()), 3)
		if err != nil {
			return err
		}
		if p.Salt != nil {
			t.Error("the salt is still there")
		}
		_, _, err = p.Open(w.Identity())
		return err
	})
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.Archive().ForgetSubjects(ctx, d) })
	if got := get(t, db, d); got.Subjects != nil {
		t.Errorf("subjects %v were not forgotten", got.Subjects)
	}
	// Received again, it is held again; the old entry stays erased.
	if _, err := Append(ctx, db, w, records[3:4], items[3:4]); err != nil {
		t.Fatal(err)
	}
	if rep, err := Verify(ctx, db, w.Log, nil); err != nil || rep.Erased != 1 || rep.Entries != 6 {
		t.Errorf("report %+v, error %v", rep, err)
	}
}
