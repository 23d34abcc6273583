package console_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/lab"
	"github.com/cordon-trust/cordon/internal/model"
)

// The pages of releases say what was signed, what was seen of it, whose keys signed, and what ends when.
func TestReleasePages(t *testing.T) {
	t.Parallel()
	h := newWard(t)
	of := h.rules(t)
	h.holds(t, now.Add(72*time.Hour), of[model.UpdateAltered].ID)
	v := enter(t, h.serve(t))
	for _, c := range []struct {
		at       string
		has, not []string
	}{
		{"/releases", []string{
			"What did makers sign, and what was seen of it?", "2 releases of acme/pump-7 from 2026-01-05 to 2026-11-20:", "how many transfers were compared with it in a day.",
			"318 days between, on which nothing happened, are left out.", "Seen: 2 ✓ verified, 1 ◆ altered, 1 ✕ withdrawn.",
			"The same as a table, 6 lines", "✕ withdrawn", "▮ signed", "2 releases.", "its publisher took it back",
			"The trust root of acme", "The word of acme about what it publishes", "the copy is stale since then", "✓ in force", "days left",
			"The hold of a finding: PUMP-1", "▲ soon 3 days left", "acme, release", "1 of 1 classical and 1 of 1 post-quantum", "ml-dsa-65, post-quantum",
		}, []string{"expired", "infected"}},
		{"/releases?state=withdrawn", []string{"1 release.", "1 release of acme/pump-7", "acme/pump-7/1"}, []string{"◆ altered"}},
		{"/releases?product=acme/pump-7&days=7", []string{"from 2026-11-14 to 2026-11-20", "None of them was seen on the wire in that time; that says nothing of what the sensor did not see."}, nil},
		{"/releases?product=acme/pump-7&older=1", []string{"1 release of acme/pump-7", "Newer releases"}, nil},
		{"/releases?publisher=acme&release=release:acme/pump-7/2", []string{"1 release."}, []string{"the battery drains"}},
		{"/releases/acme/pump-7/2", []string{
			"acme/pump-7 2: what is it, and who fetched it?", "○ current its publisher signed it and it stands", "3 transfers were compared with it.",
			"That it was fetched does not say that it was installed.", "✓ verified2", "◆ altered1", "pump-2.bin", "200000", "Served byupdates.acme.example",
			"Rolerelease", "1 of 1 classical and 1 of 1 post-quantum", "✓ yes, verifies: signatures", "Entries of log mercy/house", "yes, that was shown when it was taken here",
			"May replaceany version, for all that is said", "ed25519, classical", "nothing else",
		}, []string{"Why it must not be installed", "stolen key"}},
		{"/releases/acme/pump-7/1", []string{
			"✕ withdrawn its publisher took it back", "Why it must not be installed", "the battery drains", "leave it connected and on", "1 transfer was compared with it.",
		}, []string{"unplug"}},
		{"/transfers?release=release:acme/pump-7/2", []string{"3 transfers,", "Only transfers that were compared with release:acme/pump-7/2."}, []string{"helper.bin"}},
		{"/transfers?product=product:acme/pump-7&verdict=altered", []string{"1 transfer,", "compared with product:acme/pump-7"}, nil},
		{"/transfers?release=release:acme/pump-7/2&from=2026-01-05&to=2026-01-05", []string{"3 transfers,"}, nil},
		{"/transfers?from=2026-01-06", []string{"No such transfer is recorded."}, nil},
		{"/transfers?to=2026-01-04&from=", []string{"No such transfer is recorded."}, nil},
	} {
		v.says(t, c.at, c.has, c.not)
	}
	for at, says := range map[string]string{
		"/releases?days=8":                   `"8" is no value of days`,
		"/releases?older=-1":                 `"-1" is no number of releases`,
		"/releases/acme/pump-7/9":            "this house knows no release:acme/pump-7/9",
		"/releases/acme/pump-7/9%2F..":       "this house knows no release:acme/pump-7/9%2F..",
		"/releases/Acme/pump-7/2":            "this is not the name of a release",
		"/releases/acme/pump-7/2?x=1":        `cannot be narrowed by "x"`,
		"/transfers?from=5.1.2026":           `"5.1.2026" is not a day`,
		"/transfers?to=2026-02-30":           `"2026-02-30" is not a day`,
		"/transfers?release=pump":            `"pump" is not a release`,
		"/transfers?product=release:a/b/c":   `"release:a/b/c" is not a product`,
		"/transfers?release=product:acme/p7": `"product:acme/p7" is not a release`,
	} {
		w := v.get(t, at)
		if root := parse(t, w.Body.String()); w.Code < 400 || w.Code > 404 || !strings.Contains(root.text, says) {
			t.Errorf("%s answers %d, want %q:\n%s", at, w.Code, says, root.text)
		}
	}
}

