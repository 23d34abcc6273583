// Package keyring keeps private keys: one age file per role with both its keys inside, and machine keys
// that an unattended process opens without a passphrase.
//
// Most callers need [Ring.Signers], which opens a role's file once per process, and [Ring.LogSigners]
// for a log. The root role lies in the home's offline folder, so that everything else works with that
// folder moved away. The package refuses to write a role's key unencrypted, to read a machine key that
// others can read, and an age file whose work factor was made to exhaust memory.
package keyring

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/mldsa"
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// Where keys lie in a home.
const (
	everydayDir = "keys"
	offlineDir  = "offline"
)

// RoleLog is the file of a maker's publication log, opened with a passphrase like a role's.
const RoleLog = "log"

// Passphrase asks for the passphrase that protects the roles of a home. It is called at most once per
// process; purpose says what it is for.
type Passphrase func(ctx context.Context, purpose string) (string, error)

// Ring opens the private keys of one home.
type Ring struct {
	dir   string
	fs    disk.FS
	ask   Passphrase
	rand  io.Reader
	logN  int // scrypt work factor of new files
	mu    sync.Mutex
	root  int             // guarded by mu; version of the own trust root in force
	pass  string          // guarded by mu; asked for at the first need
	asked bool            // guarded by mu
	open  map[string]file // guarded by mu; roles opened in this process
}

// Work factors of the age files: what one open costs (16 is a quarter of 18, and so on).
const (
	WorkFactor    = 18 // age's own default: 0.8 s and 256 MiB
	LabWorkFactor = 10
	maxWorkFactor = WorkFactor // no file of ours costs more; 20 would take 1 GiB
	maxKeyFile    = 1 << 20
	maxKeys       = 16
)

// New returns the ring of the home at dir. Nothing is opened yet.
func New(dir string, fsys disk.FS, random io.Reader, lab bool, ask Passphrase) *Ring {
	n := WorkFactor
	if lab {
		n = LabWorkFactor
	}
	return &Ring{dir: dir, fs: fsys, ask: ask, rand: random, logN: n, root: 1, open: map[string]file{}}
}

// file is what a key file holds.
type file struct {
	Type string   `json:"type"` // "cordon-keys/v1"
	Role string   `json:"role"`
	Keys []seed   `json:"keys,omitempty"`
	Log  *logKeys `json:"log,omitempty"`
}

type seed struct {
	Algorithm evidence.Algorithm `json:"algorithm"`
	Seed      []byte             `json:"seed"`
}

const fileType = "cordon-keys/v1"

// path returns where the role's keys lie that are in force: those made for the highest version of the
// trust root that is not above the one in force.
func (r *Ring) path(role string, machine bool) string {
	for v := r.root; v > 1; v-- {
		if path := r.pathAt(role, machine, v); exists(path) {
			return path
		}
	}
	return r.pathAt(role, machine, 1)
}

