package cli

import (
	"fmt"
	"strings"

	"github.com/cordon-trust/cordon/internal/model"
)

// demoBegun says where a demo keeps what it makes.
type demoBegun struct {
	Folder string `json:"folder"`
}

func (demoBegun) kind() string { return "demo" }

func (b demoBegun) lines() []string {
	return []string{
		fmt.Sprintf("A maker, a hospital and a ward of %d devices that do not exist, in %s", demoDevices, b.Folder),
		"What took them weeks takes seconds here; each step has the date that it has in this story:", "",
	}
}

// demoDone is a step that was taken.
type demoDone struct {
	Number  int     `json:"number"`
	Date    string  `json:"date"` // in the story
	Text    string  `json:"text"`
	Seconds float64 `json:"seconds"`
}

func (demoDone) kind() string { return "step" }

func (s demoDone) lines() []string {
	return fold(fmt.Sprintf("%6.2f s  %s  ", s.Seconds, s.Date), s.Text)
}

// demoFinding is an open finding, with the sentences of its evidence that say why. In JSON it is what
// `cordon finding list` gives.
type demoFinding struct {
	model.Finding
	reach string // what the bytes could reach; empty: nothing as far as is known
}

func (demoFinding) kind() string { return "finding" }

func (f demoFinding) lines() []string {
	out := append(fold(strings.ToUpper(string(f.Severity))+"  ", f.Summary), adviceLines(f.Finding)...)
	if len(f.Evidence) > 1 {
		out = append(out, fold("  why:   ", f.Evidence[1])...) // the first says what was seen
	}
	if f.reach != "" {
		out = append(out, fold("  reach: ", f.reach)...)
	}
	return append(out, fmt.Sprintf("  rule:  %s, %s", f.Rule, f.Class), "")
}

// demoFound is a finding in a line, for whoever reads the rest of it in the console.
type demoFound struct{ model.Finding }

func (demoFound) kind() string { return "finding" }

func (f demoFound) lines() []string { return fold(fmt.Sprintf("  %-10s", f.Severity), f.Summary) }

// demoConsole tells where the console of a demo is.
type demoConsole struct {
	Link   string `json:"link"`
	Listen string `json:"listen"`
	Home   string `json:"home"`
	Taken  string `json:"taken,omitzero"` // where another program listens, and this one would have
}

func (demoConsole) kind() string { return "console" }

func (c demoConsole) lines() []string {
	text := "The console on this computer, open on the first of them"
	if c.Taken != "" {
		text += "; " + c.Taken + " is taken, so it is at " + c.Listen
	}
	return append(append([]string{""}, fold("", text+":")...), "  "+c.Link,
		"The same on the command line, meanwhile:", "  cordon --home "+c.Home+" finding list",
		"", "Ctrl-C ends it and removes all that was made here.")
}
