package app

import (
	"context"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/store"
)

// KeyInfo is a key of an organisation.
type KeyInfo struct {
	Key         model.Subject      `json:"key"`
	Org         string             `json:"org"`
	Role        string             `json:"role"`
	Algorithm   evidence.Algorithm `json:"algorithm"`
	Family      evidence.Family    `json:"family"`
	Holder      string             `json:"holder"`
	Compromised []CompromiseInfo   `json:"compromised,omitempty"`
}

// CompromiseInfo is what somebody with a say said of a key.
type CompromiseInfo struct {
	Author string `json:"author"`
	Since  string `json:"since"`
	Reason string `json:"reason,omitzero"`
}

// Keys lists the keys in an organisation's root.
func (a *App) Keys(ctx context.Context, org string) ([]KeyInfo, error) {
	var out []KeyInfo
	err := a.db.View(ctx, func(tx *store.Tx) error {
		f, err := a.readFacts(ctx, tx)
		if err != nil {
			return err
		}
		t, ok := f.roots.Of(org)
		if !ok {
			return fault.New(fault.UnknownOrg, "this house holds no trust root of %q", org)
		}
		out = f.keys(t)
		return nil
	})
	return out, err
}

// keyInfo tells of a key in a root, and what was said of it.
func (f *facts) keyInfo(root *evidence.Root, id model.Subject) KeyInfo {
	k, _ := root.Key(id)
	info := KeyInfo{
		Key: id, Org: root.Author, Role: root.RoleOf(id), Algorithm: k.Algorithm, Family: k.Algorithm.Family(), Holder: root.Holder(id),
	}
	for _, c := range f.compromises.Of(id) {
		info.Compromised = append(info.Compromised, CompromiseInfo{c.Author, c.Since, c.Reason})
	}
	return info
}

// keys returns the keys of a root.
func (f *facts) keys(t evidence.Trusted) []KeyInfo {
	var out []KeyInfo
	for _, id := range t.Root.KeyIDs() {
		out = append(out, f.keyInfo(&t.Root, id))
	}
	return out
}

// Compromise says that a key can no longer be relied on since a time (RFC 3339, or "unknown"). The
// owner says it to everybody by its recall role, a hospital in its own house. A key of the recall role
// itself is spoken about by the root role.
func (a *App) Compromise(ctx context.Context, key model.Subject, since, reason string) (Said, error) {
	role, err := a.roleFor(evidence.PredCompromise)
	if err != nil {
		return Said{}, err
	}
	c := evidence.Compromise{Header: a.header(), Key: key, Since: since, Reason: reason}
	if t, known, err := c.SinceTime(); err != nil {
		return Said{}, fault.Wrap(err, fault.Usage, "the time of the compromise cannot be read")
	} else if known {
		c.Since = t.Format(time.RFC3339)
	}
	own, err := a.ownerRole(ctx, key)
	if err != nil {
		return Said{}, err
	}
	if own == role {
		role = evidence.RoleRoot // a key never accuses itself
	}
	payload, err := evidence.NewPayload(evidence.PredCompromise, c, key)
	if err != nil {
		return Said{}, err
	}
	return a.say(ctx, role, payload)
}

// ownerRole returns the role a key has in this house's own root; "" for a key of somebody else's. A
// maker speaks about its own keys only, and a key that nobody owns is nobody's to speak about.
func (a *App) ownerRole(ctx context.Context, key model.Subject) (string, error) {
	var role string
	err := a.db.View(ctx, func(tx *store.Tx) error {
		roots, err := a.roots(ctx, tx)
		if err != nil {
			return err
		}
		org, r, ok := roots.OwnerOf(key)
		switch {
		case !ok:
			return fault.New(fault.NotFound, "no trust root that this house holds has the key %s", key).
				Hint("`cordon key list ORG` prints the keys of an organisation")
		case org == a.home.Org:
			role = r
		case a.home.Kind == evidence.Maker:
			return fault.New(fault.NotOwner, "%s is a key of %q; %q speaks about its own keys only", key, org, a.home.Org)
		}
		return nil
	})
	return role, err
}
