package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/cordon-trust/cordon/internal/app"
)

func newWatchCommand(s *state) *cobra.Command {
	var opt app.WatchOptions
	var transfers string
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
			opt.Files, opt.Stdin = args, s.in
			return s.reading(cmd.Context(), func(a *app.App) error {
				sum, err := a.Watch(cmd.Context(), opt, func(t app.TransferInfo) error {
					return s.print(transferRow{t})
				})
				if perr := s.print(summaryRow{sum}); err == nil {
					err = perr
				}
				return err
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&transfers, "transfers", "updates", "`updates|all`: what looks like an update, or every object")
	f.BoolVar(&opt.NoRecord, "no-record", false, "keep nothing of what was seen in the home")
	f.StringVar(&opt.Save, "save", "", "keep carved files in folder `DIR`, named by digest")
	return cmd
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

type summaryRow struct{ app.WatchSummary }

func (summaryRow) kind() string { return "summary" }

func (m summaryRow) lines() []string {
	out := []string{fmt.Sprintf("%d packets, %d bytes, %d sessions, %d transfers", m.Packets, m.Bytes, m.Sessions, m.Transfers)}
	if m.Truncated {
		out = append(out, "the capture is cut short: what was read is above")
	}
	return out
}
