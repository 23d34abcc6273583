package console

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/cordon-trust/cordon/internal/model"
)

// shape is the sign that stands beside a word of state or severity, for whoever does not see colours.
func shape(word any) string {
	switch fmt.Sprint(word) {
	case string(model.Critical), string(model.Altered), string(model.Ambiguous):
		return "◆"
	case string(model.High), string(model.WrongDevice), string(model.Replayed):
		return "▲"
	case string(model.Medium):
		return "■"
	case string(model.Low):
		return "●"
	case string(model.Open), "current":
		return "○"
	case string(model.Closed), string(model.Verified), string(model.Vouched), "yes", "fact", "verifies":
		return "✓"
	case string(model.Withdrawn), "no", "does not verify":
		return "✕"
	case string(model.Held), "holds":
		return "‖"
	case "claim", "unlogged":
		return "❝"
	case "erased":
		return "▒"
	case "start":
		return "▶"
	case "certain":
		return "●"
	case "possible":
		return "◌"
	}
	return "?" // not known, or not in this table
}

// about names a rule in a few words.
func about(r model.Rule) string {
	switch r {
	case model.UpdateUnknown:
		return "Not signed by anyone trusted here"
	case model.UpdateAltered:
		return "Altered update"
	case model.UpdateReplayed:
		return "Older release again"
	case model.UpdateWrongDevice:
		return "Release for another product"
	case model.UpdateWithdrawn:
		return "Withdrawn release"
	case model.UpdateAmbiguous:
		return "Two copies that differ"
	case model.UpdateUnlogged:
		return "Signed, and not in the log"
	case model.UpdatePlaintext:
		return "Unprotected download"
	}
	return string(r)
}

// concern names a class in words.
func concern(c model.Class) string {
	if c == model.PatientSafety {
		return "patient safety"
	}
	return string(c)
}

// stands says what the state of a release means.
func stands(state string) string {
	switch state {
	case "current":
		return "its publisher signed it and it stands"
	case string(model.Withdrawn), "no":
		return "its publisher took it back"
	case string(model.Held):
		return "this house holds it back"
	case "not logged":
		return "signed, and not in its publisher's log: what a stolen key looks like"
	case "suspect":
		return "signed by a key that is said to be compromised"
	}
	return "a state that this page does not know"
}

// surely says what a set of the exposure graph means, or how a link in it is known.
func surely(word any) string {
	switch fmt.Sprint(word) {
	case "start":
		return "here it begins"
	case "certain":
		return "it follows from what was stated or seen, which does not say that it happened"
	case "possible":
		return "it rests also on what nobody disclosed, somebody denied, or somebody without a say claimed"
	case "holds":
		return "a part of what it takes is there, and not all: here it ends"
	case string(model.Observed):
		return "a sensor of this house saw it"
	case string(model.Asserted):
		return "whoever may say so signed it"
	case string(model.Undisclosed):
		return "nobody said whether something can pass here"
	case string(model.Denied):
		return "somebody says that nothing can pass here, and this house has no proof of that"
	case "claim":
		return "somebody says so who has no say in it"
	}
	return "a word that this page does not know"
}

// many is a number of things.
func many(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return strconv.Itoa(n) + " " + thing
}

// joined are the texts that say something, with commas.
func joined(list ...string) string {
	var out []string
	for _, s := range list {
		if s != "" {
			out = append(out, s)
		}
	}
	return strings.Join(out, ", ")
}
