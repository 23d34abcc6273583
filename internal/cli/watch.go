package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

func newWatchCommand(s *state) *cobra.Command {
	var opt app.WatchOptions
	var transfers, failOn string
	cmd := &cobra.Command{
		Use:   "watch FILE...",
		Short: "read captured traffic and say of every transfer whether the maker signed it",
		Example: `  cordon watch capture.pcap
  cordon watch --json --transfers all --no-record capture.pcap`,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch transfers {
			case "all":
				opt.All = true
			case "updates":
			default:
				return refusedUsage("--transfers takes updates or all, not %q", transfers)
			}
			gate, err := parseGate(failOn)
			if err != nil {
				return err
			}
			if opt.Sources != "" && !opt.NoRecord {
				return refusedUsage("--sources tries a list and needs --no-record; what is recorded is judged by HOME/sources.json")
			}
			opt.Files, opt.Stdin = args, s.in
			return s.reading(cmd.Context(), func(a *app.App) error {
				return s.watch(cmd.Context(), a, opt, gate)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&transfers, "transfers", "updates", "`updates|all`: what looks like an update, or every object")
	f.BoolVar(&opt.NoRecord, "no-record", false, "keep nothing of what was seen in the home")
	f.StringVar(&opt.Save, "save", "", "keep carved files in folder `DIR`, named by digest")
	f.StringVar(&opt.Spool, "spool", "", "folder `DIR` for parts that come out of order, at most 1 GiB")
	f.StringVar(&opt.Sources, "sources", "", "list of third parties in `FILE`, to try it with --no-record; else HOME/sources.json")
	f.StringVar(&failOn, "fail-on", "", "exit 10 when a finding is of this `SEVERITY` or above")
	return cmd
}

func parseGate(text string) (model.Severity, error) {
	if text == "" {
		return "", nil
	}
	gate, err := model.ParseSeverity(text)
	if err != nil {
		return "", fault.Wrap(err, fault.Usage, "--fail-on cannot be read")
	}
	return gate, nil
}

// watch prints what is seen. A capture that cannot be read to its end is worse news than a gate.
func (s *state) watch(ctx context.Context, a *app.App, opt app.WatchOptions, gate model.Severity) error {
	worst := 0
	sum, err := a.Watch(ctx, opt, app.WatchShow{
		Transfer: func(t app.TransferInfo) error { return s.print(transferRow{t}) },
		Part:     func(p app.PartInfo) error { return s.print(partRow{p}) },
		Device:   func(d app.SeenInfo) error { return s.print(seenRow{d}) },
		Finding: func(f model.Finding) error {
			if gate != "" && f.Severity.AtLeast(gate) {
				worst++
			}
			return s.print(findingRow{f})
		},
	})
	if perr := s.print(summaryRow{sum}); err == nil {
		err = perr
	}
	if err == nil && worst > 0 {
		err = fault.New(fault.GateTripped, "%d findings are of severity %s or above", worst, gate)
	}
	return err
}
