package app

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/seen"
	"github.com/cordon-trust/cordon/internal/store"
)

// hospital is a house that knows no release.
func hospital(t *testing.T) *App {
	t.Helper()
	return newHouse(t, newHand(), "mercy", evidence.Hospital)
}

// Every recorded transfer is found by its digest in the batch that has its row, also the one that began a new
// batch.
func TestEveryRowIsFoundByItsDigest(t *testing.T) {
	t.Parallel()
	a := hospital(t)
	list := many(t, 9_000)
	for i := range list {
		list[i].Digest = model.DigestOf([]byte(list[i].Name))
	}
	if err := recordAll(t, a, list); err != nil {
		t.Fatal(err)
	}
	batches := 0
	err := a.db.View(t.Context(), func(tx *store.Tx) error {
		return tx.Archive().ByPredicate(t.Context(), evidence.PredicateURI(evidence.PredObservation), func(rec ledger.Record) error {
			batches++
			rows, err := tx.Rows().Read(t.Context(), rec.Digest)
			if err != nil {
				return err
			}
			var rd seen.Reader
			var first seen.Row
			if err := rd.Read(rows[0].Body, &first); err != nil {
				return err
			}
			d := first.Transfer.Digest
			if found, err := tx.Rows().Having(t.Context(), indexKey(d[:])); err != nil || !slices.Contains(found, rec.Digest) {
				t.Errorf("the first row of batch %d is not found: %v, %v", batches, found, err)
			}
			return nil
		})
	})
	if err != nil || batches < 2 {
		t.Errorf("%d batches, %v", batches, err)
	}
}

// What was seen is recorded though nobody reads what is shown, and the summary counts what the home holds.
func TestRecordedThoughNobodyReads(t *testing.T) {
	t.Parallel()
	file := capture(t, download("10.0.0.10", host, "pump-9.bin", elf(9, 5000), wireTime()))
	gone := errors.New("the reader is gone")
	for name, show := range map[string]WatchShow{
		"transfers": {Transfer: func(*TransferInfo) error { return gone }},
		"devices":   {Transfer: func(*TransferInfo) error { return nil }, Device: func(SeenInfo) error { return gone }},
		"findings":  {Transfer: func(*TransferInfo) error { return nil }, Finding: func(model.Finding) error { return gone }},
	} {
		w := newWard(t)
		if show.Finding == nil {
			show.Finding = func(model.Finding) error { return nil }
		}
		sum, err := w.house.Watch(t.Context(), WatchOptions{Files: []string{file}}, show)
		if !errors.Is(err, gone) || sum.Recorded != 1 {
			t.Errorf("%s: %d recorded, %v", name, sum.Recorded, err)
		}
		says(t, w.house, "update.unknown open")
	}
}

// An interrupt while a batch is being written loses none of it.
func TestInterruptedBatchIsKept(t *testing.T) {
	t.Parallel()
	a := hospital(t)
	r, err := newTestRecorder(t, a)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	list := many(t, 8_000)
	for i := range list {
		if err := r.transfer(ctx, &list[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.finish(ctx); err != nil || r.recorded != int64(len(list)) {
		t.Errorf("%d recorded, %v", r.recorded, err)
	}
	if rows, batches := recordedIn(t, a); rows != int64(len(list)) || batches < 2 {
		t.Errorf("%d rows in %d batches", rows, batches)
	}
}

// A writer that holds the lock for longer than one wait costs no rows.
func TestRecordingWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	a := hospital(t)
	opt := a.opt
	opt.Store.Wait = 50 * time.Millisecond
	b := reopen(t, opt)
	list := many(t, 3)
	locked, done := make(chan struct{}), make(chan error)
	go func() {
		done <- a.db.Update(context.WithoutCancel(t.Context()), func(*store.Tx) error {
			close(locked)
			time.Sleep(200 * time.Millisecond)
			return nil
		})
	}()
	<-locked
	r, err := newTestRecorder(t, b)
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		if err := r.transfer(t.Context(), &list[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.finish(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if rows, _ := recordedIn(t, b); rows != 3 {
		t.Errorf("%d rows", rows)
	}
}
