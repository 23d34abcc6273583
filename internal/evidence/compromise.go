package evidence

import (
	"fmt"
	"slices"
	"time"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// SinceUnknown is the "since" of a compromise whose time nobody knows.
const SinceUnknown = "unknown"

// Compromise is the predicate that says a key can no longer be relied on since a time.
type Compromise struct {
	Header
	Key    model.Subject `json:"key"`
	Since  string        `json:"since"` // RFC 3339 UTC, or "unknown"
	Reason string        `json:"reason,omitempty"`
}

// SinceTime returns the time since when, and false when it is not known.
func (c Compromise) SinceTime() (time.Time, bool, error) {
	if c.Since == SinceUnknown {
		return time.Time{}, false, nil
	}
	t, err := time.Parse(time.RFC3339, c.Since)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("since %q is neither a time nor %q", short(c.Since), SinceUnknown)
	}
	return t.UTC(), true, nil
}

// DecodeCompromise reads a compromise statement.
func DecodeCompromise(st Statement) (Compromise, error) {
	var c Compromise
	if err := st.Decode(&c); err != nil {
		return Compromise{}, err
	}
	if _, _, err := c.SinceTime(); err != nil {
		return Compromise{}, fault.Wrap(err, fault.BadEnvelope, "the compromise of %s cannot be read", c.Key)
	}
	if c.Key.Kind() != model.KindKey || len(st.Subjects) != 1 || st.Subjects[0] != c.Key {
		return Compromise{}, fault.New(fault.BadEnvelope, "a compromise is about one key, and names it as its subject")
	}
	return c, nil
}

// Compromises are the compromises in effect in a house. The zero value holds none.
type Compromises struct {
	byKey map[model.Subject][]spoken
}

// spoken is a compromise with how far it reaches.
type spoken struct {
	Compromise
	since  time.Time // zero: unknown, and so earlier than all
	inside bool      // said by this house: it counts for every statement here
}

// Add takes a verified compromise. What has no effect is left out.
func (c *Compromises) Add(v Verified) error {
	if v.Effect != Fact || v.Statement.PredicateType != PredicateURI(PredCompromise) {
		return nil
	}
	p, err := DecodeCompromise(v.Statement)
	if err != nil {
		return err
	}
	since, _, err := p.SinceTime()
	if err != nil {
		return err
	}
	if c.byKey == nil {
		c.byKey = map[model.Subject][]spoken{}
	}
	c.byKey[p.Key] = append(c.byKey[p.Key], spoken{p, since, v.InHouse})
	return nil
}

// Of returns what was said of a key, in the order in which it was added.
func (c *Compromises) Of(key model.Subject) []Compromise {
	var out []Compromise
	for _, s := range c.byKey[key] {
		out = append(out, s.Compromise)
	}
	return out
}

// Suspect reports whether a signature by key on a statement that this verifier first held at held (by
// a clock that is not the signer's; zero: no such time) can no longer be relied on. The earliest time
// that anybody with a say gave counts, and an unknown time is earlier than all: T moves back, never
// forward. It counts whoever said it, and a public key can stand in the roots of two organisations: to
// judge a statement use [Roots.Stands] or [Compromises.SuspectFor].
func (c *Compromises) Suspect(key model.Subject, held time.Time) bool {
	return slices.ContainsFunc(c.byKey[key], func(s spoken) bool { return s.reaches(held) })
}

// SuspectFor is [Compromises.Suspect] for a statement of one organisation: what that organisation and
// this house said of the key counts. Otherwise a partner could list a rival's public key in its own
// root, call it compromised, and bring down what the rival signed.
func (c *Compromises) SuspectFor(org string, key model.Subject, held time.Time) bool {
	return slices.ContainsFunc(c.byKey[key], func(s spoken) bool { return s.counts(org) && s.reaches(held) })
}

func (s spoken) counts(org string) bool { return s.inside || s.Author == org }

func (s spoken) reaches(held time.Time) bool { return held.IsZero() || !held.Before(s.since) }

// Stands recounts a statement's signatures without those that a compromise makes suspect, under the
// root version under which it verified. It returns nil when the policy of its role is still met.
func (b *Roots) Stands(v Verified, held time.Time, c *Compromises) error {
	org := v.Header.Author
	suspect := func(k model.Subject) bool { return c.SuspectFor(org, k, held) }
	list := b.byOrg[org]
	i := slices.IndexFunc(list, func(t Trusted) bool { return t.Root.Version == v.Version })
	if i < 0 {
		return fault.New(fault.UnknownOrg, "version %d of the trust root of %q is not held", v.Version, short(org))
	}
	tally := list[i].Root.Recount(v.Role, v.Tally.Signatures, suspect)
	missing := tally.Err()
	if missing == nil {
		return nil
	}
	for _, ref := range v.Tally.Signatures {
		if suspect(ref.Key) {
			return fault.New(fault.Suspect, "it rests on %s, which is said to be compromised since %s, and this house %s",
				ref.Key, c.earliest(org, ref.Key), heldText(held))
		}
	}
	return missing
}

// earliest says since when a key is compromised for the statements of org.
func (c *Compromises) earliest(org string, key model.Subject) string {
	var first *spoken
	for i, s := range c.byKey[key] {
		if s.counts(org) && (first == nil || s.since.Before(first.since)) {
			first = &c.byKey[key][i]
		}
	}
	if first == nil || first.since.IsZero() {
		return "an unknown time"
	}
	return first.since.Format(time.RFC3339)
}

func heldText(held time.Time) string {
	if held.IsZero() {
		return "has no independent time for it"
	}
	return "first held it at " + held.UTC().Format(time.RFC3339)
}
