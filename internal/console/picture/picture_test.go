package picture_test

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cordon-trust/cordon/internal/console/picture"
	"github.com/cordon-trust/cordon/internal/model"
)

// inputs draws what could be asked of a picture: a forest of steps from some sources, with more links to and fro.
func inputs() *rapid.Generator[picture.Input] {
	return rapid.Custom(func(t *rapid.T) picture.Input {
		in := picture.Input{Open: map[string]bool{}}
		kinds := model.Kinds()
		sources := rapid.IntRange(1, 4).Draw(t, "sources")
		total := sources + rapid.OneOf(rapid.IntRange(0, 12), rapid.IntRange(0, 60), rapid.IntRange(100, 700)).Draw(t, "more")
		few := rapid.IntRange(1, len(kinds)).Draw(t, "kinds")
		long := rapid.Bool().Draw(t, "long")
		for i := range total {
			n := picture.Node{
				Label: rapid.SampledFrom([]string{"PUMP-", "", "</svg><script>", "\u202e\x1b", "\u5317\u4eac "}).Draw(t, "label") + strconv.Itoa(i%97),
				Note:  "note", Full: fmt.Sprint("node ", i), Href: "/x", Kind: kinds[rapid.IntRange(0, few-1).Draw(t, "kind")],
			}
			if i >= sources {
				n.State = picture.State(rapid.IntRange(1, 3).Draw(t, "state"))
				from := rapid.IntRange(0, i-1).Draw(t, "from")
				if long {
					from = i - 1
				}
				in.Links = append(in.Links, link(t, from, i))
			}
			in.Nodes = append(in.Nodes, n)
		}
		for range rapid.IntRange(0, 80).Draw(t, "others") {
			in.Links = append(in.Links, link(t, rapid.IntRange(0, total-1).Draw(t, "a"), rapid.IntRange(0, total-1).Draw(t, "b")))
		}
		ids := slices.Clone(picture.Draw(in).GroupOf)
		slices.Sort(ids)
		ids = slices.Compact(ids)
		for range rapid.IntRange(0, 4).Draw(t, "open") {
			in.Open[rapid.SampledFrom(ids).Draw(t, "group")] = true
		}
		return in
	})
}

func link(t *rapid.T, from, to int) picture.Link {
	return picture.Link{
		From: from, To: to, Relation: rapid.SampledFrom([]string{"signs", "runs on"}).Draw(t, "relation"),
		Known: rapid.SampledFrom(model.Knowns[:]).Draw(t, "known"), Claim: rapid.Bool().Draw(t, "claim"),
		Control: rapid.SampledFrom([]string{"", "firewall"}).Draw(t, "control"),
	}
}

// rect is what takes a place.
type rect struct {
	x, y, w, h int
	what       string
}

func (r rect) meets(o rect) bool {
	return r.x < o.x+o.w && o.x < r.x+r.w && r.y < o.y+o.h && o.y < r.y+r.h
}

func (r rect) holds(o rect) bool {
	return r.x <= o.x && r.y <= o.y && o.x+o.w <= r.x+r.w && o.y+o.h <= r.y+r.h
}

func TestPicture(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := inputs().Draw(t, "input")
		p := picture.Draw(in)
		if again := picture.Draw(in); !reflect.DeepEqual(p, again) {
			t.Fatalf("the same input gives another picture: %s", fmt.Sprint(again))
		}
		if len(p.Boxes) > picture.MaxBoxes {
			t.Fatalf("%d boxes", len(p.Boxes))
		}
		outer := checkRects(t, &p)
		checkNodes(t, &in, &p)
		checkLines(t, &in, &p, outer)
	})
}

// checkRects looks whether nothing overlaps, and returns what lines may join: frames, and boxes in none.
func checkRects(t *rapid.T, p *picture.Picture) []rect {
	whole := rect{0, 0, p.Width, p.Height, "the picture"}
	var outer, inner []rect
	for i, f := range p.Frames {
		outer = append(outer, rect{f.X, f.Y, f.W, f.H, fmt.Sprint("frame ", i)})
	}
	frames := len(outer)
	for i, b := range p.Boxes {
		r := rect{b.X, b.Y, b.W, b.H, fmt.Sprintf("box %d %q", i, b.Label)}
		if !b.Small {
			outer = append(outer, r)
			continue
		}
		if !slices.ContainsFunc(outer[:frames], func(f rect) bool { return f.holds(r) }) {
			t.Fatalf("%s is in no frame", r.what)
		}
		inner = append(inner, r)
	}
	for _, list := range [...][]rect{outer, inner} {
		for i, a := range list {
			if !whole.holds(a) || a.w <= 0 || a.h <= 0 {
				t.Fatalf("%v is not within %v", a, whole)
			}
			for _, b := range list[:i] {
				if a.meets(b) {
					t.Fatalf("%v overlaps %v", a, b)
				}
			}
		}
	}
	return outer
}

// checkNodes looks whether each node is in one box, alone or in a group that counts it.
func checkNodes(t *rapid.T, in *picture.Input, p *picture.Picture) {
	times := make([]int, len(in.Nodes))
	for _, b := range p.Boxes {
		if b.Node >= 0 {
			times[b.Node]++
			continue
		}
		for _, n := range b.Members {
			times[n]++
			if in.Nodes[n].Kind != b.Kind || in.Nodes[n].State != b.State || p.GroupOf[n] != b.Group {
				t.Fatalf("%v is put together with %q", in.Nodes[n], b.Label)
			}
		}
		if want := strconv.Itoa(len(b.Members)) + " "; !strings.HasPrefix(b.Label, want) || len(b.Members) < 1 {
			t.Fatalf("a group of %d is called %q", len(b.Members), b.Label)
		}
	}
	for i, n := range times {
		if n != 1 {
			t.Fatalf("node %d is in %d boxes", i, n)
		}
	}
}

