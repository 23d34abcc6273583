package app

import (
	"bytes"
	"context"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/store"
)

// TrustInfo is a trust root that this house holds.
type TrustInfo struct {
	Org         string           `json:"org"`
	Kind        evidence.OrgKind `json:"kind"`
	Fingerprint model.Digest     `json:"fingerprint"`
	Version     int              `json:"version"`
	Confirmed   bool             `json:"confirmed"`
	Expires     time.Time        `json:"expires"`
	Test        bool             `json:"test,omitzero"`
}

func infoOf(t evidence.Trusted) TrustInfo {
	return TrustInfo{
		Org: t.Root.Author, Kind: t.Root.Kind, Fingerprint: t.Digest, Version: t.Root.Version,
		Confirmed: t.Confirmed, Expires: t.Root.Expires, Test: t.Root.Test,
	}
}

func missingRoot(org string) error {
	return fault.New(fault.Damaged, "the trust root of %q is not in the archive as it was confirmed", org)
}

// trusted reads a root from its envelope.
func trusted(line []byte, confirmed bool) (evidence.Trusted, error) {
	env, err := evidence.ParseEnvelope(line)
	if err != nil {
		return evidence.Trusted{}, err
	}
	st, err := evidence.ParseStatement(env.Payload)
	if err != nil {
		return evidence.Trusted{}, err
	}
	root, err := evidence.DecodeRoot(st)
	if err != nil {
		return evidence.Trusted{}, err
	}
	return evidence.Trusted{Root: root, Digest: env.Digest(), Confirmed: confirmed}, nil
}

// ExportTrust writes every version of this organisation's trust root to path, one envelope a line, and
// returns the one in force.
func (a *App) ExportTrust(ctx context.Context, path string) (TrustInfo, error) {
	var info TrustInfo
	var file []byte
	err := a.db.View(ctx, func(tx *store.Tx) error {
		roots, err := a.roots(ctx, tx)
		if err != nil {
			return err
		}
		own, ok := roots.Of(a.home.Org)
		if !ok {
			return missingRoot(a.home.Org)
		}
		info = infoOf(own)
		file, err = rootLines(ctx, tx, roots, a.home.Org)
		return err
	})
	if err != nil || a.opt.DryRun {
		return info, err
	}
	return info, disk.WriteFile(a.opt.FS, path, 0o644, file)
}

// rootLines returns the envelopes of an organisation's roots, oldest first, one a line.
func rootLines(ctx context.Context, tx *store.Tx, roots *evidence.Roots, org string) ([]byte, error) {
	var out []byte
	versions := roots.Versions(org)
	for i := len(versions) - 1; i >= 0; i-- {
		rec, ok, err := find(ctx, tx, versions[i].Digest)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, missingRoot(org)
		}
		out = append(append(out, rec.Envelope...), '\n')
	}
	return out, nil
}

// AddTrust takes a trust file: one root, or a chain of versions. A fingerprint that is given (nil: none)
// must be that of the last root, and confirms it at once. A second root for a name is refused unless the root
// that is held signed it.
func (a *App) AddTrust(ctx context.Context, file []byte, print *model.Digest) (TrustInfo, error) {
	var envs []evidence.Envelope
	for line := range bytes.Lines(file) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		env, err := evidence.ParseEnvelope(bytes.TrimSpace(line))
		if err != nil {
			return TrustInfo{}, err
		}
		envs = append(envs, env)
	}
	if len(envs) == 0 {
		return TrustInfo{}, fault.New(fault.BadRoot, "the trust file is empty")
	}
	if last := envs[len(envs)-1].Digest(); print != nil && *print != last {
		return TrustInfo{}, fault.New(fault.WrongPrint, "the file's fingerprint is %s, not %s", last, *print)
	}
	var info TrustInfo
	err := a.update(ctx, func(tx *store.Tx) error {
		for _, env := range envs {
			t, err := a.addRoot(ctx, tx, env, print != nil)
			if err != nil {
				return err
			}
			info = infoOf(t)
		}
		return nil
	})
	return info, err
}

