package release

import (
	"fmt"
	"slices"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
)

func (c *judging) ambiguous() bool {
	if !c.t.Ambiguous {
		return false
	}
	c.j.Verdict = model.Ambiguous
	c.why("two copies of the same bytes differed before the receiver acknowledged them, so the device may have kept other bytes than these")
	c.nameBest()
	return true
}

// withdrawn holds when any release with these bytes was taken back. When the device's product is known
// and some release is for it, releases for other products are left aside.
func (c *judging) withdrawn() bool {
	for _, ours := range [...]bool{true, false} {
		for _, r := range c.releases {
			if w, _ := c.book.withdrawn(r.Subject); w != nil && c.fits(r.Set.Product) == ours {
				c.nameRelease(r)
				return c.takenBack(w)
			}
		}
		for _, v := range c.vouches {
			if w, _ := c.book.withdrawn(v.Release); w != nil && c.fits(v.Product) == ours {
				c.nameVouch(v)
				return c.takenBack(w)
			}
		}
		if c.someFit() {
			return false
		}
	}
	return false
}

func (c *judging) takenBack(w *taken) bool {
	c.j.Verdict, c.j.Statement = model.Withdrawn, w.statement
	c.why("%s", c.book.takenText(w))
	return true
}

func (b *Book) takenText(w *taken) string {
	if w.Author == b.house {
		return fmt.Sprintf("this house holds back %s since %s: %s", w.Release, stamp(w.Issued), w.Reason)
	}
	return fmt.Sprintf("the maker %s withdrew %s on %s: %s", w.Author, w.Release, stamp(w.Issued), w.Reason)
}

// someFit reports whether somebody with a say has these bytes for the device's product.
func (c *judging) someFit() bool {
	return slices.ContainsFunc(c.releases, func(r *Release) bool { return r.Stands() && c.fits(r.Set.Product) }) ||
		slices.ContainsFunc(c.vouches, func(v *vouched) bool { return c.holds(v) && c.fits(v.Product) })
}

func (c *judging) wrongDevice() bool {
	if !c.d.Listed || !c.d.IsEndpoint() || c.d.Product.IsZero() || c.someFit() || c.standing() == nil && c.vouch() == nil {
		return false
	}
	c.j.Verdict = model.WrongDevice
	c.nameBest()
	c.why("%s is for %s, and this device is listed as %s", c.j.Release, c.j.Product, c.d.Product)
	return true
}

// replayed compares with the best name these bytes have: the same file in a newer release is no step
// back.
func (c *judging) replayed() bool {
	r := c.standing()
	if r == nil || !c.d.IsEndpoint() {
		return false
	}
	for _, n := range c.running() {
		if c.stepBack(n, r) {
			c.j.Verdict = model.Replayed
			c.nameRelease(r)
			c.why("%s has counter %d, and the device list records that this device runs %s with counter %d, which permits no step back to it",
				r.Subject, r.Set.Counter, n.Subject, n.Set.Counter)
			return true
		}
	}
	if c.history == nil || c.d.Subject.IsZero() {
		return false
	}
	for _, had := range c.history.Received(c.d.Subject, c.t.Time) {
		for _, n := range c.book.bySubject[had] {
			if c.stepBack(n, r) {
				c.j.Verdict = model.Replayed
				c.nameRelease(r)
				c.why("%s has counter %d, and this device had %s with counter %d before, which permits no step back to it",
					r.Subject, r.Set.Counter, n.Subject, n.Set.Counter)
				return true
			}
		}
	}
	return false
}

// running returns the releases of the version that the device list records for the device.
func (c *judging) running() []*Release {
	if c.d.Running == "" || c.d.Product.IsZero() {
		return nil
	}
	var out []*Release
	for _, r := range c.book.byProduct[c.d.Product] {
		if r.Set.Version == c.d.Running {
			out = append(out, r)
		}
	}
	return out
}

func (c *judging) stepBack(from, to *Release) bool {
	if !from.Stands() || from.Set.Author != to.Set.Author || from.Set.Product != to.Set.Product ||
		from.Set.Kind != to.Set.Kind || from.Set.Counter <= to.Set.Counter {
		return false
	}
	w, _ := c.book.withdrawn(from.Subject)
	return w == nil && !slices.Contains(from.Set.StepsBack, to.Set.Version)
}

func (c *judging) verified() bool {
	r := c.standing()
	if r == nil {
		return false
	}
	c.j.Verdict = model.Verified
	c.nameRelease(r)
	return true
}

func (c *judging) vouched() bool {
	v := c.vouch()
	if v == nil {
		return false
	}
	c.j.Verdict = model.Vouched
	c.nameVouch(v)
	return true
}

// altered holds when bytes that nobody with a say knows look like an artifact of a release and differ. What
// is declared as a delivery form is not expected to have the artifact's bytes.
func (c *judging) altered() bool {
	if c.declared() != nil {
		return false
	}
	if !c.t.Complete || c.t.Digest.IsZero() {
		return c.alteredInPart()
	}
	l := c.likest()
	if l == nil {
		return false
	}
	c.j.Verdict = model.Altered
	c.nameLike(l)
	c.why("%s, but other bytes", c.plainly(l))
	c.why("it has %s, and its bytes differ from that artifact, which is %s of %d bytes", l.text(), l.digest, l.length)
	return true
}

func (c *judging) incomplete() bool {
	if c.t.Complete && !c.t.Digest.IsZero() {
		return false
	}
	c.j.Verdict = model.Incomplete
	if c.t.Declared > c.t.Size {
		c.why("%d of %d bytes were seen, so there is no digest to compare", c.t.Size, c.t.Declared)
	} else {
		c.why("not every byte was seen, so there is no digest to compare")
	}
	c.nameInPart()
	return true
}

// unsigned is all that is said of most transfers. It has no room for more, so that what is added makes a copy.
var unsigned = [...]string{"no organisation that this house trusts has signed these bytes"}

func (c *judging) unknown() bool {
	c.j.Verdict = model.Unknown
	if c.nameBest(); c.j.Release.IsZero() {
		c.j.Why = unsigned[:]
	}
	c.j.Unlogged = len(c.releases) > 0 && !c.releases[0].Logged
	return true
}

// declared returns the release that declares these bytes, or this name, as a delivery form.
func (c *judging) declared() *Release {
	if len(c.book.byName) == 0 && len(c.book.byForm) == 0 {
		return nil
	}
	var list []*Release
	for _, d := range [...]model.Digest{c.t.Digest, c.t.EntityDigest} {
		if !d.IsZero() {
			list = append(list, c.book.byForm[d]...)
		}
	}
	if name := normal(c.t.Name); name != "" && !c.t.Refused {
		for _, r := range c.book.byName[name] {
			if r.delivers(name, opaque(c.t.ContentType)) {
				list = append(list, r)
			}
		}
	}
	return newest(slices.DeleteFunc(list, func(r *Release) bool { return !r.Stands() }))
}

// delivers reports whether the release declares a delivery form other than an archive under a name. What
// is plainly something is not delivered encrypted.
func (r *Release) delivers(name string, opaque bool) bool {
	if opaque && r.seals(name) {
		return true
	}
	return slices.ContainsFunc(r.Set.Artifacts, func(a Artifact) bool {
		return slices.ContainsFunc(a.Forms, func(f Form) bool { return f.Form == FormDelta && f.Name == name })
	})
}

func newest(list []*Release) *Release {
	if len(list) == 0 {
		return nil
	}
	return slices.MinFunc(list, func(x, y *Release) int { return compareReleases(*y, *x) })
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
