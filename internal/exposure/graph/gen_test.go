package graph

import (
	"slices"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
	"pgregory.net/rapid"
)

func subj(t testing.TB, s string) model.Subject {
	t.Helper()
	out, err := model.ParseSubject(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func build(t interface {
	Helper()
	Fatal(...any)
}, edges ...model.Edge,
) *Graph {
	t.Helper()
	g, err := New(slices.Values(edges))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

var day0 = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// world is a small random graph with a question about it.
type world struct {
	nodes   []model.Subject
	edges   []model.Edge
	sources []model.Subject
	win     Window
}

// nodeNames makes gates as frequent as anything else, and lets kinds sort on both sides of them.
var nodeNames = []string{
	"system:a", "system:b", "system:c", "device:acme/pump/1", "zone:st/x/y", "dataset:d",
	"gate:acme/g", "gate:acme/h", "gate:acme/i",
}

func genEdge(nodes []model.Subject) *rapid.Generator[model.Edge] {
	return rapid.Custom(func(t *rapid.T) model.Edge {
		e := model.Edge{
			From:   rapid.SampledFrom(nodes).Draw(t, "from"),
			To:     rapid.SampledFrom(nodes).Draw(t, "to"),
			Harm:   rapid.SampledFrom([]model.Harm{model.Integrity, model.Integrity, model.Integrity, model.Availability}).Draw(t, "harm"),
			Known:  rapid.SampledFrom([]model.Known{model.Asserted, model.Observed, model.Asserted, model.Observed, model.Undisclosed, model.Denied}).Draw(t, "known"),
			Author: rapid.SampledFrom([]string{"acme", "st"}).Draw(t, "author"),
			Claim:  rapid.IntRange(0, 7).Draw(t, "claim") == 7,
		}
		e.Relation = "uses"
		if e.From.Kind() == model.KindGate {
			e.Relation = rapid.SampledFrom([]string{"needs:2", "needs:1", "needs:3", "needs:2", "uses", "needs:0"}).Draw(t, "relation")
		}
		e.Since, e.Until = genTime(t, "since"), genTime(t, "until")
		return e
	})
}

// genTime returns a day, or often none.
func genTime(t *rapid.T, label string) time.Time {
	d := rapid.IntRange(-12, 5).Draw(t, label)
	if d < 0 {
		return time.Time{}
	}
	return day0.AddDate(0, 0, d)
}

func genWorld(t *rapid.T) world {
	var w world
	for _, n := range nodeNames {
		s, err := model.ParseSubject(n)
		if err != nil {
			t.Fatal(err)
		}
		w.nodes = append(w.nodes, s)
	}
	w.edges = rapid.SliceOfN(genEdge(w.nodes), rapid.IntRange(0, 24).Draw(t, "atLeast"), 30).Draw(t, "edges")
	w.sources = rapid.SliceOfN(rapid.SampledFrom(w.nodes), 1, 3).Draw(t, "sources")
	w.win = Window{genTime(t, "from"), genTime(t, "to")}
	return w
}

// sets splits a result into what each harm reaches, without the sources.
func sets(r *Result) (certain, all map[model.Harm]map[model.Subject]bool) {
	certain, all = map[model.Harm]map[model.Subject]bool{}, map[model.Harm]map[model.Subject]bool{}
	for _, h := range model.Harms {
		certain[h], all[h] = map[model.Subject]bool{}, map[model.Subject]bool{}
	}
	for row := range r.Rows() {
		all[row.Harm][row.Subject] = true
		if row.Certain {
			certain[row.Harm][row.Subject] = true
		}
	}
	return certain, all
}
