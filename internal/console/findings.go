package console

import (
	"context"
	"net/url"
	"slices"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// findingList is the page of all findings.
type findingList struct {
	Form    []*choice
	List    []model.Finding
	Pager   pager
	States  []count // how many are open, held and closed, whatever state was asked for
	HoldAll string  // the command that holds the open ones on this page; empty: there are no two
	Open    int     // that it names
	Of      *listed // the device whose findings these are; nil: of all
	Partial bool    // findings that concern more devices than they list may be missing
}

// findingChoices are the ways to narrow the list of findings.
type findingChoices struct{ state, severity, class, rule, device choice }

func newFindingChoices() *findingChoices {
	c := &findingChoices{
		state:    choice{Name: "state", Label: "State", Any: "open, held and closed", Values: states()},
		severity: choice{Name: "severity", Label: "Severity", Any: "any"},
		class: choice{Name: "class", Label: "Concerns", Any: "anything", Values: []string{
			string(model.PatientSafety), string(model.Security), string(model.Hygiene),
		}},
		rule: choice{Name: "rule", Label: "Rule", Any: "any", Values: []string{
			string(model.UpdateAltered), string(model.UpdateAmbiguous), string(model.UpdateUnknown), string(model.UpdateUnlogged),
			string(model.UpdateWithdrawn), string(model.UpdateReplayed), string(model.UpdateWrongDevice), string(model.UpdatePlaintext),
		}},
		device: choice{Name: "device", Free: true, Hidden: true},
	}
	for _, s := range model.Severities {
		c.severity.Values = append(c.severity.Values, string(s))
	}
	return c
}

func (c *findingChoices) all() []*choice {
	return []*choice{&c.state, &c.severity, &c.class, &c.rule, &c.device}
}

// takes reports whether a finding is among what was asked for, whatever its state.
func (c *findingChoices) takes(f *model.Finding) bool {
	return c.severity.is(string(f.Severity)) && c.class.is(string(f.Class)) && c.rule.is(string(f.Rule))
}

func findings(ctx context.Context, a *snapshot, r *request) (page, error) {
	c := newFindingChoices()
	if err := choose(r.URL.Query(), c.all()...); err != nil {
		return page{}, err
	}
	out := findingList{Form: c.all()}
	all, err := a.Findings(ctx, app.FindingFilter{})
	if err != nil {
		return page{}, err
	}
	all = slices.DeleteFunc(all, func(f model.Finding) bool { return !c.takes(&f) })
	if c.device.Value != "" {
		reg, err := a.register()
		if err != nil {
			return page{}, err
		}
		if out.Of, err = reg.find(c.device.Value); err != nil {
			return page{}, err
		}
		by, err := a.concerns()
		if err != nil {
			return page{}, err
		}
		all, out.Partial = by.about(out.Of, c.takes)
	}
	out.States = countStates(all, func(state string) string { return atState(r.URL, state) })
	out.List, out.Pager, err = paged(r.URL, inState(all, c.state.Value))
	out.HoldAll, out.Open = holdAll(out.List, r.now), openOf(out.List)
	return page{Template: "findings", Question: "What was found, and does it still hold?", Place: "findings", Content: out}, err
}

// find returns the device with an identity, as it stands in an address.
func (r *register) find(id string) (*listed, error) {
	d, err := model.ParseHexDigest(id)
	if err != nil {
		return nil, fault.Wrap(err, fault.Usage, "this is not the identity of a listed device").Hint("the list of devices leads to the page of each")
	}
	i, ok := r.byID[d]
	if !ok {
		return nil, fault.New(fault.NotFound, "the device list that is in force has no such device").
			Hint("it may have been taken from the list; the list of devices leads to the page of each")
	}
	return &r.list[i], nil
}

// atState is the same list in another state.
func atState(at *url.URL, state string) string {
	q := at.Query()
	q.Set("state", state)
	return atPage(&url.URL{Path: at.Path, RawQuery: q.Encode()}, 1)
}

// findingsWith is the address of the list narrowed by pairs of name and value.
func findingsWith(pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return link("/findings", q)
}
