package console_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/cordon-trust/cordon/internal/lab"
)

// follows is within what time an open page shows what was recorded: it asks every five seconds.
const follows = 20 * time.Second

// within waits until something is so in the page.
func (tb *tab) within(t *testing.T, d time.Duration, is string) bool {
	t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if ask[bool](t, tb, is) {
			return true
		}
	}
	return false
}

// has says in the page whether an element has a text.
func has(selector, text string) string {
	return fmt.Sprintf("document.querySelector(%q).innerText.includes(%q)", selector, text)
}

// testLive leaves a page open while a watch writes to the home: what is new comes up by itself, is said once in a line that
// is read out, and takes neither the focus nor the place from whoever reads. Updates can be paused, and the page says when
// nobody answers any more.
func testLive(t *testing.T, b *chromium) {
	h := newWard(t)
	c, stop := h.stoppable(t)
	tb := b.enter(t, c)
	n := 0
	record := func() (file string) {
		n++
		file = fmt.Sprintf("late-%d.bin", n)
		path := h.file(t, file+".pcap", capture(t, 20+n, "10.0.0.10", file, lab.Firmware(uint64(50+n), 20_000)))
		if err := h.record(t.Context(), []string{path}); err != nil {
			t.Fatal(err)
		}
		return file
	}
	tb.look(t, phone)
	tb.open(t, "/findings?state=open")
	keyboard{}.reach(t, tb, tb.find(t, "link", "PUMP-2 (ward 3, bed 2) fetched"))
	ask[any](t, tb, "{ window.same = document.activeElement; null }")
	if file := record(); !tb.within(t, follows, has("main", file)) {
		t.Fatalf("an open page does not show what was recorded:\n%s", ask[string](t, tb, "document.body.innerText"))
	}
	if !ask[bool](t, tb, "window.same === document.activeElement && same.isConnected") {
		t.Error("the page was loaded anew, or the focus was lost: it is on " + ask[string](t, tb, "document.activeElement.outerHTML.slice(0, 200)"))
	}
	if said := ask[string](t, tb, `document.querySelector("[role=status]:not(:empty)")?.innerText ?? ""`); !strings.HasPrefix(said, "1 new finding,") {
		t.Errorf("of the new finding it is said: %q", said)
	}
	for range 12 { // what is said stays in sight, and never before what has the focus
		tb.do(t, chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(input.ModifierShift)))
		if why := ask[string](t, tb, unseen); why != "" {
			t.Error(why)
		}
	}
	tb.quiet(t, "live")

	by := keyboard{}
	by.reach(t, tb, tb.find(t, "button", "Pause updates"))
	tb.do(t, chromedp.KeyEvent(kb.Enter))
	file := record()
	time.Sleep(6 * time.Second) // one turn and a bit
	if ask[bool](t, tb, has("main", file)) {
		t.Error("updates are paused, and the page changes")
	}
	tb.do(t, chromedp.KeyEvent(kb.Enter))
	if !tb.within(t, follows, has("main", file)) {
		t.Error("after the pause the page does not show what was recorded")
	}
	tb.quiet(t, "live, after a pause")
	stop()
	if !tb.within(t, follows, has("body", "The console cannot be reached.")) {
		t.Error("the console is gone, and the page does not say so")
	}
}
