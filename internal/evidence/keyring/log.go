package keyring

import (
	"context"
	"fmt"

	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// HouseLog is the machine key file of the house ledger.
const HouseLog = "house-log"

// logKeys are the two private keys of a transparency log, as C2SP signed-note key strings.
type logKeys struct {
	Origin  string   `json:"origin"`
	Private []string `json:"private"` // Ed25519, then ML-DSA-44
}

// NewLog makes the keys of a publication log, protected like a role's.
func (r *Ring) NewLog(ctx context.Context, origin string) (evidence.LogIdentity, error) {
	f, id, err := r.newLog(RoleLog, origin)
	if err != nil {
		return id, err
	}
	return id, r.writeSealed(ctx, f, 1)
}

// NewHouseLog makes the keys of the house ledger, which is appended to unattended.
func (r *Ring) NewHouseLog(origin string) (evidence.LogIdentity, error) {
	f, id, err := r.newLog(HouseLog, origin)
	if err != nil {
		return id, err
	}
	return id, r.writePlain(f, 1)
}

func (r *Ring) newLog(role, origin string) (file, evidence.LogIdentity, error) {
	edPriv, edPub, err := note.GenerateKey(r.rand, origin)
	if err != nil {
		return file{}, evidence.LogIdentity{}, fmt.Errorf("make Ed25519 key of log %q: %w", origin, err)
	}
	pqPriv, pqPub, err := fnote.GenerateMLDSAKey(origin)
	if err != nil {
		return file{}, evidence.LogIdentity{}, fmt.Errorf("make ML-DSA-44 key of log %q: %w", origin, err)
	}
	f := file{Type: fileType, Role: role, Log: &logKeys{Origin: origin, Private: []string{edPriv, pqPriv}}}
	return f, evidence.LogIdentity{Origin: origin, Keys: []string{edPub, pqPub}}, nil
}

// LogSigners returns both signers of the publication log.
func (r *Ring) LogSigners(ctx context.Context) ([]note.Signer, error) {
	f, err := r.load(ctx, RoleLog, false)
	if err != nil {
		return nil, err
	}
	return f.noteSigners()
}

// HouseLogSigners returns both signers of the house ledger.
func (r *Ring) HouseLogSigners() ([]note.Signer, error) {
	f, err := r.load(context.Background(), HouseLog, true)
	if err != nil {
		return nil, err
	}
	return f.noteSigners()
}

func (f file) noteSigners() ([]note.Signer, error) {
	if f.Log == nil || len(f.Log.Private) != 2 {
		return nil, fault.New(fault.KeyDamaged, "the key file of %q does not hold the two keys of a log", f.Role)
	}
	ed, err := note.NewSigner(f.Log.Private[0])
	if err != nil {
		return nil, fault.Wrap(err, fault.KeyDamaged, "the Ed25519 key of log %q cannot be used", f.Log.Origin)
	}
	pq, err := fnote.NewMLDSASigner(f.Log.Private[1])
	if err != nil {
		return nil, fault.Wrap(err, fault.KeyDamaged, "the ML-DSA-44 key of log %q cannot be used", f.Log.Origin)
	}
	return []note.Signer{ed, pq}, nil
}
