package ledger

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordon-trust/cordon/internal/evidence"
)

// edge is the right edge of a tree: at every level the hashes of the one tile that is not full. It is
// all that appending needs. It belongs to one goroutine.
type edge struct {
	size   int64
	levels [][]tlog.Hash // fewer than tileWidth each
	full   []Tile        // filled since takeFull was called last
}

// loadEdge reads the right edge of a tree of the given size.
func loadEdge(ctx context.Context, t Tiles, size int64) (*edge, error) {
	e := &edge{size: size}
	var want []tlog.Tile
	for level := 0; size>>(tileHeight*level) > 0; level++ {
		e.levels = append(e.levels, make([]tlog.Hash, 0, tileWidth))
		if w := int(size >> (tileHeight * level) & (tileWidth - 1)); w > 0 {
			want = append(want, edgeTile(size, level, w))
		}
	}
	if len(want) == 0 {
		return e, nil
	}
	data, err := t.ReadTiles(ctx, want)
	if err != nil {
		return nil, fmt.Errorf("read the tree's right edge: %w", err)
	}
	for i, tile := range want {
		e.levels[tile.L] = append(e.levels[tile.L], hashesOf(data[i])...)
	}
	return e, nil
}

// edgeTile is the tile of a level that a tree of this size has not filled.
func edgeTile(size int64, level, width int) tlog.Tile {
	return tlog.Tile{H: tileHeight, L: level, N: size >> (tileHeight * (level + 1)), W: width}
}

func (e *edge) add(leaf tlog.Hash) {
	h := leaf
	for level := 0; ; level++ {
		if level == len(e.levels) {
			e.levels = append(e.levels, make([]tlog.Hash, 0, tileWidth))
		}
		e.levels[level] = append(e.levels[level], h)
		if len(e.levels[level]) < tileWidth {
			break
		}
		e.full = append(e.full, Tile{edgeTile(e.size, level, tileWidth), bytesOf(e.levels[level])})
		h = mth(e.levels[level])
		e.levels[level] = e.levels[level][:0]
	}
	e.size++
}

// takeFull returns the tiles that were filled since the last call.
func (e *edge) takeFull() []Tile {
	out := e.full
	e.full = nil
	return out
}

// partial returns the tiles that are not full.
func (e *edge) partial() []Tile {
	var out []Tile
	for level, hs := range e.levels {
		if len(hs) > 0 {
			out = append(out, Tile{edgeTile(e.size, level, len(hs)), bytesOf(hs)})
		}
	}
	return out
}

// root is the tree's root. Each level's hashes are roots of equal, complete subtrees; what lies right of
// them, summed up from the levels below, is one more node at their end (RFC 6962 section 2.1).
func (e *edge) root() tlog.Hash {
	if e.size == 0 {
		return evidence.EmptyRoot()
	}
	var nodes []tlog.Hash
	var right tlog.Hash
	have := false
	for _, hs := range e.levels {
		nodes = append(nodes[:0], hs...)
		if have {
			nodes = append(nodes, right)
		}
		if len(nodes) > 0 {
			right, have = mth(nodes), true
		}
	}
	return right
}

// mth is the Merkle tree hash over one or more nodes.
func mth(nodes []tlog.Hash) tlog.Hash {
	if len(nodes) == 1 {
		return nodes[0]
	}
	k := 1
	for 2*k < len(nodes) {
		k *= 2
	}
	return tlog.NodeHash(mth(nodes[:k]), mth(nodes[k:]))
}

func bytesOf(hs []tlog.Hash) []byte {
	out := make([]byte, 0, len(hs)*tlog.HashSize)
	for i := range hs {
		out = append(out, hs[i][:]...)
	}
	return out
}

func hashesOf(data []byte) []tlog.Hash {
	out := make([]tlog.Hash, len(data)/tlog.HashSize)
	for i := range out {
		copy(out[i][:], data[i*tlog.HashSize:])
	}
	return out
}
