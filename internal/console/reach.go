package console

import (
	"cmp"
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/console/picture"
	"github.com/cordon-trust/cordon/internal/exposure"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// maxSources is from how many subjects one picture begins at most.
const maxSources = 64

// question is what the picture of a page is about.
type question struct {
	from []model.Subject // sorted, each once
	harm model.Harm
	open []string // groups of the picture
}

// readQuestion takes from an address what is asked; the rest of it is left.
func readQuestion(query url.Values) (question, url.Values, error) {
	q := question{harm: model.Integrity}
	rest := maps.Clone(query)
	for _, text := range query["from"] {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		s, err := model.ParseSubject(text)
		if err != nil {
			return q, nil, fault.Wrap(err, fault.Usage, "this is not a subject").
				Hint("subjects are written kind:value, such as key:sha256:..., release:acme/pump-7/2.1.0 or device:acme/pump-7/SN-1")
		}
		q.from = append(q.from, s)
	}
	if q.sort(); len(q.from) > maxSources {
		return q, nil, fault.New(fault.Usage, "%d subjects are more than the %d from which one picture begins", len(q.from), maxSources)
	}
	delete(rest, "from")
	harm := choice{Name: "harm", Values: harmNames()}
	open := choice{Name: "open", Free: true}
	mine := url.Values{}
	for _, name := range [...]string{harm.Name, open.Name} {
		if values, ok := rest[name]; ok {
			mine[name] = values
			delete(rest, name)
		}
	}
	err := choose(mine, &harm, &open)
	if harm.Value != "" {
		q.harm = model.Harm(harm.Value)
	}
	q.open = groups(open.Value)
	return q, rest, err
}

// sort brings the subjects into the one order in which they stand in an address.
func (q *question) sort() {
	slices.SortFunc(q.from, func(a, b model.Subject) int { return strings.Compare(a.String(), b.String()) })
	q.from = slices.Compact(q.from)
}

// groups are the groups of a picture that an address opens.
func groups(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

func harmNames() []string {
	var out []string
	for _, h := range model.Harms {
		out = append(out, string(h))
	}
	return out
}

// link is the address of a question, with more pairs of name and value.
func (q *question) link(pairs ...string) string {
	v := url.Values{}
	for _, s := range q.from {
		v.Add("from", s.String())
	}
	if q.harm != model.Integrity {
		v.Set("harm", string(q.harm))
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	return link("/reach", v)
}

// reachOf is the address of what subjects could reach.
func reachOf(from ...model.Subject) string {
	q := question{from: from, harm: model.Integrity}
	q.sort()
	return q.link()
}

// oneReach is the page of what some subjects could reach.
type oneReach struct {
	*reached
	Form  []*choice // to narrow the table
	From  []model.Subject
	Harm  choice
	Pager pager
}

func reach(ctx context.Context, a *snapshot, r *request) (page, error) {
	q, rest, err := readQuestion(r.URL.Query())
	if err != nil {
		return page{}, err
	}
	if len(q.from) == 0 {
		return sources(ctx, a, r)
	}
	kind := choice{Name: "kind", Label: "Kind", Any: "any"}
	for _, k := range model.Kinds() {
		kind.Values = append(kind.Values, string(k))
	}
	set := choice{Name: "set", Label: "How sure", Any: "any", Values: []string{"certain", "possible", "holds"}}
	group := choice{Name: "group", Free: true, Hidden: true}
	out := oneReach{Form: []*choice{&kind, &set, &group}, From: q.from, Harm: choice{
		Name: "harm", Label: "Harm", Any: string(model.Integrity), Values: harmNames()[1:],
	}}
	if err := choose(rest, out.Form...); err != nil {
		return page{}, err
	}
	if q.harm != model.Integrity {
		out.Harm.Value = string(q.harm)
	}
	e, err := a.Exposure(ctx)
	if err != nil {
		return page{}, err
	}
	v := follow(&e, q, r, nil)
	rows := v.rows(func(t *thing) bool {
		return kind.is(string(t.Subject.Kind())) && set.is(setWord(t.State)) && group.is(t.Group)
	})
	var some []int
	if some, out.Pager, err = paged(r.URL, rows); err != nil {
		return page{}, err
	}
	v.table(some)
	out.reached = v
	return page{Template: "reach", Question: v.heading(), Place: "reach", Content: out}, nil
}

// reached is a picture with its table, and what both say in words.
type reached struct {
	q       question
	f       *folded
	names   namer
	address url.URL // of the page that shows it

	Begin    []named // from where
	Unknown  []named // that no edge names
	Picture  *drawn  // nil: nothing is reached
	Counts   []reachCount
	Holding  []holding
	Rows     []reachRow
	Harm     model.Harm
	Commands string
	All      string // the address of all of it
}

// reachCount is how many of a kind are in a set, with their list.
type reachCount struct {
	Set, Text, List string
}

// holding is a role that does not fall.
type holding struct {
	named
	Lacks string
	Also  []also
}

// also is a key with which a role might fall.
type also struct{ Text, Link string }

// follow answers a question. files are names of bytes that no release has.
func follow(e *app.Exposure, q question, r *request, files map[model.Subject]string) *reached {
	spread := exposure.NewSpread(e.Graph, exposure.Query{Sources: q.from, Harm: q.harm, From: r.now, To: r.now})
	v := &reached{q: q, names: namer{e, files}, address: *r.URL, Harm: q.harm, All: q.link()}
	v.f = fold(spread.Drawing(q.harm), v.names)
	missing := spread.NotInGraph()
	words := []string{"cordon exposure radius --harm", string(q.harm)}
	for _, s := range q.from {
		words = append(words, s.String())
		if slices.Contains(missing, s) {
			v.Unknown = append(v.Unknown, v.names.of(s))
		}
		v.Begin = append(v.Begin, v.names.of(s))
	}
	v.Commands = strings.Join(words, " ")
	open := map[string]bool{}
	for _, id := range q.open {
		open[id] = true
	}
	p := v.f.draw(open)
	if len(v.f.things) > len(q.from)-len(missing) {
		v.Picture = v.drawn(p)
	}
	v.count()
	v.hold()
	return v
}

func (v *reached) heading() string {
	switch len(v.Begin) {
	case 1:
		return "What could " + v.Begin[0].Title() + " reach?"
	case 2:
		return "What could " + v.Begin[0].Title() + " together with " + v.Begin[1].Title() + " reach?"
	}
	return "What could these " + many(len(v.Begin), "thing") + " together reach?"
}

// Lead begins the sentence that counts what is reached.
func (v *reached) Lead() string {
	one, is := "If this were", "it could reach"
	if len(v.Begin) > 1 {
		one, is = "If these were", "they could reach"
	}
	how := "harmful"
	switch family(v.Begin[0].Subject.Kind()) {
	case "signing":
		how = "in the wrong hands"
	case "unit", "area":
		how = "under somebody else's control"
	}
	return one + " " + how + ", " + is
}

// count counts what is reached by set and kind, in the order of the picture.
func (v *reached) count() {
	type key struct {
		state picture.State
		kind  model.Kind
	}
	n := map[key]int{}
	var order []key
	for i := range v.f.things {
		t := &v.f.things[i]
		k := key{t.State, t.Subject.Kind()}
		if t.State == picture.Source {
			continue
		}
		if n[k]++; n[k] == 1 {
			order = append(order, k)
		}
	}
	slices.SortStableFunc(order, func(a, b key) int {
		return cmp.Or(cmp.Compare(a.state, b.state), picture.Along(a.kind, b.kind))
	})
	for _, k := range order {
		v.Counts = append(v.Counts, reachCount{
			setWord(k.state), picture.Many(n[k], k.kind), v.q.link("kind", string(k.kind), "set", setWord(k.state)) + "#table",
		})
	}
}

// Of returns the counts of a set.
func (v *reached) Of(set string) []reachCount {
	return slices.DeleteFunc(slices.Clone(v.Counts), func(c reachCount) bool { return c.Set != set })
}

// hold says which roles hold, and with which other keys they might not.
func (v *reached) hold() {
	for i := range v.f.things {
		t := &v.f.things[i]
		if t.State != picture.Holds {
			continue
		}
		h := holding{named: t.named, Lacks: t.Lacks}
		parts := t.Subject.Parts()
		for _, k := range slices.SortedFunc(maps.Values(v.names.Keys), func(a, b app.KeyInfo) int {
			return strings.Compare(a.Key.String(), b.Key.String())
		}) {
			if k.Org == parts[0] && k.Role == parts[len(parts)-1] && !slices.Contains(v.q.from, k.Key) && len(v.q.from) < maxSources {
				q := v.q
				q.from = append(slices.Clone(q.from), k.Key)
				q.sort()
				h.Also = append(h.Also, also{v.names.of(k.Key).Title(), q.link()})
			}
		}
		v.Holding = append(v.Holding, h)
	}
}
