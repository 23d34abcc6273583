package picture

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/cordon-trust/cordon/internal/model"
)

// maxColumns bounds the picture also where a path is long.
const maxColumns = 16

// A group that somebody opens shows at most openFull of its members. It shows as few as openLeast so that small groups
// need not be closed, and fewer only when everything else is closed.
const (
	openFull  = 96
	openLeast = 12
)

// stages are the kinds in the order of a compromise. What is reached in as many steps stands in one column when it is of
// one stage.
var stages = [...][]model.Kind{
	{model.KindPerson, model.KindOrg, model.KindSystem, model.KindStation, model.KindAdvisory, model.KindStatement, model.KindKey},
	{model.KindGate},
	{
		model.KindComponent, model.KindDataset, model.KindModel, model.KindService, model.KindArtifact, model.KindRelease,
		model.KindProduct, model.KindLot,
	},
	{model.KindDevice},
	{model.KindZone, model.KindSite},
}

func stageOf(k model.Kind) int {
	return slices.IndexFunc(stages[:], func(of []model.Kind) bool { return slices.Contains(of, k) })
}

// Along compares kinds in the order of a compromise.
func Along(a, b model.Kind) int {
	i, j := stageOf(a), stageOf(b)
	if i != j || i < 0 {
		return cmp.Compare(i, j)
	}
	return cmp.Compare(slices.Index(stages[i], a), slices.Index(stages[i], b))
}

// drawing is a picture while it is made. It belongs to one goroutine.
type drawing struct {
	in       Input
	columnOf []int      // of each node
	clusters []*cluster // sorted by column, kind and state
	items    []*item
	rows     [][]int // the items of each column from above
	before   [][]int // the items from which lines come straight to each item
	out      Picture
}

// cluster is what stands together: the nodes of one column, kind and state.
type cluster struct {
	id      string
	column  int
	kind    model.Kind
	state   State
	members []int // nodes, sorted by label
	shown   int   // members with a box of their own
	closed  bool  // one box for all
	opened  bool  // because somebody asked
}

// rest reports whether the cluster has a box for members that are not shown.
func (c *cluster) rest() bool { return !c.closed && c.shown < len(c.members) }

func (c *cluster) boxes() int {
	switch {
	case c.closed:
		return 1
	case c.rest():
		return c.shown + 1
	}
	return c.shown
}

// columns puts every node into one of at most so many columns, and what is alike into clusters.
func (d *drawing) columns(most int) {
	type place struct{ steps, stage int }
	d.clusters = nil
	places := make([]place, len(d.in.Nodes))
	steps := d.distances()
	for i := range d.in.Nodes {
		places[i] = place{steps[i], stageOf(d.in.Nodes[i].Kind)}
	}
	byPlace := func(a, b place) int { return cmp.Or(cmp.Compare(a.steps, b.steps), cmp.Compare(a.stage, b.stage)) }
	all := slices.Clone(places)
	slices.SortFunc(all, byPlace)
	all = slices.Compact(all)
	d.columnOf = make([]int, len(places))
	byID := map[string]*cluster{}
	for i, p := range places {
		at, _ := slices.BinarySearchFunc(all, p, byPlace)
		d.columnOf[i] = min(at, most-1)
		n := &d.in.Nodes[i]
		id := fmt.Sprintf("%d-%s-%s", d.columnOf[i], n.Kind, n.State)
		c := byID[id]
		if c == nil {
			c = &cluster{id: id, column: d.columnOf[i], kind: n.Kind, state: n.State}
			byID[id] = c
			d.clusters = append(d.clusters, c)
		}
		c.members = append(c.members, i)
	}
	slices.SortFunc(d.clusters, func(a, b *cluster) int {
		return cmp.Or(cmp.Compare(a.column, b.column), cmp.Compare(a.state, b.state), cmp.Compare(a.kind, b.kind))
	})
	d.out.GroupOf = make([]string, len(d.in.Nodes))
	for _, c := range d.clusters {
		for _, n := range c.members {
			d.out.GroupOf[n] = c.id
		}
		slices.SortStableFunc(c.members, func(a, b int) int {
			return cmp.Or(naturally(d.in.Nodes[a].Label, d.in.Nodes[b].Label), cmp.Compare(d.in.Nodes[a].Full, d.in.Nodes[b].Full))
		})
	}
}

// distances returns the number of steps from the nearest source to each node. Links from a later node lead back.
func (d *drawing) distances() []int {
	out := make([]int, len(d.in.Nodes))
	into := make([][]int, len(d.in.Nodes))
	for _, l := range d.in.Links {
		if l.From < l.To {
			into[l.To] = append(into[l.To], l.From)
		}
	}
	for i := range out {
		if d.in.Nodes[i].State == Source {
			continue
		}
		best := -1
		for _, from := range into[i] {
			if best < 0 || out[from] < best {
				best = out[from]
			}
		}
		out[i] = max(best, 0) + 1
	}
	return out
}

// budget closes groups, the largest first, until the boxes are few enough. Of groups that were asked for it shows as
// much as there is room for. It reports whether they are few enough.
func (d *drawing) budget() bool {
	total := 0
	d.out.Collapsed = 0
	for _, c := range d.clusters {
		c.shown = len(c.members)
		if c.opened = d.in.Open[c.id] && len(c.members) > 1; c.opened && c.shown > openFull {
			c.shown = openFull
		}
		total += c.boxes()
	}
	bySize := slices.Clone(d.clusters)
	slices.SortStableFunc(bySize, func(a, b *cluster) int { return cmp.Compare(len(b.members), len(a.members)) })
	closeWhere := func(opened bool, larger int) {
		for _, c := range bySize {
			if total > MaxBoxes && c.opened == opened && c.boxes() > max(1, larger) {
				total -= c.boxes() - 1
				c.closed, c.opened = true, false
			}
		}
	}
	cut := func(least int) {
		for _, c := range bySize {
			if over := total - MaxBoxes; over > 0 && c.opened && c.shown > least {
				was := c.boxes()
				c.shown = max(least, len(c.members)-over-1) // one box for the rest
				total -= was - c.boxes()
			}
		}
	}
	closeWhere(false, frameFrom)
	cut(openLeast)
	closeWhere(false, 1)
	cut(1)
	closeWhere(true, 1)
	for _, c := range d.clusters {
		if c.closed {
			d.out.Collapsed++
		}
	}
	return total <= MaxBoxes
}
