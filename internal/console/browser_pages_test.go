package console_test

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/cordon-trust/cordon/internal/app"
)

// leaf is one page to look at.
type leaf struct {
	name, at string
	status   int
}

// kinds follows the links of a console to a few pages of every kind, and returns one of each, and a finding of every rule.
func kinds(t *testing.T, h house) []leaf {
	t.Helper()
	const most = 3 // pages of a kind whose links are followed
	v := enter(t, h.serve(t))
	by, seen, queue := map[string][]string{}, map[string]bool{"/": true}, []string{"/"}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		kind := kindOf(t, at)
		if len(by[kind]) == most {
			continue
		}
		by[kind] = append(by[kind], at)
		for _, a := range parse(t, v.get(t, at).Body.String()).all("a") {
			href, _, _ := strings.Cut(a.attrs["href"], "#")
			if a.attrs["download"] == "" && href != "" && !seen[href] {
				seen[href] = true
				queue = append(queue, href)
			}
		}
	}
	delete(by, "findings-id")
	h.in(t, "mercy", func(a *app.App) error {
		list, err := a.Findings(t.Context(), app.FindingFilter{})
		for _, f := range list {
			name := "finding-" + string(f.Rule) + "-" + string(f.State)
			by[name] = append(by[name], "/findings/"+f.ID.Hex())
		}
		return err
	})
	var out []leaf
	for _, name := range slices.Sorted(maps.Keys(by)) {
		out = append(out, leaf{name, by[name][0], http.StatusOK})
	}
	return out
}

var (
	identity = regexp.MustCompile(`[0-9a-f]{64}`)
	unplain  = regexp.MustCompile(`[^a-z0-9.]+`)
)

// kindOf names the page and what it was asked for, without the values.
func kindOf(t *testing.T, at string) string {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	words, query := []string{identity.ReplaceAllString(u.Path, "id")}, u.Query()
	if strings.HasPrefix(u.Path, "/releases/") {
		words[0] = "/releases/id"
	}
	for name, values := range query {
		if kind, _, is := strings.Cut(values[0], ":"); is && len(query) == 1 { // a subject, and the whole of what was asked
			if !slices.Contains([]string{"key", "release", "device", "artifact"}, kind) {
				kind = "other"
			}
			name += " " + kind
		} else if !slices.Contains([]string{"page", "group", "finding", "device", "from"}, name) {
			name = "narrowed"
		}
		words = append(words, name)
	}
	slices.Sort(words[1:])
	words = slices.Compact(words)
	return cmp.Or(strings.Trim(unplain.ReplaceAllString(strings.Join(words, " "), "-"), "-"), "today")
}

// testEveryPageInBrowser looks at every kind of page on a wide screen, on a phone, by day and by night, and on paper.
// axe finds nothing, nothing is wider than the screen, nothing was forbidden or came from elsewhere. Pictures of all are
// kept in CORDON_SCREENSHOTS, or else in .tools/screenshots.
func testEveryPageInBrowser(t *testing.T, b *chromium) {
	axe, to := readAxe(t), openAlbum(t)
	busy, empty := newBusyWard(t), newHouse(t)
	leaves, some := kinds(t, busy), []look{wide, phoneDark}
	others := slices.DeleteFunc(slices.Clone(b.leaves), func(l leaf) bool { // of those that differ in numbers only, one is enough
		return !slices.Contains([]string{"today", "releases", "transfers"}, l.name) &&
			slices.ContainsFunc(leaves, func(of leaf) bool { return of.name == l.name })
	})
	for name, set := range map[string]struct {
		house  house
		leaves []leaf
		looks  []look
	}{
		"ward": {busy, leaves, []look{wide, wideDark, phoneDark, phone, paper}},
		"small": {b.ward, append(others,
			leaf{"nowhere", "/nowhere", http.StatusNotFound}, leaf{"wrong", "/findings?severity=grave", http.StatusBadRequest}), some},
		"empty": {empty, kinds(t, empty), some},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tb, sum := b.enter(t, set.house.listening(t)), tally{}
			for _, p := range set.leaves {
				tb.check(t, p, set.looks, axe, to, name+"-", &sum)
			}
			sum.say(t, to)
		})
	}
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		c := empty.listening(t)
		origin, _, _ := strings.Cut(c.Link(), "/?")
		b.tab(t, origin).check(t, leaf{"refused", "/", http.StatusUnauthorized}, []look{wide, phone}, axe, to, "", &tally{})
	})
}

// check opens a page and looks at it in several ways.
func (tb *tab) check(t *testing.T, p leaf, looks []look, axe string, to album, prefix string, sum *tally) {
	t.Helper()
	tb.look(t, wide)
	if status := tb.open(t, p.at); status != p.status {
		t.Errorf("%s answers %d, want %d", p.at, status, p.status)
	}
	sum.pages++
	for _, l := range looks {
		tb.look(t, l)
		if l.media == "" {
			sum.add(t, p.at+" "+l.name, tb.axe(t, axe))
		}
		for _, over := range tooWide(t, tb) {
			t.Errorf("%s %s: wider than that: %s", p.at, l.name, over)
		}
		to.keep(t, prefix+p.name+"-"+l.name, tb.picture(t))
		sum.pictures++
	}
	tb.quietBut(t, p)
}

