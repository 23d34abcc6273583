package console

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
)

// states are those of findings, in the order in which lists have them.
func states() []string {
	return []string{string(model.Open), string(model.Held), string(model.Closed)}
}

// countStates counts findings by state, with the list that each number counts. A state without findings has none.
func countStates(list []model.Finding, listOf func(state string) string) []count {
	by := map[string]int{}
	for i := range list {
		by[string(list[i].State)]++
	}
	var out []count
	for _, s := range states() {
		c := count{Word: s, N: by[s]}
		if c.N > 0 {
			c.List = listOf(s)
		}
		out = append(out, c)
	}
	return out
}

// resting is what the page of today says of held findings. They are out of the way and never out of sight.
type resting struct {
	N       int
	Critic  int             // of patient safety and critical
	Until   time.Time       // the first end of one of them; zero: none of them has one
	Grave   []model.Finding // the first of Critic
	List    string
	Critics string
}

func restingOf(list []model.Finding) resting {
	out := resting{
		List: findingsWith("state", string(model.Held)),
		Critics: findingsWith("state", string(model.Held), "severity", string(model.Critical), "class",
			string(model.PatientSafety)),
	}
	for i := range list {
		f := &list[i]
		if f.State != model.Held {
			continue
		}
		out.N++
		if f.Hold != nil && !f.Hold.Until.IsZero() && (out.Until.IsZero() || f.Hold.Until.Before(out.Until)) {
			out.Until = f.Hold.Until
		}
		if f.Severity == model.Critical && f.Class == model.PatientSafety {
			if out.Critic++; out.Critic <= maxShown {
				out.Grave = append(out.Grave, *f)
			}
		}
	}
	return out
}

// holdTime is how long the commands on pages let a finding rest; whoever types one chooses another.
const holdTime = 14 * 24 * time.Hour

// deciding are the commands by which a person decides about findings. The console has no key, so it decides nothing.
type deciding struct {
	Hold, Unhold string // empty: there is nothing to decide
	Alike        int    // open findings like this one, itself among them
	AlikeList    string // command for them
	Cut          bool   // there are more of them than the command names
}

// maxNamed is how many findings a command on a page names.
const maxNamed = 50

// decidingOf are the commands about one finding among all.
func decidingOf(f *model.Finding, all []model.Finding, now time.Time) deciding {
	var out deciding
	switch f.State {
	case model.Held:
		out.Unhold = fmt.Sprintf(`cordon finding unhold %s --reason "WHY"`, f.ID)
	case model.Open:
		out.Hold = holdCommand(now, f.ID)
		var ids []model.Digest
		for i := range all {
			if all[i].State == model.Open && alike(f, &all[i]) {
				ids = append(ids, all[i].ID)
			}
		}
		if out.Alike = len(ids); out.Alike > 1 {
			out.Cut = len(ids) > maxNamed
			out.AlikeList = holdCommand(now, ids[:min(len(ids), maxNamed)]...)
		}
	}
	return out
}

// alike reports whether two findings say the same of the same bytes, or, where they are about none, of the same
// sender.
func alike(a, b *model.Finding) bool {
	if a.Rule != b.Rule || a.Release != b.Release || a.Digest != b.Digest {
		return false
	}
	return !a.Digest.IsZero() || a.Host == b.Host && (a.Host != "" || a.Peer == b.Peer)
}

// holdAll is the command that holds the open ones of a list; empty when there are none.
func holdAll(list []model.Finding, now time.Time) string {
	var ids []model.Digest
	for i := range list {
		if list[i].State == model.Open {
			ids = append(ids, list[i].ID)
		}
	}
	if len(ids) < 2 {
		return ""
	}
	return holdCommand(now, ids[:min(len(ids), maxNamed)]...)
}

func holdCommand(now time.Time, ids ...model.Digest) string {
	var b strings.Builder
	b.WriteString("cordon finding hold")
	for _, id := range ids {
		b.WriteString(" " + id.String())
	}
	until := now.UTC().Truncate(24 * time.Hour).Add(holdTime)
	fmt.Fprintf(&b, ` --reason "WHY" --until %s`, until.Format(time.RFC3339))
	return b.String()
}

// openOf are the findings of a list that are open.
func openOf(list []model.Finding) int {
	n := 0
	for i := range list {
		if list[i].State == model.Open {
			n++
		}
	}
	return n
}

// inState leaves the findings of a state; empty: all.
func inState(list []model.Finding, state string) []model.Finding {
	if state == "" {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(f model.Finding) bool { return string(f.State) != state })
}

// stateMeans says what the state of a finding means.
func stateMeans(state string) string {
	switch state {
	case string(model.Open):
		return "what follows from what was seen and from what is known today"
	case string(model.Held):
		return "a person said why it may rest"
	}
	return "what was true once and, by what is known today, is no longer"
}
