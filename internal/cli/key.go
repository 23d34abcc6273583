package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

func newKeyCommand(s *state) *cobra.Command {
	return group("key", "the keys behind the trust roots, and which of them are said to be compromised",
		"  cordon key compromised key:sha256:... --since 2026-11-01T00:00:00Z",
		newKeyListCommand(s), newKeyCompromisedCommand(s))
}

func newKeyListCommand(s *state) *cobra.Command {
	return &cobra.Command{
		Use:     "list [ORG]",
		Short:   "list the keys of an organisation, with role, algorithm and holder",
		Example: `  cordon key list acme`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.reading(cmd.Context(), func(a *app.App) error {
				org := a.Home().Org
				if len(args) > 0 {
					org = args[0]
				}
				keys, err := a.Keys(cmd.Context(), org)
				if err != nil {
					return err
				}
				for _, k := range keys {
					if err := s.print(keyRow{k}); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
}

func newKeyCompromisedCommand(s *state) *cobra.Command {
	var since, reason string
	cmd := &cobra.Command{
		Use: "compromised KEY",
		Long: `KEY is one that key list prints. A maker says it to everybody, by its recall role; a hospital says it in its own
house. What the key signed before TIME, and this house held before, stays trusted; what came after gets no new
install. Nothing that treats a patient is to be switched off for it.`,
		Short: "say that a key can no longer be relied on; shows first what it reaches",
		Example: `  cordon key compromised key:sha256:... --since 2026-11-01T00:00:00Z --reason "laptop stolen"
  cordon key compromised key:sha256:... --since unknown`,
		RunE: func(cmd *cobra.Command, args []string) error {
			key, err := parseSubject(args[0])
			if err != nil {
				return err
			}
			if key.Kind() != model.KindKey {
				return fault.New(fault.Usage, "%q is not a key", args[0]).Hint("`cordon key list ORG` prints the keys")
			}
			return s.writing(cmd.Context(), func(a *app.App) error {
				answer, err := a.Spread(cmd.Context(), app.RadiusQuery{Sources: []model.Subject{key}})
				if err != nil {
					return err
				}
				s.note("%s alone could reach %s (`cordon exposure radius %s` lists what)", key, counted(answer.Len(), "subject"), key)
				done, err := a.Compromise(cmd.Context(), key, since, reason)
				if err != nil {
					return err
				}
				return s.print(said{done})
			})
		},
	}
	cmd.Flags().StringVar(&since, "since", "", "`TIME` (RFC 3339) since when, or unknown")
	cmd.Flags().StringVar(&reason, "reason", "", "why, in one sentence `TEXT`")
	_ = cmd.MarkFlagRequired("since")
	return s.writes(cmd)
}

type keyRow struct{ app.KeyInfo }

func (keyRow) kind() string { return "key" }

func (k keyRow) lines() []string {
	out := []string{fmt.Sprintf("%s  %s %s, held by %s", k.Key, k.Role, k.Algorithm, k.Holder)}
	for _, c := range k.Compromised {
		out = append(out, fmt.Sprintf("  compromised since %s, said %s", c.Since, c.Author))
	}
	return out
}

// said is the answer of every command that signs one statement.
type said struct{ app.Said }

func (said) kind() string { return "statement" }

func (r said) lines() []string {
	verb := "recorded"
	if r.DryRun {
		verb = "would record"
	}
	return []string{
		fmt.Sprintf("%s %s about %s", verb, r.Predicate, joinSubjects(r.Subjects)),
		fmt.Sprintf("  statement:%s, entry %d of log %q", r.Statement, r.Index, r.Log),
	}
}
