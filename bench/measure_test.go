package bench_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// cost is what one run of a program took.
type cost struct {
	CPU  time.Duration `json:"cpu"`  // user and system
	Wall time.Duration `json:"wall"` // including start and end
	Peak int64         `json:"peak"` // resident bytes
	Exit int           `json:"exit"`
}

// measureFlag as first argument makes this test binary run and measure a program: Linux counts what the
// parent held at the fork into the child's peak, so the parent must be a small process that made no captures.
const measureFlag = "measure-child"

func TestMain(m *testing.M) {
	if len(os.Args) > 3 && os.Args[1] == measureFlag {
		if err := measureChild(os.Args[2], os.Args[3:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// measureChild runs a program, its output into a file and its errors into a file beside it, and prints its cost.
func measureChild(out string, argv []string) error {
	stdout, err := os.Create(out)
	if err != nil {
		return err
	}
	defer func() { _ = stdout.Close() }()
	stderr, err := os.Create(out + ".err")
	if err != nil {
		return err
	}
	defer func() { _ = stderr.Close() }()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	began := time.Now()
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return errors.New("this system does not say what a process used")
	}
	return json.NewEncoder(os.Stdout).Encode(cost{
		CPU:  cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(),
		Wall: time.Since(began), Peak: usage.Maxrss << 10, Exit: cmd.ProcessState.ExitCode(),
	})
}

// run measures one run of a program whose output goes to a file.
func run(out string, argv ...string) (cost, error) {
	self, err := os.Executable()
	if err != nil {
		return cost{}, err
	}
	cmd := exec.Command(self, append([]string{measureFlag, out}, argv...)...)
	raw, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return cost{}, fmt.Errorf("%s: %s", filepath.Base(argv[0]), exit.Stderr)
		}
		return cost{}, err
	}
	var c cost
	return c, json.Unmarshal(raw, &c)
}

// The measuring itself, on a program that is known to use the processor and memory.
func TestMeasure(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell")
	}
	out := filepath.Join(t.TempDir(), "out")
	c, err := run(out, shell, "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo done; echo trouble >&2; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(out)
	trouble, _ := os.ReadFile(out + ".err")
	if c.Exit != 3 || string(text) != "done\n" || string(trouble) != "trouble\n" {
		t.Errorf("exit %d, output %q, errors %q", c.Exit, text, trouble)
	}
	if c.CPU < 10*time.Millisecond || c.CPU > c.Wall+100*time.Millisecond || c.Peak < 500<<10 || c.Peak > 64<<20 {
		t.Errorf("cost %+v", c)
	}
	if _, err := run(out, "/no/such/program"); err == nil {
		t.Error("a program that does not exist was measured")
	}
}
