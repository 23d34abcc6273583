package store_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cordon-trust/cordon/internal/kit/clock"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/store"
	"github.com/cordon-trust/cordon/internal/store/storetest"
)

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Exit(child())
	}
	goleak.VerifyTestMain(m)
}

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) *store.DB { return openTemp(t) })
}

func put(ctx context.Context, db *store.DB, name, value string) error {
	return db.Update(ctx, func(tx *store.Tx) error { return tx.Meta().Put(ctx, name, []byte(value)) })
}

func get(ctx context.Context, db *store.DB, name string) (string, error) {
	var got string
	err := db.View(ctx, func(tx *store.Tx) error {
		v, _, err := tx.Meta().Get(ctx, name)
		got = string(v)
		return err
	})
	return got, err
}

func open(t testing.TB, path string, opts store.Options) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), path, opts)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func closeDB(t testing.TB, db *store.DB) {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestFilesAreForTheOwnerOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a #1 ?b%20.db") // nothing in a name may reach SQLite's options
	db := open(t, path, store.Options{})
	if err := put(t.Context(), db, "k", "v"); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		st, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if st.Mode().Perm() != 0o600 {
			t.Errorf("%q has mode %v", suffix, st.Mode())
		}
	}
	closeDB(t, db)
	if _, err := os.Stat(path + "-wal"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the write-ahead log stays after closing: %v", err)
	}
}

func TestReopen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cordon.db")
	for range 3 {
		db := open(t, path, store.Options{})
		if err := put(t.Context(), db, "k", "v"); err != nil {
			t.Fatal(err)
		}
		closeDB(t, db)
	}
	db := open(t, path, store.Options{ReadOnly: true})
	if got, err := get(t.Context(), db, "k"); err != nil || got != "v" {
		t.Errorf("read %q, %v", got, err)
	}
	if err := put(t.Context(), db, "k", "w"); !errors.Is(err, fault.ReadOnly) {
		t.Errorf("wrote: %v", err)
	}
	if err := db.Scrub(t.Context()); !errors.Is(err, fault.ReadOnly) {
		t.Errorf("scrubbed: %v", err)
	}
	closeDB(t, db)
}

// In a folder that cannot be written a database opens as it lies there, but not when a writer left
// something beside it that would be overlooked.
func TestReadOnlyFolder(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cordon.db")
	db := open(t, path, store.Options{})
	if err := put(t.Context(), db, "k", "v"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), path, store.Options{ReadOnly: true, Driver: cannotOpen{}}); !errors.Is(err, fault.ReadOnly) {
		t.Errorf("with a write-ahead log beside it: %v", err)
	}
	closeDB(t, db)
	db = open(t, path, store.Options{ReadOnly: true, Driver: cannotOpen{}})
	if got, err := get(t.Context(), db, "k"); err != nil || got != "v" {
		t.Errorf("read %q, %v", got, err)
	}
	closeDB(t, db)
}

