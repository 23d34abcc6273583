package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/disktest"
	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// sweepEnv makes the sweeps take every point; otherwise they take a share that fits into an everyday run.
const sweepEnv = "CORDON_SWEEP" // "full"

// share returns how many points a sweep goes on by.
func share(everyday int) int {
	switch {
	case os.Getenv(sweepEnv) == "full":
		return 1
	case testing.Short():
		return everyday * 5
	}
	return everyday
}

// stage is the world before and after a step that went well.
type stage struct {
	step
	n             int
	before, after world
	was, is       snapshot
}

// snapshot is what can be seen of a world.
type snapshot struct {
	home       string // of the step's organisation
	public     string
	checkpoint []byte
}

func (w world) snapshot(ctx context.Context, org string, older []byte) (s snapshot, err error) {
	if s.home, s.checkpoint, err = w.state(ctx, org, older); err != nil {
		return s, fmt.Errorf("the home of %s: %w", org, err)
	}
	if s.public, err = w.published(ctx); err != nil {
		return s, fmt.Errorf("what is published: %w", err)
	}
	return s, nil
}

// play goes through the story once and keeps the world at every step.
func play(t *testing.T) []stage {
	t.Helper()
	w := newWorld(t)
	var out []stage
	for n, s := range story() {
		before := w
		w = before.copyTo(t, filepath.Join(fastDir(t), "w"))
		w.at = w.at.Add(time.Hour)
		if err := s.do(t.Context(), w, w.options(s.org)); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		st := stage{step: s, n: n, before: before, after: w}
		st.before.at = w.at
		var err error
		if st.was, err = st.before.snapshot(t.Context(), s.org, nil); err == nil {
			st.is, err = w.snapshot(t.Context(), s.org, st.was.checkpoint)
		}
		if err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		if st.was.home == st.is.home && st.was.public == st.is.public {
			t.Fatalf("%s changes nothing that the sweep could see", s.name)
		}
		out = append(out, st)
	}
	return out
}

// point is one way in which a step goes wrong.
type point struct {
	what   string
	run    func(ctx context.Context, w world) error // the step, going wrong
	leaves bool                                     // it cannot clean up behind itself
}

// sample takes one point in so many, others in each step, and every commit to the database unless the run
// is to be short.
func (st stage) sample(points []point, every int) []point {
	var out []point
	for n, p := range points {
		if n%every == st.n%min(every, len(points)) || !testing.Short() && strings.Contains(p.what, "(COMMIT)") {
			out = append(out, p)
		}
	}
	return out
}

// try lets a step go wrong at one point in a copy of its world and checks what is left: either nothing of
// the step or all of it, all of it when it was acknowledged, and a home in which the step can be done
// again.
func (st stage) try(t *testing.T, p point) {
	t.Helper()
	dir := filepath.Join(st.before.dir + "-" + fmt.Sprint(tries.Add(1)))
	w := st.before.copyTo(t, dir)
	defer os.RemoveAll(dir) //nolint:errcheck // a copy
	bad := func(format string, args ...any) {
		t.Helper()
		t.Errorf("%s, %s: %s", st.name, p.what, fmt.Sprintf(format, args...))
	}
	err := p.run(t.Context(), w)
	got, serr := w.snapshot(t.Context(), st.org, st.was.checkpoint)
	if serr != nil {
		bad("%v (the step said: %v)", serr, err)
		return
	}
	done := got.home == st.is.home
	switch {
	case got.home != st.was.home && !done:
		bad("the home is neither as before nor as after:\n%s", cmp.Diff(strings.Split(st.is.home, "\n"), strings.Split(got.home, "\n")))
	case got.public != st.was.public && got.public != st.is.public:
		bad("what is published is neither as before nor as after: %s", got.public)
	case err == nil && (!done || got.public != st.is.public):
		bad("it was acknowledged and is not there: home %v, public %q", done, got.public)
	}
	if left := leftovers(t, w.dir); !p.leaves && len(left) > 0 {
		bad("left behind: %v", left)
	}
	done = done && got.public == st.is.public && st.was.home != st.is.home
	st.repeat(t, w, done, bad)
}

