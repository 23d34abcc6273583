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

// SegmentSize is how many bytes of rows lie together at most; a larger row has a segment of its own.
const SegmentSize = 1 << 20

// Rows keeps the rows that batch statements commit to, many in one segment. Erasing takes body and salt; the
// digest stays, so that the batch's Merkle root can always be computed again.
type Rows struct{ tx *Tx }

// Rows returns the rows of batches.
func (t *Tx) Rows() Rows { return Rows{t} }

// Insert stores the rows of a batch in their order. expires is when they are to be erased; zero: never. keys
// are what [Rows.Having] finds the batch by.
func (r Rows) Insert(ctx context.Context, batch model.Digest, rows []evidence.Row, expires time.Time, keys []uint64) error {
	sorted := packKeys(keys)
	var data []byte
	for first, i := 0, 0; i < len(rows); i++ {
		data = evidence.AppendRow(data, rows[i])
		if next := i + 1; next < len(rows) && len(data)+evidence.RowOverhead+len(rows[next].Body) <= SegmentSize {
			continue
		}
		if err := r.insert(ctx, batch, first, i+1-first, expires, data, sorted); err != nil {
			return err
		}
		first, data = i+1, data[:0]
	}
	return nil
}

func (r Rows) insert(ctx context.Context, batch model.Digest, first, n int, expires time.Time, data, keys []byte) error {
	_, err := r.tx.exec(ctx, "store rows", `INSERT INTO segments (batch, place, held, expires_at, data) VALUES ($1, $2, $3, $4, $5)`,
		batch[:], first, n, stamp(expires), data)
	if err != nil || len(keys) == 0 {
		return err
	}
	_, err = r.tx.exec(ctx, "index rows", `INSERT INTO segment_keys (segment, keys)
SELECT id, $1 FROM segments WHERE batch = $2 AND place = $3`, keys, batch[:], first)
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
	err := r.tx.each(ctx, "look rows up", `SELECT s.batch, k.keys FROM segment_keys k JOIN segments s ON s.id = k.segment ORDER BY k.segment`,
		nil, func(scan func(...any) error) error {
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
	return r.erase(ctx, `SELECT id FROM segments WHERE batch = $1 AND held > 0`, batch[:])
}

// EraseExpired erases the rows whose time has come and returns how many there were.
func (r Rows) EraseExpired(ctx context.Context, now time.Time) (int64, error) {
	return r.erase(ctx, `SELECT id FROM segments WHERE expires_at <> '' AND expires_at <= $1 AND held > 0`, stamp(now))
}

// erase writes the segments that a query names again, without bodies and salts, one after another.
func (r Rows) erase(ctx context.Context, query string, args ...any) (n int64, err error) {
	var ids []int64
	err = r.tx.each(ctx, "find rows to erase", query, args, func(scan func(...any) error) error {
		var id int64
		err := scan(&id)
		ids = append(ids, id)
		return err
	})
	for _, id := range ids {
		if err != nil {
			break
		}
		var held int64
		if held, err = r.eraseSegment(ctx, id); err == nil {
			n += held
		}
	}
	return n, err
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
	if _, err = r.tx.exec(ctx, "erase rows", `UPDATE segments SET held = 0, data = $1 WHERE id = $2`, left, id); err != nil {
		return 0, err
	}
	_, err = r.tx.exec(ctx, "erase the index of rows", `DELETE FROM segment_keys WHERE segment = $1`, id)
	return held, err
}
