package store

import (
	"context"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
)

// Findings keeps the findings that held once, each as its room encoded it. They are derived from rows and
// statements: what is kept here says only which ones there were.
type Findings struct{ tx *Tx }

// HeldFinding is one finding as it last held.
type HeldFinding struct {
	ID     model.Digest
	Closed time.Time // when it was found to hold no longer; zero: open
	Body   []byte
}

// Findings returns the findings that held once.
func (t *Tx) Findings() Findings { return Findings{t} }

// Put stores a finding in place of the one with its ID.
func (f Findings) Put(ctx context.Context, h HeldFinding) error {
	_, err := f.tx.exec(ctx, "store a finding", `INSERT INTO findings (id, closed_at, body) VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE SET closed_at = excluded.closed_at, body = excluded.body`, h.ID[:], stamp(h.Closed), h.Body)
	return err
}

// Delete forgets a finding.
func (f Findings) Delete(ctx context.Context, id model.Digest) error {
	_, err := f.tx.exec(ctx, "delete a finding", `DELETE FROM findings WHERE id = $1`, id[:])
	return err
}

// All returns every finding, by ID.
func (f Findings) All(ctx context.Context) ([]HeldFinding, error) {
	var out []HeldFinding
	err := f.tx.each(ctx, "read findings", `SELECT id, closed_at, body FROM findings ORDER BY id`, nil, func(scan func(...any) error) error {
		var h HeldFinding
		err := scan(digested{&h.ID}, stamped{&h.Closed}, &h.Body)
		out = append(out, h)
		return err
	})
	return out, err
}
