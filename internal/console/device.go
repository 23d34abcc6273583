package console

import (
	"context"
	"maps"
	"slices"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// oneDevice is the page of a listed device.
type oneDevice struct {
	*listed
	Open     int
	Others   []count         // how many are held and closed
	OpenList string          // address of the list that is counted
	Findings []model.Finding // the first open ones
	Partial  bool            // see findingList
	Noted    []note
	Evidence string // where the evidence about it is
}

// note is what stood in a column of the list that Cordon does not know.
type note struct{ Name, Text string }

// maxShown is how many findings a page shows beside what it is about.
const maxShown = 10

func device(_ context.Context, a *snapshot, r *request) (page, error) {
	if err := choose(r.URL.Query()); err != nil {
		return page{}, err
	}
	if r.URL.Query().Has("page") {
		return page{}, fault.New(fault.Usage, "a device has one page").Hint("leave the number out of the address")
	}
	reg, err := a.register()
	if err != nil {
		return page{}, err
	}
	d, err := reg.find(r.PathValue("id"))
	if err != nil {
		return page{}, err
	}
	by, err := a.concerns()
	if err != nil {
		return page{}, err
	}
	out := oneDevice{listed: d, Evidence: evidenceOf(d.Device), OpenList: d.findings(string(model.Open))}
	mine, partial := by.about(d, func(*model.Finding) bool { return true })
	out.Partial = partial
	for i := range mine {
		if mine[i].State != model.Open {
			continue
		}
		if out.Open++; out.Open <= maxShown {
			out.Findings = append(out.Findings, mine[i])
		}
	}
	out.Others = countStates(mine, d.findings)[1:]
	for _, name := range slices.Sorted(maps.Keys(d.Notes)) {
		out.Noted = append(out.Noted, note{name, d.Notes[name]})
	}
	return page{Template: "device", Question: joined(d.Name(), d.Where()) + ": what is known about it?", Place: "devices", Content: out}, nil
}
