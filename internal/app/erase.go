package app

import (
	"context"
	"slices"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/store"
)

// Erase removes the body of a statement, its rows and what was derived from them. Entry, digest, author
// and time stay, so the ledger's proofs hold. With a decision about a finding the earlier ones go too, so that none of
// them counts again. What the house stands on is not erased: see [App.erasable].
func (a *App) Erase(ctx context.Context, statement model.Digest) (rows int64, err error) {
	done := false
	err = a.update(ctx, func(tx *store.Tx) error {
		rec, ok, err := find(ctx, tx, statement)
		switch {
		case err != nil:
			return err
		case !ok:
			return fault.New(fault.NotFound, "statement:%s is not held", statement)
		case !rec.Erased.IsZero():
			done = true
			return nil
		}
		if err := a.erasable(ctx, tx, rec); err != nil {
			return err
		}
		if err = a.forget(ctx, tx, statement); err != nil {
			return err
		}
		if rows, err = tx.Rows().EraseBatch(ctx, statement); err != nil {
			return err
		}
		if _, err := tx.Edges().DeleteByStatement(ctx, statement); err != nil {
			return err
		}
		return a.eraseBodies(ctx, tx, rec)
	})
	if err == nil && !a.opt.DryRun {
		err = a.db.Scrub(ctx) // also when it was erased before: that run may have been cut short here
	}
	if err == nil && done {
		err = fault.New(fault.NotAllowed, "statement:%s is erased already", statement)
	}
	return rows, err
}

// eraseBodies erases the body of a statement, and with a review those that it was the last word about.
func (a *App) eraseBodies(ctx context.Context, tx *store.Tx, rec ledger.Record) error {
	list := []model.Digest{rec.Digest}
	if rec.PredicateType == evidence.PredicateURI(evidence.PredReview) {
		var err error
		if list, err = a.reviewsUpTo(ctx, tx, rec); err != nil {
			return err
		}
	}
	for _, d := range list {
		if err := tx.Archive().Erase(ctx, d, a.opt.Clock.Now()); err != nil {
			return err
		}
	}
	return nil
}

// erasable refuses what answers rest on when it is silent. A root, a withdrawal or a compromise would
// give back what it took, and what was erased does not come back with the next sync; without a head, or
// a statement that was published, a maker could not publish again.
func (a *App) erasable(ctx context.Context, tx *store.Tx, rec ledger.Record) error {
	refuse := func(why string) error {
		return fault.New(fault.NotAllowed, "statement:%s is not erased: %s", rec.Digest, why)
	}
	switch predicate := evidence.PredicateName(rec.PredicateType); predicate {
	case evidence.PredTrustRoot:
		return refuse("it is a trust root; what it signed could no longer be verified")
	case evidence.PredWithdrawal, evidence.PredCompromise:
		return refuse("it is a " + predicate + "; what it took back would be good again")
	case evidence.PredHead:
		return refuse("it is the head of a publication, which the next one continues")
	}
	_, at, err := logged(ctx, tx, publicationOrigin(a.home.Org), rec.Digest)
	if err == nil && len(at) > 0 {
		err = refuse("it is published; withdraw the release instead")
	}
	return err
}

// EraseExpired removes every row whose retention has ended, and the edges that came from a batch of which
// no row is left.
func (a *App) EraseExpired(ctx context.Context) (rows int64, err error) {
	err = a.update(ctx, func(tx *store.Tx) error {
		rows, err = a.expire(ctx, tx)
		return err
	})
	if err == nil && rows > 0 && !a.opt.DryRun {
		err = a.db.Scrub(ctx)
	}
	return rows, err
}

// expire is [App.EraseExpired] within a transaction.
func (a *App) expire(ctx context.Context, tx *store.Tx) (rows int64, err error) {
	now := a.opt.Clock.Now()
	due, err := tx.Rows().Due(ctx, now)
	if err != nil || len(due) == 0 {
		return 0, err
	}
	if err = a.forget(ctx, tx, due...); err != nil {
		return 0, err
	}
	if rows, err = tx.Rows().EraseExpired(ctx, now); err != nil {
		return rows, err
	}
	return rows, tx.Archive().ByPredicate(ctx, evidence.PredicateURI(evidence.PredImport), func(rec ledger.Record) error {
		return dropErasedEdges(ctx, tx, rec.Digest)
	})
}

func dropErasedEdges(ctx context.Context, tx *store.Tx, batch model.Digest) error {
	rows, err := tx.Rows().Read(ctx, batch)
	if err != nil || slices.ContainsFunc(rows, func(r evidence.Row) bool { return r.Salt != nil }) {
		return err
	}
	_, err = tx.Edges().DeleteByStatement(ctx, batch)
	return err
}
