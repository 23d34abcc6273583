package release

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

func notFound(path string) error { return fault.New(fault.NotFound, "there is no %q", path) }
func tooLarge(path string) error { return fault.New(fault.TooLarge, "%q is too large", path) }

// nothing is the state of a house that never synced.
func nothing(string) (Mirror, bool) { return Mirror{}, false }

func haveNone(model.Digest) bool { return false }

func remembering(m Mirror) func(string) (Mirror, bool) {
	return func(string) (Mirror, bool) { return m, true }
}

func follow(t testing.TB, f Fetcher, roots *evidence.Roots, last func(string) (Mirror, bool)) (Synced, error) {
	t.Helper()
	return Sync(context.Background(), f, roots, last, haveNone, day0.Add(time.Hour))
}

// acme is a maker with two releases, published to a folder and loaded.
func acme(t testing.TB) (*actor, string, string) {
	t.Helper()
	home, repo := t.TempDir(), t.TempDir()
	m := newActor(t, "acme", evidence.Maker)
	m.sayLogged(t, evidence.RoleRelease, set(t, "acme", "acme/pump-7", "2.0.0", 1, measured(t, home, "pump.bin", noise(300_000))))
	m.sayLogged(t, evidence.RoleRelease, set(t, "acme", "acme/pump-7", "2.1.0", 2, measured(t, home, "pump.bin", noise(700_001))))
	publish(t, m, day0, home, repo)
	return m, home, repo
}

func publish(t testing.TB, m *actor, at time.Time, home, repo string) {
	t.Helper()
	if err := Publish(context.Background(), fast{}, repo, m.publication(t, at, home)); err != nil {
		t.Fatal(err)
	}
}

func TestSyncBringsWhatWasPublished(t *testing.T) {
	t.Parallel()
	m, _, repo := acme(t)
	roots := rootsOf(m)
	for _, from := range []string{repo, "file://" + repo} {
		f, err := OpenFetcher(from)
		if err != nil {
			t.Fatal(err)
		}
		got, err := follow(t, f, roots, nothing)
		if err != nil {
			t.Fatal(err)
		}
		if got.Org != "acme" || len(got.Statements) != 2 || len(got.Blocks) != 2 || len(got.NewRoots) != 0 {
			t.Fatalf("got %q, %d statements, %d block files, %d roots", got.Org, len(got.Statements), len(got.Blocks), len(got.NewRoots))
		}
		want := Mirror{
			Org: "acme", Origin: m.origin, Counter: 1, Size: 2, Checkpoint: got.Mirror.Checkpoint, RootVersion: 1,
			Issued: day0, Expires: day0.Add(HeadValidity), SyncedAt: day0.Add(time.Hour), Location: repo,
		}
		if d := cmp.Diff(want, got.Mirror); d != "" {
			t.Error(d)
		}
		for _, v := range got.Statements {
			if v.Effect != evidence.Fact || !v.Confirmed {
				t.Errorf("statement %s: effect %s", v.Digest, v.Effect)
			}
		}
		again, err := follow(t, f, roots, remembering(got.Mirror))
		if err != nil || again.Mirror.Counter != 1 {
			t.Fatalf("the same publication again: %v", err)
		}
	}
}

func TestSyncSkipsBlockFilesThatAreHeld(t *testing.T) {
	t.Parallel()
	m, _, repo := acme(t)
	got, err := Sync(context.Background(), load(t, repo), rootsOf(m), nothing, func(model.Digest) bool { return true }, day0)
	if err != nil || len(got.Blocks) != 0 {
		t.Fatalf("%d block files, %v", len(got.Blocks), err)
	}
}

func TestSyncRefusesHalfOfASignature(t *testing.T) {
	t.Parallel()
	m, _, repo := acme(t)
	for name, c := range map[string]struct {
		keep func(int) bool
		want string
	}{
		"classical only":    {func(n int) bool { return n == 64 }, "missing post-quantum"},
		"post-quantum only": {func(n int) bool { return n != 64 }, "missing classical"},
		"none":              {func(int) bool { return false }, "missing classical, missing post-quantum"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, only := range []string{"", headPath, "log/envelopes/000.p/2.jsonl"} {
				files := load(t, repo)
				for path, body := range files {
					if only == "" || only == path {
						files[path] = stripLines(t, body, c.keep)
					}
				}
				_, err := follow(t, files, rootsOf(m), nothing)
				if !errors.Is(err, fault.PolicyNotMet) || fault.ExitOf(err) != 11 || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%q stripped: %v, want %q", only, err, c.want)
				}
			}
		})
	}
}

