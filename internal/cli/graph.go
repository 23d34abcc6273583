package cli

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

func newGraphCommand(s *state) *cobra.Command {
	return group("graph", "edges that this hospital states itself",
		"  cordon graph import edges.csv",
		newGraphImportCommand(s), newGraphRetractCommand(s))
}

func newGraphImportCommand(s *state) *cobra.Command {
	var keep time.Duration
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "take edges from CSV as one signed statement; a bad row means nothing is taken",
		Example: `  cordon graph import edges.csv
  (columns: from,relation,to,harm,known,since,until,control)`,
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := os.Open(args[0])
			if err != nil {
				return fault.Wrap(err, fault.ReadFailed, "the import cannot be read")
			}
			defer f.Close() //nolint:errcheck // only read
			return s.writing(cmd.Context(), func(a *app.App) error {
				done, err := a.ImportEdges(cmd.Context(), f, keep)
				if err != nil {
					return err
				}
				return s.print(imported{done})
			})
		},
	}
	cmd.Flags().DurationVar(&keep, "keep", 0, "erase the rows after this `TIME`, such as 2160h, by `evidence erase --expired`")
	return s.writes(cmd)
}

func newGraphRetractCommand(s *state) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "retract STATEMENT",
		Short:   "take back a whole import",
		Example: `  cordon graph retract statement:sha256:...`,
		RunE: func(cmd *cobra.Command, args []string) error {
			st, err := parseSubject(args[0])
			if err != nil {
				return err
			}
			if st.Kind() != model.KindStatement {
				return refusedUsage("%q is not a statement", args[0])
			}
			return s.writing(cmd.Context(), func(a *app.App) error {
				done, err := a.RetractImport(cmd.Context(), st.Digest())
				if err != nil {
					return err
				}
				return s.print(said{done})
			})
		},
	}
	return s.writes(cmd)
}

type imported struct{ app.Imported }

func (imported) kind() string { return "import" }

func (i imported) lines() []string {
	return []string{
		fmt.Sprintf("imported %d edges", i.Edges),
		fmt.Sprintf("  statement:%s, entry %d of log %q", i.Statement, i.Index, i.Log),
	}
}

// refusedUsage is a command line that is understood and cannot be meant.
func refusedUsage(format string, args ...any) error { return fault.New(fault.Usage, format, args...) }
