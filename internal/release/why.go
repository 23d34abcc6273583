package release

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/model"
)

func (c *judging) why(format string, args ...any) {
	s := format
	if len(args) > 0 {
		s = fmt.Sprintf(format, args...)
	}
	if !slices.Contains(c.j.Why, s) {
		c.j.Why = append(c.j.Why, s)
	}
}

// explain adds what else held beside the sentence of the verdict itself.
func (c *judging) explain() {
	c.sayFit()
	c.also()
	for _, r := range c.releases {
		c.sayRelease(r)
	}
	for _, v := range c.vouches {
		c.sayVouch(v)
	}
	if c.standing() == nil {
		if r := c.declared(); r != nil {
			c.why("%s declares such a delivery: declared form, not matched yet", r.Subject)
		}
	}
	if c.t.Unchecked {
		c.why("it rests on segments whose checksum could not be checked")
	}
	c.sayParty()
	c.sayPublisher()
}

func (c *judging) sayRelease(r *Release) {
	bytes := "these bytes"
	if !r.has(c.t.Digest) {
		bytes = "these bytes once decoded"
	}
	who := "the maker " + r.Set.Author
	if r.Set.Author == c.book.house {
		who = "this house"
	}
	verb := "signed"
	if r.Set.Kind == Endorsement {
		verb = "endorsed"
	}
	switch {
	case r.Suspect != nil:
		c.why("%s %s %s as %s, which does not count: %s", who, verb, bytes, r.Subject, r.Suspect)
	case !r.Logged:
		c.why("%s has %s under the keys of %s and is not in its publication log, which is what a stolen key looks like, so it does not count",
			r.Subject, bytes, r.Set.Author)
	default:
		c.why("%s %s %s as %s (%s, %s)", who, verb, bytes, r.Subject, r.Signatures, heldSince(r.Held))
	}
	switch w, suspect := c.book.withdrawn(r.Subject); {
	case w != nil:
		c.sayTaken(w)
	case suspect != nil:
		c.why("a withdrawal of %s does not count: %s", r.Subject, suspect.suspect)
	}
	if other := c.book.bySubject[r.Subject]; len(other) > 1 {
		c.why("%s signed %d different sets as %s", r.Set.Author, len(other), r.Subject)
	}
}

func (r *Release) has(d model.Digest) bool {
	return slices.ContainsFunc(r.Set.Artifacts, func(a Artifact) bool { return a.SHA256 == d })
}

func (c *judging) sayVouch(v *vouched) {
	switch {
	case v.suspect != nil:
		c.why("the vouch of this house for %s does not count: %s", v.Release, v.suspect)
	case !c.holds(v):
		c.why("the vouch of this house for these bytes as %s expired on %s", v.Release, stamp(v.Expires))
	case c.standing() != nil:
		c.why("the signature of %s replaces the vouch of this house for %s", c.releases[0].Set.Author, v.Release)
	default:
		c.why("this house vouches for these bytes as %s until %s, received from: %s", v.Release, stamp(v.Expires), v.Source)
	}
}

func heldSince(t time.Time) string {
	if t.IsZero() {
		return "held by this house since an unknown time"
	}
	return "held by this house since " + stamp(t)
}

// sayPublisher adds how far the word of the publisher can be relied on, and how old our copy of it is.
func (c *judging) sayPublisher() {
	org := c.j.Publisher
	if org == "" || org == c.book.house || c.j.Verdict == model.ThirdParty {
		return
	}
	for _, r := range c.book.bySubject[c.j.Release] {
		if !r.Confirmed {
			c.why("the root of %s is not confirmed: nobody compared its fingerprint yet", org)
		}
	}
	f, ok := c.book.fresh[org]
	if !ok {
		c.why("this house never synced the publication log of %s", org)
		return
	}
	age := "less than a day"
	if n := int(c.now.Sub(f.SyncedAt) / (24 * time.Hour)); n == 1 {
		age = "1 day"
	} else if n > 1 {
		age = fmt.Sprintf("%d days", n)
	}
	c.why("the copy of the publication log of %s is %s old", org, age)
	if c.now.After(f.Expires) {
		c.j.StaleSince = f.Expires
		c.why("that copy is stale since %s: newer releases and withdrawals may be missing", stamp(f.Expires))
	}
}

// algorithms names the signature algorithms that made a statement's policy met. The verified statement
// has the keys' identities only, but each algorithm has its own length of signature.
func algorithms(v evidence.Verified) string {
	var names []string
	for _, s := range v.Envelope.Signatures {
		raw, err := base64.StdEncoding.DecodeString(s.Sig)
		if err != nil || !slices.ContainsFunc(v.Tally.Signatures, func(r evidence.SignatureRef) bool {
			return r.Digest == model.DigestOf(raw)
		}) {
			continue
		}
		if n := algorithmOf(len(raw)); !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return first(strings.HasPrefix(b, "ML-"), strings.HasPrefix(a, "ML-"))
	})
	if len(names) == 0 {
		return fmt.Sprintf("%d classical and %d post-quantum", v.Tally.Holders.Classical, v.Tally.Holders.PostQuantum)
	}
	return strings.Join(names, " and ")
}

// algorithmOf names the algorithm by the length of a signature (RFC 8032 section 5.1.6; FIPS 204 table 2).
func algorithmOf(n int) string {
	switch n {
	case 64:
		return "Ed25519"
	case 3309:
		return "ML-DSA-65"
	case 4627:
		return "ML-DSA-87"
	}
	return "ECDSA"
}
