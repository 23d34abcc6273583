package evidence_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// memTree is a whole small tree.
type memTree struct {
	stored []tlog.Hash
	n      int64
}

func (m *memTree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = m.stored[x]
	}
	return out, nil
}

func (m *memTree) add(t testing.TB, leaf tlog.Hash) {
	t.Helper()
	more, err := tlog.StoredHashesForRecordHash(m.n, leaf, m)
	if err != nil {
		t.Fatal(err)
	}
	m.stored = append(m.stored, more...)
	m.n++
}

// proofFixture is a log of size entries and the proof of one.
func proofFixture(t testing.TB, l testLog, size, index int) (evidence.Proof, model.Digest) {
	t.Helper()
	var tree memTree
	var front evidence.Frontier
	p := evidence.Proof{Salt: bytes.Repeat([]byte{9}, 32), Index: int64(index), Size: int64(size)}
	pae := digest("the statement")
	for i := range size {
		e := sampleEntry()
		e.Seq = int64(i)
		if i == index {
			e.Commitment = evidence.Commit([32]byte(p.Salt), pae)
		}
		b, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if i == index {
			p.Entry = b
		}
		tree.add(t, evidence.LeafHash(b))
		front.Add(evidence.LeafHash(b))
	}
	var err error
	if p.Hashes, err = tlog.ProveRecord(p.Size, p.Index, &tree); err != nil {
		t.Fatal(err)
	}
	if p.Checkpoint, err = evidence.SignCheckpoint(l.id.Origin, p.Size, front.Root(), testTime, l.classical, l.pq); err != nil {
		t.Fatal(err)
	}
	return p, pae
}

func TestProofRoundTrip(t *testing.T) {
	t.Parallel()
	l := newTestLog(t, testOrigin)
	p, pae := proofFixture(t, l, 11, 6)
	if err := p.Verify(pae, l.id); err != nil {
		t.Fatal(err)
	}
	b, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := evidence.ParseProof(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p, back); diff != "" {
		t.Errorf("proof (-want +got):\n%s", diff)
	}
	e, cp, err := back.Open(l.id)
	if err != nil || e.Seq != 6 || cp.Size != 11 {
		t.Errorf("opened as entry %d of %d: %v", e.Seq, cp.Size, err)
	}
}

func TestProofRefuses(t *testing.T) {
	t.Parallel()
	l, stranger := newTestLog(t, testOrigin), newTestLog(t, testOrigin)
	good, pae := proofFixture(t, l, 11, 6)
	another, _ := proofFixture(t, l, 11, 5)
	larger, _ := proofFixture(t, l, 12, 6)
	for name, c := range map[string]struct {
		change func(*evidence.Proof)
		pae    model.Digest
		id     evidence.LogIdentity
		code   fault.Code
		err    string
	}{
		"another statement":        {func(*evidence.Proof) {}, digest("other"), l.id, fault.NotLogged, "another statement"},
		"another log's keys":       {func(*evidence.Proof) {}, pae, stranger.id, fault.BadCheckpoint, "no key of this log"},
		"another entry":            {func(p *evidence.Proof) { p.Entry = another.Entry }, pae, l.id, fault.NotLogged, "cannot stand"},
		"another entry and place":  {func(p *evidence.Proof) { p.Entry, p.Index = another.Entry, 5 }, pae, l.id, fault.NotLogged, "not in the tree"},
		"another path":             {func(p *evidence.Proof) { p.Hashes = another.Hashes }, pae, l.id, fault.NotLogged, "not in the tree"},
		"a hash too many":          {func(p *evidence.Proof) { p.Hashes = append(slices.Clone(p.Hashes), tlog.Hash{}) }, pae, l.id, fault.NotLogged, "not in the tree"},
		"endless hashes":           {func(p *evidence.Proof) { p.Hashes = make([]tlog.Hash, 65) }, pae, l.id, fault.NotLogged, "more than"},
		"no hashes":                {func(p *evidence.Proof) { p.Hashes = nil }, pae, l.id, fault.NotLogged, "not in the tree"},
		"another tree's note":      {func(p *evidence.Proof) { p.Checkpoint = larger.Checkpoint }, pae, l.id, fault.NotLogged, "for size 11"},
		"size that fits that note": {func(p *evidence.Proof) { p.Checkpoint, p.Size = larger.Checkpoint, 12 }, pae, l.id, fault.NotLogged, "not in the tree"},
		"no checkpoint":            {func(p *evidence.Proof) { p.Checkpoint = nil }, pae, l.id, fault.BadCheckpoint, "malformed"},
		"another salt":             {func(p *evidence.Proof) { p.Salt = make([]byte, 32) }, pae, l.id, fault.NotLogged, "another statement"},
		"erased salt":              {func(p *evidence.Proof) { p.Salt = nil }, pae, l.id, fault.NotLogged, "erased"},
		"entry not canonical":      {func(p *evidence.Proof) { p.Entry = append([]byte(" "), p.Entry...) }, pae, l.id, fault.NotLogged, "canonical"},
		"index past the end":       {func(p *evidence.Proof) { p.Index = 11 }, pae, l.id, fault.NotLogged, "cannot stand"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := good
			c.change(&p)
			err := p.Verify(c.pae, c.id)
			if !errors.Is(err, c.code) || !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v, want %s with %q", err, c.code, c.err)
			}
		})
	}
}

