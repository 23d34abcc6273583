package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// segmentSize is how many bytes of rows lie together at most; a larger row has a segment of its own. Larger
// segments are written no faster, and reading them costs their size in memory several times.
const segmentSize = 256 << 10

// Rows keeps the rows that batch statements commit to, many in one segment. Erasing takes body and salt; the
// digest stays, so that the batch's Merkle root can always be computed again.
type Rows struct{ tx *Tx }

// Rows returns the rows of batches.
func (t *Tx) Rows() Rows { return Rows{t} }

// Insert stores the rows of a batch in their order. expires is when they are to be erased; zero: never. keys
// are what [Rows.Having] finds the batch by.
func (r Rows) Insert(ctx context.Context, batch model.Digest, rows []evidence.Row, expires time.Time, keys []uint64) error {
	size := 0
	for i := range rows {
		size += evidence.RowOverhead + len(rows[i].Body)
	}
	data := make([]byte, 0, min(size, segmentSize))
	for first, i := 0, 0; i < len(rows); i++ {
		data = evidence.AppendRow(data, rows[i])
		if next := i + 1; next < len(rows) && len(data)+evidence.RowOverhead+len(rows[next].Body) <= segmentSize {
			continue
		}
		_, err := r.tx.exec(ctx, "store rows", `INSERT INTO segments (batch, place, held, expires_at, data) VALUES ($1, $2, $3, $4, $5)`,
			batch[:], first, i+1-first, stamp(expires), data)
		if err != nil {
			return err
		}
		first, data = i+1, data[:0]
	}
	if len(keys) == 0 || len(rows) == 0 {
		return nil
	}
	_, err := r.tx.exec(ctx, "index rows", `INSERT INTO batch_keys (batch, keys) VALUES ($1, $2)`, batch[:], packKeys(keys))
	return err
}

// packKeys writes keys in order, each once.
func packKeys(keys []uint64) []byte {
	keys = slices.Clone(keys)
	slices.Sort(keys)
	keys = slices.Compact(keys)
	out := make([]byte, 0, 8*len(keys))
	for _, k := range keys {
		out = binary.BigEndian.AppendUint64(out, k)
	}
	return out
}

// Read returns all rows of a batch in their order; erased ones have neither body nor salt.
func (r Rows) Read(ctx context.Context, batch model.Digest) ([]evidence.Row, error) {
	var out []evidence.Row
	err := r.tx.each(ctx, "read rows", `SELECT data FROM segments WHERE batch = $1 ORDER BY place`,
		[]any{batch[:]}, func(scan func(...any) error) error {
			var data []byte
			if err := scan(&data); err != nil {
				return err
			}
			rows, err := readSegment(data)
			if out == nil {
				out = rows // most batches are one segment
				return err
			}
			out = append(out, rows...)
			return err
		})
	return out, err
}

func readSegment(data []byte) ([]evidence.Row, error) {
	rows, err := evidence.ReadRows(data)
	if err != nil {
		return nil, fault.Wrap(err, fault.Damaged, "database: a segment of rows cannot be read")
	}
	return rows, nil
}

// Any reports whether rows are held that are not erased.
func (r Rows) Any(ctx context.Context) (bool, error) {
	var one int
	return r.tx.row(ctx, "look for rows", `SELECT 1 FROM segments WHERE held > 0 LIMIT 1`, nil, &one)
}

// Having returns the batches that were stored with one of the keys, in the order in which they were stored.
func (r Rows) Having(ctx context.Context, keys ...uint64) ([]model.Digest, error) {
	var out []model.Digest
	err := r.tx.each(ctx, "look rows up", `SELECT batch, keys FROM batch_keys ORDER BY id`, nil,
		func(scan func(...any) error) error {
			var batch model.Digest
			var held []byte
			if err := scan(digested{&batch}, &held); err != nil {
				return err
			}
			if slices.ContainsFunc(keys, func(k uint64) bool { return hasKey(held, k) }) && !slices.Contains(out, batch) {
				out = append(out, batch)
			}
			return nil
		})
	return out, err
}

// hasKey looks a key up among packed ones.
func hasKey(held []byte, key uint64) bool {
	want := binary.BigEndian.AppendUint64(nil, key)
	lo, hi := 0, len(held)/8
	for lo < hi {
		mid := (lo + hi) / 2
		switch c := bytes.Compare(held[8*mid:8*mid+8], want); {
		case c == 0:
			return true
		case c < 0:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return false
}

// EraseBatch erases the rows of a batch and returns how many there were.
func (r Rows) EraseBatch(ctx context.Context, batch model.Digest) (int64, error) {
	return r.erase(ctx, `SELECT id, batch FROM segments WHERE batch = $1 AND held > 0`, batch[:])
}

// Due returns the batches of which rows are to be erased by now.
func (r Rows) Due(ctx context.Context, now time.Time) ([]model.Digest, error) {
	var out []model.Digest
	err := r.tx.each(ctx, "find rows that are due", `SELECT DISTINCT batch FROM segments WHERE expires_at <> '' AND expires_at <= $1 AND held > 0 ORDER BY batch`,
		[]any{stamp(now)}, func(scan func(...any) error) error {
			var batch model.Digest
			err := scan(digested{&batch})
			out = append(out, batch)
			return err
		})
	return out, err
}

// EraseExpired erases the rows whose time has come and returns how many there were.
func (r Rows) EraseExpired(ctx context.Context, now time.Time) (int64, error) {
	return r.erase(ctx, `SELECT id, batch FROM segments WHERE expires_at <> '' AND expires_at <= $1 AND held > 0`, stamp(now))
}

// erase writes the segments that a query names again, without bodies and salts, one after another. The rows
// of a batch are erased together, and its keys with them.
func (r Rows) erase(ctx context.Context, query string, args ...any) (n int64, err error) {
	var ids []int64
	batches := map[model.Digest]bool{}
	err = r.tx.each(ctx, "find rows to erase", query, args, func(scan func(...any) error) error {
		var id int64
		var batch model.Digest
		err := scan(&id, digested{&batch})
		ids, batches[batch] = append(ids, id), true
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		held, err := r.eraseSegment(ctx, id)
		if err != nil {
			return 0, err
		}
		n += held
	}
	for batch := range batches {
		if _, err := r.tx.exec(ctx, "erase the index of rows", `DELETE FROM batch_keys WHERE batch = $1`, batch[:]); err != nil {
			return 0, err
		}
	}
	return n, nil
}

func (r Rows) eraseSegment(ctx context.Context, id int64) (held int64, err error) {
	var data []byte
	if _, err = r.tx.row(ctx, "read rows to erase", `SELECT held, data FROM segments WHERE id = $1`, []any{id}, &held, &data); err != nil {
		return 0, err
	}
	rows, err := readSegment(data)
	if err != nil {
		return 0, err
	}
	left := make([]byte, 0, len(rows)*(len(model.Digest{})+1))
	for _, row := range rows {
		left = evidence.AppendRow(left, evidence.Row{Digest: row.Digest})
	}
	_, err = r.tx.exec(ctx, "erase rows", `UPDATE segments SET held = 0, data = $1 WHERE id = $2`, left, id)
	return held, err
}