// quietBut fails for whatever was heard while a page was looked at, except that the browser says when a page is not found.
func (tb *tab) quietBut(t *testing.T, p leaf) {
	t.Helper()
	for _, s := range tb.heard.take() {
		ofItself := strings.Contains(s, tb.origin+p.at+" ") || strings.HasSuffix(s, tb.origin+p.at) || strings.Contains(s, "/favicon.ico")
		if p.status == http.StatusOK || !ofItself {
			t.Errorf("%s: %s", p.at, s)
		}
	}
}

// checked is what axe says of a page as it is shown. What it cannot tell is among Incomplete.
type checked struct {
	Version                string
	Passes                 int
	Violations, Incomplete []struct {
		ID, Impact, Help string
		Nodes            []struct{ At, HTML, Why string }
	}
}

func readAxe(t *testing.T) (script string) {
	t.Helper()
	b, err := os.ReadFile("../../.tools/axe.min.js")
	if err != nil {
		lacking(t, "axe-core is not there: `make test` fetches it")
	}
	return string(b)
}

// axe looks at the page, from outside: what the page may load does not bind it.
func (tb *tab) axe(t *testing.T, script string) checked {
	t.Helper()
	if !ask[bool](t, tb, "'axe' in window") {
		ask[any](t, tb, script+"; axe.configure({checks: [{id: 'color-contrast', options: {ignoreLength: true, ignoreUnicode: true, ignorePseudo: false, "+
			"boldValue: 700, boldTextPt: 14, largeTextPt: 18, contrastRatio: {normal: {expected: 4.5}, large: {expected: 3}}, pseudoSizeThreshold: 0.25}}]}); null")
	}
	return ask[checked](t, tb, `axe.run(document).then(r => {
	const some = rules => rules.map(v => ({ID: v.id, Impact: v.impact ?? "", Help: v.help, Nodes: v.nodes.map(n => ({At: n.target.join(" "), HTML: n.html.slice(0, 200), Why: n.failureSummary ?? ""}))}))
	return {Version: r.testEngine.version, Passes: r.passes.length, Violations: some(r.violations), Incomplete: some(r.incomplete)}
})`)
}

// tally counts what was looked at.
type tally struct {
	pages, pictures, looks, passes, unsure int
	version                                string
}

// add fails the test for what axe found. Of contrast it cannot always tell: where the text is scrolled out of its box,
// is in a picture, or is a shape and no letter. TestStyle computes that of every colour.
func (s *tally) add(t *testing.T, at string, got checked) {
	t.Helper()
	s.looks++
	s.passes += got.Passes
	s.version = got.Version
	for _, v := range got.Violations {
		for _, n := range v.Nodes {
			t.Errorf("%s: axe: %s (%s): %s: %s %s: %s", at, v.ID, v.Impact, v.Help, n.At, n.HTML, n.Why)
		}
	}
	for _, v := range got.Incomplete {
		for _, n := range v.Nodes {
			inPicture := strings.HasPrefix(n.HTML, "<text") || strings.HasPrefix(n.HTML, "<tspan")
			if s.unsure++; v.ID != "color-contrast" || !inPicture && !strings.Contains(n.Why, "partially obscured by another element") && !strings.Contains(n.Why, "only non-text characters") {
				t.Errorf("%s: axe cannot tell: %s: %s: %s %s: %s", at, v.ID, v.Help, n.At, n.HTML, n.Why)
			}
		}
	}
	if got.Passes < 10 {
		t.Errorf("%s: axe looked at %d rules only", at, got.Passes)
	}
}

func (s *tally) say(t *testing.T, to album) {
	t.Helper()
	t.Logf("%d pages; axe %s looked %d times: %d rules passed, of the contrast of %d elements it could not tell; %d pictures are in %s",
		s.pages, s.version, s.looks, s.passes, s.unsure, s.pictures, to)
}

// picture is the whole page as PNG.
func (tb *tab) picture(t *testing.T) (png []byte) {
	t.Helper()
	const longest = 6000 // pixels, of pages that are longer
	tb.do(t, chromedp.ActionFunc(func(ctx context.Context) error {
		_, _, _, _, _, size, err := page.GetLayoutMetrics().Do(ctx)
		if err != nil {
			return err
		}
		png, err = page.CaptureScreenshot().WithCaptureBeyondViewport(true).
			WithClip(&page.Viewport{Width: size.Width, Height: min(size.Height, longest), Scale: 1}).Do(ctx)
		return err
	}))
	return png
}

// album is the folder of the pictures of a run.
type album string

func openAlbum(t *testing.T) album {
	t.Helper()
	dir := cmp.Or(os.Getenv("CORDON_SCREENSHOTS"), "../../.tools/screenshots")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	old, err := filepath.Glob(filepath.Join(dir, "*.png"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range old { // what this run does not make would be taken for made
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	return album(dir)
}

func (a album) keep(t *testing.T, name string, png []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(string(a), name+".png"), png, 0o644); err != nil {
		t.Error(err)
	}
}
