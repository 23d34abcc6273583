package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

const exitCodes = `Exit codes: 0 ok, 1 failed, 2 usage, 3 partly done, 4 not allowed, 10 gate tripped,
            11 verification failed, 12 locked, 130 interrupted`

// writeHelp prints the help of a command: what it does, an example, then the rest.
func writeHelp(w io.Writer, cmd *cobra.Command) {
	p := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }
	p("%s: %s\n\nExample:\n%s\n", cmd.CommandPath(), cmd.Short, strings.TrimRight(cmd.Example, "\n"))
	use := cmd.UseLine()
	if cmd.HasAvailableSubCommands() {
		use = cmd.CommandPath() + " COMMAND [flags]"
	}
	p("\nUsage:\n  %s\n", use)
	if cmd.Long != "" {
		p("\n%s\n", strings.TrimSpace(cmd.Long))
	}
	if cmd.HasAvailableSubCommands() {
		p("\nCommands:\n")
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() || sub.Name() == "help" {
				p("  %-12s %s\n", sub.Name(), sub.Short)
			}
		}
	}
	if f := cmd.LocalFlags(); f.HasAvailableFlags() {
		p("\nFlags:\n%s", f.FlagUsages())
	}
	if f := cmd.InheritedFlags(); f.HasAvailableFlags() {
		p("\nFlags of every command:\n%s", f.FlagUsages())
	}
	p("\n%s\n", exitCodes)
}

// topics are the help pages that belong to no command.
func topics() map[string]string {
	return map[string]string{
		"exit-codes": `0    ok
1    failed: nothing was concluded
2    usage: the command line was not understood, nothing was done
3    partly done: what was left out is named
4    not allowed: this home or this role may not do that, or the passphrase is wrong
10   a policy or a finding is at or above the limit you set
11   verification failed: do not rely on it
12   another process is writing to this home
130  interrupted: stopped cleanly

Every error line ends with a code; ` + "`cordon explain CODE`" + ` says more.`,
		"environment": environmentTopic(),
		"formats": `Answers go to standard output; errors and progress to standard error.
--json   JSON Lines: one object a line, each with a "type"; fields are only ever added
times    RFC 3339 in UTC, such as 2026-11-20T13:05:00Z
sizes    bytes
digests  sha256: and 64 lower-case hex digits, always whole
subjects kind:value, such as release:acme/pump-7/2.1.0 or device:acme/pump-7/SN-0001
devices  CSV with a header line, see ` + "`cordon help device import`" + `
parties  sources.json in the home: {"source":"IT","status":"in force","date":"2026-01-31","publishers":[
         {"name":"Our mirror","kind":"packages","hosts":["mirror.example.org"],"names":[".deb"]}]}
         what comes from such a host is third-party on a listed workstation, server or service laptop
strings  from outside: invisible and control characters are written as \u{1b}, in JSON as \u001b`,
	}
}

func newHelpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND...]",
		Short: "help about a command, or about exit-codes, environment, formats",
		Example: `  cordon help release verify
  cordon help exit-codes`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				if text, ok := topics()[args[0]]; ok {
					_, err := fmt.Fprintln(cmd.OutOrStdout(), text)
					return written(err)
				}
			}
			found, rest, err := root.Find(args)
			if err == nil && len(rest) == 0 {
				return found.Help()
			}
			out := fault.New(fault.Usage, "there is no help about %q", strings.Join(args, " "))
			words := []string{"exit-codes", "environment", "formats"}
			for _, c := range root.Commands() {
				words = append(words, c.Name())
			}
			slices.Sort(words)
			if near, ok := nearest(args[0], words); ok {
				return out.Hint("did you mean `cordon help %s`?", near)
			}
			return out.Hint("`cordon help` lists the commands")
		},
	}
}
