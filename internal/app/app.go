// Package app joins the rooms: it is the only place that knows their concrete types. It opens a home,
// runs every write through one path (verify, log, archive, project, in one transaction), and answers
// questions by reading statements and facts.
//
// Most callers need [Open] and the method of the verb they offer, such as [App.Sync] or [App.Watch].
// It refuses to write what does not verify, and never reports a verdict that rests on a statement whose
// signatures it could not check again.
package app

import (
	"context"
	"errors"
	"io"
	"path/filepath"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/keyring"
	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/kit/clock"
	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/store"
)

// Options are what a house is opened with. Everything outside the process is a parameter.
type Options struct {
	Dir        string // the home
	FS         disk.FS
	Clock      clock.Clock
	Rand       io.Reader // cryptographic
	Passphrase keyring.Passphrase
	Store      store.Options
	DryRun     bool              // check everything and change nothing
	Note       func(text string) // takes what a person should know though what was asked for is done; nil: nobody
}

// App is an open house.
type App struct {
	opt  Options
	home Home
	ring *keyring.Ring
	db   *store.DB
	new  bool // the home is being made, by one goroutine: its own root is not there yet
}

// Open opens the home at opt.Dir.
func Open(ctx context.Context, opt Options) (*App, error) {
	h, err := readHome(opt.Dir)
	if err != nil {
		return nil, err
	}
	if err := hasDatabase(opt.Dir); err != nil {
		return nil, err
	}
	return open(ctx, opt, h, keyring.New(opt.Dir, opt.FS, opt.Rand, h.Lab, opt.Passphrase))
}

func open(ctx context.Context, opt Options, h Home, ring *keyring.Ring) (*App, error) {
	db, err := store.Open(ctx, filepath.Join(opt.Dir, dbFile), opt.Store)
	if err != nil {
		return nil, err
	}
	a := &App{opt: opt, home: h, ring: ring, db: db}
	if err := a.useRoot(ctx); err != nil {
		_ = db.Close() // the first error says more
		return nil, err
	}
	return a, nil
}

// useRoot tells the keyring which version of the own root is in force. A home that is just being made
// has none yet.
func (a *App) useRoot(ctx context.Context) error {
	return a.db.View(ctx, func(tx *store.Tx) error {
		held, err := tx.Roots().All(ctx)
		for _, r := range held {
			if r.Org == a.home.Org {
				a.ring.UseRoot(int(r.Version))
			}
		}
		return err
	})
}

// Close closes the database.
func (a *App) Close() error { return a.db.Close() }

// Home says whose home this is.
func (a *App) Home() Home { return a.home }

// RootKeysPresent reports whether the root keys still lie in the home.
func (a *App) RootKeysPresent() bool { return a.ring.RootPresent() }

// OfflineDir returns the folder of the root keys.
func (a *App) OfflineDir() string { return a.ring.OfflineDir() }

// errDryRun ends a transaction that must leave nothing behind.
var errDryRun = errors.New("dry run")

// update runs fn in one write transaction, in which what was seen is judged anew; a dry run is rolled back
// and counts as done.
func (a *App) update(ctx context.Context, fn func(*store.Tx) error) error {
	var done settled
	err := a.db.Update(ctx, func(tx *store.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		if a.opt.DryRun {
			return errDryRun
		}
		var err error
		done, err = a.settle(ctx, tx)
		return err
	})
	if errors.Is(err, errDryRun) {
		return nil
	}
	if err == nil && done.unread != nil && a.opt.Note != nil {
		a.opt.Note("what was seen was not judged anew, and the findings stay as they were: " + done.unread.Error())
	}
	if err == nil && done.expired > 0 {
		// What expired is gone from the tables. While somebody reads, the write-ahead log keeps it until it
		// is used again; that is no reason to fail what was asked for.
		if err = a.db.Scrub(ctx); errors.Is(err, fault.Locked) {
			err = nil
		}
	}
	return err
}

// roots reads the trust roots this house holds.
func (a *App) roots(ctx context.Context, tx *store.Tx) (*evidence.Roots, error) {
	held, err := tx.Roots().All(ctx)
	if err != nil {
		return nil, err
	}
	var list []evidence.Trusted
	for _, h := range held {
		rec, ok, err := find(ctx, tx, h.Statement)
		if err != nil {
			return nil, err
		}
		if !ok || rec.Envelope == nil {
			return nil, missingRoot(h.Org)
		}
		t, err := trusted(rec.Envelope, !h.Confirmed.IsZero())
		if err != nil {
			return nil, err
		}
		if t.Digest != h.Statement {
			return nil, missingRoot(h.Org)
		}
		list = append(list, t)
	}
	out := evidence.NewRoots(a.home.Org, list...)
	// A database that was replaced by an empty one must not be read as a house that knows nothing.
	if _, ok := out.Of(a.home.Org); !ok && !a.new {
		return nil, missingRoot(a.home.Org)
	}
	return out, nil
}

// find reads a statement from the archive; ok is false when it is not held.
func find(ctx context.Context, tx *store.Tx, digest model.Digest) (rec ledger.Record, ok bool, err error) {
	rec, err = tx.Archive().Get(ctx, digest)
	if errors.Is(err, fault.NotFound) {
		return rec, false, nil
	}
	return rec, err == nil, err
}
