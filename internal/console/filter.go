package console

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

const (
	perPage = 50      // rows of a list on one page
	maxPage = 100_000 // what comes behind is looked at on the command line
)

// choice is one field by which a list can be narrowed: one of some values, or free text.
type choice struct {
	Name   string // in the address
	Label  string
	Any    string // what is said when it is not used
	Value  string // empty: not used
	Values []string
	Free   bool
	Hidden bool // no field of the form; it comes from a link and stays
}

// choose reads the choices from an address. What is none of them is refused, so that nobody takes a whole
// list for a part of it.
func choose(query url.Values, list ...*choice) error {
	for name, values := range query {
		i := slices.IndexFunc(list, func(c *choice) bool { return c.Name == name })
		if name != "page" && i < 0 {
			return fault.New(fault.Usage, "this list cannot be narrowed by %q", name).Hint("use the form of the list")
		}
		if len(values) > 1 {
			return fault.New(fault.Usage, "%q is given twice", name).Hint("use the form of the list")
		}
		if i < 0 || values[0] == "" {
			continue
		}
		c := list[i]
		if c.Value = strings.TrimSpace(values[0]); !c.Free && !slices.Contains(c.Values, c.Value) {
			return fault.New(fault.Usage, "%q is no value of %s", c.Value, c.Name).Hint("use the form of the list")
		}
	}
	return nil
}

// has reports whether one of the texts contains what was asked for, whatever its case.
func (c *choice) has(texts ...string) bool {
	want := strings.ToLower(c.Value)
	return want == "" || slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(strings.ToLower(s), want) })
}

// is reports whether a value is the one that was asked for, or none was.
func (c *choice) is(value string) bool { return c.Value == "" || c.Value == value }

// chosen says in words how the form of a list narrows it; empty: not at all.
func chosen(form []*choice) string {
	var out []string
	for _, c := range form {
		if c.Value != "" && !c.Hidden {
			out = append(out, strings.ToLower(c.Label)+" "+c.Value)
		}
	}
	return joined(out...)
}

// narrows reports whether somebody used the form. The navigation leads to the open findings by itself.
func narrows(form []*choice) bool {
	return slices.ContainsFunc(form, func(c *choice) bool {
		return c.Value != "" && !c.Hidden && (c.Name != "state" || c.Value != string(model.Open))
	})
}

// pager is where in a list a page stands. Numbers count from 1.
type pager struct {
	Page, Pages     int
	From, To, Total int
	Prev, Next      string // addresses; empty: there is none
}

// pageOf is the page that an address asks for; the first, when it says nothing.
func pageOf(at *url.URL) (int, error) {
	text := at.Query().Get("page")
	if text == "" {
		return 1, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxPage {
		return 0, fault.New(fault.Usage, "%q is not the number of a page", text).Hint("pages are counted from 1 to %d", maxPage)
	}
	return n, nil
}

// pagerAt stands at a page of a list of some length; at the last, when it has not so many.
func pagerAt(at *url.URL, page, total int) pager {
	p := pager{Total: total, Pages: max(1, (total+perPage-1)/perPage)}
	p.Page = min(page, p.Pages)
	p.From = (p.Page-1)*perPage + 1
	p.To = min(p.From+perPage-1, total)
	if p.Page > 1 {
		p.Prev = atPage(at, p.Page-1)
	}
	if p.Page < p.Pages {
		p.Next = atPage(at, p.Page+1)
	}
	return p
}

// paged returns the rows of a list that are on the page which an address asks for.
func paged[T any](at *url.URL, list []T) ([]T, pager, error) {
	n, err := pageOf(at)
	if err != nil {
		return nil, pager{}, err
	}
	p := pagerAt(at, n, len(list))
	return list[p.From-1 : p.To], p, nil
}

// atPage is the same address at another page.
func atPage(at *url.URL, page int) string {
	q := url.Values{}
	for name, values := range at.Query() {
		if name != "page" && values[0] != "" {
			q[name] = values
		}
	}
	if page > 1 {
		q.Set("page", strconv.Itoa(page))
	}
	return link(at.Path, q)
}

// link is an address within the console.
func link(path string, q url.Values) string {
	u := url.URL{Path: path, RawQuery: q.Encode()}
	return u.String()
}
