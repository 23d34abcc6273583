package graph

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
)

// New builds a graph. The order of the edges does not matter. It fails as [Builder.Add] does. While it
// builds it holds about four times the memory of the graph.
func New(edges iter.Seq[model.Edge]) (*Graph, error) {
	b := NewBuilder()
	for e := range edges {
		if err := b.Add(e); err != nil {
			return nil, err
		}
	}
	return b.Graph()
}

// Builder collects edges under provisional ids. It belongs to one goroutine.
type Builder struct {
	n        int
	ids      map[model.Subject]uint32
	subjects []model.Subject
	lastFrom model.Subject
	lastID   uint32

	table      details
	seen       map[fact]uint32
	texts      map[string]uint32
	digests    map[model.Digest]uint32
	lastFact   fact
	lastDetail uint32

	piles [len(model.Harms)]struct{ strong, weak pile }
}

// fact is a detail before its texts have places.
type fact struct {
	relation, control, author string
	known                     model.Known
	since, until              time.Time
	statement                 model.Digest
	claim                     bool
}

// NewBuilder returns a builder of an empty graph.
func NewBuilder() *Builder {
	return &Builder{
		ids:     map[model.Subject]uint32{},
		seen:    map[fact]uint32{},
		texts:   map[string]uint32{},
		digests: map[model.Digest]uint32{},
	}
}

// Add adds one edge. It fails, naming the edge by its place from 0, when it lacks a subject, or has a
// harm or a way of being known that model does not list.
func (b *Builder) Add(e model.Edge) error {
	if err := b.add(e); err != nil {
		return fmt.Errorf("edge %d: %w", b.n, err)
	}
	b.n++
	return nil
}

func (b *Builder) add(e model.Edge) error {
	if e.From.IsZero() || e.To.IsZero() {
		return fmt.Errorf("an edge needs a subject at each end, this goes from %q to %q", e.From, e.To)
	}
	h, err := harmIndex(e.Harm)
	if err != nil {
		return err
	}
	d, err := b.detail(e)
	if err != nil {
		return err
	}
	if e.From != b.lastFrom { // edges come in runs with one origin
		b.lastFrom, b.lastID = e.From, b.id(e.From)
	}
	r := record{b.lastID, b.id(e.To), d}
	if b.table.list[d].strong() {
		b.piles[h].strong.push(r)
	} else {
		b.piles[h].weak.push(r)
	}
	if len(b.subjects) > idMask {
		return fmt.Errorf("the graph has more than %d subjects", idMask)
	}
	return nil
}

func (b *Builder) id(s model.Subject) uint32 {
	id, ok := b.ids[s]
	if !ok {
		id = uint32(len(b.subjects)) //nolint:gosec // add stops long before
		b.ids[s] = id
		b.subjects = append(b.subjects, s)
	}
	return id
}

func (b *Builder) detail(e model.Edge) (uint32, error) {
	// Times are compared as values here, so that the same instant in two zones is one detail.
	f := fact{
		e.Relation, e.Control, e.Author, e.Known,
		e.Since.UTC().Round(0), e.Until.UTC().Round(0), e.Statement, e.Claim,
	}
	if f == b.lastFact && len(b.table.list) > 0 {
		return b.lastDetail, nil
	}
	id, ok := b.seen[f]
	if !ok {
		known := slices.Index(model.Knowns[:], e.Known)
		if known < 0 {
			return 0, fmt.Errorf("known %q is none of %v", e.Known, model.Knowns)
		}
		// The strings of the caller may be pieces of large buffers; the graph outlives those.
		f.relation, f.control, f.author = strings.Clone(e.Relation), strings.Clone(e.Control), strings.Clone(e.Author)
		needs, _ := ParseNeeds(e.Relation)
		id = uint32(len(b.table.list)) //nolint:gosec // at most one for each edge
		b.seen[f] = id
		b.table.list = append(b.table.list, detail{
			since: f.since, until: f.until,
			relation: b.text(f.relation), control: b.text(f.control), author: b.text(f.author),
			statement: place(b.digests, &b.table.digests, f.statement),
			known:     uint8(known), needs: uint8(needs), claim: f.claim, //nolint:gosec // 0 to 3, 0 to MaxNeeds
		})
	}
	b.lastFact, b.lastDetail = f, id
	return id, nil
}

