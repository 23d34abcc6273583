package ledger

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// VerifyOptions says what to check beyond the log itself.
type VerifyOptions struct {
	// Against is a checkpoint of the same log from elsewhere, already opened; nil: none.
	Against *evidence.Checkpoint
	// Held says that this is the log whose checkpoints tell when the house first held a statement.
	Held bool
}

// Report is what a verification found in order.
type Report struct {
	Checkpoint  evidence.Checkpoint // the last one; without a note when the log is empty
	Entries     int64
	Erased      int64 // entries whose salt was erased: their statement can no longer be shown
	Checkpoints int64
}

// Verify reads the whole log: it recomputes every leaf and the root at every checkpoint, verifies both
// signatures of each, compares the tiles, and audits each envelope that was not erased against its
// entry. Errors carry [fault.LogDamaged], [fault.LogForked] or [fault.BadCheckpoint] and name the first
// bad entry.
func (l *Log) Verify(ctx context.Context, t Tree, opts VerifyOptions) (Report, error) {
	v := verification{log: l, tree: t, opts: opts, edge: &edge{}}
	if err := v.run(ctx); err != nil {
		return Report{}, fmt.Errorf("verify log %q: %w", l.id.Origin, err)
	}
	return v.report, nil
}

// verification is one walk over a log; it belongs to the goroutine of Verify.
type verification struct {
	log    *Log
	tree   Tree
	opts   VerifyOptions
	report Report
	total  int64       // entries that the last checkpoint is stored for
	edge   *edge       // the tree as the entries make it
	leaves []tlog.Hash // the stored tile of leaves that covers the present entry
	at     time.Time   // of the checkpoint that covers the present entry
}

func (v *verification) run(ctx context.Context) error {
	v.report.Checkpoint = evidence.Checkpoint{Origin: v.log.id.Origin, Root: evidence.EmptyRoot()}
	if err := v.checkAgainst(); err != nil {
		return err
	}
	var err error
	if v.total, _, err = v.tree.LatestCheckpoint(ctx); err != nil {
		return err
	}
	err = v.tree.ScanCheckpoints(ctx, func(size int64, note []byte) error {
		return v.batch(ctx, size, note)
	})
	if err != nil {
		return err
	}
	if err := v.checkEdgeTiles(ctx); err != nil {
		return err
	}
	err = v.tree.ScanEntries(ctx, v.edge.size, math.MaxInt64, func(b Beside) error {
		return fault.New(fault.LogDamaged, "entry %d is stored but no checkpoint covers it", b.Seq)
	})
	if err != nil {
		return err
	}
	if a := v.opts.Against; a != nil && a.Size > v.edge.size {
		return fault.New(fault.LogDamaged, "entries from %d on are missing: the given checkpoint was signed over %d", v.edge.size, a.Size).
			Hint("this copy of the database is older than the checkpoint; restore a newer one")
	}
	v.report.Entries = v.edge.size
	return nil
}

// batch checks the entries up to one checkpoint, and the checkpoint.
func (v *verification) batch(ctx context.Context, size int64, note []byte) error {
	from := v.edge.size
	cp, err := evidence.OpenCheckpoint(note, v.log.id)
	if err != nil {
		return fault.Wrap(err, fault.BadCheckpoint, "the stored checkpoint over entries %d to %d cannot be believed", from, size-1)
	}
	if cp.Size != size || size <= from {
		return fault.New(fault.BadCheckpoint, "the checkpoint stored for size %d, after that for %d, is over %d entries", size, from, cp.Size)
	}
	if cp.Time.Before(v.report.Checkpoint.Time) {
		return fault.New(fault.BadCheckpoint, "the checkpoint over entries %d to %d is older than the one before it", from, size-1)
	}
	v.at = cp.Time
	err = v.tree.ScanEntries(ctx, from, size, func(b Beside) error { return v.entry(ctx, b) })
	if err != nil {
		return err
	}
	if v.edge.size != size {
		return fault.New(fault.LogDamaged, "entry %d is missing", v.edge.size)
	}
	if v.edge.root() != cp.Root {
		return fault.New(fault.LogDamaged, "entries from %d on are not those that were signed: the checkpoint over %d entries has another root", from, size)
	}
	v.report.Checkpoint = cp
	v.report.Checkpoints++
	return nil
}

