package console

import (
	"context"
	"time"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// transferList is the page of what was recorded.
type transferList struct {
	Form    []*choice
	List    []transferLine
	Pager   pager
	Of      string // the finding whose transfers these are; empty: of all
	Release string // the page of the release that they are compared with; empty: of all
	Limits  []string
}

type transferLine struct {
	app.SeenTransfer
	By       concerned
	Finding  string // its page; empty: it belongs to none
	Release  string // the page of the release that it is compared with; empty: there is none
	Evidence string // the evidence about its bytes; empty: not all of them were seen
}

// verdicts are all of them, those that say most first.
func verdicts() []string {
	var out []string
	for _, v := range [...]model.Verdict{
		model.Verified, model.Vouched, model.Altered, model.Ambiguous, model.Withdrawn, model.WrongDevice, model.Replayed,
		model.Incomplete, model.CannotSee, model.ThirdParty, model.Unknown,
	} {
		out = append(out, string(v))
	}
	return out
}

// transferChoices are the ways to narrow the list of transfers.
type transferChoices struct{ verdict, from, to, release, product, finding choice }

func newTransferChoices() *transferChoices {
	return &transferChoices{
		verdict: choice{Name: "verdict", Label: "Verdict", Any: "any", Values: verdicts()},
		from:    choice{Name: "from", Label: "From day", Any: "such as 2026-11-20", Free: true},
		to:      choice{Name: "to", Label: "To day", Any: "in UTC", Free: true},
		release: choice{Name: "release", Free: true, Hidden: true},
		product: choice{Name: "product", Free: true, Hidden: true},
		finding: choice{Name: "finding", Free: true, Hidden: true},
	}
}

func (c *transferChoices) all() []*choice {
	return []*choice{&c.verdict, &c.from, &c.to, &c.release, &c.product, &c.finding}
}

// filter is what was asked for.
func (c *transferChoices) filter() (only app.TransferFilter, err error) {
	only = app.TransferFilter{Verdict: model.Verdict(c.verdict.Value), From: c.from.Value, To: c.to.Value}
	for _, d := range [...]*choice{&c.from, &c.to} {
		if t, err := time.Parse(time.DateOnly, d.Value); d.Value != "" && (err != nil || app.Day(t) != d.Value) {
			return only, fault.New(fault.Usage, "%q is not a day", d.Value).Hint("write it as 2026-11-20")
		}
	}
	if c.finding.Value != "" {
		if only.Finding, err = model.ParseHexDigest(c.finding.Value); err != nil {
			return only, fault.Wrap(err, fault.Usage, "this is not the ID of a finding").Hint("the list of findings leads to each")
		}
	}
	for _, s := range [...]struct {
		of   *choice
		kind model.Kind
		into *model.Subject
	}{{&c.release, model.KindRelease, &only.Release}, {&c.product, model.KindProduct, &only.Product}} {
		if s.of.Value == "" {
			continue
		}
		if *s.into, err = model.ParseSubject(s.of.Value); err != nil || s.into.Kind() != s.kind {
			return only, fault.New(fault.Usage, "%q is not a %s", s.of.Value, s.kind).Hint("the list of releases leads to each")
		}
	}
	return only, nil
}

func transfers(ctx context.Context, a *snapshot, r *request) (page, error) {
	c := newTransferChoices()
	out := transferList{Form: c.all()}
	if err := choose(r.URL.Query(), out.Form...); err != nil {
		return page{}, err
	}
	only, err := c.filter()
	if err != nil {
		return page{}, err
	}
	if !only.Finding.IsZero() {
		out.Of = "/findings/" + only.Finding.Hex()
	}
	if !only.Release.IsZero() {
		out.Limits = append(out.Limits, only.Release.String())
		out.Release = a.pageOf(only.Release)
	}
	if !only.Product.IsZero() {
		out.Limits = append(out.Limits, only.Product.String())
	}
	n, err := pageOf(r.URL)
	if err != nil {
		return page{}, err
	}
	list, total, err := a.Transfers(ctx, only, (n-1)*perPage, perPage)
	if out.Pager = pagerAt(r.URL, n, total); err == nil && out.Pager.Page != n { // there are not so many
		list, total, err = a.Transfers(ctx, only, out.Pager.From-1, perPage)
		out.Pager = pagerAt(r.URL, out.Pager.Page, total)
	}
	if err != nil {
		return page{}, err
	}
	reg, err := a.register()
	if err != nil {
		return page{}, err
	}
	for i := range list {
		line := transferLine{SeenTransfer: list[i], By: reg.concerned(&list[i].Device)}
		if id := list[i].Finding; !id.IsZero() {
			line.Finding = "/findings/" + id.Hex()
		}
		if s := list[i].Release; !s.IsZero() {
			line.Release = a.pageOf(s)
		}
		if d := list[i].Digest; !d.IsZero() {
			line.Evidence = evidenceOf(model.ArtifactOf(d))
		}
		out.List = append(out.List, line)
	}
	return page{Template: "transfers", Question: "What crossed the wire, and is it what a maker signed?", Place: "transfers", Content: out}, nil
}
