package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/store"
)

func newRows(t *testing.T, n int) []evidence.Row {
	t.Helper()
	rows := make([]evidence.Row, n)
	for i := range rows {
		var err error
		if rows[i], err = evidence.NewRow(rand.Reader, fmt.Appendf(nil, "row %d", i)); err != nil {
			t.Fatal(err)
		}
	}
	return rows
}

func readRows(t *testing.T, db *store.DB, batch model.Digest) []evidence.Row {
	t.Helper()
	var rows []evidence.Row
	view(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
		rows, err = tx.Rows().Read(ctx, batch)
		return err
	})
	return rows
}

// Rows come back as they were, can be erased by batch or by time, and still make the batch's root.
func testRows(t *testing.T, db *store.DB) {
	soon, late, never := model.DigestOf([]byte("soon")), model.DigestOf([]byte("late")), model.DigestOf([]byte("never"))
	batches := map[model.Digest][]evidence.Row{soon: newRows(t, 100), late: newRows(t, 3), never: newRows(t, 5)}
	commits := map[model.Digest]evidence.RowBatch{}
	expiry := map[model.Digest]time.Time{soon: noon, late: noon.Add(time.Hour)}
	for d, rows := range batches {
		c, err := evidence.Batch(rows)
		if err != nil {
			t.Fatal(err)
		}
		commits[d] = c
		update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.Rows().Insert(ctx, d, rows, expiry[d], nil) })
		if diff := cmp.Diff(rows, readRows(t, db, d)); diff != "" {
			t.Errorf("rows (-want +got):\n%s", diff)
		}
	}
	erase := func(want int64, fn func(ctx context.Context, r store.Rows) (int64, error)) {
		t.Helper()
		update(t, db, func(ctx context.Context, tx *store.Tx) error {
			n, err := fn(ctx, tx.Rows())
			if n != want {
				t.Errorf("%d rows were erased instead of %d", n, want)
			}
			return err
		})
	}
	expired := func(now time.Time) func(context.Context, store.Rows) (int64, error) {
		return func(ctx context.Context, r store.Rows) (int64, error) { return r.EraseExpired(ctx, now) }
	}
	due := func(now time.Time, want ...model.Digest) {
		t.Helper()
		view(t, db, func(ctx context.Context, tx *store.Tx) error {
			got, err := tx.Rows().Due(ctx, now)
			if !slices.Equal(got, want) {
				t.Errorf("due are %v instead of %v", got, want)
			}
			return err
		})
	}
	due(noon.Add(-time.Nanosecond))
	due(noon, soon)
	erase(0, expired(noon.Add(-time.Nanosecond)))
	erase(100, expired(noon))
	due(noon)
	due(noon.Add(24*time.Hour), late)
	erase(0, expired(noon))
	erase(5, func(ctx context.Context, r store.Rows) (int64, error) { return r.EraseBatch(ctx, never) })
	erase(3, expired(noon.Add(24*time.Hour)))
	for d, c := range commits {
		rows := readRows(t, db, d)
		if err := c.Check(rows); err != nil {
			t.Errorf("the erased batch: %v", err)
		}
		for i, r := range rows {
			if r.Salt != nil || r.Body != nil {
				t.Errorf("row %d was not erased", i)
			}
		}
	}
	if rows := readRows(t, db, model.DigestOf(nil)); len(rows) != 0 {
		t.Errorf("a batch nobody stored has %d rows", len(rows))
	}
}

func testEdges(t *testing.T, db *store.DB) {
	key := model.KeyOf(model.DigestOf([]byte("k")))
	var want []model.Edge
	for i := range 2500 {
		product, err := model.NewSubject(model.KindProduct, "acme", fmt.Sprint("pump ", i))
		if err != nil {
			t.Fatal(err)
		}
		e := model.Edge{
			From: key, Relation: "signs", To: product, Harm: model.Harms[i%3], Known: model.Knowns[i%4],
			Statement: model.DigestOf([]byte{byte(i % 5)}), Author: "acme", Claim: i%2 == 0,
		}
		if i%7 == 0 {
			e.Since, e.Until, e.Control = noon.Add(time.Duration(i)), noon.AddDate(5000, 0, 0), "zone rule"
		}
		want = append(want, e)
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.Edges().Insert(ctx, want) })
	all := func() (got []model.Edge) {
		view(t, db, func(ctx context.Context, tx *store.Tx) error {
			return tx.Edges().All(ctx, func(e model.Edge) error { got = append(got, e); return nil })
		})
		return got
	}
	if diff := cmp.Diff(want, all(), compareSubjects); diff != "" {
		t.Errorf("edges (-want +got):\n%s", diff)
	}
	for subject, n := range map[model.Subject]int{key: 5, want[7].To: 1, model.KeyOf(model.Digest{1}): 0} {
		view(t, db, func(ctx context.Context, tx *store.Tx) error {
			got, err := tx.Edges().Naming(ctx, subject)
			if len(got) != n || n == 1 && got[0] != want[7].Statement {
				t.Errorf("%d statements name %q, want %d", len(got), subject, n)
			}
			return err
		})
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Edges().DeleteByStatement(ctx, model.DigestOf([]byte{1}))
		if n != 500 {
			t.Errorf("%d edges were deleted", n)
		}
		return err
	})
	if got := len(all()); got != 2000 {
		t.Errorf("%d edges remain", got)
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Edges().Clear(ctx)
		return err
	})
	if got := len(all()); got != 0 {
		t.Errorf("%d edges remain after clearing", got)
	}
}

