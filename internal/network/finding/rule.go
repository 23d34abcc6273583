package finding

import (
	"github.com/cordon-trust/cordon/internal/model"
)

// rule says which rule a judged transfer falls under; "" when it is nothing to be told.
func (s *Set) rule(t *model.Transfer, d *model.Device, j *model.Judgement) model.Rule {
	switch j.Verdict {
	case model.Ambiguous:
		return model.UpdateAmbiguous
	case model.Withdrawn:
		return model.UpdateWithdrawn
	case model.WrongDevice:
		return model.UpdateWrongDevice
	case model.Replayed:
		return model.UpdateReplayed
	case model.Altered:
		return model.UpdateAltered
	case model.Verified:
		if plain(t.Protocol) {
			return model.UpdatePlaintext
		}
	case model.Unknown:
		switch {
		case j.Unlogged:
			return model.UpdateUnlogged
		case s.tells(t, d, j):
			return model.UpdateUnknown
		}
	}
	return ""
}

// tells reports whether unknown bytes are worth a person's time. Elsewhere they stay a row: most of what
// crosses a hospital's wire is signed by nobody that the house knows. A page that a maker's host gives in place
// of a file is no update.
func (s *Set) tells(t *model.Transfer, d *model.Device, j *model.Judgement) bool {
	return t.Host != "" && !t.Upload && !t.Refused && s.opt.MakerHost(t.Host) || !j.Release.IsZero() || d.Listed && s.code(*t)
}

// code takes a copy, so that what is not asked about need not outlive the call.
func (s *Set) code(t model.Transfer) bool { return s.opt.Code(&t) }

// plain reports whether a protocol protects nothing on its way.
func plain(protocol string) bool {
	switch protocol {
	case "http", "ftp", "tftp":
		return true
	}
	return false
}

// weigh returns how grave a rule is and whom it concerns.
func weigh(r model.Rule) (model.Severity, model.Class) {
	switch r {
	case model.UpdateAltered, model.UpdateAmbiguous:
		return model.Critical, model.PatientSafety
	case model.UpdatePlaintext:
		return model.Medium, model.Security
	default:
		return model.High, model.PatientSafety
	}
}
