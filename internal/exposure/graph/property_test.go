package graph

import (
	"cmp"
	"flag"
	"maps"
	"slices"
	"strconv"
	"testing"

	"github.com/cordon-trust/cordon/internal/model"
	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// atLeast lets rapid run a property n times, where nobody asked for a number on the command line.
func atLeast(t *testing.T, n int) {
	t.Helper()
	f := flag.Lookup("rapid.checks")
	old := f.Value.String()
	if have, err := strconv.Atoi(old); err != nil || have >= n {
		return
	}
	if err := f.Value.Set(strconv.Itoa(n)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Value.Set(old) })
}

// TestReachIsTheFixpoint compares the engine with the definition on 20,000 random graphs, and checks
// that each path proves its row.
func TestReachIsTheFixpoint(t *testing.T) {
	const runs = 20_000
	atLeast(t, runs)
	graphs, certain, possible, gates := 0, 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := genWorld(t)
		res := build(t, w.edges...).Reach(w.sources, "", w.win)
		c, a := sets(res)
		for _, h := range model.Harms {
			n := naive{w.edges, w.win, h}
			for _, x := range []struct {
				set  string
				want map[model.Subject]bool
				got  map[model.Subject]bool
			}{{"certain", n.fallen(w.sources, true), c[h]}, {"possible", n.fallen(w.sources, false), a[h]}} {
				for _, s := range w.sources {
					delete(x.want, s)
				}
				if diff := gocmp.Diff(keys(x.want), keys(x.got)); diff != "" {
					t.Fatalf("%s set of %s (-definition +engine):\n%s", x.set, h, diff)
				}
			}
		}
		for row := range res.Rows() {
			checkPath(t, w, row)
			if row.Certain {
				certain++
			} else {
				possible++
			}
			if row.Subject.Kind() == model.KindGate && len(row.Path.Steps) > 1 {
				gates++
			}
		}
		graphs++
	})
	if graphs < runs || certain < graphs/2 || possible < graphs/2 || gates < graphs/4 {
		t.Errorf("the graphs are too few or too plain: %d graphs, %d certain rows, %d possible rows, %d derived gates",
			graphs, certain, possible, gates)
	}
}

// checkPath replays a path: each step must be an edge of the graph that counts, begin where something
// has fallen, and bring down a gate only when enough inputs came before.
func checkPath(t *rapid.T, w world, row Row) {
	n := naive{w.edges, w.win, row.Harm}
	fallen := map[model.Subject]bool{}
	for _, s := range w.sources {
		fallen[s] = true
	}
	inputs := map[model.Subject]map[model.Subject]bool{}
	if len(row.Path.Steps) == 0 || row.Path.Truncated {
		t.Fatalf("%s: path of %d steps, truncated %v", row.Subject, len(row.Path.Steps), row.Path.Truncated)
	}
	for i, s := range row.Path.Steps {
		if slices.ContainsFunc(row.Path.Steps[:i], func(x Step) bool { return x.From == s.From && x.To == s.To }) {
			t.Fatalf("%s: the step from %s to %s is there twice", row.Subject, s.From, s.To)
		}
		if !slices.Contains(w.edges, s.Edge) || !n.counts(s.Edge, row.Certain) {
			t.Fatalf("%s: step %v is no edge that counts", row.Subject, s.Edge)
		}
		if !fallen[s.From] {
			t.Fatalf("%s: step from %s before it fell", row.Subject, s.From)
		}
		checkStrongest(t, n, row, s)
		if s.To.Kind() == model.KindGate {
			if inputs[s.To] == nil {
				inputs[s.To] = map[model.Subject]bool{}
			}
			inputs[s.To][s.From] = true
			if k := n.needs(s.To, row.Certain); k == 0 || len(inputs[s.To]) < k {
				continue
			}
		}
		fallen[s.To] = true
	}
	if !fallen[row.Subject] {
		t.Fatalf("%s: its path does not lead to it", row.Subject)
	}
	if last := row.Path.Steps[len(row.Path.Steps)-1]; last.To != row.Subject {
		t.Fatalf("%s: its path ends at %s", row.Subject, last.To)
	}
}