func testRoots(t *testing.T, db *store.DB) {
	want := []ledger.HeldRoot{
		{Org: "acme", Version: 1, Statement: model.DigestOf([]byte("1")), Confirmed: noon},
		{Org: "acme", Version: 2, Statement: model.DigestOf([]byte("2"))},
		{Org: "clinic", Version: 1, Statement: model.DigestOf([]byte("3"))},
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.Roots().Put(ctx, want[2]), tx.Roots().Put(ctx, want[1]), tx.Roots().Put(ctx, want[0]))
	})
	err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.Roots().Put(t.Context(), want[0]) })
	if err == nil {
		t.Error("a second root took the place of one")
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.Roots().Confirm(ctx, "clinic", 1, noon) })
	want[2].Confirmed = noon
	err = db.Update(t.Context(), func(tx *store.Tx) error { return tx.Roots().Confirm(t.Context(), "clinic", 2, noon) })
	if !errors.Is(err, fault.NotFound) {
		t.Errorf("confirming a root that is not held: %v", err)
	}
	view(t, db, func(ctx context.Context, tx *store.Tx) error {
		got, err := tx.Roots().All(ctx)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("roots (-want +got):\n%s", diff)
		}
		return err
	})
}

func testMirrors(t *testing.T, db *store.DB) {
	m := ledger.Mirror{
		Publisher: "acme", Origin: "log.acme.example/public", Counter: 3, Size: 17, Note: []byte("note"), RootVersion: 1,
		Issued: noon, Expires: noon.AddDate(0, 0, 30), SyncedAt: noon.Add(time.Minute), Location: "/mnt/usb",
	}
	newer := m
	newer.Counter, newer.Size, newer.Note = 4, 18, []byte("newer")
	other := m
	other.Publisher = "beta"
	fork := ledger.Fork{Org: "acme", A: []byte("a"), B: []byte("b"), FoundAt: noon}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		mm := tx.Mirrors()
		return errors.Join(mm.Put(ctx, m), mm.Put(ctx, other), mm.Put(ctx, newer), mm.AddFork(ctx, fork), mm.AddFork(ctx, fork))
	})
	view(t, db, func(ctx context.Context, tx *store.Tx) error {
		got, ok, err := tx.Mirrors().Get(ctx, "acme")
		if diff := cmp.Diff(newer, got); diff != "" || !ok {
			t.Errorf("mirror %v (-want +got):\n%s", ok, diff)
		}
		_, ok, err2 := tx.Mirrors().Get(ctx, "nobody")
		if ok {
			t.Error("nobody is mirrored")
		}
		all, err3 := tx.Mirrors().All(ctx)
		if diff := cmp.Diff([]ledger.Mirror{newer, other}, all); diff != "" {
			t.Errorf("mirrors (-want +got):\n%s", diff)
		}
		forks, err4 := tx.Mirrors().Forks(ctx)
		if diff := cmp.Diff([]ledger.Fork{fork, fork}, forks); diff != "" {
			t.Errorf("forks (-want +got):\n%s", diff)
		}
		return errors.Join(err, err2, err3, err4)
	})
}

func testMeta(t *testing.T, db *store.DB) {
	for _, v := range []string{"one", "", "\x00\xff"} {
		update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.Meta().Put(ctx, "k", []byte(v)) })
		if got := value(t, db, "k"); got != v {
			t.Errorf("value %q came back as %q", v, got)
		}
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.Meta().Put(ctx, "nil", nil) })
	if got := value(t, db, "nil"); got != "" {
		t.Errorf("an empty value came back as %q", got)
	}
	if got := value(t, db, "other"); got != "(none)" {
		t.Errorf("a value nobody stored is %q", got)
	}
}
