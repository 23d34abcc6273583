package console_test

import (
	"context"
	"crypto/rand"
	"encoding/json/v2"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/console"
	"github.com/cordon-trust/cordon/internal/kit/clock"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/lab"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/store"
)

// counted is a console that counts how often it opens the home.
type counted struct {
	visitor
	opened *atomic.Int64
}

func (h house) counted(t testing.TB, c clock.Clock, before func(context.Context)) counted {
	t.Helper()
	opt := h.options("mercy")
	opt.Store.ReadOnly, opt.Clock = true, c
	var opened atomic.Int64
	con, err := console.New(console.Options{
		Open: func(ctx context.Context) (*app.App, error) {
			opened.Add(1)
			if before != nil {
				before(ctx)
			}
			return app.Open(ctx, opt)
		},
		Clock: c, Rand: rand.Reader, Addr: netip.MustParseAddrPort(host),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(con.Close)
	return counted{enter(t, con), &opened}
}

// closes writes into the home, as another process does, a finding that holds no longer: page /findings has one more.
type closes struct {
	db *store.DB
	n  int
}

func (h house) closes(t testing.TB) *closes {
	t.Helper()
	db, err := store.Open(t.Context(), filepath.Join(h.dir, "mercy", "cordon.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return &closes{db: db}
}

func (c *closes) one(ctx context.Context) error {
	c.n++
	f := model.Finding{ID: model.DigestOf(fmt.Append(nil, c.n)), Rule: model.UpdateUnknown, State: model.Open, Severity: model.Low, Summary: "x"}
	body, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return c.db.Update(ctx, func(tx *store.Tx) error {
		return tx.Findings().Put(ctx, store.HeldFinding{ID: f.ID, Closed: now, Body: body})
	})
}

// total is the length of the list that a page shows a part of.
func total(t testing.TB, body string) int {
	t.Helper()
	_, after, _ := strings.Cut(body, `data-total="`)
	text, _, _ := strings.Cut(after, `"`)
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return n
}

// While nothing is written all pages come from one reading of the home, and whoever has a page is told so in a few bytes.
func TestPagesShareASnapshot(t *testing.T) {
	t.Parallel()
	h := newWard(t)
	c := h.counted(t, clock.Fixed(now), nil)
	states := map[string]string{}
	for round := range 2 {
		for _, at := range []string{"/", "/findings", "/devices", "/releases", "/transfers", "/transfers?verdict=altered", "/evidence?subject=release:acme/pump-7/2"} {
			w := c.get(t, at)
			state := w.Header().Get("ETag")
			if w.Code != http.StatusOK || state == "" || round > 0 && state != states[at] {
				t.Errorf("%s answers %d and has the state %s, before %s", at, w.Code, state, states[at])
			}
			states[at] = state
			if w := c.ask(t, at, state); w.Code != http.StatusNotModified || w.Body.Len() > 0 || w.Header().Get("ETag") != state {
				t.Errorf("%s answers %d with %d bytes to whoever has it", at, w.Code, w.Body.Len())
			}
			for _, other := range []string{"*", "W/" + state, `"0-1"`, strings.Replace(state, "-1", "-2", 1)} {
				if w := c.ask(t, at, other); w.Code != http.StatusOK {
					t.Errorf("%s answers %d to whoever has %s", at, w.Code, other)
				}
			}
		}
	}
	if n := c.opened.Load(); n != 1 {
		t.Errorf("the home was opened %d times", n)
	}
	if w := c.get(t, "/findings/none"); w.Code != http.StatusBadRequest || w.Header().Get("ETag") != "" {
		t.Errorf("a page that fails has the state %s", w.Header().Get("ETag"))
	}
	if err := h.closes(t).one(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w := c.ask(t, "/findings?state=closed", states["/findings"]); w.Code != http.StatusOK || total(t, w.Body.String()) != 1 {
		t.Errorf("after a write %d: %s", w.Code, w.Body)
	}
	if n := c.opened.Load(); n != 2 {
		t.Errorf("after a write the home was opened %d times", n)
	}
}

// HEAD says what GET says, without a body, also to whoever has the page.
func TestHead(t *testing.T) {
	t.Parallel()
	v := enter(t, newWard(t).serve(t))
	head := func(state string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodHead, "http://"+host+"/findings", nil)
		r.AddCookie(v.cookie)
		r.Header.Set("If-None-Match", state)
		w := httptest.NewRecorder()
		v.console.ServeHTTP(w, r)
		return w
	}
	get, w := v.get(t, "/findings"), head("")
	for _, name := range []string{"ETag", "Content-Length", "Content-Type", "Cache-Control"} {
		if got, want := w.Header().Get(name), get.Header().Get(name); got != want || got == "" {
			t.Errorf("%s is %q, and of GET %q", name, got, want)
		}
	}
	if w := head(get.Header().Get("ETag")); w.Code != http.StatusNotModified {
		t.Errorf("HEAD answers %d to whoever has the page", w.Code)
	}
}

// However many ask at once, the home is read once; and who stops waiting does not keep the others from it.
func TestManyAskAtOnce(t *testing.T) {
	t.Parallel()
	gate, asked := make(chan struct{}), make(chan struct{}, 1)
	c := newWard(t).counted(t, clock.Fixed(now), func(context.Context) {
		asked <- struct{}{}
		<-gate
	})
	impatient, leave := context.WithCancel(t.Context())
	var all sync.WaitGroup
	visit := func(ctx context.Context, status int) {
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "http://"+host+"/findings", nil)
		r.AddCookie(c.cookie)
		w := httptest.NewRecorder()
		c.console.ServeHTTP(w, r)
		if w.Code != status {
			t.Errorf("%d: %s", w.Code, w.Body)
		}
	}
	all.Go(func() { visit(impatient, http.StatusServiceUnavailable) })
	<-asked
	for range 20 {
		all.Go(func() { visit(t.Context(), http.StatusOK) })
	}
	for c.console.Waiting() < 21 {
		time.Sleep(time.Millisecond)
	}
	leave()
	for c.console.Waiting() > 20 {
		time.Sleep(time.Millisecond)
	}
	close(gate)
	all.Wait()
	if n := c.opened.Load(); n != 1 {
		t.Errorf("the home was opened %d times", n)
	}
}

// When all who asked are gone nobody reads on.
func TestNobodyWaits(t *testing.T) {
	t.Parallel()
	gaveUp := make(chan struct{})
	asked := make(chan struct{})
	c := newWard(t).counted(t, clock.Fixed(now), func(ctx context.Context) {
		close(asked)
		<-ctx.Done()
		close(gaveUp)
	})
	ctx, leave := context.WithCancel(t.Context())
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "http://"+host+"/", nil)
	r.AddCookie(c.cookie)
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.console.ServeHTTP(httptest.NewRecorder(), r)
	}()
	<-asked
	leave()
	<-done
	<-gaveUp
	c.console.Close()
}

// No page is older than the moment in which it was asked for, nor is the word that nothing changed, whoever writes
// meanwhile and however many ask.
func TestNoPageIsOlderThanItsRequest(t *testing.T) {
	t.Parallel()
	h := newWard(t)
	c := h.counted(t, clock.Fixed(now), nil)
	writer := h.closes(t)
	var begun, written atomic.Int64
	var fresh, unchanged atomic.Int64
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	enough := func() bool { return fresh.Load() >= 20 && unchanged.Load() >= 5 && written.Load() >= 20 }
	var all sync.WaitGroup
	all.Go(func() {
		for ctx.Err() == nil && !enough() && begun.Load() < 200 {
			begun.Add(1)
			if err := writer.one(t.Context()); err != nil {
				t.Error(err)
				return
			}
			written.Add(1)
			if begun.Load()%5 > 0 {
				time.Sleep(time.Millisecond)
			} else { // long enough for somebody to have the latest
				time.Sleep(100 * time.Millisecond)
			}
		}
	})
	for range 4 {
		all.Go(func() {
			state, has := "", 0
			for ctx.Err() == nil && !enough() {
				least := int(written.Load())
				w := c.ask(t, "/findings?state=closed", state)
				most := int(begun.Load())
				switch w.Code {
				case http.StatusOK:
					state, has = w.Header().Get("ETag"), total(t, w.Body.String())
					fresh.Add(1)
				case http.StatusNotModified:
					unchanged.Add(1)
				default:
					t.Errorf("%d: %s", w.Code, w.Body)
					return
				}
				if has < least || has > most {
					t.Errorf("%d findings are shown (%d); at least %d were written before, at most %d after", has, w.Code, least, most)
					return
				}
			}
		})
	}
	all.Wait()
	if !enough() {
		t.Error("that was too little to tell")
	}
	t.Logf("%d writes, %d pages, %d times unchanged, %d readings", written.Load(), fresh.Load(), unchanged.Load(), c.opened.Load())
}

// ticking is a clock that a test moves.
type ticking struct{ at atomic.Int64 }

func (c *ticking) Now() time.Time { return time.Unix(0, c.at.Load()).UTC() }

// What follows from the time is worked out anew in the next minute, and no sooner.
func TestNextMinute(t *testing.T) {
	t.Parallel()
	var hand ticking
	hand.at.Store(now.UnixNano())
	c := newWard(t).counted(t, &hand, nil)
	if w := c.get(t, "/"); strings.Contains(w.Body.String(), "is stale since") {
		t.Fatal("stale too early")
	}
	hand.at.Add(int64(59 * time.Second))
	if c.get(t, "/"); c.opened.Load() != 1 {
		t.Errorf("within a minute the home was opened %d times", c.opened.Load())
	}
	hand.at.Add(int64(100 * 24 * time.Hour))
	if w := c.get(t, "/"); c.opened.Load() != 2 || !strings.Contains(w.Body.String(), "is stale since") {
		t.Errorf("the home was opened %d times: %s", c.opened.Load(), w.Body)
	}
}

// Findings that come up are counted, each once, on every page; those that close are no news.
func TestNews(t *testing.T) {
	t.Parallel()
	h := newWard(t)
	v := enter(t, h.serve(t))
	news := func(at string) string {
		return parse(t, v.get(t, at).Body.String()).all("main")[0].attrs["data-news"]
	}
	check := func(when, want string) {
		t.Helper()
		for _, at := range []string{"/", "/releases", "/"} {
			if got := news(at); got != want {
				t.Errorf("%s: %s has %s new findings, want %s", when, at, got, want)
			}
		}
	}
	check("at first", "0")
	h.sees(t, fetched{"10.0.0.10", "new-1.bin", lab.Firmware(31, 30_000)}, fetched{"10.0.0.11", "new-2.bin", lab.Firmware(32, 30_000)})
	check("after two", "2")
	if err := h.closes(t).one(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("after one closed", "2")
	h.sees(t, fetched{"10.0.0.12", "new-1.bin", lab.Firmware(31, 30_000)}) // another device, the same finding
	check("after the same again", "2")
}

// What could not be read is tried again when it is asked for the next time.
func TestTriesAgain(t *testing.T) {
	t.Parallel()
	h := newWard(t)
	var broken atomic.Bool
	broken.Store(true)
	opt := h.options("mercy")
	opt.Store.ReadOnly = true
	c, err := console.New(console.Options{
		Open: func(ctx context.Context) (*app.App, error) {
			if broken.Load() {
				return nil, fault.New(fault.Locked, "somebody else has it")
			}
			return app.Open(ctx, opt)
		},
		Clock: clock.Fixed(now), Rand: rand.Reader, Addr: netip.MustParseAddrPort(host),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	v := enter(t, c)
	if w := v.get(t, "/findings"); w.Code != http.StatusServiceUnavailable || w.Header().Get("ETag") != "" {
		t.Errorf("%d", w.Code)
	}
	broken.Store(false)
	if w := v.get(t, "/findings"); w.Code != http.StatusOK {
		t.Errorf("%d: %s", w.Code, w.Body)
	}
	sources := filepath.Join(h.dir, "mercy", "sources.json")
	if err := os.WriteFile(sources, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	for at, status := range map[string]int{"/findings": 500, "/transfers": 500, "/releases": 500, "/devices?text=PUMP": 500, "/evidence": 200} {
		if w := v.get(t, at); w.Code != status {
			t.Errorf("with a broken list of third parties %s answers %d, want %d: %s", at, w.Code, status, w.Body)
		}
	}
	if err := os.Remove(sources); err != nil {
		t.Fatal(err)
	}
	if w := v.get(t, "/findings"); w.Code != http.StatusOK {
		t.Errorf("%d: %s", w.Code, w.Body)
	}
}

// A console that is closed holds nothing of the home, whatever it showed, and says so to whoever still asks.
func TestCloseLetsGo(t *testing.T) {
	t.Parallel()
	h := newWard(t)
	c := h.counted(t, clock.Fixed(now), nil)
	writer := h.closes(t)
	for range 5 {
		if err := writer.one(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.get(t, "/")
		c.get(t, "/evidence?subject=release:acme/pump-7/2")
	}
	if err := writer.db.Close(); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(h.dir, "mercy", "cordon.db-wal")
	if _, err := os.Stat(log); err != nil {
		t.Errorf("the console has nothing open: %v", err)
	}
	c.console.Close()
	if _, err := os.Stat(log); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("somebody still has the database open: %v", err)
	}
	if w := c.get(t, "/"); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "the console was ended") {
		t.Errorf("%d: %s", w.Code, w.Body)
	}
}

// A page says what it follows and how; one that will not come by itself follows nothing.
func TestPagesFollow(t *testing.T) {
	t.Parallel()
	v := enter(t, newWard(t).serve(t))
	for _, at := range []string{"/", "/findings?state=open&severity=critical", "/transfers?page=1"} {
		w := v.get(t, at)
		m := parse(t, w.Body.String()).all("main")[0].attrs
		if m["data-hx-get"] != at || m["data-state"] != w.Header().Get("ETag") || m["data-hx-select"] != "#main" || m["data-hx-swap"] != "outerMorph" {
			t.Errorf("%s follows %v", at, m)
		}
	}
	for _, at := range []string{"/nowhere", "/findings/zz", "/devices?x=1"} {
		if m := parse(t, v.get(t, at).Body.String()).all("main")[0].attrs; m["data-hx-get"] != "" {
			t.Errorf("%s follows %v", at, m)
		}
	}
	root := parse(t, v.get(t, "/").Body.String())
	var regions []string
	root.each(func(e *element, _ []*element) {
		if e.attrs["role"] == "status" {
			regions = append(regions, e.attrs["id"])
			if strings.TrimSpace(e.text) != "" {
				t.Errorf("%s says %q before anything happened", e.attrs["id"], e.text)
			}
		}
	})
	if fmt.Sprint(regions) != "[news trouble]" {
		t.Errorf("what is read out: %v", regions)
	}
	for _, b := range root.all("button") {
		if b.attrs["id"] == "pause" && (b.attrs["hidden"] == "" || b.attrs["aria-pressed"] != "false") {
			t.Errorf("without a script there is nothing to pause: %v", b.attrs)
		}
	}
}
