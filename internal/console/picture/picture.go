// Package picture lays out the layered picture of what a compromise could reach: columns from left to right as it would
// spread, boxes for what it reaches, lines for how that is known. It is pure over values: numbers and
// texts go in, numbers and texts come out, and the same input gives the same picture.
//
// [Draw] makes a picture and [Cut] shortens a text to a width. A picture has at most [MaxBoxes] boxes: what is more is put
// together by kind, column and state into groups that say how many they hold, of which some can be opened. It
// leaves nothing out: every node is a box or a member of a group, and lines that lead back are counted.
package picture

import (
	"github.com/cordon-trust/cordon/internal/model"
)

// MaxBoxes is how many boxes a picture has at most, groups and what stands for the rest of a group included.
const MaxBoxes = 150

// State says in which set a node is. The states are in the order in which they stand in a column.
type State int

// The states.
const (
	Source   State = iota // it begins here
	Certain               // follows from what was stated or observed
	Possible              // rests also on what is undisclosed, denied or claimed
	Holds                 // part of what it takes is there, and not all: here it ends
)

func (s State) String() string {
	switch s {
	case Source:
		return "source"
	case Certain:
		return "certain"
	case Possible:
		return "possible"
	}
	return "holds"
}

// Node is one thing to draw.
type Node struct {
	Label string // short
	Note  string // a second short text; may be empty
	Full  string // everything, for whoever points at the box
	Href  string // the page of it; may be empty
	Kind  model.Kind
	State State
}

// Link leads from one node to another, given by their places.
type Link struct {
	From, To int
	Relation string
	Known    model.Known
	Claim    bool   // whoever says so has no say
	Control  string // declared, and cuts nothing; may be empty
}

// Input is what a picture is made of. A node that is no source has a link from a node before it.
type Input struct {
	Nodes []Node
	Links []Link
	Open  map[string]bool // groups that are to be opened, by ID
}

// Box is a rectangle with one node in it, or with a whole group.
type Box struct {
	X, Y, W, H int
	Label      string // shortened to fit
	Note       string
	Full       string
	Href       string
	Kind       model.Kind
	State      State
	Small      bool  // within a frame: the label only
	Node       int   // -1: it stands for several
	Members    []int // of a box that stands for several
	Group      string
	Rest       bool // for what has no place in an open group
}

// Frame is drawn around the members of a group that is open, or has too many members to let lines lead to each.
type Frame struct {
	X, Y, W, H int
	Label      string
	Kind       model.Kind
	State      State
	Members    []int // all of them, also those behind a rest
	Group      string
	Opened     bool // it can be closed
}

// Line leads from a box or frame to another. All links between the two that are known alike are one line.
type Line struct {
	Path, Head     string // of an SVG path: the line, and the head of its arrow
	Relation       string // of all; empty: they differ
	Known          model.Known
	Claim          bool
	Controls       []string // declared on one of them
	Control        string   // of an SVG path: the bar that stands for them
	Links          int
	From, To       string // what it joins, in words
	Label          string // empty where there is no place for it
	LabelX, LabelY int
	ends           [2]int // items
	passes         []int  // items between them
}

// Column is a step of the way, under a heading.
type Column struct {
	X, W    int
	Heading string // the kinds in it
}

// Middle is where its heading stands.
func (c Column) Middle() int { return c.X + c.W/2 }

// Picture is laid out and ready to be written as SVG. Its origin is the upper left corner.
type Picture struct {
	Width, Height int
	Columns       []Column
	Frames        []Frame
	Boxes         []Box
	Lines         []Line
	Back          int      // links that lead to the same column or back, which are not drawn
	Collapsed     int      // groups that are closed
	GroupOf       []string // of each node: the ID of what it is put together with
}

// Draw lays out a picture.
func Draw(in Input) Picture {
	d := &drawing{in: in}
	for most := maxColumns; ; most /= 2 { // in one column there are fewer groups than boxes
		if d.columns(most); d.budget() || most == 1 {
			break
		}
	}
	d.makeItems()
	d.joinItems()
	d.order()
	d.place()
	d.route()
	return d.out
}