// takeRoot records a root in a transaction of its own.
func (a *App) takeRoot(ctx context.Context, env evidence.Envelope, confirmed bool) error {
	return a.update(ctx, func(tx *store.Tx) error {
		_, err := a.addRoot(ctx, tx, env, confirmed)
		return err
	})
}

// addRoot checks a root against what is held of its organisation and records it.
func (a *App) addRoot(ctx context.Context, tx *store.Tx, env evidence.Envelope, confirmed bool) (evidence.Trusted, error) {
	line, err := env.Line()
	if err != nil {
		return evidence.Trusted{}, err
	}
	next, err := trusted(line, confirmed)
	if err != nil {
		return evidence.Trusted{}, err
	}
	if next.Root.Test && !a.home.Lab {
		return evidence.Trusted{}, fault.New(fault.TestRoot, "the trust root of %q was made in a lab", next.Root.Author)
	}
	roots, err := a.roots(ctx, tx)
	if err != nil {
		return evidence.Trusted{}, err
	}
	for _, held := range roots.Versions(next.Root.Author) {
		if held.Digest == next.Digest {
			return a.confirm(ctx, tx, held, confirmed)
		}
	}
	if held, ok := roots.Of(next.Root.Author); ok {
		if held.Root.Version == next.Root.Version {
			return held, fault.New(fault.RootExists, "this house holds another trust root of %q already", held.Root.Author)
		}
		if err := held.Root.Succeeds(next.Root, env); err != nil {
			return held, err
		}
		next.Confirmed = confirmed || held.Confirmed
	} else if err := next.Root.Policy(evidence.RoleRoot, env).Err(); err != nil {
		return next, err
	}
	at := time.Time{}
	if next.Confirmed {
		at = a.opt.Clock.Now()
	}
	with := evidence.NewRoots(a.home.Org, append(allRoots(roots), next)...)
	if _, err := a.record(ctx, tx, with, arrival{env: env}); err != nil {
		return next, err
	}
	return next, tx.Roots().Put(ctx, ledger.HeldRoot{
		Org: next.Root.Author, Version: int64(next.Root.Version), Statement: next.Digest, Confirmed: at,
	})
}

func allRoots(b *evidence.Roots) []evidence.Trusted {
	var out []evidence.Trusted
	for _, org := range b.Orgs() {
		out = append(out, b.Versions(org)...)
	}
	return out
}

// confirm notes that a person compared a root's fingerprint.
func (a *App) confirm(ctx context.Context, tx *store.Tx, t evidence.Trusted, confirmed bool) (evidence.Trusted, error) {
	if !confirmed || t.Confirmed {
		return t, nil
	}
	t.Confirmed = true
	return t, tx.Roots().Confirm(ctx, t.Root.Author, int64(t.Root.Version), a.opt.Clock.Now())
}

// ConfirmTrust says that a person compared the fingerprint of an organisation's root.
func (a *App) ConfirmTrust(ctx context.Context, org string, print model.Digest) (TrustInfo, error) {
	var info TrustInfo
	err := a.update(ctx, func(tx *store.Tx) error {
		roots, err := a.roots(ctx, tx)
		if err != nil {
			return err
		}
		t, ok := roots.Of(org)
		if !ok {
			return fault.New(fault.UnknownOrg, "this house holds no trust root of %q", org)
		}
		if t.Digest != print {
			return fault.New(fault.WrongPrint, "the fingerprint of the root of %q is %s, not %s", org, t.Digest, print)
		}
		t, err = a.confirm(ctx, tx, t, true)
		info = infoOf(t)
		return err
	})
	return info, err
}

// Trusted lists the roots in force, by organisation.
func (a *App) Trusted(ctx context.Context) ([]TrustInfo, error) {
	var out []TrustInfo
	err := a.db.View(ctx, func(tx *store.Tx) error {
		roots, err := a.roots(ctx, tx)
		if err != nil {
			return err
		}
		for _, org := range roots.Orgs() {
			t, _ := roots.Of(org)
			out = append(out, infoOf(t))
		}
		return nil
	})
	return out, err
}
