package console_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/console"
	"github.com/cordon-trust/cordon/internal/kit/clock"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/lab"
)

// running starts a console on a free port. stop ends it and returns what Serve said.
func running(t *testing.T, open func(context.Context) (*app.App, error)) (c *console.Console, stop func() error) {
	t.Helper()
	var cfg net.ListenConfig
	on, err := cfg.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr, ok := on.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatal(on.Addr())
	}
	c, err = console.New(console.Options{Open: open, Clock: clock.System{}, Rand: rand.Reader, Addr: addr.AddrPort()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Serve(ctx, on) }()
	stop = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() { _ = stop() })
	return c, stop
}

// browser is a client that keeps cookies.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Jar: jar, Transport: transport, Timeout: 30 * time.Second}
}

func fetch(t *testing.T, client *http.Client, at string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(b)
}

// A browser that opens the link is led in; Serve ends when it is told to, and the port is free again.
func TestServe(t *testing.T) {
	t.Parallel()
	opt := newWard(t).options("mercy")
	opt.Store.ReadOnly = true
	c, stop := running(t, func(ctx context.Context) (*app.App, error) { return app.Open(ctx, opt) })
	client := browser(t)
	status, body := fetch(t, client, c.Link())
	if status != http.StatusOK || !strings.Contains(body, "What needs a person today?") {
		t.Errorf("%d: %s", status, body)
	}
	base, _, _ := strings.Cut(c.Link(), "?")
	if status, _ := fetch(t, client, base+"findings"); status != http.StatusOK {
		t.Errorf("the findings answer %d", status)
	}
	if status, _ := fetch(t, browser(t), base); status != http.StatusUnauthorized {
		t.Errorf("somebody without the link is answered %d", status)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Long", strings.Repeat("x", 64<<10))
	if answer, err := client.Do(r); err == nil {
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("a request with 64 KiB of headers is answered %d", answer.StatusCode)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if _, err := client.Get(base); err == nil { //nolint:noctx,bodyclose // there is nobody to answer
		t.Error("somebody still answers")
	}
}

// A page that takes long does not keep the console from ending: who reads is told to give up.
func TestServeEndsWhileAPageIsMade(t *testing.T) {
	t.Parallel()
	asked, gaveUp := make(chan struct{}), make(chan struct{})
	c, stop := running(t, func(ctx context.Context) (*app.App, error) {
		close(asked)
		<-ctx.Done()
		close(gaveUp)
		return nil, fault.Wrap(ctx.Err(), fault.Interrupted, "open")
	})
	go func() {
		if answer, err := browser(t).Get(c.Link()); err == nil { //nolint:noctx // ends with the console
			_ = answer.Body.Close()
		}
	}()
	<-asked
	began := time.Now()
	if err := stop(); err != nil || time.Since(began) > 10*time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
	<-gaveUp
}

// snapshot digests every file of a home but those in which SQLite notes who reads.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "-shm") {
			return err
		}
		b, err := os.ReadFile(path)
		if len(b) > 0 { // an empty log is none
			out[path] = fmt.Sprintf("%d bytes, %x", len(b), b[:min(len(b), 32)]) + string(b)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// No page writes.
func TestPagesWriteNothing(t *testing.T) {
	t.Parallel()
	h := newWard(t)
	v := enter(t, h.serve(t))
	before := snapshot(t, h.dir)
	crawl(t, v)
	after := snapshot(t, h.dir)
	for name, is := range after {
		if before[name] != is {
			t.Errorf("%s was written to", name)
		}
	}
	if len(before) != len(after) || len(before) < 5 {
		t.Errorf("%d files, then %d", len(before), len(after))
	}
}

// Pages are whole, and go with the time, while somebody records into the same home.
func TestLiveBesideAWatch(t *testing.T) {
	t.Parallel()
	h := newWard(t)
	v := enter(t, h.serve(t))
	if w := v.get(t, "/findings"); strings.Contains(w.Body.String(), "late-9.bin") {
		t.Fatal("seen too early")
	}
	recorded := make(chan error, 1)
	captures := make([]string, 10)
	for i := range captures {
		captures[i] = h.file(t, fmt.Sprintf("late-%d.pcap", i), capture(t, 20+i, "10.0.0.10", fmt.Sprintf("late-%d.bin", i), lab.Firmware(uint64(50+i), 20_000)))
	}
	go func() { recorded <- h.record(t.Context(), captures) }()
	for busy := true; busy; {
		select {
		case err := <-recorded:
			if err != nil {
				t.Fatal(err)
			}
			busy = false
		default:
		}
		for _, at := range []string{"/", "/findings", "/devices"} {
			w := v.get(t, at)
			if w.Code != http.StatusOK {
				t.Fatalf("%s answers %d: %s", at, w.Code, w.Body)
			}
			checkMarkup(t, parse(t, w.Body.String()))
		}
	}
	if w := v.get(t, "/findings"); !strings.Contains(w.Body.String(), "late-9.bin") {
		t.Errorf("what was recorded meanwhile is missing:\n%s", w.Body)
	}
}

// record watches captures one after another, as somebody else would.
func (h house) record(ctx context.Context, captures []string) error {
	for _, c := range captures {
		a, err := app.Open(ctx, h.options("mercy"))
		if err != nil {
			return err
		}
		_, err = a.Watch(ctx, app.WatchOptions{Files: []string{c}}, quiet())
		if cerr := a.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// What is wrong with a home is said on the page, with its code; the page is never blank.
func TestBrokenHome(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil  func(dir string) error
		status int
		says   string
	}{
		"it is gone":    {os.RemoveAll, 503, "CRD-GEN-010"},
		"no database":   {func(dir string) error { return os.Remove(filepath.Join(dir, "cordon.db")) }, 500, "has lost its database"},
		"a spoilt file": {func(dir string) error { return os.WriteFile(filepath.Join(dir, "home.json"), []byte("{"), 0o600) }, 500, "CRD-STO-002"},
		"other contents": {func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "cordon.db"), bytes.Repeat([]byte("x"), 8192), 0o600)
		}, 500, "cordon explain CRD-"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			v := enter(t, h.serve(t))
			if err := c.spoil(filepath.Join(h.dir, "mercy")); err != nil {
				t.Fatal(err)
			}
			w := v.get(t, "/")
			root := parse(t, w.Body.String())
			checkMarkup(t, root)
			if w.Code != c.status || !strings.Contains(root.text, c.says) {
				t.Errorf("%d: %s", w.Code, root.text)
			}
		})
	}
}

// A maker's home has no findings, and says why.
func TestMakersHome(t *testing.T) {
	t.Parallel()
	h := newWard(t)
	opt := h.options("acme")
	opt.Store.ReadOnly = true
	c, _ := running(t, func(ctx context.Context) (*app.App, error) { return app.Open(ctx, opt) })
	_, body := fetch(t, browser(t), c.Link())
	if !strings.Contains(body, "This is the home of a maker") || strings.Contains(body, "cordon device import") {
		t.Error(body)
	}
}

var _ http.Handler = (*console.Console)(nil)

func TestHeadHasNoBody(t *testing.T) {
	t.Parallel()
	c := newHouse(t).serve(t)
	v := enter(t, c)
	at := httptest.NewServer(c)
	defer at.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodHead, at.URL+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	r.AddCookie(v.cookie)
	answer, err := at.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if b, err := io.ReadAll(answer.Body); err != nil || len(b) > 0 || answer.StatusCode != http.StatusOK || answer.ContentLength <= 0 {
		t.Errorf("%d with %d bytes of %d, %v", answer.StatusCode, len(b), answer.ContentLength, err)
	}
}
