package console

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cordon-trust/cordon/internal/console/picture"
	"github.com/cordon-trust/cordon/internal/model"
)

// drawn is a picture with the addresses that it leads to, and what it says in words.
type drawn struct {
	picture.Picture
	Title, Text string
	Boxes       []drawnBox
	Frames      []drawnFrame
	Lines       []drawnLine
	Kinds       []model.Kind // that are in it
	States      []string     // likewise
	Known       []string     // likewise, how lines are known
	Controls    bool         // a control is declared on a line
}

type drawnBox struct {
	picture.Box
	Family string // of its kind
	To     string // its address, or of a group: that which opens it
	List   string // of a group: its members
	Glyph  string
	Set    string
}

type drawnFrame struct {
	picture.Frame
	Family, Set string
	List        string // of its members
	Close       string // empty: it cannot be closed
}

type drawnLine struct {
	picture.Line
	Class string
	Full  string
}

// drawn adds the addresses to a picture.
func (v *reached) drawn(p picture.Picture) *drawn {
	d := &drawn{Picture: p, Title: v.heading(), Text: v.sentence(&p)}
	for _, b := range p.Boxes {
		x := drawnBox{Box: b, Family: family(b.Kind), To: b.Href, Glyph: glyph(b.Kind), Set: setWord(b.State)}
		if b.Node < 0 {
			x.To, x.List = v.at(toggled(v.q.open, b.Group, true)), v.q.link("group", b.Group)+"#table"
			if b.Rest {
				x.To = x.List
			}
		}
		d.Boxes = append(d.Boxes, x)
		addOnce(&d.Kinds, b.Kind)
		addOnce(&d.States, x.Set)
	}
	for _, f := range p.Frames {
		x := drawnFrame{Frame: f, Family: family(f.Kind), Set: setWord(f.State), List: v.q.link("group", f.Group) + "#table"}
		if f.Opened {
			x.Close = v.at(toggled(v.q.open, f.Group, false))
		}
		d.Frames = append(d.Frames, x)
	}
	for _, l := range p.Lines {
		x := drawnLine{Line: l, Class: string(l.Known), Full: lineText(&l)}
		if l.Claim {
			x.Class = "claim"
		}
		d.Controls = d.Controls || len(l.Controls) > 0
		addOnce(&d.Known, x.Class)
		d.Lines = append(d.Lines, x)
	}
	order := []string{"observed", "asserted", "undisclosed", "denied", "claim"}
	slices.SortFunc(d.Known, func(a, b string) int { return slices.Index(order, a) - slices.Index(order, b) })
	states := []string{"start", "certain", "possible", "holds"}
	slices.SortFunc(d.States, func(a, b string) int { return slices.Index(states, a) - slices.Index(states, b) })
	return d
}

func addOnce[T comparable](list *[]T, x T) {
	if !slices.Contains(*list, x) {
		*list = append(*list, x)
	}
}

// toggled are the groups that are open when one more is opened or closed.
func toggled(open []string, group string, on bool) string {
	out := slices.DeleteFunc(slices.Clone(open), func(id string) bool { return id == group })
	if on {
		out = append(out, group)
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), ",")
}

// at is the address of this page with other groups open.
func (v *reached) at(open string) string {
	q := v.address.Query()
	q.Del("page")
	if q.Del("open"); open != "" {
		q.Set("open", open)
	}
	return link(v.address.Path, q) + "#picture"
}

// sentence says what a picture shows.
func (v *reached) sentence(p *picture.Picture) string {
	var begin []string
	for _, b := range v.Begin {
		begin = append(begin, b.Title())
	}
	if len(begin) > 3 {
		begin = append(begin[:3], fmt.Sprintf("and %d more", len(begin)-3))
	}
	text := "From left to right, step by step: what could be reached from " + strings.Join(begin, "; ") + "."
	if p.Collapsed > 0 {
		text += " So that it can be read, what is alike is put together; a group opens where it stands."
	}
	if p.Back > 0 {
		text += " " + backText(p.Back)
	}
	return text
}

