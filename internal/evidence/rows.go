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
	root, err := rowRoot(rows)
	return RowBatch{Count: int64(len(rows)), Root: root}, err
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
	root, err := rowRoot(rows)
	if err != nil {
		return err
	}
	if root != b.Root {
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

func rowRoot(rows []Row) (model.Digest, error) {
	if len(rows) == 0 {
		return model.DigestOf(nil), nil
	}
	var stored hashes
	for i, r := range rows {
		more, err := tlog.StoredHashes(int64(i), r.Digest[:], stored)
		if err != nil {
			return model.Digest{}, fmt.Errorf("hash row %d: %w", i, err)
		}
		stored = append(stored, more...)
	}
	h, err := tlog.TreeHash(int64(len(rows)), stored)
	return model.Digest(h), err
}

// hashes are the stored hashes of a small tree in memory.
type hashes []tlog.Hash

// ReadHashes implements tlog.HashReader.
func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x < 0 || x >= int64(len(h)) {
			return nil, fmt.Errorf("no hash %d", x)
		}
		out[i] = h[x]
	}
	return out, nil
}
