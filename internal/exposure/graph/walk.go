package graph

import (
	"slices"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
)

// Window is the time an answer is about: From up to, not including, To. A zero From is the beginning
// of time, a zero To its end. A To that does not lie after From makes it the instant From.
type Window struct{ From, To time.Time }

// At returns the window of one instant.
func At(t time.Time) Window { return Window{t, t} }

// closed returns the window with To behind From.
func (w Window) closed() Window {
	if !w.To.IsZero() && !w.To.After(w.From) {
		w.To = w.From.Add(1)
	}
	return w
}

// meets reports whether an edge with this detail held at some time in a closed window.
func (w Window) meets(d *detail) bool {
	if !d.timed() {
		return true
	}
	return (d.since.IsZero() || w.To.IsZero() || d.since.Before(w.To)) &&
		(d.until.IsZero() || d.until.After(w.From))
}

// walk is one fixpoint over the edges of one harm. It belongs to one goroutine; when it has ended
// nothing in it changes any more.
//
// A node has a rank: its place in the order in which nodes fell. The sources come first, then the rest
// of the certain set, then what is only possible. A parent always has a smaller rank.
type walk struct {
	g       *Graph
	l       *layer
	harm    int
	win     Window
	seen    []uint64 // one bit for each node that fell
	order   []uint32 // rank to node
	parent  []uint32 // rank to the rank of its parent; none for a source and for a gate
	sources int      // ranks below are sources
	certain int      // ranks below are certain

	gateAt   []uint32 // gate to its place in gates; none while no input fell
	gates    []gate   // in the order in which their first input fell
	inputs   []uint32 // ranks of the inputs of all gates, each with room for its largest k
	possible bool     // the certain set is complete
}

// gate is what a walk knows of a gate that had an input fall.
type gate struct {
	node                        uint32
	count                       uint32 // distinct inputs that fell
	first                       uint32 // place of the first of them in walk.inputs
	certainNeeds, possibleNeeds uint8  // k; certainNeeds 0: none stated
	fellBy                      uint8  // the k by which it fell
}

func newWalk(g *Graph, harm int, win Window, sources []uint32) *walk {
	w := &walk{
		g: g, l: &g.layers[harm], harm: harm, win: win.closed(),
		seen: make([]uint64, (g.names.n+63)/64),
	}
	for _, s := range sources {
		w.fall(s, none)
	}
	w.sources = len(w.order)
	return w
}

// run computes both sets. The certain one follows strong edges only. The possible one begins with all
// of it, so that each edge is looked at once in all: of a certain node only the weak edges are left.
func (w *walk) run() {
	for r := 0; r < len(w.order); r++ {
		w.spread(uint32(r), &w.l.strong)
	}
	w.certain, w.possible = len(w.order), true
	for i := range w.gates {
		w.trip(&w.gates[i])
	}
	if w.l.weak.off != nil {
		for r := range w.certain {
			w.spread(uint32(r), &w.l.weak)
		}
	}
	for r := w.certain; r < len(w.order); r++ {
		w.spread(uint32(r), &w.l.strong) //nolint:gosec // as above
		w.spread(uint32(r), &w.l.weak)   //nolint:gosec // as above
	}
}

func (w *walk) fell(v uint32) bool { return w.seen[v>>6]&(1<<(v&63)) != 0 }

func (w *walk) fall(v, parent uint32) {
	if w.fell(v) {
		return
	}
	w.seen[v>>6] |= 1 << (v & 63)
	w.order = append(w.order, v)
	w.parent = append(w.parent, parent)
}

// spread follows the edges of c that leave the node of this rank. It is the loop that all the time of
// a query goes into.
func (w *walk) spread(rank uint32, c *csr) {
	lo, hi := c.out(w.order[rank])
	seen, gateLo, gateN := w.seen, w.g.gateLo, w.g.gateN // fall sets bits in the same words
	last := none
	for i, t := range c.to[lo:hi] {
		v := t & idMask
		if seen[v>>6]&(1<<(v&63)) != 0 || t&timedBit != 0 && !w.holds(c, lo+uint32(i)) {
			continue
		}
		if v-gateLo >= gateN {
			w.fall(v, rank)
			continue
		}
		if v != last { // parallel edges are one input
			last = v
			w.input(rank, v, c)
		}
	}
}

