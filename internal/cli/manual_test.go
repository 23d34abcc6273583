package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// Every page has the sections that man promises, in their order, and every line that begins with a dot is a
// macro that a page may use.
func TestManualPagesAreWellFormed(t *testing.T) {
	t.Parallel()
	macro := regexp.MustCompile(`^\.(TH|SH|TP|B|BR|PP|nf|fi)( |$)`)
	_, root := tree()
	eachCommand(root, func(cmd *cobra.Command) {
		page := manualPage(cmd)
		at := -1
		for _, s := range []string{"NAME", "SYNOPSIS", "EXAMPLES", "EXIT STATUS", "SEE ALSO"} {
			next := strings.Index(page, ".SH "+quoted(s)+"\n")
			if next <= at {
				t.Errorf("%s: section %s is missing or out of order", pageName(cmd), s)
			}
			at = next
		}
		for line := range strings.Lines(page) {
			line = strings.TrimSuffix(line, "\n")
			if strings.HasPrefix(line, ".") && !macro.MatchString(line) || strings.HasPrefix(line, "'") || line == "" {
				t.Errorf("%s: line %q", pageName(cmd), line)
			}
		}
		cmd.LocalFlags()
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() && !strings.Contains(page, plainRoff(pageName(sub))+" (1)") {
				t.Errorf("%s does not lead to %s", pageName(cmd), pageName(sub))
			}
		}
	})
}

// groff itself finds nothing to warn about, and what it shows is what help says.
func TestManualPagesAreReadByMan(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var out bytes.Buffer
	if code := Run(t.Context(), []string{"help", "--man", dir}, Streams{In: strings.NewReader(""), Out: &out, Err: &out}, func(string) string { return "" }); code != 0 {
		t.Fatalf("exit %d: %s", code, out.String())
	}
	pages, err := filepath.Glob(filepath.Join(dir, "*.1"))
	if err != nil || len(pages) < 20 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	if _, err := exec.LookPath("groff"); err != nil {
		t.Log("groff is not installed: only the form of the pages was tested")
		return
	}
	cmd := exec.CommandContext(t.Context(), "groff", append([]string{"-man", "-ww", "-Tascii", "-z"}, pages...)...)
	if said, err := cmd.CombinedOutput(); err != nil || len(said) > 0 {
		t.Errorf("%v: %s", err, said)
	}
	shown, err := exec.CommandContext(t.Context(), "groff", "-man", "-Tascii", "-P-c", "-P-b", "-P-u", filepath.Join(dir, "cordon-watch.1")).Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"cordon watch capture.pcap", "--fail-on SEVERITY", "EXIT STATUS"} {
		if !strings.Contains(string(shown), want) {
			t.Errorf("the page does not show %q:\n%s", want, shown)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "cordon.1")); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("cordon.1: %v, %v", info, err)
	}
}
