package console_test

import (
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/console"
	"github.com/cordon-trust/cordon/internal/kit/clock"
)

// patience is how long one step in the browser may take, on a busy machine.
const patience = 60 * time.Second

// TestInBrowser opens the console in a real Chromium. Where there is none, every part of it is skipped, or fails when
// CI=true; `make test` installs what it needs.
func TestInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser is not started in short mode")
	}
	var b *chromium
	if at := findChromium(); at != "" {
		b = startChromium(t, at)
		b.ward = newWard(t)
		b.leaves = kinds(t, b.ward)
	}
	for _, part := range []struct {
		name string
		test func(*testing.T, *chromium)
	}{
		{"journeys", testJourneys},
		{"every page", testEveryPageInBrowser},
		{"focus", testFocus},
		{"enlarged", testEnlarged},
		{"hostile names", testHostileNamesInBrowser},
		{"strangers", testStrangers},
		{"live", testLive},
		{"the tests hear", testHears},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			if b == nil {
				lacking(t, "there is no Chromium: `make test` installs it where it may, else install the package chromium")
			}
			part.test(t, b)
		})
	}
}

// lacking skips a test for want of something, or fails it where nothing may be wanting.
func lacking(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// findChromium returns the program; empty: there is none.
func findChromium() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if at, err := exec.LookPath(name); err == nil {
			return at
		}
	}
	return ""
}

// chromium is one running browser with a profile of its own.
type chromium struct {
	ctx    context.Context
	ward   house // a small one, for all parts that only read
	leaves []leaf
}

func startChromium(t *testing.T, program string) *chromium {
	t.Helper()
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(program), chromedp.UserDataDir(t.TempDir()), chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"), // it can visit no other computer
	}
	for _, flag := range []string{
		"headless", "no-sandbox", "disable-gpu", "disable-quic", "disable-background-networking", "disable-component-update", "disable-sync",
		"disable-default-apps", "disable-extensions", "disable-breakpad", "disable-dev-shm-usage", "no-proxy-server", "hide-scrollbars",
		"disable-background-timer-throttling", "disable-backgrounding-occluded-windows", "disable-renderer-backgrounding", "metrics-recording-only",
	} {
		options = append(options, chromedp.Flag(flag, true))
	}
	outer, end := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	ctx, _ := chromedp.NewContext(outer, chromedp.WithErrorf(func(string, ...any) {})) // events newer than the module are no errors
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx)
		end()
	})
	if err := chromedp.Run(ctx); err != nil {
		t.Fatalf("%s does not start: %v", program, err)
	}
	return &chromium{ctx: ctx}
}

// tab is one tab, with what was heard from it.
type tab struct {
	ctx    context.Context
	origin string // of the console, without a slash at the end
	heard  *heard
}

// tab opens an empty tab for one origin.
func (b *chromium) tab(t *testing.T, origin string) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	t.Cleanup(cancel)
	tb := &tab{ctx, origin, &heard{origin: origin}}
	chromedp.ListenTarget(ctx, tb.heard.listen(ctx))
	if err := chromedp.Run(ctx); err != nil { // the first run makes the tab, and its context must live as long as the tab
		t.Fatal(err)
	}
	tb.do(t, network.Enable(), log.Enable(), audits.Enable(), page.Enable(), emulation.SetFocusEmulationEnabled(true))
	return tb
}

// enter opens the link of a console in a new tab.
func (b *chromium) enter(t *testing.T, c *console.Console) *tab {
	t.Helper()
	origin, query, _ := strings.Cut(c.Link(), "/?")
	tb := b.tab(t, origin)
	tb.look(t, wide)
	if status := tb.open(t, "/?"+query); status != http.StatusOK {
		t.Fatalf("the link of the console answers %d", status)
	}
	return tb
}

// do runs actions in the tab.
func (tb *tab) do(t *testing.T, actions ...chromedp.Action) {
	t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, patience)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// leads runs actions that lead to another page, waits for it and returns its status.
func (tb *tab) leads(t *testing.T, actions ...chromedp.Action) (status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, patience)
	defer cancel()
	answer, err := chromedp.RunResponse(ctx, actions...)
	if err != nil {
		t.Fatalf("no other page came: %v", err)
	}
	return int(answer.Status)
}

// open goes to a page of the console and returns its status.
func (tb *tab) open(t *testing.T, at string) (status int) {
	t.Helper()
	return tb.leads(t, chromedp.Navigate(tb.origin+at))
}

// ask returns the value of an expression in the page.
func ask[T any](t *testing.T, tb *tab, expression string) T {
	t.Helper()
	var out T
	tb.do(t, chromedp.Evaluate(expression, &out, settled))
	return out
}

// settled waits for what a promise promises.
func settled(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

// look is how somebody looks at a page.
type look struct {
	name          string
	width, height int64
	phone, dark   bool
	media         string // empty: a screen
}

var (
	wide      = look{name: "wide", width: 1280, height: 800}
	wideDark  = look{name: "wide-dark", width: 1280, height: 800, dark: true}
	phone     = look{name: "phone", width: 390, height: 844, phone: true}
	phoneDark = look{name: "phone-dark", width: 390, height: 844, phone: true, dark: true}
	paper     = look{name: "print", width: 718, height: 1000, media: "print"} // A4 less its margins
)

func (tb *tab) look(t *testing.T, l look) {
	t.Helper()
	scheme := "light"
	if l.dark {
		scheme = "dark"
	}
	tb.do(t,
		emulation.SetDeviceMetricsOverride(l.width, l.height, 1, l.phone),
		emulation.SetEmulatedMedia().WithMedia(l.media).WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
	)
}

// listening starts the console of a hospital on a free port of this computer.
func (h house) listening(t *testing.T) *console.Console {
	t.Helper()
	c, _ := h.stoppable(t)
	return c
}

// stoppable starts it likewise, and returns what ends it.
func (h house) stoppable(t *testing.T) (c *console.Console, stop func()) {
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
	opt := h.options("mercy")
	opt.Store.ReadOnly = true
	c, err = console.New(console.Options{
		Open:  func(ctx context.Context) (*app.App, error) { return app.Open(ctx, opt) },
		Clock: clock.Fixed(now), Rand: rand.Reader, Addr: addr.AddrPort(),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- c.Serve(ctx, on) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return c, stop
}