func (w *walk) holds(c *csr, e uint32) bool {
	return w.win.meets(&w.g.details.list[c.what.at(e)])
}

// input counts one more distinct input of gate v. The strong edges of a node are always followed before
// its weak ones, so a weak edge beside a strong one has been counted already.
func (w *walk) input(rank, v uint32, c *csr) {
	if c == &w.l.weak {
		if w.joins(&w.l.strong, w.order[rank], v) {
			return
		}
	}
	gt := w.gate(v)
	if gt.count < uint32(max(gt.certainNeeds, gt.possibleNeeds)) {
		w.inputs[gt.first+gt.count] = rank
	}
	gt.count++
	w.trip(gt)
}

// trip lets a gate fall that has enough inputs. The first k of them are its derivation.
func (w *walk) trip(gt *gate) {
	k := gt.certainNeeds
	if w.possible {
		k = gt.possibleNeeds
	}
	if k == 0 || gt.count < uint32(k) || w.fell(gt.node) {
		return
	}
	gt.fellBy = k
	w.fall(gt.node, none)
}

// derivation returns the ranks of the inputs by which gate v fell.
func (w *walk) derivation(v uint32) []uint32 {
	gt := w.gates[w.gateAt[v-w.g.gateLo]]
	return w.inputs[gt.first : gt.first+uint32(gt.fellBy)]
}

// gate returns the state of gate v.
func (w *walk) gate(v uint32) *gate {
	if w.gateAt == nil {
		w.gateAt = slices.Repeat([]uint32{none}, int(w.g.gateN))
	}
	at := &w.gateAt[v-w.g.gateLo]
	if *at == none {
		*at = uint32(len(w.gates)) //nolint:gosec // fewer than nodes
		gt := w.newGate(v)
		w.gates = append(w.gates, gt)
		w.inputs = append(w.inputs, make([]uint32, max(gt.certainNeeds, gt.possibleNeeds))...)
	}
	return &w.gates[*at]
}

// newGate finds the k of a gate, as the package comment says.
func (w *walk) newGate(v uint32) gate {
	var certain, owned, anyone uint8 // the smallest seen, 0: none
	for _, c := range w.l.both() {
		lo, hi := c.out(v)
		for e := lo; e < hi; e++ {
			d := &w.g.details.list[c.what.at(e)]
			if d.needs == 0 || !w.win.meets(d) {
				continue
			}
			lower(&anyone, d.needs)
			if !d.claim {
				lower(&owned, d.needs)
			}
			if d.strong() {
				lower(&certain, d.needs)
			}
		}
	}
	gt := gate{node: v, first: uint32(len(w.inputs)), certainNeeds: certain, possibleNeeds: 1} //nolint:gosec // at most k for each edge into a gate
	if owned != 0 {
		gt.possibleNeeds = anyone
	}
	return gt
}

func lower(k *uint8, to uint8) {
	if *k == 0 || to < *k {
		*k = to
	}
}

// joins reports whether an edge of c from u to v meets the window.
func (w *walk) joins(c *csr, u, v uint32) bool {
	lo, hi := c.run(u, v)
	for e := lo; e < hi; e++ {
		if w.holds(c, e) {
			return true
		}
	}
	return false
}

// Reach walks the graph from the sources and returns what they reach, for one harm or, when harm is none
// of [model.Harms], for each harm apart. A source that the graph does not know is listed in
// [Result.NotInGraph].
func (g *Graph) Reach(sources []model.Subject, harm model.Harm, win Window) *Result {
	res := &Result{g: g}
	var ids []uint32
	for _, s := range sources {
		id, ok := g.names.find(s.String())
		switch {
		case ok:
			ids = append(ids, id)
		case !slices.Contains(res.NotInGraph, s):
			res.NotInGraph = append(res.NotInGraph, s)
		}
	}
	for h, name := range model.Harms {
		if harm == name || !slices.Contains(model.Harms[:], harm) {
			w := newWalk(g, h, win, ids)
			w.run()
			res.walks = append(res.walks, w)
		}
	}
	return res
}
