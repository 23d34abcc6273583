package keyring_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/keyring"
	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

const secret = "correct horse"

// asker counts how often a passphrase is asked for.
type asker struct {
	mu     sync.Mutex
	answer string
	err    error
	asked  int // guarded by mu
}

func (a *asker) ask(context.Context, string) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked++
	return a.answer, a.err
}

func ring(dir string, ask keyring.Passphrase) *keyring.Ring {
	return keyring.New(dir, disk.OS{}, rand.Reader, true, ask)
}

func knows(passphrase string) keyring.Passphrase {
	return (&asker{answer: passphrase}).ask
}

var hybrid = []evidence.Algorithm{evidence.Ed25519, evidence.MLDSA65}

// home makes a home with every kind of key file and returns the keys of its roles.
func home(t *testing.T) (string, map[string][]evidence.Key) {
	t.Helper()
	dir, ctx := t.TempDir(), t.Context()
	r := ring(dir, knows(secret))
	keys := map[string][]evidence.Key{}
	var err error
	for role, algs := range map[string][]evidence.Algorithm{
		evidence.RoleRoot: {evidence.Ed25519, evidence.MLDSA87}, evidence.RoleRelease: hybrid, evidence.RoleRecall: hybrid,
	} {
		if keys[role], err = r.NewRole(ctx, role, algs...); err != nil {
			t.Fatal(err)
		}
	}
	if keys[evidence.RoleObserver], err = r.NewMachineRole(evidence.RoleObserver, hybrid...); err != nil {
		t.Fatal(err)
	}
	if _, err = r.NewLog(ctx, "acme/publication"); err != nil {
		t.Fatal(err)
	}
	if _, err = r.NewHouseLog("acme/house"); err != nil {
		t.Fatal(err)
	}
	return dir, keys
}

func ids(t *testing.T, signers []evidence.Signer) []string {
	t.Helper()
	var out []string
	for _, s := range signers {
		sig, err := s.Sign([]byte("message"))
		if err != nil || !s.Key().Verify([]byte("message"), sig) {
			t.Errorf("key %s does not sign: %v", s.Key().ID, err)
		}
		out = append(out, s.Key().ID.String())
	}
	return out
}

func idsOf(keys []evidence.Key) []string {
	var out []string
	for _, k := range keys {
		out = append(out, k.ID.String())
	}
	return out
}

func TestRolesRoundTrip(t *testing.T) {
	t.Parallel()
	dir, keys := home(t)
	r := ring(dir, knows(secret))
	seen := map[string]bool{}
	for role, want := range keys {
		var signers []evidence.Signer
		var err error
		if role == evidence.RoleObserver {
			signers, err = r.MachineSigners(role)
		} else {
			signers, err = r.Signers(t.Context(), role)
		}
		if err != nil {
			t.Fatalf("%s: %v", role, err)
		}
		if diff := cmp.Diff(idsOf(want), ids(t, signers)); diff != "" {
			t.Errorf("%s (-made +opened):\n%s", role, diff)
		}
		for _, id := range idsOf(want) {
			if seen[id] {
				t.Errorf("key %s is made twice", id)
			}
			seen[id] = true
		}
	}
}

