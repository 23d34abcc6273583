package console

import (
	"slices"
	"strings"

	"github.com/cordon-trust/cordon/internal/console/picture"
	"github.com/cordon-trust/cordon/internal/exposure"
	"github.com/cordon-trust/cordon/internal/model"
)

// reachRow is a line of the table that is the picture's twin.
type reachRow struct {
	named
	Set       string
	From      []named // where the way begins
	Way       []named // what it leads over, the last before the thing itself
	Truncated bool    // the beginning of a long way was left out
	Rests     []rest
	Parts     []model.Subject
	Lacks     string
}

// rest is a statement that a way rests on.
type rest struct {
	Says  string // a relation in words
	Known model.Known
	Claim bool
	By    string
	Link  string // to the statement
}

// rows returns the places of the things that are reached, or hold, and are taken.
func (v *reached) rows(take func(*thing) bool) []int {
	var out []int
	for i := range v.f.things {
		if t := &v.f.things[i]; t.State != picture.Source && take(t) {
			out = append(out, i)
		}
	}
	return out
}

// table makes the lines of some things.
func (v *reached) table(some []int) {
	for _, i := range some {
		t := &v.f.things[i]
		row := reachRow{named: t.named, Set: setWord(t.State), Parts: t.Parts, Lacks: t.Lacks}
		if t.node >= 0 {
			steps, cut := v.f.of.Path(t.node)
			row.Truncated = cut
			v.way(&row, i, steps)
		} else {
			for _, l := range v.f.links {
				if l.To == i && v.f.things[l.From].State == picture.Source {
					row.From = append(row.From, v.f.things[l.From].named)
				}
			}
		}
		v.Rows = append(v.Rows, row)
	}
}

// way says over what a path leads, with a role and its parts as one, and what it rests on.
func (v *reached) way(row *reachRow, end int, steps []exposure.Step) {
	place := map[model.Subject]int{}
	for i := range v.f.of.Nodes {
		place[v.f.of.Nodes[i].Subject] = v.f.at[i]
	}
	had := map[int]bool{end: true}
	over := func(s model.Subject) {
		i, ok := place[s]
		if !ok || had[i] {
			return
		}
		had[i] = true
		if t := &v.f.things[i]; t.State == picture.Source {
			row.From = append(row.From, t.named)
		} else {
			row.Way = append(row.Way, t.named)
		}
	}
	for _, s := range steps {
		over(s.From)
		over(s.To)
		r := rest{relates(s.Relation), s.Known, s.Claim, s.Author, ""}
		if !s.Statement.IsZero() {
			r.Link = evidenceOf(model.StatementOf(s.Statement))
		}
		if !slices.ContainsFunc(row.Rests, func(o rest) bool { return o.Link == r.Link && o.Known == r.Known && o.Says == r.Says }) && s.From != s.To {
			row.Rests = append(row.Rests, r)
		}
	}
}

// Text says how a statement is known, and by whom.
func (r rest) Text() string {
	by := r.By
	if by == "" {
		by = "nobody named"
	}
	words := []string{r.Says + ":", string(r.Known), "by", by}
	if r.Claim {
		words = append(words, "(a claim without a say)")
	}
	return strings.Join(words, " ")
}
