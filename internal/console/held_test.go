package console_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/lab"
	"github.com/cordon-trust/cordon/internal/model"
)

// says checks what the page at an address says and does not say.
func (v visitor) says(t *testing.T, at string, has, not []string) *element {
	t.Helper()
	w := v.get(t, at)
	root := parse(t, w.Body.String())
	checkMarkup(t, root)
	text := strings.Join(strings.Fields(root.text), " ")
	if w.Code != http.StatusOK {
		t.Errorf("%s answers %d", at, w.Code)
	}
	for _, s := range has {
		if !strings.Contains(text, s) {
			t.Errorf("%s does not say %q:\n%s", at, s, text)
		}
	}
	for _, s := range not {
		if strings.Contains(text, s) {
			t.Errorf("%s says %q:\n%s", at, s, text)
		}
	}
	return root
}

// rules are the findings of the hospital by rule.
func (h house) rules(t *testing.T) map[model.Rule]model.Finding {
	t.Helper()
	of := map[model.Rule]model.Finding{}
	h.in(t, "mercy", func(a *app.App) error {
		list, err := a.Findings(t.Context(), app.FindingFilter{})
		for _, f := range list {
			of[f.Rule] = f
		}
		return err
	})
	return of
}

func (h house) holds(t *testing.T, until time.Time, ids ...model.Digest) {
	t.Helper()
	h.in(t, "mercy", func(a *app.App) error {
		_, err := a.HoldFindings(t.Context(), app.HoldDraft{Findings: ids, Reason: "the maker knows, CASE-17", Until: until})
		return err
	})
}

// A held finding is out of the way and never out of sight, and every page that speaks of it says why it may rest, who said
// so, and how to decide otherwise.
func TestHeldFindings(t *testing.T) {
	t.Parallel()
	h := newWard(t)
	of := h.rules(t)
	altered, plain := of[model.UpdateAltered], of[model.UpdatePlaintext]
	at := "/findings/" + altered.ID.Hex()
	enter(t, h.serve(t)).says(t, at, []string{
		"It is open", "This console has no keys, so it decides nothing.",
		"cordon finding hold " + altered.ID.String() + ` --reason "WHY" --until 2026-12-04T00:00:00Z`,
	}, []string{"cordon finding unhold", "all 1 like this", "Why it may rest"})
	h.holds(t, now.Add(72*time.Hour), altered.ID)
	h.holds(t, time.Time{}, plain.ID)
	v := enter(t, h.serve(t))
	for _, c := range []struct {
		at       string
		has, not []string
	}{
		{"/", []string{
			"2 findings open", "2 findings ‖ held: a person said why they may rest, the first until 2026-11-23 12:00:00 UTC.",
			"Of these 1 is ◆ critical and of patient safety:", "PUMP-1 (ward 3, bed 1) fetched", "Held: the maker knows, CASE-17 Said by mercy, since 2026-11-20 12:00:00 UTC, until 2026-11-23 12:00:00 UTC.",
		}, []string{"closed"}},
		{"/findings", []string{"○ open 2 ‖ held 2 ✓ closed 0", "4 findings", "holds the 2 open ones on this page"}, nil},
		{"/findings?state=held", []string{"2 findings,", "Altered update", "Unprotected download", "until 2026-11-23", "with no end set"}, []string{"Withdrawn release", "Let several rest"}},
		{"/findings?state=held&severity=critical&class=patient-safety", []string{"○ open 0 ‖ held 1 ✓ closed 0", "1 finding,"}, []string{"Unprotected download"}},
		{"/findings?state=open", []string{"2 findings,", "○ open 2 ‖ held 2"}, []string{"Altered update"}},
		{at, []string{
			"This finding is held: the maker knows, CASE-17 Said by mercy, until 2026-11-23 12:00:00 UTC.", "Leave the device connected and on", "The advice above stands.",
			"Said bymercy, with the keys of its role house", "For1 device", "The statement that says so", "cordon finding unhold " + altered.ID.String() + ` --reason "WHY"`,
		}, []string{"cordon finding hold", "This finding is closed"}},
	} {
		v.says(t, c.at, c.has, c.not)
	}
	root := v.says(t, at, nil, nil)
	for _, a := range root.all("a") {
		if a.text == "The statement that says so" {
			v.says(t, a.attrs["href"], []string{"1 statement,", "review by mercy, as house", "hold: the maker knows, CASE-17", "until 2026-11-23T12:00:00Z"}, nil)
		}
	}

	// Another device joins, and an end comes.
	h.sees(t, fetched{"10.0.0.13", "pump-2.bin", lab.Flip(lab.Firmware(2, 200_000), 1000)})
	v = enter(t, h.serve(t))
	v.says(t, at, []string{"It is open", "It was held, and that no longer counts: ", "SRV-1 (device:ip/main/-/10.0.0.13/-) joined, which the hold does not name", "What was saidthe maker knows, CASE-17"}, []string{"This finding is held"})
	v.says(t, "/findings?state=open", []string{"Altered update"}, nil)
}

