package console_test

import (
	"fmt"
	"iter"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
	path := filepath.Join(h.dir, "many.pcap")
	f, err := os.Create(path)
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
		_, err := a.Watch(b.Context(), app.WatchOptions{Files: []string{path}}, quiet())
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

// BenchmarkPages measures every kind of page at the size above. Each is to come within 300 ms at p95.
func BenchmarkPages(b *testing.B) {
	h := newLargeHouse(b)
	var id, unit string
	open := 0
	h.in(b, "mercy", func(a *app.App) error {
		list, err := a.Findings(b.Context(), app.FindingFilter{})
		open = len(list)
		if err == nil {
			id = "/findings/" + list[open/2].ID.Hex()
		}
		return err
	})
	if open < manyFindings {
		b.Fatalf("only %d findings", open)
	}
	v := enter(b, h.serve(b))
	_, after, _ := strings.Cut(v.get(b, "/devices?page=20").Body.String(), `<th scope="row"><a href="`)
	unit, _, _ = strings.Cut(after, `"`)
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
	for name, at := range map[string]string{
		"reach": "/reach?" + keys.Encode(), "reach open": "/reach?open=3-device-certain&" + keys.Encode(), "where to begin": "/reach?kind=device&page=20",
		"today": "/", "findings": "/findings?page=10", "finding": id, "devices": "/devices?page=20", "device": unit, "releases": "/releases", "evidence": "/evidence?subject=release:acme/pump-7/2",
		"transfers": "/transfers?page=100",
	} {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				if w := v.get(b, at); w.Code != http.StatusOK {
					b.Fatalf("%s answers %d", at, w.Code)
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
		})
	}
}