// Two processes that open a new home at once both get a whole schema.
func TestOpenTogether(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cordon.db")
	errs := make(chan error)
	for range 4 {
		go func() {
			db, err := store.Open(t.Context(), path, store.Options{})
			if err == nil {
				err = errors.Join(put(t.Context(), db, "k", "v"), db.Close())
			}
			errs <- err
		}()
	}
	for range 4 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	whole := func(t *testing.T, path string) {
		db := open(t, path, store.Options{})
		w := storetest.NewWriter(t, "log.example.org/x", clock.System{})
		records, items := storetest.Statements(t, 0, 20)
		if _, err := storetest.Append(t.Context(), db, w, records, items); err != nil {
			t.Fatal(err)
		}
		closeDB(t, db)
	}
	write := func(t *testing.T, path string, b []byte) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		prepare  func(t *testing.T, path string)
		readOnly bool
		code     fault.Code
	}{
		"no folder":               {func(*testing.T, string) {}, false, fault.NoHome},
		"no file to read":         {func(t *testing.T, path string) { mkdir(t, path) }, true, fault.NoHome},
		"not a database":          {func(t *testing.T, path string) { mkdir(t, path); write(t, path, bytes.Repeat([]byte("junk"), 4096)) }, false, fault.Damaged},
		"not a database, to read": {func(t *testing.T, path string) { mkdir(t, path); write(t, path, bytes.Repeat([]byte("junk"), 4096)) }, true, fault.Damaged},
		"a folder in its place":   {func(t *testing.T, path string) { mkdir(t, filepath.Join(path, "x")) }, false, fault.WriteFailed},
		"empty, to read":          {func(t *testing.T, path string) { mkdir(t, path); write(t, path, nil) }, true, fault.NoHome},
		"a newer schema": {func(t *testing.T, path string) {
			mkdir(t, path)
			whole(t, path)
			execSQL(t, path, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`)
		}, false, fault.NewerSchema},
		"a newer schema, to read": {func(t *testing.T, path string) {
			mkdir(t, path)
			whole(t, path)
			execSQL(t, path, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`)
		}, true, fault.NewerSchema},
		"an older schema, to read": {func(t *testing.T, path string) {
			mkdir(t, path)
			whole(t, path)
			execSQL(t, path, `DELETE FROM goose_db_version`)
		}, true, fault.NoHome},
		"cut off after a few pages": {func(t *testing.T, path string) { mkdir(t, path); whole(t, path); truncate(t, path, 3*4096) }, false, fault.Damaged},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "home", "cordon.db")
			c.prepare(t, path)
			db, err := store.Open(t.Context(), path, store.Options{ReadOnly: c.readOnly})
			if err == nil {
				err = db.View(t.Context(), func(tx *store.Tx) error {
					_, err := tx.Archive().Count(t.Context())
					return err
				})
				closeDB(t, db)
			}
			if !errors.Is(err, c.code) {
				t.Errorf("error %v (%s), want %s", err, fault.CodeOf(err), c.code)
			}
		})
	}
}

func mkdir(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
}

