package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cordon-trust/cordon/internal/store"
	"github.com/cordon-trust/cordon/internal/store/storetest"
)

func changes(ctx context.Context, t rapid.TB, db *store.DB) int64 {
	t.Helper()
	n, known, err := db.Changes(ctx)
	if err != nil || !known {
		t.Fatalf("changes: %t, %v", known, err)
	}
	return n
}

// Whatever is done between two looks, a number that stays means that nothing changed; and when nothing was done it
// stays.
func TestChanges(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		path := filepath.Join(dir, strconv.Itoa(n)+".db")
		ctx := t.Context()
		writer := open(t, path, store.Options{})
		defer func() { closeDB(t, writer) }()
		other := open(t, path, store.Options{})
		defer closeDB(t, other)
		reader := open(t, path, store.Options{ReadOnly: true})
		defer closeDB(t, reader)
		undone := errors.New("undone")
		write := func(db *store.DB, value string, with error) {
			err := db.Update(ctx, func(tx *store.Tx) error {
				return errors.Join(tx.Meta().Put(ctx, "k", []byte(value)), with)
			})
			if !errors.Is(err, with) {
				rt.Fatal(err)
			}
		}
		value := 0
		number, state := changes(ctx, rt, reader), ""
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			quiet := false
			switch rapid.SampledFrom([]string{"write", "other", "undone", "scrub", "reopen", "read", "nothing"}).Draw(rt, "step") {
			case "write":
				value++
				write(writer, strconv.Itoa(value), nil)
			case "other":
				value++
				write(other, strconv.Itoa(value), nil)
			case "undone":
				write(writer, "never", undone)
				quiet = true
			case "scrub":
				if err := writer.Scrub(ctx); err != nil {
					rt.Fatal(err)
				}
			case "reopen":
				closeDB(t, writer)
				writer = open(t, path, store.Options{})
			case "read":
				if _, err := get(ctx, other, "k"); err != nil {
					rt.Fatal(err)
				}
				quiet = true
			case "nothing":
				quiet = true
			}
			now := changes(ctx, rt, reader)
			is, err := get(ctx, reader, "k")
			if err != nil {
				rt.Fatal(err)
			}
			if now == number && is != state {
				rt.Fatalf("%q became %q, and the number stays %d", state, is, now)
			}
			if quiet && now != number {
				rt.Fatalf("nothing was committed, and %d became %d", number, now)
			}
			number, state = now, is
		}
	})
}

// onlooker looks at a log again and again while somebody writes to it. It belongs to one goroutine at a time.
type onlooker struct {
	db    *store.DB
	seen  map[int64]int64 // entries by number
	looks int
	err   error
}

func (o *onlooker) look(ctx context.Context) (entries int64) {
	before, _, err := o.db.Changes(ctx)
	err = errors.Join(err, o.db.View(ctx, func(tx *store.Tx) (err error) {
		entries, _, err = tx.Log(killedLog).LatestCheckpoint(ctx)
		return err
	}))
	after, _, lerr := o.db.Changes(ctx)
	switch was, ok := o.seen[before]; {
	case err != nil || lerr != nil:
		o.err = errors.Join(o.err, err, lerr)
	case before != after: // a commit between the two: what was seen is of either
	case ok && was != entries:
		o.err = fmt.Errorf("at the same number %d the log had %d entries, and then %d", before, was, entries)
	default:
		o.looks++
		o.seen[before] = entries
	}
	return entries
}

const killedLog = "mercy/house"

// A writer that is killed at any moment leaves nothing behind that a reader who looks on would miss.
func TestChangesOfAKilledWriter(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cordon.db")
	closeDB(t, open(t, path, store.Options{}))
	keys := storetest.NewKeys(t, killedLog)
	o := &onlooker{db: open(t, path, store.Options{ReadOnly: true}), seen: map[int64]int64{}}
	defer closeDB(t, o.db)
	for range 5 {
		entries := o.look(t.Context())
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			for {
				select {
				case <-stop:
					return
				default:
					o.look(t.Context())
				}
			}
		}()
		runChild(t, path, keys, entries, "", time.Duration(rand.IntN(120_000))*time.Microsecond)
		close(stop)
		<-stopped
	}
	if o.look(t.Context()); o.err != nil || o.looks < 20 || len(o.seen) < 5 {
		t.Errorf("%v; %d looks at %d states", o.err, o.looks, len(o.seen))
	}
	t.Logf("%d looks at %d states", o.looks, len(o.seen))
}

// On a medium that nobody can write changes are not noticed, and that is said.
func TestChangesWhereNobodyWrites(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cordon.db")
	closeDB(t, open(t, path, store.Options{}))
	db := open(t, path, store.Options{ReadOnly: true, Driver: cannotOpen{}})
	defer closeDB(t, db)
	if n, known, err := db.Changes(t.Context()); known || n != 0 || err != nil {
		t.Errorf("%d, %t, %v", n, known, err)
	}
}

// BenchmarkChanges is what every answer of a page that nothing changed costs at least.
func BenchmarkChanges(b *testing.B) {
	db := openTemp(b)
	for b.Loop() {
		if _, known, err := db.Changes(b.Context()); err != nil || !known {
			b.Fatal(known, err)
		}
	}
}