var (
	begin = regexp.MustCompile(`^M(\d+) (\d+)C`)
	head  = regexp.MustCompile(`^M(\d+) (\d+)l`)
)

// checkLines looks whether each line leads from the right of something that is drawn to the left of something else, and
// whether every link is in a line or counted as leading back.
func checkLines(t *rapid.T, in *picture.Input, p *picture.Picture, outer []rect) {
	links := p.Back
	for _, l := range p.Lines {
		links += l.Links
		from, to := begin.FindStringSubmatch(l.Path), head.FindStringSubmatch(l.Head)
		if from == nil || to == nil {
			t.Fatalf("a line is drawn as %q with the head %q", l.Path, l.Head)
		}
		at := func(text []string, side func(rect) int) int {
			x, _ := strconv.Atoi(text[1])
			y, _ := strconv.Atoi(text[2])
			return slices.IndexFunc(outer, func(r rect) bool { return side(r) == x && r.y <= y && y <= r.y+r.h })
		}
		a := at(from, func(r rect) int { return r.x + r.w })
		b := at(to, func(r rect) int { return r.x })
		if a < 0 || b < 0 || a == b {
			t.Fatalf("a line from %q to %q joins nothing that is drawn: %s %s", l.From, l.To, l.Path, l.Head)
		}
	}
	if links != len(in.Links) {
		t.Fatalf("%d links of %d are drawn or counted", links, len(in.Links))
	}
}

// A key of which 2,000 devices depend is a picture of a few boxes; the devices open where they stand.
func TestManyDevices(t *testing.T) {
	t.Parallel()
	in := picture.Input{Nodes: []picture.Node{
		{Label: "key", Kind: model.KindKey, State: picture.Source},
		{Label: "pump", Kind: model.KindProduct, State: picture.Certain},
	}, Links: []picture.Link{{From: 0, To: 1, Relation: "signs", Known: model.Asserted}}}
	const many = 2000
	for i := range many {
		in.Nodes = append(in.Nodes, picture.Node{Label: fmt.Sprint("PUMP-", i), Kind: model.KindDevice, State: picture.Certain})
		in.Links = append(in.Links, picture.Link{From: 1, To: i + 2, Relation: "runs on", Known: model.Asserted})
	}
	p := picture.Draw(in)
	if len(p.Boxes) != 3 || p.Boxes[2].Label != "2000 devices" || len(p.Lines) != 2 || p.Lines[1].Links != many || p.Lines[1].Label != "runs on \u00d72000" {
		t.Fatalf("the picture is %+v, %+v", p.Boxes, p.Lines)
	}
	in.Open = map[string]bool{p.Boxes[2].Group: true}
	p = picture.Draw(in)
	last := p.Boxes[len(p.Boxes)-1]
	if len(p.Frames) != 1 || !p.Frames[0].Opened || p.Frames[0].Label != "2000 devices" || !last.Rest || len(last.Members)+len(p.Boxes)-3 != many {
		t.Fatalf("opened, it has the frames %+v and at last %+v", p.Frames, last)
	}
	var labels []string
	for _, b := range p.Boxes[2:5] {
		labels = append(labels, b.Label)
	}
	if d := cmp.Diff([]string{"PUMP-0", "PUMP-1", "PUMP-2"}, labels); d != "" {
		t.Errorf("devices are not sorted as people count: %s", d)
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text  string
		width int
		want  string
	}{
		{"PUMP-017", 90, "PUMP-017"},
		{"infusion pump in the ward", 90, "infusion pu\u2026"},
		{"\u5317\u4eac\u533b\u9662\u8f93\u6db2\u6cf5\u4e00\u53f7", 90, "\u5317\u4eac\u533b\u9662\u8f93\u6db2\u2026"},
		{"\x1b\x1b\x1b\x1b\x1b", 90, "\x1b\u2026"}, // each is shown as several characters
		{"", 90, ""},
	} {
		got := picture.Cut(c.text, c.width, 12)
		if got != c.want {
			t.Errorf("%q in %d is %q, want %q", c.text, c.width, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text, width := rapid.String().Draw(t, "text"), rapid.IntRange(20, 300).Draw(t, "width")
		if got := picture.Cut(text, width, 12); got != text && !strings.HasPrefix(text, strings.TrimSuffix(got, "\u2026")) {
			t.Fatalf("%q was cut to %q", text, got)
		}
	})
}

// What a box is wide enough for is not cut, and a long text makes no box wider than others can bear.
func TestWidth(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		if got := picture.Cut(text, picture.Width(text, 12), 12); got != text {
			t.Fatalf("%q was cut to %q", text, got)
		}
	})
	file := picture.Node{Label: "pump-7-2.1.0.bin", Note: "start, in no release", Kind: model.KindArtifact, State: picture.Source}
	long := picture.Node{Label: strings.Repeat("m", 300), Kind: model.KindDevice, State: picture.Certain}
	p := picture.Draw(picture.Input{Nodes: []picture.Node{file, long}, Links: []picture.Link{{From: 0, To: 1}}})
	if b := p.Boxes[0]; b.Label != file.Label || b.Note != file.Note {
		t.Errorf("%q and %q", b.Label, b.Note)
	}
	if b := p.Boxes[1]; b.W > 250 || !strings.HasSuffix(b.Label, "\u2026") {
		t.Errorf("%d wide with %q", b.W, b.Label)
	}
}
