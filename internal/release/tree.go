package release

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordon-trust/cordon/internal/evidence"
)

// tree is a Merkle tree in memory (RFC 6962 section 2.1), with every hash that its tiles need.
type tree struct {
	size   int64
	stored []tlog.Hash // in the order of tlog.StoredHashIndex
}

func (t *tree) add(entry []byte) error {
	more, err := tlog.StoredHashesForRecordHash(t.size, evidence.LeafHash(entry), t)
	if err != nil {
		return fmt.Errorf("hash entry %d: %w", t.size, err)
	}
	t.stored = append(t.stored, more...)
	t.size++
	return nil
}

// ReadHashes implements tlog.HashReader.
func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x < 0 || x >= int64(len(t.stored)) {
			return nil, fmt.Errorf("no hash %d", x)
		}
		out[i] = t.stored[x]
	}
	return out, nil
}

// root returns the root over the first entries.
func (t *tree) root(size int64) (tlog.Hash, error) {
	if size == 0 {
		return evidence.EmptyRoot(), nil
	}
	h, err := tlog.TreeHash(size, t)
	if err != nil {
		return h, fmt.Errorf("root of %d entries: %w", size, err)
	}
	return h, nil
}
