package ledger

import (
	"context"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordon-trust/cordon/internal/evidence"
)

// tileMap keeps tiles by level and place.
type tileMap map[[2]int64][]byte

func (m tileMap) ReadTiles(_ context.Context, tiles []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(tiles))
	for i, t := range tiles {
		data := m[[2]int64{int64(t.L), t.N}]
		if len(data) < t.W*tlog.HashSize {
			return nil, fmt.Errorf("no tile %s", t.Path())
		}
		out[i] = data[:t.W*tlog.HashSize]
	}
	return out, nil
}

func (m tileMap) WriteTiles(_ context.Context, tiles []Tile) error {
	for _, t := range tiles {
		if len(t.Data) != t.W*tlog.HashSize {
			return fmt.Errorf("tile %s with %d bytes", t.Path(), len(t.Data))
		}
		m[[2]int64{int64(t.L), t.N}] = t.Data
	}
	return nil
}

// The tiles and roots of growing trees are those of tlog, across the borders at which a tile and a
// level begin, with the edge read anew from the tiles each time.
func TestEdge(t *testing.T) {
	t.Parallel()
	tiles := tileMap{}
	var front evidence.Frontier
	for _, size := range []int64{1, 2, 3, 255, 256, 257, 511, 512, 513, 1000, 65535, 65536, 65537, 65792, 66000, 131072, 131329} {
		e, err := loadEdge(t.Context(), tiles, front.Size())
		if err != nil {
			t.Fatal(err)
		}
		if e.root() != front.Root() {
			t.Fatalf("size %d: another root after reading it back", front.Size())
		}
		for front.Size() < size {
			leaf := tlog.RecordHash(fmt.Append(nil, front.Size()))
			e.add(leaf)
			front.Add(leaf)
		}
		if e.root() != front.Root() {
			t.Fatalf("size %d: root %v, want %v", size, e.root(), front.Root())
		}
		if err := tiles.WriteTiles(t.Context(), append(e.takeFull(), e.partial()...)); err != nil {
			t.Fatal(err)
		}
		// tlog checks every tile it reads against the root.
		cp := evidence.Checkpoint{Size: size, Root: front.Root()}
		for _, seq := range []int64{0, size / 3, size - 1} {
			p, err := tlog.ProveRecord(size, seq, hashReader(t.Context(), tiles, cp))
			if err != nil {
				t.Fatalf("size %d, entry %d: %v", size, seq, err)
			}
			if err := tlog.CheckRecord(p, size, cp.Root, seq, tlog.RecordHash(fmt.Append(nil, seq))); err != nil {
				t.Fatalf("size %d, entry %d: %v", size, seq, err)
			}
		}
	}
	// C2SP: level 0 has 513 full tiles and one of 1, level 1 two full and one of 1, level 2 one of 2.
	for at, want := range map[[2]int64]int{{0, 512}: 256, {0, 513}: 1, {1, 1}: 256, {1, 2}: 1, {2, 0}: 2} {
		if got := len(tiles[at]) / tlog.HashSize; got != want {
			t.Errorf("tile %v holds %d hashes, want %d", at, got, want)
		}
	}
}
