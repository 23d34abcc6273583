package model_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/model"
)

const hexA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

func TestParseSubjectAcceptsOneSpelling(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  string
		org   string
		parts []string
	}{
		{"artifact:sha256:" + hexA, "", []string{"sha256:" + hexA}},
		{"key:sha256:" + hexA, "", []string{"sha256:" + hexA}},
		{"statement:sha256:" + hexA, "", []string{"sha256:" + hexA}},
		{"release:acme/pump-7/2.1.0", "acme", []string{"acme", "pump-7", "2.1.0"}},
		{"release:st-elsewhere/acme%2Fpump-7/lib-4", "st-elsewhere", []string{"st-elsewhere", "acme/pump-7", "lib-4"}},
		{"product:acme/Herz%20%C3%A9", "acme", []string{"acme", "Herz é"}},
		{"device:acme/pump-7/SN-0001", "acme", []string{"acme", "pump-7", "SN-0001"}},
		{"device:mac/02%3A4d%3A50%3A00%3A00%3Aff", "", []string{"mac", "02:4d:50:00:00:ff"}},
		{"device:ip/main/bed-lan/10.0.0.10/-", "", []string{"ip", "main", "bed-lan", "10.0.0.10", "-"}},
		{"device:ip/main/-/fd00%3A%3A1/2026-01-02T03%3A04%3A05Z", "", []string{"ip", "main", "-", "fd00::1", "2026-01-02T03:04:05Z"}},
		{"component:pkg:npm/%40angular/core@12.3.1", "", []string{"pkg:npm/%40angular/core@12.3.1"}},
		{"service:cloud/x", "", []string{"cloud", "x"}},
		{"model:acme/ecg/3", "", []string{"acme", "ecg", "3"}},
		{"dataset:mimic", "", []string{"mimic"}},
		{"advisory:CVE-2026-0001", "", []string{"CVE-2026-0001"}},
		{"org:acme.example", "acme.example", []string{"acme.example"}},
		{"site:st-elsewhere/main", "st-elsewhere", []string{"st-elsewhere", "main"}},
		{"zone:st-elsewhere/main/pumps", "st-elsewhere", []string{"st-elsewhere", "main", "pumps"}},
		{"lot:acme/L-17", "acme", []string{"acme", "L-17"}},
		{"station:flex/line-3", "", []string{"flex", "line-3"}},
		{"gate:acme/role", "acme", []string{"acme", "role"}},
		{"person:ce-oncall", "", []string{"ce-oncall"}},
		{"system:share", "", []string{"share"}},
	} {
		s, err := model.ParseSubject(c.text)
		if err != nil {
			t.Errorf("ParseSubject(%q): %v", c.text, err)
			continue
		}
		if s.String() != c.text || string(s.Kind())+":"+s.Value() != c.text {
			t.Errorf("%q prints as %q, kind %q, value %q", c.text, s, s.Kind(), s.Value())
		}
		if s.Org() != c.org {
			t.Errorf("%q carries the name %q, want %q", c.text, s.Org(), c.org)
		}
		if diff := cmp.Diff(c.parts, s.Parts()); diff != "" {
			t.Errorf("parts of %q (-want +got):\n%s", c.text, diff)
		}
	}
}

