package console

import (
	"context"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// transferList is the page of what was recorded.
type transferList struct {
	Form  []*choice
	List  []transferLine
	Pager pager
	Of    string // the finding whose transfers these are; empty: of all
}

type transferLine struct {
	app.SeenTransfer
	By       concerned
	Finding  string // its page; empty: it belongs to none
	Evidence string // the evidence about its bytes; empty: not all of them were seen
}

func transfers(ctx context.Context, a *snapshot, r *request) (page, error) {
	verdict := choice{Name: "verdict", Label: "Verdict", Any: "any"}
	for _, v := range [...]model.Verdict{
		model.Ambiguous, model.Withdrawn, model.WrongDevice, model.Replayed, model.Verified, model.Vouched, model.Altered,
		model.Incomplete, model.CannotSee, model.ThirdParty, model.Unknown,
	} {
		verdict.Values = append(verdict.Values, string(v))
	}
	of := choice{Name: "finding", Free: true, Hidden: true}
	out := transferList{Form: []*choice{&verdict, &of}}
	if err := choose(r.URL.Query(), out.Form...); err != nil {
		return page{}, err
	}
	only := app.TransferFilter{Verdict: model.Verdict(verdict.Value)}
	if of.Value != "" {
		id, err := model.ParseHexDigest(of.Value)
		if err != nil {
			return page{}, fault.Wrap(err, fault.Usage, "this is not the ID of a finding").Hint("the list of findings leads to each")
		}
		only.Finding, out.Of = id, "/findings/"+id.Hex()
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
		if d := list[i].Digest; !d.IsZero() {
			line.Evidence = evidenceOf(model.ArtifactOf(d))
		}
		out.List = append(out.List, line)
	}
	return page{Template: "transfers", Question: "What crossed the wire, and is it what a maker signed?", Place: "transfers", Content: out}, nil
}
