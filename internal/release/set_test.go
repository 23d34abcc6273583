package release

import (
	"encoding/json/v2"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

var equalSubjects = cmp.Comparer(func(x, y model.Subject) bool { return x == y })

// fullSet has every field that a set can have.
func fullSet(t testing.TB) Set {
	s := set(t, "acme", "acme/pump-7", "2.1.0", 7, artifact("pump.bin", "pump"), artifact("ümlaut.zip", "zip"))
	s.Hosts, s.HardwareIDs, s.MinVersion, s.StepsBack = []string{"update.acme.test"}, []string{"HW-2 rev B"}, "1.9", []string{"2.0.0"}
	s.Artifacts[0].Blocks = &BlockRef{SHA256: model.DigestOf([]byte("b")), Length: 386}
	s.Artifacts[0].Forms = []Form{
		{Form: FormDelta, From: "2.0.0", Name: "pump.delta", Length: 9, SHA256: model.DigestOf([]byte("d"))},
		{Form: FormEncrypted, Name: "pump.enc"},
	}
	s.Artifacts[1].Forms = []Form{{Form: FormArchive, Members: []Member{{Name: "a/b.txt", Length: 0, SHA256: model.DigestOf(nil)}}}}
	return s
}

func statement(t testing.TB, payload []byte) evidence.Statement {
	t.Helper()
	st, err := evidence.ParseStatement(payload)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func TestSetRoundTrips(t *testing.T) {
	t.Parallel()
	want := fullSet(t)
	b, err := want.Payload()
	if err != nil {
		t.Fatal(err)
	}
	st := statement(t, b)
	got, err := DecodeSet(st)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, equalSubjects); d != "" {
		t.Error(d)
	}
	var names []string
	for _, s := range st.Subjects {
		names = append(names, s.String())
	}
	if d := cmp.Diff([]string{
		"release:acme/pump-7/2.1.0", "product:acme/pump-7",
		model.ArtifactOf(want.Artifacts[0].SHA256).String(), model.ArtifactOf(want.Artifacts[1].SHA256).String(),
	}, names); d != "" {
		t.Error(d)
	}
}

// The names in the JSON are a contract with everybody who checks a release: they never change.
func TestSetJSONIsFixed(t *testing.T) {
	t.Parallel()
	s := fullSet(t)
	s.Artifacts = s.Artifacts[:1]
	b, err := json.Marshal(s, json.Deterministic(true))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"author":"acme","issued":"2026-11-20T12:00:00Z","product":"product:acme/pump-7","version":"2.1.0","kind":"firmware","counter":7,` +
		`"artifacts":[{"name":"pump.bin","length":4,"sha256":"` + model.DigestOf([]byte("pump")).String() + `","sha512":"` + s.Artifacts[0].SHA512 + `",` +
		`"blocks":{"sha256":"` + model.DigestOf([]byte("b")).String() + `","length":386},` +
		`"forms":[{"form":"delta","from":"2.0.0","name":"pump.delta","length":9,"sha256":"` + model.DigestOf([]byte("d")).String() + `"},` +
		`{"form":"per-device-encrypted","name":"pump.enc"}]}],` +
		`"hosts":["update.acme.test"],"hardware_ids":["HW-2 rev B"],"min_version":"1.9","steps_back":["2.0.0"]}`
	if d := cmp.Diff(want, string(b)); d != "" {
		t.Error(d)
	}
}

func TestSetRefusesWhatCannotBeRight(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Set){
		"no product":              func(s *Set) { s.Product = model.Subject{} },
		"release for a product":   func(s *Set) { s.Product = s.Subject() },
		"no version":              func(s *Set) { s.Version = "" },
		"version of two lines":    func(s *Set) { s.Version = "1\n2" },
		"version not in NFC":      func(s *Set) { s.Version = "u\u0308" },
		"version turned around":   func(s *Set) { s.Version = "1\u202e2" },
		"unknown kind":            func(s *Set) { s.Kind = "game" },
		"counter 0":               func(s *Set) { s.Counter = 0 },
		"counter beyond JSON":     func(s *Set) { s.Counter = 1 << 53 },
		"no artifact":             func(s *Set) { s.Artifacts = nil },
		"an artifact twice":       func(s *Set) { s.Artifacts = append(s.Artifacts, s.Artifacts[0]) },
		"a path for a name":       func(s *Set) { s.Artifacts[0].Name = "../pump" },
		"a backslash in a name":   func(s *Set) { s.Artifacts[0].Name = `a\b` },
		"a name not in NFC":       func(s *Set) { s.Artifacts[0].Name = "u\u0308" },
		"a name with ESC":         func(s *Set) { s.Artifacts[0].Name = "a\x1b[1m" },
		"an empty artifact":       func(s *Set) { s.Artifacts[0].Length = 0 },
		"a huge artifact":         func(s *Set) { s.Artifacts[0].Length = maxLength + 1 },
		"no SHA-256":              func(s *Set) { s.Artifacts[0].SHA256 = model.Digest{} },
		"upper-case SHA-512":      func(s *Set) { s.Artifacts[0].SHA512 = strings.ToUpper(s.Artifacts[0].SHA512) },
		"short SHA-512":           func(s *Set) { s.Artifacts[0].SHA512 = "ab" },
		"huge block file":         func(s *Set) { s.Artifacts[0].Blocks.Length = 1 << 40 },
		"unknown form":            func(s *Set) { s.Artifacts[0].Forms[0].Form = "torrent" },
		"delta from nothing":      func(s *Set) { s.Artifacts[0].Forms[0].From = "" },
		"encrypted with a digest": func(s *Set) { s.Artifacts[0].Forms[1].SHA256 = s.Artifacts[0].SHA256 },
		"members and truncated":   func(s *Set) { s.Artifacts[1].Forms[0].Truncated = true },
		"too many members": func(s *Set) {
			f := &s.Artifacts[1].Forms[0]
			for i := range maxMembers {
				f.Members = append(f.Members, Member{Name: fmt.Sprint(i), SHA256: model.DigestOf(nil)})
			}
		},
		"a host in capitals":       func(s *Set) { s.Hosts = []string{"Update.acme.test"} },
		"a host with a port":       func(s *Set) { s.Hosts = []string{"acme.test:80"} },
		"a host twice":             func(s *Set) { s.Hosts = []string{"acme.test", "acme.test"} },
		"a step back to itself":    func(s *Set) { s.StepsBack = []string{s.Version} },
		"local time":               func(s *Set) { s.Issued = day0.In(time.FixedZone("x", 3600)) },
		"parts of a second":        func(s *Set) { s.Issued = day0.Add(time.Millisecond) },
		"no time":                  func(s *Set) { s.Issued = time.Time{} },
		"an author who cannot be":  func(s *Set) { s.Author = "Acme" },
		"an empty hardware id":     func(s *Set) { s.HardwareIDs = []string{""} },
		"an odd oldest version":    func(s *Set) { s.MinVersion = " 1" },
		"a member without a name":  func(s *Set) { s.Artifacts[1].Forms[0].Members[0].Name = "" },
		"a member of 2 GiB":        func(s *Set) { s.Artifacts[1].Forms[0].Members[0].Length = 2 << 30 },
		"a name of 300 bytes":      func(s *Set) { s.Artifacts[0].Name = strings.Repeat("n", 300) },
		"a host of an empty label": func(s *Set) { s.Hosts = []string{"a..b"} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := fullSet(t)
			change(&s)
			if _, err := s.Payload(); !errors.Is(err, fault.BadInput) {
				t.Errorf("signed: %v", err)
			}
			// The same body, signed by somebody who does not check.
			subjects := fullSet(t).subjects()
			b, err := evidence.NewPayload(evidence.PredReleaseSet, s, subjects...)
			if err != nil {
				return
			}
			if _, err := DecodeSet(statement(t, b)); !errors.Is(err, fault.BadEnvelope) {
				t.Errorf("read: %v", err)
			}
		})
	}
}

// Authority is judged over the subjects and verdicts over the body, so they may not differ.
func TestSetBodyAndSubjectsAgree(t *testing.T) {
	t.Parallel()
	s := fullSet(t)
	right := s.subjects()
	other := product(t, "other/pump-7")
	for name, subjects := range map[string][]model.Subject{
		"another product":       {right[0], other, right[2], right[3]},
		"another artifact":      {right[0], right[1], right[2], model.ArtifactOf(model.DigestOf([]byte("x")))},
		"another release":       {s.withVersion("9").Subject(), right[1], right[2], right[3]},
		"an artifact less":      right[:3],
		"a subject more":        append(append([]model.Subject{}, right...), other),
		"in another order":      {right[1], right[0], right[2], right[3]},
		"the release alone":     right[:1],
		"one subject two times": {right[0], right[1], right[2], right[2]},
	} {
		b, err := evidence.NewPayload(evidence.PredReleaseSet, s, subjects...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeSet(statement(t, b)); !errors.Is(err, fault.BadEnvelope) {
			t.Errorf("%s: %v", name, err)
		}
	}
	b, err := evidence.NewPayload(evidence.PredVouch, s, right...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := DecodeSet(statement(t, b)); !errors.Is(err, fault.BadEnvelope) {
		t.Errorf("another predicate: %v", err)
	}
}

func (s Set) withVersion(v string) Set {
	s.Version = v
	return s
}

// A set whose archives have more members than a statement holds says that it leaves them out.
func TestSetLeavesOutMembersThatDoNotFit(t *testing.T) {
	t.Parallel()
	s := set(t, "acme", "acme/pump-7", "1", 1)
	for i := range 12 {
		a := artifact(fmt.Sprintf("a%d.zip", i), fmt.Sprint(i))
		f := Form{Form: FormArchive}
		for j := range maxMembers - i {
			f.Members = append(f.Members, Member{Name: fmt.Sprintf("%0100d", j), SHA256: model.DigestOf(nil)})
		}
		a.Forms = []Form{f}
		s.Artifacts = append(s.Artifacts, a)
	}
	b, err := s.Payload()
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > evidence.MaxPayload {
		t.Fatalf("%d bytes", len(b))
	}
	got, err := DecodeSet(statement(t, b))
	if err != nil {
		t.Fatal(err)
	}
	left := 0
	for i, a := range got.Artifacts {
		if f := a.Forms[0]; f.Truncated != (len(f.Members) == 0) {
			t.Errorf("artifact %d: truncated %v with %d members", i, f.Truncated, len(f.Members))
		} else if f.Truncated {
			left++
		}
	}
	if left == 0 || left == 12 {
		t.Errorf("%d of 12 archives left out", left)
	}
	if s.Artifacts[0].Forms[0].Truncated {
		t.Error("the caller's set was changed")
	}
}

func TestOtherPredicatesRoundTrip(t *testing.T) {
	t.Parallel()
	h := evidence.Header{Author: house, Issued: day0}
	v := Vouch{
		Header: h, Product: product(t, "acme/pump-7"), Version: "2.1.0", Source: "DVD from the representative",
		Release: set(t, "acme", "acme/pump-7", "2.1.0", 1).Subject(), Expires: day0.Add(VouchValidity),
		Artifact: Vouched{Name: "pump.bin", Length: 4, SHA256: model.DigestOf([]byte("pump"))},
	}
	b, err := v.Payload()
	if err != nil {
		t.Fatal(err)
	}
	gotV, err := DecodeVouch(statement(t, b))
	if d := cmp.Diff(v, gotV, equalSubjects); err != nil || d != "" {
		t.Error(err, d)
	}
	w := Withdrawal{Header: h, Release: v.Release, Reason: "battery"}
	if b, err = w.Payload(); err != nil {
		t.Fatal(err)
	}
	gotW, err := DecodeWithdrawal(statement(t, b))
	if d := cmp.Diff(w, gotW, equalSubjects); err != nil || d != "" {
		t.Error(err, d)
	}
	hd := Head{
		Header: evidence.Header{Author: "acme", Issued: day0}, Origin: "o", Counter: 1, Size: 3,
		Root: model.DigestOf(nil), RootVersion: 1, Expires: day0.Add(HeadValidity),
	}
	if b, err = hd.Payload(); err != nil {
		t.Fatal(err)
	}
	gotH, err := DecodeHead(statement(t, b))
	if d := cmp.Diff(hd, gotH); err != nil || d != "" {
		t.Error(err, d)
	}
}

func TestOtherPredicatesRefuseWhatCannotBeRight(t *testing.T) {
	t.Parallel()
	h := evidence.Header{Author: house, Issued: day0}
	rel := set(t, "acme", "acme/pump-7", "2.1.0", 1).Subject()
	vouch := Vouch{
		Header: h, Product: product(t, "acme/pump-7"), Version: "2.1.0", Release: rel, Source: "DVD",
		Expires: day0.Add(time.Hour), Artifact: Vouched{"pump.bin", 4, model.DigestOf([]byte("pump"))},
	}
	head := Head{
		Header: h, Origin: "o", Counter: 1, Size: 3, Root: model.DigestOf(nil), RootVersion: 1, Expires: day0.Add(HeadValidity),
	}
	for name, p := range map[string]payloader{
		"withdrawal of a product":               Withdrawal{h, product(t, "acme/pump-7"), "x"},
		"withdrawal without a reason":           Withdrawal{h, rel, ""},
		"withdrawal with a reason in two lines": Withdrawal{h, rel, "a\nb"},
		"vouch for another version":             change(vouch, func(v *Vouch) { v.Version = "2.1.1" }),
		"vouch that is over":                    change(vouch, func(v *Vouch) { v.Expires = v.Issued }),
		"vouch without a source":                change(vouch, func(v *Vouch) { v.Source = "" }),
		"vouch for no bytes":                    change(vouch, func(v *Vouch) { v.Artifact.Length = 0 }),
		"vouch for a path":                      change(vouch, func(v *Vouch) { v.Artifact.Name = "/etc/passwd" }),
		"head without a root":                   change(head, func(v *Head) { v.Root = model.Digest{} }),
		"head for ten years":                    change(head, func(v *Head) { v.Expires = v.Issued.AddDate(10, 0, 0) }),
		"head that is over":                     change(head, func(v *Head) { v.Expires = v.Issued }),
		"head of a negative size":               change(head, func(v *Head) { v.Size = -1 }),
		"head of too many entries":              change(head, func(v *Head) { v.Size = maxEntries + 1 }),
		"head without a counter":                change(head, func(v *Head) { v.Counter = 0 }),
		"head without a log":                    change(head, func(v *Head) { v.Origin = "" }),
		"head under root 0":                     change(head, func(v *Head) { v.RootVersion = 0 }),
	} {
		if _, err := p.Payload(); !errors.Is(err, fault.BadInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func change[T any](v T, f func(*T)) T {
	f(&v)
	return v
}

// decoders reads one statement as every predicate of the room; they must agree with what they encode.
func FuzzDecode(f *testing.F) {
	s := fullSet(f)
	for _, p := range []payloader{
		s,
		Withdrawal{s.Header, s.Subject(), "battery"},
		Vouch{s.Header, s.Product, s.Version, s.Subject(), "DVD", day0.Add(time.Hour), Vouched{"a", 1, model.DigestOf(nil)}},
		Head{s.Header, "o", 1, 2, model.DigestOf(nil), 1, day0.Add(time.Hour)},
	} {
		b, err := p.Payload()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		st, err := evidence.ParseStatement(b)
		if err != nil {
			return
		}
		var got payloader
		switch evidence.PredicateName(st.PredicateType) {
		case evidence.PredReleaseSet:
			got, err = DecodeSet(st)
		case evidence.PredWithdrawal:
			got, err = DecodeWithdrawal(st)
		case evidence.PredVouch:
			got, err = DecodeVouch(st)
		default:
			got, err = DecodeHead(st)
		}
		if err != nil {
			return
		}
		again, err := got.Payload()
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		if _, err := evidence.ParseStatement(again); err != nil {
			t.Fatal(err)
		}
	})
}
