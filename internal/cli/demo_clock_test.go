package cli_test

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var datedStep = regexp.MustCompile(`(?m)^ +[0-9]+\.[0-9]{2} s  ([0-9]{4}-[0-9]{2}-[0-9]{2})  (.*)$`)

// What happens in a demo is dated in the order in which it happens: signed weeks ago, imported days ago, fetched
// yesterday and read today. Nothing of it has expired, and the ledgers verify.
func TestDemoTellsItsStoryInTime(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	began := time.Now().UTC()
	r := startDemo(t, temp, nil, "--no-browser")
	var days, signed []string
	for _, m := range datedStep.FindAllStringSubmatch(r.text, -1) {
		days = append(days, m[1])
		if strings.Contains(m[2], " signs ") {
			signed = append(signed, m[1])
		}
	}
	if len(days) != 10 || !slices.IsSorted(days) {
		t.Fatalf("the days are %q in %s", days, r.text)
	}
	ago := func(n int) string { return began.AddDate(0, 0, -n).Format(time.DateOnly) }
	if days[0] > ago(21) || days[6] > ago(2) || days[7] > ago(0) || days[7] < ago(1) || days[9] < ago(0) || len(slices.Compact(signed)) != 3 {
		t.Errorf("today is %s, and the days are %q", ago(0), days)
	}
	in := func(home string, args ...string) string {
		cmd := exec.CommandContext(t.Context(), r.cmd.Path, append([]string{"--home", home}, args...)...)
		cmd.Args[0] = "cordon"
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%q in %s: %v: %s", args, home, err, out)
		}
		return string(out)
	}
	hospital := r.home(t, temp)[1]
	for _, home := range []string{hospital, strings.TrimSuffix(hospital, "st-elsewhere") + "acme"} {
		in(home, "log", "verify")
		for line := range strings.Lines(in(home, "doctor")) {
			if strings.HasPrefix(line, "note") && !strings.Contains(line, "console") || strings.HasPrefix(line, "problem") {
				t.Errorf("the doctor says of %s: %s", home, line)
			}
		}
	}
	if text := in(hospital, "release", "list", "--json"); strings.Count(text, `T09:00:0`) < 3 {
		t.Errorf("the releases are %s", text)
	}
	if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := r.ends(t); code != 130 {
		t.Errorf("exit %d", code)
	}
}