func TestParseSubjectRefuses(t *testing.T) {
	t.Parallel()
	for name, texts := range map[string][]string{
		"no kind or value":        {"", ":", "release", "release:", ":x", "acme/pump"},
		"unknown kind":            {"patient:1", "Release:acme/p/1", " release:acme/p/1", "url:x"},
		"number of parts":         {"release:acme/pump", "release:acme/pump/1/2", "product:acme", "org:a/b", "gate:acme", "zone:a/b", "device:acme/p", "system:a/b/c/d/e"},
		"empty or vanishing part": {"release:acme//1", "product:acme/", "product:/x", "lot:acme/.", "lot:acme/..", "release:acme/../1"},
		"organisation names":      {"org:Acme", "org:acme_", "org:-a", "org:a-", "org:.a", "org:a%20b", "org:ip", "org:mac", "org:" + strings.Repeat("a", 64), "product:ACME/x"},
		"two spellings": {
			"product:acme/%61", "product:acme/%7E", "product:acme/%c3%a9", "product:acme/é", "product:acme/a b",
			"product:acme/e%CC%81", "product:acme/a+b", "product:acme/a:b", "product:acme/%2f",
		},
		"broken encoding": {"product:acme/%", "product:acme/%2", "product:acme/%GG", "product:acme/%FF", "product:acme/%C3", "product:acme/%ED%A0%80"},
		"digests": {
			"artifact:" + hexA, "artifact:sha256:" + hexA[:63], "artifact:sha256:" + hexA + "a",
			"artifact:sha256:" + strings.ToUpper(hexA), "key:sha512:" + hexA, "statement:sha256:" + strings.Repeat("g", 64),
			"artifact:sha256%3A" + hexA,
		},
		"devices": {
			"device:mac/024d500000ff", "device:mac/02:4d:50:00:00:ff", "device:mac/02%3A4D%3A50%3A00%3A00%3AFF", "device:mac/x/y",
			"device:mac/02-4d-50-00-00-ff", "device:ip/main/r/10.0.0.10", "device:ip/main/r/10.0.0.010/-", "device:ip/main/r/FD00%3A%3A1/-",
			"device:ip/main/r/%3A%3Affff%3A10.0.0.1/-", "device:ip/main/r/fe80%3A%3A1%25eth0/-", "device:ip/main/r/host/-",
			"device:ip/main/r/10.0.0.1/2026-01-02", "device:ip/main/r/10.0.0.1/2026-01-02T03%3A04%3A05%2B01%3A00",
			"device:ip/main/r/10.0.0.1/2026-01-02T03%3A04%3A05.500Z", "device:ip/main/r/10.0.0.1/--", "device:ip/x/y",
		},
		"components": {"component:npm/x", "component:pkg:npm", "component:pkg:NPM/x", "component:pkg:npm/", "component:pkg:npm/a b", "component:pkg:npm/é", "component:pkg:/x"},
		"length":     {"dataset:" + strings.Repeat("a", 1024)},
	} {
		for _, text := range texts {
			if s, err := model.ParseSubject(text); err == nil {
				t.Errorf("%s: %q was accepted as %q", name, text, s)
			} else if !s.IsZero() {
				t.Errorf("%s: %q gives a subject beside its error", name, text)
			}
		}
	}
}

func TestNewSubjectEncodes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind  model.Kind
		parts []string
		want  string
	}{
		{model.KindDevice, []string{"acme", "Pump 7/A", "SN#1"}, "device:acme/Pump%207%2FA/SN%231"},
		{model.KindProduct, []string{"acme", "e\u0301"}, "product:acme/%C3%A9"}, // NFC
		{model.KindProduct, []string{"acme", "\u202e"}, "product:acme/%E2%80%AE"},
		{model.KindArtifact, []string{"sha256:" + hexA}, "artifact:sha256:" + hexA},
	} {
		s, err := model.NewSubject(c.kind, c.parts...)
		if err != nil || s.String() != c.want {
			t.Errorf("NewSubject(%s, %q) = %q, %v; want %q", c.kind, c.parts, s, err, c.want)
		}
	}
	for _, parts := range [][]string{{}, {"acme"}, {"acme", ""}, {"acme", "\xff"}, {"Acme", "x"}, {"acme", "x", "y"}} {
		if s, err := model.NewSubject(model.KindProduct, parts...); err == nil {
			t.Errorf("product of %q is %q", parts, s)
		}
	}
}

func TestParseProduct(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"acme/pump-7":             "product:acme/pump-7",
		"product:acme/pump-7":     "product:acme/pump-7",
		"acme/Pump 7":             "product:acme/Pump%207",
		"acme/Pump%207":           "product:acme/Pump%207",
		"acme/1.5T%2F3T":          "product:acme/1.5T%2F3T",
		"acme":                    "",
		"acme/":                   "",
		"/pump":                   "",
		"acme/pump-7/2.1.0":       "",
		"acme/100%":               "",
		"Acme/pump":               "",
		"release:acme/pump-7/2.0": "",
	} {
		s, err := model.ParseProduct(in)
		if s.String() != want || (err == nil) != (want != "") {
			t.Errorf("ParseProduct(%q) = %q, %v; want %q", in, s, err, want)
		}
	}
}

