package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

func newFindingHoldCommand(s *state) *cobra.Command {
	var d app.HoldDraft
	var until string
	var devices []string
	cmd := &cobra.Command{
		Use:   "hold ID...",
		Short: "say why findings may rest, and until when; they open again when there is more to them",
		Long: `Say, as this hospital's word and signed with the key of its house role, why findings may rest. They are
shown as held, with the reason. A hold ends by itself at --until, when another device joins the finding,
when it gets graver, and when its bytes are compared with another release. --device names the devices that
the hold is for, also such as may join yet; without it they are those that the finding concerns now. A
held finding does not trip --fail-on of watch, whose summary counts it. The statement names devices and
reason, and stays until ` + "`cordon evidence erase`" + ` takes it, with the earlier ones about the same finding;
the finding is open again then.`,
		Example: `  cordon finding hold sha256:... --reason "the maker knows, CASE-17" --until 2027-01-31T00:00:00Z
  cordon finding hold sha256:... sha256:... --reason "test bench" --dry-run`,
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if d.Findings, err = parseFindings(args); err != nil {
				return err
			}
			if until != "" {
				if d.Until, err = time.Parse(time.RFC3339, until); err != nil {
					return refusedUsage("--until takes a time such as 2027-01-31T00:00:00Z, not %q", until)
				}
			}
			if d.Devices, err = parseDevices(devices); err != nil {
				return err
			}
			return s.writing(cmd.Context(), func(a *app.App) error {
				return s.reviewed(a.HoldFindings(cmd.Context(), d))
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&d.Reason, "reason", "", "why they may rest, in one sentence `TEXT`; it must not name a patient")
	f.StringVar(&until, "until", "", "`TIME` (RFC 3339) at which they open again; without it no end is set")
	f.StringArrayVar(&devices, "device", nil, "the hold is for this device `SUBJECT`; may be repeated")
	_ = cmd.MarkFlagRequired("reason")
	return s.writes(cmd)
}

func newFindingUnholdCommand(s *state) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:   "unhold ID...",
		Short: "take holds back: the findings are open again",
		Long: `Take holds back, also such as no longer count: those would count again when what ended them is gone, such as
a device whose rows are erased.`,
		Example: `  cordon finding unhold sha256:... --reason "the maker does not know it after all"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			list, err := parseFindings(args)
			if err != nil {
				return err
			}
			return s.writing(cmd.Context(), func(a *app.App) error {
				return s.reviewed(a.UnholdFindings(cmd.Context(), list, reason))
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, in one sentence `TEXT`; it must not name a patient")
	_ = cmd.MarkFlagRequired("reason")
	return s.writes(cmd)
}

// reviewed prints what became of a decision.
func (s *state) reviewed(done []app.Reviewed, err error) error {
	if err != nil {
		return err
	}
	for _, r := range done {
		if err := s.print(reviewRow{r}); err != nil {
			return err
		}
	}
	return nil
}

func parseFindings(args []string) ([]model.Digest, error) {
	out := make([]model.Digest, len(args))
	for i, text := range args {
		id, err := model.ParseDigest(text)
		if err != nil {
			return nil, fault.Wrap(err, fault.Usage, "this is not the ID of a finding").Hint("`cordon finding list` prints the IDs")
		}
		out[i] = id
	}
	return out, nil
}

func parseDevices(list []string) ([]model.Subject, error) {
	var out []model.Subject
	for _, text := range list {
		sub, err := parseSubject(text)
		if err != nil {
			return nil, err
		}
		if sub.Kind() != model.KindDevice {
			return nil, fault.New(fault.Usage, "%q is not a device", text).Hint("`cordon finding show ID` prints the devices that a finding concerns")
		}
		out = append(out, sub)
	}
	return out, nil
}

type reviewRow struct{ app.Reviewed }

func (reviewRow) kind() string { return "review" }

func (r reviewRow) lines() []string {
	verb := string(r.State)
	if r.DryRun {
		verb = "would be " + verb
	}
	first := fmt.Sprintf("%s: %s", verb, r.Summary)
	if r.State == model.Held {
		first = fmt.Sprintf("%s until %s, for %s: %s", verb, endOf(r.Until), counted(int64(len(r.Devices)), "device"), r.Summary)
	}
	return []string{
		first,
		"  finding: " + r.Finding.String(),
		fmt.Sprintf("  statement:%s, entry %d of log %q", r.Statement, r.Index, r.Log),
	}
}

// endOf is when a hold ends.
func endOf(t time.Time) string {
	if t.IsZero() {
		return "somebody takes it back"
	}
	return moment(t)
}

// holdLines say why a finding rests, or why it rests no longer.
func holdLines(f *model.Finding) []string {
	if h := f.Hold; h != nil {
		return append(fold("  held:  ", h.Reason), fmt.Sprintf("         by %s as %s, since %s, until %s, for %s; statement:%s",
			h.Author, h.Role, moment(h.Since), endOf(h.Until), counted(int64(h.Devices), "device"), h.Statement))
	}
	if h := f.Lapsed; h != nil {
		return fold("  was held: ", fmt.Sprintf("%s, by %s since %s. That no longer counts: %s; statement:%s", h.Reason, h.Author, moment(h.Since), h.Ended, h.Statement))
	}
	return nil
}
