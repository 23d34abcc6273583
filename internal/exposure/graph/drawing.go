package graph

import (
	"cmp"
	"slices"

	"github.com/cordon-trust/cordon/internal/model"
)

// Node is one subject of a [Drawing].
type Node struct {
	Subject model.Subject
	Source  bool
	Certain bool // a source is certain
	Holds   bool // a gate that had an input fall and did not fall itself
	Needs   int  // of a gate: by how many inputs it fell, or would be possible to fall; else 0
	Inputs  int  // of a gate: how many fell
}

// Arrow is the strongest edge between two nodes of a [Drawing], which it names by their places.
type Arrow struct {
	From, To int
	Edge     model.Edge
}

// Drawing is what one harm reaches as nodes and the edges between them.
type Drawing struct {
	// Nodes come in the order in which they fell: the sources, what is certain, what is only possible.
	// Behind them are the gates that hold.
	Nodes []Node
	// Arrows are sorted by their ends. An edge that no path took is among them too.
	Arrows []Arrow

	w *walk
}

// Drawing returns the nodes that a harm reached, and the edges between them. It is empty when the result
// is not about that harm.
func (r *Result) Drawing(harm model.Harm) Drawing {
	for _, w := range r.walks {
		if model.Harms[w.harm] == harm {
			return w.drawing()
		}
	}
	return Drawing{}
}

// Path returns the derivation of a node by its place; it is empty for a source and for a gate that holds.
func (d *Drawing) Path(node int) Path {
	if d.w == nil || node < 0 || node >= len(d.w.order) {
		return Path{}
	}
	return d.w.path(uint32(node)) //nolint:gosec // below the length of order
}

func (w *walk) drawing() Drawing {
	d := Drawing{w: w, Nodes: make([]Node, 0, len(w.order))}
	at := make(map[uint32]int, len(w.order)) // node to its place
	for rank, v := range w.order {
		at[v] = rank
		d.Nodes = append(d.Nodes, Node{Subject: w.g.names.subject(v), Source: rank < w.sources, Certain: rank < w.certain})
	}
	for i := range w.gates {
		gt := &w.gates[i]
		if !w.fell(gt.node) {
			at[gt.node] = len(d.Nodes)
			d.Nodes = append(d.Nodes, Node{Subject: w.g.names.subject(gt.node), Holds: true, Needs: int(gt.possibleNeeds)})
		} else {
			d.Nodes[at[gt.node]].Needs = int(gt.fellBy)
		}
		d.Nodes[at[gt.node]].Inputs = int(gt.count)
	}
	for rank := range w.order {
		w.arrows(&d, rank, at)
	}
	return d
}

// arrows adds the strongest edge from the node of a rank to each node of the drawing.
func (w *walk) arrows(d *Drawing, rank int, at map[uint32]int) {
	u := w.order[rank]
	first := len(d.Arrows)
	for _, c := range w.l.both() {
		lo, hi := c.out(u)
		last := none
		for e := lo; e < hi; e++ {
			v := c.to[e] & idMask
			to, drawn := at[v]
			if v == last || v == u || !drawn || c.to[e]&timedBit != 0 && !w.holds(c, e) {
				continue
			}
			last = v
			if c == &w.l.weak && w.joins(&w.l.strong, u, v) {
				continue
			}
			d.Arrows = append(d.Arrows, Arrow{From: rank, To: to, Edge: w.g.edge(w.harm, c, u, e)})
		}
	}
	sortArrows(d.Arrows[first:])
}

func sortArrows(list []Arrow) {
	slices.SortFunc(list, func(a, b Arrow) int { return cmp.Compare(a.To, b.To) })
}
