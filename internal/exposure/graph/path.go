package graph

import (
	"slices"

	"github.com/cordon-trust/cordon/internal/model"
)

const (
	// MaxSteps bounds a path. A derivation with more steps keeps those nearest to the subject it reaches.
	MaxSteps = 128
	// MaxOthers bounds the parallel edges shown beside a step.
	MaxOthers = 16
)

// Path is the derivation of one row. Every step begins at a source or at the end of an earlier step;
// where a step ends at a gate, all the inputs that tripped the gate are steps before what follows it.
type Path struct {
	Steps []Step
	// Truncated says that the beginning was left out, so that the first steps kept may begin at
	// subjects whose own derivation is not shown.
	Truncated bool
}

// Step is the strongest edge between two subjects that the path could use, with the edges beside it.
type Step struct {
	model.Edge
	// Others are the other edges with the same ends and harm that meet the window, strongest first, at
	// most [MaxOthers]: those who disagree are shown.
	Others []model.Edge
}

// path derives the node of this rank. It always takes the largest rank that is still to be derived, so
// that steps come out last first, each node once, and a path cut off at its bound keeps its end.
func (w *walk) path(rank uint32) Path {
	var p Path
	open := []uint32{rank} // sorted, each once
	for len(open) > 0 {
		r := open[len(open)-1]
		open = open[:len(open)-1]
		if int(r) < w.sources {
			continue
		}
		parents := []uint32{w.parent[r]}
		if w.parent[r] == none {
			parents = w.derivation(w.order[r])
		}
		if len(p.Steps)+len(parents) > MaxSteps {
			p.Truncated = true
			break
		}
		for _, from := range parents {
			p.Steps = append(p.Steps, w.step(from, r))
			if i, found := slices.BinarySearch(open, from); !found {
				open = slices.Insert(open, i, from)
			}
		}
	}
	slices.Reverse(p.Steps)
	return p
}

// step returns the edge by which the node of rank from let the node of rank to fall. A certain node
// fell by a strong edge; another may have fallen by either.
func (w *walk) step(from, to uint32) Step {
	u, v := w.order[from], w.order[to]
	s := Step{}
	first := true
	for _, c := range w.l.both() {
		lo, hi := c.run(u, v)
		for e := lo; e < hi; e++ {
			switch {
			case !w.holds(c, e):
			case first:
				s.Edge, first = w.g.edge(w.harm, c, u, e), false
			case len(s.Others) < MaxOthers:
				s.Others = append(s.Others, w.g.edge(w.harm, c, u, e))
			}
		}
	}
	return s
}
