package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/seen"
	"github.com/cordon-trust/cordon/internal/store"
)

// maxSightings is how many transfers of a file an answer tells one by one.
const maxSightings = 20

// aboutSeen finds the observations in which bytes were seen, by the index of their rows: an observation's own
// subject is its site.
func (a *App) aboutSeen(ctx context.Context, tx *store.Tx, sub model.Subject, fn func(ledger.Record) error) error {
	if sub.Kind() != model.KindArtifact {
		return nil
	}
	d := sub.Digest()
	batches, err := tx.Rows().Having(ctx, indexKey(d[:]))
	if err != nil {
		return err
	}
	for _, b := range batches {
		rec, ok, err := find(ctx, tx, b)
		if err != nil {
			return err
		}
		if !ok {
			return fault.New(fault.Damaged, "statement:%s, which rows were stored for, is not in the archive", b)
		}
		if err := fn(rec); err != nil {
			return err
		}
	}
	return nil
}

// readWhyFacts reads what an answer about a subject rests on: for bytes also what they are judged by.
func (a *App) readWhyFacts(ctx context.Context, tx *store.Tx, sub model.Subject) (facts, error) {
	if sub.Kind() != model.KindArtifact {
		return a.readFacts(ctx, tx)
	}
	secret, err := a.ring.MarkSecret(false)
	if err != nil {
		return facts{}, err
	}
	return a.readSeenFacts(ctx, tx, secret, "")
}

// saySeen adds which of an observation's rows are about the bytes, and what the facts of now say of them.
func (a *App) saySeen(ctx context.Context, tx *store.Tx, f *facts, sub model.Subject, r *Reason) error {
	var rd seen.Reader
	again := rechecker{app: a, roots: f.roots}
	found := 0
	err := readRows(ctx, tx, r.Statement, seen.KindTransfer, &rd, func(place int, row *seen.Row) error {
		t := &row.Transfer
		if d := sub.Digest(); t.Digest != d && t.EntityDigest != d {
			return nil
		}
		if found++; found > maxSightings {
			return nil
		}
		f.names.restore(t)
		d, _ := f.device(t)
		j := f.book.Judge(a.opt.Clock.Now(), t, d, f.history)
		if err := again.check(ctx, tx, &j); err != nil {
			return err
		}
		verdict := string(j.Verdict)
		if !j.Release.IsZero() {
			verdict += ", " + j.Release.String()
		}
		r.Notes = append(r.Notes, fmt.Sprintf("row %d: %s received these bytes from %s over %s at %s; today: %s", place+1, t.Device, t.Peer, t.Protocol,
			t.Time.UTC().Format("2006-01-02T15:04:05Z"), verdict))
		return nil
	})
	if err = errors.Join(err, f.register.Err()); err != nil {
		return err
	}
	if found > maxSightings {
		r.Notes = append(r.Notes, fmt.Sprintf("and more rows: %d", found-maxSightings))
	}
	return nil
}
