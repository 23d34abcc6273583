package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/disk"
)

const maxCheckpointFile = 64 << 10

func newLogCommand(s *state) *cobra.Command {
	return group("log", "the ledger of this house: verify it, and prove what it holds",
		"  cordon log verify",
		newLogVerifyCommand(s), newLogProofCommand(s), newLogCheckCommand(s), newLogCheckpointCommand(s))
}

func newLogVerifyCommand(s *state) *cobra.Command {
	var against string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "check every entry, envelope and signature from the first to the last checkpoint",
		Example: `  cordon log verify
  cordon log verify --against checkpoint-from-last-week`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var older []byte
			if against != "" {
				b, err := disk.ReadFile(against, maxCheckpointFile)
				if err != nil {
					return err
				}
				older = b
			}
			return s.reading(cmd.Context(), func(a *app.App) error {
				logs, err := a.VerifyLogs(cmd.Context(), older)
				for _, l := range logs {
					if perr := s.print(logRow{l}); err == nil {
						err = perr
					}
				}
				return err
			})
		},
	}
	cmd.Flags().StringVar(&against, "against", "", "an older checkpoint `FILE` that this log must have grown from")
	return cmd
}

func newLogProofCommand(s *state) *cobra.Command {
	return &cobra.Command{
		Use:   "proof SUBJECT",
		Short: "print a proof, checkable offline, that the log holds the statements about a subject",
		Example: `  cordon log proof release:acme/pump-7/2.1.0
  cordon log proof statement:sha256:...`,
		Long: `With --json each line holds the proof itself: entry, salt, hashes and the signed checkpoint.

` + subjectHelp,
		RunE: func(cmd *cobra.Command, args []string) error {
			sub, err := parseSubject(args[0])
			if err != nil {
				return err
			}
			return s.reading(cmd.Context(), func(a *app.App) error {
				proofs, err := a.Proofs(cmd.Context(), sub)
				if err != nil {
					return err
				}
				for _, p := range proofs {
					if err := s.print(proofRow{p}); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
}

func newLogCheckpointCommand(s *state) *cobra.Command {
	return &cobra.Command{
		Use:     "checkpoint",
		Short:   "print the last checkpoint, to keep elsewhere and compare with later",
		Example: `  cordon log checkpoint > checkpoint-today`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.reading(cmd.Context(), func(a *app.App) error {
				cp, err := a.Checkpoint(cmd.Context())
				if err != nil {
					return err
				}
				return s.print(checkpointRow{Origin: cp.Origin, Size: cp.Size, Note: string(cp.Note), cp: cp})
			})
		},
	}
}

type logRow struct{ app.LogState }

func (logRow) kind() string { return "log" }

func (l logRow) lines() []string {
	out := []string{fmt.Sprintf("log %q verifies: %d entries, checkpoint of %s", l.Origin, l.Size, moment(l.Time))}
	if l.Against > 0 {
		out = append(out, fmt.Sprintf("  it grew from the checkpoint over %d entries", l.Against))
	}
	return out
}

type proofRow struct{ app.ProofInfo }

func (proofRow) kind() string { return "proof" }

func (p proofRow) lines() []string {
	return []string{
		fmt.Sprintf("%s is entry %d of %d in log %q", provenWhat(p.Statement), p.Index, p.Size, p.Log),
		"  (--json prints the proof itself)",
	}
}

type checkpointRow struct {
	Origin string `json:"origin"`
	Size   int64  `json:"size"`
	Note   string `json:"note"`

	cp evidence.Checkpoint
}

func (checkpointRow) kind() string { return "checkpoint" }

func (c checkpointRow) lines() []string { return noteLines(c.cp.Note) }
