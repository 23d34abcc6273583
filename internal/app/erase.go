package app

import (
	"context"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/store"
)

// Erase removes the body of a statement, its rows and what was derived from them. Entry, digest, author
// and time stay, so the ledger's proofs hold. What the house stands on (trust roots) is not erased.
func (a *App) Erase(ctx context.Context, statement model.Digest) (rows int64, err error) {
	err = a.update(ctx, func(tx *store.Tx) error {
		rec, ok, err := find(ctx, tx, statement)
		switch {
		case err != nil:
			return err
		case !ok:
			return fault.New(fault.NotFound, "statement:%s is not held", statement)
		case rec.PredicateType == evidence.PredicateURI(evidence.PredTrustRoot):
			return fault.New(fault.NotAllowed, "statement:%s is a trust root; what it signed could no longer be verified", statement)
		case !rec.Erased.IsZero():
			return fault.New(fault.NotAllowed, "statement:%s is erased already", statement)
		}
		if rows, err = tx.Rows().EraseBatch(ctx, statement); err != nil {
			return err
		}
		if _, err := tx.Edges().DeleteByStatement(ctx, statement); err != nil {
			return err
		}
		return tx.Archive().Erase(ctx, statement, a.opt.Clock.Now())
	})
	if err == nil && !a.opt.DryRun {
		err = a.db.Scrub(ctx)
	}
	return rows, err
}

// EraseExpired removes every row whose retention has ended.
func (a *App) EraseExpired(ctx context.Context) (rows int64, err error) {
	err = a.update(ctx, func(tx *store.Tx) error {
		rows, err = tx.Rows().EraseExpired(ctx, a.opt.Clock.Now())
		return err
	})
	if err == nil && rows > 0 && !a.opt.DryRun {
		err = a.db.Scrub(ctx)
	}
	return rows, err
}
