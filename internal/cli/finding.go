package cli

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

func newFindingCommand(s *state) *cobra.Command {
	return group("finding", "what was seen and needs a person, judged by what is known today",
		"  cordon finding list --state open",
		newFindingListCommand(s), newFindingShowCommand(s), newFindingHoldCommand(s), newFindingUnholdCommand(s))
}

func newFindingListCommand(s *state) *cobra.Command {
	var severity, st string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "list findings, the open and the gravest first, each with what to do now",
		Example: `  cordon finding list --state open
  cordon finding list --severity high --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			only, err := parseFindingFilter(st, severity)
			if err != nil {
				return err
			}
			return s.reading(cmd.Context(), func(a *app.App) error {
				list, err := a.Findings(cmd.Context(), only)
				if err != nil {
					return err
				}
				for _, f := range list {
					if err := s.print(listedFinding{f}); err != nil {
						return err
					}
				}
				if len(list) == 0 {
					s.note("there is no such finding in what was recorded")
				}
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&st, "state", "all", "`STATE`: open, held by a person, closed as no longer true, or all")
	cmd.Flags().StringVar(&severity, "severity", "", "only those of this `SEVERITY` or above")
	return cmd
}

func newFindingShowCommand(s *state) *cobra.Command {
	return &cobra.Command{
		Use:     "show ID",
		Short:   "show one finding: where, what, what to do, and why",
		Example: `  cordon finding show sha256:...`,
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := model.ParseDigest(args[0])
			if err != nil {
				return fault.Wrap(err, fault.Usage, "this is not the ID of a finding").Hint("`cordon finding list` prints the IDs")
			}
			return s.reading(cmd.Context(), func(a *app.App) error {
				f, err := a.FindingOf(cmd.Context(), id)
				if err != nil {
					return err
				}
				return s.print(listedFinding{f})
			})
		},
	}
}

func parseFindingFilter(st, severity string) (only app.FindingFilter, err error) {
	switch st {
	case "all":
	case string(model.Open), string(model.Held), string(model.Closed):
		only.State = model.FindingState(st)
	default:
		return only, refusedUsage("--state takes open, held, closed or all, not %q", st)
	}
	if severity != "" {
		if only.Severity, err = model.ParseSeverity(severity); err != nil {
			return only, fault.Wrap(err, fault.Usage, "--severity cannot be read")
		}
	}
	return only, nil
}

// listedFinding is a finding as somebody reads it who has to act on it: where and what comes first, then
// what to do, then why.
type listedFinding struct{ model.Finding }

func (listedFinding) kind() string { return "finding" }

func (f listedFinding) lines() []string {
	out := []string{f.Summary}
	if f.State == model.Closed {
		out = append(out, "  closed: by what is known today this no longer holds; the advice below was for when it did")
	}
	out = append(out, holdLines(&f.Finding)...)
	out = append(out, adviceLines(f.Finding)...)
	times := "seen once, at " + moment(f.Time)
	if f.Transfers > 1 {
		times = fmt.Sprintf("seen %d times, from %s to %s", f.Transfers, moment(f.Time), moment(f.Last))
	}
	out = append(out, fmt.Sprintf("  %s, %s, %s, %s; %s", f.State, f.Severity, f.Class, f.Rule, times))
	out = append(out, deviceLines(f.Finding)...)
	out = append(out, whyLines(f.Finding)...)
	return append(out, "  ID:    "+f.ID.String())
}

func deviceLines(f model.Finding) []string {
	const most = 8
	var out []string
	for i := range f.Devices {
		if i == most {
			return append(out, "  and "+counted(f.DeviceCount-i, "more device"))
		}
		out = append(out, fold("  device: ", concerned(&f.Devices[i]))...)
	}
	return out
}

func adviceLines(f model.Finding) []string {
	return slices.Concat(fold("  now:   ", f.Hint.Now), fold("  next:  ", f.Hint.Next), fold("  later: ", f.Hint.Later))
}

func whyLines(f model.Finding) []string {
	var out []string
	for _, e := range f.Evidence {
		out = append(out, fold("  why:   ", e)...)
	}
	return out
}
