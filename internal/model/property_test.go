package model_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/cordon-trust/cordon/internal/model"
)

// subjects draws a kind and decoded parts that make a subject of it.
func drawSubject(t *rapid.T) (model.Kind, []string) {
	org := rapid.StringMatching(`[a-z0-9]([a-z0-9.-]{0,20}[a-z0-9])?`).
		Filter(func(s string) bool { return s != "ip" && s != "mac" })
	part := rapid.OneOf(rapid.StringN(1, 12, 40), rapid.StringMatching(`[A-Za-z0-9 ._~/%:+-]{1,12}`)).
		Filter(func(s string) bool { return s != "." && s != ".." })
	digest := rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 8), func(b []byte) string { return model.DigestOf(b).String() })
	shapes := map[model.Kind][]*rapid.Generator[string]{
		model.KindArtifact: {digest}, model.KindKey: {digest}, model.KindStatement: {digest},
		model.KindRelease: {org, part, part}, model.KindProduct: {org, part}, model.KindDevice: {org, part, part},
		model.KindService: {part, part}, model.KindModel: {part, part, part}, model.KindDataset: {part},
		model.KindAdvisory: {part}, model.KindOrg: {org}, model.KindSite: {org, part}, model.KindZone: {org, part, part},
		model.KindLot: {org, part}, model.KindStation: {part, part}, model.KindGate: {org, part},
		model.KindPerson: {part}, model.KindSystem: {part, part, part, part},
	}
	kinds := slices.DeleteFunc(model.Kinds(), func(k model.Kind) bool { return shapes[k] == nil })
	kind := rapid.SampledFrom(kinds).Draw(t, "kind")
	var parts []string
	for _, g := range shapes[kind] {
		parts = append(parts, g.Draw(t, "part"))
	}
	return kind, parts
}

// DeviceAt takes a short way for usual names; it must lead where the long one leads.
func TestDeviceAtIsASubject(t *testing.T) {
	t.Parallel()
	name := rapid.OneOf(rapid.StringMatching(`[A-Za-z0-9._~-]{0,12}`), rapid.SampledFrom([]string{"", ".", "..", "a/b", "e\u0301", "\xff", strings.Repeat("x", 600)}))
	rapid.Check(t, func(t *rapid.T) {
		site, realm := name.Draw(t, "site"), name.Draw(t, "realm")
		addr, _ := netip.AddrFromSlice(rapid.SampledFrom([][]byte{
			rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "v4"), rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "v6"), nil,
		}).Draw(t, "addr"))
		var since time.Time
		at := "-"
		if rapid.Bool().Draw(t, "bound") {
			since = time.Unix(rapid.Int64Range(-1e11, 1e12).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns"))
			at = since.UTC().Format(time.RFC3339Nano)
		}
		want, werr := model.NewSubject(model.KindDevice, "ip", site, realm, addr.Unmap().String(), at)
		got, err := model.DeviceAt(site, realm, addr, since)
		if got != want || (err == nil) != (werr == nil) {
			t.Fatalf("DeviceAt(%q, %q, %s, %s) is %q, %v; want %q, %v", site, realm, addr, since, got, err, want, werr)
		}
	})
}

func TestSubjectsRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kind, parts := drawSubject(t)
		s, err := model.NewSubject(kind, parts...)
		if err != nil {
			t.Fatalf("NewSubject(%s, %q): %v", kind, parts, err)
		}
		back, err := model.ParseSubject(s.String())
		if err != nil || back != s {
			t.Fatalf("%q came back as %q, %v", s, back, err)
		}
		var want []string
		for _, p := range parts {
			want = append(want, norm.NFC.String(p))
		}
		if !slices.Equal(s.Parts(), want) {
			t.Fatalf("parts of %q are %q, want %q", s, s.Parts(), want)
		}
		again, err := model.NewSubject(s.Kind(), s.Parts()...)
		if err != nil || again != s {
			t.Fatalf("parts of %q make %q, %v", s, again, err)
		}
	})
}

// Changing the case of an escape, escaping one more character or adding one never gives a second
// spelling of the same subject.
func TestNoSecondSpelling(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kind, parts := drawSubject(t)
		s, err := model.NewSubject(kind, parts...)
		if err != nil {
			t.Fatal(err)
		}
		text := s.String()
		at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
		const hex = "0123456789ABCDEF"
		escaped := text[:at] + "%" + string(hex[text[at]>>4]) + string(hex[text[at]&15]) + text[at+1:]
		for _, other := range []string{escaped, strings.ToLower(text), strings.ToUpper(text), text + "/", text + " ", "/" + text} {
			o, err := model.ParseSubject(other)
			if err != nil || other == text {
				continue
			}
			if o.Kind() == s.Kind() && slices.Equal(o.Parts(), s.Parts()) {
				t.Fatalf("%q and %q are the same subject", o, s)
			}
		}
	})
}

func FuzzParseSubject(f *testing.F) {
	for _, s := range []string{
		"release:acme/pump-7/2.1.0", "device:mac/02%3A4d%3A50%3A00%3A00%3Aff", "device:ip/main/r/fd00%3A%3A1/2026-01-02T03%3A04%3A05Z",
		"component:pkg:npm/%40angular/core@12.3.1", "artifact:sha256:" + hexA, "product:acme/%C3%A9", "product:acme/e%CC%81",
		"product:acme/%ED%A0%80", "org:..", "x:y", ":", "gate:acme/%2F",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := model.ParseSubject(text)
		if err != nil {
			return
		}
		if s.String() != text {
			t.Fatalf("%q prints as %q", text, s)
		}
		again, err := model.NewSubject(s.Kind(), s.Parts()...)
		if err != nil || again != s {
			t.Fatalf("%q has a second spelling: its parts %q make %q, %v", text, s.Parts(), again, err)
		}
		for i := range len(text) {
			if text[i] <= ' ' || text[i] > '~' {
				t.Fatalf("%q holds a byte that is not printable ASCII", text)
			}
		}
		if org := s.Org(); org != "" && model.CheckOrg(org) != nil {
			t.Fatalf("%q carries the name %q, which is none", text, org)
		}
	})
}

func FuzzParseDigest(f *testing.F) {
	for _, s := range []string{"sha256:" + hexA, "sha256:", hexA, "sha256:" + strings.Repeat("A", 64), "sha256:" + strings.Repeat("0", 64)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := model.ParseDigest(text)
		if err != nil {
			if !d.IsZero() {
				t.Fatalf("%q gives %s beside its error", text, d)
			}
			return
		}
		if d.String() != text || "sha256:"+d.Hex() != text {
			t.Fatalf("%q prints as %q", text, d)
		}
	})
}
