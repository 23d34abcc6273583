package release

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cordon-trust/cordon/internal/model"
)

// likeness says in what a transfer looks like an artifact of a release or of a vouch.
type likeness struct {
	release, product   model.Subject
	publisher          string
	statement, digest  model.Digest
	counter            int64
	size, host, device bool
}

// text names what is alike.
func (l *likeness) text() string {
	parts := []string{"the name"}
	for _, p := range [...]struct {
		is   bool
		text string
	}{{l.size, "the size"}, {l.host, "a host"}, {l.device, "the product"}} {
		if p.is {
			parts = append(parts, p.text)
		}
	}
	last := len(parts) - 1
	return strings.Join(parts[:last], ", ") + " and " + parts[last] + " of an artifact of " + l.release.String()
}

// likest returns the artifact that the transfer looks most like: it has its name, and besides its size,
// one of the hosts of its release, or its product.
func (c *judging) likest() *likeness {
	if len(c.book.byName) == 0 && len(c.book.vouchNames) == 0 {
		return nil
	}
	name := normal(c.t.Name)
	if name == "" {
		return nil
	}
	var all []*likeness
	for _, r := range c.book.byName[name] {
		if !r.Stands() {
			continue
		}
		for _, a := range r.Set.Artifacts {
			if a.Name == name {
				all = append(all, &likeness{
					release: r.Subject, product: r.Set.Product, publisher: r.Set.Author, statement: r.Statement,
					digest: a.SHA256, counter: r.Set.Counter, size: c.hasSize(a.Length),
					host: slices.Contains(r.Set.Hosts, c.t.Host), device: c.d.Product == r.Set.Product,
				})
			}
		}
	}
	for _, v := range c.book.vouchNames[name] {
		if c.holds(v) {
			all = append(all, &likeness{
				release: v.Release, product: v.Product, publisher: v.Author, statement: v.statement,
				digest: v.Artifact.SHA256, size: c.hasSize(v.Artifact.Length), device: c.d.Product == v.Product,
			})
		}
	}
	all = slices.DeleteFunc(all, func(l *likeness) bool { return !l.size && !l.host && !l.device })
	if len(all) == 0 {
		return nil
	}
	return slices.MinFunc(all, func(x, y *likeness) int {
		return cmp.Or(
			first(x.size, y.size), first(x.host, y.host), first(x.device, y.device),
			cmp.Compare(y.counter, x.counter), cmp.Compare(x.statement.Hex(), y.statement.Hex()),
			cmp.Compare(x.digest.Hex(), y.digest.Hex()),
		)
	})
}

// hasSize compares with the size that the sender announced when not every byte was seen.
func (c *judging) hasSize(n int64) bool {
	if !c.t.Complete && c.t.Declared >= 0 {
		return c.t.Declared == n
	}
	return c.t.Complete && c.t.Size == n
}
