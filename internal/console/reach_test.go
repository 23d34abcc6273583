package console_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/console/picture"
	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/lab"
	"github.com/cordon-trust/cordon/internal/model"
)

// signing are the keys with which acme signs releases.
func (h house) signing(t testing.TB) []string {
	t.Helper()
	var out []string
	h.in(t, "mercy", func(a *app.App) error {
		list, err := a.Keys(t.Context(), "acme")
		for _, k := range list {
			if k.Role == evidence.RoleRelease {
				out = append(out, k.Key.String())
			}
		}
		return err
	})
	return out
}

func reachFrom(subjects ...string) string {
	return "/reach?" + url.Values{"from": subjects}.Encode()
}

func said(t testing.TB, root *element) string {
	t.Helper()
	return strings.Join(strings.Fields(root.text), " ")
}

// The pages of what could be reached say how sure it is, on whose word, and where it ends.
func TestReachSays(t *testing.T) {
	t.Parallel()
	h := newWard(t)
	v := enter(t, h.serve(t))
	keys := h.signing(t)
	altered := model.ArtifactOf(model.DigestOf(lab.Flip(lab.Firmware(2, 200_000), 1000))).String()
	good := model.ArtifactOf(model.DigestOf(lab.Firmware(2, 200_000))).String()
	never := model.ArtifactOf(model.DigestOf([]byte("never seen"))).String()
	for _, c := range []struct {
		at       string
		has, not []string
	}{
		{"/reach", []string{
			"What could it reach?", "Where it could begin", "with all of its 6 keys", "release key", "PUMP-1", "pump-2.bin", "infusion",
		}, []string{"gate:acme/release.policy"}},
		{"/reach?kind=device&text=BED+2", []string{"1 place to begin", "PUMP-2"}, []string{"PUMP-1"}},
		{"/reach?from=&kind=lot", []string{"\"lot\" is no value of kind"}, nil},
		{reachFrom(keys[0]), []string{
			"release key of acme reach?", "If this were in the wrong hands, it could reach nothing for certain", "It does not say that it happened",
			"‖ holds: release role of acme: one part counts for it, and it takes 2", "Ask what it could reach together with", "here it ends",
		}, []string{"PUMP-1", "infected", "compromised"}},
		{reachFrom(keys...), []string{
			"together with", "4 devices for certain", "2 zones", "pump-7 2", "fetched by", "runs on", "a sensor of this house saw it",
			"nobody said whether something can pass here", "asserted by acme", "observed by mercy", "undisclosed by mercy",
			"Parts of it: gate:acme/release.", "cordon exposure radius --harm integrity key:sha256:", "PUMP-1", "MON-1",
		}, []string{"infected", "compromised", "holds:"}},
		{reachFrom(keys...) + "&kind=device&set=certain", []string{"4 lines"}, nil},
		{reachFrom(keys...) + "&harm=confidentiality", []string{"Nothing is known that these could reach", "That does not say that there is nothing"}, []string{"<svg xmlns"}},
		{reachFrom(altered), []string{"If this were harmful, it could reach 1 device for certain, and 1 device, 1 zone possibly", "PUMP-1", "PUMP-2"}, []string{"MON-1"}},
		{reachFrom(good), []string{"pump-2.bin", "1 release, 1 product, 3 devices for certain"}, nil},
		{reachFrom(never), []string{"Nothing is known that this could reach", "Of this nothing at all is known here", "There is no such line"}, []string{"<svg xmlns"}},
		{reachFrom(never, altered), []string{"PUMP-1", "Of this nothing at all is known here"}, nil},
		{reachFrom("device:acme/pump-7/SN-1"), []string{"What could PUMP-1, ward 3, bed 1 reach?", "under somebody else's control"}, nil},
	} {
		w := v.get(t, c.at)
		root := parse(t, w.Body.String())
		checkMarkup(t, root)
		text := said(t, root)
		for _, s := range c.has {
			if !strings.Contains(text, s) {
				t.Errorf("%s does not say %q:\n%s", c.at, s, text)
			}
		}
		for _, s := range c.not {
			if strings.Contains(w.Body.String(), s) {
				t.Errorf("%s says %q", c.at, s)
			}
		}
	}
}

