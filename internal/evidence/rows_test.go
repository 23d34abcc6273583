package evidence_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/model"
)

func newRows(t testing.TB, n int) []evidence.Row {
	t.Helper()
	var rows []evidence.Row
	for i := range n {
		r, err := evidence.NewRow(rand.Reader, fmt.Appendf(nil, "row %d", i))
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	return rows
}

// plainRoot is RFC 6962 section 2.1, written from its text.
func plainRoot(leaves []model.Digest) tlog.Hash {
	switch n := len(leaves); n {
	case 0:
		return tlog.Hash(model.DigestOf(nil))
	case 1:
		return tlog.Hash(model.DigestOf(append([]byte{0}, leaves[0][:]...)))
	default:
		k := 1
		for k*2 < n {
			k *= 2
		}
		l, r := plainRoot(leaves[:k]), plainRoot(leaves[k:])
		return tlog.Hash(model.DigestOf(slices.Concat([]byte{1}, l[:], r[:])))
	}
}

func TestRowsAgainstPlainTree(t *testing.T) {
	t.Parallel()
	for n := range 70 {
		rows := newRows(t, n)
		var leaves []model.Digest
		for _, r := range rows {
			leaves = append(leaves, r.Digest)
		}
		b, err := evidence.Batch(rows)
		if err != nil || b.Count != int64(n) || tlog.Hash(b.Root) != plainRoot(leaves) {
			t.Errorf("%d rows: root %s, error %v", n, b.Root, err)
		}
	}
}

func TestRowsErasedAndTampered(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		rows := newRows(t, rapid.IntRange(1, 40).Draw(rt, "rows"))
		batch, err := evidence.Batch(rows)
		if err != nil {
			rt.Fatal(err)
		}
		for i := range rows {
			if rapid.Bool().Draw(rt, "erase") {
				rows[i].Salt, rows[i].Body = nil, nil
			}
		}
		if err := batch.Check(rows); err != nil {
			rt.Fatalf("erased rows: %v", err)
		}
		i := rapid.IntRange(0, len(rows)-1).Draw(rt, "row")
		bad := slices.Clone(rows)
		bad[i].Salt, bad[i].Body = bytes.Clone(bad[i].Salt), bytes.Clone(bad[i].Body)
		switch what := rapid.SampledFrom([]string{"body", "salt", "digest", "drop", "double", "swap", "forge"}).Draw(rt, "what"); {
		case what == "body" && bad[i].Body != nil:
			bad[i].Body[0] ^= 1
		case what == "salt" && bad[i].Salt != nil:
			bad[i].Salt[31] ^= 1
		case what == "drop":
			bad = slices.Delete(bad, i, i+1)
		case what == "double":
			bad = slices.Insert(bad, i, bad[i])
		case what == "swap" && len(bad) > 1:
			j := (i + 1) % len(bad)
			bad[i], bad[j] = bad[j], bad[i]
		case what == "forge":
			bad[i], err = evidence.NewRow(rand.Reader, []byte("another row"))
			if err != nil {
				rt.Fatal(err)
			}
		default:
			bad[i].Digest[0] ^= 1
		}
		if err := batch.Check(bad); err == nil {
			rt.Fatal("a changed batch is taken")
		}
	})
}

// Bytes that are shown beside a digest are covered by it, or refused.
func TestRowShapes(t *testing.T) {
	t.Parallel()
	rows := newRows(t, 1)
	batch, err := evidence.Batch(rows)
	if err != nil {
		t.Fatal(err)
	}
	if err := (evidence.RowBatch{Count: 2, Root: batch.Root}).Check(rows); err == nil {
		t.Error("one row is taken for two")
	}
	r := rows[0]
	for name, bad := range map[string]evidence.Row{
		"a body without its salt":      {Body: []byte("forged"), Digest: r.Digest},
		"its own body, salt erased":    {Body: r.Body, Digest: r.Digest},
		"a salt without its body":      {Salt: r.Salt, Digest: r.Digest},
		"the border moved to the left": {Salt: r.Salt[:31], Body: append([]byte{r.Salt[31]}, r.Body...), Digest: r.Digest},
		"the border moved right":       {Salt: append(bytes.Clone(r.Salt), r.Body[0]), Body: r.Body[1:], Digest: r.Digest},
		"no digest":                    {Salt: r.Salt, Body: r.Body},
	} {
		if err := batch.Check([]evidence.Row{bad}); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	empty, err := evidence.NewRow(rand.Reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	one, err := evidence.Batch([]evidence.Row{empty})
	if err != nil {
		t.Fatal(err)
	}
	if err := one.Check([]evidence.Row{empty}); err != nil {
		t.Errorf("an empty body: %v", err)
	}
}

// Without its salt a row cannot be guessed from its digest, and equal rows do not look equal.
func TestRowsAreBlinded(t *testing.T) {
	t.Parallel()
	a, err := evidence.NewRow(rand.Reader, []byte("10.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := evidence.NewRow(rand.Reader, []byte("10.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	if a.Digest == b.Digest || a.Digest == model.DigestOf([]byte("10.0.0.1")) {
		t.Error("a digest gives its row away")
	}
	if _, err := evidence.NewRow(bytes.NewReader(make([]byte, evidence.SaltSize-1)), nil); err == nil || errors.Unwrap(err) == nil {
		t.Errorf("a salt that is too short: %v", err)
	}
}
