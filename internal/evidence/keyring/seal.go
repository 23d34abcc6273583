package keyring

import (
	"bytes"
	"context"
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// passphrase asks once; the caller holds mu.
func (r *Ring) passphrase(ctx context.Context, purpose string) (string, error) {
	if r.asked {
		return r.pass, nil
	}
	if r.ask == nil {
		return "", fault.New(fault.NoPassphrase, "no passphrase was given for %s", purpose)
	}
	p, err := r.ask(ctx, purpose)
	if err != nil {
		return "", err
	}
	if p == "" {
		return "", fault.New(fault.NoPassphrase, "the passphrase for %s is empty", purpose)
	}
	r.pass, r.asked = p, true
	return p, nil
}

// writeSealed encrypts a role's keys with the passphrase and writes them.
func (r *Ring) writeSealed(ctx context.Context, f file, version int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	pass, err := r.passphrase(ctx, "new keys")
	if err != nil {
		return err
	}
	plain, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("encode keys of role %q: %w", f.Role, err)
	}
	to, err := age.NewScryptRecipient(pass)
	if err != nil {
		return fmt.Errorf("use passphrase: %w", err)
	}
	to.SetWorkFactor(r.logN)
	err = r.writeNew(r.pathAt(f.Role, false, version), func(w io.Writer) error {
		enc, err := age.Encrypt(w, to)
		if err != nil {
			return fmt.Errorf("encrypt keys of role %q: %w", f.Role, err)
		}
		if _, err := enc.Write(plain); err != nil {
			return fmt.Errorf("encrypt keys of role %q: %w", f.Role, err)
		}
		return enc.Close()
	})
	if err == nil {
		r.open[r.pathAt(f.Role, false, version)] = f
	}
	return err
}

// unseal decrypts a role's file; the caller holds mu.
func (r *Ring) unseal(ctx context.Context, role string, sealed []byte) ([]byte, error) {
	pass, err := r.passphrase(ctx, fmt.Sprintf("the keys of role %q", role))
	if err != nil {
		return nil, err
	}
	id, err := age.NewScryptIdentity(pass)
	if err != nil {
		return nil, fmt.Errorf("use passphrase: %w", err)
	}
	id.SetMaxWorkFactor(maxWorkFactor)
	dec, err := age.Decrypt(bytes.NewReader(sealed), id)
	var wrong *age.NoIdentityMatchError
	if errors.As(err, &wrong) {
		return nil, fault.New(fault.WrongPassphrase, "the passphrase does not open the keys of role %q", role)
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.KeyDamaged, "the key file of role %q cannot be opened", role)
	}
	plain, err := io.ReadAll(io.LimitReader(dec, maxKeyFile+1))
	if err != nil {
		return nil, fault.Wrap(err, fault.KeyDamaged, "the key file of role %q is damaged", role)
	}
	if len(plain) > maxKeyFile {
		return nil, fault.New(fault.KeyDamaged, "the key file of role %q holds more than a key file can", role)
	}
	return plain, nil
}
