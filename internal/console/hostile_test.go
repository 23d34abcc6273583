package console_test

import (
	"net/url"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/kit/visible"
	"github.com/cordon-trust/cordon/internal/lab"
)

// hostile are texts that try to act on whoever reads them.
func hostile() []string {
	return []string{
		"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "' onmouseover='alert(1)", "javascript:alert(1)", "{{.Home}}",
		"=HYPERLINK(1)", "&lt;b&gt;", "-->", "]]>", "bed\u202e3\u2066", "esc\x1b[2J\x1b]2 owned\x07", "c1\u009b31m", "zero\u200bwidth", "tag\U000e0041", strings.Repeat("W", 200), strings.Repeat("much to say ", 16),
	}
}

// newHostileWard makes a hospital with devices of such names, each of which fetched something of such a name.
func newHostileWard(t *testing.T) house {
	t.Helper()
	h := newWard(t)
	list := "asset,vendor,model,serial,ip,site,location,zone,owner,criticality,\"foreign\"\n"
	var seen []fetched
	for i, s := range hostile() {
		cell := `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
		if strings.ContainsFunc(s, unicode.IsControl) {
			cell = "refused by the list " + strconv.Itoa(i) // so that it comes from the wire only
		}
		ip := "10.0.1." + string(rune('1'+i/10)) + string(rune('0'+i%10))
		list += strings.Join([]string{cell, cell, cell, cell, ip, "main", cell, cell, cell, cell, cell}, ",") + "\n"
		seen = append(seen, fetched{ip, url.PathEscape(s) + ".bin", lab.Firmware(uint64(100+i), 2000)})
	}
	h.sees(t, seen...)
	h.in(t, "mercy", func(a *app.App) error {
		done, err := a.ImportDevices(t.Context(), strings.NewReader(list))
		if done.Devices != len(hostile()) {
			t.Errorf("%d devices are on the list, want %d: %+v", done.Devices, len(hostile()), done.Changes)
		}
		return err
	})
	return h
}

// Names from a device list and from the wire stand on pages as text that does nothing, and can be seen.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	h := newHostileWard(t)
	v := enter(t, h.serve(t))
	pages := crawl(t, v)
	for _, s := range hostile() { // also what comes back from an address
		for _, at := range []string{"/devices?text=", "/devices?zone=", "/findings?severity=", "/findings?device=", "/releases?release=", "/none?x="} {
			at += url.QueryEscape(s)
			pages[at] = parse(t, v.get(t, at).Body.String())
		}
	}
	shown := map[string]int{}
	for at, root := range pages {
		checkMarkup(t, root)
		root.each(func(e *element, _ []*element) {
			for name, value := range e.attrs {
				refuseActing(t, at, value)
				if name == "href" && !strings.HasPrefix(value, "/") && !strings.HasPrefix(value, "#") {
					t.Errorf("%s leads to %q", at, value)
				}
			}
		})
		refuseActing(t, at, root.text)
		for _, s := range hostile() {
			if strings.Contains(root.text, visible.Text(s)) {
				shown[s]++
			}
		}
	}
	for _, s := range hostile() {
		least := 3
		if strings.ContainsFunc(s, unicode.IsControl) {
			least = 1
		}
		if shown[s] < least {
			t.Errorf("%q is shown on %d pages only: it was lost on the way, not made harmless", s, shown[s])
		}
	}
}

func refuseActing(t *testing.T, at, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		// What visible.Text wrote must not be changed by it but for the backslash that begins it.
		if got := visible.Text(line); strings.ReplaceAll(got, `\u{5c}`, `\`) != strings.ReplaceAll(line, `\u{5c}`, `\`) {
			t.Errorf("%s has characters that act: %s", at, got)
			return
		}
	}
}