func stripLines(t *testing.T, body []byte, keep func(int) bool) []byte {
	t.Helper()
	var out []byte
	for line := range bytes.Lines(body) {
		env, err := evidence.ParseEnvelope(bytes.TrimSpace(line))
		if err != nil {
			return body
		}
		cut, err := strip(env, keep).Line()
		if err != nil {
			t.Fatal(err)
		}
		out = append(append(out, cut...), '\n')
	}
	return out
}

// A stripped envelope that is logged anew, with a proof that holds, is refused by policy all the same.
func TestSyncRefusesAStrippedStatementThatIsLogged(t *testing.T) {
	t.Parallel()
	m := newActor(t, "acme", evidence.Maker)
	env := strip(m.say(t, evidence.RoleRelease, set(t, "acme", "acme/pump-7", "1", 1, artifact("a", "a"))), func(n int) bool { return n == 64 })
	m.append(t, evidence.RoleRelease, env)
	repo := t.TempDir()
	publish(t, m, day0, t.TempDir(), repo)
	_, err := follow(t, load(t, repo), rootsOf(m), nothing)
	if !errors.Is(err, fault.PolicyNotMet) || !strings.Contains(err.Error(), "missing post-quantum") {
		t.Fatal(err)
	}
}

func TestSyncNeverGoesBack(t *testing.T) {
	t.Parallel()
	m, home, repo := acme(t)
	before := load(t, repo)
	m.sayLogged(t, evidence.RoleRecall, Withdrawal{
		Header: evidence.Header{Author: "acme", Issued: day0}, Reason: "battery",
		Release: set(t, "acme", "acme/pump-7", "2.0.0", 1).Subject(),
	})
	publish(t, m, day0.Add(time.Hour), home, repo)
	roots := rootsOf(m)
	got, err := follow(t, load(t, repo), roots, nothing)
	if err != nil || len(got.Statements) != 3 {
		t.Fatalf("%d statements, %v", len(got.Statements), err)
	}
	if _, err := follow(t, before, roots, remembering(got.Mirror)); !errors.Is(err, fault.RolledBack) || fault.ExitOf(err) != 11 {
		t.Errorf("rolled-back mirror: %v", err)
	}

	// A hidden withdrawal: the new head over the entries of before.
	hidden := load(t, repo)
	maps.DeleteFunc(hidden, func(p string, _ []byte) bool { return strings.Contains(p, ".p/3") })
	for path, b := range before {
		hidden[strings.Replace(path, ".p/2", ".p/3", 1)] = b
	}
	for _, path := range []string{headPath, notePath(3), checkpointPath} {
		hidden[path] = load(t, repo)[path]
	}
	if _, err := follow(t, hidden, roots, nothing); !errors.Is(err, fault.BadRepository) {
		t.Errorf("hidden withdrawal: %v", err)
	}
}

func TestSyncTellsAForkWithProof(t *testing.T) {
	t.Parallel()
	m, home, repo := acme(t)
	roots := rootsOf(m)
	first, err := follow(t, load(t, repo), roots, nothing)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		keep, more int
		counter    int64
	}{
		"same size":            {1, 1, 7},
		"another second entry": {1, 3, 7},
		"same counter":         {1, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			other := *m
			other.log, other.trees, other.counter = nil, tree{}, c.counter
			for i := range c.keep + c.more {
				if i < c.keep {
					other.log = append(other.log, m.log[i])
					if err := other.trees.add(m.log[i].Entry); err != nil {
						t.Fatal(err)
					}
					continue
				}
				other.sayLogged(t, evidence.RoleRelease, set(t, "acme", "acme/pump-7", "9."+string(rune('0'+i)), int64(10+i), artifact("x", "x")))
			}
			dir := t.TempDir()
			publish(t, &other, day0.Add(time.Hour), home, dir)
			_, err := follow(t, load(t, dir), roots, remembering(first.Mirror))
			var fork *ForkError
			if !errors.As(err, &fork) || !errors.Is(err, fault.LogForked) || fault.ExitOf(err) != 11 {
				t.Fatalf("want a fork, got %v", err)
			}
			log, _ := m.root.Log(evidence.LogPublication)
			for _, note := range [][]byte{fork.A, fork.B} {
				if _, err := evidence.OpenCheckpoint(note, log); err != nil {
					t.Errorf("the proof does not hold: %v", err)
				}
			}
			if !bytes.Equal(fork.A, first.Mirror.Checkpoint) || bytes.Equal(fork.A, fork.B) {
				t.Error("the proof does not hold both notes")
			}
		})
	}
}