func TestParseProofRefuses(t *testing.T) {
	t.Parallel()
	l := newTestLog(t, testOrigin)
	p, _ := proofFixture(t, l, 3, 1)
	good, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	swap := func(old, with string) string {
		if !strings.Contains(string(good), old) {
			t.Fatalf("the proof holds no %q", old)
		}
		return strings.Replace(string(good), old, with, 1)
	}
	for name, in := range map[string]string{
		"nothing":          "",
		"other format":     swap("inclusion/v1", "inclusion/v2"),
		"unknown member":   swap(`{"format"`, `{"x":1,"format"`),
		"duplicate member": swap(`"index":1`, `"index":1,"index":1`),
		"short salt":       swap("0909", "09"),
		"salt not hex":     swap("0909", "zz09"),
		"short hash":       swap(`"hashes":["`, `"hashes":["AA==","`),
		"many hashes":      swap(`"hashes":[`, `"hashes":[`+strings.Repeat(`"`+tlog.Hash{}.String()+`",`, 64)),
		"trailing":         string(good) + "{}",
		"too long":         string(good) + strings.Repeat(" ", 256<<10),
		"deep":             strings.Repeat("[", 20000),
	} {
		if got, err := evidence.ParseProof([]byte(in)); !errors.Is(err, fault.BadInput) {
			t.Errorf("%s: got %+v and %v", name, got, err)
		}
	}
}

// The frontier and tlog agree on the root of every tree.
func TestFrontier(t *testing.T) {
	t.Parallel()
	var tree memTree
	var f evidence.Frontier
	if want, err := tlog.TreeHash(0, &tree); err != nil || f.Root() != want {
		t.Errorf("empty root %v, want %v (%v)", f.Root(), want, err)
	}
	for i := range 600 {
		leaf := tlog.RecordHash(fmt.Append(nil, i))
		tree.add(t, leaf)
		f.Add(leaf)
		if want, err := tlog.TreeHash(tree.n, &tree); err != nil || f.Root() != want || f.Size() != tree.n {
			t.Fatalf("size %d: root %v, want %v (%v)", f.Size(), f.Root(), want, err)
		}
	}
}

