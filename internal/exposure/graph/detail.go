package graph

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/cordon-trust/cordon/internal/model"
)

// MaxNeeds is the largest k that an edge can state for a gate.
const MaxNeeds = 64

// ParseNeeds returns the k of a relation "needs:<k>". ok is false for any other relation, and for a k
// outside 1 to [MaxNeeds] or with a leading zero or sign: such an edge states no k.
func ParseNeeds(relation string) (k int, ok bool) {
	digits, found := strings.CutPrefix(relation, "needs:")
	if !found {
		return 0, false
	}
	k, err := strconv.Atoi(digits)
	if err != nil || k < 1 || k > MaxNeeds || strconv.Itoa(k) != digits {
		return 0, false
	}
	return k, true
}

// detail is all of an edge but its ends and its harm. Many edges share one: those of a statement with
// the same relation.
type detail struct {
	since, until                         time.Time
	relation, control, author, statement uint32 // places in details.texts and details.digests
	known                                uint8  // place in model.Knowns: a smaller one is stronger
	needs                                uint8  // the k that the relation states; 0: none
	claim                                bool
}

// backward reports an interval that ends before it begins, or at once.
func (d *detail) backward() bool {
	return !d.since.IsZero() && !d.until.IsZero() && !d.since.Before(d.until)
}

// timed reports whether the edge held for a limited time only.
func (d *detail) timed() bool {
	return !(d.since.IsZero() && d.until.IsZero()) && !d.backward()
}

// strong reports whether the edge can carry the certain set.
func (d *detail) strong() bool { return !d.claim && d.known <= 1 && !d.backward() }

// details is the table of them, sorted so that a smaller id is a stronger edge.
type details struct {
	list    []detail
	texts   []string
	digests []model.Digest
}

func (ds *details) edge(id uint32) model.Edge {
	d := &ds.list[id]
	return model.Edge{
		Relation:  ds.texts[d.relation],
		Known:     model.Knowns[d.known],
		Since:     d.since,
		Until:     d.until,
		Control:   ds.texts[d.control],
		Statement: ds.digests[d.statement],
		Author:    ds.texts[d.author],
		Claim:     d.claim,
	}
}

func (ds *details) bytes() int64 {
	n := int64(len(ds.list))*int64(unsafe.Sizeof(detail{})) + int64(len(ds.digests))*int64(len(model.Digest{}))
	for _, t := range ds.texts {
		n += int64(len(t)) + int64(unsafe.Sizeof(t))
	}
	return n
}

// sorted orders the table from strong to weak, whatever the order in which edges came, and returns
// the new id of every old one.
func (ds *details) sorted() []uint32 {
	at := make([]uint32, len(ds.list))
	for i := range at {
		at[i] = uint32(i)
	}
	slices.SortFunc(at, func(i, j uint32) int { return ds.compare(&ds.list[i], &ds.list[j]) })
	list, moved := make([]detail, len(at)), make([]uint32, len(at))
	for i, old := range at {
		list[i], moved[old] = ds.list[old], uint32(i)
	}
	ds.list = list
	return moved
}

func (ds *details) compare(a, b *detail) int {
	claim := func(d *detail) int {
		if d.claim {
			return 1
		}
		return 0
	}
	return cmp.Or(
		cmp.Compare(claim(a), claim(b)),
		cmp.Compare(a.known, b.known),
		cmp.Compare(ds.texts[a.relation], ds.texts[b.relation]),
		cmp.Compare(ds.texts[a.author], ds.texts[b.author]),
		cmp.Compare(ds.texts[a.control], ds.texts[b.control]),
		slices.Compare(ds.digests[a.statement][:], ds.digests[b.statement][:]),
		a.since.Compare(b.since),
		a.until.Compare(b.until),
	)
}