func truncate(t *testing.T, path string, size int64) {
	t.Helper()
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

// Whatever byte of the file is hit, nothing panics, and what verifies is what was written.
func TestDamagedPages(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "cordon.db")
	db := open(t, path, store.Options{})
	w := storetest.NewWriter(t, "log.example.org/x", clock.System{})
	records, items := storetest.Statements(t, 0, 30)
	cp, err := storetest.Append(t.Context(), db, w, records, items)
	if err != nil {
		t.Fatal(err)
	}
	closeDB(t, db)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for at := 100; at < len(whole); at += 2048 + at%911 {
		bad := bytes.Clone(whole)
		bad[at] ^= 0x40
		hit := filepath.Join(dir, "hit.db")
		if err := os.WriteFile(hit, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := store.Open(t.Context(), hit, store.Options{})
		if err == nil {
			var size int64
			rep, verr := storetest.Verify(t.Context(), db, w.Log, &cp)
			if err, size = verr, rep.Entries; err == nil && size != 30 {
				t.Errorf("byte %d: %d entries verify", at, size)
			}
			_ = db.Close() // may fail on the damaged file
		}
		if err == nil {
			continue
		}
		found++
		// Known damage, or text from the database that its reader refused.
		if code := fault.CodeOf(err); fault.ExitOf(err) != fault.ExitVerify && code != fault.Damaged && code != fault.Internal {
			t.Errorf("byte %d: %v (%s)", at, err, code)
		}
	}
	if found == 0 {
		t.Error("no damage was found at all")
	}
}

func TestLocked(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cordon.db")
	a := open(t, path, store.Options{})
	b := open(t, path, store.Options{Wait: 50 * time.Millisecond})
	if err := put(t.Context(), a, "k", "before"); err != nil {
		t.Fatal(err)
	}
	err := a.Update(t.Context(), func(tx *store.Tx) error {
		if err := tx.Meta().Put(t.Context(), "k", []byte("after")); err != nil {
			return err
		}
		start := time.Now()
		if err := put(t.Context(), b, "k", "other"); !errors.Is(err, fault.Locked) || fault.ExitOf(err) != fault.ExitLocked {
			t.Errorf("another process wrote: %v", err)
		}
		if d := time.Since(start); d < 50*time.Millisecond || d > 3*time.Second {
			t.Errorf("waited %s", d)
		}
		if got, err := get(t.Context(), b, "k"); err != nil || got != "before" {
			t.Errorf("a reader sees %q, %v", got, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := put(t.Context(), b, "k", "other"); err != nil {
		t.Errorf("after the lock is gone: %v", err)
	}
	// In one process a write waits for its turn in the same way.
	err = b.Update(t.Context(), func(*store.Tx) error {
		if err := put(t.Context(), b, "k", "again"); !errors.Is(err, fault.Locked) {
			t.Errorf("a write inside a write: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	closeDB(t, a)
	closeDB(t, b)
}

// What was erased is in no file after a scrub.
func TestScrub(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cordon.db")
	db := open(t, path, store.Options{})
	defer closeDB(t, db)
	w := storetest.NewWriter(t, "log.example.org/x", clock.System{})
	records, items := storetest.Statements(t, 0, 100)
	if _, err := storetest.Append(t.Context(), db, w, records, items); err != nil {
		t.Fatal(err)
	}
	// Envelopes that grow make SQLite move their neighbours: no copy may be left behind.
	grown := slices.Clone(records)
	for i := range grown {
		grown[i].Envelope = append(bytes.Clone(records[i].Envelope), bytes.Repeat([]byte(" "), i*67)...)
	}
	if err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.Archive().Put(t.Context(), grown) }); err != nil {
		t.Fatal(err)
	}
	holds := func(needle []byte) bool {
		for _, suffix := range []string{"", "-wal"} {
			b, err := os.ReadFile(path + suffix)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(b, needle) {
				return true
			}
		}
		return false
	}
	// Envelopes span pages: look for pieces of the erased one, out of its random signature.
	env := records[41].Envelope
	sig := bytes.LastIndex(env, []byte(`"sig":"`)) + 16
	pieces := [][]byte{env[sig : sig+64], env[2500:2564], env[len(env)-600 : len(env)-536]}
	for i, p := range pieces {
		if !holds(p) {
			t.Fatalf("piece %d is not in the files before", i)
		}
	}
	err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.Archive().Erase(t.Context(), records[41].Digest, time.Now()) })
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, p := range pieces {
		if holds(p) {
			t.Errorf("piece %d of the erased envelope is still in the files", i)
		}
	}
	if rep, err := storetest.Verify(t.Context(), db, w.Log, nil); err != nil || rep.Erased != 1 {
		t.Errorf("report %+v, error %v", rep, err)
	}
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cordon.db")
	full := &faulty{maxPages: 200}
	db := open(t, path, store.Options{Driver: full})
	w := storetest.NewWriter(t, "log.example.org/x", clock.System{})
	acked := 0
	var err error
	for ; err == nil && acked < 2000; acked += 20 {
		records, items := storetest.Statements(t, acked, acked+20)
		if _, err = storetest.Append(t.Context(), db, w, records, items); err != nil {
			break
		}
	}
	if !errors.Is(err, fault.DiskFull) || !strings.Contains(err.Error(), "full") {
		t.Fatalf("after %d entries: %v", acked, err)
	}
	if rep, err := storetest.Verify(t.Context(), db, w.Log, nil); err != nil || rep.Entries != int64(acked) || acked == 0 {
		t.Errorf("report %+v with %d acknowledged, error %v", rep, acked, err)
	}
	closeDB(t, db)
}
