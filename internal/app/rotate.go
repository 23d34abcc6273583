package app

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/store"
)

// RotateTrust gives a role of this organisation new keys by a new version of its trust root, signed by
// the root role of the old version and the new. The old keys stay in the old version: what they signed
// is still verified, unless a compromise says otherwise. It needs the root keys.
func (a *App) RotateTrust(ctx context.Context, role string) (TrustInfo, error) {
	specs := roleSpecs(a.home.Kind)
	i := slices.IndexFunc(specs, func(s roleSpec) bool { return s.name == role })
	if i < 0 {
		return TrustInfo{}, fault.New(fault.Usage, "a %s has no role %q whose keys can be renewed", a.home.Kind, role)
	}
	old, err := a.ring.Signers(ctx, evidence.RoleRoot)
	if err != nil {
		return TrustInfo{}, err
	}
	var info TrustInfo
	// The keys are made under the write lock: two rotations at once would write the same files, and a root
	// would list keys that are gone.
	err = a.update(ctx, func(tx *store.Tx) error {
		roots, err := a.roots(ctx, tx)
		if err != nil {
			return err
		}
		own, ok := roots.Of(a.home.Org)
		if !ok {
			return missingRoot(a.home.Org)
		}
		if info = infoOf(own); a.opt.DryRun {
			return nil
		}
		env, err := a.renew(ctx, own.Root, specs[i], old)
		if err != nil {
			return err
		}
		t, err := a.addRoot(ctx, tx, env, true)
		info = infoOf(t)
		return err
	})
	if err == nil {
		a.ring.UseRoot(info.Version)
	}
	return info, err
}

// renew makes new keys of a role and signs the next version of the root, which lists them.
func (a *App) renew(ctx context.Context, own evidence.Root, spec roleSpec, old []evidence.Signer) (evidence.Envelope, error) {
	version := own.Version + 1
	if err := a.dropUnused(version); err != nil {
		return evidence.Envelope{}, err
	}
	keys, err := a.ring.Renew(ctx, spec.name, spec.machine, version, evidence.Ed25519, spec.pq)
	if err != nil {
		return evidence.Envelope{}, err
	}
	signers := old
	if spec.name == evidence.RoleRoot {
		renewed, err := a.ring.RenewedSigners(ctx, spec.name, version)
		if err != nil {
			return evidence.Envelope{}, err
		}
		signers = append(slices.Clone(old), renewed...)
	}
	return signRoot(renewedRoot(own, spec.name, keys, a.opt.Clock.Now().Truncate(time.Second)), signers)
}

// dropUnused removes the key files that an attempt at this version of the root left behind, whichever role
// it was about. No root ever listed them, and this version would bring them into force.
func (a *App) dropUnused(version int) error {
	for _, dir := range []string{filepath.Join(a.opt.Dir, "keys"), a.ring.OfflineDir()} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return fault.Wrap(err, fault.ReadFailed, "folder %q cannot be read", dir)
		}
		for _, e := range entries {
			if ok, err := path.Match(fmt.Sprintf("*.v%d.*", version), e.Name()); err != nil || !ok {
				continue
			}
			if err := disk.Remove(a.opt.FS, filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// renewedRoot returns the next version of a root, in which a role has other keys.
func renewedRoot(old evidence.Root, name string, keys []evidence.Key, now time.Time) evidence.Root {
	next := old
	next.Version, next.Issued, next.Expires = old.Version+1, now, now.Add(rootLifetime)
	next.Keys = slices.DeleteFunc(slices.Clone(old.Keys), func(k evidence.RootKey) bool { return old.RoleOf(k.ID) == name })
	next.Roles = slices.Clone(old.Roles)
	for i, r := range next.Roles {
		if r.Name != name {
			continue
		}
		r.Keys = nil
		for _, k := range keys {
			next.Keys = append(next.Keys, evidence.RootKey{ID: k.ID, SPKI: k.SPKI, Holder: old.Author})
			r.Keys = append(r.Keys, k.ID)
		}
		next.Roles[i] = r
	}
	return next
}

// signRoot makes the trust-root statement of a root.
func signRoot(root evidence.Root, signers []evidence.Signer) (evidence.Envelope, error) {
	org, err := model.OrgOf(root.Author)
	if err != nil {
		return evidence.Envelope{}, err
	}
	payload, err := evidence.NewPayload(evidence.PredTrustRoot, root, org)
	if err != nil {
		return evidence.Envelope{}, err
	}
	return evidence.Sign(payload, signers...)
}