func (v *verification) entry(ctx context.Context, b Beside) error {
	if b.Seq != v.edge.size {
		return fault.New(fault.LogDamaged, "entry %d is missing", v.edge.size)
	}
	e, err := evidence.ParseEntry(b.Entry)
	if err != nil {
		return fault.Wrap(err, fault.LogDamaged, "entry %d cannot be read", b.Seq)
	}
	if e.Seq != b.Seq {
		return fault.New(fault.LogDamaged, "entry %d says that it is entry %d", b.Seq, e.Seq)
	}
	if err := v.leaf(ctx, b); err != nil {
		return err
	}
	if err := v.beside(e, b); err != nil {
		return err
	}
	return v.checkAgainst()
}

// leaf compares the entry with the stored tile, which tells exactly which entry was changed.
func (v *verification) leaf(ctx context.Context, b Beside) error {
	i := int(b.Seq % tileWidth)
	if i == 0 {
		tile := tlog.Tile{H: tileHeight, L: 0, N: b.Seq / tileWidth, W: int(min(tileWidth, v.total-b.Seq))}
		data, err := v.tree.ReadTiles(ctx, []tlog.Tile{tile})
		if err != nil {
			return err
		}
		v.leaves = hashesOf(data[0])
	}
	h := evidence.LeafHash(b.Entry)
	if v.leaves[i] != h {
		return fault.New(fault.LogDamaged, "entry %d is not the one in the tree", b.Seq)
	}
	v.edge.add(h)
	for _, full := range v.edge.takeFull() {
		if err := v.compare(ctx, full); err != nil {
			return err
		}
	}
	return nil
}

func (v *verification) compare(ctx context.Context, want Tile) error {
	data, err := v.tree.ReadTiles(ctx, []tlog.Tile{want.Tile})
	if err != nil {
		return err
	}
	if !bytes.Equal(data[0], want.Data) {
		return fault.New(fault.LogDamaged, "the stored tile %q over entries from %d on is not the one its entries make",
			want.Path(), want.N<<(tileHeight*(want.L+1)))
	}
	return nil
}

func (v *verification) checkEdgeTiles(ctx context.Context) error {
	for _, tile := range v.edge.partial() {
		if err := v.compare(ctx, tile); err != nil {
			return err
		}
	}
	return nil
}

// beside audits what lies beside the entry. Only a missing salt is an erasure.
func (v *verification) beside(e evidence.Entry, b Beside) error {
	if b.Salt == nil {
		v.report.Erased++
		return nil
	}
	if !b.Recorded || b.Envelope == nil {
		return fault.New(fault.LogDamaged, "entry %d: its statement %q is missing although nobody erased it", b.Seq, b.Statement)
	}
	if err := e.Audit(b.Envelope, b.Salt, b.Statement); err != nil {
		return fault.Wrap(err, fault.LogDamaged, "entry %d", b.Seq)
	}
	if v.opts.Held && b.First && !b.HeldAt.Equal(v.at) {
		return fault.New(fault.LogDamaged, "entry %d: its statement is said to be held since %s, its checkpoint is of %s",
			b.Seq, b.HeldAt.Format(time.RFC3339), v.at.Format(time.RFC3339))
	}
	return nil
}

// checkAgainst compares with the foreign checkpoint when the walk has come to its size.
func (v *verification) checkAgainst() error {
	a := v.opts.Against
	if a == nil || a.Size != v.edge.size {
		return nil
	}
	if a.Origin != v.log.id.Origin {
		return fault.New(fault.BadCheckpoint, "the given checkpoint is of log %q", a.Origin)
	}
	if v.edge.root() != a.Root {
		return fault.New(fault.LogForked, "the log's keys signed another history of its first %d entries: the given checkpoint differs at or before entry %d", a.Size, a.Size-1).
			Hint("keep both checkpoints: together they prove the fork")
	}
	return nil
}
