package console_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/lab"
	"github.com/cordon-trust/cordon/internal/model"
)

// crawl follows every link from the first page and returns the pages by address.
func crawl(t *testing.T, v visitor) map[string]*element {
	t.Helper()
	pages, queue := map[string]*element{}, []string{"/"}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		if pages[at] != nil {
			continue
		}
		w := v.get(t, at)
		if w.Code != http.StatusOK {
			t.Errorf("%s answers %d: %s", at, w.Code, w.Body)
			continue
		}
		checkHeaders(t, w.Header())
		root := parse(t, w.Body.String())
		pages[at] = root
		for _, a := range root.all("a") {
			href, _, _ := strings.Cut(a.attrs["href"], "#")
			if a.attrs["download"] != "" {
				checkDownload(t, v, a)
				continue
			}
			switch {
			case href == "":
			case href[0] != '/' || strings.HasPrefix(href, "//"):
				t.Errorf("%s leads out of the console, to %s", at, href)
			default:
				queue = append(queue, href)
			}
		}
		for _, l := range append(root.all("link"), root.all("img")...) {
			if w := v.get(t, l.attrs["href"]+l.attrs["src"]); w.Code != http.StatusOK || w.Header().Get("Content-Type") == "" {
				t.Errorf("%s loads %s, which answers %d", at, l.attrs["href"], w.Code)
			}
		}
	}
	return pages
}

// checkDownload looks whether a link to a file gives one, under the name that it says.
func checkDownload(t *testing.T, v visitor, a *element) {
	t.Helper()
	w := v.get(t, a.attrs["href"])
	kind := w.Header().Get("Content-Disposition")
	if w.Code != http.StatusOK || kind != "attachment; filename="+a.attrs["download"] || w.Body.Len() == 0 {
		t.Errorf("%s answers %d, %q, %d bytes", a.attrs["href"], w.Code, kind, w.Body.Len())
	}
}

// Every page that can be reached is well formed, answers a question, and can be read without eyes or mouse; every number
// leads to a list that has so many.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	for name, made := range map[string]func(t testing.TB) house{"nothing seen": newHouse, "a ward": newWard} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pages := crawl(t, enter(t, made(t).serve(t)))
			counted := 0
			for at, root := range pages {
				t.Run(at, func(t *testing.T) { checkMarkup(t, root) })
				for _, c := range root.withClass("count") {
					counted++
					checkCount(t, at, c, root, pages)
				}
			}
			if name == "a ward" && (len(pages) < 20 || counted < 10) {
				t.Errorf("only %d pages and %d numbers", len(pages), counted)
			}
		})
	}
}

// checkCount follows a number to the list that it counts.
func checkCount(t *testing.T, at string, c, here *element, pages map[string]*element) {
	t.Helper()
	href, fragment, _ := strings.Cut(c.attrs["href"], "#")
	list := pages[href]
	if href == "" && fragment != "" {
		list = here
	}
	said, _, _ := strings.Cut(c.text, " ")
	if list == nil {
		t.Errorf("%s: the number %s leads to %q, which is no page", at, c.text, c.attrs["href"])
		return
	}
	if total := list.withClass("total"); len(total) > 0 {
		if total[0].attrs["data-total"] != said {
			t.Errorf("%s: %s is said, and the list %s has %s", at, c.text, c.attrs["href"], total[0].attrs["data-total"])
		}
		return
	}
	if n, err := strconv.Atoi(said); err != nil || n != 0 {
		t.Errorf("%s: the number %s leads to %s, which counts nothing", at, c.text, c.attrs["href"])
	}
}

