package app

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/keyring"
	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// initMark begins the name of a home that is being made, beside the place where it will be.
const initMark = ".cordon-init-"

// rootLifetime is how long a trust root is good for before it must be renewed.
const rootLifetime = 5 * 365 * 24 * time.Hour

// Init makes a home for an organisation: keys, trust root, database and a ledger whose first entry is
// the trust root. It builds everything beside dir and moves it there in one step, so an interrupted
// init leaves no half home. It fails with fault.HomeExists when dir holds anything. A dry run makes no keys
// and returns no fingerprint.
func Init(ctx context.Context, opt Options, h Home) (model.Digest, error) {
	h.Type = homeType
	if err := h.valid(); err != nil {
		return model.Digest{}, err
	}
	dir := filepath.Clean(opt.Dir)
	if to, err := filepath.EvalSymlinks(dir); err == nil {
		dir = to // a link to an empty folder stays, and leads to the home
	}
	free, err := isFree(dir)
	if err != nil {
		return model.Digest{}, err
	}
	if !free {
		return model.Digest{}, fault.New(fault.HomeExists, "there is something at %q already", dir)
	}
	if opt.DryRun {
		return model.Digest{}, checkPassphrase(ctx, opt)
	}
	parent := filepath.Dir(dir)
	if err := disk.MakeDir(opt.FS, parent, 0o700); err != nil {
		return model.Digest{}, err
	}
	building, err := os.MkdirTemp(parent, initMark+"*")
	if err != nil {
		return model.Digest{}, fault.Wrap(err, fault.WriteFailed, "make a folder in %q", parent)
	}
	defer os.RemoveAll(building) //nolint:errcheck // after the move there is nothing left to remove
	inside := opt
	inside.Dir = building
	print, err := build(ctx, inside, h)
	if err != nil {
		return model.Digest{}, err
	}
	if err := moveTo(opt.FS, building, dir); err != nil {
		return model.Digest{}, fault.Wrap(err, disk.CodeOf(err), "move the new home to %q", dir)
	}
	if err := opt.FS.SyncDir(parent); err != nil {
		return model.Digest{}, fault.Wrap(err, disk.CodeOf(err), "the home at %q is made and its name may not survive a power cut", dir).
			Hint("the home is whole: `cordon trust export` prints its fingerprint")
	}
	return print, nil
}

// moveTo moves a new home to its place, which may be an empty folder.
func moveTo(fsys disk.FS, building, dir string) error {
	if _, err := os.Lstat(dir); err == nil {
		if err := fsys.Remove(dir); err != nil {
			return err
		}
	}
	return fsys.Rename(building, dir)
}

// checkPassphrase is what a dry run can check of keys that it must not make.
func checkPassphrase(ctx context.Context, opt Options) error {
	if opt.Passphrase == nil {
		return fault.New(fault.NoPassphrase, "no passphrase was given for new keys")
	}
	p, err := opt.Passphrase(ctx, "new keys")
	if err == nil && p == "" {
		err = fault.New(fault.NoPassphrase, "the passphrase for new keys is empty")
	}
	return err
}

// build fills an empty folder with a home.
func build(ctx context.Context, opt Options, h Home) (model.Digest, error) {
	ring := keyring.New(opt.Dir, opt.FS, opt.Rand, h.Lab, opt.Passphrase)
	root, err := newRoot(ctx, ring, h, opt.Clock.Now().Truncate(time.Second))
	if err != nil {
		return model.Digest{}, err
	}
	signers, err := ring.Signers(ctx, evidence.RoleRoot)
	if err != nil {
		return model.Digest{}, err
	}
	env, err := signRoot(root, signers)
	if err != nil {
		return model.Digest{}, err
	}
	if err := writeHome(opt.FS, opt.Dir, h); err != nil {
		return model.Digest{}, err
	}
	a, err := open(ctx, opt, h, ring)
	if err != nil {
		return model.Digest{}, err
	}
	a.new = true
	if err := a.takeRoot(ctx, env, true); err != nil {
		_ = a.Close()
		return model.Digest{}, err
	}
	return env.Digest(), a.Close()
}

// roleSpec is what a new organisation's role looks like.
type roleSpec struct {
	name       string
	machine    bool
	pq         evidence.Algorithm
	predicates []string
}

func roleSpecs(kind evidence.OrgKind) []roleSpec {
	root := roleSpec{evidence.RoleRoot, false, evidence.MLDSA87, []string{evidence.PredTrustRoot, evidence.PredCompromise}}
	if kind == evidence.Maker {
		return []roleSpec{
			root,
			{evidence.RoleRelease, false, evidence.MLDSA65, []string{evidence.PredReleaseSet, evidence.PredHead}},
			{evidence.RoleRecall, false, evidence.MLDSA65, []string{evidence.PredCompromise, evidence.PredWithdrawal}},
		}
	}
	return []roleSpec{
		root,
		{evidence.RoleHouse, false, evidence.MLDSA65, []string{
			evidence.PredReleaseSet, evidence.PredWithdrawal, evidence.PredVouch, evidence.PredImport,
			evidence.PredDeviceRegister, evidence.PredCompromise, evidence.PredAlias, evidence.PredReview,
		}},
		{evidence.RoleObserver, true, evidence.MLDSA65, []string{evidence.PredObservation}},
	}
}

// newRoot makes the keys of every role and of the logs, and the root that lists them.
func newRoot(ctx context.Context, ring *keyring.Ring, h Home, now time.Time) (evidence.Root, error) {
	root := evidence.Root{
		Header: evidence.Header{Author: h.Org, Issued: now},
		Kind:   h.Kind, Version: 1, Expires: now.Add(rootLifetime), Test: h.Lab,
		Witness: evidence.Witness{Keys: []string{}},
	}
	for _, spec := range roleSpecs(h.Kind) {
		if ctx.Err() != nil { // a role's key file takes a second
			return root, fault.New(fault.Interrupted, "interrupted before the home was made")
		}
		keys, err := newRoleKeys(ctx, ring, spec)
		if err != nil {
			return root, err
		}
		role := evidence.Role{
			Name: spec.name, Predicates: spec.predicates,
			Thresholds: evidence.Thresholds{Classical: 1, PostQuantum: 1},
		}
		for _, k := range keys {
			root.Keys = append(root.Keys, evidence.RootKey{ID: k.ID, SPKI: k.SPKI, Holder: h.Org})
			role.Keys = append(role.Keys, k.ID)
		}
		root.Roles = append(root.Roles, role)
	}
	house, err := ring.NewHouseLog(houseOrigin(h.Org))
	if err != nil {
		return root, err
	}
	root.Logs = append(root.Logs, evidence.Log{Purpose: evidence.LogHouse, LogIdentity: house})
	if h.Kind == evidence.Maker {
		public, err := ring.NewLog(ctx, publicationOrigin(h.Org))
		if err != nil {
			return root, err
		}
		root.Logs = append(root.Logs, evidence.Log{Purpose: evidence.LogPublication, LogIdentity: public})
	}
	return root, nil
}

func newRoleKeys(ctx context.Context, ring *keyring.Ring, spec roleSpec) ([]evidence.Key, error) {
	if spec.machine {
		return ring.NewMachineRole(spec.name, evidence.Ed25519, spec.pq)
	}
	return ring.NewRole(ctx, spec.name, evidence.Ed25519, spec.pq)
}
