package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/model"
)

func newLogCheckCommand(s *state) *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE",
		Short: "check proofs that `log proof --json` printed or the console gave, offline",
		Long: `Checks each proof in FILE against the log of the organisation that made it, whose root this home must
hold; the output says which root that is, and whether a person confirmed it. It asks nobody, and this home
need not hold the statements. A line that names a statement fails when the proof does not show that one.`,
		Example: `  cordon log proof --json release:acme/pump-7/2.1.0 > proof.jsonl
  cordon log check proof.jsonl`,
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := disk.ReadFile(args[0], evidence.MaxProofFile)
			if err != nil {
				return err
			}
			return s.reading(cmd.Context(), func(a *app.App) error {
				list, err := a.CheckProofs(cmd.Context(), file)
				if err != nil {
					return err
				}
				for _, p := range list {
					if err := s.print(provenRow{p}); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
}

type provenRow struct{ app.Proven }

func (provenRow) kind() string { return "proven" }

func (p provenRow) lines() []string {
	root := "the root of " + p.Owner
	if !p.Confirmed {
		root += ", which is unconfirmed: nobody has compared its fingerprint"
	}
	return []string{
		fmt.Sprintf("the proof holds: %s is entry %d of %d in log %q", provenWhat(p.Statement), p.Index, p.Size, p.Log),
		fmt.Sprintf("  by %s, under the checkpoint of %s", p.Author, moment(p.Time)),
		"  verified with the log keys in " + root,
	}
}

// provenWhat is what a proof shows to be in a log.
func provenWhat(statement model.Digest) string {
	if statement.IsZero() {
		return "an entry that shows no statement, as after an erasure,"
	}
	return "statement:" + statement.String()
}
