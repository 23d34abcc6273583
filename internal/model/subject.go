// Package model holds Cordon's nouns: subjects, digests, edges, transfers and verdicts. Plain values
// without I/O; the rooms meet here and in statements, never in each other.
//
// Most callers need [ParseSubject] and the constructors beside it ([ReleaseOf], [ArtifactOf], ...).
// The package refuses whatever is not the one canonical spelling of a subject.
package model

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Kind is the first part of a subject.
type Kind string

// The kinds of subject (DESIGN section 3).
const (
	KindArtifact  Kind = "artifact"
	KindRelease   Kind = "release"
	KindProduct   Kind = "product"
	KindDevice    Kind = "device"
	KindKey       Kind = "key"
	KindComponent Kind = "component"
	KindService   Kind = "service"
	KindModel     Kind = "model"
	KindDataset   Kind = "dataset"
	KindAdvisory  Kind = "advisory"
	KindOrg       Kind = "org"
	KindSite      Kind = "site"
	KindZone      Kind = "zone"
	KindLot       Kind = "lot"
	KindStation   Kind = "station"
	KindGate      Kind = "gate"
	KindStatement Kind = "statement"
	KindPerson    Kind = "person"
	KindSystem    Kind = "system"
)

const (
	maxSubject = 1024 // bytes of a printed subject
	maxOrg     = 63   // bytes of an organisation name
	maxPlain   = 255  // bytes of a part that needs no further check
)

// shape says how the value of a kind is divided at "/".
type shape struct {
	min, max int  // number of segments
	org      bool // the first segment is an organisation name
}

var shapes = map[Kind]shape{
	KindRelease:  {3, 3, true},
	KindProduct:  {2, 2, true},
	KindDevice:   {2, 5, false}, // three forms, checked apart
	KindService:  {2, 2, false},
	KindModel:    {1, 4, false},
	KindDataset:  {1, 4, false},
	KindAdvisory: {1, 1, false},
	KindOrg:      {1, 1, true},
	KindSite:     {2, 2, true},
	KindZone:     {3, 3, true},
	KindLot:      {2, 2, true},
	KindStation:  {1, 4, false},
	KindGate:     {2, 2, true},
	KindPerson:   {1, 4, false},
	KindSystem:   {1, 4, false},
}