// Different products never share a release subject, also where a model's name looks like another maker's.
func TestReleaseOfKeepsProductsApart(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, c := range []struct{ publisher, maker, name, want string }{
		{"acme", "acme", "pump-7", "release:acme/pump-7/2"},
		{"st-elsewhere", "acme", "pump-7", "release:st-elsewhere/acme%2Fpump-7/2"},
		{"st-elsewhere", "zen", "pump-7", "release:st-elsewhere/zen%2Fpump-7/2"},
		{"acme", "zen", "pump-7", "release:acme/zen%2Fpump-7/2"},
		{"acme", "acme", "zen/pump-7", "release:acme/acme%2Fzen%2Fpump-7/2"},
	} {
		p, err := model.NewSubject(model.KindProduct, c.maker, c.name)
		if err != nil {
			t.Fatal(err)
		}
		r, err := model.ReleaseOf(c.publisher, p, "2")
		if err != nil || r.String() != c.want {
			t.Errorf("release of %s for %s is %q, %v; want %q", c.publisher, p, r, err, c.want)
		}
		if other, ok := seen[r.String()]; ok {
			t.Errorf("%s and %s share %s", p, other, r)
		}
		seen[r.String()] = p.String()
	}
	org, err := model.OrgOf("acme")
	if err != nil {
		t.Fatal(err)
	}
	if r, err := model.ReleaseOf("acme", org, "2"); err == nil {
		t.Errorf("release for something that is no product: %q", r)
	}
}

func TestDeviceAt(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 1, 2, 4, 4, 5, 500, time.FixedZone("CET", 3600))
	for _, c := range []struct {
		addr  string
		since time.Time
		want  string
	}{
		{"10.0.0.10", time.Time{}, "device:ip/main/wards/10.0.0.10/-"},
		{"::ffff:10.0.0.10", time.Time{}, "device:ip/main/wards/10.0.0.10/-"},
		{"fe80::1%eth0", time.Time{}, "device:ip/main/wards/fe80%3A%3A1/-"},
		{"10.0.0.10", since, "device:ip/main/wards/10.0.0.10/2026-01-02T03%3A04%3A05.0000005Z"},
	} {
		s, err := model.DeviceAt("main", "wards", netip.MustParseAddr(c.addr), c.since)
		if err != nil || s.String() != c.want {
			t.Errorf("DeviceAt(%s, %s) = %q, %v; want %q", c.addr, c.since, s, err, c.want)
		}
	}
}

func TestSubjectAsText(t *testing.T) {
	t.Parallel()
	var s model.Subject
	for _, in := range []string{"system:ad", ""} {
		if err := s.UnmarshalText([]byte(in)); err != nil || s.String() != in || s.IsZero() != (in == "") {
			t.Errorf("%q came back as %q, %v", in, s, err)
		}
		if b, err := s.MarshalText(); err != nil || string(b) != in {
			t.Errorf("%q is written as %q, %v", in, b, err)
		}
	}
	if err := s.UnmarshalText([]byte("system:A b")); err == nil {
		t.Error("a second spelling was taken")
	}
}

func TestConstructorsAgreeWithParse(t *testing.T) {
	t.Parallel()
	d := model.DigestOf([]byte("x"))
	for _, s := range []model.Subject{model.ArtifactOf(d), model.KeyOf(d), model.StatementOf(d)} {
		back, err := model.ParseSubject(s.String())
		if err != nil || back != s || back.Digest() != d {
			t.Errorf("%q came back as %q, %v", s, back, err)
		}
	}
	if len(model.Kinds()) != 19 || !slices.IsSorted(model.Kinds()) {
		t.Errorf("kinds %v", model.Kinds())
	}
}
