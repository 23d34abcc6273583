package app

import (
	"context"
	"slices"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
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
	own, err := a.ownRoot(ctx)
	if err != nil {
		return TrustInfo{}, err
	}
	version := own.Root.Version + 1
	if a.opt.DryRun {
		return infoOf(own), nil
	}
	keys, err := a.ring.Renew(ctx, role, specs[i].machine, version, evidence.Ed25519, specs[i].pq)
	if err != nil {
		return TrustInfo{}, err
	}
	signers := old
	if role == evidence.RoleRoot {
		renewed, err := a.ring.RenewedSigners(ctx, role, version)
		if err != nil {
			return TrustInfo{}, err
		}
		signers = append(slices.Clone(old), renewed...)
	}
	env, err := signRoot(renewedRoot(own.Root, role, keys, a.opt.Clock.Now().Truncate(time.Second)), signers)
	if err != nil {
		return TrustInfo{}, err
	}
	if err := a.takeRoot(ctx, env, true); err != nil {
		return TrustInfo{}, err
	}
	a.ring.UseRoot(version)
	if own, err = a.ownRoot(ctx); err != nil {
		return TrustInfo{}, err
	}
	return infoOf(own), nil
}

// ownRoot returns the root of this organisation that is in force.
func (a *App) ownRoot(ctx context.Context) (evidence.Trusted, error) {
	var own evidence.Trusted
	err := a.db.View(ctx, func(tx *store.Tx) error {
		roots, err := a.roots(ctx, tx)
		if err != nil {
			return err
		}
		var ok bool
		if own, ok = roots.Of(a.home.Org); !ok {
			return missingRoot(a.home.Org)
		}
		return nil
	})
	return own, err
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
