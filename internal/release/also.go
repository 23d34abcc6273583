package release

import (
	"slices"
	"strings"

	"github.com/cordon-trust/cordon/internal/model"
)

// also names the verdicts behind the transfer's own, in their order, that would have held.
func (c *judging) also() {
	var behind []func(*judging) bool
	switch c.j.Verdict {
	case model.Ambiguous:
		behind = append(behind, (*judging).withdrawn, (*judging).wrongDevice, (*judging).replayed)
		if c.standing() == nil && c.vouch() == nil {
			behind = append(behind, (*judging).altered, (*judging).incomplete)
		}
	case model.Withdrawn:
		behind = append(behind, (*judging).wrongDevice, (*judging).replayed)
	case model.WrongDevice:
		behind = append(behind, (*judging).replayed)
	}
	for _, holds := range behind {
		x := *c
		x.j = model.Judgement{}
		if holds(&x) {
			c.why("it is also %s: %s", x.j.Verdict, x.j.Why[0])
		}
	}
}

// sayTaken adds a withdrawal that decided nothing here, such as one for another product with these bytes.
func (c *judging) sayTaken(w *taken) {
	text := c.book.takenText(w)
	if !slices.ContainsFunc(c.j.Why, func(s string) bool { return strings.HasSuffix(s, text) }) {
		c.j.Why = append(c.j.Why, text)
	}
}
