package keyring

import (
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// secretName is the machine file of the secret under which this home marks names that it does not keep.
const secretName = "marks"

const (
	secretType = "cordon-secret/v1"
	secretSize = 32
)

type secretFile struct {
	Type   string `json:"type"`
	Secret []byte `json:"secret"`
}

// MarkSecret returns the secret for [model.NewMarker]. It is made at the first need; with create false, that is
// when nothing may be written, a home without one has the nil secret.
func (r *Ring) MarkSecret(create bool) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, err := r.readSecret()
	if !errors.Is(err, fault.KeyMissing) {
		return s, err
	}
	if !create {
		return nil, nil
	}
	if err := r.newSecret(); err != nil && !errors.Is(err, fault.HomeExists) {
		return nil, err
	}
	return r.readSecret() // another process may have been faster
}

func (r *Ring) readSecret() ([]byte, error) {
	path := r.pathAt(secretName, true, 1)
	raw, err := readKeyFile(path, secretName, true)
	if err != nil {
		return nil, err
	}
	var f secretFile
	if err := json.Unmarshal(raw, &f, json.RejectUnknownMembers(true)); err != nil || f.Type != secretType || len(f.Secret) != secretSize {
		return nil, fault.New(fault.KeyDamaged, "key file %q is not in the form of a secret", path)
	}
	return f.Secret, nil
}

func (r *Ring) newSecret() error {
	f := secretFile{Type: secretType, Secret: make([]byte, secretSize)}
	if _, err := io.ReadFull(r.rand, f.Secret); err != nil {
		return fmt.Errorf("read randomness: %w", err)
	}
	b, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("encode the secret: %w", err)
	}
	return r.writeNew(r.pathAt(secretName, true, 1), func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

// SecretFile is where the secret of [Ring.MarkSecret] lies in the home, whether it was made or not.
func (r *Ring) SecretFile() string { return filepath.Join(everydayDir, secretName+".key") }
