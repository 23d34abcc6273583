package cli

import (
	"context"
	"crypto/rand"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/kit/clock"
	"github.com/cordon-trust/cordon/internal/kit/disk"
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
	}, nil
}

// withHome opens the home, runs fn and closes it again.
func (s *state) withHome(ctx context.Context, fn func(*app.App) error) error {
	opt, err := s.options()
	if err != nil {
		return err
	}
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
