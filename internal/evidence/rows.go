package evidence

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordon-trust/cordon/internal/model"
)

// Row is one line of a batch. The statement over the batch commits to the salted digest, so body and
// salt can be erased and the batch still proves what it covered.
type Row struct {
	Salt   []byte // SaltSize bytes; empty once erased
	Body   []byte // empty once erased, always together with the salt
	Digest model.Digest
}

// RowBatch is the part of a predicate that commits to rows.
type RowBatch struct {
	Count int64        `json:"count"`
	Root  model.Digest `json:"root"` // Merkle tree hash (RFC 6962, section 2.1) over the row digests
}

// NewRow salts a row with bytes from random.
func NewRow(random io.Reader, body []byte) (Row, error) {
	salt := make([]byte, SaltSize)
	if _, err := io.ReadFull(random, salt); err != nil {
		return Row{}, fmt.Errorf("read salt: %w", err)
	}
	return Row{Salt: salt, Body: body, Digest: rowDigest(salt, body)}, nil
}

func rowDigest(salt, body []byte) model.Digest {
	h := sha256.New()
	h.Write(salt)
	h.Write(body)
	return model.Digest(h.Sum(nil))
}

// Batch commits to rows in their order.
func Batch(rows []Row) (RowBatch, error) {
	return RowBatch{Count: int64(len(rows)), Root: rowRoot(rows)}, nil
}

// Check verifies rows against the batch: every body that is still there has its digest, and the digests
// make the root. Erased rows are covered by their digests.
func (b RowBatch) Check(rows []Row) error {
	if int64(len(rows)) != b.Count {
		return fmt.Errorf("%d rows are held, the statement covers %d", len(rows), b.Count)
	}
	for i, r := range rows {
		if err := r.check(); err != nil {
			return fmt.Errorf("row %d %w", i+1, err)
		}
	}
	if rowRoot(rows) != b.Root {
		return fmt.Errorf("the rows do not make the signed root")
	}
	return nil
}

// check compares what is left of a row with its digest. A body without its salt could be anything, and
// a salt of another length would move bytes between salt and body.
func (r Row) check() error {
	switch {
	case len(r.Salt) == 0 && len(r.Body) == 0:
		return nil
	case len(r.Salt) != SaltSize:
		return fmt.Errorf("has a salt of %d bytes beside its body, not %d", len(r.Salt), SaltSize)
	case rowDigest(r.Salt, r.Body) != r.Digest:
		return errors.New("is not what was signed")
	}
	return nil
}

// rowRoot folds the leaves level by level; the last of an odd level goes up as it is, which gives the tree
// of RFC 6962 (section 2.1).
func rowRoot(rows []Row) model.Digest {
	if len(rows) == 0 {
		return model.DigestOf(nil)
	}
	level := make([]tlog.Hash, len(rows))
	for i := range rows {
		level[i] = LeafHash(rows[i].Digest[:])
	}
	for n := len(level); n > 1; n = len(level) {
		for i := range n / 2 {
			level[i] = tlog.NodeHash(level[2*i], level[2*i+1])
		}
		if n%2 == 1 {
			level[n/2] = level[n-1]
		}
		level = level[:(n+1)/2]
	}
	return model.Digest(level[0])
}
