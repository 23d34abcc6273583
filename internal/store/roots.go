package store

import (
	"context"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// Roots keeps which trust roots this house holds; the roots themselves are statements in the archive.
type Roots struct{ tx *Tx }

// Roots returns the trust roots.
func (t *Tx) Roots() Roots { return Roots{t} }

// Put stores a root; a version that is held already is an error.
func (r Roots) Put(ctx context.Context, root ledger.HeldRoot) error {
	_, err := r.tx.exec(ctx, "store a root", `INSERT INTO roots (org, version, statement, confirmed_at) VALUES ($1, $2, $3, $4)`,
		root.Org, root.Version, root.Statement[:], stamp(root.Confirmed))
	return err
}

// Confirm notes that a person compared the fingerprint of a root.
func (r Roots) Confirm(ctx context.Context, org string, version int64, at time.Time) error {
	n, err := r.tx.exec(ctx, "confirm a root", `UPDATE roots SET confirmed_at = $1 WHERE org = $2 AND version = $3`, stamp(at), org, version)
	if err == nil && n == 0 {
		return fault.New(fault.NotFound, "no root of %q in version %d is held", org, version)
	}
	return err
}

// All returns every root, by organisation and version.
func (r Roots) All(ctx context.Context) ([]ledger.HeldRoot, error) {
	var out []ledger.HeldRoot
	err := r.tx.each(ctx, "read roots", `SELECT org, version, statement, confirmed_at FROM roots ORDER BY org, version`, nil,
		func(scan func(...any) error) error {
			var h ledger.HeldRoot
			err := scan(&h.Org, &h.Version, digested{&h.Statement}, stamped{&h.Confirmed})
			out = append(out, h)
			return err
		})
	return out, err
}