func TestLogSigners(t *testing.T) {
	t.Parallel()
	dir, ctx := t.TempDir(), t.Context()
	maker := ring(dir, knows(secret))
	public, err := maker.NewLog(ctx, "acme/publication")
	if err != nil {
		t.Fatal(err)
	}
	house, err := maker.NewHouseLog("acme/house")
	if err != nil {
		t.Fatal(err)
	}
	r := ring(dir, knows(secret))
	for _, id := range []evidence.LogIdentity{public, house} {
		if err := id.Check(); err != nil {
			t.Errorf("%s: %v", id.Origin, err)
		}
		signers, err := r.LogSigners(ctx)
		if id.Origin == house.Origin {
			signers, err = r.HouseLogSigners()
		}
		if err != nil || len(signers) != 2 {
			t.Fatalf("%s: %d signers, error %v", id.Origin, len(signers), err)
		}
		root := model.DigestOf(nil)
		note, err := evidence.SignCheckpoint(id.Origin, 0, [32]byte(root), evidence.Root{}.Issued.AddDate(2025, 0, 0), signers...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := evidence.OpenCheckpoint(note, id); err != nil {
			t.Errorf("%s: %v", id.Origin, err)
		}
	}
	// A log's keys sign checkpoints and no statements, and a role's no checkpoints.
	if s, err := r.Signers(ctx, keyring.RoleLog); !errors.Is(err, fault.KeyDamaged) {
		t.Errorf("the log signs statements with %d keys, error %v", len(s), err)
	}
}

func TestPassphraseIsAskedOnce(t *testing.T) {
	t.Parallel()
	dir, _ := home(t)
	a := &asker{answer: secret}
	r := ring(dir, a.ask)
	var wg sync.WaitGroup
	for range 4 {
		for _, role := range []string{evidence.RoleRelease, evidence.RoleRecall, evidence.RoleRoot} {
			wg.Go(func() {
				if _, err := r.Signers(context.Background(), role); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	if a.asked != 1 {
		t.Errorf("asked %d times", a.asked)
	}
}

// A role's file is opened once: afterwards it may be gone.
func TestFileIsOpenedOnce(t *testing.T) {
	t.Parallel()
	dir, _ := home(t)
	r := ring(dir, knows(secret))
	first, err := r.Signers(t.Context(), evidence.RoleRelease)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.MachineSigners(evidence.RoleObserver); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "keys")); err != nil {
		t.Fatal(err)
	}
	again, err := r.Signers(t.Context(), evidence.RoleRelease)
	if err != nil || !cmp.Equal(ids(t, first), ids(t, again)) {
		t.Errorf("opened again: %v", err)
	}
	if _, err := r.MachineSigners(evidence.RoleObserver); err != nil {
		t.Errorf("the machine key is opened again: %v", err)
	}
	if _, err := ring(dir, knows(secret)).Signers(t.Context(), evidence.RoleRelease); !errors.Is(err, fault.KeyMissing) {
		t.Errorf("another process: %v", err)
	}
}

// A role that was just made is not opened again either.
func TestNewRoleIsOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a := &asker{answer: secret}
	r := ring(dir, a.ask)
	for _, role := range []string{"release", "recall"} {
		if _, err := r.NewRole(t.Context(), role, hybrid...); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll(filepath.Join(dir, "keys")); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Signers(t.Context(), "release"); err != nil || a.asked != 1 {
		t.Errorf("asked %d times, error %v", a.asked, err)
	}
}

func TestWrongPassphrase(t *testing.T) {
	t.Parallel()
	dir, _ := home(t)
	for _, wrong := range []string{"Correct horse", secret + " ", " " + secret, "x"} {
		r := ring(dir, knows(wrong))
		_, err := r.Signers(t.Context(), evidence.RoleRelease)
		if !errors.Is(err, fault.WrongPassphrase) || !strings.Contains(err.Error(), "passphrase") || fault.ExitOf(err) != fault.ExitNotAllowed {
			t.Errorf("%q: %v, exit %d", wrong, err, fault.ExitOf(err))
		}
		if strings.Contains(fmt.Sprint(err), secret) || strings.Contains(fmt.Sprint(err), wrong) && len(wrong) > 1 {
			t.Errorf("the error tells a passphrase: %v", err)
		}
		if _, err := r.LogSigners(t.Context()); !errors.Is(err, fault.WrongPassphrase) {
			t.Errorf("%q opens the log: %v", wrong, err)
		}
		if _, err := r.MachineSigners(evidence.RoleObserver); err != nil {
			t.Errorf("a machine key wants a passphrase: %v", err)
		}
	}
}

// files lists every file below dir.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && path != dir {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestNoPassphraseWritesNothing(t *testing.T) {
	t.Parallel()
	gone := errors.New("the terminal is gone")
	for name, tc := range map[string]struct {
		ask  keyring.Passphrase
		want error
	}{
		"nobody to ask":  {nil, fault.NoPassphrase},
		"empty":          {knows(""), fault.NoPassphrase},
		"asking fails":   {(&asker{err: gone}).ask, gone},
		"fails, answers": {(&asker{answer: secret, err: gone}).ask, gone},
	} {
		dir := t.TempDir()
		r := ring(dir, tc.ask)
		_, err := r.NewRole(t.Context(), evidence.RoleRelease, hybrid...)
		if !errors.Is(err, tc.want) || !errors.Is(err, gone) && fault.ExitOf(err) != fault.ExitUsage {
			t.Errorf("%s: a role is made: %v, exit %d", name, err, fault.ExitOf(err))
		}
		if _, err := r.NewLog(t.Context(), "acme/publication"); !errors.Is(err, tc.want) {
			t.Errorf("%s: a log is made: %v", name, err)
		}
		if left := files(t, dir); len(left) != 0 {
			t.Errorf("%s: %q is written", name, left)
		}
		full, _ := home(t)
		if s, err := ring(full, tc.ask).Signers(t.Context(), evidence.RoleRelease); !errors.Is(err, tc.want) || len(s) != 0 {
			t.Errorf("%s: %d signers, error %v", name, len(s), err)
		}
	}
}

func TestFilesArePrivateAndSealed(t *testing.T) {
	t.Parallel()
	dir, _ := home(t)
	want := map[string]os.FileMode{
		"keys": 0o700, "offline": 0o700, "offline/root.age": 0o600, "keys/release.age": 0o600, "keys/recall.age": 0o600,
		"keys/log.age": 0o600, "keys/observer.key": 0o600, "keys/house-log.key": 0o600,
	}
	got := map[string]os.FileMode{}
	for _, path := range files(t, dir) {
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		got[filepath.ToSlash(rel)] = info.Mode().Perm()
		b, _ := os.ReadFile(path)
		if sealed := strings.HasSuffix(path, ".age"); sealed && (!bytes.HasPrefix(b, []byte("age-encryption.org/v1\n-> scrypt ")) || bytes.Contains(b, []byte("seed"))) {
			t.Errorf("%s is not sealed", rel)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNeverOverwrites(t *testing.T) {
	t.Parallel()
	dir, _ := home(t)
	before := map[string]string{}
	for _, path := range files(t, dir) {
		b, _ := os.ReadFile(path)
		before[path] = string(b)
	}
	r := ring(dir, knows(secret))
	for name, make := range map[string]func() error{
		"root":      func() error { _, err := r.NewRole(t.Context(), evidence.RoleRoot, hybrid...); return err },
		"release":   func() error { _, err := r.NewRole(t.Context(), evidence.RoleRelease, hybrid...); return err },
		"observer":  func() error { _, err := r.NewMachineRole(evidence.RoleObserver, hybrid...); return err },
		"log":       func() error { _, err := r.NewLog(t.Context(), "acme/publication"); return err },
		"house log": func() error { _, err := r.NewHouseLog("acme/house"); return err },
	} {
		if err := make(); !errors.Is(err, fault.HomeExists) {
			t.Errorf("%s: %v", name, err)
		}
	}
	after := map[string]string{}
	for _, path := range files(t, dir) {
		b, _ := os.ReadFile(path)
		after[path] = string(b)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("files changed:\n%s", diff)
	}
	// What could not be written is not opened either: the keys in the file sign on.
	if _, err := r.Signers(t.Context(), evidence.RoleRelease); err != nil {
		t.Error(err)
	}
}

func TestOfflineFolderMovedAway(t *testing.T) {
	t.Parallel()
	dir, keys := home(t)
	r := ring(dir, knows(secret))
	if !r.RootPresent() || r.OfflineDir() != filepath.Join(dir, "offline") {
		t.Errorf("root keys present %v in %q", r.RootPresent(), r.OfflineDir())
	}
	away := filepath.Join(t.TempDir(), "safe")
	if err := os.Rename(r.OfflineDir(), away); err != nil {
		t.Fatal(err)
	}
	if r.RootPresent() {
		t.Error("the root keys are present still")
	}
	for _, role := range []string{evidence.RoleRelease, evidence.RoleRecall} {
		if _, err := r.Signers(t.Context(), role); err != nil {
			t.Errorf("%s: %v", role, err)
		}
	}
	if _, err := r.LogSigners(t.Context()); err != nil {
		t.Errorf("log: %v", err)
	}
	if _, err := r.HouseLogSigners(); err != nil {
		t.Errorf("house log: %v", err)
	}
	a := &asker{answer: secret}
	_, err := ring(dir, a.ask).Signers(t.Context(), evidence.RoleRoot)
	if !errors.Is(err, fault.KeyMissing) || !strings.Contains(err.Error(), `"root"`) || a.asked != 0 {
		t.Errorf("root: %v, asked %d times", err, a.asked)
	}
	if err := os.Rename(away, r.OfflineDir()); err != nil {
		t.Fatal(err)
	}
	signers, err := r.Signers(t.Context(), evidence.RoleRoot)
	if err != nil || !cmp.Equal(idsOf(keys[evidence.RoleRoot]), ids(t, signers)) {
		t.Errorf("brought back: %v", err)
	}
}

func TestMachineKeyReadByOthers(t *testing.T) {
	t.Parallel()
	dir, _ := home(t)
	for _, mode := range []os.FileMode{0o644, 0o640, 0o620, 0o601} {
		for _, name := range []string{"observer.key", "house-log.key"} {
			if err := os.Chmod(filepath.Join(dir, "keys", name), mode); err != nil {
				t.Fatal(err)
			}
		}
		r := ring(dir, nil)
		_, err := r.MachineSigners(evidence.RoleObserver)
		if !errors.Is(err, fault.OpenPassphrase) || fault.ExitOf(err) != fault.ExitUsage || !strings.Contains(fault.HintOf(err), "chmod 600") {
			t.Errorf("mode %o: %v, hint %q", mode, err, fault.HintOf(err))
		}
		if _, err := r.HouseLogSigners(); !errors.Is(err, fault.OpenPassphrase) {
			t.Errorf("mode %o, house log: %v", mode, err)
		}
	}
}

func TestFileOfAnotherRole(t *testing.T) {
	t.Parallel()
	dir, _ := home(t)
	at := func(name string) string { return filepath.Join(dir, "keys", name) }
	copies := map[string]string{"recall.age": "release.age", "house-log.key": "observer.key"}
	for from, to := range copies {
		b, err := os.ReadFile(at(from))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at(to), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := ring(dir, knows(secret))
	if s, err := r.Signers(t.Context(), evidence.RoleRelease); !errors.Is(err, fault.KeyDamaged) {
		t.Errorf("the recall keys sign releases with %d keys: %v", len(s), err)
	}
	if s, err := r.MachineSigners(evidence.RoleObserver); !errors.Is(err, fault.KeyDamaged) {
		t.Errorf("the log keys sign observations with %d keys: %v", len(s), err)
	}
	if _, err := r.Signers(t.Context(), evidence.RoleRecall); err != nil {
		t.Error(err)
	}
}

func TestNewRoleRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := ring(dir, knows(secret))
	for name, algs := range map[string][]evidence.Algorithm{
		"no algorithm": nil, "ECDSA": {evidence.ECDSAP256}, "unknown": {"rsa"}, "17": make([]evidence.Algorithm, 17),
	} {
		if _, err := r.NewRole(t.Context(), "release", algs...); err == nil {
			t.Errorf("%s: made", name)
		}
		if _, err := r.NewMachineRole("observer", algs...); err == nil {
			t.Errorf("%s: a machine key is made", name)
		}
	}
	dry := keyring.New(dir, disk.OS{}, strings.NewReader("too short"), true, knows(secret))
	if _, err := dry.NewRole(t.Context(), "release", hybrid...); err == nil {
		t.Error("made without randomness")
	}
	if left := files(t, dir); len(left) != 0 {
		t.Errorf("%q is written", left)
	}
}