// The pages say what the home knows.
func TestPagesSay(t *testing.T) {
	t.Parallel()
	h := newWard(t)
	v := enter(t, h.serve(t))
	of := map[model.Rule]string{}
	h.in(t, "mercy", func(a *app.App) error {
		list, err := a.Findings(t.Context(), app.FindingFilter{})
		for _, f := range list {
			of[f.Rule] = "/findings/" + f.ID.Hex()
		}
		return err
	})
	for _, c := range []struct {
		at       string
		has, not []string
	}{
		{"/", []string{
			"What needs a person today?", "PUMP-1 (ward 3, bed 1) fetched", "differs from release:acme/pump-7/2",
			"Leave the device connected and on", "critical", "cordon trust confirm acme FINGERPRINT", "A lab home", "As of 2026-11-20 12:00:00 UTC",
		}, []string{"infected", "compromised", "unplug"}},
		{of[model.UpdateAltered], []string{
			"PUMP-1, ward 3, bed 1: what should be done?", "In use on a patient: not known", "so act as if it is",
			"Now, beside the device", "Swap the device for a spare when its patient allows it", "Later, security and the maker",
			"1 device.", "clinical engineering", "product:acme/pump-7", "over http", "It is open", "Who said what about these bytes", "of 200000 bytes", "bytes differ",
		}, []string{"This finding is closed"}},
		{of[model.UpdatePlaintext], []string{"2 devices: what should be done?", "Nothing to do at the bedside", "PUMP-2", "MON-1"}, nil},
		{of[model.UpdateWithdrawn], []string{"A device at 10.0.0.99 that is not on the list: what should be done?", "not on the device list", "the battery drains", "release:acme/pump-7/1"}, nil},
		{"/findings", []string{"What was found, and does it still hold?", "4 findings, the open and the gravest first"}, nil},
		{"/findings?severity=critical", []string{"1 finding,", "Altered update"}, []string{"Unprotected download</span>"}},
		{"/findings?rule=update.plaintext&state=&severity=", []string{"1 finding,", "Unprotected download"}, []string{"Altered update"}},
		{"/findings?state=closed", []string{"There is no such finding", "That says nothing of what the sensor did not see"}, []string{"PUMP-1"}},
		{"/devices", []string{"4 devices.", "PUMP-1", "SRV-1", "ward 4, zone monitoring, site main"}, nil},
		{"/devices?role=server", []string{"1 device.", "SRV-1"}, []string{"PUMP-1"}},
		{"/devices?text=BED+2", []string{"1 device.", "PUMP-2"}, []string{"PUMP-1"}},
		{"/devices?text=10.0.0.13", []string{"1 device.", "SRV-1"}, []string{"PUMP-1"}},
		{"/devices?text=nothing", []string{"The list has no such device."}, []string{"PUMP-1"}},
		{"/transfers", []string{"5 transfers, the latest first", "PUMP-1", "ward 3, bed 1", "altered", "its finding", "not on the device list", "the battery drains"}, nil},
		{"/transfers?verdict=verified", []string{"2 transfers,", "PUMP-2", "MON-1"}, []string{"PUMP-1<", "helper.bin"}},
		{"/transfers?verdict=verified&page=7", []string{"2 transfers,", "PUMP-2", "MON-1"}, nil},
		{"/transfers?verdict=vouched", []string{"No such transfer is recorded.", "What the sensor did not see"}, []string{"PUMP-1"}},
		{"/evidence", []string{"Who said what about it, and does it verify?", "Everything that Cordon says rests on statements"}, nil},
		{"/evidence?subject=release:acme/pump-7/1", []string{
			"2 statements, each verified again", "Facts", "release-set by acme, as release", "withdrawal by acme, as recall", "✓ fact", "✓ verifies signatures, policy of the role, and the ledger's proof", "When, by our ledger", "held here since", "which is a claim", "cordon log check proof-",
			"ml-dsa-65, key:sha256:", "Entries of log mercy/house", "the trust root of \"acme\" was not confirmed by a person",
		}, []string{"never believed"}},
		{"/evidence?subject=release:acme/pump-7/9", []string{"Nothing is held about it. That is no answer to whether it is good."}, []string{">Facts<"}},
		{"/releases", []string{"2 releases.", "acme/pump-7/2", "pump-2.bin, 200000 bytes", "its publisher took it back"}, nil},
		{"/releases?state=withdrawn", []string{"1 release.", "acme/pump-7/1"}, []string{"pump-2.bin"}},
	} {
		w := v.get(t, c.at)
		body := w.Body.String()
		text := strings.Join(strings.Fields(parse(t, body).text), " ")
		for _, s := range c.has {
			if !strings.Contains(text, s) {
				t.Errorf("%s does not say %q:\n%s", c.at, s, text)
			}
		}
		for _, s := range c.not {
			if strings.Contains(body, s) {
				t.Errorf("%s says %q", c.at, s)
			}
		}
	}
}