func TestReachRefuses(t *testing.T) {
	t.Parallel()
	v := enter(t, newWard(t).serve(t))
	var many []string
	for i := range 65 {
		many = append(many, fmt.Sprintf("person:p%d", i))
	}
	none := reachFrom("person:nobody")
	for at, c := range map[string]struct {
		status int
		says   string
	}{
		reachFrom("pump"):                          {400, "this is not a subject"},
		reachFrom("</svg><script>\x1b"):            {400, `this is not a subject`},
		reachFrom(many...):                         {400, "65 subjects are more than the 64"},
		none + "&harm=fire":                        {400, `"fire" is no value of harm`},
		none + "&set=sure":                         {400, `"sure" is no value of set`},
		none + "&kind=pump":                        {400, `"pump" is no value of kind`},
		none + "&open=a&open=b":                    {400, `"open" is given twice`},
		none + "&page=0":                           {400, "is not the number of a page"},
		none + "&colour=red":                       {400, `cannot be narrowed by "colour"`},
		none + "&open=nothing,</svg>":              {200, "Nothing is known"},
		"/evidence/proof":                          {400, "this is not a subject"},
		"/evidence/proof?subject=person:nobody":    {404, "the ledger holds no statement about person:nobody"},
		"/evidence/proof?subject=person:x&page=1x": {404, "the ledger holds no statement"},
		"/evidence/proof?colour=red":               {400, `cannot be narrowed by "colour"`},
	} {
		w := v.get(t, at)
		root := parse(t, w.Body.String())
		checkMarkup(t, root)
		if w.Code != c.status || !strings.Contains(root.text, c.says) {
			t.Errorf("%s answers %d, want %d and %q:\n%s", at, w.Code, c.status, c.says, root.text)
		}
		if w.Header().Get("Content-Disposition") != "" {
			t.Errorf("%s gives a file", at)
		}
	}
}

// From a key to what it reaches, by links alone.
func TestJourneyFromAKey(t *testing.T) {
	t.Parallel()
	v := enter(t, newWard(t).serve(t))
	follow := func(at, text string) string {
		t.Helper()
		root := parse(t, v.get(t, at).Body.String())
		for _, a := range root.all("a") {
			if strings.Contains(strings.Join(strings.Fields(a.text), " "), text) {
				href, _, _ := strings.Cut(a.attrs["href"], "#")
				return href
			}
		}
		t.Fatalf("%s has no link %q:\n%s", at, text, said(t, root))
		return ""
	}
	at := follow("/", "Releases")
	at = follow(follow(at, "acme/pump-7/2"), "Who said what about this release")
	one := follow(at, "what this key could reach")
	both := follow(at, "What these keys could reach together")
	if again := follow(one, "release key of acme"); again != both {
		t.Errorf("with the other key of its role a key leads to %s, and both to %s", again, both)
	}
	root := parse(t, v.get(t, follow(both, "PUMP-1")).Body.String())
	if !strings.Contains(root.text, "PUMP-1, ward 3, bed 1: what is known about it?") {
		t.Errorf("the key leads to %s", root.text)
	}
}

// The picture of a page can be read by eye and by ear: everything drawn has words, links lead on, and the table has the
// same things.
func TestPictureMarkup(t *testing.T) {
	t.Parallel()
	h := newWard(t)
	v := enter(t, h.serve(t))
	root := parse(t, v.get(t, reachFrom(h.signing(t)...)).Body.String())
	var svg *element
	for _, e := range root.all("svg") {
		if e.attrs["aria-labelledby"] != "" {
			svg = e
		} else if e.attrs["aria-hidden"] != "true" {
			t.Error("a sample of the legend is read aloud")
		}
	}
	if svg == nil || svg.attrs["role"] != "group" || svg.all("title")[0].text == "" || svg.all("desc")[0].text == "" {
		t.Fatalf("the picture has no name: %+v", svg)
	}
	drawn := map[string]bool{}
	for _, g := range append(svg.withClass("box"), svg.withClass("line")...) {
		if len(g.all("title")) != 1 || strings.TrimSpace(g.all("title")[0].text) == "" {
			t.Errorf("something drawn has no words: %s", g.text)
		}
	}
	for _, a := range svg.all("a") {
		label := a.withClass("label")[0].text
		drawn[label] = true
		if a.attrs["href"] == "" || a.attrs["href"][0] != '/' {
			t.Errorf("%q leads to %q", label, a.attrs["href"])
		}
	}
	for _, tr := range root.all("tbody")[0].all("tr") {
		name := tr.all("a")[0].text
		if !drawn[name] {
			t.Errorf("the table has %q, and the picture %v", name, drawn)
		}
		delete(drawn, name)
	}
	if left := len(drawn); left != 1 { // the keys, where it begins
		t.Errorf("only in the picture are %v", drawn)
	}
	for _, f := range svg.withClass("said") {
		if f.text == "" {
			t.Error("a line has empty words")
		}
	}
}

