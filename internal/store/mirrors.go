package store

import (
	"context"

	"github.com/cordon-trust/cordon/internal/evidence/ledger"
)

// Mirrors keeps how far this house followed other organisations' publication logs, and what it found
// when two checkpoints of one log disagreed.
type Mirrors struct{ tx *Tx }

// Mirrors returns the followed logs.
func (t *Tx) Mirrors() Mirrors { return Mirrors{t} }

const selectMirror = `SELECT publisher, origin, counter, size, note, root_version, issued, expires, synced_at, location FROM mirrors `

// Put stores the state of one publisher's mirror in place of the one before. That nothing goes down is
// the caller's to check.
func (m Mirrors) Put(ctx context.Context, s ledger.Mirror) error {
	_, err := m.tx.exec(ctx, "store a mirror", `INSERT INTO mirrors
(publisher, origin, counter, size, note, root_version, issued, expires, synced_at, location)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (publisher) DO UPDATE SET origin = excluded.origin,
counter = excluded.counter, size = excluded.size, note = excluded.note, root_version = excluded.root_version,
issued = excluded.issued, expires = excluded.expires, synced_at = excluded.synced_at, location = excluded.location`,
		s.Publisher, s.Origin, s.Counter, s.Size, s.Note, s.RootVersion, stamp(s.Issued), stamp(s.Expires), stamp(s.SyncedAt), s.Location)
	return err
}

// Get returns the mirror of a publisher; ok is false when there is none.
func (m Mirrors) Get(ctx context.Context, publisher string) (s ledger.Mirror, ok bool, err error) {
	list, err := m.read(ctx, selectMirror+`WHERE publisher = $1`, publisher)
	if err != nil || len(list) == 0 {
		return ledger.Mirror{}, false, err
	}
	return list[0], true, nil
}

// All returns every mirror, by publisher.
func (m Mirrors) All(ctx context.Context) ([]ledger.Mirror, error) {
	return m.read(ctx, selectMirror+`ORDER BY publisher`)
}

func (m Mirrors) read(ctx context.Context, query string, args ...any) ([]ledger.Mirror, error) {
	var out []ledger.Mirror
	err := m.tx.each(ctx, "read mirrors", query, args, func(scan func(...any) error) error {
		var s ledger.Mirror
		err := scan(&s.Publisher, &s.Origin, &s.Counter, &s.Size, &s.Note, &s.RootVersion,
			stamped{&s.Issued}, stamped{&s.Expires}, stamped{&s.SyncedAt}, &s.Location)
		out = append(out, s)
		return err
	})
	return out, err
}

// AddFork keeps two checkpoints that disagree.
func (m Mirrors) AddFork(ctx context.Context, f ledger.Fork) error {
	_, err := m.tx.exec(ctx, "store a fork", `INSERT INTO forks (org, a, b, found_at) VALUES ($1, $2, $3, $4)`,
		f.Org, f.A, f.B, stamp(f.FoundAt))
	return err
}

// Forks returns every fork that was found, oldest first.
func (m Mirrors) Forks(ctx context.Context) ([]ledger.Fork, error) {
	var out []ledger.Fork
	err := m.tx.each(ctx, "read forks", `SELECT org, a, b, found_at FROM forks ORDER BY id`, nil, func(scan func(...any) error) error {
		var f ledger.Fork
		err := scan(&f.Org, &f.A, &f.B, stamped{&f.FoundAt})
		out = append(out, f)
		return err
	})
	return out, err
}
