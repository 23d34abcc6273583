package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/store"
)

// Run checks that a database does all that Cordon asks of it. open gives a new, empty one each time.
func Run(t *testing.T, open func(t *testing.T) *store.DB) {
	t.Helper()
	for _, c := range []struct {
		name string
		run  func(t *testing.T, db *store.DB)
	}{
		{"transactions", testTransactions},
		{"one writer at a time", testOneWriter},
		{"logs", testLogs},
		{"several logs", testSeveralLogs},
		{"archive", testArchive},
		{"archive pages", testArchivePages},
		{"countersignature", testCountersignature},
		{"erase", testErase},
		{"rows", testRows},
		{"segments", testSegments},
		{"findings", testFindings},
		{"edges", testEdges},
		{"roots", testRoots},
		{"mirrors", testMirrors},
		{"meta", testMeta},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, open(t))
		})
	}
}

// update runs fn in a transaction that must succeed.
func update(t *testing.T, db *store.DB, fn func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	if err := db.Update(t.Context(), func(tx *store.Tx) error { return fn(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

// view runs fn on a snapshot; it must succeed.
func view(t *testing.T, db *store.DB, fn func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	if err := db.View(t.Context(), func(tx *store.Tx) error { return fn(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

func value(t *testing.T, db *store.DB, name string) string {
	t.Helper()
	var got string
	view(t, db, func(ctx context.Context, tx *store.Tx) error {
		v, ok, err := tx.Meta().Get(ctx, name)
		if got = string(v); !ok {
			got = "(none)"
		}
		return err
	})
	return got
}

func testTransactions(t *testing.T, db *store.DB) {
	put := func(v string) func(context.Context, *store.Tx) error {
		return func(ctx context.Context, tx *store.Tx) error { return tx.Meta().Put(ctx, "k", []byte(v)) }
	}
	update(t, db, put("one"))
	failed := errors.New("changed my mind")
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		if err := put("two")(t.Context(), tx); err != nil {
			return err
		}
		return failed
	})
	if !errors.Is(err, failed) {
		t.Errorf("error %v", err)
	}
	if got := value(t, db, "k"); got != "one" {
		t.Errorf("after a failed update the value is %q", got)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = db.Update(t.Context(), func(tx *store.Tx) error {
			if err := put("three")(t.Context(), tx); err != nil {
				t.Error(err)
			}
			panic("out")
		})
	}()
	if got := value(t, db, "k"); got != "one" {
		t.Errorf("after a panic the value is %q", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = db.Update(ctx, func(tx *store.Tx) error {
		defer cancel()
		return put("four")(ctx, tx)
	})
	if !errors.Is(err, fault.Interrupted) {
		t.Errorf("cancelled before the commit: %v", err)
	}
	if got := value(t, db, "k"); got != "one" {
		t.Errorf("after a cancelled update the value is %q", got)
	}
	update(t, db, put("five"))
	if got := value(t, db, "k"); got != "five" {
		t.Errorf("the value is %q", got)
	}
	err = db.View(t.Context(), func(tx *store.Tx) error { return put("six")(t.Context(), tx) })
	if err == nil || value(t, db, "k") != "five" {
		t.Errorf("a snapshot was written: %v", err)
	}
}

// While a batch is being written, readers see the state before it and do not wait; other writers do.
func testOneWriter(t *testing.T, db *store.DB) {
	update(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.Meta().Put(ctx, "n", []byte("0")) })
	inside, leave := make(chan struct{}), make(chan struct{})
	first, second := make(chan error, 1), make(chan error, 1)
	ctx := t.Context()
	go func() {
		first <- db.Update(ctx, func(tx *store.Tx) error {
			if err := tx.Meta().Put(ctx, "n", []byte("1")); err != nil {
				return err
			}
			close(inside)
			<-leave
			return nil
		})
	}()
	<-inside
	go func() {
		second <- db.Update(ctx, func(tx *store.Tx) error {
			v, _, err := tx.Meta().Get(ctx, "n")
			if err != nil {
				return err
			}
			return tx.Meta().Put(ctx, "n", append(v, '+'))
		})
	}()
	if got := value(t, db, "n"); got != "0" {
		t.Errorf("a reader sees %q before the commit", got)
	}
	close(leave)
	if err := errors.Join(<-first, <-second); err != nil {
		t.Fatal(err)
	}
	if got := value(t, db, "n"); got != "1+" {
		t.Errorf("after both writers the value is %q", got)
	}
}
