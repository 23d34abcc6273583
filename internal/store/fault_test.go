package store_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/kit/clock"
	"github.com/cordon-trust/cordon/internal/store"
	"github.com/cordon-trust/cordon/internal/store/storetest"
)

// seeded is how many entries a home has before a session: few short of a full tile.
const seeded = 250

// seed writes a home once, so that each case of a sweep starts from a copy.
func seed(t *testing.T, keys storetest.Keys) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cordon.db")
	db := open(t, path, store.Options{})
	records, items := storetest.Statements(t, 0, seeded)
	if _, err := storetest.Append(t.Context(), db, keys.Writer(t, clock.System{}), records, items); err != nil {
		t.Fatal(err)
	}
	closeDB(t, db)
	home, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return home
}

func copyHome(t *testing.T, home []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cordon.db")
	if err := os.WriteFile(path, home, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// script is what a session does to a seeded home: batches that cross a tile's border, then single values,
// rows and an erasure in transactions of their own. ack is told of each durable checkpoint.
func script(ctx context.Context, t testing.TB, db *store.DB, w *ledger.Writer, from int, ack func(evidence.Checkpoint)) error {
	for _, n := range []int{1, 9} {
		records, items := storetest.Statements(t, from, from+n)
		from += n
		cp, err := storetest.Append(ctx, db, w, records, items)
		if err != nil {
			return err
		}
		ack(cp)
		err = db.Update(ctx, func(tx *store.Tx) error {
			return errors.Join(
				tx.Meta().Put(ctx, "last", []byte(strconv.Itoa(from))),
				tx.Rows().Insert(ctx, records[0].Digest, []evidence.Row{{Salt: []byte("s"), Body: []byte("b")}}, time.Now(), nil),
				tx.Archive().Erase(ctx, records[0].Digest, time.Now()),
			)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// checkHome opens a home without faults: it must verify and hold what was acknowledged, and go on.
func checkHome(t *testing.T, path string, w *ledger.Writer, acked evidence.Checkpoint) int64 {
	t.Helper()
	db := open(t, path, store.Options{})
	defer closeDB(t, db)
	rep, err := storetest.Verify(t.Context(), db, w.Log, &acked)
	if err != nil {
		t.Fatalf("with %d entries acknowledged: %v", acked.Size, err)
	}
	var archived int64
	err = db.View(t.Context(), func(tx *store.Tx) (err error) {
		archived, err = tx.Archive().Count(t.Context())
		return err
	})
	if err != nil || archived != rep.Entries || rep.Entries < acked.Size {
		t.Fatalf("%d entries, %d statements, %d acknowledged, error %v", rep.Entries, archived, acked.Size, err)
	}
	return rep.Entries
}

// Every write of a session fails once as "not done" and once as "done but reported failed". The home
// opens, verifies, holds what was acknowledged, and the same process can go on writing.
func TestEveryWriteFails(t *testing.T) {
	t.Parallel()
	keys := storetest.NewKeys(t, "log.example.org/x")
	home := seed(t, keys)
	for _, m := range []mode{notDone, doneButBad} {
		for n := 1; ; n++ {
			f := &faulty{}
			path := copyHome(t, home)
			db := open(t, path, store.Options{Driver: f})
			w := keys.Writer(t, clock.System{})
			var acked evidence.Checkpoint
			f.arm(n, m)
			err := script(t.Context(), t, db, w, seeded, func(cp evidence.Checkpoint) { acked = cp })
			done := f.writes() < n
			if done != (err == nil) || err != nil && !errors.Is(err, errInjected) {
				t.Fatalf("write %d, mode %d: error %v", n, m, err)
			}
			acked.Origin = w.Origin()
			if acked.Note == nil {
				acked.Root = evidence.EmptyRoot()
			}
			rep, err := storetest.Verify(t.Context(), db, w.Log, &acked)
			if err != nil {
				t.Fatalf("write %d, mode %d: %v", n, m, err)
			}
			f.arm(0, notDone)
			records, items := storetest.Statements(t, 10_000, 10_002)
			cp, err := storetest.Append(t.Context(), db, w, records, items)
			if err != nil || cp.Size != rep.Entries+2 {
				t.Fatalf("write %d, mode %d: went on from %d to %d, error %v", n, m, rep.Entries, cp.Size, err)
			}
			closeDB(t, db)
			checkHome(t, path, w, cp)
			if done {
				if n < 25 {
					t.Errorf("only %d writes were tried", n-1)
				}
				break
			}
		}
	}
}

// Opening a new home can fail at any write, too.
func TestEveryMigrationWriteFails(t *testing.T) {
	t.Parallel()
	for _, m := range []mode{notDone, doneButBad} {
		for n := 1; ; n++ {
			f := &faulty{}
			path := filepath.Join(t.TempDir(), "cordon.db")
			f.arm(n, m)
			db, err := store.Open(t.Context(), path, store.Options{Driver: f})
			if err == nil {
				closeDB(t, db)
			}
			db = open(t, path, store.Options{})
			if err := put(t.Context(), db, "k", "v"); err != nil {
				t.Fatalf("write %d, mode %d: %v", n, m, err)
			}
			closeDB(t, db)
			if f.writes() < n {
				break
			}
		}
	}
}

// The child process of the kill tests.
const (
	childEnv = "CORDON_STORE_TEST_CHILD" // path of the home
	keysEnv  = "CORDON_STORE_TEST_KEYS"  // origin and keys, one a line
	fromEnv  = "CORDON_STORE_TEST_FROM"  // number of the first statement
	killEnv  = "CORDON_STORE_TEST_KILL"  // "N MODE": die at the N-th write; empty: run until killed
)

// childT lets fixtures fail in a process that runs no test.
type childT struct{ testing.TB }

func (childT) Helper() {}

func (childT) Fatalf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(1)
}

func (childT) Fatal(args ...any) {
	fmt.Fprintln(os.Stderr, args...)
	os.Exit(1)
}

// child appends to the home and prints the note of each acknowledged checkpoint, closed by a line "ack".
func child() int {
	ctx, t := context.Background(), childT{}
	f := &faulty{}
	db, err := store.Open(ctx, os.Getenv(childEnv), store.Options{Driver: f})
	if err != nil {
		t.Fatal(err)
	}
	w := parseKeys(os.Getenv(keysEnv)).Writer(t, clock.System{})
	from, err := strconv.Atoi(os.Getenv(fromEnv))
	if err != nil {
		t.Fatal(err)
	}
	ack := func(cp evidence.Checkpoint) { fmt.Printf("%sack\n", cp.Note) }
	if at := os.Getenv(killEnv); at != "" {
		var n int
		var m mode
		if _, err := fmt.Sscan(at, &n, &m); err != nil {
			t.Fatal(err)
		}
		f.arm(n, m)
		if err := script(ctx, t, db, w, from, ack); err != nil {
			t.Fatal(err)
		}
		fmt.Println("end")
		return 0
	}
	for {
		n := 1 + rand.IntN(20)
		records, items := storetest.Statements(t, from, from+n)
		from += n
		cp, err := storetest.Append(ctx, db, w, records, items)
		if err != nil {
			t.Fatal(err)
		}
		ack(cp)
	}
}

func parseKeys(s string) storetest.Keys {
	p := strings.Split(s, "\n")
	return storetest.Keys{Identity: evidence.LogIdentity{Origin: p[0], Keys: p[1:3]}, Classical: p[3], PQ: p[4]}
}

// runChild runs the child until it ends or the timer kills it, and returns the last checkpoint that it
// acknowledged and whether it came to its end.
func runChild(t *testing.T, path string, keys storetest.Keys, from int64, kill string, life time.Duration) (evidence.Checkpoint, bool) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), childEnv+"="+path, killEnv+"="+kill, fromEnv+"="+strconv.FormatInt(from, 10),
		keysEnv+"="+strings.Join([]string{keys.Identity.Origin, keys.Identity.Keys[0], keys.Identity.Keys[1], keys.Classical, keys.PQ}, "\n"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acked := evidence.Checkpoint{Origin: keys.Identity.Origin, Root: evidence.EmptyRoot()}
	var timer *time.Timer
	var note []byte
	ended := false
	for lines := bufio.NewReader(out); ; {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break // what was written in part was not acknowledged
		}
		switch string(line) {
		case "end\n":
			ended = true
		case "ack\n":
			if acked, err = evidence.OpenCheckpoint(note, keys.Identity); err != nil {
				t.Fatal(err)
			}
			note = nil
			if timer == nil && life > 0 {
				timer = time.AfterFunc(life, func() { _ = cmd.Process.Kill() })
			}
		default:
			note = append(note, line...)
		}
	}
	if timer != nil {
		timer.Stop()
	}
	if err := cmd.Wait(); stderr.Len() > 0 {
		t.Fatalf("child: %v: %s", err, stderr.String())
	}
	return acked, ended
}

// kill -9 before and after every write of a session.
func TestKilledAtEveryWrite(t *testing.T) {
	t.Parallel()
	keys := storetest.NewKeys(t, "log.example.org/x")
	w := keys.Writer(t, clock.System{})
	home := seed(t, keys)
	for _, m := range []mode{killBefore, killAfter} {
		for n := 1; ; n++ {
			path := copyHome(t, home)
			acked, ended := runChild(t, path, keys, seeded, fmt.Sprintf("%d %d", n, m), 0)
			if got := checkHome(t, path, w, acked); got < seeded {
				t.Fatalf("write %d, mode %d: %d entries", n, m, got)
			}
			if ended {
				if n < 25 {
					t.Errorf("only %d writes were tried", n-1)
				}
				break
			}
		}
	}
}

// kill -9 at any moment, again and again on one home: also inside a commit, a checkpoint of the
// write-ahead log, and the recovery after the kill before.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	keys := storetest.NewKeys(t, "log.example.org/x")
	w := keys.Writer(t, clock.System{})
	path := filepath.Join(t.TempDir(), "cordon.db")
	var entries int64
	for range 10 {
		acked, _ := runChild(t, path, keys, entries, "", time.Duration(rand.IntN(60_000))*time.Microsecond)
		if acked.Size <= entries {
			t.Fatalf("a round added nothing to %d entries", entries)
		}
		entries = checkHome(t, path, w, acked)
	}
}
