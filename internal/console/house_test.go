package console_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/console"
	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/clock"
	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/lab"
	"github.com/cordon-trust/cordon/internal/model"
)

const (
	host   = "127.0.0.1:8420"
	server = "updates.acme.example"
)

var now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// house is a folder with a maker, a hospital that trusts it, and captures between them.
type house struct {
	dir string
}

func (h house) options(org string) app.Options {
	return app.Options{
		Dir: filepath.Join(h.dir, org), FS: disk.OS{}, Clock: clock.Fixed(now), Rand: rand.Reader,
		Passphrase: func(context.Context, string) (string, error) { return "correct horse", nil },
	}
}

// in opens a home, runs fn and closes it.
func (h house) in(t testing.TB, org string, fn func(*app.App) error) {
	t.Helper()
	a, err := app.Open(t.Context(), h.options(org))
	if err != nil {
		t.Fatal(err)
	}
	if err := fn(a); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
}

// newHouse makes a hospital that has seen nothing and trusts nobody.
func newHouse(t testing.TB) house {
	t.Helper()
	h := house{fastDir(t)}
	h.found(t, "mercy", evidence.Hospital)
	return h
}

func (h house) found(t testing.TB, org string, kind evidence.OrgKind) {
	t.Helper()
	if _, err := app.Init(t.Context(), h.options(org), app.Home{Org: org, Kind: kind, Site: "main", Lab: true}); err != nil {
		t.Fatal(err)
	}
}

// newWard makes a hospital that knows releases 1 and 2 of a pump, of which the maker took the first back, and
// saw devices fetch the second: whole, with another byte, and something in its place.
func newWard(t testing.TB) house {
	t.Helper()
	h := newHouse(t)
	h.found(t, "acme", evidence.Maker)
	h.in(t, "acme", func(a *app.App) error {
		pump, err := model.ParseProduct("acme/pump-7")
		if err != nil {
			return err
		}
		for i := range 2 {
			name := h.file(t, fmt.Sprintf("pump-%d.bin", i+1), lab.Firmware(uint64(i+1), 200_000))
			if _, err := a.AddRelease(t.Context(), app.Draft{
				Product: pump, Version: fmt.Sprint(i + 1), Kind: "firmware", Files: []string{name}, Hosts: []string{server},
			}); err != nil {
				return err
			}
		}
		if _, err := a.Withdraw(t.Context(), pump, "1", "the battery drains"); err != nil {
			return err
		}
		if _, err := a.Publish(t.Context(), filepath.Join(h.dir, "www")); err != nil {
			return err
		}
		_, err = a.ExportTrust(t.Context(), filepath.Join(h.dir, "acme.json"))
		return err
	})
	root, err := os.ReadFile(filepath.Join(h.dir, "acme.json"))
	if err != nil {
		t.Fatal(err)
	}
	h.in(t, "mercy", func(a *app.App) error {
		if _, err := a.AddTrust(t.Context(), root, nil); err != nil {
			return err
		}
		if _, err := a.Sync(t.Context(), filepath.Join(h.dir, "www")); err != nil {
			return err
		}
		_, err := a.ImportDevices(t.Context(), strings.NewReader(`asset,vendor,model,serial,ip,site,location,zone,owner,role,criticality,floor
PUMP-1,acme,pump-7,SN-1,10.0.0.10,main,"ward 3, bed 1",infusion,clinical engineering,endpoint,high,second
PUMP-2,acme,pump-7,SN-2,10.0.0.11,main,"ward 3, bed 2",infusion,clinical engineering,endpoint,high,second
MON-1,other,view-9,,10.0.0.12,main,ward 4,monitoring,,endpoint,,
SRV-1,,,,10.0.0.13,main,cellar,,,server,,
`))
		return err
	})
	good := lab.Firmware(2, 200_000)
	h.sees(t,
		fetched{"10.0.0.10", "pump-2.bin", lab.Flip(good, 1000)},
		fetched{"10.0.0.11", "helper.bin", lab.Firmware(9, 50_000)},
		fetched{"10.0.0.11", "pump-2.bin", good},
		fetched{"10.0.0.12", "pump-2.bin", good},
		fetched{"10.0.0.99", "pump-1.bin", lab.Firmware(1, 200_000)}, // not on the list
	)
	return h
}

// fastDir is a folder in memory where there is one.
func fastDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "cordon-test-*")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// file writes a file into the folder.
func (h house) file(t testing.TB, name string, body []byte) string {
	t.Helper()
	path := filepath.Join(h.dir, name)
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// fetched is a download by a device, given by its address.
type fetched struct {
	device, name string
	body         []byte
}

// sees records the captures of downloads, in one run.
func (h house) sees(t testing.TB, list ...fetched) {
	t.Helper()
	var files []string
	for i, f := range list {
		files = append(files, h.file(t, fmt.Sprintf("seen-%d.pcap", i), capture(t, i, f.device, f.name, f.body)))
	}
	h.in(t, "mercy", func(a *app.App) error {
		_, err := a.Watch(t.Context(), app.WatchOptions{Files: files}, quiet())
		return err
	})
}

// capture is what passed on the wire when a device fetched something, in the nth minute.
func capture(t testing.TB, n int, device, path string, body []byte) []byte {
	t.Helper()
	return captureFrom(t, n, device, server, path, body)
}

func captureFrom(t testing.TB, n int, device, host, path string, body []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	_, err := lab.WriteDownload(&out, lab.Download{
		Device: netip.AddrPortFrom(netip.MustParseAddr(device), 40001), Host: host, Path: "/fw/" + path, Body: body, NoARP: true,
		Start: lab.DefaultStart().Add(time.Duration(n) * time.Minute),
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func quiet() app.WatchShow {
	return app.WatchShow{
		Transfer: func(app.TransferInfo) error { return nil },
		Part:     func(app.PartInfo) error { return nil },
		Finding:  func(model.Finding) error { return nil },
	}
}

// serve makes a console over the hospital's home.
func (h house) serve(t testing.TB) *console.Console {
	t.Helper()
	return h.serveAt(t, now)
}

func (h house) serveAt(t testing.TB, at time.Time) *console.Console {
	t.Helper()
	opt := h.options("mercy")
	opt.Store.ReadOnly, opt.Clock = true, clock.Fixed(at)
	c, err := console.New(console.Options{
		Open:  func(ctx context.Context) (*app.App, error) { return app.Open(ctx, opt) },
		Clock: clock.Fixed(at), Rand: rand.Reader, Addr: netip.MustParseAddrPort(host),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// visitor is a browser that opened the link.
type visitor struct {
	console *console.Console
	cookie  *http.Cookie
}

func enter(t testing.TB, c *console.Console) visitor {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, c.Link(), nil)
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	cookies := w.Result().Cookies()
	if w.Code != http.StatusSeeOther || len(cookies) != 1 {
		t.Fatalf("the link answers %d with %d cookies", w.Code, len(cookies))
	}
	return visitor{c, cookies[0]}
}

// get asks for a page.
func (v visitor) get(t testing.TB, path string) *httptest.ResponseRecorder {
	t.Helper()
	return v.ask(t, path, "")
}

// ask asks for a page unless the home is in a state that the visitor has; empty: it has none.
func (v visitor) ask(t testing.TB, path, state string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+path, nil)
	r.AddCookie(v.cookie)
	if state != "" {
		r.Header.Set("If-None-Match", state)
	}
	w := httptest.NewRecorder()
	v.console.ServeHTTP(w, r)
	return w
}
