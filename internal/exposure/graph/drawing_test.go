package graph

import (
	"slices"
	"testing"

	"github.com/cordon-trust/cordon/internal/model"
	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A drawing has the nodes of the answer and no others but sources and gates that hold, the strongest edge between two
// of them, and for each node that is reached an edge from one before it.
func TestDrawingIsTheAnswer(t *testing.T) {
	atLeast(t, 2000)
	holding := 0
	rapid.Check(t, func(t *rapid.T) {
		w := genWorld(t)
		res := build(t, w.edges...).Reach(w.sources, "", w.win)
		certain, all := sets(res)
		for _, h := range model.Harms {
			d := res.Drawing(h)
			gotCertain, gotAll := map[model.Subject]bool{}, map[model.Subject]bool{}
			first := make([]bool, len(d.Nodes)) // an edge from a node before leads to it
			ends := map[[2]int]bool{}
			for _, a := range d.Arrows {
				if ends[[2]int{a.From, a.To}] || a.Edge.From != d.Nodes[a.From].Subject || a.Edge.To != d.Nodes[a.To].Subject || a.Edge.Harm != h {
					t.Fatalf("the arrow %+v is drawn twice, or is another edge", a)
				}
				ends[[2]int{a.From, a.To}] = true
				first[a.To] = first[a.To] || a.From < a.To
			}
			for i, n := range d.Nodes {
				switch path := d.Path(i); {
				case n.Source:
					if !slices.Contains(w.sources, n.Subject) || len(path.Steps) > 0 {
						t.Fatalf("%+v is no source", n)
					}
				case n.Holds:
					holding++
					if n.Needs <= n.Inputs || n.Inputs == 0 || len(path.Steps) > 0 || !first[i] {
						t.Fatalf("%+v does not hold", n)
					}
				default:
					gotAll[n.Subject] = true
					if n.Certain {
						gotCertain[n.Subject] = true
					}
					if !first[i] || len(path.Steps) == 0 || path.Steps[len(path.Steps)-1].To != n.Subject {
						t.Fatalf("nothing leads to %+v: %+v", n, path)
					}
				}
			}
			if diff := gocmp.Diff(keys(certain[h]), keys(gotCertain)) + gocmp.Diff(keys(all[h]), keys(gotAll)); diff != "" {
				t.Fatalf("the drawing of %s is not the answer (-answer +drawing):\n%s", h, diff)
			}
			for _, e := range w.edges {
				checkDrawnEdge(t, &d, e, w.win)
			}
		}
	})
	if holding < 100 {
		t.Errorf("only %d gates held", holding)
	}
}

// checkDrawnEdge looks whether an edge between two nodes that are drawn is drawn, or a stronger one.
func checkDrawnEdge(t *rapid.T, d *Drawing, e model.Edge, win Window) {
	at := func(s model.Subject) int {
		return slices.IndexFunc(d.Nodes, func(n Node) bool { return n.Subject == s })
	}
	from, to := at(e.From), at(e.To)
	dt := detail{since: e.Since, until: e.Until}
	if from < 0 || to < 0 || from == to || d.Nodes[from].Holds || !win.closed().meets(&dt) || d.w.harm != slices.Index(model.Harms[:], e.Harm) {
		return
	}
	i := slices.IndexFunc(d.Arrows, func(a Arrow) bool { return a.From == from && a.To == to })
	if i < 0 {
		t.Fatalf("the edge %+v is not drawn", e)
	}
	if drawn := d.Arrows[i].Edge; drawn.Claim && !e.Claim {
		t.Fatalf("a claim %+v is drawn in place of %+v", drawn, e)
	}
}

func TestKindsAndSubjects(t *testing.T) {
	t.Parallel()
	g := build(t,
		model.Edge{From: subj(t, "system:b"), To: subj(t, "device:acme/pump/1"), Relation: "uses", Harm: model.Integrity, Known: model.Asserted},
		model.Edge{From: subj(t, "system:a"), To: subj(t, "device:acme/pump/1"), Relation: "uses", Harm: model.Integrity, Known: model.Asserted})
	got := map[model.Kind]int{}
	for k, n := range g.Kinds() {
		got[k] = n
	}
	if d := gocmp.Diff(map[model.Kind]int{model.KindDevice: 1, model.KindSystem: 2}, got); d != "" {
		t.Error(d)
	}
	list := slices.Collect(g.Subjects(model.KindSystem))
	if len(list) != 2 || list[0] != subj(t, "system:a") || list[1] != subj(t, "system:b") || len(slices.Collect(g.Subjects(model.KindKey))) != 0 {
		t.Errorf("the systems are %v", list)
	}
}
