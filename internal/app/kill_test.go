package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/kit/disk"
)

// The child process of the kill sweeps does one step of the story, or the one behind it, and dies in it.
const (
	childEnv = "CORDON_APP_TEST_CHILD" // folder of the world
	clockEnv = "CORDON_APP_TEST_CLOCK" // what time it is there
	killEnv  = "CORDON_APP_TEST_KILL"  // "STEP N TROUBLE": in that step, at the N-th operation
	ack      = "acknowledged\n"
)

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Exit(child())
	}
	os.Exit(m.Run())
}

// child prints the acknowledgement when the step says that it is done.
func child() int {
	w := world{dir: os.Getenv(childEnv)}
	var n int
	c := &counter{}
	_, err := fmt.Sscan(os.Getenv(killEnv), &n, &c.failAt, &c.how)
	if err == nil {
		w.at, err = time.Parse(time.RFC3339, os.Getenv(clockEnv))
	}
	if err == nil {
		st := append(story(), manyBatches())[n]
		opt := w.options(st.org)
		opt.FS, opt.Store.Driver = countedFS{disk.OS{}, c}, faultyDriver{c}
		err = st.do(context.Background(), w, opt)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Print(ack)
	return 0
}

var errKilled = errors.New("killed")

// killed runs a step in a child that dies at its n-th operation. It returns nil when the child could say
// that it was done before it died.
func (st stage) killed(t *testing.T, w world, n int, how trouble) error {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), "TMPDIR="+w.dir, childEnv+"="+w.dir, clockEnv+"="+w.at.Format(time.RFC3339), killEnv+"="+fmt.Sprint(st.n, n, int(how)))
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	err = cmd.Run()
	if stderr.Len() > 0 {
		t.Fatalf("%s: the child was to die at operation %d, and says: %s", st.name, n, stderr.String())
	}
	if out.String() == ack {
		return nil
	}
	if err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("%s: operation %d: the child was to be killed: %v", st.name, n, err)
	}
	return errKilled
}

// killPoints are the moments before, after and within every operation of a step, on files and in the
// database, in their order.
func (st stage) killPoints(t *testing.T) []point {
	t.Helper()
	c := &counter{}
	w := st.before.copyTo(t, filepath.Join(fastDir(t), "w"))
	opt := w.options(st.org)
	opt.FS, opt.Store.Driver = countedFS{disk.OS{}, c}, faultyDriver{c}
	if err := st.do(t.Context(), w, opt); err != nil {
		t.Fatal(err)
	}
	var out []point
	for n, name := range c.ops() {
		for _, how := range []trouble{killBefore, killAfter, killWithin} {
			if how == killWithin && name != "write" {
				continue
			}
			out = append(out, point{what: fmt.Sprintf("operation %d (%s), %s", n+1, name, how), leaves: true, run: func(_ context.Context, w world) error {
				return st.killed(t, w, n+1, how)
			}})
		}
	}
	return out
}

// kill -9 before, after and within every operation of every step of the story.
func TestKilledAtEveryOperation(t *testing.T) {
	t.Parallel()
	stages := play(t)
	every := share(41)
	var swept, total atomic.Int64
	t.Run("steps", func(t *testing.T) {
		for _, st := range stages {
			t.Run(st.name, func(t *testing.T) {
				t.Parallel()
				points := st.killPoints(t)
				total.Add(int64(len(points)))
				for _, p := range st.sample(points, every) {
					swept.Add(1)
					st.try(t, p)
				}
			})
		}
	})
	t.Logf("%d of %d points swept (%s=full takes all)", swept.Load(), total.Load(), sweepEnv)
	if total.Load() < 500 {
		t.Errorf("the story has only %d points at which it can be killed", total.Load())
	}
}
