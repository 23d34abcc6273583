package cli

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// writes marks a command that changes the home: it takes --dry-run.
func (s *state) writes(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().BoolVar(&s.dryRun, "dry-run", false, "check everything and change nothing")
	return cmd
}

// subjectHelp says what a SUBJECT is, for the commands that take one.
const subjectHelp = `SUBJECT is kind:value: release:MAKER/MODEL/VERSION, product:MAKER/MODEL, device:MAKER/MODEL/SERIAL, org:NAME,
artifact:sha256:HEX, key:sha256:HEX, statement:sha256:HEX, component:PURL, service:PROVIDER/NAME, and others.`

// day prints a date; the zero time is "no date".
func day(t time.Time) string {
	if t.IsZero() {
		return "no date"
	}
	return t.UTC().Format("2006-01-02")
}

// moment prints a time to the second, in UTC.
func moment(t time.Time) string {
	if t.IsZero() {
		return "an unknown time"
	}
	return t.UTC().Format(time.RFC3339)
}

func joinSubjects(list []model.Subject) string {
	const most = 4
	var out []string
	for i, s := range list {
		if i == most {
			out = append(out, "...")
			break
		}
		out = append(out, s.String())
	}
	return strings.Join(out, ", ")
}

func parseSubject(text string) (model.Subject, error) {
	sub, err := model.ParseSubject(text)
	if err != nil {
		return sub, fault.Wrap(err, fault.Usage, "this is not a subject").
			Hint("subjects are written kind:value, such as key:sha256:..., release:acme/pump-7/2.1.0 or device:acme/pump-7/SN-1")
	}
	return sub, nil
}

func parseProduct(text string) (model.Subject, error) {
	p, err := model.ParseProduct(text)
	if err != nil {
		return p, fault.Wrap(err, fault.Usage, "this is not a product").Hint("write MAKER/MODEL, such as acme/pump-7")
	}
	return p, nil
}
