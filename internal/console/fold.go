package console

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/cordon-trust/cordon/internal/console/picture"
	"github.com/cordon-trust/cordon/internal/exposure"
	"github.com/cordon-trust/cordon/internal/model"
)

// thing is what a picture and its table show as one: a subject, or a signing role with the parts of it that fell.
type thing struct {
	named
	State  picture.State
	node   int             // in the drawing; -1: it is a role that holds and of which only parts fell
	Parts  []model.Subject // of a role
	Lacks  string          // of what holds: what it takes
	Group  string          // of the picture
	holder model.Subject   // of a role that holds: its own subject
}

// folded is a drawing in which the gates that a signing role is made of are one thing with it.
type folded struct {
	of     exposure.Drawing
	things []thing
	at     []int // the thing of each node of the drawing
	links  []picture.Link
}

// fold puts roles together. Things come in the order of their nodes, roles that hold last.
func fold(d exposure.Drawing, names namer) *folded {
	f := &folded{of: d, at: make([]int, len(d.Nodes))}
	tops, holding := map[model.Subject]int{}, map[model.Subject]int{}
	for i := range d.Nodes {
		if n := &d.Nodes[i]; n.Subject.Kind() == model.KindGate && !n.Holds && topOf(n.Subject) == n.Subject {
			tops[n.Subject] = i
		}
	}
	var inner []int // parts of roles; where their role stands is known later
	for i := range d.Nodes {
		n := &d.Nodes[i]
		if n.Subject.Kind() == model.KindGate && !n.Source && (n.Holds || topOf(n.Subject) != n.Subject) {
			inner = append(inner, i)
			continue
		}
		f.at[i] = len(f.things)
		f.things = append(f.things, thing{named: names.of(n.Subject), State: stateOf(n), node: i})
	}
	for _, i := range inner {
		n := &d.Nodes[i]
		top := topOf(n.Subject)
		if t, fell := tops[top]; fell {
			f.at[i] = f.at[t]
		} else {
			at, had := holding[top]
			if !had {
				at = len(f.things)
				holding[top] = at
				f.things = append(f.things, thing{named: names.of(top), State: picture.Holds, node: -1, holder: top})
			}
			f.at[i] = at
		}
		t := &f.things[f.at[i]]
		if n.Holds && t.State == picture.Holds {
			t.Lacks = fmt.Sprintf("%s counts for it, and it takes %d", count1(n.Inputs), n.Needs)
		}
		if !n.Holds {
			t.Parts = append(t.Parts, n.Subject)
		}
	}
	for _, l := range d.Links {
		if from, to := f.at[l.From], f.at[l.To]; from != to {
			f.links = append(f.links, picture.Link{
				From: from, To: to, Relation: relates(l.Relation), Known: l.Known, Claim: l.Claim, Control: l.Control,
			})
		}
	}
	return f
}

func count1(n int) string {
	if n == 1 {
		return "one part"
	}
	return many(n, "part")
}

// topOf is the role whose part a gate is; the gate itself when it is part of none.
func topOf(gate model.Subject) model.Subject {
	parts := gate.Parts()
	name, _, part := strings.Cut(parts[len(parts)-1], ".")
	if !part || name == "" {
		return gate
	}
	top, err := model.GateOf(parts[0], name)
	if err != nil {
		return gate
	}
	return top
}

func stateOf(n *exposure.Node) picture.State {
	switch {
	case n.Source:
		return picture.Source
	case n.Holds:
		return picture.Holds
	case n.Certainty == exposure.Certain:
		return picture.Certain
	}
	return picture.Possible
}

// draw lays out the picture and notes in which group each thing is.
func (f *folded) draw(open map[string]bool) picture.Picture {
	in := picture.Input{Links: f.links, Open: open}
	for i := range f.things {
		t := &f.things[i]
		in.Nodes = append(in.Nodes, picture.Node{
			Label: t.Label, Note: joined(setWord(t.State), cmp.Or(t.Note, t.Of)), Href: t.Link, Kind: t.Subject.Kind(), State: t.State,
			Full: t.Title() + ": " + t.Kind() + ", " + setWord(t.State) + ". " + t.Subject.String(),
		})
	}
	p := picture.Draw(in)
	for i, id := range p.GroupOf {
		f.things[i].Group = id
	}
	return p
}

// setWord says in a word in which set something is.
func setWord(s picture.State) string {
	switch s {
	case picture.Source:
		return "start"
	case picture.Certain:
		return "certain"
	case picture.Possible:
		return "possible"
	}
	return "holds"
}
