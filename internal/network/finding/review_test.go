package finding

import (
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

// reviewed is a finding about two devices, and the hold of it.
func reviewed(t testing.TB) (model.Finding, Review) {
	t.Helper()
	f := model.Finding{
		ID: model.DigestOf([]byte("finding")), Rule: model.UpdateUnknown, Severity: model.High, State: model.Open, DeviceCount: 2,
		Devices: []model.FindingDevice{{Device: device(t, 2)}, {Device: device(t, 1)}}, Digest: model.DigestOf([]byte("bytes")),
	}
	return f, NewReview(evidence.Header{Author: "mercy", Issued: noon}, &f, Hold, "the maker knows, CASE-17")
}

func TestReviewRoundTrip(t *testing.T) {
	t.Parallel()
	_, r := reviewed(t)
	r.Until, r.Release = noon.Add(time.Hour), subject(t, "release:acme/pump-7/2")
	payload, err := r.Payload()
	if err != nil {
		t.Fatal(err)
	}
	st, err := evidence.ParseStatement(payload)
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeReview(st)
	if diff := cmp.Diff(r, got, cmp.Comparer(func(a, b model.Subject) bool { return a == b })); err != nil || diff != "" {
		t.Errorf("error %v\n%s", err, diff)
	}
	want := []model.Subject{r.Artifact, device(t, 1), device(t, 2)}
	if !cmp.Equal(st.Subjects, want, cmp.Comparer(func(a, b model.Subject) bool { return a == b })) {
		t.Errorf("it is about %v", st.Subjects)
	}
}

// What a review does not say clearly is neither signed nor believed.
func TestReviewRefused(t *testing.T) {
	t.Parallel()
	for says, spoil := range map[string]func(*Review){
		"names no finding":                func(r *Review) { r.Finding = model.Digest{} },
		"is no decision":                  func(r *Review) { r.Decision = "forget" },
		"gives no reason":                 func(r *Review) { r.Reason = " " },
		"reason has 1025 bytes":           func(r *Review) { r.Reason = strings.Repeat("a", 1025) },
		"do not print":                    func(r *Review) { r.Reason = "fine\u202e" },
		"is not later than its beginning": func(r *Review) { r.Until = r.Issued },
		"not in UTC and whole seconds":    func(r *Review) { r.Until = r.Issued.Add(time.Hour + 1) },
		"outside 1970 to 9999":            func(r *Review) { r.Until = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"has no end":                      func(r *Review) { r.Decision, r.Until = Unhold, r.Issued.Add(time.Hour) },
		"names 0 devices":                 func(r *Review) { r.Devices = nil },
		"names 1001 devices":              func(r *Review) { r.Devices = make([]model.Subject, 1001) },
		"is not a device":                 func(r *Review) { r.Devices[0] = subject(t, "product:acme/pump-7") },
		"not in their order":              func(r *Review) { r.Devices[0], r.Devices[1] = r.Devices[1], r.Devices[0] },
		"each once":                       func(r *Review) { r.Devices[1] = r.Devices[0] },
		"is no severity":                  func(r *Review) { r.Severity = "grave" },
		"names no rule":                   func(r *Review) { r.Rule = "" },
		"is not a file's bytes":           func(r *Review) { r.Artifact = subject(t, "product:acme/pump-7") },
		"is not a release":                func(r *Review) { r.Release = subject(t, "product:acme/pump-7") },
		`organisation name "" must have`:  func(r *Review) { r.Author = "" },
		"issued: year 1 is outside":       func(r *Review) { r.Issued = time.Time{} },
	} {
		_, r := reviewed(t)
		spoil(&r)
		if _, err := r.Payload(); !errors.Is(err, fault.BadInput) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: signed, with %v", says, err)
		}
		subjects := r.subjects()
		if len(subjects) < 2 || len(r.Devices) > MaxDevices {
			continue // no statement can be about it
		}
		payload, err := evidence.NewPayload(evidence.PredReview, &r, subjects...)
		if err != nil {
			continue
		}
		st, err := evidence.ParseStatement(payload)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeReview(st); !errors.Is(err, fault.BadEnvelope) {
			t.Errorf("%s: believed, with %v", says, err)
		}
	}
	_, r := reviewed(t)
	payload, _ := r.Payload()
	st, _ := evidence.ParseStatement(payload)
	st.Subjects = st.Subjects[1:]
	if _, err := DecodeReview(st); err == nil || !strings.Contains(err.Error(), "its subjects are not those") {
		t.Errorf("with other subjects: %v", err)
	}
	st.PredicateType = evidence.PredicateURI(evidence.PredVouch)
	if _, err := DecodeReview(st); !errors.Is(err, fault.BadEnvelope) {
		t.Errorf("of another predicate: %v", err)
	}
}

// A hold lets rest what the person saw, and nothing more.
func TestCovers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		f    func(*model.Finding)
		r    func(*Review)
		says string
	}{
		"as it was":              {},
		"seen once more":         {f: func(f *model.Finding) { f.Transfers, f.Last = 9, noon.Add(time.Hour) }},
		"a device less":          {f: func(f *model.Finding) { f.Devices, f.DeviceCount = f.Devices[:1], 1 }},
		"slighter":               {f: func(f *model.Finding) { f.Severity = model.Medium }},
		"until later":            {r: func(r *Review) { r.Until = noon.Add(2 * time.Hour) }},
		"a device named ahead":   {f: joined(t, 3), r: func(r *Review) { r.Name(device(t, 3), device(t, 2), device(t, 1), device(t, 3)) }},
		"its time is over":       {r: func(r *Review) { r.Until = noon.Add(time.Hour) }, says: "its time was over at 2026-03-01T13:00:00Z"},
		"another device":         {f: joined(t, 3), says: device(t, 3).String() + " joined, which the hold does not name"},
		"graver":                 {f: func(f *model.Finding) { f.Severity = model.Critical }, says: "the finding was high and is critical now"},
		"it resembles a release": {f: func(f *model.Finding) { f.Release = subject(t, "release:acme/pump-7/2") }, says: "compared with another release now: release:acme/pump-7/2, then none"},
		"more than can be told":  {f: func(f *model.Finding) { f.DeviceCount = 1001 }, says: "more devices than can be told apart"},
		"taken back":             {r: func(r *Review) { r.Decision = Unhold }, says: "it was taken back"},
	} {
		f, r := reviewed(t)
		if c.r != nil {
			c.r(&r)
		}
		if c.f != nil {
			c.f(&f)
		}
		if why, ok := r.Covers(&f, noon.Add(time.Hour)); ok != (c.says == "") || !strings.Contains(why, c.says) {
			t.Errorf("%s: %v, %q", name, ok, why)
		}
	}
}

