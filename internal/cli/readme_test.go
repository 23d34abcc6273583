package cli_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// told is a command of the README and what it is said to print there.
type told struct {
	command string
	prints  []string
}

// readmeCommands returns the commands in blocks marked "console", by the heading that they stand under.
func readmeCommands(t *testing.T) map[string][]told {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]told{}
	heading, inside := "", false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "```"):
			inside = !inside && line == "```console"
		case inside && strings.HasPrefix(line, "$ "):
			out[heading] = append(out[heading], told{command: line[2:]})
		case inside:
			last := &out[heading][len(out[heading])-1]
			last.prints = append(last.prints, line)
		case strings.HasPrefix(line, "#"):
			heading = strings.TrimLeft(line, "# ")
		}
	}
	return out
}

// masks are what differs from one run to the next.
var masks = []struct {
	pattern *regexp.Regexp
	by      string
}{
	{regexp.MustCompile(`sha256:([0-9a-f]{64}|\.\.\.)`), "sha256:#"},
	{regexp.MustCompile(`/findings/([0-9a-f]{64}|\.\.\.)\?token=([0-9a-f]{32}|\.\.\.)`), "/findings/#?token=#"},
	{regexp.MustCompile(`127\.0\.0\.1:[0-9]+/`), "127.0.0.1:#/"},
	{regexp.MustCompile(`; 127\.0\.0\.1:8420 is taken, so it is at 127\.0\.0\.1:[0-9]+:`), ":"},
	{regexp.MustCompile(`[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:]{8}Z)?`), "DATE"},
	{regexp.MustCompile(`^ +[0-9]+\.[0-9]{2} s  `), "  # s  "},
	{regexp.MustCompile(` \S*/cordon-demo-[0-9]+`), " #/cordon-demo-#"},
	{regexp.MustCompile(`( at|away:) \S*/(acme|house)\b`), "$1 #/$2"},
	{regexp.MustCompile(`[0-9]+ packets, [0-9]+ bytes, `), "# packets, # bytes, "},
	{regexp.MustCompile(`[0-9]+ transfers, ([0-9]+ findings)$`), "# transfers, $1"},
}

func masked(lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		for _, m := range masks {
			l = m.pattern.ReplaceAllString(l, m.by)
		}
		out[i] = l
	}
	return out
}

// agrees compares what was printed with what the README shows, where "..." stands for any lines. It returns
// the first line of the README that was not printed, or "" when all is as it is shown.
func agrees(shown, printed []string) string {
	shown, printed = masked(shown), masked(printed)
	skip := false
	for _, want := range shown {
		if want == "..." {
			skip = true
			continue
		}
		for skip && len(printed) > 0 && printed[0] != want {
			printed = printed[1:]
		}
		if len(printed) == 0 || printed[0] != want {
			return want
		}
		printed, skip = printed[1:], false
	}
	if len(printed) > 0 && !skip {
		return "nothing more, where this was printed: " + printed[0]
	}
	return ""
}

func TestReadmeComparison(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		shown, printed string
		ok             bool
	}{
		{"a\nb", "a\nb", true},
		{"a\nb", "a", false},
		{"a", "a\nb", false},
		{"a\n...", "a\nb\nc", true},
		{"...\nc", "a\nb\nc", true},
		{"...\nc", "a\nb", false},
		{"a\n...\nc", "a\nc", true},
		{"...\nb\nc", "a\nb\nx", false},
		{"  0.10 s  x of sha256:...", " 12.99 s  x of sha256:" + strings.Repeat("0a", 32), true},
		{"  0.10 s  x", "  0.10 s  y", false},
		{"at 2026-01-05T10:00:00Z in /tmp/cordon-demo-1", "at 2031-12-31T23:59:59Z in /elsewhere/cordon-demo-77", true},
	} {
		if got := agrees(strings.Split(c.shown, "\n"), strings.Split(c.printed, "\n")); (got == "") != c.ok {
			t.Errorf("%q against %q: %q", c.shown, c.printed, got)
		}
	}
}

// The commands of the README print what it shows, in one shell for each pair of doors.
func TestReadme(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("days of wards take a while")
	}
	all := readmeCommands(t)
	first := all["Cordon"]
	if len(first) != 2 || first[0].command != "make demo" {
		t.Fatalf("the first screen shows %+v", first)
	}
	doors := append(all["I make devices"], all["I run a hospital"]...)
	for name, commands := range map[string][]told{
		"exit": first[1:], "doors": doors, "download": all["Verify what you downloaded"], "backup": all["Upgrade, backup, uninstall"],
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if len(commands) == 0 {
				t.Fatal("there are no commands")
			}
			checkCommands(t, commands)
		})
	}
	t.Run("make demo", func(t *testing.T) {
		t.Parallel()
		r := startDemo(t, t.TempDir(), nil, "--no-browser")
		printed := "go build -trimpath -o bin/cordon ./cmd/cordon\n./bin/cordon demo\n" + r.text
		if miss := agrees(first[0].prints, lines(printed)); miss != "" {
			t.Errorf("the README shows %q, and printed was\n%s", miss, printed)
		}
		if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		r.ends(t)
	})
	t.Run("what make does", func(t *testing.T) {
		t.Parallel()
		makefile, err := os.ReadFile("../../Makefile")
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range first[0].prints[:2] {
			if !strings.Contains(string(makefile), "\n\t"+l+"\n") {
				t.Errorf("the Makefile has no line %q", l)
			}
		}
	})
}

func lines(text string) []string { return strings.Split(strings.TrimSuffix(text, "\n"), "\n") }

// checkCommands runs commands one after the other in one shell, in a folder where bin/cordon is the binary.
// Where a command says "sha256:..." the last fingerprint that was printed is meant.
func checkCommands(t *testing.T, commands []told) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(dir, "bin", "cordon")); err != nil {
		t.Fatal(err)
	}
	const mark = "==> next"
	script := "exec 2>&1\n"
	for _, c := range commands {
		command := strings.ReplaceAll(c.command, "sha256:...", `"$(cordon --quiet --home acme trust export --out again.json | grep -o 'sha256:[0-9a-f]*')"`)
		script += command + "\n" + fmt.Sprintf("echo '%s' $?\n", mark)
	}
	sh := exec.CommandContext(t.Context(), "sh", "-c", script)
	sh.Dir = dir
	sh.Env = []string{"PATH=" + filepath.Join(dir, "bin") + ":" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + t.TempDir()}
	sh.WaitDelay = 10 * time.Second
	out, err := sh.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	printed := []string{}
	at := 0
	for _, l := range lines(string(out)) {
		status, ended := strings.CutPrefix(l, mark+" ")
		if !ended {
			printed = append(printed, l)
			continue
		}
		c := commands[at]
		if miss := agrees(c.prints, printed); miss != "" || status != "0" {
			t.Errorf("%s\nends with %s; the README shows %q, and printed was\n%s", c.command, status, miss, strings.Join(printed, "\n"))
		}
		printed, at = nil, at+1
	}
	if at != len(commands) {
		t.Errorf("%d of %d commands ended", at, len(commands))
	}
}
