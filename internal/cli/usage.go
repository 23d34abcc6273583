package cli

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// checkArgs holds the arguments against the Use line: NAME is required, [NAME] is not, and a last one
// with ... may repeat.
func checkArgs(cmd *cobra.Command, args []string) error {
	names := strings.Fields(cmd.Use)[1:]
	required, most := 0, len(names)
	for _, n := range names {
		if !strings.HasPrefix(n, "[") {
			required++
		}
		if strings.HasSuffix(strings.TrimSuffix(n, "]"), "...") {
			most = len(args)
		}
	}
	if len(args) < required {
		missing := strings.TrimSuffix(names[len(args)], "...")
		return seeHelp(cmd, fault.New(fault.Usage, "%q needs %s", cmd.CommandPath(), missing))
	}
	if len(args) > most {
		return seeHelp(cmd, fault.New(fault.Usage, "%q does not take the argument %q", cmd.CommandPath(), args[most]))
	}
	return nil
}

// verbFault answers a noun without its verb or with an unknown one. Bare `cordon` shows the help.
func verbFault(cmd *cobra.Command, args []string) error {
	var verbs []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() || sub.Name() == "help" {
			verbs = append(verbs, sub.Name())
		}
	}
	if len(args) == 0 && !cmd.HasParent() {
		return cmd.Help()
	}
	if len(args) == 0 {
		return seeHelp(cmd, fault.New(fault.Usage, "%q needs one of: %s", cmd.CommandPath(), strings.Join(verbs, ", ")))
	}
	err := fault.New(fault.Usage, "unknown command %q for %q", args[0], cmd.CommandPath())
	if near, ok := nearest(args[0], verbs); ok {
		return err.Hint("did you mean `%s %s`?", cmd.CommandPath(), near)
	}
	return seeHelp(cmd, err)
}

// flagFault turns what the flag parser says into a usage fault that names the nearest flag.
func flagFault(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return seeHelp(cmd, fault.Wrap(err, fault.Usage, "%q", cmd.CommandPath()))
	}
	name := unknown.GetSpecifiedName()
	if unknown.GetSpecifiedShortnames() != "" {
		return seeHelp(cmd, fault.New(fault.Usage, "unknown flag %q for %q", "-"+name, cmd.CommandPath()))
	}
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	out := fault.New(fault.Usage, "unknown flag %q for %q", "--"+name, cmd.CommandPath())
	if near, ok := nearest(name, known); ok {
		return out.Hint("did you mean --%s?", near)
	}
	return seeHelp(cmd, out)
}

func seeHelp(cmd *cobra.Command, err *fault.Error) error {
	return err.Hint("see `%s --help` for an example", cmd.CommandPath())
}