func joined(t *testing.T, n int) func(*model.Finding) {
	t.Helper()
	return func(f *model.Finding) {
		f.Devices, f.DeviceCount = append(f.Devices, model.FindingDevice{Device: device(t, n)}), f.DeviceCount+1
	}
}

func FuzzDecodeReview(f *testing.F) {
	_, r := reviewed(f)
	payload, err := r.Payload()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(payload)
	r.Decision, r.Artifact, r.Reason = Unhold, model.Subject{}, "it does not"
	if payload, err = r.Payload(); err != nil {
		f.Fatal(err)
	}
	f.Add(payload)
	f.Add(fmt.Appendf(nil, `{"_type":%q,"predicateType":%q,"subject":[],"predicate":{"until":"9999-12-31T23:59:60Z"}}`,
		evidence.StatementType, evidence.PredicateURI(evidence.PredReview)))
	f.Fuzz(func(t *testing.T, b []byte) {
		st, err := evidence.ParseStatement(b)
		if err != nil {
			return
		}
		r, err := DecodeReview(st)
		if err != nil {
			return
		}
		again, err := r.Payload()
		if err != nil {
			t.Fatalf("read, and it cannot be written: %v", err)
		}
		st, err = evidence.ParseStatement(again)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := DecodeReview(st); err != nil || !cmp.Equal(r, back, cmp.Comparer(func(a, b model.Subject) bool { return a == b })) {
			t.Fatalf("written and read back it is another: %v", err)
		}
		seen := model.Finding{ID: r.Finding, Severity: r.Severity, Release: r.Release, DeviceCount: len(r.Devices)}
		for _, d := range r.Devices {
			seen.Devices = append(seen.Devices, model.FindingDevice{Device: d})
		}
		if _, ok := r.Covers(&seen, r.Issued); ok != (r.Decision == Hold) {
			t.Fatalf("a %s covers what it was made for: %v", r.Decision, ok)
		}
	})
}
