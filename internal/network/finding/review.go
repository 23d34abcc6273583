package finding

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// Decision is what a person decided about a finding.
type Decision string

// The decisions.
const (
	Hold   Decision = "hold"   // it may rest
	Unhold Decision = "unhold" // it may rest no longer
)

const maxReason = 1024 // bytes

// TakenBack is why a hold ended that a person took back.
const TakenBack = "it was taken back"

// Review is the predicate by which a hospital says that it has seen a finding and decided something about it. It
// names what the person saw, so that it speaks of that and of nothing more: see [Review.Covers]. Of two reviews of
// a finding the later one counts.
type Review struct {
	evidence.Header
	Finding  model.Digest    `json:"finding"`
	Decision Decision        `json:"decision"`
	Reason   string          `json:"reason"`
	Until    time.Time       `json:"until,omitzero"` // when a hold ends by itself; zero: it does not
	Rule     model.Rule      `json:"rule"`
	Severity model.Severity  `json:"severity"`
	Artifact model.Subject   `json:"artifact,omitzero"` // the bytes; zero: the finding is about none
	Release  model.Subject   `json:"release,omitzero"`  // that the bytes are, or resemble
	Devices  []model.Subject `json:"devices"`           // by name, each once
}

// NewReview returns the decision about a finding as it is now, for the devices that it concerns.
func NewReview(h evidence.Header, f *model.Finding, d Decision, reason string) Review {
	r := Review{
		Header: h, Finding: f.ID, Decision: d, Reason: reason, Rule: f.Rule, Severity: f.Severity, Release: f.Release,
	}
	if !f.Digest.IsZero() {
		r.Artifact = model.ArtifactOf(f.Digest)
	}
	for i := range f.Devices {
		r.Devices = append(r.Devices, f.Devices[i].Device)
	}
	r.Name(r.Devices...)
	return r
}

// Name lets the review be about these devices in place of those it had.
func (r *Review) Name(devices ...model.Subject) {
	r.Devices = slices.Clone(devices)
	slices.SortFunc(r.Devices, bySubject)
	r.Devices = slices.Compact(r.Devices)
}

func bySubject(a, b model.Subject) int { return cmp.Compare(a.String(), b.String()) }

func (r *Review) check() error {
	if err := model.CheckOrg(r.Author); err != nil {
		return err
	}
	if err := checkTime(r.Issued); err != nil {
		return fmt.Errorf("issued: %w", err)
	}
	switch {
	case r.Finding.IsZero():
		return errors.New("it names no finding")
	case r.Decision != Hold && r.Decision != Unhold:
		return fmt.Errorf("%q is no decision", clip(string(r.Decision), maxWireText))
	case r.Decision == Unhold && !r.Until.IsZero():
		return errors.New("what takes a hold back has no end")
	case !r.Severity.AtLeast(model.Low):
		return fmt.Errorf("%q is no severity", clip(string(r.Severity), maxWireText))
	case r.Rule == "" || len(r.Rule) > maxWireText || !printable(string(r.Rule)):
		return errors.New("it names no rule")
	case !r.Artifact.IsZero() && r.Artifact.Kind() != model.KindArtifact:
		return fmt.Errorf("%q is not a file's bytes", r.Artifact)
	case !r.Release.IsZero() && r.Release.Kind() != model.KindRelease:
		return fmt.Errorf("%q is not a release", r.Release)
	}
	if !r.Until.IsZero() {
		if err := checkTime(r.Until); err != nil {
			return fmt.Errorf("until: %w", err)
		}
		if !r.Until.After(r.Issued) {
			return fmt.Errorf("its end, %s, is not later than its beginning", stamp(r.Until))
		}
	}
	if err := checkReason(r.Reason); err != nil {
		return err
	}
	return checkDevices(r.Devices)
}

