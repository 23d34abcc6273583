package graph

import (
	"iter"
	"slices"

	"github.com/cordon-trust/cordon/internal/model"
)

// Result is what a set of sources reaches. It may be read by many goroutines at once.
type Result struct {
	NotInGraph []model.Subject // sources that no edge names, each once, in the order given

	g     *Graph
	walks []*walk
}

// Row is one subject that is reached by one harm.
type Row struct {
	Subject model.Subject
	Harm    model.Harm
	Certain bool // else only possible
	Path    Path
}

// Count says how many subjects of a kind one harm reaches. Nobody is counted twice: Possible are those
// that are not certain.
type Count struct {
	Kind              model.Kind
	Harm              model.Harm
	Certain, Possible int
}

// Counts returns the counts that are not all zero, sorted by kind and then in the order of
// [model.Harms]. Sources are not counted.
func (r *Result) Counts() []Count {
	kinds := r.g.names.kinds
	table := make([]Count, len(kinds)*len(r.walks))
	for i, w := range r.walks {
		for k, s := range kinds {
			c := &table[k*len(r.walks)+i]
			c.Kind, c.Harm = s.kind, model.Harms[w.harm]
		}
		for rank := w.sources; rank < len(w.order); rank++ {
			c := &table[r.g.names.kindIndex(w.order[rank])*len(r.walks)+i]
			if rank < w.certain {
				c.Certain++
			} else {
				c.Possible++
			}
		}
	}
	return slices.DeleteFunc(table, func(c Count) bool { return c.Certain+c.Possible == 0 })
}

// Len returns the number of rows.
func (r *Result) Len() int {
	n := 0
	for _, w := range r.walks {
		n += len(w.order) - w.sources
	}
	return n
}

// Rows yields a row for each subject and harm, sorted by kind, subject and harm, sources left out.
// Paths are made one at a time, so that a million rows need not be held.
func (r *Result) Rows() iter.Seq[Row] {
	return func(yield func(Row) bool) {
		const harmBits = 2
		keys := make([]uint64, 0, r.Len()) // node, walk and rank in one word sort fast: 30, 2 and 32 bits
		for i, w := range r.walks {
			for rank := w.sources; rank < len(w.order); rank++ {
				keys = append(keys, uint64(w.order[rank])<<(32+harmBits)|uint64(i)<<32|uint64(rank)) //nolint:gosec // see above
			}
		}
		slices.Sort(keys)
		for _, k := range keys {
			w, rank := r.walks[k>>32&(1<<harmBits-1)], uint32(k) //nolint:gosec // the lower half
			row := Row{
				Subject: r.g.names.subject(w.order[rank]),
				Harm:    model.Harms[w.harm],
				Certain: int(rank) < w.certain,
				Path:    w.path(rank),
			}
			if !yield(row) {
				return
			}
		}
	}
}
