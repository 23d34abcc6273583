package evidence

import (
	"slices"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// Trusted is a root with what this house decided about it.
type Trusted struct {
	Root      Root
	Digest    model.Digest // of the trust-root statement: its fingerprint
	Confirmed bool         // a person compared the fingerprint
}

// Roots are the trust roots a house holds, every version. It is a value to read: build it with
// [NewRoots] and do not change it while others read.
type Roots struct {
	House string // the organisation that looks: it has a say about everything inside its own house
	byOrg map[string][]Trusted
}

// NewRoots returns the roots of a house; per organisation the highest version is in force.
func NewRoots(house string, roots ...Trusted) *Roots {
	b := &Roots{House: house, byOrg: map[string][]Trusted{}}
	for _, t := range roots {
		b.byOrg[t.Root.Author] = append(b.byOrg[t.Root.Author], t)
	}
	for _, list := range b.byOrg {
		slices.SortStableFunc(list, func(x, y Trusted) int { return y.Root.Version - x.Root.Version })
	}
	return b
}

// Of returns the root in force of an organisation.
func (b *Roots) Of(org string) (Trusted, bool) {
	list := b.byOrg[org]
	if len(list) == 0 {
		return Trusted{}, false
	}
	return list[0], true
}

// Versions returns every root held of an organisation, the one in force first.
func (b *Roots) Versions(org string) []Trusted { return b.byOrg[org] }

// Orgs returns the organisations whose roots are held, sorted.
func (b *Roots) Orgs() []string {
	out := make([]string, 0, len(b.byOrg))
	for org := range b.byOrg {
		out = append(out, org)
	}
	slices.Sort(out)
	return out
}

// OwnerOf returns the organisation in whose root a key stands, and the key's role: this house first, then
// by name. It is for people: anybody can list anybody's public key, so no decision rests on it.
func (b *Roots) OwnerOf(key model.Subject) (org, role string, ok bool) {
	for _, org := range append([]string{b.House}, b.Orgs()...) {
		for _, t := range b.byOrg[org] {
			if role := t.Root.RoleOf(key); role != "" {
				return org, role, true
			}
		}
	}
	return "", "", false
}

// Verified is an envelope whose signatures meet the policy of a role of its author.
type Verified struct {
	Envelope  Envelope
	Digest    model.Digest // of the statement
	Statement Statement
	Header    Header
	Role      string
	Tally     Tally
	Effect    Effect
	Reason    string // what the effect is, or why there is none
	InHouse   bool   // the effect ends at the walls of this house
	Version   int    // of the author's root under which it verified
	Confirmed bool   // the author's root was confirmed by a person
}

// Verify checks an envelope under the roots in force. It fails with fault.UnknownOrg when the author's
// root is not held, and with fault.PolicyNotMet when no role of the author signed it.
func (b *Roots) Verify(env Envelope) (Verified, error) {
	return b.verify(env, 1)
}

// Again checks an envelope that was accepted earlier: under the root in force or any before it.
func (b *Roots) Again(env Envelope) (Verified, error) {
	return b.verify(env, -1)
}

// Recall rebuilds what [Roots.Verify] said of an envelope earlier, from the role and the signatures that
// were recorded then. It does no arithmetic: an answer that rests on the statement verifies it [Roots.Again].
func (b *Roots) Recall(env Envelope, role string, refs []SignatureRef) (Verified, error) {
	st, err := ParseStatement(env.Payload)
	if err != nil {
		return Verified{}, err
	}
	var h Header
	if err := st.Decode(&h); err != nil {
		return Verified{}, err
	}
	held := b.byOrg[h.Author]
	for _, t := range held {
		if tally := t.Root.Recount(role, refs, nil); tally.Met() {
			v := t.weigh(env, st, b.House, held, tally)
			v.Header, v.Digest = h, env.Digest()
			return v, nil
		}
	}
	return Verified{}, fault.New(fault.PolicyNotMet, "statement:%s is recorded as signed by role %q of %q, and the signatures do not bear that out",
		env.Digest(), role, short(h.Author))
}

func (b *Roots) verify(env Envelope, versions int) (Verified, error) {
	if err := env.check(); err != nil {
		return Verified{}, err
	}
	st, err := ParseStatement(env.Payload)
	if err != nil {
		return Verified{}, err
	}
	var h Header
	if err := st.Decode(&h); err != nil {
		return Verified{}, err
	}
	held := b.byOrg[h.Author]
	if len(held) == 0 {
		return Verified{}, fault.New(fault.UnknownOrg, "no trust root of %q is held", short(h.Author))
	}
	list := held
	if versions > 0 && len(list) > versions {
		list = list[:versions]
	}
	var first error
	for _, t := range list {
		v, err := t.verify(env, st, b.House, held)
		if err == nil {
			v.Header, v.Digest = h, env.Digest()
			return v, nil
		}
		if first == nil {
			first = err
		}
	}
	return Verified{}, first
}

// verify tries the roles that may say this with effect first, then every other: what a wrong role says
// is a claim, what no role says is refused. A role whose word has effect wins over one whose word has
// none, so that nobody weakens a statement by signing it too.
func (t Trusted) verify(env Envelope, st Statement, house string, held []Trusted) (Verified, error) {
	root := t.Root
	var claim *Verified
	nearest := Tally{Org: root.Author, Role: RoleRoot} // of the roles that did not sign, the one with most signatures: it makes the best error
	for _, name := range signingOrder(&root, st) {
		tally := root.Policy(name, env)
		if !tally.Met() {
			if !nearest.known || len(tally.Signatures) > len(nearest.Signatures) {
				nearest = tally
			}
			continue
		}
		v := t.weigh(env, st, house, held, tally)
		if v.Effect == Fact {
			return v, nil
		}
		if claim == nil {
			claim = &v
		}
	}
	if claim != nil {
		return *claim, nil
	}
	return Verified{}, nearest.Err()
}

// weigh says what effect a statement has that a role of the root signed.
func (t Trusted) weigh(env Envelope, st Statement, house string, held []Trusted, tally Tally) Verified {
	v := Verified{Envelope: env, Statement: st, Role: tally.Role, Tally: tally, Version: t.Root.Version, Confirmed: t.Confirmed}
	v.Effect, v.Reason = effect(&t.Root, held, tally.Role, house, st)
	if v.Effect == Fact && selfAccused(&t.Root, st, tally) {
		v.Effect, v.Reason = Claim, "a key cannot say of itself that it is compromised"
	}
	v.InHouse = v.Effect == Fact && ruleOf(&t.Root, st).InHouse
	return v
}

// ruleOf returns the row of the authority table for what a statement says; without one, the zero rule.
func ruleOf(root *Root, st Statement) Rule {
	var rule Rule
	if predicate, own := ownPredicate(st.PredicateType); own {
		rule, _ = ruleFor(predicate, root.Kind)
	}
	return rule
}

// signingOrder returns the roles of the root, those first that may say this with effect.
func signingOrder(root *Root, st Statement) []string {
	names := slices.Clone(ruleOf(root, st).Roles)
	for _, ro := range root.Roles {
		if !slices.Contains(names, ro.Name) {
			names = append(names, ro.Name)
		}
	}
	return names
}

// selfAccused reports whether a compromise rests on the key it speaks about. That the key signed too
// changes nothing: else its thief could silence the others by adding a signature.
func selfAccused(root *Root, st Statement, tally Tally) bool {
	if st.PredicateType != PredicateURI(PredCompromise) {
		return false
	}
	accused := func(k model.Subject) bool { return slices.Contains(st.Subjects, k) }
	return !root.Recount(tally.Role, tally.Signatures, accused).Met()
}
