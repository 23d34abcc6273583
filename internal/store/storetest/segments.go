package storetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/store"
)

// Rows of every size come back in their order however they were put together, and are found by the keys of
// their batch until they are erased.
func testSegments(t *testing.T, db *store.DB) {
	var rows []evidence.Row
	for i, n := range []int{0, 1, 100, 200_000, 200_000, 70_000, 600_000, 3_000_000, 5, 250_000} {
		r, err := evidence.NewRow(rand.Reader, bytes.Repeat([]byte{byte(i)}, n))
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	first, second := model.DigestOf([]byte("first")), model.DigestOf([]byte("second"))
	anyRows := func() (any bool) {
		t.Helper()
		view(t, db, func(ctx context.Context, tx *store.Tx) (err error) { any, err = tx.Rows().Any(ctx); return err })
		return any
	}
	having := func(keys ...uint64) (got []model.Digest) {
		t.Helper()
		view(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
			got, err = tx.Rows().Having(ctx, keys...)
			return err
		})
		return got
	}
	if anyRows() {
		t.Error("an empty database has rows")
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return tx.Rows().Insert(ctx, first, rows, time.Time{}, []uint64{7, 3, 1<<64 - 1, 3})
	})
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		return tx.Rows().Insert(ctx, second, rows[:2], time.Time{}, []uint64{3})
	})
	if diff := cmp.Diff(rows, readRows(t, db, first), cmp.Comparer(func(a, b []byte) bool { return bytes.Equal(a, b) })); diff != "" {
		t.Error("the rows are not those that were stored")
	}
	for name, c := range map[string]struct{ want, got []model.Digest }{
		"one":          {[]model.Digest{first}, having(7)},
		"the largest":  {[]model.Digest{first}, having(1<<64 - 1)},
		"both":         {[]model.Digest{first, second}, having(3)},
		"one of two":   {[]model.Digest{first}, having(8, 7)},
		"none":         {nil, having(8)},
		"none is said": {nil, having()},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Rows().EraseBatch(ctx, first)
		if n != int64(len(rows)) {
			t.Errorf("%d rows were erased", n)
		}
		return err
	})
	if got := having(3, 7); len(got) != 1 || got[0] != second || !anyRows() {
		t.Errorf("after the erasure the keys lead to %v", got)
	}
	batch, err := evidence.Batch(rows)
	if err != nil {
		t.Fatal(err)
	}
	if err := batch.Check(readRows(t, db, first)); err != nil {
		t.Errorf("the erased batch: %v", err)
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { _, err := tx.Rows().EraseBatch(ctx, second); return err })
	if anyRows() {
		t.Error("erased rows count as rows")
	}
}

func testFindings(t *testing.T, db *store.DB) {
	id := func(s string) model.Digest { return model.DigestOf([]byte(s)) }
	all := func() (got map[model.Digest]store.HeldFinding) {
		t.Helper()
		got = map[model.Digest]store.HeldFinding{}
		view(t, db, func(ctx context.Context, tx *store.Tx) error {
			list, err := tx.Findings().All(ctx)
			for _, f := range list {
				got[f.ID] = f
			}
			return err
		})
		return got
	}
	put := func(f store.HeldFinding) {
		t.Helper()
		update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.Findings().Put(ctx, f) })
	}
	open := store.HeldFinding{ID: id("a"), Body: []byte("open")}
	closed := store.HeldFinding{ID: id("a"), Closed: noon, Body: []byte("closed")}
	other := store.HeldFinding{ID: id("b"), Closed: noon, Body: []byte("other")}
	put(open)
	put(other)
	if diff := cmp.Diff(map[model.Digest]store.HeldFinding{id("a"): open, id("b"): other}, all()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	put(closed)
	if diff := cmp.Diff(map[model.Digest]store.HeldFinding{id("a"): closed, id("b"): other}, all()); diff != "" {
		t.Errorf("once closed (-want +got):\n%s", diff)
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.Findings().Delete(ctx, id("a")) })
	if diff := cmp.Diff(map[model.Digest]store.HeldFinding{id("b"): other}, all()); diff != "" {
		t.Errorf("once deleted (-want +got):\n%s", diff)
	}
}
