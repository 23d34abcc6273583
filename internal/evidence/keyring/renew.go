package keyring

import (
	"context"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// UseRoot says which version of the own trust root is in force: it decides which keys of a role are.
func (r *Ring) UseRoot(version int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.root = max(version, 1)
}

// Renew makes new keys of a role for a version of the trust root that is not in force yet, beside the
// old ones, which stay until [Ring.UseRoot] says otherwise. Keys that an attempt at the same version left
// behind are replaced: no root ever listed them.
func (r *Ring) Renew(ctx context.Context, role string, machine bool, version int, algs ...evidence.Algorithm) ([]evidence.Key, error) {
	r.mu.Lock()
	inForce := r.root
	r.mu.Unlock()
	if version <= inForce {
		return nil, fault.New(fault.Internal, "keys for version %d of the trust root cannot be made: version %d is in force", version, inForce)
	}
	f, keys, err := r.newKeys(role, algs)
	if err != nil {
		return nil, err
	}
	if err := disk.Remove(r.fs, r.pathAt(role, machine, version)); err != nil {
		return nil, err
	}
	if machine {
		return keys, r.writePlain(f, version)
	}
	return keys, r.writeSealed(ctx, f, version)
}

// RenewedSigners returns the signers that [Ring.Renew] made for a version that is not in force yet.
func (r *Ring) RenewedSigners(ctx context.Context, role string, version int) ([]evidence.Signer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f, err := r.loadFrom(ctx, r.pathAt(role, false, version), role, false)
	if err != nil {
		return nil, err
	}
	return f.signers()
}
