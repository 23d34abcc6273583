package release

import (
	"maps"
	"slices"

	"github.com/cordon-trust/cordon/internal/model"
)

// NormalName returns the one spelling under which names of files are compared; "" for what is no name.
func NormalName(s string) string { return normal(s) }

// FileNames returns every name under which a release or a vouch of the book may be delivered, in order.
func (b *Book) FileNames() []string {
	out := slices.Collect(maps.Keys(b.byName))
	for name := range b.vouchNames {
		if _, ok := b.byName[name]; !ok {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// Hosts returns every host that a release of the book names, in order.
func (b *Book) Hosts() []string {
	all := map[string]bool{}
	for _, r := range b.sets {
		for _, h := range r.Set.Hosts {
			all[h] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Knows reports whether a release of the book has an artifact with these bytes.
func (b *Book) Knows(d model.Digest) bool { return !d.IsZero() && len(b.byBytes[d]) > 0 }