// backText says why there are fewer arrows than connections.
func backText(n int) string {
	if n == 1 {
		return "One more connection leads to nothing new, only to what is in the picture already, and has no arrow."
	}
	return fmt.Sprintf("%d more connections lead to nothing new, only to what is in the picture already, and have no arrows.", n)
}

func lineText(l *picture.Line) string {
	text := l.From + " to " + l.To + ": " + string(l.Known)
	if l.Relation != "" {
		text = l.From + " " + l.Relation + " " + l.To + ": " + string(l.Known)
	}
	if l.Claim {
		text += ", claimed by somebody without a say"
	}
	if l.Links > 1 {
		text += fmt.Sprintf(", %d links", l.Links)
	}
	if len(l.Controls) > 0 {
		text += "; declared controls, which cut nothing without a proof made here: " + strings.Join(l.Controls, ", ")
	}
	return text
}

// family is what kinds of one colour have in common.
func family(k model.Kind) string {
	switch k {
	case model.KindKey, model.KindGate, model.KindOrg, model.KindPerson:
		return "signing"
	case model.KindDevice, model.KindStation, model.KindSystem, model.KindLot:
		return "unit"
	case model.KindZone, model.KindSite:
		return "area"
	}
	return "goods"
}

// glyph is the shape of a kind, as a path in a square of 16.
func glyph(k model.Kind) string {
	switch k {
	case model.KindKey:
		return "M5 4a4 4 0 1 0 3.7 5.5H11V12h2.5V9.500H16v-3H8.7A4 4 0 0 0 5 4z"
	case model.KindGate:
		return "M8 1l6 2v5c0 4-3 6-6 7-3-1-6-3-6-7V3z"
	case model.KindRelease:
		return "M1 2h8l6 6-6 6H1z"
	case model.KindArtifact, model.KindStatement, model.KindAdvisory:
		return "M3 1h7l3 3v11H3z"
	case model.KindProduct, model.KindLot:
		return "M8 1l6 3.500v7L8 15l-6-3.500v-7z"
	case model.KindDevice:
		return "M1 2h14v9H9v2h3v2H4v-2h3v-2H1z"
	case model.KindZone:
		return "M8 1a7 7 0 1 0 .01 0zM8 4a4 4 0 1 1-.01 0z"
	case model.KindSite, model.KindOrg:
		return "M8 1l7 6h-2v8H3V7H1z"
	case model.KindService:
		return "M4 13a3.500 3.500 0 0 1 0-7 4.500 4.500 0 0 1 8.500 1 3 3 0 0 1 0 6z"
	case model.KindSystem, model.KindStation:
		return "M2 2h12v5H2zM2 9h12v5H2z"
	case model.KindPerson:
		return "M8 1a3.500 3.500 0 1 0 .01 0zM1 15a7 6 0 0 1 14 0z"
	}
	return "M8 1l7 7-7 7-7-7z"
}

// Where texts and shapes stand.

// BehindX is where the box behind a group begins; it shows that there are several.
func (b drawnBox) BehindX() int { return b.X + 4 }

// BehindY is as BehindX.
func (b drawnBox) BehindY() int { return b.Y + 4 }

// TextX is where both texts begin.
func (b drawnBox) TextX() int {
	if b.Small {
		return b.X + 9
	}
	return b.X + 34
}

// TextY is the line on which the label stands.
func (b drawnBox) TextY() int {
	if b.Small {
		return b.Y + 17
	}
	return b.Y + 20
}

// NoteY is the line on which the note stands.
func (b drawnBox) NoteY() int { return b.Y + 37 }

// GlyphX is where the shape of the kind begins.
func (b drawnBox) GlyphX() int { return b.X + 10 }

// GlyphY is as GlyphX.
func (b drawnBox) GlyphY() int { return b.Y + b.H/2 - 8 }

// LabelX is where the label of a frame begins.
func (f drawnFrame) LabelX() int { return f.X + 11 }

// LabelY is the line on which it stands.
func (f drawnFrame) LabelY() int { return f.Y + 20 }
