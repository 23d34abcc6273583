package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every command line that a document shows is one: its words are in the tree and its flags are known there.
func TestDocumentsShowCommandsThatExist(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d documents, %v", len(files), err)
	}
	line := regexp.MustCompile("(?m)(?:^|`|&& |\\| )((?:\\./bin/)?cordon [a-z][^`|#\n]*)")
	flag := regexp.MustCompile(`(^|\s)--?([a-z][a-z-]*)`)
	_, root := tree()
	shown := 0
	for _, file := range append(files, "../../README.md", "../../CONTRIBUTING.md", "../../SECURITY.md") {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range line.FindAllStringSubmatch(string(b), -1) {
			words := strings.Fields(m[1])[1:]
			cmd, rest, err := root.Find(words)
			if err != nil || cmd == root || cmd.HasSubCommands() && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") {
				t.Errorf("%s shows %q, which is no command", file, m[1])
				continue
			}
			shown++
			for _, f := range flag.FindAllStringSubmatch(m[1], -1) {
				if cmd.Flags().Lookup(f[2]) == nil && cmd.InheritedFlags().Lookup(f[2]) == nil && cmd.Flags().ShorthandLookup(f[2][:1]) == nil {
					t.Errorf("%s shows %q, and %q has no flag --%s", file, m[1], cmd.CommandPath(), f[2])
				}
			}
		}
	}
	if shown < 20 {
		t.Errorf("only %d command lines were found", shown)
	}
}
