// Package graph is the engine of the exposure graph: an immutable set of edges in compressed sparse
// rows, and the monotone fixpoint that says what a compromise of some subjects could reach.
//
// Most callers need [New], which builds a graph from edges, and [Graph.Reach], which walks it. [Graph.In]
// and [Graph.Out] list the edges at one subject, all of them, with who said each.
//
// What the walk answers (DESIGN section 5):
//
//   - Harms never mix. Each harm has edges, gates and an answer of its own.
//   - The certain set follows observed and asserted edges of authors with a say. The possible set
//     follows every edge. Certain means that it follows from what was said, not that it happened.
//   - A [model.Edge] with Claim widens the possible set and does nothing else: it carries no certain
//     step, and it never raises the k of a gate.
//   - Between two subjects the strongest edge counts; the others are kept and shown.
//   - A gate falls when k distinct subjects with an edge into it have fallen. The relation "needs:<k>" on
//     an edge that leaves it states k, for the harm and the time of that edge. For the certain set the
//     smallest k on an observed or asserted edge counts, and a gate for which none is stated is not
//     certain. For the possible set the smallest k that anyone gives counts, claims too; where nobody with
//     a say gives one, k is 1. So the first k that somebody with a say gives is the one fact that
//     can make a possible set smaller.
//   - An edge counts when the time for which it held meets the window of the query; the steps of a path
//     need not have held at one moment. An edge that ends before it begins is read as held always, and
//     is only possible.
//   - A declared control cuts nothing and is shown.
//
// The package refuses an edge without a subject at each end, one harm and one way of being known, and
// a graph that does not fit its 30-bit ids.
package graph

import (
	"fmt"
	"iter"

	"github.com/cordon-trust/cordon/internal/model"
)

const (
	idBits   = 30
	idMask   = 1<<idBits - 1
	timedBit = 1 << 31 // in an entry of csr.to and csr.from: the edge held for a limited time only
	none     = ^uint32(0)
)

// Graph is an immutable set of edges. It is safe for use by many goroutines at once.
type Graph struct {
	names   names
	details details
	layers  [len(model.Harms)]layer
	gateLo  uint32 // ids of gates are gateLo up to, not including, gateLo+gateN
	gateN   uint32
}

// layer holds the edges of one harm: those that can carry the certain set, and the rest.
type layer struct{ strong, weak csr }

// Size says how large a graph is.
type Size struct {
	Nodes int
	Edges int   // equal edges count once
	Bytes int64 // memory of the graph, its names included
}

// Size returns the number of nodes and edges, and the bytes that hold them.
func (g *Graph) Size() Size {
	s := Size{Nodes: g.names.n, Bytes: g.names.bytes() + g.details.bytes()}
	for i := range g.layers {
		for _, c := range []*csr{&g.layers[i].strong, &g.layers[i].weak} {
			s.Edges += len(c.to)
			s.Bytes += c.bytes()
		}
	}
	return s
}

// Has reports whether any edge begins or ends at s.
func (g *Graph) Has(s model.Subject) bool {
	_, ok := g.names.find(s.String())
	return ok
}

// Out yields every edge that leaves s, claims and edges of any time included, strongest first for
// each harm and target.
func (g *Graph) Out(s model.Subject) iter.Seq[model.Edge] {
	return func(yield func(model.Edge) bool) {
		u, ok := g.names.find(s.String())
		if !ok {
			return
		}
		for h := range g.layers {
			for _, c := range g.layers[h].both() {
				lo, hi := c.out(u)
				for e := lo; e < hi; e++ {
					if !yield(g.edge(h, c, u, e)) {
						return
					}
				}
			}
		}
	}
}

// In yields every edge that ends at s, like [Graph.Out].
func (g *Graph) In(s model.Subject) iter.Seq[model.Edge] {
	return func(yield func(model.Edge) bool) {
		v, ok := g.names.find(s.String())
		if !ok {
			return
		}
		for h := range g.layers {
			for _, c := range g.layers[h].both() {
				if !g.into(h, c, v, yield) {
					return
				}
			}
		}
	}
}

// into yields the edges of c that end at v. Parallel edges lie side by side in the reverse rows, so
// each new neighbour is looked up once.
func (g *Graph) into(h int, c *csr, v uint32, yield func(model.Edge) bool) bool {
	last := none
	for _, t := range c.in(v) {
		u := t & idMask
		if u == last {
			continue
		}
		last = u
		lo, hi := c.run(u, v)
		for e := lo; e < hi; e++ {
			if !yield(g.edge(h, c, u, e)) {
				return false
			}
		}
	}
	return true
}

func (l *layer) both() [2]*csr { return [2]*csr{&l.strong, &l.weak} }

// edge returns edge e of c, which leaves u, as it was given.
func (g *Graph) edge(h int, c *csr, u, e uint32) model.Edge {
	out := g.details.edge(c.what.at(e))
	out.From = g.names.subject(u)
	out.To = g.names.subject(c.to[e] & idMask)
	out.Harm = model.Harms[h]
	return out
}

func harmIndex(h model.Harm) (int, error) {
	for i, x := range model.Harms {
		if x == h {
			return i, nil
		}
	}
	return 0, fmt.Errorf("harm %q is none of %v", h, model.Harms)
}
