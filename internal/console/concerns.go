package console

import (
	"slices"

	"github.com/cordon-trust/cordon/internal/model"
)

// concerns tells which findings concern which listed device. It does not change.
type concerns struct {
	findings []model.Finding        // all
	of       map[model.Digest][]int // of findings, in their order, by identity of the device
	cut      []int                  // those that concern more devices than they name
	open     map[model.Digest]int   // how many of a device are open
}

func newConcerns(s *snapshot) (concerns, error) {
	c := concerns{of: map[model.Digest][]int{}, open: map[model.Digest]int{}}
	reg, err := s.register()
	if err != nil {
		return c, err
	}
	if c.findings, err = s.survey.Findings(); err != nil {
		return c, err
	}
	for i := range c.findings {
		f := &c.findings[i]
		if f.DeviceCount > len(f.Devices) {
			c.cut = append(c.cut, i)
		}
		for j := range f.Devices {
			d := reg.of(&f.Devices[j])
			if d == nil {
				continue
			}
			mine := c.of[d.ID]
			if n := len(mine); n > 0 && mine[n-1] == i {
				continue // two subjects of a finding may be one row of the list
			}
			c.of[d.ID] = append(mine, i)
			if f.State == model.Open {
				c.open[d.ID]++
			}
		}
	}
	return c, nil
}

// about returns the findings among those taken that concern a device. more is true when one of the others
// concerns more devices than it names, so that it may be one of them.
func (c *concerns) about(d *listed, takes func(*model.Finding) bool) (mine []model.Finding, more bool) {
	for _, i := range c.of[d.ID] {
		if takes(&c.findings[i]) {
			mine = append(mine, c.findings[i])
		}
	}
	more = slices.ContainsFunc(c.cut, func(i int) bool {
		_, named := slices.BinarySearch(c.of[d.ID], i)
		return !named && takes(&c.findings[i])
	})
	return mine, more
}
