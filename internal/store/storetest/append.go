package storetest

import (
	"context"
	"testing"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/store"
)

// Append logs and archives statements in one durable batch, as the application does.
func Append(ctx context.Context, db *store.DB, w *ledger.Writer, records []ledger.Record, items []ledger.Item) (evidence.Checkpoint, error) {
	var cp evidence.Checkpoint
	err := db.Update(ctx, func(tx *store.Tx) (err error) {
		if _, cp, err = w.Append(ctx, tx.Log(w.Origin()), items); err != nil {
			return err
		}
		held := make([]ledger.Record, len(records))
		for i, r := range records {
			r.HeldAt = cp.Time
			held[i] = r
		}
		return tx.Archive().Put(ctx, held)
	})
	return cp, err
}

// Statements makes the statements from <= n < to of the usual size.
func Statements(t testing.TB, from, to int) (records []ledger.Record, items []ledger.Item) {
	t.Helper()
	for n := from; n < to; n++ {
		r, i := Statement(t, n, 5<<10)
		records, items = append(records, r), append(items, i)
	}
	return records, items
}

// Verify verifies a log as `cordon log verify` does.
func Verify(ctx context.Context, db *store.DB, l *ledger.Log, against *evidence.Checkpoint) (rep ledger.Report, err error) {
	err = db.View(ctx, func(tx *store.Tx) (err error) {
		rep, err = l.Verify(ctx, tx.Log(l.Origin()), ledger.VerifyOptions{Against: against, Held: true})
		return err
	})
	return rep, err
}
