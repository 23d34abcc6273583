package ledger_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/kit/clock"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/store/storetest"
)

// Whatever the batches, every entry can be proven offline, every checkpoint is a beginning of the last,
// and the whole log verifies.
func TestAppendProveVerify(t *testing.T) {
	t.Parallel()
	keys := storetest.NewKeys(t, origin)
	rapid.Check(t, func(rt *rapid.T) {
		batches := rapid.SliceOfN(rapid.IntRange(1, 300), 1, 4).Draw(rt, "batches")
		m, w, cps := grown(t, keys, batches...)
		rep, err := w.Verify(t.Context(), m, ledger.VerifyOptions{Held: true})
		last := cps[len(cps)-1]
		if err != nil || rep.Entries != last.Size || rep.Checkpoints != int64(len(batches)) || rep.Checkpoint.Root != last.Root {
			rt.Fatalf("report %+v, error %v", rep, err)
		}
		seq := rapid.Int64Range(0, last.Size-1).Draw(rt, "seq")
		p, err := w.Prove(t.Context(), m, seq)
		if err != nil {
			rt.Fatal(err)
		}
		if err := p.Verify(m.entries[seq].Statement, keys.Identity); err != nil {
			rt.Fatal(err)
		}
		other := (seq + 1) % last.Size
		if last.Size > 1 && p.Verify(m.entries[other].Statement, keys.Identity) == nil {
			rt.Fatalf("the proof of %d shows statement %d", seq, other)
		}
		for _, old := range cps {
			c, err := w.ProveConsistency(t.Context(), m, old)
			if err != nil {
				rt.Fatal(err)
			}
			if err := c.Verify(keys.Identity); err != nil {
				rt.Fatal(err)
			}
		}
	})
}

func TestPositions(t *testing.T) {
	t.Parallel()
	m, w, _ := grown(t, storetest.NewKeys(t, origin), 3)
	_, items := storetest.Statements(t, 3, 5)
	pos, cp, err := w.Append(t.Context(), m, items)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range pos {
		stored := m.entries[p.Seq]
		if p.Seq != int64(3+i) || p.Leaf != evidence.LeafHash(stored.Entry) || !bytes.Equal(stored.Salt, p.Salt[:]) {
			t.Errorf("item %d stands at %+v, stored is %+v", i, p, stored)
		}
		e, err := evidence.ParseEntry(stored.Entry)
		if err != nil || e.Commitment != evidence.Commit(p.Salt, items[i].Statement) || len(e.Signatures) != 2 || e.Author != "acme" {
			t.Errorf("item %d is stored as %+v (%v)", i, e, err)
		}
	}
	if pos[0].Salt == pos[1].Salt {
		t.Error("two entries share a salt")
	}
	if cp.Size != 5 {
		t.Errorf("checkpoint over %d entries", cp.Size)
	}
}

// A later countersignature is an entry of its own on the same statement.
func TestCountersignature(t *testing.T) {
	t.Parallel()
	m, w, cps := grown(t, storetest.NewKeys(t, origin), 2)
	m.append(t, w, 0, 1)
	rep, err := w.Verify(t.Context(), m, ledger.VerifyOptions{Held: true, Against: &cps[0]})
	if err != nil || rep.Entries != 3 || m.entries[0].Statement != m.entries[2].Statement {
		t.Errorf("report %+v, error %v", rep, err)
	}
	if bytes.Equal(m.entries[0].Salt, m.entries[2].Salt) {
		t.Error("both entries have one salt")
	}
}

// A clock that is turned back cannot make evidence older.
func TestTimeNeverGoesBack(t *testing.T) {
	t.Parallel()
	c := &ticker{noon}
	m, w := newMemory(), storetest.NewKeys(t, origin).Writer(t, c)
	first := m.append(t, w, 0, 1)
	c.now = noon.Add(-24 * time.Hour)
	second := m.append(t, w, 1, 2)
	if !first.Time.Equal(noon) || !second.Time.Equal(noon) {
		t.Errorf("checkpoints of %s and %s", first.Time, second.Time)
	}
	if _, err := w.Verify(t.Context(), m, ledger.VerifyOptions{Held: true}); err != nil {
		t.Error(err)
	}
}

