package release

import (
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

const (
	maxName       = 255 // bytes of a file name, as file systems have it
	maxVersion    = 128
	maxText       = 1024
	maxMemberName = 1024
	maxHostName   = 253 // RFC 1035 section 2.3.4
)

// decode reads a predicate of the given name into v.
func decode(st evidence.Statement, name string, v any) error {
	if st.PredicateType != evidence.PredicateURI(name) {
		return fault.New(fault.BadEnvelope, "this is a %q statement, not a %q", evidence.PredicateName(st.PredicateType), name)
	}
	return st.Decode(v)
}

// sameSubjects insists that a statement is about exactly what its body speaks of: authority is judged
// over the subjects, verdicts over the body, so the two may not differ.
func sameSubjects(st evidence.Statement, want ...model.Subject) error {
	if !slices.Equal(st.Subjects, want) {
		return fmt.Errorf("its subjects are not those that its body speaks of")
	}
	return nil
}

func checkHeader(h evidence.Header) error {
	if err := model.CheckOrg(h.Author); err != nil {
		return err
	}
	if err := checkTime(h.Issued); err != nil {
		return fmt.Errorf("issued: %w", err)
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

// checkText accepts a short printable text on one line.
func checkText(s string) error {
	switch {
	case s == "" || len(s) > maxText:
		return fmt.Errorf("a text of %d bytes is outside 1 to %d", len(s), maxText)
	case !printable(s):
		return fmt.Errorf("text %q has characters that do not print", s)
	}
	return nil
}

func checkVersion(s string) error {
	switch {
	case s == "" || len(s) > maxVersion:
		return fmt.Errorf("a version of %d bytes is outside 1 to %d", len(s), maxVersion)
	case !printable(s) || strings.TrimSpace(s) != s:
		return fmt.Errorf("version %q has characters that do not print", s)
	}
	return nil
}

// checkName accepts the base name of a file.
func checkName(s string) error {
	switch {
	case s == "" || s == "." || s == ".." || len(s) > maxName:
		return fmt.Errorf("%q cannot be a file's name of 1 to %d bytes", s, maxName)
	case !printable(s) || strings.ContainsAny(s, `/\`):
		return fmt.Errorf("name %q has characters that a base name may not have", s)
	case normal(s) != s:
		return fmt.Errorf("name %q is not in Unicode normal form C", s)
	}
	return nil
}

// checkMemberName accepts a path inside an archive as it is: nothing is ever unpacked under it.
func checkMemberName(s string) error {
	switch {
	case s == "" || len(s) > maxMemberName:
		return fmt.Errorf("a member's name of %d bytes is outside 1 to %d", len(s), maxMemberName)
	case !printable(s):
		return fmt.Errorf("member name %q has characters that do not print", s)
	}
	return nil
}

// printable refuses control characters and those that turn the direction of writing, with which a name
// can be made to look like another.
func printable(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// normal brings s to NFC by way of a subject, because model alone decides what the one spelling is. A
// text that no subject can carry comes back empty.
func normal(s string) string {
	if isPlain(s) {
		return s // most names are: spare them the way through a subject
	}
	sub, err := model.NewSubject(model.KindAdvisory, s)
	if err != nil {
		return ""
	}
	return sub.Parts()[0]
}

// isPlain reports whether a text is ASCII, so that it is its own normal form, and well within the length of
// a name.
func isPlain(s string) bool {
	const short = 255
	if s == "" || s == "." || s == ".." || len(s) > short {
		return false
	}
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// checkHost accepts a lower-case DNS name, or an IPv4 address, which has the same form.
func checkHost(s string) error {
	if s == "" || len(s) > maxHostName {
		return fmt.Errorf("a host name of %d bytes is outside 1 to %d", len(s), maxHostName)
	}
	for label := range strings.SplitSeq(s, ".") {
		if err := checkLabel(label); err != nil {
			return fmt.Errorf("host %q: %w", s, err)
		}
	}
	return nil
}

func checkLabel(l string) error {
	if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
		return errors.New("a label has 1 to 63 characters and neither begins nor ends with -")
	}
	for i := range len(l) {
		c := l[i]
		if ('a' > c || c > 'z') && ('0' > c || c > '9') && c != '-' && c != '_' {
			return errors.New("it may hold a-z, 0-9, hyphens and dots")
		}
	}
	return nil
}
