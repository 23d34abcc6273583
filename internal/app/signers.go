package app

import (
	"context"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/store"
)

// SignerInfo is a role of an organisation that this house trusts: what it may say, and how many of which keys have
// to sign it.
type SignerInfo struct {
	Org        string              `json:"org"`
	Role       string              `json:"role"`
	Predicates []string            `json:"predicates"`
	Needed     evidence.Thresholds `json:"needed"`
	Keys       []KeyInfo           `json:"keys"`
}

// Signers lists the roles in the roots in force, by organisation and in the order of the root.
func (a *App) Signers(ctx context.Context) ([]SignerInfo, error) {
	var out []SignerInfo
	err := a.db.View(ctx, func(tx *store.Tx) error {
		f, err := a.readTrust(ctx, tx)
		if err != nil {
			return err
		}
		for _, org := range f.roots.Orgs() {
			t, _ := f.roots.Of(org)
			for _, role := range t.Root.Roles {
				s := SignerInfo{Org: org, Role: role.Name, Predicates: role.Predicates, Needed: role.Thresholds}
				for _, id := range role.Keys {
					s.Keys = append(s.Keys, f.keyInfo(&t.Root, id))
				}
				out = append(out, s)
			}
		}
		return nil
	})
	return out, err
}
