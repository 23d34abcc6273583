package release

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/disktest"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

func TestPublishAgainChangesNothing(t *testing.T) {
	t.Parallel()
	m := newActor(t, "acme", evidence.Maker)
	home, repo := t.TempDir(), t.TempDir()
	m.sayLogged(t, evidence.RoleRelease, set(t, "acme", "acme/pump-7", "1", 1, measured(t, home, "a", noise(10))))
	p := m.publication(t, day0, home)
	if err := Publish(context.Background(), fast{}, repo, p); err != nil {
		t.Fatal(err)
	}
	before := load(t, repo)
	count := disktest.New(fast{})
	if err := Publish(context.Background(), count, repo, p); err != nil {
		t.Fatal(err)
	}
	if !maps.EqualFunc(before, load(t, repo), bytes.Equal) {
		t.Error("the repository changed")
	}
	if slices.Contains(count.Log(), "write") {
		t.Errorf("files were written again: %v", count.Log())
	}
	for _, path := range []string{headPath, ArtifactDir + "/" + p.Artifacts[0].Hex()} {
		if st, err := os.Stat(filepath.Join(repo, path)); err != nil || st.Mode().Perm() != 0o644 {
			t.Errorf("a web server cannot read %q: %v %v", path, st.Mode(), err)
		}
	}
}

func TestPublishRefuses(t *testing.T) {
	t.Parallel()
	m, home, repo := acme(t)
	evil := newActor(t, "evil", evidence.Maker)
	evil.sayLogged(t, evidence.RoleRelease, set(t, "evil", "evil/x", "1", 1, artifact("a", "a")))
	older := *m
	older.counter = -1
	twin := *m
	twin.counter = 0
	fork := *m
	fork.log, fork.trees = nil, tree{}
	for i := range 3 {
		fork.sayLogged(t, evidence.RoleRelease, set(t, "acme", "acme/pump-7", "f"+string(rune('0'+i)), int64(i+1), artifact("a", "a")))
	}
	short := *m
	short.log, short.trees = m.log[:1], tree{}
	if err := short.trees.add(m.log[0].Entry); err != nil {
		t.Fatal(err)
	}
	oldHead := m.publication(t, day0, home) // counter 2
	before := load(t, repo)
	for name, c := range map[string]struct {
		p    func() Publication
		code fault.Code
	}{
		"another organisation's":  {func() Publication { return evil.publication(t, day0, home) }, fault.NotAllowed},
		"the same counter":        {func() Publication { return twin.publication(t, day0.Add(time.Minute), home) }, fault.RolledBack},
		"another history":         {func() Publication { return fork.publication(t, day0, home) }, fault.LogForked},
		"fewer entries":           {func() Publication { return short.publication(t, day0, home) }, fault.RolledBack},
		"a head of other entries": {func() Publication { p := oldHead; p.Entries = p.Entries[:1]; p.Size = 1; return p }, fault.Internal},
		"entries turned round":    {func() Publication { p := oldHead; p.Entries = []LoggedEntry{p.Entries[1], p.Entries[0]}; return p }, fault.Internal},
		"no root":                 {func() Publication { p := oldHead; p.Roots = nil; return p }, fault.Internal},
		"another's root":          {func() Publication { p := oldHead; p.Roots = evil.roots; return p }, fault.Internal},
		"another checkpoint":      {func() Publication { p := oldHead; p.Checkpoint = evil.publication(t, day0, home).Checkpoint; return p }, fault.Internal},
		"an artifact that is not there": {func() Publication {
			p := oldHead
			p.Artifacts = []model.Digest{model.DigestOf([]byte("none"))}
			return p
		}, fault.NotFound},
	} {
		err := Publish(context.Background(), fast{}, repo, c.p())
		if fault.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
		if !maps.EqualFunc(before, load(t, repo), bytes.Equal) {
			t.Errorf("%s: the repository changed", name)
		}
	}
	newer := m.publication(t, day0, home)
	if err := Publish(context.Background(), fast{}, repo, newer); err != nil {
		t.Fatal(err)
	}
	if err := Publish(context.Background(), fast{}, repo, oldHead); !errors.Is(err, fault.RolledBack) {
		t.Errorf("an older publication over a newer: %v", err)
	}
}

