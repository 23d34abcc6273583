package graph

import (
	"cmp"
	"slices"

	"github.com/cordon-trust/cordon/internal/model"
)

// naive is the definition of the two sets, written down again without any thought of speed: sweep over
// all edges until nothing changes.
type naive struct {
	edges []model.Edge
	win   Window
	harm  model.Harm
}

// fallen returns what falls, sources included.
func (n naive) fallen(sources []model.Subject, certain bool) map[model.Subject]bool {
	in := map[model.Subject]bool{}
	for _, s := range sources {
		in[s] = true
	}
	for {
		before := len(in)
		for _, e := range n.edges {
			if in[e.To] || !in[e.From] || !n.counts(e, certain) {
				continue
			}
			if e.To.Kind() != model.KindGate {
				in[e.To] = true
				continue
			}
			if k := n.needs(e.To, certain); k > 0 && n.inputs(e.To, in, certain) >= k {
				in[e.To] = true
			}
		}
		if len(in) == before {
			return in
		}
	}
}

func (n naive) inputs(gate model.Subject, in map[model.Subject]bool, certain bool) int {
	from := map[model.Subject]bool{}
	for _, e := range n.edges {
		if e.To == gate && in[e.From] && n.counts(e, certain) {
			from[e.From] = true
		}
	}
	return len(from)
}

func (n naive) live(e model.Edge) bool {
	if e.Harm != n.harm {
		return false
	}
	if !e.Since.IsZero() && !e.Until.IsZero() && !e.Until.After(e.Since) {
		return true
	}
	to := n.win.To
	if !to.IsZero() && !to.After(n.win.From) { // an instant
		return !n.win.From.Before(e.Since) && (e.Until.IsZero() || n.win.From.Before(e.Until))
	}
	startsTooLate := !to.IsZero() && !e.Since.IsZero() && !e.Since.Before(to)
	endsTooEarly := !e.Until.IsZero() && !e.Until.After(n.win.From)
	return !startsTooLate && !endsTooEarly
}

func (n naive) counts(e model.Edge, certain bool) bool {
	if !n.live(e) {
		return false
	}
	if !certain {
		return true
	}
	backward := !e.Since.IsZero() && !e.Until.IsZero() && !e.Until.After(e.Since)
	return !e.Claim && !backward && (e.Known == model.Observed || e.Known == model.Asserted)
}

// needs returns the k of a gate, 0 when the certain set has none.
func (n naive) needs(gate model.Subject, certain bool) int {
	var all, owned, sure []int
	for _, e := range n.edges {
		k, ok := ParseNeeds(e.Relation)
		if e.From != gate || !ok || !n.live(e) {
			continue
		}
		all = append(all, k)
		if !e.Claim {
			owned = append(owned, k)
		}
		if n.counts(e, true) {
			sure = append(sure, k)
		}
	}
	switch {
	case certain && len(sure) == 0:
		return 0
	case certain:
		return slices.Min(sure)
	case len(owned) == 0:
		return 1
	default:
		return slices.Min(all)
	}
}

// states reports whether somebody with a say gives a k by e, in the window.
func (n naive) states(e model.Edge) bool {
	_, ok := ParseNeeds(e.Relation)
	return ok && !e.Claim && n.live(e)
}

// stated reports whether somebody gives a k for the gate in that way.
func (n naive) stated(gate model.Subject) bool {
	return slices.ContainsFunc(n.edges, func(e model.Edge) bool { return e.From == gate && n.states(e) })
}

// keys sorts a set for comparison.
func keys(in map[model.Subject]bool) []string {
	out := []string{}
	for s := range in {
		out = append(out, s.String())
	}
	slices.SortFunc(out, cmp.Compare[string])
	return out
}
