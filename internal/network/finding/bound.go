package finding

import (
	"cmp"
	"slices"

	"github.com/cordon-trust/cordon/internal/model"
)

// giveWay makes room in a full set for a finding of this severity, at the cost of a slighter one: whoever
// floods the wire with what is worth a glance must not hide what is grave. Of those, the latest goes first.
func (s *Set) giveWay(to model.Severity) bool {
	slighter := 0
	for v, n := range s.grave {
		if to.Compare(v) < 0 {
			slighter += n
		}
	}
	if slighter == 0 {
		return false
	}
	if len(s.lesser) == 0 {
		for _, g := range s.found {
			if to.Compare(g.Severity) < 0 {
				s.lesser = append(s.lesser, g)
			}
		}
		slices.SortFunc(s.lesser, func(x, y *gathered) int {
			return cmp.Or(x.Severity.Compare(y.Severity), x.first.Time.Compare(y.first.Time), slices.Compare(x.ID[:], y.ID[:]))
		})
	}
	last := len(s.lesser) - 1
	g := s.lesser[last]
	s.lesser = s.lesser[:last]
	delete(s.found, g.ID)
	s.grave[g.Severity]--
	s.devices -= len(g.devices)
	s.dropped += g.Transfers
	return true
}
