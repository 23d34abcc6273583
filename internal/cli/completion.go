package cli

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

const (
	completeFor  = 2 * time.Second // nobody waits longer for the Tab key
	mostComplete = 200             // words offered at once
)

func newCompletionCommand(s *state) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "print a script that lets the Tab key complete commands, flags, findings and subjects",
		Example: `  cordon completion bash > /etc/bash_completion.d/cordon
  source <(cordon completion zsh)
  cordon completion fish > ~/.config/fish/completions/cordon.fish
  cordon completion powershell | Out-String | Invoke-Expression`,
		Long: `SHELL is bash, zsh, fish or powershell. What lies in the home is read for it, without changing
anything; what cannot be read is not offered. bash needs its package bash-completion.`,
		ValidArgs: shells,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || !slices.Contains(shells, args[0]) {
				return seeHelp(cmd, fault.New(fault.Usage, "%q needs one of %s", cmd.CommandPath(), strings.Join(shells, ", ")))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return written(writeCompletion(s.out, cmd.Root(), args[0]))
		},
	}
}

func writeCompletion(w io.Writer, root *cobra.Command, shell string) error {
	switch shell {
	case "zsh":
		return root.GenZshCompletion(w)
	case "fish":
		return root.GenFishCompletion(w, true)
	case "powershell":
		return root.GenPowerShellCompletionWithDesc(w)
	}
	return root.GenBashCompletionV2(w, true)
}

type completer = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective)

// complete tells the finished tree what may be typed where. What is not named here takes files, as shells do.
func complete(s *state, root *cobra.Command) {
	words := func(list ...string) completer {
		return func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
			return beginning(list, typed), cobra.ShellCompDirectiveNoFileComp
		}
	}
	argument := map[string]completer{
		"explain":         words(codes()...),
		"finding show":    s.from(findingIDs()),
		"finding hold":    s.from(findingIDs(model.Open, model.Held)),
		"finding unhold":  s.from(findingIDs(model.Held)),
		"why":             s.from(subjects),
		"log proof":       s.from(subjects),
		"exposure radius": s.from(subjects),
		"trust confirm":   s.from(orgs),
		"key list":        s.from(orgs),
		"key compromised": s.from(keys),
	}
	flag := map[string]completer{
		"product":   s.from(products),
		"severity":  words(texts(model.Severities[:])...),
		"fail-on":   words(texts(model.Severities[:])...),
		"state":     words("open", "held", "closed", "all"),
		"transfers": words("updates", "all"),
		"harm":      words("integrity", "confidentiality", "availability"),
	}
	eachCommand(root, func(cmd *cobra.Command) {
		path := strings.Join(strings.Fields(cmd.CommandPath())[1:], " ")
		if fn, ok := argument[path]; ok {
			cmd.ValidArgsFunction = fn
		}
		for name, fn := range flag {
			if cmd.LocalNonPersistentFlags().Lookup(name) != nil {
				_ = cmd.RegisterFlagCompletionFunc(name, fn) // the flag is there
			}
		}
		if path == "device list" {
			_ = cmd.RegisterFlagCompletionFunc("role", words(texts(model.Roles[:])...))
		}
		if path == "init" {
			_ = cmd.RegisterFlagCompletionFunc("role", words("maker", "hospital"))
		}
	})
}

func eachCommand(cmd *cobra.Command, fn func(*cobra.Command)) {
	fn(cmd)
	for _, sub := range cmd.Commands() {
		eachCommand(sub, fn)
	}
}

func texts[T ~string](list []T) []string {
	var out []string
	for _, t := range list {
		out = append(out, string(t))
	}
	return out
}

func codes() []string {
	var out []string
	for c := range fault.Table {
		out = append(out, string(c))
	}
	slices.Sort(out)
	return out
}

// from reads words out of the home. It never asks, never writes, and whatever fails offers nothing.
func (s *state) from(read func(context.Context, *app.App) ([]string, error)) completer {
	return func(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		ctx, stop := context.WithTimeout(context.WithoutCancel(contextOf(cmd)), completeFor)
		defer stop()
		opt, err := s.options()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		opt.Store.ReadOnly, opt.Store.Still, opt.DryRun = true, true, true
		opt.Passphrase, opt.Note = nil, nil
		a, err := app.Open(ctx, opt)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer a.Close() //nolint:errcheck // nothing was written
		all, err := read(ctx, a)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return beginning(all, typed), cobra.ShellCompDirectiveNoFileComp
	}
}

// beginning returns the words that begin with what was typed, so many as somebody may read.
func beginning(all []string, typed string) []string {
	var out []string
	for _, w := range all {
		if strings.HasPrefix(w, typed) && len(out) < mostComplete {
			out = append(out, w)
		}
	}
	return out
}

func contextOf(cmd *cobra.Command) context.Context {
	if ctx := cmd.Context(); ctx != nil {
		return ctx
	}
	return context.Background()
}

// findingIDs reads the IDs of the findings in these states; none named: of all.
func findingIDs(states ...model.FindingState) func(context.Context, *app.App) ([]string, error) {
	return func(ctx context.Context, a *app.App) ([]string, error) {
		all, err := a.Findings(ctx, app.FindingFilter{})
		var out []string
		for _, f := range all {
			if len(states) == 0 || slices.Contains(states, f.State) {
				out = append(out, f.ID.String())
			}
		}
		return out, err
	}
}

func orgs(ctx context.Context, a *app.App) ([]string, error) {
	all, err := a.Trusted(ctx)
	var out []string
	for _, t := range all {
		out = append(out, t.Org)
	}
	return out, err
}

func keys(ctx context.Context, a *app.App) ([]string, error) {
	known, err := orgs(ctx, a)
	var out []string
	for _, org := range known {
		held, kerr := a.Keys(ctx, org)
		for _, k := range held {
			out = append(out, k.Key.String())
		}
		if err == nil {
			err = kerr
		}
	}
	return out, err
}

func products(ctx context.Context, a *app.App) ([]string, error) {
	all, err := a.Releases(ctx)
	set := map[string]bool{}
	for _, r := range all {
		set[r.Product.Value()] = true
	}
	return sorted(set), err
}

// subjects are what most questions are about: releases, keys and organisations.
func subjects(ctx context.Context, a *app.App) ([]string, error) {
	set := map[string]bool{}
	releases, err := a.Releases(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range releases {
		set[r.Release.String()] = true
	}
	held, err := keys(ctx, a)
	for _, k := range held {
		set[k] = true
	}
	known, oerr := orgs(ctx, a)
	for _, o := range known {
		set["org:"+o] = true
	}
	if err == nil {
		err = oerr
	}
	return slices.Sorted(maps.Keys(set)), err
}
