package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// exitLines are the exit codes as every page ends with them.
func exitLines() string {
	var parts []string
	for _, e := range exits() {
		parts = append(parts, fmt.Sprintf("%d %s", e.code, e.name))
	}
	return strings.Join(wrap("Exit codes: "+strings.Join(parts, ", "), 85), "\n            ")
}

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
	p("\n%s\n", exitLines())
}

func newHelpCommand(s *state, root *cobra.Command) *cobra.Command {
	var pages string
	cmd := &cobra.Command{
		Use:   "help [COMMAND...]",
		Short: "help about a command, or about exit-codes, environment, formats",
		Example: `  cordon help release verify
  cordon help exit-codes
  cordon help formats transfer
  cordon help --man /usr/local/share/man/man1`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("man") {
				return s.writeManual(root, pages)
			}
			if text := topicText(args); text != "" {
				_, err := fmt.Fprintln(cmd.OutOrStdout(), strings.TrimRight(text, "\n"))
				return written(err)
			}
			found, rest, err := root.Find(args)
			if err == nil && len(rest) == 0 {
				return found.Help()
			}
			return noHelp(root, args)
		},
	}
	cmd.Flags().StringVar(&pages, "man", "", "write a manual page of every command to folder `DIR`")
	cmd.ValidArgsFunction = func(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		return beginning(helpWords(root, args), typed), cobra.ShellCompDirectiveNoFileComp
	}
	return s.writes(cmd)
}

// topicText returns the page that arguments of help ask for; "" when they name no topic.
func topicText(args []string) string {
	asked := strings.Join(args, " ")
	if kind, ok := strings.CutPrefix(asked, "formats "); ok {
		return typeTopic(kind)
	}
	for _, t := range topics() {
		if asked == t.name {
			return t.text
		}
	}
	return ""
}

func noHelp(root *cobra.Command, args []string) error {
	out := fault.New(fault.Usage, "there is no help about %q", strings.Join(args, " "))
	if near, ok := nearest(args[len(args)-1], helpWords(root, args[:len(args)-1])); ok {
		return out.Hint("did you mean `cordon help %s`?", strings.Join(append(args[:len(args)-1:len(args)-1], near), " "))
	}
	return out.Hint("`cordon help` lists the commands, and `cordon help formats` the types of --json")
}

// helpWords lists what may follow the words that were typed after help.
func helpWords(root *cobra.Command, typed []string) []string {
	var words []string
	if len(typed) == 1 && typed[0] == "formats" {
		for _, a := range answers() {
			words = append(words, a.row.kind())
		}
	}
	if len(typed) == 0 {
		for _, t := range topics() {
			words = append(words, t.name)
		}
	}
	if at, rest, err := root.Find(typed); err == nil && len(rest) == 0 {
		for _, c := range at.Commands() {
			if c.IsAvailableCommand() {
				words = append(words, c.Name())
			}
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}
