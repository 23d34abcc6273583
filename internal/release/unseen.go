package release

import (
	"slices"
	"strings"

	"github.com/cordon-trust/cordon/internal/model"
)

// EncryptedFrom is how many bytes of a session that cannot be read have to reach a device before an
// update could be among them; a shorter one is nobody's concern.
const EncryptedFrom = 64 << 10

// session judges an encrypted session: nothing of it can be compared, and TLS protects its bytes itself.
// It is cannot-see where an update may have come this way, to a listed device or from a host that a
// release names, and unknown elsewhere.
func (c *judging) session() {
	c.j.Verdict, c.j.Fits = model.Unknown, model.FitUnknown
	makers := c.book.servedBy(c.from())
	if c.t.Size <= EncryptedFrom || !c.d.Listed && len(makers) == 0 {
		c.why("the session is encrypted, so nothing of it can be compared")
		return
	}
	c.j.Verdict = model.CannotSee
	if c.d.Listed {
		c.why("%d bytes reached this listed device in an encrypted session, so whether an update was among them is not known", c.t.Size)
	}
	if len(makers) > 0 {
		c.why("%d bytes came in an encrypted session from %q, which releases of %s name as their host: what they are is not known",
			c.t.Size, c.t.Host, strings.Join(makers, ", "))
	}
}

// cannotSee holds for a file that has the name under which a release is delivered encrypted for each
// device: its bytes are like no other's, so there is nothing to compare them with. A name alone proves
// little, so it must come the way of that release, and bytes that are plainly something are not encrypted.
func (c *judging) cannotSee() bool {
	r := c.sealed()
	if r == nil {
		return false
	}
	c.j.Verdict = model.CannotSee
	c.nameRelease(r)
	c.why("%q is a name under which %s is delivered, encrypted for each device: its bytes cannot be compared", c.t.Name, r.Subject)
	return true
}

// sealed returns the release that declares the file as encrypted per device, or nil.
func (c *judging) sealed() *Release {
	name := normal(c.t.Name)
	if name == "" || c.t.Refused || len(c.releases) > 0 || len(c.vouches) > 0 || !opaque(c.t.ContentType) {
		return nil
	}
	return newest(slices.DeleteFunc(slices.Clone(c.book.byName[name]), func(r *Release) bool {
		return !r.Stands() || !r.seals(name) || !c.comesFrom(r)
	}))
}

// opaque reports whether the first bytes were recognised as nothing, as encrypted ones are.
func opaque(contentType string) bool {
	return contentType == "" || contentType == "application/octet-stream"
}

// seals reports whether the release declares an artifact as encrypted per device under a name.
func (r *Release) seals(name string) bool {
	return slices.ContainsFunc(r.Set.Artifacts, func(a Artifact) bool {
		return slices.ContainsFunc(a.Forms, func(f Form) bool {
			return f.Form == FormEncrypted && (f.Name == name || f.Name == "" && a.Name == name)
		})
	})
}

// comesFrom reports whether a host of the release sent the transfer or its product received it. When
// neither is known there is nothing that speaks against it.
func (c *judging) comesFrom(r *Release) bool {
	return slices.Contains(r.Set.Hosts, c.from()) || c.d.Product == r.Set.Product ||
		len(r.Set.Hosts) == 0 && c.fit(r.Set.Product) == model.FitUnknown
}

// servedBy returns the publishers of whose releases one names the host, sorted.
func (b *Book) servedBy(host string) []string {
	var out []string
	for _, r := range b.byHost[host] {
		if !slices.Contains(out, r.Set.Author) {
			out = append(out, r.Set.Author)
		}
	}
	slices.Sort(out)
	return out
}
