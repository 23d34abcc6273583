package evidence

import (
	"cmp"
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// Tally is what stands behind a statement: the distinct keys of a role whose signatures verify, and
// how many holders of each family that makes.
type Tally struct {
	Org        string
	Role       string
	Signatures []SignatureRef // distinct keys, sorted by key
	Holders    Thresholds
	Needed     Thresholds
	known      bool // the root has such a role
}

// Policy verifies the signatures of an envelope against the keys of one role. Junk beside good
// signatures does no harm, and a key counts once however often it signed.
func (r *Root) Policy(role string, env Envelope) Tally {
	ro, ok := r.Role(role)
	if !ok || env.check() != nil {
		return r.Recount(role, nil, nil)
	}
	pae := env.PAE()
	found := map[model.Subject]SignatureRef{}
	seen := map[string]bool{}
	for _, s := range env.Signatures {
		sig, ok := s.bytes()
		if !ok || seen[string(sig)] {
			continue
		}
		seen[string(sig)] = true
		if k, ok := r.signedBy(ro, found, s.KeyID, pae, sig); ok {
			found[k] = SignatureRef{Key: k, Digest: sha256.Sum256(sig)}
		}
	}
	refs := make([]SignatureRef, 0, len(found))
	for _, ref := range found {
		refs = append(refs, ref)
	}
	slices.SortFunc(refs, func(a, b SignatureRef) int { return cmp.Compare(a.Key.String(), b.Key.String()) })
	return r.Recount(role, refs, nil)
}

// signedBy finds the role's key that made sig: the hinted one first, then every other that could have.
func (r *Root) signedBy(ro Role, found map[model.Subject]SignatureRef, hint string, pae, sig []byte) (model.Subject, bool) {
	order := slices.Clone(ro.Keys)
	slices.SortStableFunc(order, func(a, b model.Subject) int {
		return boolInt(b.Digest().Hex() == hint) - boolInt(a.Digest().Hex() == hint)
	})
	for _, id := range order {
		if _, have := found[id]; have {
			continue
		}
		if k := r.keys[id]; k.mayHave(len(sig)) && k.Verify(pae, sig) {
			return id, true
		}
	}
	return model.Subject{}, false
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Recount judges signatures that were verified before, leaving out those of keys for which without is
// true: what remains of a statement when some of its keys are no longer trusted.
func (r *Root) Recount(role string, refs []SignatureRef, without func(model.Subject) bool) Tally {
	ro, ok := r.Role(role)
	t := Tally{Org: r.Author, Role: role, Needed: ro.Thresholds, known: ok}
	signed := map[model.Subject]bool{}
	for _, ref := range refs {
		if !signed[ref.Key] && slices.Contains(ro.Keys, ref.Key) && (without == nil || !without(ref.Key)) {
			signed[ref.Key] = true
			t.Signatures = append(t.Signatures, ref)
		}
	}
	t.Holders = r.count(ro, func(id model.Subject) bool { return signed[id] })
	return t
}

// Met reports whether the policy of the role is met.
func (t Tally) Met() bool { return t.Err() == nil }

// Err returns nil when the policy is met, else a fault that says which family is missing.
func (t Tally) Err() error {
	if !t.known {
		return fault.New(fault.PolicyNotMet, "the root of %q has no role %q", short(t.Org), short(t.Role))
	}
	var missing []string
	if t.Holders.Classical < t.Needed.Classical {
		missing = append(missing, "missing "+string(Classical))
	}
	if t.Holders.PostQuantum < t.Needed.PostQuantum {
		missing = append(missing, "missing "+string(PostQuantum))
	}
	if len(missing) == 0 {
		return nil
	}
	return fault.New(fault.PolicyNotMet, "role %q of %q needs %d classical and %d post-quantum signatures, %d and %d are good: %s",
		t.Role, t.Org, t.Needed.Classical, t.Needed.PostQuantum, t.Holders.Classical, t.Holders.PostQuantum, strings.Join(missing, ", "))
}
