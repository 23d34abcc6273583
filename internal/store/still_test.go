package store_test

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/store"
)

// files returns the digest of every file of a folder, save the shared memory that SQLite keeps for readers.
func files(t *testing.T, dir string) map[string][32]byte {
	t.Helper()
	out := map[string][32]byte{}
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if strings.HasSuffix(f.Name(), "-shm") {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name()] = sha256.Sum256(b)
	}
	return out
}

// A still look at a database changes none of its bytes, closed well or left by a process that was killed.
func TestStill(t *testing.T) {
	t.Parallel()
	ctx, dir := t.Context(), t.TempDir()
	path := filepath.Join(dir, "cordon.db")
	db, err := store.Open(ctx, path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	put := func(name string) {
		t.Helper()
		if err := db.Update(ctx, func(tx *store.Tx) error { return tx.Meta().Put(ctx, name, []byte("x")) }); err != nil {
			t.Fatal(err)
		}
	}
	put("first")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	look := func(dir, name string) {
		t.Helper()
		was := files(t, dir)
		still, err := store.Open(ctx, filepath.Join(dir, "cordon.db"), store.Options{ReadOnly: true, Still: true})
		if err != nil {
			t.Fatal(err)
		}
		if v, err := still.Schema(ctx); err != nil || v < 2 {
			t.Errorf("schema %d, %v", v, err)
		}
		err = still.View(ctx, func(tx *store.Tx) error {
			v, _, err := tx.Meta().Get(ctx, name)
			if string(v) != "x" {
				t.Errorf("%s: %q", name, v)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		if err := still.Update(ctx, func(*store.Tx) error { return nil }); err == nil {
			t.Error("a still database was written")
		}
		if err := still.Close(); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(was, files(t, dir)); diff != "" {
			t.Errorf("a still look changed files:\n%s", diff)
		}
	}
	look(dir, "first")

	// As a process that was killed leaves it: the last commit is in the write-ahead log alone.
	if db, err = store.Open(ctx, path, store.Options{}); err != nil {
		t.Fatal(err)
	}
	put("second")
	killed := t.TempDir()
	if err := os.CopyFS(killed, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(filepath.Join(killed, "cordon.db-wal")); err != nil || st.Size() == 0 {
		t.Fatalf("there is no write-ahead log to leave: %v", err)
	}
	look(killed, "second")
	look(dir, "second") // and while a writer has it open
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
