package graph

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
	"github.com/google/go-cmp/cmp"
)

// parse reads edges written "from relation to", with a mark for what is not plain: ?undisclosed
// !denied @observed ~claim.
func parse(t testing.TB, lines ...string) []model.Edge {
	t.Helper()
	var out []model.Edge
	for _, l := range lines {
		f := strings.Fields(l)
		e := model.Edge{
			From: subj(t, f[0]), Relation: f[1], To: subj(t, f[2]),
			Harm: model.Integrity, Known: model.Asserted, Author: "acme",
		}
		for _, mark := range f[3:] {
			switch mark {
			case "?undisclosed":
				e.Known = model.Undisclosed
			case "!denied":
				e.Known = model.Denied
			case "@observed":
				e.Known = model.Observed
			case "~claim":
				e.Claim, e.Author = true, "other"
			default:
				e.Control = mark
			}
		}
		out = append(out, e)
	}
	return out
}

func subjects(t testing.TB, list ...string) []model.Subject {
	t.Helper()
	var out []model.Subject
	for _, s := range list {
		out = append(out, subj(t, s))
	}
	return out
}

// reach returns what integrity reaches, possible subjects with a question mark.
func reach(t testing.TB, g *Graph, sources ...string) string {
	t.Helper()
	var out []string
	for r := range g.Reach(subjects(t, sources...), model.Integrity, Window{}).Rows() {
		s := r.Subject.Value()
		if !r.Certain {
			s += "?"
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func TestReach(t *testing.T) {
	t.Parallel()
	gate := []string{
		"system:k1 signs gate:acme/g", "system:k2 signs gate:acme/g", "system:k3 signs gate:acme/g",
		"gate:acme/g needs:2 system:r",
	}
	for _, tt := range []struct {
		name    string
		edges   []string
		sources []string
		want    string
	}{
		{"one of two keys", gate, []string{"system:k1"}, ""},
		{"two of two keys", gate, []string{"system:k1", "system:k3"}, "acme/g r"},
		{"the gate itself", gate, []string{"gate:acme/g"}, "r"},
		{"a source twice is one input", gate, []string{"system:k1", "system:k1"}, ""},
		{
			"parallel edges are one input",
			append(slices.Clone(gate), "system:k1 holds gate:acme/g", "system:k1 signs gate:acme/g !denied"),
			[]string{"system:k1"},
			"",
		},
		{
			"an undisclosed second input",
			append(slices.Clone(gate), "system:ad runs system:k1", "system:ad runs system:k2 ?undisclosed"),
			[]string{"system:ad"},
			"acme/g? k1 k2? r?",
		},
		{
			"a claimed smaller k is possible only",
			append(slices.Clone(gate), "gate:acme/g needs:1 system:x ~claim"),
			[]string{"system:k1"},
			"acme/g? r? x?",
		},
		{
			"a claimed larger k changes nothing",
			append(slices.Clone(gate), "gate:acme/g needs:9 system:x ~claim"),
			[]string{"system:k1", "system:k2"},
			"acme/g r x?",
		},
		{
			"the smaller of two k that have a say",
			append(slices.Clone(gate), "gate:acme/g needs:1 system:x"),
			[]string{"system:k1"},
			"acme/g r x",
		},
		{
			"a smaller k that is denied is possible only",
			append(slices.Clone(gate), "gate:acme/g needs:1 system:x !denied"),
			[]string{"system:k1"},
			"acme/g? r? x?",
		},
		{
			"no k stated: one input is possible, all are not certain",
			[]string{"system:k1 signs gate:acme/g", "system:k2 signs gate:acme/g", "gate:acme/g opens system:r"},
			[]string{"system:k1", "system:k2"},
			"acme/g? r?",
		},
		{
			"only a claim gives k: it does not narrow",
			[]string{"system:k1 signs gate:acme/g", "gate:acme/g needs:2 system:r ~claim"},
			[]string{"system:k1"},
			"acme/g? r?",
		},
		{
			"a k of nonsense is none",
			[]string{"system:k1 signs gate:acme/g", "gate:acme/g needs:65 system:r"},
			[]string{"system:k1"},
			"acme/g? r?",
		},
		{
			"a gate behind a gate",
			append(slices.Clone(gate), "gate:acme/g signs gate:acme/h", "system:k1 signs gate:acme/h", "gate:acme/h needs:2 zone:st/a/b"),
			[]string{"system:k1", "system:k2"},
			"acme/g acme/h r st/a/b",
		},
		{
			"a gate cannot be its own input",
			[]string{"system:k1 signs gate:acme/g", "gate:acme/g needs:2 gate:acme/g"},
			[]string{"system:k1"},
			"",
		},
		{"a cycle", []string{"system:a r system:b", "system:b r system:c", "system:c r system:a"}, []string{"system:b"}, "a c"},
		{"a self-loop", []string{"system:a r system:a", "system:a r system:b"}, []string{"system:a"}, "b"},
		{"a denial", []string{"system:a r system:b !denied", "system:b r system:c"}, []string{"system:a"}, "b? c?"},
		{"the stronger word counts", []string{"system:a r system:b !denied", "system:a r system:b @observed"}, []string{"system:a"}, "b"},
		{"a claim beside a denial", []string{"system:a r system:b !denied", "system:a r system:b @observed ~claim"}, []string{"system:a"}, "b?"},
		{"a declared control cuts nothing", []string{"system:a r system:b firewall"}, []string{"system:a"}, "b"},
		{"against the direction", []string{"system:a r system:b"}, []string{"system:b"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := reach(t, build(t, parse(t, tt.edges...)...), tt.sources...); got != tt.want {
				t.Errorf("reached %q, want %q", got, tt.want)
			}
		})
	}
}

func TestWindow(t *testing.T) {
	t.Parallel()
	e := parse(t, "system:a r system:b")[0]
	e.Since, e.Until = day0, day0.AddDate(0, 0, 10)
	backward := parse(t, "system:a r system:b")[0]
	backward.Since, backward.Until = day0.AddDate(0, 0, 10), day0
	at := func(d int) time.Time { return day0.AddDate(0, 0, d) }
	for _, tt := range []struct {
		name string
		edge model.Edge
		win  Window
		want string
	}{
		{"all time", e, Window{}, "b"},
		{"the first instant is inside", e, At(day0), "b"},
		{"just before", e, At(day0.Add(-1)), ""},
		{"the last instant is outside", e, At(at(10)), ""},
		{"just before the last", e, At(at(10).Add(-1)), "b"},
		{"a window that ends where it begins", e, Window{at(-1), day0}, ""},
		{"a window that reaches in", e, Window{at(-1), day0.Add(1)}, "b"},
		{"a window around it", e, Window{at(-1), at(20)}, "b"},
		{"a window after it", e, Window{at(10), at(20)}, ""},
		{"open at the end", e, Window{From: at(9)}, "b"},
		{"open at the beginning", e, Window{To: day0}, ""},
		{"turned round is the instant From", e, Window{at(5), at(-5)}, "b"},
		{"in another zone", e, At(day0.In(time.FixedZone("x", 3600))), "b"},
		{"an edge that ends before it begins", backward, At(at(20)), "b?"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got string
			for r := range build(t, tt.edge).Reach(subjects(t, "system:a"), model.Integrity, tt.win).Rows() {
				if got = r.Subject.Value(); !r.Certain {
					got += "?"
				}
			}
			if got != tt.want {
				t.Errorf("reached %q, want %q", got, tt.want)
			}
		})
	}
}

func TestNotInGraph(t *testing.T) {
	t.Parallel()
	g := build(t, parse(t, "system:a r system:b")...)
	r := g.Reach(subjects(t, "system:nobody", "system:a", "zone:a/b/c", "system:nobody"), "", Window{})
	if diff := cmp.Diff([]string{"system:nobody", "zone:a/b/c"}, text(r.NotInGraph)); diff != "" {
		t.Error(diff)
	}
	if r.Len() != 1 {
		t.Errorf("%d rows, want that of the source that is known", r.Len())
	}
	if r := build(t).Reach(subjects(t, "system:a"), "", Window{}); len(r.NotInGraph) != 1 || r.Len() != 0 {
		t.Errorf("the empty graph knows something: %v, %d rows", r.NotInGraph, r.Len())
	}
}

func text(list []model.Subject) []string {
	var out []string
	for _, s := range list {
		out = append(out, s.String())
	}
	return out
}

// TestHarmsDoNotMix also sees to it that an unknown harm is not an empty answer.
func TestHarmsDoNotMix(t *testing.T) {
	t.Parallel()
	e := parse(t, "system:a r system:b", "system:b r system:c", "system:a r system:d", "gate:x/g needs:1 system:z", "system:a r gate:x/g")
	e[1].Harm, e[2].Harm, e[3].Harm = model.Availability, model.Availability, model.Confidentiality
	g := build(t, e...)
	for harm, want := range map[model.Harm]string{
		model.Integrity:       "gate:x/g integrity possible, system:b integrity certain", // its k is another harm's
		model.Availability:    "system:d availability certain",
		model.Confidentiality: "",
		"":                    "gate:x/g integrity possible, system:b integrity certain, system:d availability certain",
		"typo":                "gate:x/g integrity possible, system:b integrity certain, system:d availability certain",
	} {
		var got []string
		for r := range g.Reach(subjects(t, "system:a"), harm, Window{}).Rows() {
			sure := "possible"
			if r.Certain {
				sure = "certain"
			}
			got = append(got, fmt.Sprintf("%s %s %s", r.Subject, r.Harm, sure))
		}
		if diff := cmp.Diff(want, strings.Join(got, ", ")); diff != "" {
			t.Errorf("harm %q: %s", harm, diff)
		}
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	e := parse(t, "system:a r system:b", "system:a r system:c ?undisclosed", "system:b r zone:x/y/z", "system:c r zone:x/y/w", "system:b r zone:x/y/v")
	got := build(t, e...).Reach(subjects(t, "system:a"), "", Window{}).Counts()
	want := []Count{{"system", model.Integrity, 1, 1}, {"zone", model.Integrity, 2, 1}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	ok := parse(t, "system:a r system:b")[0]
	for name, change := range map[string]func(*model.Edge){
		"an edge needs a subject": func(e *model.Edge) { e.To = model.Subject{} },
		`harm "theft"`:            func(e *model.Edge) { e.Harm = "theft" },
		`known ""`:                func(e *model.Edge) { *e = model.Edge{From: e.From, To: e.To, Harm: e.Harm} },
	} {
		for _, edges := range [][]model.Edge{{ok}, {ok, ok}} { // also as the very first
			last := &edges[len(edges)-1]
			change(last)
			_, err := New(slices.Values(edges))
			if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), fmt.Sprintf("edge %d", len(edges)-1)) {
				t.Errorf("want an error that says %q and the place, got %v", name, err)
			}
		}
	}
}

func TestParseNeeds(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int{
		"needs:1": 1, "needs:64": 64, "needs:0": 0, "needs:65": 0, "needs:01": 0, "needs:+1": 0, "needs:": 0,
		"needs": 0, "needs:-1": 0, "needs:1 ": 0, "needs:99999999999999999999": 0, "Needs:1": 0,
	} {
		if k, ok := ParseNeeds(in); k != want && ok || ok != (want > 0) {
			t.Errorf("ParseNeeds(%q) = %d, %v", in, k, ok)
		}
	}
}

// TestLongPathIsCut: a chain longer than a path may be keeps the end and says so.
func TestLongPathIsCut(t *testing.T) {
	t.Parallel()
	var lines []string
	for i := range 3 * MaxSteps {
		lines = append(lines, fmt.Sprintf("system:%04d r system:%04d", i, i+1))
	}
	g := build(t, parse(t, lines...)...)
	n := 0
	for row := range g.Reach(subjects(t, "system:0000"), model.Integrity, Window{}).Rows() {
		n++
		if last := row.Path.Steps[len(row.Path.Steps)-1]; last.To != row.Subject {
			t.Fatalf("the path to %s ends at %s", row.Subject, last.To)
		}
		if len(row.Path.Steps) != min(n, MaxSteps) || row.Path.Truncated != (n > MaxSteps) {
			t.Fatalf("%s: %d steps, truncated %v", row.Subject, len(row.Path.Steps), row.Path.Truncated)
		}
	}
	if n != 3*MaxSteps {
		t.Errorf("%d rows", n)
	}
}

// TestVeryManyEdges: half a million edges at one node, and a gate with as many inputs.
func TestVeryManyEdges(t *testing.T) {
	t.Parallel()
	const n = 500_000
	hub, gate := subj(t, "system:hub"), subj(t, "gate:acme/g")
	devices := make([]model.Subject, n)
	for i := range devices {
		devices[i] = subj(t, fmt.Sprintf("device:acme/pump/%06d", i))
	}
	g, err := New(func(yield func(model.Edge) bool) {
		e := model.Edge{Relation: "serves", Harm: model.Availability, Known: model.Asserted}
		for _, d := range devices {
			e.From, e.To = hub, d
			if !yield(e) {
				return
			}
			e.From, e.To = d, gate
			if !yield(e) {
				return
			}
		}
		e.From, e.Relation, e.To = gate, "needs:64", subj(t, "zone:st/a/b")
		yield(e)
	})
	if err != nil {
		t.Fatal(err)
	}
	r := g.Reach([]model.Subject{hub}, model.Availability, Window{})
	if r.Len() != n+2 {
		t.Errorf("reached %d, want %d", r.Len(), n+2)
	}
	for row := range r.Rows() {
		if row.Subject == gate && len(row.Path.Steps) != 2*MaxNeeds {
			t.Errorf("the gate has a derivation of %d steps, want %d", len(row.Path.Steps), 2*MaxNeeds)
		}
	}
	in := 0
	for range g.In(gate) {
		in++
	}
	if in != n {
		t.Errorf("%d edges into the gate, want %d", in, n)
	}
}

// TestNamesKeepEverySubject: every kind of name is found again, and nothing else is.
func TestNamesKeepEverySubject(t *testing.T) {
	t.Parallel()
	list := subjects(t, "component:pkg:npm/a@1", "component:pkg:npm/a@1.0", "component:pkg:npm/a", "device:ip/s/r/10.0.0.1/-",
		"key:sha256:"+strings.Repeat("ab", 32), "model:"+strings.Repeat("x", 1000), "person:%C3%A9", "system:a", "system:a%2Fb", "zone:a/b/c")
	for i := range 100 {
		list = append(list, subj(t, fmt.Sprintf("release:acme/pump/%d.%d", i/7, i)))
	}
	var edges []model.Edge
	for i, s := range list {
		edges = append(edges, model.Edge{From: s, To: list[(i*7+1)%len(list)], Relation: "r", Harm: model.Integrity, Known: model.Denied})
	}
	g := build(t, edges...)
	if g.Size().Nodes != len(list) {
		t.Fatalf("%d nodes, want %d", g.Size().Nodes, len(list))
	}
	for _, s := range list {
		id, ok := g.names.find(s.String())
		if !ok || g.names.subject(id) != s || g.names.kinds[g.names.kindIndex(id)].kind != s.Kind() {
			t.Errorf("%s: id %d, %v", s, id, ok)
		}
		for _, other := range []string{s.String() + "0", s.String()[:len(s.String())-1], "a", "zz", ""} {
			if _, ok := g.names.find(other); ok && !slices.Contains(text(list), other) {
				t.Errorf("%q was found", other)
			}
		}
	}
}