func TestSyncRefusesTwoHeadsOfOneCounter(t *testing.T) {
	t.Parallel()
	m, home, repo := acme(t)
	first, err := follow(t, load(t, repo), rootsOf(m), nothing)
	if err != nil {
		t.Fatal(err)
	}
	m.counter = 0
	dir := t.TempDir()
	publish(t, m, day0.Add(time.Minute), home, dir)
	if _, err := follow(t, load(t, dir), rootsOf(m), remembering(first.Mirror)); !errors.Is(err, fault.BadRepository) {
		t.Fatal(err)
	}
}

func TestSyncFollowsRootsThatMaySucceed(t *testing.T) {
	t.Parallel()
	m, home, repo := acme(t)
	v1 := rootsOf(m)
	first, err := follow(t, load(t, repo), v1, nothing)
	if err != nil {
		t.Fatal(err)
	}
	old := *m
	old.pens = maps.Clone(m.pens)
	m.rotate(t, evidence.RoleRelease)
	m.rotate(t, evidence.RoleRoot)
	m.sayLogged(t, evidence.RoleRelease, set(t, "acme", "acme/pump-7", "3", 3, artifact("x", "x")))
	publish(t, m, day0.Add(time.Hour), home, repo)
	files := load(t, repo)
	got, err := follow(t, files, v1, remembering(first.Mirror))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.NewRoots) != 2 || got.Mirror.RootVersion != 3 || len(got.Statements) != 3 || !got.Head.Confirmed {
		t.Fatalf("%d roots, version %d, %d statements", len(got.NewRoots), got.Mirror.RootVersion, len(got.Statements))
	}

	t.Run("a link that is missing", func(t *testing.T) {
		t.Parallel()
		cut := maps.Clone(files)
		lines := slices.Collect(bytes.Lines(files[rootsPath]))
		cut[rootsPath] = slices.Concat(lines[0], lines[2])
		if _, err := follow(t, cut, v1, nothing); !errors.Is(err, fault.BadRepository) {
			t.Error(err)
		}
		cut[rootsPath] = lines[0]
		if _, err := follow(t, cut, v1, nothing); fault.ExitOf(err) != 11 {
			t.Error(err)
		}
	})
	t.Run("a successor that the old root did not sign", func(t *testing.T) {
		t.Parallel()
		forged := old
		forged.pens = maps.Clone(old.pens)
		forged.log = slices.Clone(old.log)
		forged.pens[evidence.RoleRoot] = []evidence.Signer{newPen(t, evidence.Ed25519, "thief"), newPen(t, evidence.MLDSA87, "thief")}
		forged.root.Version = 2
		forged.roots = slices.Clone(old.roots)
		forged.addRole(t, evidence.RoleRoot, []string{evidence.PredTrustRoot}, "thief")
		forged.signRoot(t)
		dir := t.TempDir()
		forged.counter = 10
		publish(t, &forged, day0.Add(time.Hour), home, dir)
		if _, err := follow(t, load(t, dir), v1, nothing); fault.ExitOf(err) != 11 || !errors.Is(err, fault.PolicyNotMet) {
			t.Error(err)
		}
	})
	t.Run("the old root again", func(t *testing.T) {
		t.Parallel()
		again := old
		again.counter = 10
		dir := t.TempDir()
		publish(t, &again, day0.Add(2*time.Hour), home, dir)
		last := got.Mirror
		last.Size = 2
		last.Checkpoint = first.Mirror.Checkpoint
		if _, err := follow(t, load(t, dir), v1, remembering(last)); !errors.Is(err, fault.RolledBack) {
			t.Error(err)
		}
	})
}

