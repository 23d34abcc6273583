package app

import (
	"context"
	"encoding/json/jsontext"
	"slices"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/store"
)

// LogState is a log that verified.
type LogState struct {
	Origin      string    `json:"origin"`
	Size        int64     `json:"size"`
	Erased      int64     `json:"erased"`
	Checkpoints int64     `json:"checkpoints"`
	Time        time.Time `json:"time"`             // of the last checkpoint
	Against     int64     `json:"against,omitzero"` // size of the older checkpoint that was given
}

// ownLog returns one of this house's logs, to read.
func (a *App) ownLog(roots *evidence.Roots, purpose string) (*ledger.Log, bool, error) {
	own, ok := roots.Of(a.home.Org)
	if !ok {
		return nil, false, missingRoot(a.home.Org)
	}
	id, ok := own.Root.Log(purpose)
	if !ok {
		return nil, false, nil
	}
	l, err := ledger.NewLog(id)
	return l, err == nil, err
}

// VerifyLogs verifies every log of this house from its first entry to its last checkpoint, every
// signature of every statement, and every row. older is a signed checkpoint from elsewhere that one of
// the logs must have grown from; nil: none.
func (a *App) VerifyLogs(ctx context.Context, older []byte) ([]LogState, error) {
	var out []LogState
	err := a.db.View(ctx, func(tx *store.Tx) error {
		roots, err := a.roots(ctx, tx)
		if err != nil {
			return err
		}
		matched := older == nil
		for _, purpose := range []string{evidence.LogHouse, evidence.LogPublication} {
			l, ok, err := a.ownLog(roots, purpose)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			opts := ledger.VerifyOptions{Held: purpose == evidence.LogHouse}
			if older != nil {
				if cp, err := evidence.OpenCheckpoint(older, l.Identity()); err == nil {
					opts.Against, matched = &cp, true
				}
			}
			report, err := l.Verify(ctx, tx.Log(l.Origin()), opts)
			if err != nil {
				return err
			}
			out = append(out, stateOf(l.Origin(), report, opts))
		}
		if !matched {
			return fault.New(fault.BadCheckpoint, "the given checkpoint is not signed by a log of this house")
		}
		return a.auditArchive(ctx, tx, roots)
	})
	return out, err
}

func stateOf(origin string, r ledger.Report, opts ledger.VerifyOptions) LogState {
	s := LogState{Origin: origin, Size: r.Entries, Erased: r.Erased, Checkpoints: r.Checkpoints, Time: r.Checkpoint.Time}
	if opts.Against != nil {
		s.Against = opts.Against.Size
	}
	return s
}

