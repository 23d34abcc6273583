package console

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// perPage is how many rows of a list are on one page.
const perPage = 50

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

// pager is where in a list a page stands. Numbers count from 1.
type pager struct {
	Page, Pages     int
	From, To, Total int
	Prev, Next      string // addresses; empty: there is none
}

// paged returns the rows of a list that the page shows which the address asks for; the last, when there are
// not so many.
func paged[T any](at *url.URL, list []T) ([]T, pager, error) {
	p := pager{Page: 1, Total: len(list), Pages: max(1, (len(list)+perPage-1)/perPage)}
	if text := at.Query().Get("page"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, p, fault.New(fault.Usage, "%q is not the number of a page", text).Hint("pages are counted from 1")
		}
		p.Page = min(n, p.Pages)
	}
	first := (p.Page - 1) * perPage
	list = list[first:min(first+perPage, len(list))]
	p.From, p.To = first+1, first+len(list)
	if p.Page > 1 {
		p.Prev = atPage(at, p.Page-1)
	}
	if p.Page < p.Pages {
		p.Next = atPage(at, p.Page+1)
	}
	return list, p, nil
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
