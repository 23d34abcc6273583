package ledger

import (
	"context"
	"fmt"
	"io"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/clock"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// Item is a statement to append, with the signatures that were verified.
type Item struct {
	Author      string
	PayloadType string
	Statement   model.Digest // SHA-256 of the pre-authentication encoding
	Signatures  []evidence.SignatureRef
}

// Position is where an item came to stand.
type Position struct {
	Seq  int64
	Salt [evidence.SaltSize]byte
	Leaf tlog.Hash
}

// Writer appends to one log. It holds no state of the tree, so that a commit whose outcome is unknown
// leaves nothing stale behind. It may be used by one goroutine at a time for each transaction.
type Writer struct {
	*Log
	clock   clock.Clock
	random  io.Reader
	signers []note.Signer
}

// NewWriter returns a writer whose signers are exactly the two keys of the log. random gives the salts
// and must be cryptographic.
func NewWriter(id evidence.LogIdentity, c clock.Clock, random io.Reader, signers ...note.Signer) (*Writer, error) {
	l, err := NewLog(id)
	if err != nil {
		return nil, err
	}
	w := &Writer{Log: l, clock: c, random: random, signers: signers}
	// A throw-away checkpoint of the empty tree: keys that do not fit are found before anything is written.
	if _, err := w.sign(0, evidence.EmptyRoot(), time.Unix(0, 0)); err != nil {
		return nil, fmt.Errorf("the keys at hand are not those of log %q: %w", id.Origin, err)
	}
	return w, nil
}

// Append adds items to the log inside the caller's transaction and signs one checkpoint over all of
// them. Nobody may see the checkpoint before the transaction is durable. It fails with
// [fault.LogDamaged] when the stored tree does not match its last checkpoint.
//
// The checkpoint's time is this machine's, but never earlier than the checkpoint before it: a clock that
// is turned back cannot make evidence older.
func (w *Writer) Append(ctx context.Context, t Tree, items []Item) ([]Position, evidence.Checkpoint, error) {
	pos, cp, err := w.append(ctx, t, items)
	if err != nil {
		return nil, evidence.Checkpoint{}, fmt.Errorf("append to log %q: %w", w.id.Origin, err)
	}
	return pos, cp, nil
}

func (w *Writer) append(ctx context.Context, t Tree, items []Item) ([]Position, evidence.Checkpoint, error) {
	var none evidence.Checkpoint
	if len(items) == 0 {
		return nil, none, fault.New(fault.Internal, "no items")
	}
	last, err := w.latest(ctx, t)
	if err != nil {
		return nil, none, err
	}
	e, err := w.openEdge(ctx, t, last)
	if err != nil {
		return nil, none, err
	}
	positions := make([]Position, len(items))
	entries := make([]Stored, len(items))
	for i, it := range items {
		if positions[i], entries[i], err = w.entry(e.size, it); err != nil {
			return nil, none, err
		}
		e.add(positions[i].Leaf)
	}
	at := w.clock.Now()
	if at.Before(last.Time) {
		at = last.Time
	}
	cp, err := w.sign(e.size, e.root(), at)
	if err != nil {
		return nil, none, err
	}
	if err := t.AppendEntries(ctx, entries); err != nil {
		return nil, none, fmt.Errorf("entries: %w", err)
	}
	if err := t.WriteTiles(ctx, append(e.takeFull(), e.partial()...)); err != nil {
		return nil, none, fmt.Errorf("tiles: %w", err)
	}
	if err := t.PutCheckpoint(ctx, cp.Size, cp.Note); err != nil {
		return nil, none, fmt.Errorf("checkpoint: %w", err)
	}
	return positions, cp, nil
}

// openEdge reads the right edge and checks it against the last checkpoint, so that the keys never sign
// a history that differs from what they signed before.
func (w *Writer) openEdge(ctx context.Context, t Tree, last evidence.Checkpoint) (*edge, error) {
	e, err := loadEdge(ctx, t, last.Size)
	if err != nil {
		return nil, err
	}
	if e.root() != last.Root {
		return nil, fault.New(fault.LogDamaged, "the stored tree does not have the root that was signed over its %d entries", last.Size)
	}
	if _, more, err := t.Entry(ctx, last.Size); err != nil || more {
		if err != nil {
			return nil, err
		}
		return nil, fault.New(fault.LogDamaged, "entry %d is stored but no checkpoint covers it", last.Size)
	}
	return e, nil
}

func (w *Writer) entry(seq int64, it Item) (Position, Stored, error) {
	p := Position{Seq: seq}
	if _, err := io.ReadFull(w.random, p.Salt[:]); err != nil {
		return p, Stored{}, fmt.Errorf("read salt: %w", err)
	}
	b, err := evidence.Entry{
		Seq: seq, Author: it.Author, Commitment: evidence.Commit(p.Salt, it.Statement),
		PayloadType: it.PayloadType, Signatures: it.Signatures,
	}.Encode()
	if err != nil {
		return p, Stored{}, err
	}
	p.Leaf = evidence.LeafHash(b)
	salt := p.Salt
	return p, Stored{Seq: seq, Statement: it.Statement, Salt: salt[:], Entry: b}, nil
}

// sign makes a checkpoint and reads it back as everybody else will.
func (w *Writer) sign(size int64, root tlog.Hash, at time.Time) (evidence.Checkpoint, error) {
	signed, err := evidence.SignCheckpoint(w.id.Origin, size, root, at, w.signers...)
	if err != nil {
		return evidence.Checkpoint{}, err
	}
	return evidence.OpenCheckpoint(signed, w.id)
}
