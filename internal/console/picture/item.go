package picture

import (
	"cmp"
	"slices"

	"github.com/cordon-trust/cordon/internal/model"
)

// frameFrom is the number of boxes of a cluster from which on lines lead to all of them and not to each.
const frameFrom = 7

// item is what takes a place in a column and is joined by lines: a box, a frame, or the place where a line passes.
type item struct {
	column     int
	cluster    *cluster // nil: a line passes
	node       int      // -1: it is the whole cluster
	x, y, w, h int
	small      int // of a frame: the width of the boxes in it
}

func (t *item) middle() int { return t.y + t.h/2 }

// makeItems makes the items of each column, in the order of clusters and labels.
func (d *drawing) makeItems() {
	columns := 0
	for _, c := range d.clusters {
		columns = max(columns, c.column+1)
	}
	d.rows = make([][]int, columns)
	add := func(t *item) {
		d.rows[t.column] = append(d.rows[t.column], len(d.items))
		d.items = append(d.items, t)
	}
	for _, c := range d.clusters {
		if c.whole() {
			add(&item{column: c.column, cluster: c, node: -1})
			continue
		}
		for _, n := range c.members {
			add(&item{column: c.column, cluster: c, node: n})
		}
	}
}

// whole reports whether the cluster is one item: a group that is closed, or a frame.
func (c *cluster) whole() bool { return c.closed || c.framed() }

func (c *cluster) framed() bool { return !c.closed && (c.opened || c.boxes() >= frameFrom) }

// joinItems makes the lines: all links from one item to another that are known alike are one.
func (d *drawing) joinItems() {
	at := make([]int, len(d.in.Nodes)) // node to item
	for i, t := range d.items {
		if t.node >= 0 {
			at[t.node] = i
			continue
		}
		for _, n := range t.cluster.members {
			at[n] = i
		}
	}
	type key struct {
		from, to int
		known    model.Known
		claim    bool
	}
	lines := map[key]int{}
	for _, l := range d.in.Links {
		from, to := at[l.From], at[l.To]
		if d.items[from].column >= d.items[to].column {
			d.out.Back++
			continue
		}
		k := key{from, to, l.Known, l.Claim}
		i, ok := lines[k]
		if !ok {
			i = len(d.out.Lines)
			lines[k] = i
			d.out.Lines = append(d.out.Lines, Line{
				Known: l.Known, Claim: l.Claim, Relation: l.Relation, ends: [2]int{from, to}, From: d.name(from), To: d.name(to),
			})
		}
		line := &d.out.Lines[i]
		line.Links++
		if line.Relation != l.Relation {
			line.Relation = ""
		}
		if l.Control != "" && !slices.Contains(line.Controls, l.Control) {
			line.Controls = append(line.Controls, l.Control)
		}
	}
	slices.SortStableFunc(d.out.Lines, func(a, b Line) int {
		return cmp.Or(slices.Compare(a.ends[:], b.ends[:]), cmp.Compare(rankOf(a.Known), rankOf(b.Known)))
	})
	for i := range d.out.Lines {
		slices.Sort(d.out.Lines[i].Controls)
	}
}

func rankOf(k model.Known) int { return slices.Index(model.Knowns[:], k) }

// name says what an item is in words.
func (d *drawing) name(i int) string {
	if t := d.items[i]; t.node >= 0 {
		return d.in.Nodes[t.node].Label
	}
	return Many(len(d.items[i].cluster.members), d.items[i].cluster.kind)
}
