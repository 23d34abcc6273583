package store

import (
	"context"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/model"
)

// Rows keeps the rows that batch statements commit to. Erasing takes body and salt; the digest stays, so
// that the batch's Merkle root can always be computed again.
type Rows struct{ tx *Tx }

// Rows returns the rows of batches.
func (t *Tx) Rows() Rows { return Rows{t} }

// Insert stores the rows of a batch in their order. expires is when they are to be erased; zero: never.
func (r Rows) Insert(ctx context.Context, batch model.Digest, rows []evidence.Row, expires time.Time) error {
	until := stamp(expires)
	return r.tx.bulk(ctx, "store rows", `INSERT INTO batch_rows (batch, place, digest, salt, body, expires_at)`, 6, "", len(rows),
		func(dst []any, i int) []any {
			return append(dst, batch[:], i, rows[i].Digest[:], rows[i].Salt, rows[i].Body, until)
		})
}

// Read returns all rows of a batch in their order; erased ones have neither body nor salt.
func (r Rows) Read(ctx context.Context, batch model.Digest) ([]evidence.Row, error) {
	var out []evidence.Row
	err := r.tx.each(ctx, "read rows", `SELECT digest, salt, body FROM batch_rows WHERE batch = $1 ORDER BY place`,
		[]any{batch[:]}, func(scan func(...any) error) error {
			var row evidence.Row
			err := scan(digested{&row.Digest}, &row.Salt, &row.Body)
			out = append(out, row)
			return err
		})
	return out, err
}

// EraseBatch erases the rows of a batch and returns how many there were.
func (r Rows) EraseBatch(ctx context.Context, batch model.Digest) (int64, error) {
	return r.tx.exec(ctx, "erase rows",
		`UPDATE batch_rows SET salt = NULL, body = NULL WHERE batch = $1 AND salt IS NOT NULL`, batch[:])
}

// EraseExpired erases the rows whose time has come and returns how many there were.
func (r Rows) EraseExpired(ctx context.Context, now time.Time) (int64, error) {
	return r.tx.exec(ctx, "erase expired rows",
		`UPDATE batch_rows SET salt = NULL, body = NULL WHERE expires_at <> '' AND expires_at <= $1 AND salt IS NOT NULL`, stamp(now))
}