// The picture and its table say the same, and every mark leads to as many transfers as it says.
func TestTimelineAndItsTable(t *testing.T) {
	t.Parallel()
	v := enter(t, newWard(t).serve(t))
	for _, at := range []string{"/releases", "/releases/acme/pump-7/2"} {
		root := parse(t, v.get(t, at).Body.String())
		drawn, told := map[string]string{}, map[string]string{}
		for _, svg := range root.all("svg") {
			for _, a := range svg.all("a") {
				if href := a.attrs["href"]; strings.HasPrefix(href, "/transfers") {
					drawn[href] = strings.Fields(a.text)[1]
					if !strings.HasPrefix(a.attrs["aria-label"], drawn[href]+" transfer") {
						t.Errorf("%s: %q is called %q", at, a.text, a.attrs["aria-label"])
					}
				}
			}
		}
		for _, d := range root.all("details") {
			for _, a := range d.withClass("count") {
				told[a.attrs["href"]] = a.text
			}
		}
		if len(drawn) < 2 || len(drawn) != len(told) {
			t.Errorf("%s: %d marks are drawn and %d told", at, len(drawn), len(told))
		}
		for href, n := range drawn {
			list := parse(t, v.get(t, href).Body.String()).withClass("total")
			if told[href] != n || list[0].attrs["data-total"] != n {
				t.Errorf("%s: %s are drawn, %s told, and %s listed by %s", at, n, told[href], list[0].attrs["data-total"], href)
			}
		}
	}
}

// What has ended says so, in words and first of all.
func TestExpired(t *testing.T) {
	t.Parallel()
	h := newWard(t)
	c := h.serveAt(t, now.AddDate(0, 2, 0))
	root := enter(t, c).says(t, "/releases", []string{"✕ expired ended 31 days ago", "✓ in force"}, nil)
	var first string
	for _, tr := range root.all("tr") {
		if strings.Contains(tr.text, "expired") {
			first = tr.text
			break
		}
	}
	if !strings.Contains(first, "The word of acme about what it publishes") {
		t.Errorf("the first that ended is %q", first)
	}
}

// What this house only vouches for is drawn too, and leads to its evidence.
func TestVouchedIsDrawn(t *testing.T) {
	t.Parallel()
	h := newWard(t)
	body := lab.Firmware(9, 50_000) // as helper.bin it was seen
	h.in(t, "mercy", func(a *app.App) error {
		pump, err := model.ParseProduct("acme/pump-7")
		if err == nil {
			_, err = a.Vouch(t.Context(), app.VouchDraft{File: h.file(t, "helper.bin", body), Product: pump, Version: "1.9", Source: "DVD", For: 10 * 24 * time.Hour})
		}
		return err
	})
	v := enter(t, h.serve(t))
	root := v.says(t, "/releases", []string{"3 releases of acme/pump-7", "1 ✓ vouched", "This house's vouch for helper.bin as release:acme/pump-7/1.9", "▲ soon 10 days left"}, nil)
	found := false
	for _, a := range root.all("a") {
		if a.text == "1.9" {
			found = true
			v.says(t, a.attrs["href"], []string{"vouch by mercy, as house"}, nil)
		}
	}
	if !found {
		t.Error("1.9 is not drawn")
	}
}

// A maker has no rows of what was seen, and sees its releases all the same.
func TestMakersReleases(t *testing.T) {
	t.Parallel()
	h := house{fastDir(t)}
	h.found(t, "mercy", evidence.Maker) // whose home is served
	h.in(t, "mercy", func(a *app.App) error {
		pump, err := model.ParseProduct("mercy/pump-7")
		for i := 0; i < 10 && err == nil; i++ {
			name := "pump-" + strconv.Itoa(i) + ".bin"
			_, err = a.AddRelease(t.Context(), app.Draft{Product: pump, Version: strconv.Itoa(i), Kind: "firmware", Files: []string{h.file(t, name, lab.Firmware(uint64(i), 2000))}})
		}
		return err
	})
	v := enter(t, h.serve(t))
	v.says(t, "/releases", []string{"8 releases of mercy/pump-7 on 2026-11-20:", "2 older releases", "10 releases.", "none seen"}, nil)
	v.says(t, "/releases?product=mercy/pump-7&older=8", []string{"2 releases of mercy/pump-7", "Newer releases"}, []string{"older release"})
	v.says(t, "/releases/mercy/pump-7/3", []string{"No transfer was compared with it in what was recorded."}, nil)
}
