package console

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/model"
)

// timeline is the picture of one product: when its releases were signed and taken back, and on which days transfers
// were compared with them. The server draws it, in units of its own; the table below it has the same facts.
type timeline struct {
	ID       int // on its page
	Product  string
	List     string // of its releases
	Width    int
	Height   int
	Rows     []row
	Ticks    []tick
	Events   []event // the table
	Said     []count // transfers by verdict, in the time that is shown
	From, To string  // days
	Step     int     // days that one mark stands for
	Releases int     // in the picture
	Older    string  // address of older ones; empty: there are none
	OlderN   int
	Newer    string
	Gap      int // where days without anything are left out; 0: nowhere
	LeftOut  int // how many
	whole    bool
}

// row is one line of the picture: a release, or what was seen of it with one verdict.
type row struct {
	Top, Base int // of what is drawn, and the foot of its text
	Label     string
	Link      string // of the release; empty: the row is about a verdict
	State     string // of the release
	Verdict   model.Verdict
	Bar       *bar
	Withdrawn int // where it ends because it was taken back; 0: not in the picture
	Signed    int // likewise where it begins
	Marks     []mark
}

// bar is how long a release stood.
type bar struct{ X, Y, W int }

// mark counts the transfers of a few days.
type mark struct {
	first      time.Time
	X, N       int
	Verdict    model.Verdict
	List, Days string
}

type tick struct {
	X          int
	Day        string
	Start, End bool // its text begins or ends there
}

// event is a line of the table.
type event struct {
	Release string
	Link    string    // of the release
	When    string    // a day, or several; empty: At
	At      time.Time // by which they are sorted
	Word    string    // what happened
	N       int       // transfers; 0: it is none
	List    string
}

// Units of the picture, and its bounds: at most 150 marks, or nobody could read it.
const (
	labelWidth  = 222
	plotWidth   = 720
	rightEdge   = 30
	rowHeight   = 30
	topHeight   = 34
	maxLanes    = 8 // releases
	maxMarks    = 150
	mostSteps   = 24 // columns
	mostTicks   = 6
	maxPictures = 6
)

const day = 24 * time.Hour

// lane is one release with what was seen of it.
type lane struct {
	subject model.Subject
	info    *app.ReleaseInfo // nil: it is vouched for, and nobody signed it
	use     []app.ReleaseUse
}

func (l *lane) version() string { return l.subject.Parts()[2] }

// page is where more is said of the release.
func (l *lane) page() string {
	if l.info == nil {
		return evidenceOf(l.subject)
	}
	return releasePage(l.subject)
}

// when orders lanes: by the signing, or by the first day on which it was seen.
func (l *lane) when() time.Time {
	if l.info != nil {
		return l.info.Issued
	}
	return dayOf(l.use[0].Day)
}

func dayOf(text string) time.Time {
	t, _ := time.Parse(time.DateOnly, text) // as app.Day wrote it
	return t
}

// lanesOf are the releases of a product, the latest first.
func lanesOf(releases []app.ReleaseInfo, use []app.ReleaseUse) []lane {
	var out []lane
	at := map[model.Subject]int{}
	for i := range releases {
		if _, twice := at[releases[i].Release]; !twice {
			at[releases[i].Release] = len(out)
			out = append(out, lane{subject: releases[i].Release, info: &releases[i]})
		}
	}
	for _, u := range use {
		i, ok := at[u.Release]
		if !ok {
			i = len(out)
			at[u.Release] = i
			out = append(out, lane{subject: u.Release})
		}
		out[i].use = append(out[i].use, u)
	}
	slices.SortStableFunc(out, func(x, y lane) int { return y.when().Compare(x.when()) })
	return out
}

// drawing is what a picture is made of.
type drawing struct {
	product  model.Subject
	releases []app.ReleaseInfo
	use      []app.ReleaseUse // what was seen of them, and of what is only vouched for
	whole    bool             // these are all releases of the product
	skip     int              // the picture begins behind so many of them
	days     int              // that it shows, until now; 0: as far as it goes
	now      time.Time
	at       *url.URL // its page, for the addresses of other pictures
}

