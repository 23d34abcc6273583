package exposure

import (
	"github.com/cordon-trust/cordon/internal/exposure/graph"
	"github.com/cordon-trust/cordon/internal/model"
)

// Node is one subject of a [Drawing].
type Node struct {
	Subject   model.Subject
	Source    bool
	Certainty Certainty // of what holds: possible, and it says nothing
	Holds     bool      // a gate that had an input fall and did not fall: here it ends
	Needs     int       // of a gate: how many inputs it takes; else 0
	Inputs    int       // of a gate: how many fell
}

// Link is the strongest edge between two nodes of a [Drawing], which it names by their places.
type Link struct {
	From, To int
	Relation string
	Saying
}

// Drawing is what one harm reaches, for whoever draws it.
type Drawing struct {
	Nodes []Node // in the order in which they were reached; behind them the gates that hold
	Links []Link // sorted by their ends

	of graph.Drawing
}

// Drawing returns the nodes that a harm reaches and the edges between them; none when the answer is not
// about that harm.
func (s Spread) Drawing(harm model.Harm) Drawing {
	d := Drawing{of: s.res.Drawing(harm)}
	d.Nodes = make([]Node, len(d.of.Nodes))
	for i, n := range d.of.Nodes {
		d.Nodes[i] = Node{Subject: n.Subject, Source: n.Source, Certainty: Possible, Holds: n.Holds, Needs: n.Needs, Inputs: n.Inputs}
		if n.Certain {
			d.Nodes[i].Certainty = Certain
		}
	}
	d.Links = make([]Link, len(d.of.Arrows))
	for i, a := range d.of.Arrows {
		d.Links[i] = Link{From: a.From, To: a.To, Relation: a.Edge.Relation, Saying: saying(a.Edge)}
	}
	return d
}

// Path returns the path to a node by its place, and whether its beginning was left out. A source and a gate that
// holds have none.
func (d *Drawing) Path(node int) (steps []Step, truncated bool) {
	p := d.of.Path(node)
	for _, st := range p.Steps {
		steps = append(steps, Step{From: st.From, Relation: st.Relation, To: st.To, Harm: st.Harm, Saying: saying(st.Edge)})
	}
	return steps, p.Truncated
}