// repeat does the step again, a minute later and without trouble.
func (st stage) repeat(t *testing.T, w world, done bool, bad func(string, ...any)) {
	t.Helper()
	w.at = w.at.Add(time.Minute)
	err := st.do(t.Context(), w, w.options(st.org))
	if err != nil && !(done || st.halfPublic()) {
		bad("done again: %v", err)
	}
	if err != nil && !slices.ContainsFunc(st.again, func(c fault.Code) bool { return errors.Is(err, c) }) {
		bad("done again, it says: %v", err)
	}
	got, err := w.snapshot(t.Context(), st.org, st.was.checkpoint)
	if err != nil {
		bad("once done again: %v", err)
		return
	}
	if !done && !st.halfPublic() && got.home != st.is.home {
		bad("once done again the home is not as after the step:\n%s", cmp.Diff(strings.Split(st.is.home, "\n"), strings.Split(got.home, "\n")))
	}
	if entries(got.public) != entries(st.is.public) {
		bad("once done again there is published %s, not %s", got.public, st.is.public)
	}
}

// halfPublic reports whether a step writes its home first and the repository then, so that done again it
// signs another head.
func (st stage) halfPublic() bool { return strings.HasPrefix(st.name, "publish") }

// entries is what is published without the number of the publication.
func entries(public string) string {
	_, after, _ := strings.Cut(public, " of ")
	return after
}

var tries atomic.Int64 // names the copies of one process

// leftovers lists files and folders that something was going to remove or rename.
func leftovers(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if disk.IsTemp(path) || strings.HasPrefix(d.Name(), ".cordon-init-") {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// filePoints are the failures of each file operation of a step.
func (st stage) filePoints(t *testing.T) []point {
	t.Helper()
	count := disktest.New(disk.OS{})
	w := st.before.copyTo(t, filepath.Join(fastDir(t), "w"))
	opt := w.options(st.org)
	opt.FS = count
	if err := st.do(t.Context(), w, opt); err != nil {
		t.Fatal(err)
	}
	var out []point
	for n, name := range count.Log() {
		for _, mode := range []disktest.Mode{disktest.NotDone, disktest.DoneButError, disktest.Torn} {
			if mode == disktest.Torn && name != "write" {
				continue
			}
			// A file that was made and not handed over has a name that nobody was told.
			unseen := name == "create" && mode == disktest.DoneButError
			out = append(out, point{what: fmt.Sprintf("file operation %d (%s) %s", n+1, name, mode), leaves: unseen, run: func(ctx context.Context, w world) error {
				fsys := disktest.New(disk.OS{})
				fsys.FailAt(n+1, mode, nil)
				opt := w.options(st.org)
				opt.FS = fsys
				return st.do(ctx, w, opt)
			}})
		}
	}
	return out
}

// basePoints are the failures of each write to the database of a step.
func (st stage) basePoints(t *testing.T) []point {
	t.Helper()
	count := &counter{}
	w := st.before.copyTo(t, filepath.Join(fastDir(t), "w"))
	opt := w.options(st.org)
	opt.Store.Driver = faultyDriver{count}
	if err := st.do(t.Context(), w, opt); err != nil {
		t.Fatal(err)
	}
	var out []point
	for n, name := range count.ops() {
		for _, how := range []trouble{notDone, doneButBad} {
			out = append(out, point{what: fmt.Sprintf("database write %d (%s) %s", n+1, name, how), run: func(ctx context.Context, w world) error {
				opt := w.options(st.org)
				opt.Store.Driver = faultyDriver{&counter{failAt: n + 1, how: how}}
				return st.do(ctx, w, opt)
			}})
		}
	}
	return out
}

// Every operation of every step of the story fails once as "not done" and once as "done but reported
// failed", and writes to files are also torn.
func TestEveryOperationFails(t *testing.T) {
	t.Parallel()
	stages := play(t)
	every := share(23)
	var swept, total atomic.Int64
	t.Run("steps", func(t *testing.T) {
		for _, st := range stages {
			t.Run(st.name, func(t *testing.T) {
				t.Parallel()
				points := append(st.filePoints(t), st.basePoints(t)...)
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
		t.Errorf("the story has only %d points at which it can fail", total.Load())
	}
}
