package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

func newWhyCommand(s *state) *cobra.Command {
	return &cobra.Command{
		Use:   "why SUBJECT",
		Short: "show every statement and claim about a subject: who, when, under which keys, and whether it verifies",
		Example: `  cordon why release:acme/pump-7/2.1.0
  cordon why artifact:sha256:...`,
		Long: `What somebody said with effect comes as a statement, what anybody else said as a claim; a claim changes no verdict.

` + subjectHelp,
		RunE: func(cmd *cobra.Command, args []string) error {
			sub, err := parseSubject(args[0])
			if err != nil {
				return err
			}
			return s.reading(cmd.Context(), func(a *app.App) error {
				all, err := a.Why(cmd.Context(), sub)
				if err != nil {
					return err
				}
				for _, r := range all {
					if err := s.print(reason{r}); err != nil {
						return err
					}
				}
				if len(all) == 0 {
					s.note("nobody has said anything about %s", sub)
				}
				return nil
			})
		},
	}
}

type reason struct{ app.Reason }

func (reason) kind() string { return "statement" }

func (r reason) lines() []string {
	out := []string{
		fmt.Sprintf("%s %s by %s (role %s): %s", r.Effect, r.Predicate, r.Author, r.Role, r.Says),
		fmt.Sprintf("  statement:%s, entry %s of log %q", r.Statement, indexes(r.Indexes), r.Log),
		fmt.Sprintf("  issued %s by the author's clock; held %s by this house's clock", moment(r.Issued), moment(r.HeldAt)),
	}
	for _, k := range r.Keys {
		out = append(out, fmt.Sprintf("  signed by %s (%s)", k.Key, k.Algorithm))
	}
	out = append(out, "  "+r.Check)
	for _, n := range r.Notes {
		out = append(out, "  "+n)
	}
	return out
}

func indexes(list []int64) string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = fmt.Sprint(n)
	}
	return strings.Join(out, ", ")
}

func noteLines(b []byte) []string { return strings.Split(strings.TrimRight(string(b), "\n"), "\n") }

func newEvidenceCommand(s *state) *cobra.Command {
	return group("evidence", "what lies beside the ledger, and how long it is kept",
		"  cordon evidence erase statement:sha256:...",
		newEvidenceEraseCommand(s))
}

func newEvidenceEraseCommand(s *state) *cobra.Command {
	var expired bool
	cmd := &cobra.Command{
		Use:   "erase [STATEMENT]",
		Short: "erase the body of a statement and its rows; the ledger's proofs still hold",
		Example: `  cordon evidence erase statement:sha256:...
  cordon evidence erase --expired`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if expired == (len(args) == 1) {
				return refusedUsage("name one statement, or --expired")
			}
			return s.writing(cmd.Context(), func(a *app.App) error {
				if expired {
					n, err := a.EraseExpired(cmd.Context())
					if err != nil {
						return err
					}
					return s.print(erased{Rows: n})
				}
				st, err := parseSubject(args[0])
				if err != nil {
					return err
				}
				if st.Kind() != model.KindStatement {
					return fault.New(fault.Usage, "%q is not a statement", args[0])
				}
				n, err := a.Erase(cmd.Context(), st.Digest())
				if err != nil {
					return err
				}
				return s.print(erased{Statement: st.Digest(), Rows: n})
			})
		},
	}
	cmd.Flags().BoolVar(&expired, "expired", false, "every row whose retention has ended")
	return s.writes(cmd)
}

type erased struct {
	Statement model.Digest `json:"statement,omitzero"`
	Rows      int64        `json:"rows"`
}

func (erased) kind() string { return "erased" }

func (e erased) lines() []string {
	if e.Statement.IsZero() {
		return []string{fmt.Sprintf("erased %d expired rows", e.Rows)}
	}
	return []string{fmt.Sprintf("erased statement:%s and %d rows; the ledger still proves that it was there", e.Statement, e.Rows)}
}
