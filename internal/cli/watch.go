package cli

import (
	"context"
	"errors"
	"net/netip"

	"github.com/spf13/cobra"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

func newWatchCommand(s *state) *cobra.Command {
	var opt app.WatchOptions
	var transfers, failOn string
	var exclude []string
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
			if opt.Exclude, err = parsePrefixes(exclude); err != nil {
				return err
			}
			if cmd.Flags().Changed("exclude") && len(opt.Exclude) == 0 {
				return refusedUsage("--exclude names no network, so everything would be recorded")
			}
			if opt.Retain <= 0 {
				return refusedUsage("--retain takes a time such as 90d, not %s", opt.Retain)
			}
			opt.Files, opt.Stdin = args, s.in
			if s.memory != nil {
				s.memory(s.env, !opt.NoRecord)
			}
			open := s.writing
			if opt.NoRecord {
				open = s.reading
			}
			err = open(cmd.Context(), func(a *app.App) error {
				return s.watch(cmd.Context(), a, opt, gate)
			})
			return orNoRecord(err, opt.NoRecord)
		},
	}
	f := cmd.Flags()
	f.StringVar(&transfers, "transfers", "updates", "`updates|all`: what looks like an update, or every object")
	f.StringSliceVar(&exclude, "exclude", nil, "record nothing of the network `PREFIX`, such as 10.9.0.0/16; it is still printed")
	opt.Retain = app.Retention
	f.Var(daysFlag{&opt.Retain}, "retain", "erase what is recorded after this `TIME`, such as 30d")
	f.BoolVar(&opt.Sessions, "sessions", false, "print every connection, with what TLS says in clear")
	f.BoolVar(&opt.NoRecord, "no-record", false, "keep nothing of what was seen in the home")
	f.StringVar(&opt.Save, "save", "", "keep carved files in folder `DIR`, named by digest")
	f.StringVar(&opt.Spool, "spool", "", "folder `DIR` for parts that come out of order, at most 1 GiB")
	f.StringVar(&opt.Sources, "sources", "", "list of third parties in `FILE`, to try it with --no-record; else HOME/sources.json")
	f.StringVar(&failOn, "fail-on", "", "exit 10 when a finding is of this `SEVERITY` or above and not held")
	return cmd
}

// parsePrefixes reads networks, or single addresses.
func parsePrefixes(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range list {
		p, err := netip.ParsePrefix(text)
		if a, aerr := netip.ParseAddr(text); err != nil && aerr == nil {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil {
			return nil, refusedUsage("--exclude takes a network such as 10.9.0.0/16, not %q", text)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// orNoRecord tells whoever watches with a home that cannot be written how to go on.
func orNoRecord(err error, asked bool) error {
	if asked || !errors.Is(err, fault.ReadOnly) {
		return err
	}
	return fault.Wrap(err, fault.ReadOnly, "what is seen cannot be recorded").Hint("use --no-record to watch without keeping anything")
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
	var t transferRow // one for all of them
	var seen seenRow  // likewise
	sum, err := a.Watch(ctx, opt, app.WatchShow{
		Transfer: func(i app.TransferInfo) error { t.TransferInfo = i; return s.print(&t) },
		Part:     func(p app.PartInfo) error { return s.print(partRow{p}) },
		Device:   func(d app.SeenInfo) error { seen.SeenInfo = d; return s.print(&seen) },
		Session:  func(i *app.SessionInfo) error { return s.print(sessionRow{i}) },
		Finding: func(f model.Finding) error {
			if gate != "" && f.Severity.AtLeast(gate) && f.State != model.Held {
				worst++
			}
			return s.print(findingRow{f})
		},
	})
	if err == nil || sum.Packets > 0 || sum.Truncated { // else nothing was read that could be summed up
		if perr := s.print(summaryRow{sum}); err == nil {
			err = perr
		}
	}
	if err == nil && worst > 0 {
		verb := "are"
		if worst == 1 {
			verb = "is"
		}
		err = fault.New(fault.GateTripped, "%s %s of severity %s or above", counted(int64(worst), "finding"), verb, gate)
	}
	return err
}
