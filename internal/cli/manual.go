package cli

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cordon-trust/cordon/internal/kit/disk"
)

// writeManual writes a page in section 1 for every command. The pages say nothing of this computer, so the same
// program writes the same bytes everywhere.
func (s *state) writeManual(root *cobra.Command, dir string) error {
	if dir == "" {
		return refusedUsage("--man is empty")
	}
	if !s.dryRun {
		if err := disk.MakeDir(disk.OS{}, dir, 0o755); err != nil {
			return err
		}
	}
	done := manualRow{Dir: dir}
	var failed error
	eachCommand(root, func(cmd *cobra.Command) {
		if failed != nil || cmd.Hidden {
			return
		}
		done.Pages++
		if !s.dryRun {
			failed = disk.WriteFile(disk.OS{}, filepath.Join(dir, pageName(cmd)+".1"), 0o644, []byte(manualPage(cmd)))
		}
	})
	if failed != nil {
		return failed
	}
	return s.print(done)
}

// manualRow says what was written.
type manualRow struct {
	Dir   string `json:"dir"`
	Pages int    `json:"pages"`
}

func (manualRow) kind() string { return "manual" }

func (m manualRow) lines() []string {
	return []string{fmt.Sprintf("%d manual pages for %s; read one with: man -l %s", m.Pages, m.Dir, filepath.Join(m.Dir, "cordon.1"))}
}

func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// manualPage writes a page in the man macros of troff (groff_man(7)).
func manualPage(cmd *cobra.Command) string {
	r := &roff{}
	r.line(".TH %s 1 \"\" Cordon \"Cordon manual\"", quoted(strings.ToUpper(pageName(cmd))))
	r.section("NAME")
	r.line("%s \\- %s", plainRoff(pageName(cmd)), plainRoff(cmd.Short))
	r.section("SYNOPSIS")
	use := cmd.UseLine()
	if cmd.HasAvailableSubCommands() {
		use = cmd.CommandPath() + " COMMAND [flags]"
	}
	r.literal([]string{use})
	r.section("EXAMPLES")
	r.literal(unindented(cmd.Example))
	if cmd.Long != "" {
		r.section("DESCRIPTION")
		r.paragraphs(cmd.Long)
	}
	if cmd.HasAvailableSubCommands() {
		r.section("COMMANDS")
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() || sub.Name() == "help" {
				r.item(sub.Name(), sub.Short)
			}
		}
	}
	r.flags("OPTIONS", cmd.LocalFlags())
	r.flags("OPTIONS OF EVERY COMMAND", cmd.InheritedFlags())
	r.section("EXIT STATUS")
	for _, e := range exits() {
		r.item(fmt.Sprint(e.code), e.name+": "+e.meaning)
	}
	if !cmd.HasParent() {
		r.section("ENVIRONMENT")
		for _, v := range variables() {
			if !v.developing {
				r.item(v.name, v.meaning)
			}
		}
		r.section("FILES")
		for _, f := range homeFiles() {
			r.item(f[0], f[1])
		}
	}
	r.seeAlso(cmd)
	return r.text.String()
}

// roff is a page that is being written.
type roff struct{ text strings.Builder }

func (r *roff) line(format string, args ...any) { fmt.Fprintf(&r.text, format+"\n", args...) }

func (r *roff) section(name string) { r.line(".SH %s", quoted(name)) }

func (r *roff) item(name, text string) {
	r.line(".TP\n.B %s\n%s", quoted(name), plainRoff(text))
}

// literal writes lines that stay as they are.
func (r *roff) literal(lines []string) {
	r.line(".nf")
	for _, l := range lines {
		r.line("%s", plainRoff(l))
	}
	r.line(".fi")
}

func (r *roff) paragraphs(text string) {
	for i, p := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			r.line(".PP")
		}
		for _, l := range strings.Split(p, "\n") {
			r.line("%s", plainRoff(strings.TrimSpace(l)))
		}
	}
}

func (r *roff) flags(heading string, set *pflag.FlagSet) {
	if !set.HasAvailableFlags() {
		return
	}
	r.section(heading)
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		kind, text := pflag.UnquoteUsage(f)
		if kind != "" {
			name += " " + kind
		}
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" {
			text += " (default " + f.DefValue + ")"
		}
		r.item(name, text)
	})
}

func (r *roff) seeAlso(cmd *cobra.Command) {
	var names []string
	if cmd.HasParent() {
		names = append(names, pageName(cmd.Parent()))
	}
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, pageName(sub))
		}
	}
	r.section("SEE ALSO")
	for i, n := range names {
		comma := ","
		if i == len(names)-1 {
			comma = ""
		}
		r.line(".BR %s (1)%s", plainRoff(n), comma)
	}
}

// unindented takes the two spaces off that every line of an example begins with.
func unindented(text string) []string {
	lines := strings.Split(strings.Trim(text, "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], "  ")
	}
	return lines
}

// plainRoff makes text stand for itself: a backslash begins an escape, a hyphen would become a typographic
// one that cannot be pasted, and a dot or an apostrophe at the beginning of a line a request.
func plainRoff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "`", `\(ga`, "'", `\(aq`, "^", `\(ha`, "~", `\(ti`).Replace(text)
	if strings.HasPrefix(text, ".") {
		text = `\&` + text
	}
	return text
}

// quoted is one argument of a macro.
func quoted(text string) string { return `"` + strings.ReplaceAll(plainRoff(text), `"`, `\(dq`) + `"` }
