package console_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// heard keeps what a browser complained of: what the policy forbade, requests that failed or left the console, whatever
// a script said or asked.
type heard struct {
	origin string

	mu       sync.Mutex // holds what follows
	all      []string
	requests int
}

func (h *heard) add(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, fmt.Sprintf(format, args...))
}

// take returns what was heard since it was asked last.
func (h *heard) take() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := h.all
	h.all = nil
	return out
}

// listen returns what hears the events of the tab of ctx.
func (h *heard) listen(ctx context.Context) func(event any) {
	return func(event any) {
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			h.mu.Lock()
			h.requests++
			h.mu.Unlock()
			if !strings.HasPrefix(e.Request.URL, h.origin+"/") {
				h.add("a request left the console: %s", e.Request.URL)
			}
		case *network.EventResponseReceived:
			if e.Response.Status >= 400 {
				h.add("%s answers %d", e.Response.URL, e.Response.Status)
			}
		case *network.EventLoadingFailed:
			h.add("a %s did not load: %s %s", e.Type, e.ErrorText, e.BlockedReason)
		case *log.EventEntryAdded:
			h.add("log: %s %s: %s %s", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL)
		case *audits.EventIssueAdded:
			h.add("issue: %s", e.Issue.Code)
		case *runtime.EventConsoleAPICalled:
			var words []string
			for _, a := range e.Args {
				words = append(words, string(a.Value), a.Description)
			}
			h.add("a script says: %s", strings.Join(words, " "))
		case *runtime.EventExceptionThrown:
			h.add("a script fails: %s", e.ExceptionDetails.Error())
		case *page.EventJavascriptDialogOpening:
			h.add("a script asks: %s", e.Message)
			go func() { _ = chromedp.Run(ctx, page.HandleJavaScriptDialog(false)) }() // the event must return first
		}
	}
}

// quiet fails the test for whatever was heard since it was asked last.
func (tb *tab) quiet(t *testing.T, at string) {
	t.Helper()
	for _, s := range tb.heard.take() {
		t.Errorf("%s: %s", at, s)
	}
}

// What the other parts take for silence is silence: a page that does all that is forbidden is heard for each, axe finds
// what is wrong with it, and so do the measures of width and of focus.
func testHears(t *testing.T, b *chromium) {
	bad := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'self'; script-src 'self' 'nonce-x'; img-src *")
		_, _ = w.Write([]byte(`<!doctype html><html lang="en"><head><title>Bad</title></head><body>
<style>p { color: red }</style><script>document.title = "ran"</script><img src="http://other.example/x.png" alt=""><img src="/none.png" alt="">
<script nonce="x">console.log("hello"); setTimeout(() => { alert("hi") }); setTimeout(() => { throw new Error("lost") })
addEventListener("load", () => { const w = document.getElementById("w").style; w.display = "block"; w.width = "3000px"; w.outline = "none"
document.getElementById("pale").style.color = "#ccc"
const c = document.getElementById("cut").style; c.overflow = "hidden"; c.height = "1em" })</script>
<a id="w" href="/none">` + strings.Repeat("wide ", 20) + `</a><form><input type="text"></form><p id="pale">Too pale to be read</p>
<div id="cut">cut off <br> and on <br> and on</div></body></html>`))
	}))
	defer bad.Close()
	tb := b.tab(t, bad.URL)
	tb.look(t, phone)
	tb.do(t, chromedp.Navigate(bad.URL+"/"))
	want := []string{
		"violates the following Content Security Policy directive", "issue: ContentSecurityPolicyIssue", "a request left the console: http://other.example/x.png",
		"did not load", "/none.png answers 404", "a script says: \"hello\"", "a script asks: hi", "a script fails:",
	}
	var all []string
	for end := time.Now().Add(patience); len(want) > 0 && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		all = append(all, tb.heard.take()...)
		want = slices.DeleteFunc(want, func(w string) bool {
			return slices.ContainsFunc(all, func(s string) bool { return strings.Contains(s, w) })
		})
	}
	if len(want) > 0 {
		t.Errorf("not heard: %q\nheard: %q", want, all)
	}
	if ask[string](t, tb, "document.title") != "Bad" {
		t.Error("a script ran that the policy forbids: the policy is not in force in this browser")
	}
	if over := tooWide(t, tb); len(over) == 0 {
		t.Error("a page that is too wide passes for one that is not")
	}
	tb.do(t, chromedp.KeyEvent(kb.Tab))
	if why := ask[string](t, tb, unseen); why == "" {
		t.Error("a focus that nothing shows passes for one that can be seen")
	}
	if cut := cutOff(t, tb); len(cut) == 0 {
		t.Error("text that is cut off passes for text that is not")
	}
	var found []string
	for _, v := range tb.axe(t, readAxe(t)).Violations {
		found = append(found, v.ID)
	}
	for _, id := range []string{"label", "color-contrast", "landmark-one-main", "page-has-heading-one"} {
		if !slices.Contains(found, id) {
			t.Errorf("axe does not find %s, but %q", id, found)
		}
	}
}