// pathAt returns where the keys lie that were made for one version of the trust root.
func (r *Ring) pathAt(role string, machine bool, version int) string {
	name := role
	if version > 1 {
		name = fmt.Sprintf("%s.v%d", role, version)
	}
	switch {
	case machine:
		return filepath.Join(r.dir, everydayDir, name+".key")
	case role == evidence.RoleRoot:
		return filepath.Join(r.dir, offlineDir, name+".age")
	default:
		return filepath.Join(r.dir, everydayDir, name+".age")
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// OfflineDir returns the folder of the root keys, which belongs moved away.
func (r *Ring) OfflineDir() string { return filepath.Join(r.dir, offlineDir) }

// RootPresent reports whether the root keys still lie in the home.
func (r *Ring) RootPresent() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return exists(r.path(evidence.RoleRoot, false))
}

// NewRole makes the keys of a role, one per algorithm, and writes its passphrase file.
func (r *Ring) NewRole(ctx context.Context, role string, algs ...evidence.Algorithm) ([]evidence.Key, error) {
	f, keys, err := r.newKeys(role, algs)
	if err != nil {
		return nil, err
	}
	return keys, r.writeSealed(ctx, f, 1)
}

// NewMachineRole makes the keys of a role that works unattended, in a file that only its user can read.
func (r *Ring) NewMachineRole(role string, algs ...evidence.Algorithm) ([]evidence.Key, error) {
	f, keys, err := r.newKeys(role, algs)
	if err != nil {
		return nil, err
	}
	return keys, r.writePlain(f, 1)
}

func (r *Ring) newKeys(role string, algs []evidence.Algorithm) (file, []evidence.Key, error) {
	if len(algs) == 0 || len(algs) > maxKeys {
		return file{}, nil, fmt.Errorf("role %q with %d keys, 1 to %d are kept in a file", role, len(algs), maxKeys)
	}
	f := file{Type: fileType, Role: role}
	var keys []evidence.Key
	for _, alg := range algs {
		s := seed{Algorithm: alg, Seed: make([]byte, ed25519.SeedSize)}
		if _, err := io.ReadFull(r.rand, s.Seed); err != nil {
			return file{}, nil, fmt.Errorf("read randomness: %w", err)
		}
		k, err := s.signer()
		if err != nil {
			return file{}, nil, err
		}
		f.Keys = append(f.Keys, s)
		keys = append(keys, k.key)
	}
	return f, keys, nil
}

// Signers returns the signers of a role. Its file is opened once per process.
func (r *Ring) Signers(ctx context.Context, role string) ([]evidence.Signer, error) {
	f, err := r.load(ctx, role, false)
	if err != nil {
		return nil, err
	}
	return f.signers()
}

// MachineSigners returns the signers of an unattended role.
func (r *Ring) MachineSigners(role string) ([]evidence.Signer, error) {
	f, err := r.load(context.Background(), role, true)
	if err != nil {
		return nil, err
	}
	return f.signers()
}

func (f file) signers() ([]evidence.Signer, error) {
	if len(f.Keys) == 0 {
		return nil, fault.New(fault.KeyDamaged, "the key file of %q holds no keys that sign statements", f.Role)
	}
	out := make([]evidence.Signer, 0, len(f.Keys))
	for _, s := range f.Keys {
		k, err := s.signer()
		if err != nil {
			return nil, fault.Wrap(err, fault.KeyDamaged, "the keys of role %q cannot be used", f.Role)
		}
		out = append(out, k)
	}
	return out, nil
}

func (r *Ring) load(ctx context.Context, role string, machine bool) (file, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.loadFrom(ctx, r.path(role, machine), role, machine)
}

// loadFrom opens a key file once per process; the caller holds mu.
func (r *Ring) loadFrom(ctx context.Context, path, role string, machine bool) (file, error) {
	if f, ok := r.open[path]; ok {
		return f, nil
	}
	raw, err := readKeyFile(path, role, machine)
	if err != nil {
		return file{}, err
	}
	if !machine {
		if raw, err = r.unseal(ctx, role, raw); err != nil {
			return file{}, err
		}
	}
	f, err := parseFile(raw, role)
	if err != nil {
		return file{}, fault.Wrap(err, fault.KeyDamaged, "key file %q does not hold the keys of role %q", path, role)
	}
	r.open[path] = f
	return f, nil
}

// parseFile reads what a key file holds. The file says itself whose keys it has, so that one put under
// another role's name does not sign for it.
func parseFile(raw []byte, role string) (file, error) {
	var f file
	if err := json.Unmarshal(raw, &f, json.RejectUnknownMembers(true)); err != nil {
		return file{}, errors.New("it is not in the form of a key file") // the cause could quote a private key
	}
	switch {
	case f.Type != fileType:
		return file{}, errors.New("it is of another type")
	case f.Role != role:
		return file{}, errors.New("it names another role")
	case len(f.Keys) == 0 == (f.Log == nil) || len(f.Keys) > maxKeys:
		return file{}, errors.New("it must hold either the keys of a role or those of a log")
	}
	for _, s := range f.Keys {
		if _, err := s.signer(); err != nil {
			return file{}, err
		}
	}
	if f.Log != nil {
		if _, err := f.noteSigners(); err != nil {
			return file{}, err
		}
	}
	return f, nil
}

// readKeyFile reads a key file, bounded. What it checks of a machine key it asks of the open file.
func readKeyFile(path, role string, machine bool) ([]byte, error) {
	unreadable := func(err error) error {
		return fault.Wrap(err, fault.ReadFailed, "the keys of role %q cannot be read", role)
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.KeyMissing, "the keys of role %q are not in this home (%s)", role, path)
	}
	if err != nil {
		return nil, unreadable(err)
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait for ever
		return nil, fault.New(fault.KeyDamaged, "key file %q is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(err)
	}
	defer f.Close() //nolint:errcheck // nothing was written
	if info, err = f.Stat(); err != nil {
		return nil, unreadable(err)
	}
	if machine && info.Mode().Perm()&0o077 != 0 {
		return nil, fault.New(fault.OpenPassphrase, "the machine key %q can be read by others", path).
			Hint("run: chmod 600 %s", path)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return nil, unreadable(err)
	}
	if len(b) > maxKeyFile {
		return nil, fault.New(fault.KeyDamaged, "key file %q is larger than a key file can be", path)
	}
	return b, nil
}

func (r *Ring) writePlain(f file, version int) error {
	b, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("encode keys of role %q: %w", f.Role, err)
	}
	return r.writeNew(r.pathAt(f.Role, true, version), func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

// writeNew writes a key file, and never over another: a lost key cannot be made again.
func (r *Ring) writeNew(path string, fill func(io.Writer) error) error {
	if err := disk.MakeDir(r.fs, filepath.Dir(path), 0o700); err != nil {
		return err
	}
	err := disk.WriteNew(r.fs, path, 0o600, fill)
	if errors.Is(err, fs.ErrExist) {
		return fault.Wrap(err, fault.HomeExists, "there is a key file %q already", path)
	}
	return err
}

// signer is one private key.
type signer struct {
	key  evidence.Key
	priv crypto.Signer
}

// Key returns the public half.
func (s signer) Key() evidence.Key { return s.key }

// Sign signs the message itself, without a pre-hash.
func (s signer) Sign(message []byte) ([]byte, error) {
	return s.priv.Sign(nil, message, crypto.Hash(0))
}

func (s seed) signer() (signer, error) {
	priv, err := s.private()
	if err != nil {
		return signer{}, err
	}
	k, err := evidence.NewKey(priv.Public())
	if err != nil {
		return signer{}, err
	}
	return signer{key: k, priv: priv}, nil
}

func (s seed) private() (crypto.Signer, error) {
	if len(s.Seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("seed of %d bytes, %d are needed", len(s.Seed), ed25519.SeedSize)
	}
	switch s.Algorithm {
	case evidence.Ed25519:
		return ed25519.NewKeyFromSeed(s.Seed), nil
	case evidence.MLDSA65:
		return mldsa.NewPrivateKey(mldsa.MLDSA65(), s.Seed)
	case evidence.MLDSA87:
		return mldsa.NewPrivateKey(mldsa.MLDSA87(), s.Seed)
	}
	return nil, fmt.Errorf("no private keys of algorithm %q are kept in files", s.Algorithm)
}
