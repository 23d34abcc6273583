package console

import (
	"slices"
	"time"

	"github.com/cordon-trust/cordon/internal/app"
)

// axis is the time that a picture shows, in whole days of UTC, and how many days one mark stands for. A long time in
// which nothing happened is left out: else a release that was signed years ago would press all else together.
type axis struct {
	parts []part // one, or two with what is left out between them
	step  int    // days
	left  int    // days that are left out
}

// part is a time that is shown as it passed.
type part struct {
	from    time.Time
	days    int
	x, w    int
	columns int
}

const (
	breakWidth = 60
	leastPart  = 110 // units, so that its first day can be read
	leastBreak = 28  // days
	tickWidth  = 84
)

// axisOf is the axis on which all of these days are: from the first to the last.
func axisOf(days []time.Time) axis {
	days = slices.Clone(days)
	for i := range days {
		days[i] = days[i].UTC().Truncate(day)
	}
	slices.SortFunc(days, time.Time.Compare)
	first, last := days[0], days[len(days)-1]
	a := axis{}
	at, most := 0, 0
	for i := 1; i < len(days); i++ {
		if d := daysBetween(days[i-1], days[i]); d > most {
			at, most = i, d
		}
	}
	if all := daysBetween(first, last); most > leastBreak && 2*most > all {
		a.left = most - 1
		a.parts = []part{{from: first, days: daysBetween(first, days[at-1]) + 1}, {from: days[at], days: daysBetween(days[at], last) + 1}}
	} else {
		a.parts = []part{{from: first, days: all + 1}}
	}
	a.widen((a.days() + mostSteps - 1) / mostSteps)
	return a
}

func daysBetween(x, y time.Time) int { return int(y.Sub(x) / day) }

// days are those that are shown.
func (a *axis) days() int {
	n := 0
	for _, p := range a.parts {
		n += p.days
	}
	return n
}

// widen lets one mark stand for so many days at least. Weeks are read more easily than nine days.
func (a *axis) widen(step int) {
	a.step = step
	for _, n := range [...]int{1, 2, 7, 14, 28, 91, 182, 364} {
		if n >= step {
			a.step = n
			break
		}
	}
	all, wide := a.days(), plotWidth
	if len(a.parts) > 1 {
		wide -= breakWidth
	}
	x := labelWidth
	for i := range a.parts {
		p := &a.parts[i]
		p.columns = (p.days + a.step - 1) / a.step
		p.x, p.w = x, wide
		if len(a.parts) > 1 {
			p.w = min(max(wide*p.days/all, leastPart), wide-leastPart)
		}
		x += p.w + breakWidth
	}
}

// x is where a time is drawn.
func (a *axis) x(t time.Time) int {
	p := &a.parts[0]
	for i := range a.parts {
		if !t.Before(a.parts[i].from) {
			p = &a.parts[i]
		}
	}
	all := int64(p.days) * int64(day/time.Second)
	at := min(max(int64(t.Sub(p.from)/time.Second), 0), all)
	return p.x + int(at*int64(p.w)/all)
}

// column is the number of the mark that a day belongs to, and whether the picture shows the day.
func (a *axis) column(t time.Time) (int, bool) {
	before := 0
	for _, p := range a.parts {
		if n := int(t.Sub(p.from) / day); !t.Before(p.from) && n < p.days {
			return before + n/a.step, true
		}
		before += p.columns
	}
	return 0, false
}

// bounds are the first and the last day of a column.
func (a *axis) bounds(column int) (first, last time.Time) {
	for _, p := range a.parts {
		if column >= p.columns {
			column -= p.columns
			continue
		}
		first = p.from.Add(time.Duration(column*a.step) * day)
		return first, p.from.Add(time.Duration(min((column+1)*a.step, p.days)-1) * day)
	}
	return first, last
}

// shows reports whether a time is in the picture.
func (a *axis) shows(t time.Time) bool {
	_, ok := a.column(t.UTC().Truncate(day))
	return ok
}

func (a *axis) first() time.Time { return a.parts[0].from }

func (a *axis) last() time.Time {
	p := a.parts[len(a.parts)-1]
	return p.from.Add(time.Duration(p.days-1) * day)
}

// ticks are a few days along the top, so far from each other that they can be read.
func (a *axis) ticks() []tick {
	var out []tick
	free := 0
	end := labelWidth + plotWidth
	for i, p := range a.parts {
		final := i == len(a.parts)-1
		stop := p.x + p.w - tickWidth/2 // what is left out is said behind it
		if final {
			stop = end - tickWidth*3/2 // the last day stands there
		}
		for c := 0; c < p.columns; c++ {
			first := p.from.Add(time.Duration(c*a.step) * day)
			x := a.x(first)
			if c > 0 && (x < free || x > stop) {
				continue
			}
			out = append(out, tick{X: x, Day: app.Day(first), Start: i > 0 && c == 0})
			free = x + max(tickWidth, plotWidth/mostTicks)
		}
	}
	if last := a.last(); app.Day(last) != out[len(out)-1].Day && out[len(out)-1].X < end-tickWidth {
		out = append(out, tick{X: end, Day: app.Day(last), End: true})
	}
	return out
}

// gap is where something is left out; 0: nowhere.
func (a *axis) gap() int {
	if len(a.parts) < 2 {
		return 0
	}
	return a.parts[0].x + a.parts[0].w + breakWidth/2
}
