package store_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/store"
)

// Rows that an older program stored, erased and empty ones among them, are there after the upgrade, can be
// erased, and make the root of their batch.
func TestUpgradeOfRows(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cordon.db")
	db, err := store.Open(t.Context(), path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	// Back to the first schema.
	old, err := os.ReadFile(filepath.Join("migrations", "sqlite", "00001_first.sql"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(old), "CREATE TABLE batch_rows")
	table, _, _ = strings.Cut(table, "CREATE TABLE edges")
	execSQL(t, path, `DROP TABLE segments; DROP TABLE batch_keys; DROP TABLE findings; DELETE FROM goose_db_version WHERE version_id > 1`)
	execSQL(t, path, "CREATE TABLE batch_rows"+table)

	batch, expires := model.DigestOf([]byte("batch")), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	var rows []evidence.Row
	for i, body := range []string{"first", "", "with a \x00 and \xff", strings.Repeat("long ", 1000), "erased"} {
		r, err := evidence.NewRow(rand.Reader, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		salt, text := fmt.Sprintf("x'%x'", r.Salt), fmt.Sprintf("x'%x'", r.Body)
		if body == "erased" {
			r.Salt, r.Body, salt, text = nil, nil, "NULL", "NULL"
		}
		rows = append(rows, r)
		execSQL(t, path, fmt.Sprintf(`INSERT INTO batch_rows (batch, place, digest, salt, body, expires_at) VALUES (x'%x', %d, x'%x', %s, %s, '%s')`,
			batch[:], i, r.Digest[:], salt, text, "2027-01-01T00:00:00.000000000Z"))
	}

	if db, err = store.Open(t.Context(), path, store.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	read := func(ctx context.Context) (got []evidence.Row) {
		err := db.View(ctx, func(tx *store.Tx) (err error) { got, err = tx.Rows().Read(ctx, batch); return err })
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if diff := cmp.Diff(rows, read(t.Context())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want, err := evidence.Batch(rows)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(t.Context(), func(tx *store.Tx) error {
		n, err := tx.Rows().EraseExpired(t.Context(), expires)
		if n != 4 {
			t.Errorf("%d rows were erased, want the 4 that were not", n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := want.Check(read(t.Context())); err != nil {
		t.Error(err)
	}
}
