package store

import (
	"context"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/kit/fault"
)

var _ ledger.Tree = (*Log)(nil)

// Log keeps entries, tiles and checkpoints of one log.
type Log struct {
	tx     *Tx
	origin string
	id     int64 // 0: not looked up yet, or the log has nothing stored
}

// Log returns the log with this origin. One that has nothing stored is empty.
func (t *Tx) Log(origin string) *Log { return &Log{tx: t, origin: origin} }

// Origins returns the origins of all logs that hold anything, sorted.
func (t *Tx) Origins(ctx context.Context) ([]string, error) {
	var out []string
	err := t.each(ctx, "list the logs", `SELECT origin FROM logs ORDER BY origin`, nil, func(scan func(...any) error) error {
		var o string
		err := scan(&o)
		out = append(out, o)
		return err
	})
	return out, err
}

// find looks the log's number up.
func (l *Log) find(ctx context.Context) error {
	if l.id != 0 {
		return nil
	}
	_, err := l.tx.row(ctx, "find a log", `SELECT id FROM logs WHERE origin = $1`, []any{l.origin}, &l.id)
	return err
}

// make is find for writers: it gives a new log its number.
func (l *Log) make(ctx context.Context) error {
	if err := l.find(ctx); err != nil || l.id != 0 {
		return err
	}
	if _, err := l.tx.exec(ctx, "start a log", `INSERT INTO logs (origin) VALUES ($1)`, l.origin); err != nil {
		return err
	}
	return l.find(ctx)
}

// ReadTiles implements [ledger.Tiles].
func (l *Log) ReadTiles(ctx context.Context, tiles []tlog.Tile) ([][]byte, error) {
	if err := l.find(ctx); err != nil {
		return nil, err
	}
	out := make([][]byte, len(tiles))
	for i, t := range tiles {
		_, err := l.tx.row(ctx, "read a tile", `SELECT data FROM tiles WHERE log = $1 AND level = $2 AND place = $3`,
			[]any{l.id, t.L, t.N}, &out[i])
		if err != nil {
			return nil, err
		}
		if len(out[i]) < t.W*tlog.HashSize {
			missing := t.N<<t.H + int64(len(out[i])/tlog.HashSize)
			return nil, fault.New(fault.LogDamaged, "the tree's tile %q over entries from %d on is missing or too short",
				t.Path(), missing<<(t.H*t.L))
		}
		out[i] = out[i][:t.W*tlog.HashSize]
	}
	return out, nil
}

// WriteTiles implements [ledger.Tiles].
func (l *Log) WriteTiles(ctx context.Context, tiles []ledger.Tile) error {
	if err := l.make(ctx); err != nil {
		return err
	}
	return l.tx.bulk(ctx, "write tiles", `INSERT INTO tiles (log, level, place, data)`, 4,
		`ON CONFLICT (log, level, place) DO UPDATE SET data = excluded.data`, len(tiles),
		func(dst []any, i int) []any { return append(dst, l.id, tiles[i].L, tiles[i].N, tiles[i].Data) })
}

// AppendEntries implements [ledger.Entries].
func (l *Log) AppendEntries(ctx context.Context, entries []ledger.Stored) error {
	if err := l.make(ctx); err != nil {
		return err
	}
	return l.tx.bulk(ctx, "append entries", `INSERT INTO entries (log, seq, statement, salt, entry)`, 5, "", len(entries),
		func(dst []any, i int) []any {
			e := &entries[i]
			return append(dst, l.id, e.Seq, e.Statement[:], e.Salt, e.Entry)
		})
}

// Entry implements [ledger.Entries].
func (l *Log) Entry(ctx context.Context, seq int64) (ledger.Stored, bool, error) {
	s := ledger.Stored{Seq: seq}
	if err := l.find(ctx); err != nil {
		return s, false, err
	}
	ok, err := l.tx.row(ctx, "read an entry", `SELECT statement, salt, entry FROM entries WHERE log = $1 AND seq = $2`,
		[]any{l.id, seq}, digested{&s.Statement}, &s.Salt, &s.Entry)
	return s, ok, err
}

// entryPage bounds what a scan holds in memory: envelopes can be megabytes.
const entryPage = 32

const scanEntries = `
SELECT e.seq, e.statement, e.salt, e.entry, s.id IS NOT NULL, s.envelope, COALESCE(s.held_at, ''),
       NOT EXISTS (SELECT 1 FROM entries p WHERE p.statement = e.statement AND p.log = e.log AND p.seq < e.seq)
FROM entries e LEFT JOIN statements s ON s.digest = e.statement
WHERE e.log = $1 AND e.seq >= $2 AND e.seq < $3 ORDER BY e.seq LIMIT $4`

// ScanEntries implements [ledger.Entries].
func (l *Log) ScanEntries(ctx context.Context, from, to int64, fn func(ledger.Beside) error) error {
	if err := l.find(ctx); err != nil {
		return err
	}
	for {
		var page []ledger.Beside
		err := l.tx.each(ctx, "read entries", scanEntries, []any{l.id, from, to, entryPage}, func(scan func(...any) error) error {
			var b ledger.Beside
			err := scan(&b.Seq, digested{&b.Statement}, &b.Salt, &b.Entry, &b.Recorded, &b.Envelope, stamped{&b.HeldAt}, &b.First)
			page = append(page, b)
			return err
		})
		if err != nil {
			return err
		}
		for _, b := range page {
			if err := fn(b); err != nil {
				return err
			}
		}
		if len(page) < entryPage {
			return nil
		}
		from = page[len(page)-1].Seq + 1
	}
}

// LatestCheckpoint implements [ledger.Checkpoints].
func (l *Log) LatestCheckpoint(ctx context.Context) (size int64, note []byte, err error) {
	if err := l.find(ctx); err != nil {
		return 0, nil, err
	}
	_, err = l.tx.row(ctx, "read the last checkpoint",
		`SELECT size, note FROM checkpoints WHERE log = $1 ORDER BY size DESC LIMIT 1`, []any{l.id}, &size, &note)
	return size, note, err
}

// PutCheckpoint implements [ledger.Checkpoints].
func (l *Log) PutCheckpoint(ctx context.Context, size int64, note []byte) error {
	if err := l.make(ctx); err != nil {
		return err
	}
	_, err := l.tx.exec(ctx, "write a checkpoint", `INSERT INTO checkpoints (log, size, note) VALUES ($1, $2, $3)`, l.id, size, note)
	return err
}

// ScanCheckpoints implements [ledger.Checkpoints].
func (l *Log) ScanCheckpoints(ctx context.Context, fn func(size int64, note []byte) error) error {
	if err := l.find(ctx); err != nil {
		return err
	}
	type checkpoint struct {
		size int64
		note []byte
	}
	for after := int64(-1); ; {
		var page []checkpoint
		err := l.tx.each(ctx, "read checkpoints",
			`SELECT size, note FROM checkpoints WHERE log = $1 AND size > $2 ORDER BY size LIMIT $3`, []any{l.id, after, entryPage},
			func(scan func(...any) error) error {
				var c checkpoint
				err := scan(&c.size, &c.note)
				page = append(page, c)
				return err
			})
		if err != nil {
			return err
		}
		for _, c := range page {
			if err := fn(c.size, c.note); err != nil {
				return err
			}
			after = c.size
		}
		if len(page) < entryPage {
			return nil
		}
	}
}