// The page of a finding says what it could reach, and begins at the file or, where the file is in a release, at who
// fetched it.
func TestFindingReaches(t *testing.T) {
	t.Parallel()
	h := newWard(t)
	v := enter(t, h.serve(t))
	h.in(t, "mercy", func(a *app.App) error {
		list, err := a.Findings(t.Context(), app.FindingFilter{})
		for _, f := range list {
			want := map[model.Rule][]string{
				model.UpdateAltered:   {"if these bytes were harmful. Whether they are is not known", "1 device for certain, and 1 device, 1 zone possibly"},
				model.UpdateUnknown:   {"if these bytes were harmful", "helper.bin"},
				model.UpdatePlaintext: {"if somebody on the way changed the next unprotected download", "under somebody else's control"},
				model.UpdateWithdrawn: {"fetched were harmful", "Nothing is known that this could reach"},
			}[f.Rule]
			text := said(t, parse(t, v.get(t, "/findings/"+f.ID.Hex()).Body.String()))
			for _, s := range append(want, "What it could reach") {
				if !strings.Contains(text, s) {
					t.Errorf("the finding %s does not say %q:\n%s", f.Rule, s, text)
				}
			}
			if want == nil {
				t.Errorf("the ward has a finding %s", f.Rule)
			}
		}
		return err
	})
}

// A group of many opens where it stands, counts what it holds, and leads to the list of it.
func TestGroupsOpen(t *testing.T) {
	t.Parallel()
	h := newWard(t)
	var list strings.Builder
	list.WriteString("asset,vendor,model,serial,ip,site,zone\n")
	const (
		many = 300
		more = 3 // of the ward, which fetched a release
	)
	for i := range many {
		fmt.Fprintf(&list, "P-%d,acme,pump-7,N-%d,%s,main,%q\n", i, i, address(i), "</svg><script>"+strconv.Itoa(i/100))
	}
	h.in(t, "mercy", func(a *app.App) error {
		_, err := a.ImportDevices(t.Context(), strings.NewReader(list.String()))
		return err
	})
	v := enter(t, h.serve(t))
	get := func(at string) *element {
		root := parse(t, v.get(t, at).Body.String())
		checkMarkup(t, root)
		if boxes := len(root.all("svg")[0].withClass("box")); boxes > picture.MaxBoxes {
			t.Errorf("%s draws %d boxes", at, boxes)
		}
		return root
	}
	closed := get(reachFrom(h.signing(t)...))
	at := slices.IndexFunc(closed.all("a"), func(a *element) bool { return strings.Contains(a.text, "open them in the picture") })
	if at < 0 || !strings.Contains(closed.text, "303 devices") {
		t.Fatalf("nothing can be opened: %s", closed.text)
	}
	open, _, _ := strings.Cut(closed.all("a")[at].attrs["href"], "#")
	root := get(open)
	if n := len(root.withClass("small")); n < 50 || !strings.Contains(root.text, "put them together again") {
		t.Errorf("opened, %d devices are drawn: %s", n, root.text)
	}
	for _, a := range root.all("a") {
		if a.text != "the list" {
			continue
		}
		to, _, _ := strings.Cut(a.attrs["href"], "#")
		if total := get(to).withClass("total")[0].attrs["data-total"]; total != strconv.Itoa(many+more) {
			t.Errorf("the list of the group has %s", total)
		}
	}
	w := v.get(t, open)
	if strings.Contains(w.Body.String(), "</svg><script>") || w.Code != http.StatusOK {
		t.Error("the name of a zone ends the picture")
	}
}

// What was erased says so, and its proof can still be taken away: the same bytes as the command prints.
func TestProofOfWhatIsErased(t *testing.T) {
	t.Parallel()
	h := newWard(t)
	var batch model.Subject
	var want []byte
	h.in(t, "mercy", func(a *app.App) error {
		why, err := a.Why(t.Context(), model.ArtifactOf(model.DigestOf(lab.Firmware(2, 200_000))))
		if err != nil {
			return err
		}
		for _, r := range why {
			if r.Predicate == evidence.PredObservation {
				batch = model.StatementOf(r.Statement)
				_, err = a.Erase(t.Context(), r.Statement)
			}
		}
		if err != nil {
			return err
		}
		list, err := a.Proofs(t.Context(), batch)
		if err != nil {
			return err
		}
		want, err = app.ProofFile(list)
		return err
	})
	v := enter(t, h.serve(t))
	root := parse(t, v.get(t, "/evidence?"+url.Values{"subject": {batch.String()}}.Encode()).Body.String())
	if text := said(t, root); !strings.Contains(text, "▒ erased") || !strings.Contains(text, "the ledger still proves that it was there") || strings.Contains(text, "✓ fact") {
		t.Errorf("what is erased is shown as %s", text)
	}
	var link *element
	for _, a := range root.all("a") {
		if a.attrs["download"] != "" {
			link = a
		}
	}
	if link == nil {
		t.Fatal("there is no proof to take away")
	}
	w := v.get(t, link.attrs["href"])
	checkHeaders(t, w.Header())
	if w.Body.String() != string(want) || w.Header().Get("Content-Type") != "application/jsonl" ||
		w.Header().Get("Content-Disposition") != "attachment; filename=proof-"+batch.Digest().Hex()+".jsonl" {
		t.Errorf("the proof is %q: %s", w.Header(), w.Body)
	}
}
