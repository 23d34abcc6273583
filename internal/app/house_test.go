package app

import (
	"bytes"
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/exposure"
	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/store"
)

// hand is a clock that a test moves. It belongs to the test's goroutine.
type hand struct{ at time.Time }

func (h *hand) Now() time.Time { return h.at }

func newHand() *hand { return &hand{time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)} }

func options(dir string, c *hand) Options {
	return Options{
		Dir: dir, FS: disk.OS{}, Clock: c, Rand: rand.Reader,
		Passphrase: func(context.Context, string) (string, error) { return "correct horse", nil },
	}
}

// newHouse makes and opens a lab home; its keys cost little to open.
func newHouse(t *testing.T, c *hand, org string, kind evidence.OrgKind) *App {
	t.Helper()
	opt := options(filepath.Join(t.TempDir(), org), c)
	if _, err := Init(t.Context(), opt, Home{Org: org, Kind: kind, Site: "main", Lab: true}); err != nil {
		t.Fatal(err)
	}
	return reopen(t, opt)
}

func reopen(t *testing.T, opt Options) *App {
	t.Helper()
	a, err := Open(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// file writes a file of n bytes that begin with text.
func file(t *testing.T, name, text string, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	b := bytes.Repeat([]byte(text), n/len(text)+1)[:n]
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func product(t *testing.T, s string) model.Subject {
	t.Helper()
	p, err := model.ParseProduct(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// add signs a release of one file.
func add(t *testing.T, a *App, version, path string) Said {
	t.Helper()
	s, err := a.AddRelease(t.Context(), Draft{Product: product(t, a.home.Org+"/pump-7"), Version: version, Kind: "firmware", Files: []string{path}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func publish(t *testing.T, a *App, repo string) {
	t.Helper()
	if _, err := a.Publish(t.Context(), repo); err != nil {
		t.Fatal(err)
	}
}

func sync(t *testing.T, a *App, repo string) {
	t.Helper()
	if _, err := a.Sync(t.Context(), repo); err != nil {
		t.Fatal(err)
	}
}

// trust makes a take b's root, confirmed.
func trust(t *testing.T, a, b *App) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "root.json")
	info, err := b.ExportTrust(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.AddTrust(t.Context(), raw, &info.Fingerprint); err != nil {
		t.Fatal(err)
	}
}

func verdict(t *testing.T, a *App, path string) FileVerdict {
	t.Helper()
	v, err := a.VerifyFile(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// bring records an envelope as if it had come from outside.
func bring(ctx context.Context, a *App, env evidence.Envelope, proven bool) (entered, error) {
	var e entered
	err := a.update(ctx, func(tx *store.Tx) error {
		roots, err := a.roots(ctx, tx)
		if err != nil {
			return err
		}
		got, err := a.record(ctx, tx, roots, arrival{env: env, logged: proven})
		if err == nil {
			e = got[0]
		}
		return err
	})
	return e, err
}

// envelope reads a statement from a house's archive.
func envelope(t *testing.T, a *App, d model.Digest) evidence.Envelope {
	t.Helper()
	var env evidence.Envelope
	err := a.db.View(t.Context(), func(tx *store.Tx) error {
		rec, err := tx.Archive().Get(t.Context(), d)
		if err != nil {
			return err
		}
		env, err = evidence.ParseEnvelope(rec.Envelope)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return env
}

// answer asks what subjects reach, all of it at once.
func answer(t *testing.T, a *App, q RadiusQuery) (exposure.Answer, error) {
	t.Helper()
	s, err := a.Spread(t.Context(), q)
	if err != nil {
		return exposure.Answer{}, err
	}
	out := exposure.Answer{Counts: s.Counts(), NotInGraph: s.NotInGraph()}
	for r := range s.Rows() {
		out.Reached = append(out.Reached, r)
	}
	return out, nil
}