func TestPublishRefusesADamagedArtifact(t *testing.T) {
	t.Parallel()
	m := newActor(t, "acme", evidence.Maker)
	home, repo := t.TempDir(), t.TempDir()
	a := measured(t, home, "a", noise(1000))
	m.sayLogged(t, evidence.RoleRelease, set(t, "acme", "acme/pump-7", "1", 1, a))
	p := m.publication(t, day0, home)
	if err := os.WriteFile(filepath.Join(home, ArtifactDir, a.SHA256.Hex()), noise(999), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Publish(context.Background(), fast{}, repo, p); !errors.Is(err, fault.Damaged) {
		t.Fatal(err)
	}
	assertNoFiles(t, repo)
}

// Whatever operation fails, and however: whoever reads the repository sees the state before or the state
// after, and publishing again completes it.
func TestPublishIsSeenWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	m := newActor(t, "acme", evidence.Maker)
	home, first := t.TempDir(), t.TempDir()
	m.sayLogged(t, evidence.RoleRelease, set(t, "acme", "acme/pump-7", "1", 1, measured(t, home, "a", noise(10))))
	publish(t, m, day0, home, first)
	m.rotate(t, evidence.RoleRelease)
	m.sayLogged(t, evidence.RoleRelease, set(t, "acme", "acme/pump-7", "2", 2, measured(t, home, "a", noise(20))))
	next := m.publication(t, day0.Add(time.Hour), home)
	v1 := evidence.NewRoots(house, trustedIn(t, m.roots[0]))
	count := disktest.New(fast{})
	if err := Publish(context.Background(), count, copyOf(t, first), next); err != nil {
		t.Fatal(err)
	}
	sizes := map[int]int{}
	for n := 1; n <= count.Ops(); n++ {
		mode := disktest.Modes[n%len(disktest.Modes)]
		repo := copyOf(t, first)
		f := disktest.New(fast{})
		f.FailAt(n, mode, syscall.EIO)
		perr := Publish(context.Background(), f, repo, next)
		if perr != nil && fault.CodeOf(perr) != fault.WriteFailed {
			t.Fatalf("operation %d %s: %v", n, mode, perr)
		}
		got, err := follow(t, load(t, repo), v1, nothing)
		if err != nil {
			t.Fatalf("operation %d %s leaves a broken repository: %v (%v)", n, mode, err, f.Log())
		}
		if perr == nil && len(got.Statements) != 2 {
			t.Fatalf("operation %d %s: done, and readers see the old state", n, mode)
		}
		sizes[len(got.Statements)]++
		if n%7 == 0 {
			if err := Publish(context.Background(), fast{}, repo, next); err != nil {
				t.Fatalf("operation %d %s, again: %v", n, mode, err)
			}
			if got, err := follow(t, load(t, repo), v1, nothing); err != nil || len(got.Statements) != 2 {
				t.Fatalf("operation %d %s, again: %d statements, %v", n, mode, len(got.Statements), err)
			}
		}
	}
	if sizes[1] == 0 || sizes[1]+sizes[2] != count.Ops() {
		t.Errorf("states seen: %v of %d", sizes, count.Ops())
	}
	t.Logf("%d operations failed in turn; readers saw the old state %d times and the new %d times", count.Ops(), sizes[1], sizes[2])
}

func trustedIn(t *testing.T, env evidence.Envelope) evidence.Trusted {
	t.Helper()
	root, err := evidence.DecodeRoot(statement(t, env.Payload))
	if err != nil {
		t.Fatal(err)
	}
	return evidence.Trusted{Root: root, Digest: env.Digest(), Confirmed: true}
}

func copyOf(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// Any tile client can read the tree: the tiles make the root that was signed.
func TestTilesMakeTheRoot(t *testing.T) {
	t.Parallel()
	m := newActor(t, "acme", evidence.Maker)
	repo := t.TempDir()
	for i := range 260 {
		env := m.say(t, evidence.RoleRelease, Withdrawal{evidence.Header{Author: "acme", Issued: day0}, set(t, "acme", "acme/x", "1", 1).Subject(), "x"})
		_ = i
		m.append(t, evidence.RoleRelease, env)
	}
	publish(t, m, day0, t.TempDir(), repo)
	files := load(t, repo)
	log, _ := m.root.Log(evidence.LogPublication)
	cp, err := evidence.OpenCheckpoint(files[checkpointPath], log)
	if err != nil || cp.Size != 260 || !bytes.Equal(files[checkpointPath], files[notePath(260)]) {
		t.Fatalf("%d entries, %v", cp.Size, err)
	}
	reader := tlog.TileHashReader(tlog.Tree{N: cp.Size, Hash: cp.Root}, fileTiles(files))
	for _, i := range []int64{0, 255, 256, 259} {
		proof, err := tlog.ProveRecord(cp.Size, i, reader)
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckRecord(proof, cp.Size, cp.Root, i, evidence.LeafHash(m.log[i].Entry)); err != nil {
			t.Errorf("entry %d: %v", i, err)
		}
	}
	bundle, err := parseEntries(files["log/tile/entries/000"], 256)
	if err != nil || !bytes.Equal(bundle[255], m.log[255].Entry) {
		t.Errorf("entries: %v", err)
	}
	for path := range files {
		if strings.Contains(path, "tmp") {
			t.Errorf("%q was left behind", path)
		}
	}
}

// fileTiles reads hash tiles as a tile client does.
type fileTiles mapFetcher

func (f fileTiles) Height() int                     { return tileHeight }
func (f fileTiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (f fileTiles) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, t := range tiles {
		b, ok := f[tilePath(t)]
		if !ok {
			return nil, notFound(tilePath(t))
		}
		out = append(out, b)
	}
	return out, nil
}

func TestTilePaths(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "000", 5: "005", 999: "999", 1000: "x001/000", 1234067: "x001/x234/067"} {
		if got := tileNumber(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
	if got := (bundle{1, 7}).path(envelopesDir, envelopesExt); got != "log/envelopes/001.p/7.jsonl" {
		t.Error(got)
	}
	if got := tilePath(tlog.Tile{H: 8, L: 1, N: 0, W: 4}); got != "log/tile/1/000.p/4" {
		t.Error(got)
	}
}
