package console_test

import (
	"encoding/json/v2"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cordon-trust/cordon/internal/model"
)

// asset is one entry of the manifest.
type asset struct {
	File    string `json:"file"`
	Origin  string `json:"origin"` // own, or where it was taken from
	Version string `json:"version"`
	Licence string `json:"licence"`
	SHA256  string `json:"sha256"` // 64 hex digits
}

// Every asset is what the manifest says, and the manifest has every asset. UPDATE=1 writes the digests of our own;
// one that was taken from elsewhere is compared with its source by a person.
func TestManifest(t *testing.T) {
	t.Parallel()
	const manifest = "assets/manifest.json"
	raw, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	var list []asset
	if err := json.Unmarshal(raw, &list, json.RejectUnknownMembers(true)); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("assets/*")
	if err != nil || len(files) != len(list)+1 {
		t.Errorf("%d files and %d entries: %q, %v", len(files), len(list), files, err)
	}
	var lines []string
	for _, a := range list {
		body, err := os.ReadFile(filepath.Join("assets", a.File))
		if err != nil {
			t.Error(err)
		}
		if a.Origin == "" || a.Version == "" || a.Licence == "" {
			t.Errorf("%s: origin %q, version %q and licence %q must be said", a.File, a.Origin, a.Version, a.Licence)
		}
		got := model.DigestOf(body).Hex()
		if os.Getenv("UPDATE") != "" && a.Origin == "own" {
			a.SHA256 = got
		}
		if got != a.SHA256 {
			t.Errorf("%s has the digest %s, and the manifest says %s", a.File, got, a.SHA256)
		}
		lines = append(lines, fmt.Sprintf(`  {"file": %q, "origin": %q, "version": %q, "licence": %q, "sha256": %q}`, a.File, a.Origin, a.Version, a.Licence, a.SHA256))
	}
	want := "[\n" + strings.Join(lines, ",\n") + "\n]\n"
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(manifest, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if want != string(raw) {
		t.Errorf("the manifest is not written as UPDATE=1 writes it:\n%s", want)
	}
}

// The style sheet loads nothing, and its colours can be told from their grounds: 4.5 to 1 for text (WCAG 2.2,
// 1.4.3), 3 to 1 for the ring around what has the focus (1.4.11).
func TestStyle(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("assets/console.css")
	if err != nil {
		t.Fatal(err)
	}
	css := string(raw)
	// Nothing moves, so that nobody has to ask for less motion (WCAG 2.2, 2.3.3).
	for _, s := range []string{"url(", "@import", "http:", "https:", "expression(", "transition", "animation", "smooth"} {
		if strings.Contains(css, s) {
			t.Errorf("the style sheet has %q", s)
		}
	}
	for _, s := range []string{"prefers-color-scheme: dark", "@media print", ":focus-visible", "color-scheme: light dark"} {
		if !strings.Contains(css, s) {
			t.Errorf("the style sheet lacks %q", s)
		}
	}
	colour := regexp.MustCompile(`--([a-z]+): (#[0-9a-f]{6});`)
	var schemes []map[string]string
	for block := range strings.SplitSeq(css, ":root {") {
		scheme := map[string]string{}
		block, _, _ = strings.Cut(block, "}")
		for _, m := range colour.FindAllStringSubmatch(block, -1) {
			scheme[m[1]] = m[2]
		}
		if len(scheme) > 0 {
			schemes = append(schemes, scheme)
		}
	}
	if len(schemes) != 3 {
		t.Fatalf("%d sets of colours, want light, dark and paper", len(schemes))
	}
	for i, scheme := range schemes {
		for _, name := range []string{"ink", "soft", "link", "critical", "high", "medium", "low", "calm"} {
			for _, ground := range []string{"ground", "panel"} {
				if got := contrast(t, scheme[name], scheme[ground]); got < 4.5 {
					t.Errorf("set %d: %s on %s has a contrast of %.2f", i+1, name, ground, got)
				}
			}
		}
	}
	for _, use := range regexp.MustCompile(`(?m)^[^-/]*: .*#[0-9a-f]{3,8}`).FindAllString(css, -1) {
		t.Errorf("a colour that is in no set: %s", use)
	}
}

// contrast is the ratio of WCAG 2.2.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	l := []float64{luminance(t, a), luminance(t, b)}
	slices.Sort(l)
	return (l[1] + 0.05) / (l[0] + 0.05)
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	if len(hex) != 7 {
		t.Fatalf("%q is no colour", hex)
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

// What htmx can do that the policy forbids, or that would surprise, the pages do not ask for: text as code, styles of
// its own, another history. A refused or failed answer never takes the place of what is shown.
func TestPagesUseLittleOfHtmx(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("pages/*.html")
	if err != nil || len(pages) < 5 {
		t.Fatal(pages, err)
	}
	for _, name := range pages {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{"hx-on", "hx-vals", "hx-headers", "js:", "javascript:", "hx-boost", "hx-push-url", "hx-ext"} {
			if strings.Contains(string(raw), s) {
				t.Errorf("%s has %s", name, s)
			}
		}
		for _, trigger := range regexp.MustCompile(`hx-trigger="([^"]*)"`).FindAllStringSubmatch(string(raw), -1) {
			if strings.Contains(trigger[1], "[") {
				t.Errorf("%s has a trigger with a condition, which is code: %s", name, trigger[1])
			}
		}
	}
	layout, err := os.ReadFile("pages/layout.html")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(layout), `<meta name="htmx-config" content='`)
	text, _, _ := strings.Cut(after, "'")
	var config struct {
		IncludeIndicatorCSS *bool `json:"includeIndicatorCSS"`
		History             *bool `json:"history"`
		DefaultTimeout      int   `json:"defaultTimeout"`
		NoSwap              []any `json:"noSwap"`
		MorphIgnore         []any `json:"morphIgnore"`
	}
	if err := json.Unmarshal([]byte(text), &config, json.RejectUnknownMembers(true)); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if config.IncludeIndicatorCSS == nil || *config.IncludeIndicatorCSS || config.History == nil || *config.History ||
		fmt.Sprint(config.NoSwap) != "[204 304 4xx 5xx]" || !slices.Contains(config.MorphIgnore, any("open")) {
		t.Errorf("htmx is set to %s", text)
	}
}
