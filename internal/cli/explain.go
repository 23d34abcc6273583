package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

func newExplainCommand(s *state) *cobra.Command {
	return &cobra.Command{
		Use:   "explain [CODE]",
		Short: "say what an error code means and how to go on",
		Example: `  cordon explain CRD-REL-006
  cordon explain`,
		Long: `Every error line ends with a code that never changes its meaning. Without a CODE all are listed.`,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listCodes(s)
			}
			return explainCode(s, args[0])
		},
	}
}

func listCodes(s *state) error {
	for _, c := range slices.Sorted(maps.Keys(fault.Table)) {
		if err := s.print(codeRow{newCodeRow(c), false}); err != nil {
			return err
		}
	}
	return nil
}

func explainCode(s *state, typed string) error {
	code := fault.Code(strings.Trim(strings.ToUpper(typed), "[] "))
	if _, ok := fault.Table[code]; ok {
		return s.print(codeRow{newCodeRow(code), true})
	}
	err := fault.New(fault.NotFound, "there is no code %q", typed)
	var known []string
	for c := range fault.Table {
		known = append(known, string(c))
	}
	slices.Sort(known)
	if near, ok := nearest(string(code), known); ok {
		return err.Hint("did you mean %s? `cordon explain` lists all codes", near)
	}
	return err.Hint("`cordon explain` lists all codes")
}

// codeFields is what --json shows of a code.
type codeFields struct {
	Code    fault.Code `json:"code"`
	Exit    int        `json:"exit"`
	Hint    string     `json:"hint"`
	Explain string     `json:"explain"`
}

func newCodeRow(c fault.Code) codeFields {
	d := fault.Table[c]
	return codeFields{Code: c, Exit: d.Exit, Hint: d.Hint, Explain: d.Explain}
}

type codeRow struct {
	codeFields `json:",inline"`
	whole      bool // the paragraph instead of its first sentence
}

func (codeRow) kind() string { return "code" }

func (r codeRow) lines() []string {
	if !r.whole {
		first, _, _ := strings.Cut(r.Explain, ". ")
		return []string{fmt.Sprintf("%s  exit %-3d  %s", r.Code, r.Exit, strings.TrimSuffix(first, "."))}
	}
	out := []string{fmt.Sprintf("%s (exit code %d)", r.Code, r.Exit), ""}
	out = append(out, wrap(r.Explain, 78)...)
	return append(append(out, "", "What to do:"), wrap(r.Hint, 78)...)
}

// wrap breaks text at spaces so that lines are at most width bytes, if its words allow it.
func wrap(text string, width int) []string {
	var out []string
	line := ""
	for _, w := range strings.Fields(text) {
		if line != "" && len(line)+1+len(w) > width {
			out, line = append(out, line), ""
		}
		if line != "" {
			line += " "
		}
		line += w
	}
	return append(out, line)
}
