package graph

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
)

// The synthetic fleet: a million subjects in layers, in the direction a compromise flows, and a skewed
// popularity, so that some components reach almost everything. A ward is 100 devices that talk.
const (
	nKeys, nComponents, nReleases = 1_000, 49_000, 50_000
	nDevices, nZones, nVisits     = 500_000, 10_000, 390_000
	ward                          = 100
)

type fleet struct{ keys, components, releases, devices, zones, visits []model.Subject }

func named(n int, name func(i int) string) []model.Subject {
	out := make([]model.Subject, n)
	for i := range out {
		s, err := model.ParseSubject(name(i))
		if err != nil {
			panic(err) // the names below are constants
		}
		out[i] = s
	}
	return out
}

func newFleet(mixed bool) fleet {
	visit := "station:visit/%06d"
	if mixed {
		visit = "gate:st/%06d"
	}
	return fleet{
		keys:       named(nKeys, func(i int) string { return model.KeyOf(model.DigestOf(fmt.Append(nil, i))).String() }),
		components: named(nComponents, func(i int) string { return fmt.Sprintf("component:pkg:generic/comp-%05d@1.%d", i, i%7) }),
		releases:   named(nReleases, func(i int) string { return fmt.Sprintf("release:maker-%03d/pump-%02d/%05d", i%200, i%13, i) }),
		devices:    named(nDevices, func(i int) string { return fmt.Sprintf("device:maker-%03d/pump-%02d/SN%06d", i%200, i%13, i) }),
		zones:      named(nZones, func(i int) string { return fmt.Sprintf("zone:st-%02d/ward/%05d", i%40, i) }),
		visits:     named(nVisits, func(i int) string { return fmt.Sprintf(visit, i) }),
	}
}

// edges yields some 9.6 million edges, from a few hundred statements. With mixed, one in eight is
// undisclosed, denied or a claim, one in four held for a time only, and every visit is a gate.
func (f fleet) edges(mixed bool) iter.Seq[model.Edge] {
	return func(yield func(model.Edge) bool) {
		n := 0
		r := rand.New(rand.NewPCG(1, 2))
		component := rand.NewZipf(r, 1.1, 20, nComponents-1)
		release := rand.NewZipf(r, 1.05, 50, nReleases-1)
		more := true
		put := func(from model.Subject, relation string, to model.Subject, author int) {
			e := model.Edge{
				From: from, Relation: relation, To: to, Harm: model.Integrity, Known: model.Asserted,
				Author: fmt.Sprintf("maker-%03d", author%200), Statement: model.DigestOf([]byte{byte(author % 200)}),
			}
			if n++; mixed {
				e.Known = []model.Known{model.Asserted, model.Undisclosed, model.Observed, model.Denied}[n/3%16%4*(n%16/12)]
				e.Claim = n%40 == 0
				if n%4 == 0 {
					e.Since = day0.AddDate(0, 0, -n%60)
				}
			}
			more = more && yield(e)
		}
		for i, c := range f.components {
			put(f.keys[int(float64(nKeys)*r.Float64()*r.Float64())], "signs", c, i)
		}
		for i, rel := range f.releases {
			for range 40 {
				put(f.components[component.Uint64()], "contained-in", rel, i)
			}
		}
		for i, d := range f.devices {
			for range 4 {
				put(f.releases[release.Uint64()], "runs-on", d, i)
			}
			for range 6 {
				put(d, "talks-to", f.devices[min(i/ward*ward+r.IntN(ward), nDevices-1)], i)
			}
			put(d, "stands-in", f.zones[i/(nDevices/nZones)], i)
			for range 4 {
				put(d, "serves", f.visits[r.IntN(nVisits)], i)
			}
			if mixed && i < nVisits {
				put(f.visits[i], "needs:2", f.zones[i%nZones], i)
			}
			if !more {
				return
			}
		}
	}
}

// built is a graph with what it took to build it.
type built struct {
	fleet
	g     *Graph
	heap  uint64
	build time.Duration
}

func newBuilt(mixed bool) built {
	out := built{fleet: newFleet(mixed)}
	edges := slices.Collect(out.edges(mixed))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	g, err := New(slices.Values(edges))
	if err != nil {
		panic(err) // the edges above are constants
	}
	out.build = time.Since(start)
	runtime.GC()
	runtime.ReadMemStats(&after)
	out.g, out.heap = g, after.HeapAlloc-before.HeapAlloc
	runtime.KeepAlive(edges)
	return out
}

// Each graph is built once for all benchmarks.
var (
	plain = sync.OnceValue(func() built { return newBuilt(false) })
	mixed = sync.OnceValue(func() built { return newBuilt(true) })
)

// BenchmarkBuild must stay at 120 MB for the graph of a million subjects, names included.
func BenchmarkBuild(b *testing.B) {
	for name, l := range map[string]func() built{"plain": plain, "mixed": mixed} {
		b.Run(name, func(b *testing.B) {
			s := l().g.Size()
			b.ReportMetric(float64(s.Nodes), "nodes")
			b.ReportMetric(float64(s.Edges), "edges")
			b.ReportMetric(float64(l().heap)/1e6, "heap-MB")
			b.ReportMetric(float64(s.Bytes)/1e6, "MB")
			b.ReportMetric(float64(l().heap)/float64(s.Edges), "B/edge")
			b.ReportMetric(l().build.Seconds(), "build-s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkReach: the median component must take at most 10 ms, the worst subject 200 ms. Mixed is
// what gates, windows and two sets cost on top.
func BenchmarkReach(b *testing.B) {
	b.Run("plain", func(b *testing.B) { benchReach(b, plain()) })
	b.Run("mixed", func(b *testing.B) { benchReach(b, mixed()) })
}

func benchReach(b *testing.B, l built) {
	reached := map[model.Subject]int{} // of one component in 97
	var sample []model.Subject
	for c := 0; c < nComponents; c += 97 {
		s := l.components[c]
		sample = append(sample, s)
		reached[s] = l.g.Reach([]model.Subject{s}, model.Integrity, At(day0)).Len()
	}
	slices.SortFunc(sample, func(x, y model.Subject) int { return reached[x] - reached[y] })
	for _, st := range []struct {
		name string
		s    model.Subject
	}{
		{"popular-component", l.components[0]},
		{"weak-key", l.keys[0]},
		{"popular-release", l.releases[0]},
		{"rare-release", l.releases[nReleases-1]},
		{"median-component", sample[len(sample)/2]},
		{"rare-component", sample[len(sample)/20]},
	} {
		b.Run(st.name, func(b *testing.B) {
			n := 0
			for b.Loop() {
				n = l.g.Reach([]model.Subject{st.s}, model.Integrity, At(day0)).Len()
			}
			b.ReportMetric(float64(n), "reached")
		})
	}
}

// BenchmarkRows makes every row with its path, and drops it.
func BenchmarkRows(b *testing.B) {
	l := plain()
	r := l.g.Reach([]model.Subject{l.components[0]}, model.Integrity, At(day0))
	for b.Loop() {
		n := 0
		for range r.Rows() {
			n++
		}
		b.ReportMetric(float64(n), "rows")
	}
}