func TestSyncRefusesOthersEntries(t *testing.T) {
	t.Parallel()
	m, evil := newActor(t, "acme", evidence.Maker), newActor(t, "evil", evidence.Maker)
	env := evil.say(t, evidence.RoleRelease, set(t, "evil", "evil/x", "1", 1, artifact("a", "a")))
	e := m.entry(t, 0, env, evil.root.Policy(evidence.RoleRelease, env).Signatures)
	m.log = append(m.log, e)
	if err := m.trees.add(e.Entry); err != nil {
		t.Fatal(err)
	}
	repo := t.TempDir()
	publish(t, m, day0, t.TempDir(), repo)
	if _, err := follow(t, load(t, repo), rootsOf(m, evil), nothing); !errors.Is(err, fault.BadRepository) {
		t.Fatal(err)
	}
}

func TestSyncKnowsWhomItTrusts(t *testing.T) {
	t.Parallel()
	_, _, repo := acme(t)
	if _, err := follow(t, load(t, repo), evidence.NewRoots(house), nothing); !errors.Is(err, fault.UnknownOrg) {
		t.Fatal(err)
	}
	if _, err := follow(t, mapFetcher{}, evidence.NewRoots(house), nothing); !errors.Is(err, fault.NotFound) {
		t.Fatal(err)
	}
}

// A signature of good standing that the log does not fix does not help a statement over its threshold.
func TestSyncCountsOnlyLoggedSignatures(t *testing.T) {
	t.Parallel()
	m := newActor(t, "acme", evidence.Maker)
	env := m.say(t, evidence.RoleRelease, set(t, "acme", "acme/pump-7", "1", 1, artifact("a", "a")))
	e := m.entry(t, 0, env, m.root.Policy(evidence.RoleRelease, strip(env, func(n int) bool { return n == 64 })).Signatures)
	m.log = append(m.log, e)
	if err := m.trees.add(e.Entry); err != nil {
		t.Fatal(err)
	}
	repo := t.TempDir()
	publish(t, m, day0, t.TempDir(), repo)
	_, err := follow(t, load(t, repo), rootsOf(m), nothing)
	if !errors.Is(err, fault.PolicyNotMet) || !strings.Contains(err.Error(), "missing post-quantum") {
		t.Fatal(err)
	}
}

// A log of several bundles: 256 entries and one more.
func TestSyncReadsSeveralBundles(t *testing.T) {
	t.Parallel()
	m := newActor(t, "acme", evidence.Maker)
	repo, home := t.TempDir(), t.TempDir()
	var first Synced
	for i := range 257 {
		m.sayLogged(t, evidence.RoleRelease, set(t, "acme", "acme/pump-7", "1."+string(rune('a'+i%26))+string(rune('a'+i/26)), int64(i+1), artifact("a", "a")))
		if i == 250 {
			publish(t, m, day0, home, repo)
			var err error
			if first, err = follow(t, load(t, repo), rootsOf(m), nothing); err != nil {
				t.Fatal(err)
			}
		}
	}
	publish(t, m, day0.Add(time.Hour), home, repo)
	files := load(t, repo)
	got, err := follow(t, files, rootsOf(m), remembering(first.Mirror))
	if err != nil || len(got.Statements) != 257 {
		t.Fatalf("%d statements, %v", len(got.Statements), err)
	}
	for _, path := range []string{
		"log/tile/entries/000", "log/tile/entries/001.p/1", "log/tile/entries/000.p/251", "log/tile/0/000", "log/tile/0/001.p/1",
		"log/tile/1/000.p/1", "log/envelopes/000.jsonl", "log/envelopes/001.p/1.jsonl", "log/salts/001.p/1", "log/checkpoints/251", "log/checkpoints/257",
	} {
		if files[path] == nil {
			t.Errorf("%q is not in the publication", path)
		}
	}
}

// BenchmarkSync reads a publication of 200 releases from memory; nearly all of it is checking two
// signatures for each.
func BenchmarkSync(b *testing.B) {
	m := newActor(b, "acme", evidence.Maker)
	repo := b.TempDir()
	for i := range 200 {
		m.sayLogged(b, evidence.RoleRelease, set(b, "acme", "acme/pump-7", "1."+string(rune('a'+i%26))+string(rune('a'+i/26)), int64(i+1), artifact("a", "a")))
	}
	publish(b, m, day0, b.TempDir(), repo)
	files, roots := load(b, repo), rootsOf(m)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := follow(b, files, roots, nothing); err != nil {
			b.Fatal(err)
		}
	}
}
