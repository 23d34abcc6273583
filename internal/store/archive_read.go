package store

import (
	"context"

	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

const selectRecord = `SELECT s.id, s.digest, s.payload_type, s.predicate_type, s.author, s.role, s.effect, s.held_at,
s.erased_at, s.retracted_at, s.retracted_by, s.envelope FROM statements s `

// numbered is a record with its number in the archive.
type numbered struct {
	ledger.Record
	id int64
}

// Get returns one statement; it fails with [fault.NotFound] when it is not held.
func (a Archive) Get(ctx context.Context, digest model.Digest) (ledger.Record, error) {
	page, err := a.page(ctx, selectRecord+`WHERE s.digest = $1`, digest[:])
	if err != nil {
		return ledger.Record{}, err
	}
	if len(page) == 0 {
		return ledger.Record{}, fault.New(fault.NotFound, "no statement %q is held", digest)
	}
	return page[0].Record, nil
}

// Has reports whether a statement is held, erased or not.
func (a Archive) Has(ctx context.Context, digest model.Digest) (bool, error) {
	var id int64
	return a.tx.row(ctx, "look a statement up", `SELECT id FROM statements WHERE digest = $1`, []any{digest[:]}, &id)
}

// BySubject calls fn for the statements about a subject, in the order in which they were first held. fn
// may use the transaction.
func (a Archive) BySubject(ctx context.Context, subject model.Subject, fn func(ledger.Record) error) error {
	return a.scan(ctx, selectRecord+`WHERE s.id > $1 AND s.id IN
(SELECT statement FROM statement_subjects WHERE subject = $2) ORDER BY s.id LIMIT $3`, fn, subject.String())
}

// ByPredicate calls fn for the statements of a predicate type, in the order in which they were first
// held. fn may use the transaction.
func (a Archive) ByPredicate(ctx context.Context, predicateType string, fn func(ledger.Record) error) error {
	return a.scan(ctx, selectRecord+`WHERE s.id > $1 AND s.predicate_type = $2 ORDER BY s.id LIMIT $3`, fn, predicateType)
}

// All calls fn for every statement, in the order in which they were first held. fn may use the
// transaction.
func (a Archive) All(ctx context.Context, fn func(ledger.Record) error) error {
	return a.scan(ctx, selectRecord+`WHERE s.id > $1 ORDER BY s.id LIMIT $2`, fn)
}

// Entries returns where a statement stands, in order of log and sequence.
func (a Archive) Entries(ctx context.Context, digest model.Digest) ([]ledger.Location, error) {
	var out []ledger.Location
	err := a.tx.each(ctx, "find the entries of a statement",
		`SELECT l.origin, e.seq FROM entries e JOIN logs l ON l.id = e.log WHERE e.statement = $1 ORDER BY e.log, e.seq`,
		[]any{digest[:]}, func(scan func(...any) error) error {
			var l ledger.Location
			err := scan(&l.Origin, &l.Seq)
			out = append(out, l)
			return err
		})
	return out, err
}

// Count returns how many statements are held.
func (a Archive) Count(ctx context.Context) (n int64, err error) {
	_, err = a.tx.row(ctx, "count statements", `SELECT COUNT(*) FROM statements`, nil, &n)
	return n, err
}

// scan pages through a query whose first argument is the number to go on after and whose last is the
// length of a page.
func (a Archive) scan(ctx context.Context, query string, fn func(ledger.Record) error, args ...any) error {
	for after := int64(0); ; {
		page, err := a.page(ctx, query, append(append([]any{after}, args...), entryPage)...)
		if err != nil {
			return err
		}
		for _, r := range page {
			if err := fn(r.Record); err != nil {
				return err
			}
			after = r.id
		}
		if len(page) < entryPage {
			return nil
		}
	}
}

func (a Archive) page(ctx context.Context, query string, args ...any) ([]numbered, error) {
	var page []numbered
	err := a.tx.each(ctx, "read statements", query, args, func(scan func(...any) error) error {
		var r numbered
		err := scan(&r.id, digested{&r.Digest}, &r.PayloadType, &r.PredicateType, &r.Author, &r.Role, &r.Effect,
			stamped{&r.HeldAt}, stamped{&r.Erased}, stamped{&r.Retracted}, digested{&r.RetractedBy}, &r.Envelope)
		page = append(page, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range page {
		err := a.tx.each(ctx, "read subjects", `SELECT subject FROM statement_subjects WHERE statement = $1 ORDER BY place`,
			[]any{page[i].id}, func(scan func(...any) error) error {
				var s model.Subject
				err := scan(subjected{&s})
				page[i].Subjects = append(page[i].Subjects, s)
				return err
			})
		if err != nil {
			return nil, err
		}
	}
	return page, nil
}
