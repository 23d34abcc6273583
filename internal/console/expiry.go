package console

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/model"
)

// expiry is something that ends by itself.
type expiry struct {
	What string
	Link string // where more is said of it
	At   time.Time
	Left string
	Word string // in force, soon or expired
	Then string // what it means once it has ended
}

// The words for how something that ends stands.
const (
	inForce = "in force"
	endsIn  = "soon"
	expired = "expired"
)

// week is how long before the end of what lasts some weeks only somebody should know.
const week = 7 * day

// maxHeld is how many holds stand among what ends: the list of held findings has them all.
const maxHeld = 20

// expiries are what ends by itself, the soonest first; what has ended is at the front.
func expiries(has *app.Overview, held []model.Finding, now time.Time) []expiry {
	var out []expiry
	add := func(what, link string, at time.Time, ahead time.Duration, then string) {
		e := expiry{What: what, Link: link, At: at, Left: left(at, now), Word: inForce, Then: then}
		switch {
		case !at.After(now):
			e.Word = expired
		case at.Before(now.Add(ahead)):
			e.Word = endsIn
		}
		out = append(out, e)
	}
	for _, t := range has.Trusted {
		add("The trust root of "+t.Org, evidenceOf(model.StatementOf(t.Fingerprint)), t.Expires, soon,
			"what "+t.Org+" publishes counts as stale; take the next root")
	}
	for _, c := range has.Copies {
		add("The word of "+c.Publisher+" about what it publishes", link("/releases", map[string][]string{"publisher": {c.Publisher}}), c.Head, week,
			"the copy is stale since then, and a withdrawal may be missing in it; fetch it again")
	}
	for _, v := range has.Vouches {
		add("This house's vouch for "+v.Name+" as "+v.Release.String(), evidenceOf(model.StatementOf(v.Statement)), v.Expires, soon,
			"its bytes are no longer vouched for")
	}
	n := 0
	for i := range held {
		f := &held[i]
		if f.State != model.Held || f.Hold == nil || f.Hold.Until.IsZero() {
			continue
		}
		if n++; n <= maxHeld {
			add("The hold of a finding: "+f.Summary, "/findings/"+f.ID.Hex(), f.Hold.Until, week, "the finding is open again")
		}
	}
	slices.SortStableFunc(out, func(x, y expiry) int { return cmp.Or(x.At.Compare(y.At), cmp.Compare(x.What, y.What)) })
	return out
}

// left says how long it is until a time, or how long ago it was.
func left(at, now time.Time) string {
	switch d := at.Sub(now); {
	case d >= day:
		return many(int(d/day), "day") + " left"
	case d > 0:
		return "less than a day left"
	case d > -day:
		return "ended less than a day ago"
	default:
		return "ended " + many(int(-d/day), "day") + " ago"
	}
}

// signer is a role with what has to come together for its word to count.
type signer struct {
	app.SignerInfo
	Needs string
	Says  string
	Keys  []signerKey
}

type signerKey struct {
	app.KeyInfo
	Reach    string // what it could reach
	Evidence string
}

func signersOf(list []app.SignerInfo) []signer {
	out := make([]signer, 0, len(list))
	for _, s := range list {
		one := signer{SignerInfo: s, Needs: needs(s), Says: joined(s.Predicates...)}
		for _, k := range s.Keys {
			one.Keys = append(one.Keys, keyLinks(k))
		}
		out = append(out, one)
	}
	return out
}

func keyLinks(k app.KeyInfo) signerKey {
	return signerKey{k, reachOf(k.Key), evidenceOf(k.Key)}
}

// needs says how many of which keys have to sign.
func needs(s app.SignerInfo) string {
	have := map[string]int{}
	for _, k := range s.Keys {
		have[string(k.Family)]++
	}
	of := func(n int, family string) string {
		return strconv.Itoa(n) + " of " + strconv.Itoa(have[family]) + " " + family
	}
	return of(s.Needed.Classical, "classical") + " and " + of(s.Needed.PostQuantum, "post-quantum")
}