// A consistency proof holds for every pair of sizes, and for no other history.
func TestConsistency(t *testing.T) {
	t.Parallel()
	l := newTestLog(t, testOrigin)
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(rt, "new")
		m := rapid.IntRange(0, n).Draw(rt, "old")
		var tree memTree
		var f evidence.Frontier
		var roots []tlog.Hash
		for i := range n {
			roots = append(roots, f.Root())
			leaf := tlog.RecordHash(fmt.Append(nil, i))
			tree.add(t, leaf)
			f.Add(leaf)
		}
		roots = append(roots, f.Root())
		older := evidence.Checkpoint{Origin: testOrigin, Size: int64(m), Root: roots[m]}
		newer := evidence.Checkpoint{Origin: testOrigin, Size: int64(n), Root: roots[n]}
		var hashes tlog.TreeProof
		var err error
		if m > 0 && m < n {
			if hashes, err = tlog.ProveTree(int64(n), int64(m), &tree); err != nil {
				rt.Fatal(err)
			}
		}
		if err := evidence.CheckConsistency(older, newer, hashes); err != nil {
			rt.Fatal(err)
		}
		if m > 0 {
			forked := older
			forked.Root = tlog.RecordHash([]byte("another history"))
			if err := evidence.CheckConsistency(forked, newer, hashes); !errors.Is(err, fault.LogForked) {
				rt.Fatalf("another history of %d of %d entries: %v", m, n, err)
			}
		}
		if err := evidence.CheckConsistency(older, newer, append(slices.Clone(hashes), tlog.Hash{})); err == nil {
			rt.Fatal("a hash too many passed")
		}
		if m < n {
			if err := evidence.CheckConsistency(newer, older, hashes); err == nil {
				rt.Fatal("a tree that shrank passed")
			}
		}
	})
	// And through signed notes and JSON.
	var f evidence.Frontier
	f.Add(tlog.RecordHash([]byte("0")))
	a, err := evidence.SignCheckpoint(testOrigin, 1, f.Root(), testTime, l.classical, l.pq)
	if err != nil {
		t.Fatal(err)
	}
	f.Add(tlog.RecordHash([]byte("1")))
	b, err := evidence.SignCheckpoint(testOrigin, 2, f.Root(), testTime, l.classical, l.pq)
	if err != nil {
		t.Fatal(err)
	}
	c := evidence.Consistency{Old: a, New: b, Hashes: []tlog.Hash{tlog.RecordHash([]byte("1"))}}
	enc, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := evidence.ParseConsistency(enc)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, back); diff != "" {
		t.Errorf("consistency (-want +got):\n%s", diff)
	}
	if err := back.Verify(l.id); err != nil {
		t.Error(err)
	}
	back.Hashes[0][0] ^= 1
	if err := back.Verify(l.id); !errors.Is(err, fault.LogForked) {
		t.Errorf("a changed hash: %v", err)
	}
}

func FuzzParseProof(f *testing.F) {
	l := newTestLog(f, testOrigin)
	p, pae := proofFixture(f, l, 11, 6)
	good, err := p.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	p.Salt = nil
	if erased, err := p.Encode(); err == nil {
		f.Add(erased)
	}
	f.Add([]byte(`{"format":"` + "https://github.com/cordon-trust/cordon/proof/inclusion/v1" + `","entry":"","index":0,"size":0,"hashes":[],"checkpoint":""}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := evidence.ParseProof(b)
		if err != nil {
			return
		}
		again, err := p.Encode()
		if err != nil {
			t.Fatalf("accepted %q and cannot encode it: %v", b, err)
		}
		back, err := evidence.ParseProof(again)
		if err != nil {
			t.Fatalf("own encoding refused: %v", err)
		}
		if diff := cmp.Diff(p, back); diff != "" {
			t.Fatalf("changed by a round trip:\n%s", diff)
		}
		if p.Verify(pae, l.id) == nil && p.Index != 6 {
			t.Fatalf("forged a proof of entry %d", p.Index)
		}
		if _, err := evidence.ParseConsistency(b); err == nil {
			t.Fatal("one text is both proofs")
		}
	})
}
