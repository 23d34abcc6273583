package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/exposure"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

func newExposureCommand(s *state) *cobra.Command {
	return group("exposure", "what a compromise reaches",
		"  cordon exposure radius key:sha256:...",
		newRadiusCommand(s))
}

func newRadiusCommand(s *state) *cobra.Command {
	var harm, from, until string
	cmd := &cobra.Command{
		Use:   "radius SUBJECT...",
		Short: "print what these subjects, compromised together, could reach, and by which path",
		Example: `  cordon exposure radius key:sha256:... key:sha256:...
  cordon exposure radius --harm availability service:cloud/x`,
		Long: `"Could reach" is what follows from what was stated or observed, not what happened. Certain is what follows from
statements and observations alone; possible also from what nobody disclosed or somebody denied.

` + subjectHelp,
		RunE: func(cmd *cobra.Command, args []string) error {
			q := app.RadiusQuery{Harm: model.Harm(harm)}
			for _, a := range args {
				sub, err := parseSubject(a)
				if err != nil {
					return err
				}
				q.Sources = append(q.Sources, sub)
			}
			var err error
			if q.From, err = parseTime(from); err != nil {
				return err
			}
			if q.Until, err = parseTime(until); err != nil {
				return err
			}
			return s.reading(cmd.Context(), func(a *app.App) error {
				answer, err := a.Spread(cmd.Context(), q)
				if err != nil {
					return err
				}
				return s.printRadius(answer)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&harm, "harm", "", "follow one harm only: `integrity|confidentiality|availability`")
	f.StringVar(&from, "from", "", "edges that held at or after `TIME`; now by default")
	f.StringVar(&until, "until", "", "edges that held before `TIME`")
	return cmd
}

func parseTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, fault.Wrap(err, fault.Usage, "a time is written like 2026-11-20T13:00:00Z")
	}
	return t.UTC(), nil
}

func (s *state) printRadius(answer exposure.Spread) error {
	for _, sub := range answer.NotInGraph() {
		s.note("note: nothing is known that %s reaches", sub)
	}
	for r := range answer.Rows() {
		if err := s.print(reachedRow{r}); err != nil {
			return err
		}
	}
	for _, c := range answer.Counts() {
		if err := s.print(countRow{c}); err != nil {
			return err
		}
	}
	if answer.Len() == 0 && !s.json {
		s.note("nothing is reached, as far as this house knows")
	}
	return nil
}

type reachedRow struct{ exposure.Reached }

func (reachedRow) kind() string { return "reached" }

func (r reachedRow) lines() []string {
	out := []string{fmt.Sprintf("%-8s %s (%s)", r.Certainty, r.Subject, r.Harm)}
	for _, p := range r.Path {
		out = append(out, fmt.Sprintf("    %s -%s-> %s  [%s]", p.From, p.Relation, p.To, p.Known))
	}
	return out
}

type countRow struct{ exposure.Count }

func (countRow) kind() string { return "count" }

func (c countRow) lines() []string {
	return []string{fmt.Sprintf("%5d %s (%s, %s)", c.N, c.Kind, c.Harm, c.Certainty)}
}