func (d *drawing) timeline() timeline {
	lanes := lanesOf(d.releases, d.use)
	t := timeline{
		whole: d.whole, Product: d.product.Value(), List: link("/releases", url.Values{"product": {d.product.Value()}}),
		Width: labelWidth + plotWidth + rightEdge,
	}
	skip := min(d.skip, max(0, len(lanes)-1))
	if rest := len(lanes) - skip - maxLanes; rest > 0 {
		t.Older, t.OlderN = atOlder(d.at, d.product, skip+maxLanes), rest
	}
	if skip > 0 {
		t.Newer = atOlder(d.at, d.product, max(0, skip-maxLanes))
	}
	lanes = lanes[skip:min(skip+maxLanes, len(lanes))]
	t.Releases = len(lanes)
	s := axisFor(lanes, d.days, d.now)
	var cells [][]cell
	for {
		cells = cells[:0]
		n := 0
		for i := range lanes {
			c := lanes[i].cells(&s)
			cells = append(cells, c)
			n += len(c)
		}
		if n <= maxMarks || s.step >= s.days() {
			break
		}
		s.widen(s.step + 1)
	}
	t.Step, t.From, t.To, t.LeftOut, t.Gap = s.step, app.Day(s.first()), app.Day(s.last()), s.left, s.gap()
	for i := range lanes {
		first := len(t.Events)
		t.add(&lanes[i], cells[i], &s, d.now)
		slices.SortStableFunc(t.Events[first:], func(x, y event) int { return x.At.Compare(y.At) })
	}
	t.Height = topHeight + len(t.Rows)*rowHeight
	t.Ticks = s.ticks()
	t.sum(lanes, cells)
	return t
}

// atOlder is the page with the picture of one product that begins behind so many releases.
func atOlder(at *url.URL, product model.Subject, skip int) string {
	q := at.Query()
	q.Set("product", product.Value())
	q.Del("older")
	if skip > 0 {
		q.Set("older", strconv.Itoa(skip))
	}
	return atPage(&url.URL{Path: "/releases", RawQuery: q.Encode()}, 1)
}

// axisFor has all that happened to the releases, until now; of a part of it, only the last days.
func axisFor(lanes []lane, days int, now time.Time) axis {
	times := []time.Time{now}
	for i := range lanes {
		l := &lanes[i]
		times = append(times, l.when())
		if l.info != nil && l.info.Withdrawn != nil {
			times = append(times, l.info.Withdrawn.Issued)
		}
		for _, u := range l.use {
			times = append(times, dayOf(u.Day))
		}
	}
	if days > 0 {
		first := now.UTC().Truncate(day).Add(-time.Duration(days-1) * day)
		times = slices.DeleteFunc(times, func(t time.Time) bool { return t.Before(first) })
		return axisOf(append(times, first))
	}
	return axisOf(times)
}

// cell counts the transfers of one release with one verdict in one column.
type cell struct {
	verdict model.Verdict
	column  int
	n       int
}

func (l *lane) cells(s *axis) []cell {
	var out []cell
	for _, u := range l.use {
		col, shown := s.column(dayOf(u.Day))
		if !shown {
			continue
		}
		i := slices.IndexFunc(out, func(c cell) bool { return c.verdict == u.Verdict && c.column == col })
		if i < 0 {
			i = len(out)
			out = append(out, cell{verdict: u.Verdict, column: col})
		}
		out[i].n += u.Transfers
	}
	slices.SortFunc(out, func(x, y cell) int {
		return cmp.Or(verdictOrder(x.verdict)-verdictOrder(y.verdict), x.column-y.column)
	})
	return out
}

func verdictOrder(v model.Verdict) int {
	i := slices.Index(verdicts(), string(v))
	if i < 0 {
		return len(verdicts())
	}
	return i
}

