package cli

import (
	"context"
	"fmt"

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

type transferRow struct{ app.TransferInfo }

func (transferRow) kind() string { return "transfer" }

func (t transferRow) lines() []string {
	first := fmt.Sprintf("%-10s %s  %q from %s", t.Verdict, moment(t.Time), t.Name, t.Peer)
	second := fmt.Sprintf("  to %s, %d bytes", t.Device, t.Size)
	if !t.Digest.IsZero() {
		second += ", " + t.Digest.String()
	}
	out := []string{first, second}
	for _, w := range t.Why {
		out = append(out, "  "+w)
	}
	return out
}

type partRow struct{ app.PartInfo }

func (partRow) kind() string { return "part" }

func (p partRow) lines() []string {
	return []string{fmt.Sprintf("part       %s  %q bytes %s, %d bytes to %s", moment(p.Time), p.Transfer, p.Range, p.Size, p.Device)}
}

type findingRow struct{ model.Finding }

func (findingRow) kind() string { return "finding" }

func (f findingRow) lines() []string {
	out := []string{fmt.Sprintf("FINDING    %s (%s, %s): %s", f.Rule, f.Severity, f.Class, f.Summary)}
	for i, d := range f.Devices {
		if i == 8 {
			out = append(out, fmt.Sprintf("  and %d more devices", f.DeviceCount-i))
			break
		}
		out = append(out, "  device: "+d.Device.String())
	}
	out = append(out, "  now:   "+f.Hint.Now, "  next:  "+f.Hint.Next, "  later: "+f.Hint.Later)
	for _, e := range f.Evidence {
		out = append(out, "  "+e)
	}
	return out
}

type summaryRow struct{ app.WatchSummary }

func (summaryRow) kind() string { return "summary" }

func (m summaryRow) lines() []string {
	out := []string{fmt.Sprintf("%d packets, %d bytes, %d sessions, %d transfers", m.Packets, m.Bytes, m.Sessions, m.Transfers)}
	if m.Truncated {
		out = append(out, "the capture is cut short: what was read is above")
	}
	return out
}