func TestVerifyFindsDamage(t *testing.T) {
	t.Parallel()
	keys, stranger := storetest.NewKeys(t, origin), storetest.NewKeys(t, origin)
	for name, c := range map[string]struct {
		damage func(m *memory)
		code   fault.Code
		err    string
	}{
		"an entry of another log": {func(m *memory) {
			o, _, _ := grown(t, keys, 10)
			m.entries[4] = o.entries[4]
		}, fault.LogDamaged, "entry 4 is not the one in the tree"},
		"a byte of an entry":    {func(m *memory) { m.entries[299].Entry[30] ^= 1 }, fault.LogDamaged, "entry 299"},
		"two entries exchanged": {func(m *memory) { m.entries[7].Entry, m.entries[8].Entry = m.entries[8].Entry, m.entries[7].Entry }, fault.LogDamaged, "entry 7 says that it is entry 8"},
		"an entry gone":         {func(m *memory) { m.entries = append(m.entries[:5], m.entries[6:]...) }, fault.LogDamaged, "entry 5 is missing"},
		"the last entry gone":   {func(m *memory) { m.entries = m.entries[:309] }, fault.LogDamaged, "entry 309 is missing"},
		"an entry too many":     {func(m *memory) { m.entries = append(m.entries, ledger.Stored{Seq: 310}) }, fault.LogDamaged, "entry 310 is stored but no checkpoint"},
		"a leaf in a tile":      {func(m *memory) { m.tiles[[2]int64{0, 0}][17*32] ^= 1 }, fault.LogDamaged, "entry 17 is not the one in the tree"},
		"a hash above":          {func(m *memory) { m.tiles[[2]int64{1, 0}][0] ^= 1 }, fault.LogDamaged, "over entries from 0 on"},
		"a tile gone":           {func(m *memory) { delete(m.tiles, [2]int64{0, 1}) }, fault.LogDamaged, "no tile"},
		"entry and leaf alike": {func(m *memory) {
			e, err := evidence.ParseEntry(m.entries[304].Entry)
			if err != nil {
				t.Fatal(err)
			}
			e.Signatures = e.Signatures[:1] // the stripped half leaves the rest consistent
			if m.entries[304].Entry, err = e.Encode(); err != nil {
				t.Fatal(err)
			}
			leaf := evidence.LeafHash(m.entries[304].Entry)
			copy(m.tiles[[2]int64{0, 1}][(304-256)*32:], leaf[:])
		}, fault.LogDamaged, "entries from 300 on are not those that were signed"},
		"an envelope gone": {func(m *memory) {
			h := m.archive[m.entries[3].Statement]
			h.envelope = nil
			m.archive[m.entries[3].Statement] = h
		}, fault.LogDamaged, "entry 3: its statement"},
		"a statement gone": {func(m *memory) { delete(m.archive, m.entries[3].Statement) }, fault.LogDamaged, "entry 3: its statement"},
		"a signature stripped from the envelope": {func(m *memory) {
			h := m.archive[m.entries[6].Statement]
			env, err := evidence.ParseEnvelope(h.envelope)
			if err != nil {
				t.Fatal(err)
			}
			env.Signatures = env.Signatures[:1]
			if h.envelope, err = env.Line(); err != nil {
				t.Fatal(err)
			}
			m.archive[m.entries[6].Statement] = h
		}, fault.LogDamaged, "entry 6: the signature of"},
		"another salt": {func(m *memory) { m.entries[2].Salt = make([]byte, 32) }, fault.LogDamaged, "entry 2: it does not commit"},
		"backdated": {func(m *memory) {
			h := m.archive[m.entries[305].Statement]
			h.at = noon.Add(-time.Hour)
			m.archive[m.entries[305].Statement] = h
		}, fault.LogDamaged, "entry 305: its statement is said to be held since"},
		"a checkpoint by strangers": {func(m *memory) { m.checkpoints[1].note = strangerNote(t, stranger) }, fault.BadCheckpoint, "over entries 10 to 299"},
		"a checkpoint half signed": {func(m *memory) {
			lines := strings.SplitAfter(string(m.checkpoints[0].note), "\n")
			m.checkpoints[0].note = []byte(strings.Join(lines[:5], ""))
		}, fault.BadCheckpoint, "missing post-quantum"},
		"the last checkpoint gone": {func(m *memory) { m.checkpoints = m.checkpoints[:2] }, fault.LogDamaged, "no checkpoint"},
		"all checkpoints gone":     {func(m *memory) { m.checkpoints = nil }, fault.LogDamaged, "entry 0 is stored but no checkpoint"},
		"a checkpoint twice":       {func(m *memory) { m.checkpoints[1] = m.checkpoints[0] }, fault.BadCheckpoint, "after that for 10"},
		"a checkpoint misfiled":    {func(m *memory) { m.checkpoints[0].size = 11 }, fault.BadCheckpoint, "for size 11"},
		"an older checkpoint later": {func(m *memory) {
			o, _, _ := grown(t, keys, 10)
			m.checkpoints[0] = o.checkpoints[0] // same size, same keys, another tree
		}, fault.LogDamaged, "entries from 0 on are not those that were signed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, w, _ := grown(t, keys, 10, 290, 10)
			c.damage(m)
			rep, err := w.Verify(t.Context(), m, ledger.VerifyOptions{Held: true})
			if !errors.Is(err, c.code) || !strings.Contains(err.Error(), c.err) {
				t.Errorf("report %+v, error %v; want %s with %q", rep, err, c.code, c.err)
			}
		})
	}
}

