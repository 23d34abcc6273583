package console_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// tooWide returns what reaches beyond the right or the left edge of the screen without being in a box that scrolls.
func tooWide(t *testing.T, tb *tab) []string {
	t.Helper()
	return ask[[]string](t, tb, `(() => {
	const edge = document.documentElement.clientWidth, out = []
	if (document.documentElement.scrollWidth > edge) out.push("the page is " + document.documentElement.scrollWidth + " of " + edge + " pixels wide")
	const scrolls = e => e && e !== document.body && (["auto", "scroll"].includes(getComputedStyle(e).overflowX) || scrolls(e.parentElement))
	for (const e of document.body.querySelectorAll("*")) {
		const r = e.getBoundingClientRect()
		if (r.width > 0 && r.height > 0 && (r.right > edge + 1 || r.left < -1) && !scrolls(e.parentElement)) out.push(e.tagName + "." + (e.getAttribute("class") ?? "") + " " + (e.textContent ?? "").trim().slice(0, 60))
	}
	return out.slice(0, 5)
})()`)
}

// inSight reports whether words stand on the part of the page that is seen without scrolling.
func inSight(t *testing.T, tb *tab, words string) bool {
	t.Helper()
	return ask[bool](t, tb, `(words => {
	const walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT), at = document.createRange()
	while (walk.nextNode()) {
		const from = walk.currentNode.data.indexOf(words)
		if (from < 0) continue
		at.setStart(walk.currentNode, from)
		at.setEnd(walk.currentNode, from + words.length)
		const r = at.getBoundingClientRect()
		if (r.height > 0 && r.top >= 0 && r.bottom <= innerHeight && walk.currentNode.parentElement.checkVisibility()) return true
	}
	return false
})(`+strconv.Quote(words)+`)`)
}

// cutOff returns what holds text that cannot be seen, because its box is too small for it and does not scroll.
func cutOff(t *testing.T, tb *tab) []string {
	t.Helper()
	return ask[[]string](t, tb, `[...document.body.querySelectorAll("*:not(input)")].filter(e => {
	const s = getComputedStyle(e), hides = o => o === "hidden" || o === "clip"
	return e.clientHeight > 1 && (hides(s.overflowY) && e.scrollHeight > e.clientHeight + 1 || hides(s.overflowX) && e.scrollWidth > e.clientWidth + 1)
}).map(e => e.tagName + " " + e.textContent.trim().slice(0, 60))`)
}

// distinct are the pages that differ in more than what they were asked.
func (b *chromium) distinct() []leaf {
	return slices.DeleteFunc(slices.Clone(b.leaves), func(p leaf) bool {
		return strings.HasPrefix(p.name, "findings-") || strings.HasSuffix(p.name, "-other") || strings.HasSuffix(p.name, "-page") || strings.HasSuffix(p.name, "-narrowed")
	})
}

// testEnlarged reads every kind of page at 200 and 400 per cent, with twice as large letters, and with letters, words and
// lines as far apart as WCAG 2.2, 1.4.12 has them: nothing is lost and nothing needs to be scrolled sideways.
func testEnlarged(t *testing.T, b *chromium) {
	tb := b.enter(t, b.ward.listening(t))
	for _, p := range b.distinct() {
		for name, c := range map[string]struct {
			look  look
			style string
		}{
			"200 %":         {look{width: 640, height: 400}, ""},
			"400 %":         {look{width: 320, height: 256}, ""},
			"large letters": {wide, "html { font-size: 200% }"},
			"spaced": {phone, "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } " +
				"p { margin-bottom: 2em !important }"},
		} {
			tb.look(t, c.look)
			tb.open(t, p.at)
			ask[any](t, tb, "{ const s = new CSSStyleSheet(); s.replaceSync(`"+c.style+"`); document.adoptedStyleSheets = [s]; null }")
			for _, over := range append(tooWide(t, tb), cutOff(t, tb)...) {
				t.Errorf("%s, %s: %s", p.at, name, over)
			}
		}
		tb.quiet(t, p.at)
	}
}

// testFocus goes through pages with the Tab key: first comes the link that skips to the content, then everything in its
// order on the page, each where it can be seen, and nothing holds the focus.
func testFocus(t *testing.T, b *chromium) {
	tb := b.enter(t, b.ward.listening(t))
	for _, p := range b.distinct() {
		for _, l := range []look{wide, phone} {
			tb.look(t, l)
			tb.open(t, p.at)
			ask[any](t, tb, `{ window.stops = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary, [tabindex='0']")].
	filter(e => e.checkVisibility()); null }`)
			count := ask[int](t, tb, "stops.length")
			for i := range count {
				tb.do(t, chromedp.KeyEvent(kb.Tab))
				got := ask[struct {
					At       int
					Why, Tag string
				}](t, tb, "({At: stops.indexOf(document.activeElement), Why: "+unseen+", Tag: document.activeElement.outerHTML.slice(0, 100)})")
				if got.Why != "" {
					t.Errorf("%s %s: %s", p.at, l.name, got.Why)
				}
				if got.At != i {
					t.Errorf("%s %s: Tab %d leads to thing %d of %d: %s", p.at, l.name, i+1, got.At+1, count, got.Tag)
					break
				}
			}
			tb.do(t, chromedp.KeyEvent(kb.Tab))
			if ask[int](t, tb, "stops.indexOf(document.activeElement)") == count-1 {
				t.Errorf("%s: the last thing keeps the focus", p.at)
			}
		}
	}
	tb.open(t, "/")
	tb.do(t, chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter))
	if on := ask[string](t, tb, `document.activeElement.id + location.hash`); on != "main#main" {
		t.Errorf("the link that skips to the content leads to %q", on)
	}
	tb.do(t, chromedp.KeyEvent(kb.Tab))
	if !ask[bool](t, tb, `document.activeElement.closest("main") !== null`) {
		t.Error("after skipping to the content, Tab leads out of it")
	}
}
