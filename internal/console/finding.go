package console

import (
	"cmp"
	"context"
	"strconv"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// oneFinding is the page of a finding: where, what to do, and then what was seen and why it is wrong.
type oneFinding struct {
	model.Finding
	First    concerned // where it is one device only
	Seen     string    // the transfer itself, in a sentence
	Why      []string
	Devices  []concerned
	Pager    pager
	Release  string // where the release it resembles is listed; empty: it resembles none
	Evidence string // where the evidence about the bytes is; empty: the finding is about no bytes
	Review   string // where the evidence about its hold is; empty: nobody held it
	Commands deciding
	Reach    findingReach
}

func finding(ctx context.Context, a *snapshot, r *request) (page, error) {
	open := choice{Name: "open", Free: true}
	if err := choose(r.URL.Query(), &open); err != nil {
		return page{}, err
	}
	id, err := model.ParseHexDigest(r.PathValue("id"))
	if err != nil {
		return page{}, fault.Wrap(err, fault.Usage, "this is not the ID of a finding").Hint("the list of findings leads to each")
	}
	f, err := a.FindingOf(ctx, id)
	if err != nil {
		return page{}, err
	}
	reg, err := a.register()
	if err != nil {
		return page{}, err
	}
	out := oneFinding{Finding: f}
	all, err := a.Findings(ctx, app.FindingFilter{State: model.Open})
	if err != nil {
		return page{}, err
	}
	out.Commands = decidingOf(&f, all, r.now)
	if h := cmp.Or(f.Hold, f.Lapsed); h != nil {
		out.Review = evidenceOf(model.StatementOf(h.Statement))
	}
	some, pager, err := paged(r.URL, f.Devices)
	if err != nil {
		return page{}, err
	}
	out.Pager = pager
	for i := range some {
		out.Devices = append(out.Devices, reg.concerned(&some[i]))
	}
	if len(f.Evidence) > 0 { // what was seen comes first
		out.Seen, out.Why = f.Evidence[0], f.Evidence[1:]
	}
	if !f.Release.IsZero() {
		out.Release = a.pageOf(f.Release)
	}
	if !f.Digest.IsZero() {
		out.Evidence = evidenceOf(model.ArtifactOf(f.Digest))
	}
	if len(f.Devices) > 0 {
		out.First = reg.concerned(&f.Devices[0])
	}
	if out.Reach, err = reachOfFinding(ctx, a, r, &f, open.Value); err != nil {
		return page{}, err
	}
	return page{Template: "finding", Question: out.where() + ": what should be done?", Place: "findings", Content: out}, nil
}

// where names the one device and its place, or how many there are.
func (f *oneFinding) where() string {
	if f.DeviceCount != 1 {
		return strconv.Itoa(f.DeviceCount) + " devices"
	}
	d := f.First
	return joined(d.Called(), where(d.Location, d.Zone, d.Site))
}

// Missing is how many devices are not listed.
func (f oneFinding) Missing() int { return f.DeviceCount - len(f.Finding.Devices) }