// checkStrongest checks that a step shows the strongest edge, and beside it all others.
func checkStrongest(t *rapid.T, n naive, row Row, s Step) {
	rank := func(e model.Edge) int {
		if e.Claim {
			return 10
		}
		return slices.Index(model.Knowns[:], e.Known)
	}
	distinct := map[model.Edge]bool{}
	for _, e := range n.edges {
		if e.From != s.From || e.To != s.To || !n.live(e) {
			continue
		}
		distinct[e] = true
		if n.counts(e, true) == n.counts(s.Edge, true) && rank(e) < rank(s.Edge) || n.counts(e, true) && !n.counts(s.Edge, true) {
			t.Fatalf("%s: step %v although %v is stronger", row.Subject, s.Edge, e)
		}
	}
	delete(distinct, s.Edge)
	shown := map[model.Edge]bool{}
	for _, e := range s.Others {
		shown[e] = true
	}
	if !maps.Equal(distinct, shown) || len(shown) != len(s.Others) {
		t.Fatalf("%s: beside step %v stand %v, want %v", row.Subject, s.Edge, s.Others, distinct)
	}
}

// TestReachOnlyGrows: one more source shrinks nothing, one more edge no possible set, and a claim
// changes no certain set. The one exception is in the package comment: the first k that somebody with a
// say gives for a gate.
func TestReachOnlyGrows(t *testing.T) {
	atLeast(t, 2_000)
	rapid.Check(t, func(t *rapid.T) {
		w := genWorld(t)
		g := build(t, w.edges...)
		c0, a0 := sets(g.Reach(w.sources, "", w.win))
		same := func(name string, small, large map[model.Harm]map[model.Subject]bool, but ...model.Subject) {
			for h, in := range small {
				for s := range in {
					if !large[h][s] && !slices.Contains(but, s) {
						t.Fatalf("%s: %s is no longer reached by %s", name, s, h)
					}
				}
			}
		}

		source := rapid.SampledFrom(w.nodes).Draw(t, "source")
		c1, a1 := sets(g.Reach(append(slices.Clone(w.sources), source), "", w.win))
		same("source, certain", c0, c1, source)
		same("source, possible", a0, a1, source)

		e := genEdge(w.nodes).Draw(t, "edge")
		c1, a1 = sets(build(t, append(slices.Clone(w.edges), e)...).Reach(w.sources, "", w.win))
		same("edge, certain", c0, c1)
		if n := (naive{w.edges, w.win, e.Harm}); !n.states(e) || n.stated(e.From) {
			same("edge, possible", a0, a1)
		}
		if e.Claim {
			same("claim, certain", c1, c0)
		}
	})
}

// TestOrderOfEdgesDoesNotMatter: the same edges in another order give the same rows and paths.
func TestOrderOfEdgesDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := genWorld(t)
		mixed := rapid.Permutation(w.edges).Draw(t, "mixed")
		a := slices.Collect(build(t, w.edges...).Reach(w.sources, "", w.win).Rows())
		b := slices.Collect(build(t, mixed...).Reach(w.sources, "", w.win).Rows())
		if diff := gocmp.Diff(a, b, gocmp.Comparer(func(x, y model.Subject) bool { return x == y })); diff != "" {
			t.Fatal(diff)
		}
		if !slices.IsSortedFunc(a, func(x, y Row) int {
			return cmp.Or(cmp.Compare(x.Subject.Kind(), y.Subject.Kind()), cmp.Compare(x.Subject.String(), y.Subject.String()),
				cmp.Compare(slices.Index(model.Harms[:], x.Harm), slices.Index(model.Harms[:], y.Harm)))
		}) {
			t.Fatal("rows are not sorted by kind, subject and harm")
		}
	})
}

// TestInAndOutKeepEveryEdge: nothing that was given is lost, and equal edges are one.
func TestInAndOutKeepEveryEdge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := genWorld(t)
		g := build(t, w.edges...)
		want := map[model.Edge]int{}
		for _, e := range w.edges {
			want[e] = 1
		}
		in, out := map[model.Edge]int{}, map[model.Edge]int{}
		for _, s := range w.nodes {
			for e := range g.In(s) {
				in[e]++
			}
			for e := range g.Out(s) {
				out[e]++
			}
		}
		if !maps.Equal(want, in) || !maps.Equal(want, out) || g.Size().Edges != len(want) {
			t.Fatalf("given %v\nin %v\nout %v", want, in, out)
		}
	})
}