// A listed device has a page with its findings.
func TestDevicePage(t *testing.T) {
	t.Parallel()
	v := enter(t, newWard(t).serve(t))
	links := map[string]string{}
	for _, a := range parse(t, v.get(t, "/devices").Body.String()).all("a") {
		links[a.text] = a.attrs["href"]
	}
	text := parse(t, v.get(t, links["PUMP-2"]).Body.String()).text
	for _, s := range []string{
		"PUMP-2, ward 3, bed 2: what is known about it?", "In use on a patient: not known", "2 findings open", "helper.bin",
		"SN-2", "10.0.0.11", "floor", "second", "Who said what about this device",
	} {
		if !strings.Contains(text, s) {
			t.Errorf("the page of PUMP-2 does not say %q:\n%s", s, text)
		}
	}
	if strings.Contains(text, "PUMP-1") {
		t.Error("the page of PUMP-2 speaks of PUMP-1")
	}
	text = parse(t, v.get(t, links["MON-1"]).Body.String()).text
	for _, s := range []string{"1 finding open", "product:other/view-9, which no release of its maker names: whether a release fits is not known", "not said"} {
		if !strings.Contains(text, s) {
			t.Errorf("the page of MON-1 does not say %q:\n%s", s, text)
		}
	}
	if text = parse(t, v.get(t, links["SRV-1"]).Body.String()).text; !strings.Contains(text, "That says nothing of what the sensor did not see") {
		t.Errorf("the page of SRV-1 takes silence for an answer:\n%s", text)
	}
}

// A device without a serial that has two addresses is two subjects of a finding and one row of the list: it counts once for each finding.
func TestDeviceWithTwoAddresses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.in(t, "mercy", func(a *app.App) error {
		_, err := a.ImportDevices(t.Context(), strings.NewReader("asset,ip,site\nTWO,10.0.0.12 10.0.0.99,main\n"))
		return err
	})
	h.sees(t, fetched{"10.0.0.12", "late.bin", lab.Firmware(7, 5000)}, fetched{"10.0.0.99", "late.bin", lab.Firmware(7, 5000)})
	v := enter(t, h.serve(t))
	root := parse(t, v.get(t, "/devices").Body.String())
	counts := root.withClass("count")
	if len(counts) != 1 {
		t.Fatalf("%d numbers: %s", len(counts), root.text)
	}
	list := parse(t, v.get(t, counts[0].attrs["href"]).Body.String())
	if total := list.withClass("total")[0].attrs["data-total"]; total != counts[0].text || total != "1" {
		t.Errorf("%s are said and %s listed: %s", counts[0].text, total, list.text)
	}
}

// What is asked for in a wrong way is refused in words, and never answered as if it had not been asked.
func TestRefusedAddresses(t *testing.T) {
	t.Parallel()
	v := enter(t, newWard(t).serve(t))
	none := strings.Repeat("0", 64)
	for at, c := range map[string]struct {
		status int
		says   string
	}{
		"/findings?severity=grave":           {400, `"grave" is no value of severity`},
		"/findings?colour=red":               {400, `cannot be narrowed by "colour"`},
		"/findings?state=open&state=closed":  {400, `"state" is given twice`},
		"/findings?page=0":                   {400, `"0" is not the number of a page`},
		"/findings?page=two":                 {400, `"two" is not the number of a page`},
		"/findings?page=99":                  {200, "4 findings"},
		"/findings?device=pump":              {400, "this is not the identity of a listed device"},
		"/findings?device=" + none:           {404, "the device list that is in force has no such device"},
		"/findings/pump":                     {400, "this is not the ID of a finding"},
		"/findings/" + none:                  {404, "there is no finding sha256:0000"},
		"/transfers?finding=pump":            {400, "this is not the ID of a finding"},
		"/transfers?verdict=good":            {400, `"good" is no value of verdict`},
		"/transfers?page=1000000000":         {400, "is not the number of a page"},
		"/evidence?subject=pump":             {400, "this is not a subject"},
		"/devices/" + none:                   {404, "the device list that is in force has no such device"},
		"/devices?role=nurse":                {400, `"nurse" is no value of role`},
		"/releases?release=release:x/y/1":    {200, "This house knows no such release."},
		"/none":                              {404, `there is no page "/none"`},
		"/none%1b%5b2J%e2%80%ae%3cscript%3e": {404, `there is no page "/none\x1b[2J\u202e<script>"`},
	} {
		w := v.get(t, at)
		root := parse(t, w.Body.String())
		checkMarkup(t, root)
		if w.Code != c.status || !strings.Contains(root.text, c.says) {
			t.Errorf("%s answers %d, want %d and %q:\n%s", at, w.Code, c.status, c.says, root.text)
		}
	}
}
