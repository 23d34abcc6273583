package cli

import (
	"context"
	"crypto/rand"
	"errors"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/kit/clock"
	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// options returns what the house is opened with: the real disk, clock and randomness.
func (s *state) options() (app.Options, error) {
	dir, err := s.home()
	if err != nil {
		return app.Options{}, err
	}
	return app.Options{
		Dir: dir, FS: disk.OS{}, Clock: clock.System{}, Rand: rand.Reader,
		Passphrase: s.passphrase, DryRun: s.dryRun,
		Note: func(text string) { s.note("note: %s", text) },
	}, nil
}

// writing opens the home for a command that changes it, runs fn and closes it again.
func (s *state) writing(ctx context.Context, fn func(*app.App) error) error {
	opt, err := s.options()
	if err != nil {
		return err
	}
	return s.with(ctx, opt, fn)
}

// reading opens the home for a command that only reads. It takes no lock and works on a home that cannot
// be written; a database of an older schema is brought up to date first.
func (s *state) reading(ctx context.Context, fn func(*app.App) error) error {
	opt, err := s.options()
	if err != nil {
		return err
	}
	opt.Store.ReadOnly = true
	err = s.with(ctx, opt, fn)
	if errors.Is(err, fault.OldSchema) {
		opt.Store.ReadOnly = false
		return s.with(ctx, opt, fn)
	}
	return err
}

func (s *state) with(ctx context.Context, opt app.Options, fn func(*app.App) error) error {
	a, err := app.Open(ctx, opt)
	if err != nil {
		return err
	}
	if a.RootKeysPresent() {
		s.note("note: the root keys still lie in %s; move that folder to a safe place", a.OfflineDir())
	}
	err = fn(a)
	if cerr := a.Close(); err == nil {
		err = cerr
	}
	return err
}