func strangerNote(t testing.TB, keys storetest.Keys) []byte {
	t.Helper()
	signed, err := evidence.SignCheckpoint(origin, 300, evidence.EmptyRoot(), noon, keys.Signers(t)...)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func TestVerifyAgainst(t *testing.T) {
	t.Parallel()
	keys := storetest.NewKeys(t, origin)
	m, w, cps := grown(t, keys, 10, 290, 10)
	for _, cp := range cps {
		if _, err := w.Verify(t.Context(), m, ledger.VerifyOptions{Against: &cp}); err != nil {
			t.Errorf("own checkpoint over %d: %v", cp.Size, err)
		}
	}
	// The same keys, another history.
	for _, batches := range [][]int{{10}, {5}, {300}, {310}} {
		_, _, forked := grown(t, keys, batches...)
		_, err := w.Verify(t.Context(), m, ledger.VerifyOptions{Against: &forked[0]})
		if !errors.Is(err, fault.LogForked) {
			t.Errorf("a fork at %d: %v", forked[0].Size, err)
		}
		if _, err := w.ProveConsistency(t.Context(), m, forked[0]); !errors.Is(err, fault.LogForked) {
			t.Errorf("proof from a fork at %d: %v", forked[0].Size, err)
		}
	}
	// A copy of the database from before.
	m.rollBack(2)
	_, err := w.Verify(t.Context(), m, ledger.VerifyOptions{Against: &cps[2]})
	if !errors.Is(err, fault.LogDamaged) || !strings.Contains(err.Error(), "from 300 on are missing") {
		t.Errorf("rolled back: %v", err)
	}
	if _, err := w.ProveConsistency(t.Context(), m, cps[2]); !errors.Is(err, fault.LogDamaged) {
		t.Errorf("proof for a rolled-back copy: %v", err)
	}
}

// rollBack keeps the first checkpoints and what they cover.
func (m *memory) rollBack(checkpoints int) {
	m.checkpoints = m.checkpoints[:checkpoints]
	m.entries = m.entries[:m.checkpoints[checkpoints-1].size]
}

func TestErasedStillProves(t *testing.T) {
	t.Parallel()
	keys := storetest.NewKeys(t, origin)
	m, w, _ := grown(t, keys, 300)
	statement := m.entries[4].Statement
	m.entries[4].Salt = nil
	m.archive[statement] = held{at: m.archive[statement].at}
	rep, err := w.Verify(t.Context(), m, ledger.VerifyOptions{Held: true})
	if err != nil || rep.Erased != 1 {
		t.Fatalf("report %+v, error %v", rep, err)
	}
	p, err := w.Prove(t.Context(), m, 4)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.Open(keys.Identity); err != nil {
		t.Errorf("the erased entry cannot be shown: %v", err)
	}
	if err := p.Verify(statement, keys.Identity); !errors.Is(err, fault.NotLogged) || !strings.Contains(err.Error(), "erased") {
		t.Errorf("the erased statement: %v", err)
	}
}

func TestProveRefuses(t *testing.T) {
	t.Parallel()
	m, w, _ := grown(t, storetest.NewKeys(t, origin), 300)
	for _, seq := range []int64{-1, 300, 1 << 40} {
		if _, err := w.Prove(t.Context(), m, seq); !errors.Is(err, fault.NotLogged) {
			t.Errorf("entry %d: %v", seq, err)
		}
	}
	if _, err := w.Prove(t.Context(), newMemory(), 0); !errors.Is(err, fault.NotLogged) {
		t.Errorf("empty log: %v", err)
	}
	m.entries[5].Entry[20] ^= 1
	if _, err := w.Prove(t.Context(), m, 5); !errors.Is(err, fault.LogDamaged) {
		t.Errorf("changed entry: %v", err)
	}
	m.tiles[[2]int64{0, 0}][8] ^= 1
	if _, err := w.Prove(t.Context(), m, 6); !errors.Is(err, fault.LogDamaged) {
		t.Errorf("changed tile: %v", err)
	}
}

// The keys never sign on top of something they did not sign before.
func TestAppendRefusesDamage(t *testing.T) {
	t.Parallel()
	keys := storetest.NewKeys(t, origin)
	_, items := storetest.Statements(t, 900, 901)
	for name, damage := range map[string]func(m *memory){
		"tile changed":          func(m *memory) { m.tiles[[2]int64{0, 1}][5] ^= 1 },
		"tile gone":             func(m *memory) { delete(m.tiles, [2]int64{0, 1}) },
		"checkpoint gone":       func(m *memory) { m.checkpoints = m.checkpoints[:1] },
		"all checkpoints gone":  func(m *memory) { m.checkpoints = nil },
		"checkpoint of strange": func(m *memory) { m.checkpoints[1].note = strangerNote(t, storetest.NewKeys(t, origin)) },
	} {
		m, w, _ := grown(t, keys, 10, 290)
		damage(m)
		if _, cp, err := w.Append(t.Context(), m, items); fault.ExitOf(err) != fault.ExitVerify {
			t.Errorf("%s: appended to size %d, error %v", name, cp.Size, err)
		}
	}
}

func TestAppendPassesFailuresOn(t *testing.T) {
	t.Parallel()
	keys := storetest.NewKeys(t, origin)
	_, items := storetest.Statements(t, 0, 2)
	for n := 1; n <= 3; n++ {
		m := newMemory()
		m.failWrite = n
		if _, cp, err := keys.Writer(t, clock.System{}).Append(t.Context(), m, items); !errors.Is(err, errDisk) || cp.Note != nil {
			t.Errorf("write %d failed: checkpoint %q, error %v", n, cp.Note, err)
		}
	}
	w, err := ledger.NewWriter(keys.Identity, clock.System{}, iotest.ErrReader(errDisk), keys.Signers(t)...)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Append(t.Context(), newMemory(), items); !errors.Is(err, errDisk) {
		t.Errorf("no randomness: %v", err)
	}
	if _, _, err := w.Append(t.Context(), newMemory(), nil); err == nil {
		t.Error("nothing was appended and no error given")
	}
	bad := items[:1:1]
	bad[0].Author = "NOT AN ORG"
	if _, _, err := keys.Writer(t, clock.System{}).Append(t.Context(), newMemory(), bad); err == nil {
		t.Error("an author that is none was logged")
	}
}

func TestNewWriterRefuses(t *testing.T) {
	t.Parallel()
	keys, other := storetest.NewKeys(t, origin), storetest.NewKeys(t, origin)
	signers, others := keys.Signers(t), other.Signers(t)
	if _, err := ledger.NewWriter(keys.Identity, clock.System{}, rand.Reader, signers[0]); !errors.Is(err, fault.BadCheckpoint) {
		t.Errorf("without the post-quantum key: %v", err)
	}
	if _, err := ledger.NewWriter(keys.Identity, clock.System{}, rand.Reader, signers[1]); !errors.Is(err, fault.BadCheckpoint) {
		t.Errorf("without the classical key: %v", err)
	}
	if _, err := ledger.NewWriter(keys.Identity, clock.System{}, rand.Reader, signers[0], others[1]); !errors.Is(err, fault.BadCheckpoint) {
		t.Errorf("with another log's key: %v", err)
	}
	if _, err := ledger.NewLog(evidence.LogIdentity{Origin: origin}); !errors.Is(err, fault.BadCheckpoint) {
		t.Errorf("without keys: %v", err)
	}
}

func TestLatest(t *testing.T) {
	t.Parallel()
	m, w, cps := grown(t, storetest.NewKeys(t, origin), 1, 2)
	cp, ok, err := w.Latest(t.Context(), m)
	if err != nil || !ok || cp.Size != 3 || !bytes.Equal(cp.Note, cps[1].Note) {
		t.Errorf("latest is %+v, %v, %v", cp, ok, err)
	}
	if cp, ok, err := w.Latest(t.Context(), newMemory()); err != nil || ok || cp.Size != 0 {
		t.Errorf("latest of an empty log is %+v, %v, %v", cp, ok, err)
	}
	if rep, err := w.Verify(t.Context(), newMemory(), ledger.VerifyOptions{}); err != nil || rep.Entries != 0 {
		t.Errorf("an empty log verifies as %+v, %v", rep, err)
	}
}
