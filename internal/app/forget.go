package app

import (
	"context"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/finding"
	"github.com/cordon-trust/cordon/internal/network/seen"
	"github.com/cordon-trust/cordon/internal/store"
)

// forget drops the findings that tell of rows of these batches, which are about to be erased. Those that hold are
// derived anew from what is left; in any other, devices, places and names would live on.
func (a *App) forget(ctx context.Context, tx *store.Tx, batches ...model.Digest) error {
	held, err := heldFindings(ctx, tx)
	if err != nil {
		return err
	}
	rules := map[model.Rule]bool{}
	for _, f := range held {
		rules[f.Rule] = true
	}
	for _, batch := range batches {
		if len(held) == 0 {
			return nil
		}
		err := a.eachRow(ctx, tx, batch, func(r *seen.Row) error {
			if r.Kind != seen.KindTransfer {
				return nil
			}
			for rule := range rules {
				id := finding.ID(rule, &r.Transfer)
				if _, ok := held[id]; !ok {
					continue
				}
				delete(held, id)
				if err := tx.Findings().Delete(ctx, id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// eachRow calls fn for every row of one observation that is not erased. Of another statement it calls it for
// none. The row is reused.
func (a *App) eachRow(ctx context.Context, tx *store.Tx, batch model.Digest, fn func(*seen.Row) error) error {
	rec, ok, err := find(ctx, tx, batch)
	if err != nil || !ok || rec.PredicateType != evidence.PredicateURI(evidence.PredObservation) {
		return err
	}
	var rd seen.Reader
	return readRows(ctx, tx, batch, seen.AnyKind, &rd, func(_ int, r *seen.Row) error { return fn(r) })
}

// readRows calls fn for every row of an observation that is of the kind and not erased, with its place from 0. The
// row is reused.
func readRows(ctx context.Context, tx *store.Tx, batch model.Digest, kind seen.Kind, rd *seen.Reader, fn func(place int, r *seen.Row) error) error {
	rows, err := tx.Rows().Read(ctx, batch)
	if err != nil {
		return err
	}
	var row seen.Row
	for i := range rows {
		if rows[i].Salt == nil || !kind.May(rows[i].Body) {
			continue
		}
		if err := rd.Read(rows[i].Body, &row); err != nil {
			return fault.Wrap(err, fault.Damaged, "row %d of statement:%s cannot be read", i+1, batch)
		}
		if err := fn(i, &row); err != nil {
			return err
		}
	}
	return ctx.Err()
}
