package keyring_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/keyring"
	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// seal writes a file as a role's, at a work factor of one's choice.
func seal(t *testing.T, path, passphrase string, logN int, plain []byte) {
	t.Helper()
	to, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		t.Fatal(err)
	}
	to.SetWorkFactor(logN)
	var b bytes.Buffer
	w, err := age.Encrypt(&b, to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A file that asks for 2^30 rounds, a terabyte of memory, is refused before any is spent.
func TestWorkFactorBomb(t *testing.T) {
	t.Parallel()
	dir, _ := home(t)
	path := filepath.Join(dir, "keys", "release.age")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := bytes.Cut(b, []byte(fmt.Sprintf(" %d\n", keyring.LabWorkFactor)))
	for _, n := range []int{keyring.WorkFactor + 1, 22, 30, 63, 1 << 40} {
		bomb := bytes.Join([][]byte{head, rest}, fmt.Appendf(nil, " %d\n", n))
		if bytes.Equal(bomb, b) || os.WriteFile(path, bomb, 0o600) != nil {
			t.Fatal("the bomb is not built")
		}
		if _, err := ring(dir, knows(secret)).Signers(t.Context(), evidence.RoleRelease); !errors.Is(err, fault.KeyDamaged) || !strings.Contains(err.Error(), "work factor") {
			t.Errorf("work factor %d: %v", n, err)
		}
	}
}

func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	dir, _ := home(t)
	path := filepath.Join(dir, "keys", "release.age")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	open := func(b []byte) error {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := ring(dir, knows(secret)).Signers(t.Context(), evidence.RoleRelease)
		return err
	}
	refused := func(name string, b []byte) {
		t.Helper()
		err := open(b)
		// A changed header cannot be told from a wrong passphrase.
		if !errors.Is(err, fault.KeyDamaged) && !errors.Is(err, fault.WrongPassphrase) || !strings.Contains(err.Error(), evidence.RoleRelease) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for n := 0; n < len(whole); n += 7 {
		refused(fmt.Sprintf("cut to %d of %d bytes", n, len(whole)), whole[:n])
	}
	for i := 0; i < len(whole); i += 5 {
		bad := bytes.Clone(whole)
		bad[i] ^= 1
		if string(bad[:i+1]) != string(whole[:i+1]) && !strings.Contains(string(whole[max(0, i-3):i+4]), fmt.Sprintf(" %d\n", keyring.LabWorkFactor)) {
			refused(fmt.Sprintf("byte %d changed", i), bad)
		}
	}
	refused("appended", append(bytes.Clone(whole), 'x'))
	refused("larger than a key file", append(bytes.Clone(whole), make([]byte, 1<<20)...))
	const role = `"type":"cordon-keys/v1","role":"release"`
	key := `{"algorithm":"ed25519","seed":"` + strings.Repeat("A", 43) + `="}`
	for name, plain := range map[string]string{
		"empty":             ``,
		"not JSON":          `hello`,
		"another type":      `{"type":"cordon-keys/v2","role":"release","keys":[` + key + `]}`,
		"another role":      `{"type":"cordon-keys/v1","role":"recall","keys":[` + key + `]}`,
		"no keys":           `{` + role + `}`,
		"duplicate role":    `{"role":"recall",` + role + `,"keys":[` + key + `]}`,
		"unknown member":    `{` + role + `,"keys":[` + key + `],"more":1}`,
		"unknown algorithm": `{` + role + `,"keys":[{"algorithm":"rsa","seed":"` + strings.Repeat("A", 43) + `="}]}`,
		"a short seed":      `{` + role + `,"keys":[{"algorithm":"ed25519","seed":"AAAA"}]}`,
		"17 keys":           `{` + role + `,"keys":[` + strings.Repeat(key+",", 16) + key + `]}`,
		"keys and a log":    `{` + role + `,"keys":[` + key + `],"log":{"origin":"x","private":[]}}`,
		"a log of nothing":  `{` + role + `,"log":{"origin":"x","private":["",""]}}`,
		"trailing value":    `{` + role + `,"keys":[` + key + `]}{}`,
		"longer than a key": `{` + role + `,"keys":[` + key + `]}` + strings.Repeat(" ", 1<<20),
	} {
		seal(t, path, secret, 2, []byte(plain))
		_, err := ring(dir, knows(secret)).Signers(t.Context(), evidence.RoleRelease)
		if !errors.Is(err, fault.KeyDamaged) || !strings.Contains(err.Error(), evidence.RoleRelease) {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(fmt.Sprint(err), "AAAA") {
			t.Errorf("%s: the error tells a seed: %v", name, err)
		}
	}
	seal(t, path, secret, 2, []byte(`{`+role+`,"keys":[`+key+`]}`))
	if _, err := ring(dir, knows(secret)).Signers(t.Context(), evidence.RoleRelease); err != nil {
		t.Errorf("the good one among them: %v", err)
	}
	if err := open(whole); err != nil {
		t.Errorf("the file as it was: %v", err)
	}
}

// A folder or a pipe in a key's place is an error, and reading it does not wait.
func TestNotARegularFile(t *testing.T) {
	t.Parallel()
	dir, _ := home(t)
	path := filepath.Join(dir, "keys", "release.age")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := ring(dir, knows(secret)).Signers(t.Context(), evidence.RoleRelease); !errors.Is(err, fault.KeyDamaged) {
		t.Errorf("a folder: %v", err)
	}
	machine := filepath.Join(dir, "keys", "observer.key")
	if err := os.Remove(machine); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/zero", machine); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	if _, err := ring(dir, nil).MachineSigners(evidence.RoleObserver); !errors.Is(err, fault.KeyDamaged) {
		t.Errorf("a device without end: %v", err)
	}
}
