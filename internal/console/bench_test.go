package console_test

import (
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/lab"
)

// The size of a house whose pages are to come within 300 ms, 95 of 100 times, on two cores.
const (
	manyDevices   = 2000
	manyTransfers = 20_000
	manyFindings  = 1000
)

// newLargeHouse adds devices to a ward, whose every device fetches ten files: the release, and now and then
// something else.
func newLargeHouse(b *testing.B) house {
	b.Helper()
	h := newWard(b)
	var list strings.Builder
	list.WriteString("asset,vendor,model,serial,ip,site,location,zone\n")
	for i := range manyDevices {
		fmt.Fprintf(&list, "P-%d,acme,pump-7,SN-%d,%s,main,\"ward %d, bed %d\",zone %d\n", i, i, address(i), i/40, i%40, i/400)
	}
	h.in(b, "mercy", func(a *app.App) error {
		_, err := a.ImportDevices(b.Context(), strings.NewReader(list.String()))
		return err
	})
	capture := filepath.Join(h.dir, "many.pcap")
	f, err := os.Create(capture)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := lab.Write(f, lab.Plan{Conversations: fetches()}); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	h.in(b, "mercy", func(a *app.App) error {
		_, err := a.Watch(b.Context(), app.WatchOptions{Files: []string{capture}}, quiet())
		return err
	})
	return h
}

func address(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, 1, byte(i / 250), byte(1 + i%250)})
}

func fetches() iter.Seq[lab.Conversation] {
	good := lab.BytesBody(lab.Firmware(2, 200_000)[:3000])
	return func(yield func(lab.Conversation) bool) {
		for i := range manyTransfers {
			body, name := good, "part.bin"
			if i%(manyTransfers/manyFindings) == 0 {
				body, name = lab.BytesBody(lab.Firmware(uint64(1000+i), 3000)), fmt.Sprintf("other-%d.bin", i)
			}
			c := lab.Conversation{
				Device: netip.AddrPortFrom(address(i%manyDevices), uint16(20_000+i/manyDevices)), Server: netip.MustParseAddrPort("10.0.0.200:80"),
				Host: server, Fetch: []lab.Object{{Path: "/fw/" + name, Body: body}},
			}
			if !yield(c) {
				return
			}
		}
	}
}

// visits is a way to ask for pages: how many ask at once, and whether something was written just before.
type visits struct {
	name     string
	visitors int
	cold     bool
}

// minRounds is how often a page is asked for at least, so that 95 of 100 mean something.
const minRounds = 20

// BenchmarkConsole measures every kind of page at the size above, for one visitor and for eight at once, when the
// home was just written to (cold) and when it was not (warm). Each is to come within 300 ms at p95, and the answer
// that nothing changed within 2 ms.
func BenchmarkConsole(b *testing.B) {
	h := newLargeHouse(b)
	v := enter(b, h.serve(b))
	writer := h.closes(b)
	pages := h.pages(b, v)
	for _, how := range []visits{{"1-warm", 1, false}, {"1-cold", 1, true}, {"8-warm", 8, false}, {"8-cold", 8, true}} {
		for _, name := range slices.Sorted(maps.Keys(pages)) {
			b.Run(name+"/"+how.name, func(b *testing.B) {
				var took []time.Duration
				round := func() {
					if how.cold {
						if err := writer.one(b.Context()); err != nil {
							b.Fatal(err)
						}
					}
					took = append(took, v.together(b, how.visitors, pages[name], "", http.StatusOK)...)
				}
				for b.Loop() {
					round()
				}
				for len(took) < minRounds*how.visitors {
					round()
				}
				reportP95(b, took)
			})
		}
	}
	b.Run("unchanged", func(b *testing.B) {
		state := v.get(b, "/").Header().Get("ETag")
		var took []time.Duration
		for b.Loop() {
			took = append(took, v.together(b, 1, "/", state, http.StatusNotModified)...)
		}
		reportP95(b, took)
	})
	b.Run("memory", func(b *testing.B) {
		before := heap()
		c := h.serve(b)
		for b.Loop() {
			enter(b, c).get(b, "/")
		}
		b.ReportMetric(float64(heap()-before)/(1<<20), "snapshot-MiB")
		c.Close()
	})
}

func reportP95(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// pages are the addresses of one page of each kind.
func (h house) pages(b *testing.B, v visitor) map[string]string {
	b.Helper()
	out := map[string]string{
		"today": "/", "findings": "/findings?page=10", "devices": "/devices?page=20", "releases": "/releases",
		"transfers": "/transfers?page=100", "transfers-verdict": "/transfers?verdict=unknown&page=3",
		"evidence": "/evidence?subject=release:acme/pump-7/2",
	}
	h.in(b, "mercy", func(a *app.App) error {
		list, err := a.Findings(b.Context(), app.FindingFilter{})
		if len(list) < manyFindings {
			b.Fatalf("only %d findings", len(list))
		}
		f := list[len(list)/2]
		out["finding"], out["evidence-file"] = "/findings/"+f.ID.Hex(), "/evidence?subject=artifact:"+f.Digest.String()
		return err
	})
	keys := url.Values{}
	h.in(b, "mercy", func(a *app.App) error {
		list, err := a.Keys(b.Context(), "acme")
		for _, k := range list {
			if k.Role == evidence.RoleRelease {
				keys.Add("from", k.Key.String())
			}
		}
		return err
	})
	out["reach"], out["reach-open"] = "/reach?"+keys.Encode(), "/reach?open=3-device-certain&"+keys.Encode()
	out["where-to-begin"] = "/reach?kind=device&page=20"
	_, after, _ := strings.Cut(v.get(b, "/devices?page=20").Body.String(), `<th scope="row"><a href="`)
	out["device"], _, _ = strings.Cut(after, `"`)
	out["findings-device"] = "/findings?device=" + path.Base(out["device"])
	return out
}

// together asks for a page n times at once. state is the one that the visitor has; empty: none.
func (v visitor) together(b *testing.B, n int, at, state string, status int) []time.Duration {
	b.Helper()
	took := make([]time.Duration, n)
	var all sync.WaitGroup
	for i := range took {
		all.Go(func() {
			began := time.Now()
			if w := v.ask(b, at, state); w.Code != status {
				b.Errorf("%s answers %d: %s", at, w.Code, w.Body)
			}
			took[i] = time.Since(began)
		})
	}
	all.Wait()
	return took
}
