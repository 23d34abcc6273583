package ledger_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/store/storetest"
)

// memory is a log in memory that tests can damage. failWrite fails the write of that number, from 1.
type memory struct {
	tiles       map[[2]int64][]byte
	entries     []ledger.Stored
	checkpoints []checkpoint
	archive     map[model.Digest]held

	writes, failWrite int
}

type checkpoint struct {
	size int64
	note []byte
}

type held struct {
	envelope []byte
	at       time.Time
}

var errDisk = errors.New("the disk is gone")

func newMemory() *memory {
	return &memory{tiles: map[[2]int64][]byte{}, archive: map[model.Digest]held{}}
}

func (m *memory) write() error {
	if m.writes++; m.writes == m.failWrite {
		return errDisk
	}
	return nil
}

func (m *memory) ReadTiles(_ context.Context, tiles []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(tiles))
	for i, t := range tiles {
		data := m.tiles[[2]int64{int64(t.L), t.N}]
		if len(data) < t.W*tlog.HashSize {
			return nil, fault.New(fault.LogDamaged, "no tile %s", t.Path())
		}
		out[i] = data[:t.W*tlog.HashSize]
	}
	return out, nil
}

func (m *memory) WriteTiles(_ context.Context, tiles []ledger.Tile) error {
	for _, t := range tiles {
		m.tiles[[2]int64{int64(t.L), t.N}] = slices.Clone(t.Data)
	}
	return m.write()
}

func (m *memory) AppendEntries(_ context.Context, entries []ledger.Stored) error {
	m.entries = append(m.entries, entries...)
	return m.write()
}

func (m *memory) Entry(_ context.Context, seq int64) (ledger.Stored, bool, error) {
	for _, e := range m.entries {
		if e.Seq == seq {
			return e, true, nil
		}
	}
	return ledger.Stored{}, false, nil
}

func (m *memory) ScanEntries(_ context.Context, from, to int64, fn func(ledger.Beside) error) error {
	seen := map[model.Digest]bool{}
	for _, e := range m.entries {
		b := ledger.Beside{Stored: e, First: !seen[e.Statement]}
		seen[e.Statement] = true
		if e.Seq < from || e.Seq >= to {
			continue
		}
		var h held
		h, b.Recorded = m.archive[e.Statement]
		b.Envelope, b.HeldAt = h.envelope, h.at
		if err := fn(b); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) LatestCheckpoint(context.Context) (int64, []byte, error) {
	if len(m.checkpoints) == 0 {
		return 0, nil, nil
	}
	c := m.checkpoints[len(m.checkpoints)-1]
	return c.size, c.note, nil
}

func (m *memory) PutCheckpoint(_ context.Context, size int64, note []byte) error {
	m.checkpoints = append(m.checkpoints, checkpoint{size, note})
	return m.write()
}

func (m *memory) ScanCheckpoints(_ context.Context, fn func(int64, []byte) error) error {
	for _, c := range m.checkpoints {
		if err := fn(c.size, c.note); err != nil {
			return err
		}
	}
	return nil
}

// ticker is a clock that a test sets.
type ticker struct{ now time.Time }

func (c *ticker) Now() time.Time { return c.now }

const origin = "log.acme.example/house"

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// grown is a log with batches of the given sizes, a minute apart.
func grown(t testing.TB, keys storetest.Keys, batches ...int) (*memory, *ledger.Writer, []evidence.Checkpoint) {
	t.Helper()
	m, clock := newMemory(), &ticker{noon}
	w := keys.Writer(t, clock)
	var cps []evidence.Checkpoint
	n := 0
	for _, size := range batches {
		cps = append(cps, m.append(t, w, n, n+size))
		n += size
		clock.now = clock.now.Add(time.Minute)
	}
	return m, w, cps
}

func (m *memory) append(t testing.TB, w *ledger.Writer, from, to int) evidence.Checkpoint {
	t.Helper()
	records, items := storetest.Statements(t, from, to)
	_, cp, err := w.Append(t.Context(), m, items)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if _, again := m.archive[r.Digest]; !again {
			m.archive[r.Digest] = held{r.Envelope, cp.Time}
		}
	}
	return cp
}
