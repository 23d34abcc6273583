package cli_test

import (
	"errors"
	"os/exec"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// code N PROGRAM ARGS... runs a program and checks its exit code exactly, which `! exec` does not. Its
// streams are there for stdout, stderr and cmp as after exec; an error must come in two lines.
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N PROGRAM ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
	said := ts.ReadFile("stderr")
	if want != 0 && (strings.Count(said, "cordon: error: ") != 1 || strings.Count(said, "cordon: hint: ") != 1) {
		ts.Fatalf("an error is one error line and one hint line, not:\n%s", said)
	}
}

// plain checks that neither stream of the last program holds an escape byte or a carriage return.
func plain(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: plain")
	}
	for _, name := range []string{"stdout", "stderr"} {
		if strings.ContainsAny(ts.ReadFile(name), "\x1b\r\u009b") {
			ts.Fatalf("%s acts on the terminal", name)
		}
	}
}
