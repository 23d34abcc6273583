package app

import (
	"context"
	"fmt"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/store"
)

// Reason is one statement or claim about a subject.
type Reason struct {
	Subject   model.Subject `json:"subject"`
	Statement model.Digest  `json:"statement"`
	Predicate string        `json:"predicate"`
	Author    string        `json:"author"`
	Role      string        `json:"role"`
	Effect    string        `json:"effect"` // fact, claim, unlogged
	Says      string        `json:"says"`   // what the effect is, or why there is none
	Issued    time.Time     `json:"issued,omitzero"`
	HeldAt    time.Time     `json:"held_at"`
	Keys      []SignedBy    `json:"keys"`
	Log       string        `json:"log"`
	Indexes   []int64       `json:"indexes"`
	Verifies  string        `json:"verifies"` // yes, no, erased
	Check     string        `json:"check"`    // the same for people, with the reason
	Notes     []string      `json:"notes,omitempty"`
}

// SignedBy is a key that signed.
type SignedBy struct {
	Key       model.Subject      `json:"key"`
	Algorithm evidence.Algorithm `json:"algorithm"`
	Suspect   bool               `json:"suspect,omitzero"` // said to be compromised when this house first held the statement
}

// Why returns every statement and claim about a subject in the order in which they were first held. Each
// is verified again from its bytes; what was erased says so.
func (a *App) Why(ctx context.Context, sub model.Subject) ([]Reason, error) {
	var out []Reason
	err := a.db.View(ctx, func(tx *store.Tx) error {
		f, err := a.readWhyFacts(ctx, tx, sub)
		if err != nil {
			return err
		}
		out, err = a.why(ctx, tx, f, sub)
		return err
	})
	return out, err
}

func (a *App) why(ctx context.Context, tx *store.Tx, f facts, sub model.Subject) ([]Reason, error) {
	var out []Reason
	seen := map[model.Digest]bool{}
	add := func(rec ledger.Record) error {
		if seen[rec.Digest] {
			return nil
		}
		seen[rec.Digest] = true
		r, err := a.reason(ctx, tx, f, sub, rec)
		out = append(out, r)
		return err
	}
	for _, look := range []func(context.Context, *store.Tx, model.Subject, func(ledger.Record) error) error{a.about, a.aboutEdges, a.aboutSeen} {
		if err := look(ctx, tx, sub, add); err != nil {
			return out, err
		}
	}
	return out, nil
}

// aboutEdges finds the statements whose edges name the subject: an import's own subjects are the house.
func (a *App) aboutEdges(ctx context.Context, tx *store.Tx, sub model.Subject, fn func(ledger.Record) error) error {
	statements, err := tx.Edges().Naming(ctx, sub)
	if err != nil {
		return err
	}
	for _, d := range statements {
		rec, ok, err := find(ctx, tx, d)
		if err != nil {
			return err
		}
		if !ok {
			return fault.New(fault.Damaged, "statement:%s, from which edges come, is not in the archive", d)
		}
		if err := fn(rec); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) reason(ctx context.Context, tx *store.Tx, f facts, sub model.Subject, rec ledger.Record) (Reason, error) {
	r := Reason{
		Subject: sub, Statement: rec.Digest, Predicate: evidence.PredicateName(rec.PredicateType),
		Author: rec.Author, Role: rec.Role, Effect: rec.Effect, HeldAt: rec.HeldAt, Log: houseOrigin(a.home.Org),
	}
	refs, at, err := logged(ctx, tx, r.Log, rec.Digest)
	if err != nil {
		return r, err
	}
	for _, l := range at {
		r.Indexes = append(r.Indexes, l.Seq)
	}
	for _, ref := range refs {
		r.Keys = append(r.Keys, SignedBy{
			Key: ref.Key, Algorithm: algorithmOf(f.roots, rec.Author, ref.Key), Suspect: f.compromises.SuspectFor(rec.Author, ref.Key, rec.HeldAt),
		})
	}
	if rec.Envelope == nil {
		r.Verifies = "erased"
		r.Check = fmt.Sprintf("erased %s: the ledger still proves that it was there", rec.Erased.Format(time.RFC3339))
		return r, nil
	}
	a.check(ctx, tx, f, rec, &r)
	return r, a.sayRows(ctx, tx, &f, rec.Digest, &r)
}

// sayRows adds how many rows a statement covers, and how many of them are erased.
func (a *App) sayRows(ctx context.Context, tx *store.Tx, f *facts, statement model.Digest, r *Reason) error {
	rows, err := tx.Rows().Read(ctx, statement)
	if err != nil || len(rows) == 0 {
		return err
	}
	erased := 0
	for _, row := range rows {
		if row.Salt == nil {
			erased++
		}
	}
	r.Notes = append(r.Notes, fmt.Sprintf("it covers %d rows, of which %d are erased", len(rows), erased))
	if r.Predicate == evidence.PredObservation && r.Subject.Kind() == model.KindArtifact {
		return a.saySeen(ctx, tx, f, r.Subject, r)
	}
	return nil
}

// check verifies a statement again and says in words what came of it.
func (a *App) check(ctx context.Context, tx *store.Tx, f facts, rec ledger.Record, r *Reason) {
	v, err := a.audit(ctx, tx, f.roots, rec)
	if err == nil {
		err = a.inLedger(ctx, tx, f.roots, r)
	}
	if err != nil {
		r.Verifies, r.Check = "no", "does not verify: "+err.Error()
		return
	}
	r.Verifies, r.Check = "yes", "verifies: signatures, policy of the role, and the ledger's proof"
	r.Issued, r.Says = v.Header.Issued, v.Reason
	r.Notes = append(r.Notes, a.sayReview(v)...)
	if !v.Confirmed {
		r.Notes = append(r.Notes, fmt.Sprintf("the trust root of %q was not confirmed by a person", rec.Author))
	}
	if rec.Effect == effectUnlogged {
		r.Says = "signed, but not in its maker's publication log: this is what a stolen key looks like"
	}
	if err := f.roots.Stands(v, rec.HeldAt, f.compromises); err != nil {
		r.Notes = append(r.Notes, err.Error())
	}
	if !rec.Retracted.IsZero() {
		r.Notes = append(r.Notes, fmt.Sprintf("retracted %s by statement:%s", rec.Retracted.Format(time.RFC3339), rec.RetractedBy))
	}
}

// inLedger proves each entry of a statement under the last checkpoint.
func (a *App) inLedger(ctx context.Context, tx *store.Tx, roots *evidence.Roots, r *Reason) error {
	l, ok, err := a.ownLog(roots, evidence.LogHouse)
	if err != nil {
		return err
	}
	if !ok || len(r.Indexes) == 0 {
		return fault.New(fault.NotLogged, "no entry of the house ledger is about it")
	}
	for _, seq := range r.Indexes {
		p, err := l.Prove(ctx, tx.Log(l.Origin()), seq)
		if err != nil {
			return err
		}
		if err := p.Verify(r.Statement, l.Identity()); err != nil {
			return err
		}
	}
	return nil
}

func algorithmOf(roots *evidence.Roots, org string, key model.Subject) evidence.Algorithm {
	for _, t := range roots.Versions(org) {
		if k, ok := t.Root.Key(key); ok {
			return k.Algorithm
		}
	}
	return ""
}