// A command for several findings names those that say the same, and no other.
func TestHoldSeveral(t *testing.T) {
	t.Parallel()
	h := newWard(t)
	body := lab.Firmware(9, 50_000)
	h.sees(t, fetched{"10.0.0.10", "other.bin", lab.Firmware(8, 50_000)}, fetched{"10.0.0.12", "helper.bin", body})
	h.in(t, "mercy", func(a *app.App) error { // the same bytes by way of another server
		file := h.file(t, "elsewhere.pcap", captureFrom(t, 30, "10.0.0.10", "elsewhere.example", "helper.bin", body))
		_, err := a.Watch(t.Context(), app.WatchOptions{Files: []string{file}}, quiet())
		return err
	})
	var alike []model.Finding
	h.in(t, "mercy", func(a *app.App) error {
		list, err := a.Findings(t.Context(), app.FindingFilter{})
		for _, f := range list {
			if f.Rule == model.UpdateUnknown && f.Digest == model.DigestOf(body) {
				alike = append(alike, f)
			}
		}
		return err
	})
	if len(alike) != 2 {
		t.Fatalf("%d findings are alike", len(alike))
	}
	v := enter(t, h.serve(t))
	v.says(t, "/findings/"+alike[0].ID.Hex(), []string{
		"To let all 2 like this rest", "cordon finding hold " + alike[0].ID.String() + " " + alike[1].ID.String() + ` --reason "WHY"`,
	}, nil)
}

// What a person gives as a reason, and what a maker calls a version, stand on pages as text that does nothing.
func TestHostileReasonsAndVersions(t *testing.T) {
	t.Parallel()
	h := newWard(t)
	f := h.rules(t)[model.UpdateAltered]
	const text = `<script>alert(1)</script>"\'{{.Home}}`
	h.in(t, "mercy", func(a *app.App) error {
		_, err := a.HoldFindings(t.Context(), app.HoldDraft{Findings: []model.Digest{f.ID}, Reason: text})
		if err != nil {
			return err
		}
		pump, err := model.ParseProduct("acme/pump-7")
		if err == nil {
			_, err = a.AddRelease(t.Context(), app.Draft{Product: pump, Version: text, Kind: "library", Files: []string{h.file(t, "drugs.xml", []byte("drugs"))}})
		}
		return err
	})
	v := enter(t, h.serve(t))
	for _, at := range []string{"/", "/findings", "/findings/" + f.ID.Hex(), "/evidence?subject=" + model.ArtifactOf(f.Digest).String(), "/releases"} {
		v.says(t, at, []string{text}, nil)
	}
	for _, a := range v.says(t, "/releases", nil, nil).all("a") {
		if strings.HasPrefix(a.attrs["href"], "/releases/mercy/") {
			v.says(t, a.attrs["href"], []string{text + ": what is it, and who fetched it?"}, nil)
			return
		}
	}
	t.Error("the release of that version has no page")
}
