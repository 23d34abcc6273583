package ledger

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// Log reads one log: it needs its public keys only. It is safe for concurrent use.
type Log struct {
	id evidence.LogIdentity
}

// NewLog returns the log with this identity; it fails when the identity is not usable.
func NewLog(id evidence.LogIdentity) (*Log, error) {
	if err := id.Check(); err != nil {
		return nil, fault.Wrap(err, fault.BadCheckpoint, "the keys of the log cannot be used")
	}
	return &Log{id: id}, nil
}

// Identity returns origin and keys.
func (l *Log) Identity() evidence.LogIdentity { return l.id }

// Origin names the log.
func (l *Log) Origin() string { return l.id.Origin }

// Latest returns the last checkpoint; ok is false while the log is empty.
func (l *Log) Latest(ctx context.Context, t Checkpoints) (cp evidence.Checkpoint, ok bool, err error) {
	cp, err = l.latest(ctx, t)
	if err != nil {
		return evidence.Checkpoint{}, false, fmt.Errorf("last checkpoint of log %q: %w", l.id.Origin, err)
	}
	return cp, cp.Note != nil, nil
}

// latest returns the last checkpoint, of an empty log one without a note.
func (l *Log) latest(ctx context.Context, t Checkpoints) (evidence.Checkpoint, error) {
	size, note, err := t.LatestCheckpoint(ctx)
	if err != nil {
		return evidence.Checkpoint{}, err
	}
	if note == nil {
		return evidence.Checkpoint{Origin: l.id.Origin, Root: evidence.EmptyRoot()}, nil
	}
	cp, err := evidence.OpenCheckpoint(note, l.id)
	if err == nil && cp.Size != size {
		return evidence.Checkpoint{}, fault.New(fault.BadCheckpoint, "the checkpoint stored for size %d is over %d entries", size, cp.Size)
	}
	return cp, err
}

// Prove returns the proof that the log holds entry seq, under its last checkpoint. The salt goes with
// it, so the proof shows the statement to whoever has its envelope. It fails with [fault.NotLogged] when
// there is no such entry.
func (l *Log) Prove(ctx context.Context, t Tree, seq int64) (evidence.Proof, error) {
	p, err := l.prove(ctx, t, seq)
	if err != nil {
		return evidence.Proof{}, fmt.Errorf("prove entry %d of log %q: %w", seq, l.id.Origin, err)
	}
	return p, nil
}

func (l *Log) prove(ctx context.Context, t Tree, seq int64) (evidence.Proof, error) {
	cp, err := l.latest(ctx, t)
	if err != nil {
		return evidence.Proof{}, err
	}
	if seq < 0 || seq >= cp.Size {
		return evidence.Proof{}, fault.New(fault.NotLogged, "the log has %d entries", cp.Size)
	}
	s, ok, err := t.Entry(ctx, seq)
	if err != nil {
		return evidence.Proof{}, err
	}
	if !ok {
		return evidence.Proof{}, fault.New(fault.LogDamaged, "entry %d is missing", seq)
	}
	hashes, err := tlog.ProveRecord(cp.Size, seq, hashReader(ctx, t, cp))
	if err != nil {
		return evidence.Proof{}, damaged(err)
	}
	// The hashes are proven to be in the tree; the entry's bytes are not yet.
	if err := tlog.CheckRecord(hashes, cp.Size, cp.Root, seq, evidence.LeafHash(s.Entry)); err != nil {
		return evidence.Proof{}, fault.Wrap(err, fault.LogDamaged, "entry %d is not what was logged", seq)
	}
	return evidence.Proof{
		Entry: s.Entry, Salt: s.Salt, Index: seq, Size: cp.Size, Hashes: hashes, Checkpoint: cp.Note,
	}, nil
}

// ProveConsistency returns the proof that the log's present tree begins with the tree of an older
// checkpoint of the same log. It fails with [fault.LogForked] when it does not.
func (l *Log) ProveConsistency(ctx context.Context, t Tree, older evidence.Checkpoint) (evidence.Consistency, error) {
	c, err := l.proveConsistency(ctx, t, older)
	if err != nil {
		return evidence.Consistency{}, fmt.Errorf("prove that log %q grew from size %d: %w", l.id.Origin, older.Size, err)
	}
	return c, nil
}

func (l *Log) proveConsistency(ctx context.Context, t Tree, older evidence.Checkpoint) (evidence.Consistency, error) {
	cp, err := l.latest(ctx, t)
	if err != nil {
		return evidence.Consistency{}, err
	}
	if older.Size > cp.Size {
		return evidence.Consistency{}, fault.New(fault.LogDamaged, "the log has only %d entries: those from %d on are missing", cp.Size, cp.Size)
	}
	var hashes tlog.TreeProof
	if older.Size > 0 && older.Size < cp.Size {
		if hashes, err = tlog.ProveTree(cp.Size, older.Size, hashReader(ctx, t, cp)); err != nil {
			return evidence.Consistency{}, damaged(err)
		}
	}
	if err := evidence.CheckConsistency(older, cp, hashes); err != nil {
		return evidence.Consistency{}, err
	}
	return evidence.Consistency{Old: older.Note, New: cp.Note, Hashes: hashes}, nil
}

// hashReader gives hashes out of stored tiles, each checked against the checkpoint's root.
func hashReader(ctx context.Context, t Tiles, cp evidence.Checkpoint) tlog.HashReader {
	return tlog.TileHashReader(tlog.Tree{N: cp.Size, Hash: cp.Root}, tileReader{ctx, t})
}

// tileReader joins the store to tlog, whose interface carries no context. It lives for one call.
type tileReader struct {
	ctx   context.Context
	tiles Tiles
}

func (tileReader) Height() int { return tileHeight }

func (r tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	return r.tiles.ReadTiles(r.ctx, tiles)
}

func (tileReader) SaveTiles([]tlog.Tile, [][]byte) {}

// damaged gives an error of the tree a code, unless the store below gave one already.
func damaged(err error) error {
	if fault.CodeOf(err) != fault.Internal {
		return err
	}
	return fault.Wrap(err, fault.LogDamaged, "the stored tree does not match its checkpoint")
}
