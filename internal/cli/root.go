package cli

import (
	"bufio"
	"io"

	"github.com/spf13/cobra"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// state is what all commands of one run share. It belongs to the goroutine that runs the command.
type state struct {
	in  io.Reader
	out *bufio.Writer // answers; flushed at the end
	err io.Writer     // errors, progress, prompts
	env func(string) string

	memory func(env func(string) string, records bool) // bounds the memory of a process that watches; nil when it is not ours

	homeFlag string
	passFlag string
	dryRun   bool
	twice    bool // a new passphrase is asked for twice
	json     bool
	quiet    bool

	running bool // a command's own code has begun: errors are no longer about the command line
}

func newState(streams Streams, env func(string) string) *state {
	return &state{in: streams.In, out: bufio.NewWriterSize(streams.Out, 64<<10), err: streams.Err, env: env}
}

// newRootCommand builds the whole tree. A new command is one constructor here and one file.
func newRootCommand(s *state) *cobra.Command {
	root := &cobra.Command{
		Use:   "cordon",
		Short: "signed evidence about medical devices: what can still be trusted, and what a compromise reaches",
		Example: `  cordon init --org st-elsewhere --role hospital
  cordon trust add acme.json
  cordon watch capture.pcap`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	flags := root.PersistentFlags()
	flags.StringVar(&s.homeFlag, "home", "", "`DIR` of the ledger, the database and the keys (CORDON_HOME)")
	flags.StringVar(&s.passFlag, "passphrase-file", "", "`FILE` with the passphrase of the role keys (CORDON_PASSPHRASE_FILE)")
	flags.BoolVar(&s.json, "json", false, "answer in JSON Lines, one object a line with a \"type\"")
	flags.BoolVarP(&s.quiet, "quiet", "q", false, "no progress lines")

	help := newHelpCommand(s, root)
	root.SetHelpCommand(help)
	root.AddCommand(
		newInitCommand(s),
		newReleaseCommand(s),
		newTrustCommand(s),
		newKeyCommand(s),
		newWatchCommand(s),
		newServeCommand(s),
		newDeviceCommand(s),
		newFindingCommand(s),
		newGraphCommand(s),
		newExposureCommand(s),
		newLogCommand(s),
		newEvidenceCommand(s),
		newWhyCommand(s),
		newLabCommand(s),
		newDemoCommand(s),
		newDoctorCommand(s),
		newExplainCommand(s),
		newCompletionCommand(s),
		newVersionCommand(s),
		help,
	)
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { writeHelp(s.out, cmd) })
	root.SetFlagErrorFunc(flagFault)
	root.SetOut(s.out)
	root.SetErr(s.err)
	seal(s, root)
	complete(s, root)
	return root
}

// group returns a command that only has verbs below it, such as `cordon release`.
func group(use, short, example string, verbs ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Example: example}
	cmd.AddCommand(verbs...)
	return cmd
}

// seal goes through the finished tree and makes every command check its arguments against its Use line,
// refuse unknown verbs, and note when its own code begins.
func seal(s *state, cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		seal(s, sub)
	}
	// The flags of a command are still its own alone: cobra adds those of its parents when it is run, and to ask for
	// them here would merge them into every command of the tree, at each start of the program.
	flags := cmd.Flags()
	cmd.DisableFlagsInUseLine = !flags.HasFlags()
	flags.BoolP("help", "h", false, "show this help")
	help := flags.Lookup("help")
	help.Hidden = cmd.HasParent() // shown once is enough
	help.Annotations = map[string][]string{cobra.FlagSetByCobraAnnotation: {"true"}}
	if cmd.RunE == nil {
		cmd.Args = cobra.ArbitraryArgs
		cmd.RunE = func(cmd *cobra.Command, args []string) error { return verbFault(cmd, args) }
		return
	}
	if cmd.Args == nil {
		cmd.Args = checkArgs
	}
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if cmd.Flags().Changed("home") && s.homeFlag == "" {
			// An unset shell variable must not lead to the default home.
			return seeHelp(cmd, fault.New(fault.Usage, "--home is empty"))
		}
		s.running = true
		return run(cmd, args)
	}
}