func checkReason(s string) error {
	switch {
	case strings.TrimSpace(s) == "":
		return errors.New("it gives no reason")
	case len(s) > maxReason:
		return fmt.Errorf("its reason has %d bytes, at most %d are allowed", len(s), maxReason)
	case !printable(s):
		return errors.New("its reason has characters that do not print")
	}
	return nil
}

// printable refuses control characters and those that turn the direction of writing.
func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

func checkDevices(list []model.Subject) error {
	if len(list) == 0 || len(list) > MaxDevices {
		return fmt.Errorf("it names %d devices, 1 to %d are allowed", len(list), MaxDevices)
	}
	for i, d := range list {
		if d.Kind() != model.KindDevice {
			return fmt.Errorf("%q is not a device", d)
		}
		if i > 0 && bySubject(list[i-1], d) >= 0 {
			return errors.New("its devices are not in their order, each once")
		}
	}
	return nil
}

func checkTime(t time.Time) error {
	_, offset := t.Zone()
	switch {
	case offset != 0 || t.Nanosecond() != 0:
		return fmt.Errorf("time %q is not in UTC and whole seconds", t.Format(time.RFC3339Nano))
	case t.Year() < 1970 || t.Year() > 9999:
		return fmt.Errorf("year %d is outside 1970 to 9999", t.Year())
	}
	return nil
}

// subjects are what the statement is about: the bytes, and each device.
func (r *Review) subjects() []model.Subject {
	if r.Artifact.IsZero() {
		return r.Devices
	}
	return append([]model.Subject{r.Artifact}, r.Devices...)
}

// Payload encodes the review as a statement. It fails with BadInput when it is malformed.
func (r *Review) Payload() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, fault.Wrap(err, fault.BadInput, "the review of finding %s cannot be signed", r.Finding)
	}
	return evidence.NewPayload(evidence.PredReview, r, r.subjects()...)
}

// DecodeReview reads the review in a statement. Errors carry BadEnvelope.
func DecodeReview(st evidence.Statement) (Review, error) {
	var r Review
	if st.PredicateType != evidence.PredicateURI(evidence.PredReview) {
		return r, fault.New(fault.BadEnvelope, "the statement is no review")
	}
	if err := st.Decode(&r); err != nil {
		return Review{}, err
	}
	err := r.check()
	if err == nil && !slices.Equal(st.Subjects, r.subjects()) {
		err = errors.New("its subjects are not those that its body speaks of")
	}
	if err != nil {
		return Review{}, fault.Wrap(err, fault.BadEnvelope, "the review of finding %s cannot be right", r.Finding)
	}
	return r, nil
}

// Covers says whether a hold lets a finding rest at a time; if not, why says what ended it. It never covers more
// than the person saw: another device, a graver severity or another release that the bytes are said to be.
func (r *Review) Covers(f *model.Finding, now time.Time) (why string, ok bool) {
	switch {
	case r.Decision != Hold:
		return TakenBack, false
	case !r.Until.IsZero() && !now.Before(r.Until):
		return "its time was over at " + stamp(r.Until), false
	case f.Severity.Compare(r.Severity) < 0:
		return fmt.Sprintf("the finding was %s and is %s now", r.Severity, f.Severity), false
	case f.Release != r.Release:
		return "what was fetched is compared with another release now: " + orNone(f.Release) + ", then " + orNone(r.Release), false
	case f.DeviceCount > len(f.Devices):
		return "the finding concerns more devices than can be told apart", false
	}
	for i := range f.Devices {
		if d := f.Devices[i].Device; !r.names(d) {
			who := d.String()
			if a := f.Devices[i].Asset; a != "" {
				who = a + " (" + who + ")"
			}
			return who + " joined, which the hold does not name", false
		}
	}
	return "", true
}

func (r *Review) names(d model.Subject) bool {
	_, ok := slices.BinarySearchFunc(r.Devices, d, bySubject)
	return ok
}

func orNone(s model.Subject) string {
	if s.IsZero() {
		return "none"
	}
	return s.String()
}
