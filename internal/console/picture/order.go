package picture

import (
	"cmp"
	"maps"
	"slices"

	"github.com/cordon-trust/cordon/internal/model"
)

const (
	sweeps      = 6
	maxMeasured = 600 // segments up to which crossings are counted to keep the best order
)

// segment is the part of a line between two neighbouring columns.
type segment struct{ from, to int } // items

// order lets lines pass through the columns between their ends, and then changes the order within columns so that
// they cross little: each item goes to the middle of its neighbours on the one side, and then on the other.
func (d *drawing) order() {
	type lane struct { // lines to the same end pass together
		column, to int
		known      model.Known
		claim      bool
	}
	lanes, segments := map[lane]int{}, map[segment]bool{}
	for i := range d.out.Lines {
		l := &d.out.Lines[i]
		last := l.ends[0]
		for c := d.items[last].column + 1; c < d.items[l.ends[1]].column; c++ {
			k := lane{c, l.ends[1], l.Known, l.Claim}
			pass, ok := lanes[k]
			if !ok {
				pass = len(d.items)
				lanes[k] = pass
				d.items = append(d.items, &item{column: c, node: -1})
				d.rows[c] = append(d.rows[c], pass)
			}
			l.passes = append(l.passes, pass)
			segments[segment{last, pass}] = true
			last = pass
		}
		segments[segment{last, l.ends[1]}] = true
	}
	d.sweep(slices.SortedFunc(maps.Keys(segments), func(a, b segment) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	}))
}

// sweep goes to and fro over the columns and keeps the order with the fewest crossings.
func (d *drawing) sweep(segments []segment) {
	before, behind := make([][]int, len(d.items)), make([][]int, len(d.items))
	for _, s := range segments {
		before[s.to] = append(before[s.to], s.from)
		behind[s.from] = append(behind[s.from], s.to)
	}
	place := make([]float64, len(d.items))
	note := func(c int) {
		for y, i := range d.rows[c] {
			place[i] = (float64(y) + 0.5) / float64(len(d.rows[c]))
		}
	}
	for c := range d.rows {
		note(c)
	}
	d.before = before
	best, fewest := d.clone(), d.crossings(segments, place)
	for sweep := range sweeps {
		for n := range d.rows {
			c, beside := n, before
			if sweep%2 == 1 {
				c, beside = len(d.rows)-1-n, behind
			}
			d.toMiddle(c, beside, place)
			note(c)
		}
		if n := d.crossings(segments, place); n < fewest || len(segments) > maxMeasured {
			best, fewest = d.clone(), n
		}
	}
	d.rows = best
}

func (d *drawing) clone() [][]int {
	out := make([][]int, len(d.rows))
	for c := range d.rows {
		out[c] = slices.Clone(d.rows[c])
	}
	return out
}

// toMiddle sorts a column by the mean place of what each item is joined to. What is joined to nothing keeps its own.
func (d *drawing) toMiddle(c int, beside [][]int, place []float64) {
	want := map[int]float64{}
	for _, i := range d.rows[c] {
		want[i] = place[i]
		if len(beside[i]) > 0 {
			sum := 0.0
			for _, j := range beside[i] {
				sum += place[j]
			}
			want[i] = sum / float64(len(beside[i]))
		}
	}
	slices.SortStableFunc(d.rows[c], func(a, b int) int {
		return cmp.Or(cmp.Compare(want[a], want[b]), cmp.Compare(a, b))
	})
}

// crossings counts the pairs of segments between the same columns that cross.
func (d *drawing) crossings(segments []segment, place []float64) int {
	if len(segments) > maxMeasured {
		return 0
	}
	n := 0
	for i, a := range segments {
		for _, b := range segments[:i] {
			if d.items[a.from].column == d.items[b.from].column && (place[a.from]-place[b.from])*(place[a.to]-place[b.to]) < 0 {
				n++
			}
		}
	}
	return n
}
