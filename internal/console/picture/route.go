package picture

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const (
	portGap   = 18 // between the ends of two lines at one box
	labelGap  = 13 // below which there is no place for words beside them
	arrowLong = 8
)

// route draws the lines: each begins at the right of one item and ends at the left of another, with ends that are apart.
func (d *drawing) route() {
	starts := d.ports(func(l *Line) (int, int) { return l.ends[0], d.second(l) })
	ends := d.ports(func(l *Line) (int, int) { return l.ends[1], d.lastBut(l) })
	for i := range d.out.Lines {
		l := &d.out.Lines[i]
		from, to := d.items[l.ends[0]], d.items[l.ends[1]]
		var path strings.Builder
		x, y := from.x+from.w, starts[i].y
		fmt.Fprintf(&path, "M%d %d", x, y)
		curve := func(toX, toY int) {
			half := (toX - x) / 2
			fmt.Fprintf(&path, "C%d %d %d %d %d %d", x+half, y, toX-half, toY, toX, toY)
			x, y = toX, toY
		}
		for _, p := range l.passes {
			t := d.items[p]
			curve(t.x, t.middle())
			x = t.x + t.w
			fmt.Fprintf(&path, "H%d", x)
		}
		curve(to.x-arrowLong, ends[i].y)
		l.Path = path.String()
		l.Head = fmt.Sprintf("M%d %dl-%d -4v8z", to.x, ends[i].y, arrowLong)
		l.Control = fmt.Sprintf("M%d %dv16m5 0v-16", to.x-arrowLong-14, ends[i].y-8)
		d.label(l, ends[i])
	}
}

// label puts words beside a line, before its arrow, where there is place.
func (d *drawing) label(l *Line, end port) {
	text := l.Relation
	if l.Links > 1 {
		text = strings.TrimSpace(text + " \u00d7" + strconv.Itoa(l.Links))
	}
	if text = Cut(text, gapX-arrowLong-4, note); text == "" || end.apart < labelGap {
		return
	}
	l.Label, l.LabelX, l.LabelY = text, d.items[l.ends[1]].x-arrowLong-2, end.y-5
}

// port is where a line meets an item, and how far the next one is.
type port struct{ y, apart int }

// second is the item that a line comes to first; lastBut the one from which it comes to its end.
func (d *drawing) second(l *Line) int {
	if len(l.passes) > 0 {
		return l.passes[0]
	}
	return l.ends[1]
}

func (d *drawing) lastBut(l *Line) int {
	if n := len(l.passes); n > 0 {
		return l.passes[n-1]
	}
	return l.ends[0]
}

// ports spreads the lines along the side of each item, in the order of what they lead to. of returns the item of a
// line, and the one on its other side.
func (d *drawing) ports(of func(*Line) (at, beyond int)) []port {
	byItem := map[int][]int{}
	for i := range d.out.Lines {
		at, _ := of(&d.out.Lines[i])
		byItem[at] = append(byItem[at], i)
	}
	out := make([]port, len(d.out.Lines))
	for at, lines := range byItem {
		slices.SortStableFunc(lines, func(a, b int) int {
			_, x := of(&d.out.Lines[a])
			_, y := of(&d.out.Lines[b])
			return cmp.Compare(d.items[x].middle(), d.items[y].middle())
		})
		t := d.items[at]
		apart := min(portGap, t.h/(len(lines)+1))
		for n, i := range lines {
			out[i] = port{t.middle() + (2*n-len(lines)+1)*apart/2, apart}
		}
	}
	return out
}
