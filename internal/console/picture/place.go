package picture

import (
	"math"
	"strconv"
	"strings"

	"github.com/cordon-trust/cordon/internal/model"
)

// Measures in the units of the picture, which are pixels unless it is made larger or smaller.
const (
	margin   = 10
	header   = 34  // above the columns, for their headings
	boxW     = 150 // at least; a column is as wide as its texts, up to maxBoxW
	maxBoxW  = 250
	aside    = 38 // of a box: what its text leaves free
	boxH     = 46
	smallW   = 98 // likewise, up to maxSmall
	maxSmall = 150
	inset    = 14 // as aside
	smallH   = 26
	smallGap = 6
	gapX     = 104 // between columns
	gapY     = 14
	passH    = 12
	padding  = 10 // within a frame
	frameTop = 30
	maxGrid  = 4   // columns of a frame
	minInner = 110 // height below the headings
)

// Sizes of letters. Bold ones take more room than their size says.
const (
	bold   = 15
	small  = 12
	note   = 11
	stateW = 14 // of the shape before a note
)

// place gives every item its rectangle: columns from left to right, and within one each item as near to the middle of
// what leads to it as the order allows.
func (d *drawing) place() {
	height := minInner
	x := margin
	for c, row := range d.rows {
		w, h := 0, -gapY
		for _, i := range row {
			d.size(d.items[i])
			w = max(w, d.items[i].w)
			h += d.items[i].h + gapY
		}
		for _, i := range row {
			t := d.items[i]
			if t.cluster == nil || !t.cluster.framed() {
				t.w = w
			}
			t.x = x + (w-t.w)/2
		}
		d.out.Columns = append(d.out.Columns, Column{X: x, W: w, Heading: d.heading(c)})
		x += w + gapX
		height = max(height, h)
	}
	d.out.Width = max(x-gapX, margin) + margin
	d.out.Height = header + height + margin
	for _, row := range d.rows {
		d.stack(row, height)
	}
	for _, t := range d.items {
		d.show(t)
	}
}

// size gives an item its width and height.
func (d *drawing) size(t *item) {
	switch {
	case t.cluster == nil:
		t.h = passH
	case t.cluster.framed():
		n := t.cluster.boxes()
		columns := grid(n)
		t.small = smallW
		for _, node := range t.cluster.members[:t.cluster.shown] {
			t.small = max(t.small, min(Width(d.in.Nodes[node].Label, small)+inset, maxSmall))
		}
		t.w = max(boxW, columns*(t.small+smallGap)-smallGap+2*padding)
		t.h = frameTop + (n+columns-1)/columns*(smallH+smallGap) - smallGap + padding
	default:
		t.w, t.h = boxW, boxH
		if t.node >= 0 {
			n := &d.in.Nodes[t.node]
			t.w = max(boxW, min(max(Width(n.Label, bold), Width(n.Note, note)+stateW)+aside, maxBoxW))
		}
	}
}

// grid is the number of columns in which n small boxes stand in a frame.
func grid(n int) int {
	return min(maxGrid, max(1, int(math.Round(math.Sqrt(float64(n)/3)))))
}

// stack places the items of a column below each other.
func (d *drawing) stack(row []int, height int) {
	used := -gapY
	for _, i := range row {
		used += d.items[i].h + gapY
	}
	free := header + (height-used)/2 // where the column would begin if it stood in the middle
	y := header
	for _, i := range row {
		t := d.items[i]
		want, n := 0, 0
		for _, from := range d.before[i] {
			want += d.items[from].middle()
			n++
		}
		if n > 0 {
			want = want/n - t.h/2
		} else {
			want = free
		}
		t.y = max(y, want)
		y = t.y + t.h + gapY
		free += t.h + gapY
	}
	end := header + height
	for n := len(row) - 1; n >= 0; n-- {
		t := d.items[row[n]]
		t.y = min(t.y, end-t.h)
		end = t.y - gapY
	}
}

// heading names the kinds in a column; of many it says that there are.
func (d *drawing) heading(column int) string {
	const most = 3
	var kinds []model.Kind
	n := map[model.Kind]int{}
	for _, c := range d.clusters {
		if c.column != column {
			continue
		}
		if n[c.kind] == 0 {
			kinds = append(kinds, c.kind)
		}
		n[c.kind] += len(c.members)
	}
	if len(kinds) > most {
		return "Of many kinds"
	}
	var words []string
	for _, k := range kinds {
		words = append(words, Word(k, n[k]))
	}
	text := strings.Join(words, ", ")
	return strings.ToUpper(text[:1]) + text[1:]
}

// show makes the boxes and the frame of an item.
func (d *drawing) show(t *item) {
	switch c := t.cluster; {
	case c == nil:
	case c.framed():
		d.out.Frames = append(d.out.Frames, Frame{
			X: t.x, Y: t.y, W: t.w, H: t.h, Label: Many(len(c.members), c.kind), Kind: c.kind, State: c.state, Members: c.members,
			Group: c.id, Opened: c.opened,
		})
		columns := grid(c.boxes())
		left := t.x + (t.w-columns*(t.small+smallGap)+smallGap)/2
		perColumn := (c.boxes() + columns - 1) / columns
		at := func(n int) (x, y int) {
			return left + n/perColumn*(t.small+smallGap), t.y + frameTop + n%perColumn*(smallH+smallGap)
		}
		for n, node := range c.members[:c.shown] {
			x, y := at(n)
			d.box(Box{X: x, Y: y, W: t.small, H: smallH, Node: node, Small: true})
		}
		if c.rest() {
			x, y := at(c.shown)
			rest := c.members[c.shown:]
			d.group(Box{X: x, Y: y, W: t.small, H: smallH, Small: true, Members: rest, Label: strconv.Itoa(len(rest)) + " more", Rest: true}, c)
		}
	case c.closed:
		d.group(Box{X: t.x, Y: t.y, W: t.w, H: t.h, Members: c.members, Label: Many(len(c.members), c.kind)}, c)
	default:
		d.box(Box{X: t.x, Y: t.y, W: t.w, H: t.h, Node: t.node})
	}
}

// box adds the box of one node.
func (d *drawing) box(b Box) {
	n := &d.in.Nodes[b.Node]
	b.Full, b.Href, b.Kind, b.State = n.Full, n.Href, n.Kind, n.State
	if b.Small {
		b.Label = Cut(n.Label, b.W-inset, small)
	} else {
		b.Label, b.Note = Cut(n.Label, b.W-aside, bold), Cut(n.Note, b.W-aside-stateW, note)
	}
	d.out.Boxes = append(d.out.Boxes, b)
}

// group adds a box that stands for several members of a cluster.
func (d *drawing) group(b Box, c *cluster) {
	b.Node, b.Kind, b.State, b.Group, b.Full = -1, c.kind, c.state, c.id, b.Label
	d.out.Boxes = append(d.out.Boxes, b)
}
