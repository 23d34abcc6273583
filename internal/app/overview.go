package app

import (
	"context"
	"errors"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/seen"
	"github.com/cordon-trust/cordon/internal/store"
)

// CopyInfo is this house's copy of what an organisation publishes.
type CopyInfo struct {
	Publisher string    `json:"publisher"`
	SyncedAt  time.Time `json:"synced_at"`
	Head      time.Time `json:"head_expires"` // when its publisher's word about what is published runs out
	Expires   time.Time `json:"expires"`      // when what its publisher signed about it runs out: from then on it is stale
}

// VouchInfo is this house's word about a file that it received.
type VouchInfo struct {
	Release   model.Subject `json:"release"`
	Name      string        `json:"name"`
	Expires   time.Time     `json:"expires"`
	Statement model.Digest  `json:"statement"`
}

// Overview says what a house has to judge by, and whether it has seen anything.
type Overview struct {
	Trusted  []TrustInfo `json:"trusted"`  // the roots in force, its own among them
	Copies   []CopyInfo  `json:"copies"`   // by publisher
	Vouches  []VouchInfo `json:"vouches"`  // what this house vouches for, what ends first at the front
	Releases int         `json:"releases"` // that it knows
	Devices  int         `json:"devices"`  // rows of the device list in force
	Recorded bool        `json:"recorded"` // rows of what was seen are held and not erased
}

// Overview reads what this house has, in one look at the database. It judges nothing.
func (a *App) Overview(ctx context.Context) (Overview, error) {
	var out Overview
	err := a.db.View(ctx, func(tx *store.Tx) error {
		f, err := a.readFacts(ctx, tx)
		if err != nil {
			return err
		}
		if err := a.readRegister(ctx, tx, &f); err != nil {
			return err
		}
		out, err = a.overviewOf(ctx, tx, &f)
		return err
	})
	return out, err
}

// overviewOf says what is to judge by. The facts have the device list.
func (a *App) overviewOf(ctx context.Context, tx *store.Tx, f *facts) (Overview, error) {
	var out Overview
	for _, org := range f.roots.Orgs() {
		t, _ := f.roots.Of(org)
		out.Trusted = append(out.Trusted, infoOf(t))
	}
	mirrors, err := tx.Mirrors().All(ctx)
	if err != nil {
		return out, err
	}
	for _, m := range mirrors {
		out.Copies = append(out.Copies, CopyInfo{m.Publisher, m.SyncedAt, m.Expires, staleFrom(f.roots, m)})
	}
	for _, v := range f.book.Vouches() {
		if v.Suspect == nil {
			out.Vouches = append(out.Vouches, VouchInfo{v.Release, v.Artifact.Name, v.Expires, v.Statement})
		}
	}
	out.Releases, out.Devices = len(f.book.Releases()), len(f.register.Current())
	if err := f.register.Err(); err != nil {
		return out, err
	}
	out.Recorded, err = a.anySeen(ctx, tx)
	return out, err
}

// errSeen ends a look at what was recorded.
var errSeen = errors.New("seen")

// anySeen reports whether a row of what was seen is held. Rows of device lists are none.
func (a *App) anySeen(ctx context.Context, tx *store.Tx) (bool, error) {
	err := a.eachSeen(ctx, tx, func(*seen.Row) error { return errSeen })
	if errors.Is(err, errSeen) {
		return true, nil
	}
	return false, err
}
