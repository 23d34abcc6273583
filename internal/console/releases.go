package console

import (
	"context"
	"slices"
	"strconv"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// releaseList is the page of all releases.
type releaseList struct {
	Form     []*choice
	List     []releaseLine
	Pager    pager
	Empty    bool // none is known at all
	States   []string
	Pictures []timeline
	Others   []count // products on this page that are not drawn
	Ends     []expiry
	Signers  []signer
}

// releaseLine is one release with what was seen of it.
type releaseLine struct {
	app.ReleaseInfo
	Page    string
	Seen    int    // transfers that were compared with it
	SeenAll string // their list
	First   string // day on which one was seen first
	Last    string
}

// releaseChoices are the ways to narrow the list of releases.
type releaseChoices struct{ product, publisher, state, days, one, older choice }

func newReleaseChoices(all []app.ReleaseInfo) *releaseChoices {
	values := func(of func(*app.ReleaseInfo) string) []string {
		var out []string
		for i := range all {
			out = append(out, of(&all[i]))
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	return &releaseChoices{
		product:   choice{Name: "product", Label: "Product", Any: "any", Values: values(func(i *app.ReleaseInfo) string { return i.Product.Value() })},
		publisher: choice{Name: "publisher", Label: "Publisher", Any: "any", Values: values(func(i *app.ReleaseInfo) string { return i.Publisher })},
		state:     choice{Name: "state", Label: "State", Any: "any", Values: []string{"current", "withdrawn", "held", "not logged", "suspect"}},
		days:      choice{Name: "days", Label: "Days in the picture", Any: "all", Values: []string{"7", "30", "90", "365"}},
		one:       choice{Name: "release", Free: true, Hidden: true},
		older:     choice{Name: "older", Free: true, Hidden: true},
	}
}

func (c *releaseChoices) all() []*choice {
	return []*choice{&c.product, &c.publisher, &c.state, &c.days, &c.one, &c.older}
}

func (c *releaseChoices) takes(i *app.ReleaseInfo) bool {
	return c.product.is(i.Product.Value()) && c.publisher.is(i.Publisher) && c.state.is(i.State) && c.one.is(i.Release.String())
}

// skip is behind how many releases a picture begins.
func (c *releaseChoices) skip() (int, error) {
	if c.older.Value == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(c.older.Value)
	if err != nil || n < 0 || n > maxPage {
		return 0, fault.New(fault.Usage, "%q is no number of releases", c.older.Value).Hint("use the links below the picture")
	}
	return n, nil
}

func releases(ctx context.Context, a *snapshot, r *request) (page, error) {
	all, err := a.Releases(ctx)
	if err != nil {
		return page{}, err
	}
	c := newReleaseChoices(all)
	out := releaseList{Form: c.all(), Empty: len(all) == 0, States: c.state.Values}
	if err := choose(r.URL.Query(), out.Form...); err != nil {
		return page{}, err
	}
	skip, err := c.skip()
	if err != nil {
		return page{}, err
	}
	use, err := a.survey.Use()
	if err != nil {
		return page{}, err
	}
	taken := slices.DeleteFunc(all, func(i app.ReleaseInfo) bool { return !c.takes(&i) })
	some, pager, err := paged(r.URL, taken)
	if err != nil {
		return page{}, err
	}
	out.Pager = pager
	seen := usesOf(use)
	for i := range some {
		out.List = append(out.List, newReleaseLine(some[i], seen))
	}
	days, _ := strconv.Atoi(c.days.Value) // one of the values, or none
	for _, p := range productsOf(some) {
		if len(out.Pictures) == maxPictures {
			out.Others = append(out.Others, count{Word: p.Value(), List: link("/releases", map[string][]string{"product": {p.Value()}})})
			continue
		}
		mine := slices.DeleteFunc(slices.Clone(taken), func(i app.ReleaseInfo) bool { return i.Product != p })
		d := drawing{
			product: p, releases: mine, use: c.narrow(use, mine, p), whole: c.whole(), skip: skip, days: days, now: r.now, at: r.URL,
		}
		t := d.timeline()
		t.ID = len(out.Pictures)
		out.Pictures = append(out.Pictures, t)
	}
	if err := out.ending(ctx, a, r); err != nil {
		return page{}, err
	}
	return page{Template: "releases", Question: "What did makers sign, and what was seen of it?", Place: "releases", Content: out}, nil
}

// ending adds what ends by itself and whose keys sign.
func (l *releaseList) ending(ctx context.Context, a *snapshot, r *request) error {
	has, err := a.Overview(ctx)
	if err != nil {
		return err
	}
	held, err := a.Findings(ctx, app.FindingFilter{State: model.Held})
	if err != nil {
		return err
	}
	roles, err := a.Signers(ctx)
	if err != nil {
		return err
	}
	l.Ends, l.Signers = expiries(&has, held, r.now), signersOf(roles)
	return nil
}

// whole reports whether all releases of a product were asked for.
func (c *releaseChoices) whole() bool {
	return c.publisher.Value == "" && c.state.Value == "" && c.one.Value == ""
}

// narrow leaves what was seen of a product: of the releases that were asked for, and, when all were, of those too that
// nobody signed.
func (c *releaseChoices) narrow(use []app.ReleaseUse, mine []app.ReleaseInfo, product model.Subject) []app.ReleaseUse {
	var out []app.ReleaseUse
	for _, u := range use {
		if u.Product == product && (c.whole() || slices.ContainsFunc(mine, func(i app.ReleaseInfo) bool { return i.Release == u.Release })) {
			out = append(out, u)
		}
	}
	return out
}

// productsOf are the products of releases, each once, in their order.
func productsOf(list []app.ReleaseInfo) []model.Subject {
	var out []model.Subject
	for i := range list {
		if p := list[i].Product; len(out) == 0 || !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// usesOf is what was seen by release.
func usesOf(use []app.ReleaseUse) map[model.Subject][]app.ReleaseUse {
	out := map[model.Subject][]app.ReleaseUse{}
	for _, u := range use {
		out[u.Release] = append(out[u.Release], u)
	}
	return out
}

func newReleaseLine(i app.ReleaseInfo, seen map[model.Subject][]app.ReleaseUse) releaseLine {
	out := releaseLine{ReleaseInfo: i, Page: releasePage(i.Release), SeenAll: link("/transfers", map[string][]string{"release": {i.Release.String()}})}
	for n, u := range seen[i.Release] {
		if out.Seen += u.Transfers; n == 0 {
			out.First = u.Day
		}
		out.Last = u.Day
	}
	return out
}
