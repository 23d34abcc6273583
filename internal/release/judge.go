package release

import (
	"cmp"
	"slices"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
)

// History tells what a device had before.
type History interface {
	// Received returns the releases that the device received verified and complete earlier than before, in
	// capture time.
	Received(device model.Subject, before time.Time) []model.Subject
}

// Judge says what a transfer is against the releases of the book. It is pure: the same book, time,
// transfer, device and history give the same judgement. h may be nil: then nothing is replayed.
func (b *Book) Judge(now time.Time, t *model.Transfer, d model.Device, h History) model.Judgement {
	c := &judging{book: b, now: now, t: t, d: d, history: h}
	if c.d.Subject.IsZero() {
		c.d.Subject = t.Device
	}
	if t.Encrypted {
		c.session()
		return c.j
	}
	c.match()
	// The order is the precedence of the verdicts: the first that holds is the transfer's.
	_ = c.ambiguous() || c.withdrawn() || c.wrongDevice() || c.replayed() || c.verified() || c.vouched() ||
		c.altered() || c.incomplete() || c.cannotSee() || c.thirdParty() || c.unknown()
	c.explain()
	return c.j
}

// judging is one transfer being judged. It belongs to the goroutine that called Judge.
type judging struct {
	book    *Book
	now     time.Time
	t       *model.Transfer
	d       model.Device
	history History

	releases []*Release  // that have these bytes, the one to name first
	vouches  []*vouched  // for these bytes, the one to name first
	compared bool        // likes was made
	likes    []*likeness // see alike
	j        model.Judgement

	asked  bool // for the third party that sent it, which is sender
	sender struct {
		publisher, list string
		ok              bool
	}
}

// match finds who speaks of these bytes, as sent or as decoded.
func (c *judging) match() {
	for _, d := range [...]model.Digest{c.t.Digest, c.t.EntityDigest} {
		if d.IsZero() {
			continue
		}
		for _, r := range c.book.byBytes[d] {
			if !slices.Contains(c.releases, r) {
				c.releases = append(c.releases, r)
			}
		}
		for _, v := range c.book.vouches[d] {
			if !slices.Contains(c.vouches, v) {
				c.vouches = append(c.vouches, v)
			}
		}
	}
	slices.SortFunc(c.releases, func(x, y *Release) int {
		return cmp.Or(
			first(x.Stands(), y.Stands()),
			first(c.fits(x.Set.Product), c.fits(y.Set.Product)),
			cmp.Compare(y.Set.Counter, x.Set.Counter),
			earlier(x.Held, y.Held, x.Seq, y.Seq),
			cmp.Compare(x.Statement.Hex(), y.Statement.Hex()),
		)
	})
	slices.SortFunc(c.vouches, func(x, y *vouched) int {
		return cmp.Or(
			first(c.holds(x), c.holds(y)),
			first(c.fits(x.Product), c.fits(y.Product)),
			y.Expires.Compare(x.Expires),
			cmp.Compare(x.statement.Hex(), y.statement.Hex()),
		)
	})
}

// first orders what is true before what is not.
func first(x, y bool) int {
	switch {
	case x == y:
		return 0
	case x:
		return -1
	}
	return 1
}

// holds reports whether a vouch counts.
func (c *judging) holds(v *vouched) bool { return v.suspect == nil && c.now.Before(v.Expires) }

// standing returns the release to name when the bytes are some publisher's, or nil.
func (c *judging) standing() *Release {
	if len(c.releases) > 0 && c.releases[0].Stands() {
		return c.releases[0]
	}
	return nil
}

// vouch returns the vouch to name, or nil.
func (c *judging) vouch() *vouched {
	if len(c.vouches) > 0 && c.holds(c.vouches[0]) {
		return c.vouches[0]
	}
	return nil
}

// nameRelease and nameVouch let the judgement rest on a statement.
func (c *judging) nameRelease(r *Release) {
	c.j.Release, c.j.Product, c.j.Publisher, c.j.Statement = r.Subject, r.Set.Product, r.Set.Author, r.Statement
}

func (c *judging) nameVouch(v *vouched) {
	c.j.Release, c.j.Product, c.j.Publisher, c.j.Statement = v.Release, v.Product, v.Author, v.statement
}

// nameBest names whatever speaks of these bytes, the strongest first.
func (c *judging) nameBest() {
	switch v := c.vouch(); {
	case c.standing() == nil && v != nil:
		c.nameVouch(v)
	case len(c.releases) > 0:
		c.nameRelease(c.releases[0])
	}
}
