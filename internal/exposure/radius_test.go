package exposure

import (
	"context"
	"encoding/json/v2"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/exposure/graph"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/google/go-cmp/cmp"
)

func key(b string) string { return "key:sha256:" + strings.Repeat(b, 32) }

// ward is a hospital's own view: a signing role of two in three, an undisclosed backup share, a denied
// path through a VPN, and a cloud that only availability depends on.
var ward = header + strings.Join([]string{
	key("aa") + ",signs,gate:acme/role,integrity,asserted,,,",
	key("bb") + ",signs,gate:acme/role,integrity,asserted,,,",
	key("cc") + ",signs,gate:acme/role,integrity,asserted,,,",
	"gate:acme/role,needs:2,release:acme/pump/2,integrity,asserted,,,",
	"release:acme/pump/2,runs-on,device:acme/pump/1,integrity,observed,,,",
	"release:acme/pump/2,runs-on,device:acme/pump/2,integrity,observed,,,",
	"system:share,backs-up," + key("aa") + ",integrity,undisclosed,,,",
	"system:ad,administers,system:share,integrity,asserted,,,",
	"system:ad,administers," + key("bb") + ",integrity,asserted,,,",
	"system:vpn,administers," + key("aa") + ",integrity,denied,,,",
	"system:vpn,administers," + key("bb") + ",integrity,asserted,,,",
	"service:cloud/x,serves,device:acme/pump/1,availability,asserted,,,a second cloud",
}, "\n")

// source is an EdgeSource over a slice; it fails behind the last edge when err is set.
type source struct {
	edges []model.Edge
	err   error
}

func (s source) Edges(context.Context) iter.Seq2[model.Edge, error] {
	return func(yield func(model.Edge, error) bool) {
		for _, e := range s.edges {
			if !yield(e, nil) {
				return
			}
		}
		if s.err != nil {
			yield(model.Edge{}, s.err)
		}
	}
}

func load(t testing.TB, csv string) *graph.Graph {
	t.Helper()
	rows, err := ReadEdges(strings.NewReader(csv))
	if err != nil {
		t.Fatal(err)
	}
	var src source
	for _, r := range rows {
		r.Edge.Author = "st"
		src.edges = append(src.edges, r.Edge)
	}
	g, err := Load(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func query(t testing.TB, harm model.Harm, sources ...string) Query {
	t.Helper()
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	q := Query{Harm: harm, From: now, To: now}
	for _, s := range sources {
		q.Sources = append(q.Sources, subj(t, s))
	}
	return q
}

func TestRadius(t *testing.T) {
	t.Parallel()
	g := load(t, ward)
	const i, a = model.Integrity, model.Availability
	for _, tt := range []struct {
		name              string
		harm              model.Harm
		sources           []string
		certain, possible []string // of the devices
	}{
		{"one of two keys", i, []string{key("aa")}, nil, nil},
		{"two keys", i, []string{key("aa"), key("cc")}, []string{"1", "2"}, nil},
		{"an undisclosed edge", i, []string{"system:ad"}, nil, []string{"1", "2"}},
		{"a denied edge", i, []string{"system:vpn"}, nil, []string{"1", "2"}},
		{"the cloud is down", a, []string{"service:cloud/x"}, []string{"1"}, nil},
		{"the cloud lies", i, []string{"service:cloud/x"}, nil, nil},
		{"every harm", "", []string{"service:cloud/x", key("aa"), key("bb")}, []string{"1", "1", "2"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ans := Radius(g, query(t, tt.harm, tt.sources...))
			var certain, possible []string
			for _, r := range ans.Reached {
				if slices.Contains(tt.sources, r.Subject.String()) {
					t.Errorf("the source %s is printed as reached", r.Subject)
				}
				if r.Subject.Kind() != model.KindDevice {
					continue
				}
				if r.Certainty == Certain {
					certain = append(certain, r.Subject.Parts()[2])
				} else {
					possible = append(possible, r.Subject.Parts()[2])
				}
			}
			if diff := cmp.Diff([][]string{tt.certain, tt.possible}, [][]string{certain, possible}); diff != "" {
				t.Error(diff)
			}
			n := 0
			for _, c := range ans.Counts {
				n += c.N
			}
			if n != len(ans.Reached) {
				t.Errorf("counts add up to %d of %d rows", n, len(ans.Reached))
			}
		})
	}
}

// TestReachedAsJSON fixes the fields that scripts read.
func TestReachedAsJSON(t *testing.T) {
	t.Parallel()
	ans := Radius(load(t, ward+"\nservice:cloud/x,serves,device:acme/pump/1,availability,denied,2026-01-01,,"), query(t, "", "service:cloud/x", "system:nobody"))
	got, err := json.Marshal(ans)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"reached":[{"subject":"device:acme/pump/1","certainty":"certain","harm":"availability","path":[` +
		`{"from":"service:cloud/x","relation":"serves","to":"device:acme/pump/1","harm":"availability","known":"asserted",` +
		`"control":"a second cloud","author":"st","others":[{"relation":"serves","known":"denied","since":"2026-01-01T00:00:00Z","author":"st"}]}]}],` +
		`"counts":[{"kind":"device","harm":"availability","certainty":"certain","n":1}],"not_in_graph":["system:nobody"]}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

// TestGatePath: the path through a gate holds both keys that tripped it, before what follows.
func TestGatePath(t *testing.T) {
	t.Parallel()
	ans := Radius(load(t, ward), query(t, model.Integrity, key("aa"), key("cc")))
	var got []string
	for _, r := range ans.Reached {
		if r.Subject.String() == "device:acme/pump/2" {
			for _, s := range r.Path {
				got = append(got, s.From.String()+" "+s.Relation+" "+s.To.String())
			}
		}
	}
	slices.Sort(got[:min(2, len(got))]) // the inputs of one gate have no order
	want := []string{
		key("aa") + " signs gate:acme/role", key("cc") + " signs gate:acme/role",
		"gate:acme/role needs:2 release:acme/pump/2", "release:acme/pump/2 runs-on device:acme/pump/2",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLoadFails(t *testing.T) {
	t.Parallel()
	gone := errors.New("the disk is gone")
	if g, err := Load(t.Context(), source{err: gone}); g != nil || !errors.Is(err, gone) {
		t.Errorf("graph %v, error %v", g, err)
	}
	edges := slices.Repeat([]model.Edge{{
		From: subj(t, "system:a"), Relation: "r", To: subj(t, "system:b"), Harm: model.Integrity, Known: model.Asserted,
	}}, 10_000)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if g, err := Load(ctx, source{edges: edges}); g != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: graph %v, error %v", g, err)
	}
	if g, err := Load(t.Context(), source{edges: []model.Edge{{}}}); g != nil || err == nil {
		t.Errorf("an edge without ends: graph %v, error %v", g, err)
	}
}
