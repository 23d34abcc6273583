package cli_test

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

func TestSignalsStopCleanlyWith130(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
		var said bytes.Buffer
		cmd := exec.CommandContext(t.Context(), self)
		cmd.Args = []string{"cordon-wait"} // TestMain looks at the name
		cmd.Stderr = &said
		cmd.WaitDelay = 10 * time.Second
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "waiting\n" {
			t.Fatalf("%q, %v: %s", line, err, said.String())
		}
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 130 {
			t.Errorf("%s: %v, want exit code 130", sig, err)
		}
		const want = "cordon: error: interrupted [CRD-GEN-007]\ncordon: hint: run the command again; what it acknowledged before is kept\n"
		if said.String() != want {
			t.Errorf("%s: said %q", sig, said.String())
		}
	}
}
