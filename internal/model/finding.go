package model

import (
	"fmt"
	"strings"
	"time"
)

// Severity says how soon somebody should look at a finding.
type Severity string

// The severities, the gravest first.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
)

// Severities lists the severities from the gravest to the slightest.
var Severities = [...]Severity{Critical, High, Medium, Low}

// ParseSeverity reads a severity, as the command line takes it. The error names the nearest word.
func ParseSeverity(s string) (Severity, error) {
	words := make([]string, len(Severities))
	for i, v := range Severities {
		if string(v) == s {
			return v, nil
		}
		words[i] = string(v)
	}
	if near := Nearest(strings.ToLower(s), words); near != "" {
		return "", fmt.Errorf("severity %q is none of %s; did you mean %s?", s, strings.Join(words, ", "), near)
	}
	return "", fmt.Errorf("severity %q is none of %s", s, strings.Join(words, ", "))
}

// rank is 0 for the gravest. What is no severity ranks behind all.
func (s Severity) rank() int {
	for i, v := range Severities {
		if v == s {
			return i
		}
	}
	return len(Severities)
}

// Compare orders severities, the gravest first.
func (s Severity) Compare(o Severity) int { return s.rank() - o.rank() }

// AtLeast reports whether s is as grave as limit or graver. What is no severity is never.
func (s Severity) AtLeast(limit Severity) bool {
	return s.rank() < len(Severities) && s.rank() <= limit.rank()
}

// Class says whom a finding concerns first.
type Class string

// The classes.
const (
	PatientSafety Class = "patient-safety"
	Security      Class = "security"
	Hygiene       Class = "hygiene"
)

// Rule names what a finding is about. It never changes meaning.
type Rule string

// The rules about updates on the wire.
const (
	UpdateUnknown     Rule = "update.unknown"
	UpdateAltered     Rule = "update.altered"
	UpdateReplayed    Rule = "update.replayed"
	UpdateWrongDevice Rule = "update.wrong-device"
	UpdateWithdrawn   Rule = "update.withdrawn"
	UpdateAmbiguous   Rule = "update.ambiguous"
	UpdateUnlogged    Rule = "update.unlogged"
	UpdatePlaintext   Rule = "update.plaintext"
)

// FindingState says whether a finding still follows from what is known today, and whether a person lets it rest.
type FindingState string

// The states.
const (
	Open   FindingState = "open"
	Held   FindingState = "held"   // it follows, and a person of this house said why it may rest; see [Hold]
	Closed FindingState = "closed" // it follows no longer
)

// DeviceInfo is what the hospital's device list says of a device. The zero value means that the device
// is not listed.
type DeviceInfo struct {
	Asset       string `json:"asset,omitzero"`
	Site        string `json:"site,omitzero"`
	Location    string `json:"location,omitzero"`
	Zone        string `json:"zone,omitzero"`
	Owner       string `json:"owner,omitzero"`
	Role        string `json:"role,omitzero"`
	Criticality string `json:"criticality,omitzero"`
}

// FindingDevice is one device that a finding concerns.
type FindingDevice struct {
	Device  Subject `json:"device"`
	Product Subject `json:"product,omitzero"` // zero: not known
	Listed  bool    `json:"listed"`           // on the hospital's device list
	DeviceInfo
}

// Hint is advice that is safe at the bedside, in three parts for three kinds of reader.
type Hint struct {
	Now   string `json:"now"`   // whoever stands beside the device
	Next  string `json:"next"`  // clinical engineering
	Later string `json:"later"` // security and the maker
}

// Finding is something that a person should know about. It is derived from what was seen and from
// today's statements, so it opens and closes by itself.
type Finding struct {
	ID          Digest          `json:"id"` // over rule, channel and bytes: the same finding has the same ID in every run
	Rule        Rule            `json:"rule"`
	Severity    Severity        `json:"severity"`
	Class       Class           `json:"class"`
	State       FindingState    `json:"state"`
	Devices     []FindingDevice `json:"devices"`      // by subject; bounded
	DeviceCount int             `json:"device_count"` // of all devices, also of those that are not in Devices
	Time        time.Time       `json:"time"`         // capture time of the first transfer
	Last        time.Time       `json:"last"`         // of the last one
	Transfers   int             `json:"transfers"`
	Summary     string          `json:"summary"`
	Hint        Hint            `json:"hint"`
	Evidence    []string        `json:"evidence"` // one sentence each
	Release     Subject         `json:"release,omitzero"`
	Publisher   string          `json:"publisher,omitzero"`
	Digest      Digest          `json:"digest,omitzero"`
	Name        string          `json:"name,omitzero"`
	Host        string          `json:"host,omitzero"` // the server name the request gave
	Peer        string          `json:"peer,omitzero"` // the side that sent the bytes, "address:port"
	Protocol    string          `json:"protocol,omitzero"`
	Hold        *Hold           `json:"hold,omitzero"`   // why it may rest; nil unless it is held
	Lapsed      *Hold           `json:"lapsed,omitzero"` // the hold that no longer counts; nil when there is none
}

// Nearest returns the word that was most likely meant: the one with the fewest changed, added or dropped
// letters, when those are at most two and fewer than were typed; otherwise "". Beyond 32 bytes nobody
// means any of the words.
func Nearest(typed string, words []string) string {
	best, at := 3, ""
	if len(typed) > 32 {
		return ""
	}
	for _, w := range words {
		if d := edits(typed, w); d < best && d < len(typed) {
			best, at = d, w
		}
	}
	return at
}

// edits is the Levenshtein distance in bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