func (b *Builder) text(s string) uint32 { return place(b.texts, &b.table.texts, s) }

// place returns where v stands in list, and appends it when it is new.
func place[T comparable](at map[T]uint32, list *[]T, v T) uint32 {
	i, ok := at[v]
	if !ok {
		i = uint32(len(*list)) //nolint:gosec // at most three for each edge of a table that fits
		at[v] = i
		*list = append(*list, v)
	}
	return i
}

// Graph gives every node its final id and lays out the rows. The builder is of no use afterwards.
func (b *Builder) Graph() (*Graph, error) {
	g := &Graph{details: b.table}
	b.ids, b.seen = nil, nil // the largest of what is no longer needed
	nodeAt, err := g.names.fill(b.subjects)
	if err != nil {
		return nil, err
	}
	for _, s := range g.names.kinds {
		if s.kind == model.KindGate {
			g.gateLo, g.gateN = s.lo, s.hi-s.lo
		}
	}
	detailAt := g.details.sorted()
	timed := make([]bool, len(g.details.list))
	for i := range g.details.list {
		timed[i] = g.details.list[i].timed()
	}
	for h := range b.piles {
		p := &b.piles[h]
		for _, x := range []struct {
			from *pile
			to   *csr
		}{{&p.strong, &g.layers[h].strong}, {&p.weak, &g.layers[h].weak}} {
			x.from.renumber(nodeAt, detailAt)
			if *x.to, err = newCSR(g.names.n, x.from, timed); err != nil {
				return nil, fmt.Errorf("edges of harm %q: %w", model.Harms[h], err)
			}
			*x.from = pile{}
		}
	}
	return g, nil
}

// fill takes the subjects in order and returns the final id of each provisional one.
func (ns *names) fill(subjects []model.Subject) ([]uint32, error) {
	order := make([]uint32, len(subjects))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(i, j uint32) int {
		return cmp.Compare(subjects[i].String(), subjects[j].String())
	})
	at := make([]uint32, len(subjects))
	prev := ""
	for i, old := range order {
		id, s := uint32(i), subjects[old]
		at[old] = id
		if err := ns.add(prev, s.String()); err != nil {
			return nil, err
		}
		prev = s.String()
		if k := len(ns.kinds); k == 0 || ns.kinds[k-1].kind != s.Kind() {
			ns.kinds = append(ns.kinds, span{s.Kind(), id, id})
		}
		ns.kinds[len(ns.kinds)-1].hi = id + 1
	}
	ns.blob = slices.Clip(ns.blob)
	return at, nil
}

// pile is a list of records that grows without copying.
type pile struct {
	n      int
	chunks [][]record
}

const (
	firstChunk = 1 << 5
	chunkLen   = 1 << 14
)

func (p *pile) push(r record) {
	k := len(p.chunks)
	if k == 0 || len(p.chunks[k-1]) == cap(p.chunks[k-1]) {
		p.chunks = append(p.chunks, make([]record, 0, min(chunkLen, firstChunk<<min(k, 16))))
		k++
	}
	p.chunks[k-1] = append(p.chunks[k-1], r)
	p.n++
}

func (p *pile) all(yield func(*record) bool) {
	for _, c := range p.chunks {
		for i := range c {
			if !yield(&c[i]) {
				return
			}
		}
	}
}

func (p *pile) renumber(node, detail []uint32) {
	for r := range p.all {
		r.from, r.to, r.detail = node[r.from], node[r.to], detail[r.detail]
	}
}
