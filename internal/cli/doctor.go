package cli

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cordon-trust/cordon/internal/kit/clock"
	"github.com/cordon-trust/cordon/internal/kit/fault"
)

func newDoctorCommand(s *state) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "look at this installation and its home, and say what is wrong and what to do about it",
		Example: `  cordon doctor
  cordon doctor --json`,
		Long: `Changes nothing and asks nothing, on a home that is whole, broken, locked, read-only or not there. Each line is
ok, a note or a problem. Exit 10 when there is a problem, 11 when signed evidence no longer verifies.
The output is safe to paste: no passphrase, no key, no name of a device or a person, paths below your own
folder begin with ~. The ledger is looked at quickly; ` + "`cordon log verify`" + ` reads all of it.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d := &doctor{s: s, ctx: cmd.Context(), clock: clock.System{}}
			return d.run()
		},
	}
}

// States of a check.
const (
	stateOK      = "ok"
	stateNote    = "note"
	stateProblem = "problem"
)

// doctor looks at everything once. It belongs to the goroutine of its command.
type doctor struct {
	s     *state
	ctx   context.Context //nolint:containedctx // lives for one run of the command
	clock clock.Clock

	dir    string    // the home
	origin string    // where its name came from
	exact  bool      // somebody named it
	last   time.Time // of the ledger's last checkpoint

	notes, problems int
	told            string // the last failure, so that one cause is one problem
	unverified      bool   // signed evidence that does not verify is among the problems
	err             error
}

func (d *doctor) run() error {
	d.build()
	d.configuration()
	d.system()
	if d.dir != "" {
		d.home()
	}
	d.time()
	d.port()
	if d.err != nil {
		return d.err
	}
	if err := d.s.print(doctorRow{Problems: d.problems, Notes: d.notes}); err != nil {
		return err
	}
	switch {
	case d.unverified:
		return fault.New(fault.LogDamaged, "doctor found %s, among them evidence that does not verify", counted(d.problems, "problem")).
			Hint("do what the lines that begin with problem say, and do not rely on this home's answers until then")
	case d.problems > 0:
		return fault.New(fault.Ailing, "doctor found %s", counted(d.problems, "problem")).
			Hint("do what the lines that begin with problem say, then run `cordon doctor` again")
	}
	return nil
}

// say prints one line. what to do stands with everything that is not ok.
func (d *doctor) say(state, about, text, do string) {
	switch state {
	case stateNote:
		d.notes++
	case stateProblem:
		d.problems++
	}
	if err := d.s.print(checkRow{About: about, State: state, Text: d.paste(text), Do: d.paste(do)}); err != nil && d.err == nil {
		d.err = err
	}
}

func (d *doctor) ok(about, format string, args ...any) {
	d.say(stateOK, about, fmt.Sprintf(format, args...), "")
}

// failed says that a look itself failed, which is never taken for good health.
func (d *doctor) failed(about string, err error) {
	if fault.ExitOf(err) == fault.ExitVerify {
		d.unverified = true
	}
	text := fmt.Sprintf("%s [%s]", strings.ReplaceAll(err.Error(), "\n", "; "), fault.CodeOf(err))
	if d.told == text {
		d.say(stateNote, about, "not known, for the reason above", "do what is said there first")
		return
	}
	d.told = text
	d.say(stateProblem, about, text, fault.HintOf(err))
}

// paste makes a text safe to show to others: paths below the user's own folder begin with ~.
func (d *doctor) paste(text string) string { return tilde(text, d.s.env(envUser)) }

// tilde replaces the user's own folder by ~ wherever it stands as a whole path or as the beginning of one.
func tilde(text, user string) string {
	user = strings.TrimRight(user, string(os.PathSeparator))
	if user == "" {
		return text
	}
	var b strings.Builder
	for {
		at := strings.Index(text, user)
		if at < 0 {
			return b.String() + text
		}
		rest := text[at+len(user):]
		b.WriteString(text[:at])
		if rest == "" || !isNamePart(rest[0]) {
			b.WriteString("~")
		} else {
			b.WriteString(user)
		}
		text = rest
	}
}

// isNamePart reports whether a byte goes on with the name of a folder.
func isNamePart(c byte) bool {
	return c == '-' || c == '_' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// checkRow is one look.
type checkRow struct {
	About string `json:"about"`
	State string `json:"state"` // ok, note or problem
	Text  string `json:"text"`
	Do    string `json:"do,omitzero"` // what to do about it
}

func (checkRow) kind() string { return "check" }

func (c checkRow) lines() []string {
	out := []string{fmt.Sprintf("%-8s %-13s %s", c.State, c.About, c.Text)}
	if c.Do != "" {
		out = append(out, fmt.Sprintf("%-22s -> %s", "", c.Do))
	}
	return out
}

// doctorRow is the last line.
type doctorRow struct {
	Problems int `json:"problems"`
	Notes    int `json:"notes"`
}

func (doctorRow) kind() string { return "doctor" }

func (r doctorRow) lines() []string {
	return []string{counted(r.Problems, "problem") + ", " + counted(r.Notes, "note")}
}
