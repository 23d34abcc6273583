package app

import (
	"cmp"
	"slices"

	"github.com/cordon-trust/cordon/internal/model"
)

// ReleaseUse counts the transfers of one day that are judged by one release, with one verdict.
type ReleaseUse struct {
	Release   model.Subject `json:"release"`
	Product   model.Subject `json:"product"`
	Day       string        `json:"day"` // as [Day] writes it
	Verdict   model.Verdict `json:"verdict"`
	Transfers int           `json:"transfers"`
}

// Use tells what was seen of each release, by release, day and verdict.
func (s *Survey) Use() ([]ReleaseUse, error) { return s.use, s.unjudged }

func useOf(counts map[transferKey]int) []ReleaseUse {
	by := map[transferKey]int{}
	for k, n := range counts {
		if !k.release.IsZero() {
			k.finding = model.Digest{}
			by[k] += n
		}
	}
	out := make([]ReleaseUse, 0, len(by))
	for k, n := range by {
		out = append(out, ReleaseUse{k.release, k.product, k.day, k.verdict, n})
	}
	slices.SortFunc(out, func(x, y ReleaseUse) int {
		return cmp.Or(cmp.Compare(x.Release.String(), y.Release.String()), cmp.Compare(x.Day, y.Day), cmp.Compare(x.Verdict, y.Verdict))
	})
	return out
}
