package graph

import (
	"iter"

	"github.com/cordon-trust/cordon/internal/model"
)

// Kinds yields the kinds of subjects that edges name, with how many there are of each, in the order of kinds.
func (g *Graph) Kinds() iter.Seq2[model.Kind, int] {
	return func(yield func(model.Kind, int) bool) {
		for _, k := range g.names.kinds {
			if !yield(k.kind, int(k.hi-k.lo)) {
				return
			}
		}
	}
}

// Subjects yields every subject of a kind that edges name, in the order of the printed subjects.
func (g *Graph) Subjects(of model.Kind) iter.Seq[model.Subject] {
	return func(yield func(model.Subject) bool) {
		for _, k := range g.names.kinds {
			for id := k.lo; k.kind == of && id < k.hi; id++ {
				if !yield(g.names.subject(id)) {
					return
				}
			}
		}
	}
}
