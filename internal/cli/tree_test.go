package cli

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

// walk calls f for every command of the tree.
func walk(cmd *cobra.Command, f func(*cobra.Command)) {
	f(cmd)
	for _, sub := range cmd.Commands() {
		walk(sub, f)
	}
}

func tree() (*state, *cobra.Command) {
	s := newState(Streams{Out: new(bytes.Buffer), Err: new(bytes.Buffer)}, func(string) string { return "" })
	return s, newRootCommand(s)
}

func TestEveryCommandIsDocumented(t *testing.T) {
	t.Parallel()
	argument := regexp.MustCompile(`^(\[[A-Z|-]+(\.\.\.)?\]|[A-Z|-]+(\.\.\.)?)$`)
	_, root := tree()
	walk(root, func(cmd *cobra.Command) {
		path := cmd.CommandPath()
		if cmd.Short == "" || cmd.Example == "" {
			t.Errorf("%q lacks its short text or its example", path)
		}
		if strings.HasSuffix(cmd.Short, ".") || cmd.Short != "" && strings.ToUpper(cmd.Short[:1]) == cmd.Short[:1] {
			t.Errorf("%q: short text %q begins in lower case and has no full stop", path, cmd.Short)
		}
		for line := range strings.Lines(cmd.Example) {
			if !strings.HasPrefix(line, "  ") {
				t.Errorf("%q: line %q of the example is not indented by two", path, line)
			}
		}
		for _, word := range strings.Fields(cmd.Use)[1:] {
			if !argument.MatchString(word) {
				t.Errorf("%q: argument %q must be NAME, [NAME], NAME... or [NAME...]", path, word)
			}
		}
		var page bytes.Buffer
		writeHelp(&page, cmd)
		if lines := strings.Count(page.String(), "\n"); lines > 50 {
			t.Errorf("the help of %q has %d lines and does not fit a screen", path, lines)
		}
		for line := range strings.Lines(page.String()) {
			if len([]rune(line)) > 121 {
				t.Errorf("the help of %q has a line of %d characters: %s", path, len(line), line)
			}
		}
	})
}

// The help of every command, as one page to read through. UPDATE=1 rewrites it.
func TestHelpIsGolden(t *testing.T) {
	t.Parallel()
	const golden = "testdata/help.golden"
	var page bytes.Buffer
	_, root := tree()
	walk(root, func(cmd *cobra.Command) {
		page.WriteString("=== " + cmd.CommandPath() + "\n")
		writeHelp(&page, cmd)
		page.WriteString("\n")
	})
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(golden, page.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), page.String()); diff != "" {
		t.Errorf("help changed; read it, then run UPDATE=1 go test ./internal/cli (-golden +now):\n%s", diff)
	}
}

// Nothing below any noun takes a verb or a flag that does not exist, and none of it reaches a command's code.
func TestUnknownVerbsAndFlagsExit2(t *testing.T) {
	t.Parallel()
	_, root := tree()
	walk(root, func(cmd *cobra.Command) {
		path := strings.Fields(cmd.CommandPath())[1:]
		tries := [][]string{append(path[:len(path):len(path)], "--no-such-flag")}
		if cmd.HasSubCommands() {
			tries = append(tries, append(path[:len(path):len(path)], "no-such-verb"))
			if cmd.HasParent() {
				tries = append(tries, path)
			}
		}
		for _, args := range tries {
			s, fresh := tree()
			fresh.SetArgs(args)
			if code := s.finish(t.Context(), fresh.Execute()); code != 2 || s.running {
				t.Errorf("cordon %v: exit %d, running %v", args, code, s.running)
			}
		}
	})
}
