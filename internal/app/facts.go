package app

import (
	"context"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/inventory"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/finding"
	"github.com/cordon-trust/cordon/internal/release"
	"github.com/cordon-trust/cordon/internal/store"
)

// facts is what this house knows at one moment, read from the archive.
type facts struct {
	roots       *evidence.Roots
	compromises *evidence.Compromises
	book        *release.Book
	site        string              // of this home
	register    *inventory.Register // nil: not read, see [App.readRegister]
	list        model.Digest        // the device list in force; zero: there is none
	parties     *finding.Sources    // third parties, whom the book asks too
	rows        *rowReader          // what the register loads its lists with
	names       *names              // nil until readRecorded, as what follows
	history     *history            // what devices received, and who serves
}

// readFacts reads roots, compromises and releases. What was verified when it arrived is not verified
// again here; an answer that rests on a statement does that for the one it names (see [App.recheck]).
func (a *App) readFacts(ctx context.Context, tx *store.Tx) (facts, error) {
	f, err := a.readTrust(ctx, tx)
	if err != nil {
		return f, err
	}
	f.book.UseBlocks(a.blockFolder())
	for _, predicate := range []string{evidence.PredReleaseSet, evidence.PredWithdrawal, evidence.PredVouch} {
		err := a.each(ctx, tx, f.roots, predicate, func(v evidence.Verified, rec ledger.Record) error {
			return f.book.Add(release.Fact{
				Verified: v, Held: rec.HeldAt, Suspect: f.roots.Stands(v, rec.HeldAt, f.compromises),
				Logged: rec.Effect != effectUnlogged,
			})
		})
		if err != nil {
			return f, err
		}
	}
	return f, readFreshness(ctx, tx, f)
}

// readTrust reads roots and compromises: what says whose word counts.
func (a *App) readTrust(ctx context.Context, tx *store.Tx) (facts, error) {
	f := facts{compromises: &evidence.Compromises{}, book: release.NewBook(a.home.Org), site: a.home.Site}
	var err error
	if f.roots, err = a.roots(ctx, tx); err != nil {
		return f, err
	}
	return f, a.each(ctx, tx, f.roots, evidence.PredCompromise, func(v evidence.Verified, _ ledger.Record) error {
		return f.compromises.Add(v)
	})
}

// readFreshness tells the book how old each copy of a publication is. A copy is stale once its head or the
// trust root of its publisher has expired; what it says stays.
func readFreshness(ctx context.Context, tx *store.Tx, f facts) error {
	mirrors, err := tx.Mirrors().All(ctx)
	if err != nil {
		return err
	}
	for _, m := range mirrors {
		f.book.SetFreshness(m.Publisher, release.Freshness{Expires: staleFrom(f.roots, m), SyncedAt: m.SyncedAt, Counter: m.Counter})
	}
	return nil
}

// staleFrom is when a copy becomes stale.
func staleFrom(roots *evidence.Roots, m ledger.Mirror) time.Time {
	if t, ok := roots.Of(m.Publisher); ok && t.Root.Expires.Before(m.Expires) {
		return t.Root.Expires
	}
	return m.Expires
}

// each calls fn for every statement of a predicate that is held, in the order of the ledger.
func (a *App) each(ctx context.Context, tx *store.Tx, roots *evidence.Roots, predicate string, fn func(evidence.Verified, ledger.Record) error) error {
	return tx.Archive().ByPredicate(ctx, evidence.PredicateURI(predicate), func(rec ledger.Record) error {
		if rec.Envelope == nil || !rec.Retracted.IsZero() {
			return nil
		}
		v, err := a.recall(ctx, tx, roots, rec)
		if err != nil {
			return err
		}
		return fn(v, rec)
	})
}

// recall rebuilds a verified statement from the archive and the signatures its entries commit to.
func (a *App) recall(ctx context.Context, tx *store.Tx, roots *evidence.Roots, rec ledger.Record) (evidence.Verified, error) {
	env, err := evidence.ParseEnvelope(rec.Envelope)
	if err != nil {
		return evidence.Verified{}, fault.Wrap(err, fault.Damaged, "statement:%s cannot be read from the archive", rec.Digest)
	}
	if env.Digest() != rec.Digest {
		return evidence.Verified{}, fault.New(fault.Damaged, "statement:%s is not what was recorded", rec.Digest)
	}
	refs, _, err := logged(ctx, tx, houseOrigin(a.home.Org), rec.Digest)
	if err != nil {
		return evidence.Verified{}, err
	}
	return roots.Recall(env, rec.Role, refs)
}
