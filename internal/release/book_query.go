package release

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// Withdrawn tells who took a release back, and why.
type Withdrawn struct {
	By        string
	Reason    string
	Statement model.Digest
	Issued    time.Time // by its author's clock
	Held      time.Time // when this house first held it; zero: not known
}

// Vouching tells what a hospital stated about a file that it received.
type Vouching struct {
	Vouch
	Statement model.Digest
	Suspect   error // nil: it rests on keys that are not said to be compromised
}

// Releases returns every release that its publisher signed with effect here, also those that do not
// stand, by publisher, product, kind and counter.
func (b *Book) Releases() []Release {
	return copied(slices.Collect(maps.Values(b.sets)))
}

// ByDigest returns the releases that have an artifact with these bytes.
func (b *Book) ByDigest(d model.Digest) []Release { return copied(b.byBytes[d]) }

// Lookup returns a publisher's release of that version. One that stands comes before one that does not.
func (b *Book) Lookup(publisher string, product model.Subject, version string) (Release, bool) {
	s, err := model.ReleaseOf(publisher, product, version)
	if err != nil {
		return Release{}, false
	}
	list := copied(b.bySubject[s])
	if len(list) == 0 {
		return Release{}, false
	}
	slices.SortStableFunc(list, func(x, y Release) int {
		if x.Stands() != y.Stands() {
			if x.Stands() {
				return -1
			}
			return 1
		}
		return 0
	})
	return list[0], true
}

// Withdrawal returns who took a release back with effect in this house.
func (b *Book) Withdrawal(release model.Subject) (Withdrawn, bool) {
	w, _ := b.withdrawn(release)
	if w == nil {
		return Withdrawn{}, false
	}
	return Withdrawn{By: w.Author, Reason: w.Reason, Statement: w.statement, Issued: w.Issued, Held: w.held}, true
}

// Vouches returns what this house vouches for, what ends first at the front.
func (b *Book) Vouches() []Vouching {
	var out []Vouching
	for _, list := range b.vouches {
		for _, v := range list {
			out = append(out, Vouching{v.Vouch, v.statement, v.suspect})
		}
	}
	slices.SortFunc(out, func(x, y Vouching) int {
		return cmp.Or(x.Expires.Compare(y.Expires), cmp.Compare(x.Statement.Hex(), y.Statement.Hex()))
	})
	return out
}

// NextCounter returns the next free release counter of a publisher's product and kind.
func (b *Book) NextCounter(publisher string, product model.Subject, kind Kind) int64 {
	next := int64(1)
	for _, r := range b.sets {
		if r.Set.Author == publisher && r.Set.Product == product && r.Set.Kind == kind {
			next = max(next, r.Set.Counter+1)
		}
	}
	return next
}

// CheckNew says whether a set may be added to what the book holds. It fails with VersionTaken when there
// is a release of that name, and with CounterLow when the counter does not grow.
func CheckNew(b *Book, set Set) error {
	if old, ok := b.Lookup(set.Author, set.Product, set.Version); ok {
		same := "with other files"
		if sameFiles(old.Set, set) {
			same = "with the same files"
		}
		return fault.New(fault.VersionTaken, "%s is already recorded, %s", old.Subject, same)
	}
	if next := b.NextCounter(set.Author, set.Product, set.Kind); set.Counter < next {
		return fault.New(fault.CounterLow, "counter %d for %s of %s is not higher than %d, which is in use",
			set.Counter, set.Kind, set.Product, next-1)
	}
	return nil
}

func sameFiles(a, b Set) bool {
	return slices.EqualFunc(a.Artifacts, b.Artifacts, func(x, y Artifact) bool {
		return x.Name == y.Name && x.SHA256 == y.SHA256
	})
}

func copied(list []*Release) []Release {
	out := make([]Release, len(list))
	for i, r := range list {
		out[i] = *r
	}
	slices.SortFunc(out, compareReleases)
	return out
}

func compareReleases(a, b Release) int {
	return cmp.Or(
		cmp.Compare(a.Set.Author, b.Set.Author),
		cmp.Compare(a.Set.Product.String(), b.Set.Product.String()),
		cmp.Compare(a.Set.Kind, b.Set.Kind),
		cmp.Compare(a.Set.Counter, b.Set.Counter),
		cmp.Compare(a.Statement.Hex(), b.Statement.Hex()),
	)
}