// Kinds lists every kind in alphabetical order.
func Kinds() []Kind {
	out := []Kind{KindArtifact, KindKey, KindStatement, KindComponent}
	for k := range shapes {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// Subject is anything a statement can be about, printed "kind:value". It is comparable; the zero value
// means "none". There is one spelling per subject, so equal subjects are equal strings.
type Subject struct{ text string }

// ParseSubject parses the canonical spelling of a subject and refuses any other.
func ParseSubject(s string) (Subject, error) {
	if len(s) > maxSubject {
		return Subject{}, fmt.Errorf("subject of %d bytes is longer than %d", len(s), maxSubject)
	}
	kind, value, ok := strings.Cut(s, ":")
	if !ok || value == "" {
		return Subject{}, fmt.Errorf("subject %q is not of the form kind:value", s)
	}
	if err := checkValue(Kind(kind), value); err != nil {
		return Subject{}, fmt.Errorf("subject %q: %w", s, err)
	}
	return Subject{s}, nil
}

func checkValue(kind Kind, value string) error {
	switch kind {
	case KindArtifact, KindKey, KindStatement:
		_, err := ParseDigest(value)
		return err
	case KindComponent:
		return checkPurl(value)
	}
	sh, ok := shapes[kind]
	if !ok {
		return fmt.Errorf("unknown kind %q", kind)
	}
	segs := strings.Split(value, "/")
	if len(segs) < sh.min || len(segs) > sh.max {
		return fmt.Errorf("value has %d parts, %s takes %d to %d", len(segs), kind, sh.min, sh.max)
	}
	for _, g := range segs {
		if err := checkSegment(g); err != nil {
			return err
		}
	}
	if kind == KindDevice {
		return checkDevice(segs)
	}
	if sh.org {
		return CheckOrg(segs[0])
	}
	return nil
}

// checkSegment accepts only the canonical spelling that [escape] gives.
func checkSegment(g string) error {
	raw, err := unescape(g)
	if err != nil {
		return err
	}
	if raw == "" {
		return fmt.Errorf("empty part")
	}
	if raw == "." || raw == ".." {
		return fmt.Errorf("part %q would vanish from a path or an address", raw)
	}
	if escape(raw) != g {
		return fmt.Errorf("part %q is not in canonical spelling, which is %q", g, escape(raw))
	}
	return nil
}

func checkDevice(segs []string) error {
	switch {
	case segs[0] == "mac":
		if len(segs) != 2 || !isMAC(segs[1]) {
			return fmt.Errorf("device:mac takes one address of 12 lower-case hex digits in pairs joined by %%3A")
		}
		return nil
	case segs[0] == "ip":
		if len(segs) != 5 {
			return fmt.Errorf("device:ip takes site, realm, address and since")
		}
		raw, _ := unescape(segs[3])
		a, err := netip.ParseAddr(raw)
		if err != nil || a.String() != raw || a.Zone() != "" || a.Is4In6() {
			return fmt.Errorf("address %q is not in canonical form", raw)
		}
		if segs[4] == "-" {
			return nil
		}
		raw, _ = unescape(segs[4])
		t, err := time.Parse(time.RFC3339Nano, raw)
		if err != nil || t.UTC().Format(time.RFC3339Nano) != raw {
			return fmt.Errorf("since %q is neither - nor a canonical UTC time", raw)
		}
		return nil
	case len(segs) != 3:
		return fmt.Errorf("device takes maker, model and serial")
	}
	return CheckOrg(segs[0])
}

func isMAC(seg string) bool {
	raw, err := unescape(seg)
	if err != nil || len(raw) != 17 {
		return false
	}
	for i := range len(raw) {
		c := raw[i]
		if i%3 == 2 {
			if c != ':' {
				return false
			}
			continue
		}
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// checkPurl accepts a package URL of printable ASCII; its own canonical form is the inventory's affair.
func checkPurl(v string) error {
	rest, ok := strings.CutPrefix(v, "pkg:")
	typ, name, ok2 := strings.Cut(rest, "/")
	if !ok || !ok2 || typ == "" || name == "" || typ != strings.ToLower(typ) {
		return fmt.Errorf("component value is not a package URL pkg:type/name")
	}
	for i := range len(v) {
		if v[i] <= ' ' || v[i] > '~' {
			return fmt.Errorf("component value has a byte that a package URL must encode")
		}
	}
	return nil
}

// CheckOrg says whether s may name an organisation: 1 to 63 of [a-z0-9.-], beginning and ending with a
// letter or digit. "ip" and "mac" are taken by device subjects.
func CheckOrg(s string) error {
	if s == "" || len(s) > maxOrg {
		return fmt.Errorf("organisation name %q must have 1 to %d characters", s, maxOrg)
	}
	if s == "ip" || s == "mac" {
		return fmt.Errorf("organisation name %q is reserved", s)
	}
	for i := range len(s) {
		c := s[i]
		alnum := 'a' <= c && c <= 'z' || '0' <= c && c <= '9'
		if !alnum && (c != '.' && c != '-' || i == 0 || i == len(s)-1) {
			return fmt.Errorf("organisation name %q may hold a-z, 0-9, . and -, and begins and ends with a letter or digit", s)
		}
	}
	return nil
}

// Kind returns the kind; of the zero subject, "".
func (s Subject) Kind() Kind {
	k, _, _ := strings.Cut(s.text, ":")
	return Kind(k)
}

// Value returns what follows the kind, still encoded.
func (s Subject) Value() string {
	_, v, _ := strings.Cut(s.text, ":")
	return v
}

// Parts returns the value's parts, decoded. A digest or a package URL is one part.
func (s Subject) Parts() []string {
	switch s.Kind() {
	case "", KindArtifact, KindKey, KindStatement, KindComponent:
		return []string{s.Value()}
	}
	parts := strings.Split(s.Value(), "/")
	for i, p := range parts {
		parts[i], _ = unescape(p)
	}
	return parts
}

// Org returns the organisation whose name the subject carries, or "" when it carries none.
func (s Subject) Org() string {
	sh, ok := shapes[s.Kind()]
	if !ok {
		return ""
	}
	first := s.Parts()[0]
	if sh.org || s.Kind() == KindDevice && first != "ip" && first != "mac" {
		return first
	}
	return ""
}

// Digest returns the digest of an artifact, key or statement subject; of any other, the zero digest.
func (s Subject) Digest() Digest {
	switch s.Kind() {
	case KindArtifact, KindKey, KindStatement:
		d, _ := ParseDigest(s.Value())
		return d
	}
	return Digest{}
}

// IsZero reports whether s is the zero subject.
func (s Subject) IsZero() bool { return s.text == "" }

// String returns the canonical spelling.
func (s Subject) String() string { return s.text }

// MarshalText returns the canonical spelling.
func (s Subject) MarshalText() ([]byte, error) { return []byte(s.text), nil }

// UnmarshalText parses the canonical spelling; the empty text is the zero subject.
func (s *Subject) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*s = Subject{}
		return nil
	}
	v, err := ParseSubject(string(b))
	if err != nil {
		return err
	}
	*s = v
	return nil
}

// NewSubject builds a subject from decoded parts, which it brings to NFC and encodes; it is the inverse
// of [Subject.Parts].
func NewSubject(kind Kind, parts ...string) (Subject, error) {
	enc := make([]string, len(parts))
	for i, p := range parts {
		if !utf8.ValidString(p) {
			return Subject{}, fmt.Errorf("part %q is not valid UTF-8", p)
		}
		switch kind {
		case KindArtifact, KindKey, KindStatement, KindComponent: // one part, with a syntax of its own
			enc[i] = p
		default:
			enc[i] = escape(p)
		}
	}
	return ParseSubject(string(kind) + ":" + strings.Join(enc, "/"))
}

// ArtifactOf returns the subject of the bytes with this digest.
func ArtifactOf(d Digest) Subject { return Subject{string(KindArtifact) + ":" + d.String()} }

// KeyOf returns the subject of the public key whose DER SubjectPublicKeyInfo has this digest.
func KeyOf(d Digest) Subject { return Subject{string(KindKey) + ":" + d.String()} }

// StatementOf returns the subject of the statement with this digest.
func StatementOf(d Digest) Subject { return Subject{string(KindStatement) + ":" + d.String()} }

// OrgOf returns the subject of an organisation.
func OrgOf(org string) (Subject, error) { return NewSubject(KindOrg, org) }

// GateOf returns the subject of a gate of an organisation.
func GateOf(org, name string) (Subject, error) { return NewSubject(KindGate, org, name) }

// ParseProduct parses "maker/model", as the command line takes it, with or without "product:".
func ParseProduct(s string) (Subject, error) {
	maker, name, ok := strings.Cut(strings.TrimPrefix(s, "product:"), "/")
	if !ok || strings.Contains(name, "/") { // a version typed behind the model must not become part of it
		return Subject{}, fmt.Errorf("product %q is not of the form MAKER/MODEL", s)
	}
	raw, err := unescape(name)
	if err != nil {
		return Subject{}, fmt.Errorf("product %q: %w", s, err)
	}
	return NewSubject(KindProduct, maker, raw)
}

// ReleaseOf returns the subject of a publisher's release for a product. When the publisher is the
// product's maker the middle part is the model; otherwise it is "maker/model", encoded, so that one
// hospital's libraries for two makers' products of the same model name stay apart. A model that itself
// holds a "/" always takes the long form, or it could be read as another maker's.
func ReleaseOf(publisher string, product Subject, version string) (Subject, error) {
	if product.Kind() != KindProduct {
		return Subject{}, fmt.Errorf("subject %q is not a product", product)
	}
	p := product.Parts()
	name := p[1]
	if p[0] != publisher || strings.Contains(p[1], "/") {
		name = p[0] + "/" + p[1]
	}
	return NewSubject(KindRelease, publisher, name, version)
}

// DeviceAt returns the subject of a device known only by its address in a realm of a site. since is the
// start of the proven binding; zero when nothing proved one.
func DeviceAt(site, realm string, addr netip.Addr, since time.Time) (Subject, error) {
	addr = addr.Unmap().WithZone("")
	if !addr.IsValid() || !since.IsZero() || !plainPart(site) || !plainPart(realm) {
		at := "-"
		if !since.IsZero() {
			at = since.UTC().Format(time.RFC3339Nano)
		}
		return NewSubject(KindDevice, "ip", site, realm, addr.String(), at)
	}
	b := append(make([]byte, 0, maxSubject), "device:ip/"...)
	b = append(append(b, site...), '/')
	b = append(append(b, realm...), '/')
	var raw [48]byte
	for _, c := range addr.AppendTo(raw[:0]) {
		if c == ':' {
			b = append(b, "%3A"...)
		} else {
			b = append(b, c)
		}
	}
	return Subject{string(append(b, "/-"...))}, nil
}

// plainPart reports whether s is a part of a subject as it stands, such as most names of sites.
func plainPart(s string) bool {
	return s != "" && s != "." && s != ".." && len(s) <= maxPlain && unreserved(s)
}

const upperHex = "0123456789ABCDEF"

// escape brings s to NFC and percent-encodes everything but RFC 3986 unreserved characters.
func escape(s string) string {
	if unreserved(s) {
		return s
	}
	s = norm.NFC.String(s)
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if unreserved(s[i : i+1]) {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(upperHex[c>>4])
		b.WriteByte(upperHex[c&15])
	}
	return b.String()
}

// unreserved reports whether s holds RFC 3986 unreserved characters only.
func unreserved(s string) bool {
	for i := range len(s) {
		c := s[i]
		if ('a' > c || c > 'z') && ('A' > c || c > 'Z') && ('0' > c || c > '9') && c != '-' && c != '.' && c != '_' && c != '~' {
			return false
		}
	}
	return true
}

func unescape(s string) (string, error) {
	if unreserved(s) {
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", fmt.Errorf("part %q ends inside a percent-encoding", s)
		}
		hi, lo := strings.IndexByte(upperHex, s[i+1]), strings.IndexByte(upperHex, s[i+2])
		if hi < 0 || lo < 0 {
			return "", fmt.Errorf("part %q has a percent-encoding that is not upper-case hex", s)
		}
		b.WriteByte(byte(hi<<4 | lo)) //nolint:gosec // both are below 16
		i += 2
	}
	if !utf8.ValidString(b.String()) {
		return "", fmt.Errorf("part %q is not valid UTF-8 once decoded", s)
	}
	return b.String(), nil
}
