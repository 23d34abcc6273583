package console_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// testHostileNamesInBrowser looks at every kind of page of a hospital whose device list and wire are full of names that
// try to act: none of their characters acts, no script of theirs runs and none makes a page wider than the screen.
func testHostileNamesInBrowser(t *testing.T, b *chromium) {
	h := newHostileWard(t)
	tb := b.enter(t, h.listening(t))
	shown := 0
	for _, p := range kinds(t, h) {
		for _, l := range []look{wide, phone} {
			tb.look(t, l)
			tb.open(t, p.at)
			for _, over := range append(tooWide(t, tb), cutOff(t, tb)...) {
				t.Errorf("%s %s: %s", p.at, l.name, over)
			}
		}
		seen := ask[struct {
			Acting, Foreign []string
			Shown           bool
		}](t, tb, `(() => {
	const all = [...document.querySelectorAll("*")], texts = [document.title, document.body.innerText, document.body.textContent]
	for (const e of all) for (const a of e.attributes) texts.push(a.value)
	return {
		Acting: texts.flatMap(s => s.match(/[^\n]{0,20}[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/gu) ?? []),
		Foreign: all.filter(e => e.matches("img, iframe, object, embed, style, base, meta[http-equiv], script:not([src^='/assets/'])") || [...e.attributes].some(a => a.name.startsWith("on") || a.name === "style" || /^\s*(javascript|data):/i.test(a.value) && a.name !== "value")).map(e => e.outerHTML.slice(0, 200)),
		Shown: document.body.innerText.includes("<script>alert(1)</script>"),
	}
})()`)
		for _, s := range append(seen.Acting, seen.Foreign...) {
			t.Errorf("%s: %q", p.at, s)
		}
		if seen.Shown {
			shown++
		}
		tb.quiet(t, p.at)
	}
	if shown < 3 {
		t.Errorf("a name that looks like a script is shown on %d pages: it was lost on the way, not made harmless", shown)
	}
}

// testStrangers lets a page of another site, in a browser that has opened the console, take what it can: it gets nothing.
// A link that it has opens the console in a tab of its own.
func testStrangers(t *testing.T, b *chromium) {
	c := newHouse(t).listening(t)
	home := b.enter(t, c)
	stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(strings.ReplaceAll(`<!doctype html><title>Stranger</title><link rel="icon" href="data:,"><a href="CONSOLE/">Open</a><script>
const got = e => new Promise(done => { e.onload = () => done("loaded"); e.onerror = () => done("nothing"); document.body.append(e) })
const make = (name, with_) => Object.assign(document.createElement(name), with_)
window.take = async () => ({
	picture: await got(make("img", {src: "CONSOLE/assets/mark.svg"})),
	style: await got(make("link", {rel: "stylesheet", href: "CONSOLE/assets/console.css"})),
	script: await got(make("script", {src: "CONSOLE/"})),
	blind: await fetch("CONSOLE/", {mode: "no-cors", credentials: "include"}).then(() => "loaded", () => "nothing"),
	page: await fetch("CONSOLE/", {credentials: "include"}).then(r => r.text(), () => "nothing"),
	frame: (await got(make("iframe", {src: "CONSOLE/"})), frames[0].length === 0 ? "nothing" : "loaded"),
})</script>`, "CONSOLE", home.origin)))
	}))
	defer stranger.Close()
	tb := b.tab(t, stranger.URL)
	tb.look(t, wide)
	tb.do(t, network.SetCacheDisabled(true), chromedp.Navigate(stranger.URL+"/"))
	for what, got := range ask[map[string]string](t, tb, "take()") {
		if got != "nothing" {
			t.Errorf("a page of another site gets %s: %s", what, got)
		}
	}
	heard := strings.Join(tb.heard.take(), "\n")
	if !strings.Contains(heard, "frame-ancestors") && !strings.Contains(heard, "Refused to frame") && !strings.Contains(heard, "BLOCKED_BY_RESPONSE") {
		t.Errorf("nobody kept the console out of a frame: %s", heard)
	}
	tb.follow(t, mouse{}, "link", "Open", "What needs a person today?")
	home.quiet(t, "/")
}
