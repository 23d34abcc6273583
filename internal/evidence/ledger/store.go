package ledger

import (
	"context"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordon-trust/cordon/internal/model"
)

// tileHeight is the height of C2SP tiles: 256 hashes each.
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// Tile is one tile with its hashes, W of them.
type Tile struct {
	tlog.Tile
	Data []byte
}

// Stored is an entry with what opens it.
type Stored struct {
	Seq       int64
	Statement model.Digest // SHA-256 of the pre-authentication encoding
	Salt      []byte       // nil once erased
	Entry     []byte       // canonical bytes
}

// Beside is an entry with what the archive holds about its statement.
type Beside struct {
	Stored
	Recorded bool      // the archive knows the statement
	Envelope []byte    // nil once erased
	HeldAt   time.Time // when this house first held the statement
	First    bool      // no earlier entry of this log is about the statement
}

// Tiles keeps the tiles of one log.
type Tiles interface {
	// ReadTiles returns W hashes of each tile; a stored tile may be wider. It fails when one is missing
	// or narrower.
	ReadTiles(ctx context.Context, tiles []tlog.Tile) ([][]byte, error)
	// WriteTiles stores tiles and replaces narrower ones at their places.
	WriteTiles(ctx context.Context, tiles []Tile) error
}

// Entries keeps the entries of one log.
type Entries interface {
	AppendEntries(ctx context.Context, entries []Stored) error
	// Entry returns one entry; ok is false when there is none.
	Entry(ctx context.Context, seq int64) (s Stored, ok bool, err error)
	// ScanEntries calls fn for the entries from <= seq < to, in order. fn may use the store.
	ScanEntries(ctx context.Context, from, to int64, fn func(Beside) error) error
}

// Checkpoints keeps the checkpoints of one log, one per size.
type Checkpoints interface {
	// LatestCheckpoint returns the largest size and the note over it; a nil note when there is none.
	LatestCheckpoint(ctx context.Context) (size int64, note []byte, err error)
	PutCheckpoint(ctx context.Context, size int64, note []byte) error
	// ScanCheckpoints calls fn for every checkpoint in order of size. fn may use the store.
	ScanCheckpoints(ctx context.Context, fn func(size int64, note []byte) error) error
}

// Tree is one log in a store, inside one transaction.
type Tree interface {
	Tiles
	Entries
	Checkpoints
}
