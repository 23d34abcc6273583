package console_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// testJourneys goes the ways that people go most, with a mouse, with a keyboard alone, on a phone, and where scripts do
// not run.
func testJourneys(t *testing.T, b *chromium) {
	c := b.ward.listening(t)
	for name, way := range map[string]struct {
		hand    hand
		look    look
		scripts bool
	}{
		"mouse":              {mouse{}, wide, true},
		"keyboard":           {keyboard{}, wide, true},
		"phone":              {mouse{}, phone, true},
		"no script":          {mouse{}, wide, false},
		"keys and no script": {keyboard{}, phone, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tb := b.enter(t, c)
			tb.look(t, way.look)
			tb.do(t, emulation.SetScriptExecutionDisabled(!way.scripts))
			tb.open(t, "/")
			if told := ask[bool](t, tb, `document.body.innerText.includes("Load the page again")`); told == way.scripts {
				t.Errorf("scripts run: %t; that the page must be loaded again is said: %t", way.scripts, told)
			}
			for journey, go_ := range map[string]func(*testing.T, *tab, hand){
				"from today to what to do": toWhatToDo, "from a file to its evidence": toEvidence, "from a key to what it reaches": toReach,
			} {
				t.Run(journey, func(t *testing.T) { go_(t, tb, way.hand) })
			}
			tb.quiet(t, name)
		})
	}
}

// follow follows a link or a button by its name and wants the page that it leads to.
func (tb *tab) follow(t *testing.T, by hand, role, name, heading string) {
	t.Helper()
	if status := by.follow(t, tb, tb.find(t, role, name)); status != http.StatusOK {
		t.Errorf("%s %q leads to a page that answers %d", role, name, status)
	}
	if h := tb.heading(t); !strings.Contains(h, heading) {
		t.Fatalf("%s %q leads to the page %q, want %q", role, name, h, heading)
	}
}

// unfold opens what is folded where the screen is small; elsewhere there is nothing to open.
func (tb *tab) unfold(t *testing.T, by hand, name string) {
	t.Helper()
	for _, th := range tb.things(t) {
		if th.Role == "DisclosureTriangle" && strings.Contains(th.Name, name) {
			by.reach(t, tb, th)
			tb.do(t, chromedp.KeyEvent(" "))
			return
		}
	}
}

func toWhatToDo(t *testing.T, tb *tab, by hand) {
	tb.open(t, "/")
	if !inSight(t, tb, "Leave the device connected and on") {
		t.Error("today, what to do now about the gravest finding must be scrolled to")
	}
	tb.follow(t, by, "link", "PUMP-1 (ward 3, bed 1) fetched", "PUMP-1, ward 3, bed 1: what should be done?")
	for _, words := range []string{"not known", "Now, beside the device", "Leave the device connected and on"} {
		if !inSight(t, tb, words) {
			t.Errorf("%q must be scrolled to", words)
		}
	}
	tb.find(t, "heading", "Next, clinical engineering")
	tb.find(t, "heading", "Why it is wrong")
}

func toEvidence(t *testing.T, tb *tab, by hand) {
	tb.open(t, "/")
	tb.follow(t, by, "link", "Transfers", "What crossed the wire")
	tb.unfold(t, by, "Narrow the list")
	tb.choose(t, by, "Verdict", "verified")
	tb.follow(t, by, "button", "Show", "What crossed the wire")
	if at := ask[string](t, tb, "location.search"); !strings.Contains(at, "verdict=verified") {
		t.Fatalf("the list is narrowed by %q", at)
	}
	tb.follow(t, by, "link", "pump-2.bin", "Who said what about it, and does it verify?")
	tb.find(t, "heading", "release-set by acme, as release")

	tb.open(t, "/transfers?verdict=altered")
	tb.follow(t, by, "link", "its finding", "PUMP-1, ward 3, bed 1")
	digest := ask[string](t, tb, `[...document.querySelectorAll("dt")].find(e => e.innerText === "Digest of the bytes").nextElementSibling.innerText`)
	tb.follow(t, by, "link", "Who said what about these bytes", "Who said what about it, and does it verify?")
	if text := ask[string](t, tb, "document.body.innerText"); len(digest) != len("sha256:")+64 || !strings.Contains(text, digest) {
		t.Errorf("the evidence is about other bytes than %s:\n%s", digest, text)
	}
}

func toReach(t *testing.T, tb *tab, by hand) {
	tb.open(t, "/")
	tb.follow(t, by, "link", "Releases", "What did makers sign, and what was seen of it?")
	tb.follow(t, by, "link", "acme/pump-7/2", "acme/pump-7 2: what is it, and who fetched it?")
	tb.follow(t, by, "link", "Who said what about this release", "Who said what about it, and does it verify?")
	tb.follow(t, by, "link", "what this key could reach", "release key of acme reach?")
	if !inSight(t, tb, "holds") {
		t.Error("that one key of two is not enough must be scrolled to")
	}
	tb.open(t, "/evidence?subject=release:acme/pump-7/2")
	tb.follow(t, by, "link", "What these keys could reach together", "What could")
	for _, words := range []string{"could reach", "It does not say that it happened."} {
		if !inSight(t, tb, words) {
			t.Errorf("%q must be scrolled to", words)
		}
	}
	tb.find(t, "table", "What could be reached, by which way, and on whose word")
	tb.follow(t, by, "link", "PUMP-2", "PUMP-2, ward 3, bed 2: what is known about it?")
}
