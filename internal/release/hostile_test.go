package release

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// recorder remembers which files were fetched.
type recorder struct {
	mapFetcher
	seen map[string]bool
}

func (r recorder) Fetch(ctx context.Context, path string, limit int64) ([]byte, error) {
	r.seen[path] = true
	return r.mapFetcher.Fetch(ctx, path, limit)
}

// small is a publication with everything that a sync reads, and little else.
func small(t testing.TB) (*actor, mapFetcher) {
	t.Helper()
	m := newActor(t, "acme", evidence.Maker)
	home, repo := t.TempDir(), t.TempDir()
	s := set(t, "acme", "acme/pump-7", "2.0.0", 1, measured(t, home, "pump.bin", noise(300_000)))
	m.sayLogged(t, evidence.RoleRelease, s)
	m.sayLogged(t, evidence.RoleRecall, Withdrawal{
		Header: evidence.Header{Author: "acme", Issued: day0}, Release: s.Subject(), Reason: "battery",
	})
	publish(t, m, day0, home, repo)
	return m, load(t, repo)
}

// sameSync compares what counts of two results: what a mirror can write where nobody looks is gone.
func sameSync(a, b Synced) string {
	return cmp.Diff(a, b,
		cmpopts.IgnoreFields(Synced{}, "Mirror"),
		cmpopts.IgnoreFields(evidence.Tally{}, "Needed"),
		cmp.AllowUnexported(evidence.Tally{}), cmp.Comparer(func(x, y model.Subject) bool { return x == y }))
}

// With any one byte of any file that is read changed, a sync is refused with exit code 11, or brings
// what it brings from the honest copy.
func TestSyncSurvivesEveryByte(t *testing.T) {
	t.Parallel()
	m, files := small(t)
	roots := rootsOf(m)
	seen := map[string]bool{}
	want, err := follow(t, recorder{files, seen}, roots, nothing)
	if err != nil {
		t.Fatal(err)
	}
	samples := 60 // bytes of each file, so that it takes seconds; CORDON_SWEEP=full changes every byte
	if os.Getenv("CORDON_SWEEP") == "full" {
		samples = 1 << 30
	}
	tried, refused := 0, 0
	for _, path := range slices.Sorted(maps.Keys(seen)) {
		body := files[path]
		step := 1 + len(body)/samples
		for n, i := 0, 0; i < len(body); n, i = n+1, i+step {
			x := [...]byte{1, 0x20, 0x80, 0x04}[n%4]
			changed := maps.Clone(files)
			changed[path] = bytes.Clone(body)
			changed[path][i] ^= x
			got, err := follow(t, changed, roots, nothing)
			tried++
			if err != nil {
				refused++
				if fault.ExitOf(err) != fault.ExitVerify {
					t.Fatalf("%s byte %d ^ %#x: exit %d: %v", path, i, x, fault.ExitOf(err), err)
				}
				continue
			}
			if d := sameSync(want, got); d != "" {
				t.Fatalf("%s byte %d ^ %#x gives another result: %s", path, i, x, d)
			}
		}
	}
	if tried < 350 || refused < tried*8/10 {
		t.Fatalf("%d changes tried, %d refused: the test does not test", tried, refused)
	}
	t.Logf("%d changes tried, %d refused, %d without effect", tried, refused, tried-refused)
}

// Files that are missing, cut, grown, deep or repeat themselves are refused.
func TestSyncRefusesBrokenFiles(t *testing.T) {
	t.Parallel()
	m, files := small(t)
	roots := rootsOf(m)
	seen := map[string]bool{}
	if _, err := follow(t, recorder{files, seen}, roots, nothing); err != nil {
		t.Fatal(err)
	}
	for _, path := range slices.Sorted(maps.Keys(seen)) {
		for name, change := range map[string]func([]byte) []byte{
			"cut to half":     func(b []byte) []byte { return b[:len(b)/2] },
			"empty":           func([]byte) []byte { return []byte{} },
			"twice":           func(b []byte) []byte { return slices.Concat(b, b) },
			"zeros":           func(b []byte) []byte { return make([]byte, len(b)) },
			"deep":            func([]byte) []byte { return []byte(strings.Repeat(`{"a":[`, 100_000)) },
			"duplicate key":   func(b []byte) []byte { return bytes.Replace(b, []byte(`{`), []byte(`{"payload":"","payload":"",`), 1) },
			"invalid UTF-8":   func(b []byte) []byte { return bytes.Replace(b, []byte(`"keyid":"`), []byte("\"keyid\":\"\xff"), 1) },
			"something after": func(b []byte) []byte { return slices.Concat(b, []byte("{}\n")) },
		} {
			changed := maps.Clone(files)
			changed[path] = change(bytes.Clone(files[path]))
			if bytes.Equal(changed[path], files[path]) {
				continue
			}
			if _, err := follow(t, changed, roots, nothing); fault.ExitOf(err) != fault.ExitVerify {
				t.Errorf("%s, %s: exit %d: %v", path, name, fault.ExitOf(err), err)
			}
		}
		missing := maps.Clone(files)
		delete(missing, path)
		_, err := follow(t, missing, roots, nothing)
		if want := fault.BadRepository; path != headPath && !errors.Is(err, want) {
			t.Errorf("%s missing: %v", path, err)
		}
	}
}

// endless claims a limitless body for one path.
type endless struct {
	mapFetcher
	path string
}

func (e endless) Fetch(ctx context.Context, path string, limit int64) ([]byte, error) {
	if path == e.path {
		if limit > maxRootsFile && limit > maxEnvelopes {
			return nil, errors.New("the limit is no limit")
		}
		return nil, tooLarge(path)
	}
	return e.mapFetcher.Fetch(ctx, path, limit)
}

func TestSyncBoundsEveryFile(t *testing.T) {
	t.Parallel()
	m, files := small(t)
	seen := map[string]bool{}
	if _, err := follow(t, recorder{files, seen}, rootsOf(m), nothing); err != nil {
		t.Fatal(err)
	}
	for path := range seen {
		_, err := follow(t, endless{files, path}, rootsOf(m), nothing)
		if want := fault.BadRepository; path != headPath && !errors.Is(err, want) {
			t.Errorf("%s: %v", path, err)
		}
		if path == headPath && !errors.Is(err, fault.BadRepository) && !errors.Is(err, fault.TooLarge) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// Junk beside good signatures, other key names and other spacing change nothing.
func TestSyncIgnoresJunkSignatures(t *testing.T) {
	t.Parallel()
	m, files := small(t)
	want, err := follow(t, files, rootsOf(m), nothing)
	if err != nil {
		t.Fatal(err)
	}
	for path, body := range files {
		if !strings.HasSuffix(path, ".jsonl") {
			continue
		}
		var out []byte
		for line := range bytes.Lines(body) {
			env, err := evidence.ParseEnvelope(bytes.TrimSpace(line))
			if err != nil {
				t.Fatal(err)
			}
			for i := range env.Signatures {
				env.Signatures[i].KeyID = "elsewhere"
			}
			env.Signatures = append(env.Signatures, evidence.Signature{KeyID: "x", Sig: "AAAA"}, evidence.Signature{Sig: "not base64"}, env.Signatures[0])
			junk, err := env.Line()
			if err != nil {
				t.Fatal(err)
			}
			out = append(append(out, bytes.Replace(junk, []byte(`,"payload"`), []byte(` , "payload"`), 1)...), '\n')
		}
		files[path] = out
	}
	got, err := follow(t, files, rootsOf(m), nothing)
	if err != nil {
		t.Fatal(err)
	}
	if d := sameSync(want, got); d != "" {
		t.Error(d)
	}
}