// add draws a release and what was seen of it, and writes it down.
func (t *timeline) add(l *lane, cells []cell, s *axis, now time.Time) {
	r := t.row()
	r.Label, r.Link, r.State = cut(l.version()), l.page(), string(model.Vouched)
	end := now
	if i := l.info; i != nil {
		r.State = i.State
		t.Events = append(t.Events, event{Release: l.version(), Link: r.Link, At: i.Issued, Word: "signed"})
		if s.shows(i.Issued) {
			r.Signed = s.x(i.Issued)
		}
		if w := i.Withdrawn; w != nil {
			end = w.Issued
			word := string(model.Withdrawn)
			if i.State == string(model.Held) {
				word = i.State
			}
			if s.shows(end) {
				r.Withdrawn = s.x(end)
				if r.Signed > 0 {
					r.Withdrawn = max(r.Withdrawn, r.Signed+15) // of one day both can be seen
				}
			}
			t.Events = append(t.Events, event{Release: l.version(), Link: r.Link, At: end, Word: word})
		}
		from := s.x(i.Issued)
		r.Bar = &bar{from, r.Top + 9, max(2, s.x(end)-from)}
	} else {
		t.Events = append(t.Events, event{Release: l.version(), Link: r.Link, Word: string(model.Vouched), When: "by this house"})
	}
	t.Rows = append(t.Rows, r)
	for n := 0; n < len(cells); {
		v := t.row()
		v.Verdict = cells[n].verdict
		for ; n < len(cells) && cells[n].verdict == v.Verdict; n++ {
			m := s.mark(l.subject, cells[n])
			v.Marks = append(v.Marks, m)
			t.Events = append(t.Events, event{
				Release: l.version(), Link: r.Link, When: m.Days, At: m.first,
				Word: string(m.Verdict), N: m.N, List: m.List,
			})
		}
		t.Rows = append(t.Rows, v)
	}
}

func (t *timeline) row() row {
	top := topHeight + len(t.Rows)*rowHeight
	return row{Top: top + 3, Base: top + 20}
}

func (s *axis) mark(release model.Subject, c cell) mark {
	first, last := s.bounds(c.column)
	middle := first.Add(last.Add(day).Sub(first) / 2)
	days := app.Day(first)
	if last.After(first) {
		days += " to " + app.Day(last)
	}
	return mark{first: first, X: s.x(middle), N: c.n, Verdict: c.verdict, Days: days, List: link("/transfers", url.Values{
		"release": {release.String()}, "verdict": {string(c.verdict)}, "from": {app.Day(first)}, "to": {app.Day(last)},
	})}
}

// sum counts what the picture shows by verdict. A picture of some releases of several has no list that has just these.
func (t *timeline) sum(lanes []lane, cells [][]cell) {
	by := map[model.Verdict]int{}
	for _, list := range cells {
		for _, c := range list {
			by[c.verdict] += c.n
		}
	}
	of := url.Values{"from": {t.From}, "to": {t.To}}
	switch {
	case len(lanes) == 1:
		of.Set("release", lanes[0].subject.String())
	case t.whole && t.Older == "" && t.Newer == "":
		of.Set("product", "product:"+t.Product)
	default:
		of = nil
	}
	for _, v := range verdicts() {
		n := by[model.Verdict(v)]
		if n == 0 {
			continue
		}
		c := count{Word: v, N: n}
		if of != nil {
			of.Set("verdict", v)
			c.List = link("/transfers", of)
		}
		t.Said = append(t.Said, c)
	}
}

// cut shortens a version for the picture; the table has it whole.
func cut(s string) string {
	const most = 13
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// releasePage is the address of the page of a release.
func releasePage(s model.Subject) string { return "/releases/" + s.Value() }

// Left is where what can be pressed begins.
func (m mark) Left() int { return m.X - 15 }

// Short reports whether the table is short enough to be seen at once.
func (t timeline) Short() bool { return len(t.Events) <= 12 }

// Sentence says what the picture shows.
func (t timeline) Sentence() string {
	step := "a day"
	if t.Step > 1 {
		step = fmt.Sprintf("%d days", t.Step)
	}
	when := "from " + t.From + " to " + t.To
	if t.From == t.To {
		when = "on " + t.From
	}
	text := fmt.Sprintf("%s of %s %s: each bar is how long one stands since it was signed, each number how many transfers were compared with it in %s.",
		many(t.Releases, "release"), t.Product, when, step)
	if t.LeftOut > 0 {
		text += fmt.Sprintf(" %s between, on which nothing happened, are left out.", many(t.LeftOut, "day"))
	}
	return text
}