// auditArchive verifies the signatures of every statement that was not erased, and the rows of every
// batch, and that each is found under its predicate: answers look there, and what a damaged index hides
// would be missing from them.
func (a *App) auditArchive(ctx context.Context, tx *store.Tx, roots *evidence.Roots) error {
	held := map[string]int{} // by predicate type
	err := tx.Archive().All(ctx, func(rec ledger.Record) error {
		held[rec.PredicateType]++
		if rec.Envelope == nil {
			return nil
		}
		if _, err := a.audit(ctx, tx, roots, rec); err != nil {
			return fault.Wrap(err, fault.LogDamaged, "statement:%s no longer verifies", rec.Digest)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for predicate, want := range held {
		found := 0
		err := tx.Archive().ByPredicate(ctx, predicate, func(ledger.Record) error { found++; return nil })
		if err != nil {
			return err
		}
		if found != want {
			return fault.New(fault.Damaged, "the archive holds %d statements of type %q and finds %d of them", want, predicate, found)
		}
	}
	return nil
}

func knownEffect(e string) bool {
	return e == string(evidence.Fact) || e == string(evidence.Claim) || e == effectUnlogged
}

// audit verifies one archived statement from its bytes: digest, signatures, role, effect and rows.
func (a *App) audit(ctx context.Context, tx *store.Tx, roots *evidence.Roots, rec ledger.Record) (evidence.Verified, error) {
	env, err := evidence.ParseEnvelope(rec.Envelope)
	if err != nil {
		return evidence.Verified{}, err
	}
	if env.Digest() != rec.Digest {
		return evidence.Verified{}, fault.New(fault.BadEnvelope, "its bytes are not those that were recorded")
	}
	v, err := roots.Again(env)
	if err != nil {
		return v, err
	}
	if v.Role != rec.Role || v.Header.Author != rec.Author || v.Statement.PredicateType != rec.PredicateType ||
		!slices.Equal(v.Statement.Subjects, rec.Subjects) || !knownEffect(rec.Effect) {
		return v, fault.New(fault.BadEnvelope, "it is recorded under another author, role, type, subject or effect")
	}
	rows, err := tx.Rows().Read(ctx, rec.Digest)
	if err != nil || len(rows) == 0 && !coversRows(v) {
		return v, err
	}
	var body struct {
		Rows evidence.RowBatch `json:"rows"`
	}
	if err := v.Statement.Decode(&body); err != nil {
		return v, err
	}
	if len(rows) == 0 && body.Rows.Count == 0 {
		return v, nil // an import that takes another one back
	}
	if err := body.Rows.Check(rows); err != nil {
		return v, fault.Wrap(err, fault.LogDamaged, "its rows are not those that were signed")
	}
	return v, nil
}

// coversRows reports whether a statement of this kind is over rows, so that some must be there.
func coversRows(v evidence.Verified) bool {
	switch evidence.PredicateName(v.Statement.PredicateType) {
	case evidence.PredImport, evidence.PredObservation:
		return v.Effect == evidence.Fact
	}
	return false
}

// Checkpoint returns the last checkpoint of the house ledger.
func (a *App) Checkpoint(ctx context.Context) (evidence.Checkpoint, error) {
	var cp evidence.Checkpoint
	err := a.db.View(ctx, func(tx *store.Tx) error {
		roots, err := a.roots(ctx, tx)
		if err != nil {
			return err
		}
		l, ok, err := a.ownLog(roots, evidence.LogHouse)
		if err != nil {
			return err
		}
		if !ok {
			return fault.New(fault.BadRoot, "the root of %q names no house ledger", a.home.Org)
		}
		cp, ok, err = l.Latest(ctx, tx.Log(l.Origin()))
		if err == nil && !ok {
			err = fault.New(fault.LogDamaged, "the house ledger has no checkpoint")
		}
		return err
	})
	return cp, err
}

// ProofInfo is a proof that the house ledger holds a statement.
type ProofInfo struct {
	Statement model.Digest   `json:"statement"`
	Log       string         `json:"log"`
	Index     int64          `json:"index"`
	Size      int64          `json:"size"`
	Proof     jsontext.Value `json:"proof"` // see evidence.Proof: entry, salt, hashes and checkpoint
}

// Proofs returns a proof for every entry about a subject: of the statement itself, or of the statements
// about anything else.
func (a *App) Proofs(ctx context.Context, sub model.Subject) ([]ProofInfo, error) {
	var out []ProofInfo
	err := a.db.View(ctx, func(tx *store.Tx) error {
		roots, err := a.roots(ctx, tx)
		if err != nil {
			return err
		}
		l, ok, err := a.ownLog(roots, evidence.LogHouse)
		if err != nil || !ok {
			return err
		}
		return a.about(ctx, tx, sub, func(rec ledger.Record) error {
			_, at, err := logged(ctx, tx, l.Origin(), rec.Digest)
			if err != nil {
				return err
			}
			for _, loc := range at {
				p, err := l.Prove(ctx, tx.Log(l.Origin()), loc.Seq)
				if err != nil {
					return err
				}
				text, err := p.Encode()
				if err != nil {
					return err
				}
				info := ProofInfo{Log: l.Origin(), Index: p.Index, Size: p.Size, Proof: text}
				if p.Salt != nil {
					info.Statement = rec.Digest
				}
				out = append(out, info)
			}
			return nil
		})
	})
	if err == nil && len(out) == 0 {
		err = fault.New(fault.NotFound, "the ledger holds no statement about %s", sub)
	}
	return out, err
}

// about calls fn for the statement a subject names, or for the statements about it.
func (a *App) about(ctx context.Context, tx *store.Tx, sub model.Subject, fn func(ledger.Record) error) error {
	if sub.Kind() == model.KindStatement {
		rec, ok, err := find(ctx, tx, sub.Digest())
		if err != nil || !ok {
			return err
		}
		return fn(rec)
	}
	return tx.Archive().BySubject(ctx, sub, fn)
}
