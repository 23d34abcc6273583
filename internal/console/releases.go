package console

import (
	"context"
	"slices"

	"github.com/cordon-trust/cordon/internal/app"
)

// releaseList is the page of all releases.
type releaseList struct {
	Form   []*choice
	List   []app.ReleaseInfo
	Pager  pager
	Empty  bool // none is known at all
	States []string
}

func releases(ctx context.Context, a *snapshot, r *request) (page, error) {
	all, err := a.Releases(ctx)
	if err != nil {
		return page{}, err
	}
	values := func(of func(*app.ReleaseInfo) string) []string {
		var out []string
		for i := range all {
			out = append(out, of(&all[i]))
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	product := choice{Name: "product", Label: "Product", Any: "any", Values: values(func(i *app.ReleaseInfo) string { return i.Product.Value() })}
	publisher := choice{Name: "publisher", Label: "Publisher", Any: "any", Values: values(func(i *app.ReleaseInfo) string { return i.Publisher })}
	state := choice{Name: "state", Label: "State", Any: "any", Values: []string{"current", "withdrawn", "held", "not logged", "suspect"}}
	one := choice{Name: "release", Free: true, Hidden: true}
	out := releaseList{Form: []*choice{&product, &publisher, &state, &one}, Empty: len(all) == 0, States: state.Values}
	if err := choose(r.URL.Query(), out.Form...); err != nil {
		return page{}, err
	}
	all = slices.DeleteFunc(all, func(i app.ReleaseInfo) bool {
		return !product.is(i.Product.Value()) || !publisher.is(i.Publisher) || !state.is(i.State) || !one.is(i.Release.String())
	})
	out.List, out.Pager, err = paged(r.URL, all)
	return page{Template: "releases", Question: "What did makers sign, and does it stand?", Place: "releases", Content: out}, err
}
