package exposure

import (
	"iter"
	"time"

	"github.com/cordon-trust/cordon/internal/exposure/graph"
	"github.com/cordon-trust/cordon/internal/model"
)

// Query asks what some subjects reach.
type Query struct {
	Sources []model.Subject
	Harm    model.Harm // one of model.Harms; anything else follows each harm apart

	// From and To bound the time asked about, To outside. To at or before From asks about the instant
	// From. A zero From is the beginning of time, a zero To its end, so that neither asks about all of
	// it: a caller that means now says so.
	From, To time.Time
}

// Certainty says which set a subject is in.
type Certainty string

// The certainties. Certain means that it follows from what was asserted or observed by those with a
// say, not that it happened. Possible rests also on what is undisclosed, denied or claimed.
const (
	Certain  Certainty = "certain"
	Possible Certainty = "possible"
)

// Reached is one subject that the sources reach by one harm.
type Reached struct {
	Subject   model.Subject `json:"subject"`
	Certainty Certainty     `json:"certainty"`
	Harm      model.Harm    `json:"harm"`
	Path      []Step        `json:"path"`
	Truncated bool          `json:"truncated,omitzero"` // the path's beginning was left out
}

// Step is one edge of a path. Each begins at a source or where an earlier one ends; all inputs that
// tripped a gate come before what leaves it.
type Step struct {
	From     model.Subject `json:"from"`
	Relation string        `json:"relation"`
	To       model.Subject `json:"to"`
	Harm     model.Harm    `json:"harm"`
	Saying
	Others []Other `json:"others,omitzero"` // who else speaks about this edge, strongest first
}

// Other is an edge beside a step, between the same subjects.
type Other struct {
	Relation string `json:"relation"`
	Saying
}

// Saying is how an edge is known, and by whom.
type Saying struct {
	Known     model.Known  `json:"known"`
	Since     time.Time    `json:"since,omitzero"`
	Until     time.Time    `json:"until,omitzero"`
	Control   string       `json:"control,omitzero"` // declared; cuts nothing
	Statement model.Digest `json:"statement,omitzero"`
	Author    string       `json:"author,omitzero"`
	Claim     bool         `json:"claim,omitzero"` // the author does not own what it speaks about
}

// Count is the number of subjects of one kind that one harm reaches, sources left out. Nobody is counted
// twice: possible are those that are not certain.
type Count struct {
	Kind      model.Kind `json:"kind"`
	Harm      model.Harm `json:"harm"`
	Certainty Certainty  `json:"certainty"`
	N         int        `json:"n"`
}

// Answer is all that a query reaches.
type Answer struct {
	Reached    []Reached       `json:"reached"` // sorted by kind, subject and harm
	Counts     []Count         `json:"counts"`  // sorted by kind, harm and certainty
	NotInGraph []model.Subject `json:"not_in_graph,omitzero"`
}

// Radius answers q. Where a large answer is only counted, or printed row by row, [Spread] needs far
// less memory.
func Radius(g *graph.Graph, q Query) Answer {
	s := NewSpread(g, q)
	a := Answer{Reached: make([]Reached, 0, s.Len()), Counts: s.Counts(), NotInGraph: s.NotInGraph()}
	for r := range s.Rows() {
		a.Reached = append(a.Reached, r)
	}
	return a
}

// Spread is an answer whose rows are made as they are read.
type Spread struct{ res *graph.Result }

// NewSpread computes what q reaches; the rows follow when asked for.
func NewSpread(g *graph.Graph, q Query) Spread {
	return Spread{g.Reach(q.Sources, q.Harm, graph.Window{From: q.From, To: q.To})}
}

// Len returns the number of rows.
func (s Spread) Len() int { return s.res.Len() }

// NotInGraph returns the sources that no edge names. Nothing is known of what they reach.
func (s Spread) NotInGraph() []model.Subject { return s.res.NotInGraph }

// Counts returns the rows counted by kind, certainty and harm, without those that are zero.
func (s Spread) Counts() []Count {
	var out []Count
	for _, c := range s.res.Counts() {
		if c.Certain > 0 {
			out = append(out, Count{c.Kind, c.Harm, Certain, c.Certain})
		}
		if c.Possible > 0 {
			out = append(out, Count{c.Kind, c.Harm, Possible, c.Possible})
		}
	}
	return out
}

// Rows yields the rows sorted by kind, subject and harm.
func (s Spread) Rows() iter.Seq[Reached] {
	return func(yield func(Reached) bool) {
		for row := range s.res.Rows() {
			if !yield(reached(row)) {
				return
			}
		}
	}
}

func reached(row graph.Row) Reached {
	r := Reached{
		Subject:   row.Subject,
		Certainty: Possible,
		Harm:      row.Harm,
		Path:      make([]Step, len(row.Path.Steps)),
		Truncated: row.Path.Truncated,
	}
	if row.Certain {
		r.Certainty = Certain
	}
	for i, st := range row.Path.Steps {
		r.Path[i] = Step{From: st.From, Relation: st.Relation, To: st.To, Harm: st.Harm, Saying: saying(st.Edge)}
		for _, o := range st.Others {
			r.Path[i].Others = append(r.Path[i].Others, Other{o.Relation, saying(o)})
		}
	}
	return r
}

func saying(e model.Edge) Saying {
	return Saying{e.Known, e.Since, e.Until, e.Control, e.Statement, e.Author, e.Claim}
}
