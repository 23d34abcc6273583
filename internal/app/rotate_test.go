package app

import (
	"errors"
	"os"
	"path/filepath"
	stdsync "sync"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// After a rotation the new keys sign, what the old keys signed stays verified, a hospital follows by its
// next sync without confirming again, and the old keys sign nothing new.
func TestRotateTrust(t *testing.T) {
	t.Parallel()
	c := newHand()
	acme, house := newHouse(t, c, "acme", evidence.Maker), newHouse(t, c, "st-elsewhere", evidence.Hospital)
	repo := filepath.Join(t.TempDir(), "repo")
	first, second := file(t, "one.bin", "one", 1000), file(t, "two.bin", "two", 1000)
	add(t, acme, "1", first)
	publish(t, acme, repo)
	trust(t, house, acme)
	sync(t, house, repo)
	oldSigners, err := acme.ring.Signers(t.Context(), evidence.RoleRelease)
	if err != nil {
		t.Fatal(err)
	}

	for _, role := range []string{evidence.RoleRelease, evidence.RoleRoot, evidence.RoleRelease} {
		if _, err := acme.RotateTrust(t.Context(), role); err != nil {
			t.Fatalf("rotate %s: %v", role, err)
		}
	}
	acme = reopen(t, acme.opt) // a new process finds the keys that are in force
	add(t, acme, "2", second)
	publish(t, acme, repo)
	sync(t, house, repo)
	for _, f := range []string{first, second} {
		if v := verdict(t, house, f); v.Verdict != model.Verified {
			t.Errorf("%s is %s after the rotation: %v", f, v.Verdict, v.Why)
		}
	}
	infos, err := house.Trusted(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if infos[0].Org != "acme" || infos[0].Version != 4 || !infos[0].Confirmed {
		t.Errorf("the hospital holds %+v, want version 4 of acme, confirmed", infos[0])
	}
	if _, err := house.VerifyLogs(t.Context(), nil); err != nil {
		t.Error(err)
	}

	payload := hostile(t, evidence.PredReleaseSet, "acme", c.Now(), model.DigestOf([]byte("g")), model.DigestOf([]byte("b")), model.Subject{})
	env, err := evidence.Sign(payload, oldSigners...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bring(t.Context(), house, env, false); !errors.Is(err, fault.PolicyNotMet) {
		t.Errorf("the retired keys sign something new: %v", err)
	}
}

// With the root keys moved away everything works but a rotation, which changes nothing then.
func TestRotateNeedsTheRootKeys(t *testing.T) {
	t.Parallel()
	acme := newHouse(t, newHand(), "acme", evidence.Maker)
	if err := os.Rename(acme.OfflineDir(), filepath.Join(t.TempDir(), "safe")); err != nil {
		t.Fatal(err)
	}
	acme = reopen(t, acme.opt)
	if _, err := acme.RotateTrust(t.Context(), evidence.RoleRelease); !errors.Is(err, fault.KeyMissing) {
		t.Errorf("rotation without the root keys: %v", err)
	}
	add(t, acme, "1", file(t, "one.bin", "one", 1000))
	publish(t, acme, filepath.Join(t.TempDir(), "repo"))
}

// A rotation that is cut short leaves keys that no root lists. A rotation of another role must not bring
// them into force, or the first role could sign nothing any more.
func TestRotationCutShort(t *testing.T) {
	t.Parallel()
	acme := newHouse(t, newHand(), "acme", evidence.Maker)
	opt := acme.opt
	commits := &counter{}
	opt.Store.Driver = faultyDriver{commits}
	broken := reopen(t, opt)
	commits.failAt = len(commits.ops()) + 2 // BEGIN, and the first write
	if _, err := broken.RotateTrust(t.Context(), evidence.RoleRelease); !errors.Is(err, errInjected) {
		t.Fatalf("the rotation was to fail: %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(opt.Dir, "keys", "release.v2.*")); err != nil || len(left) != 1 {
		t.Fatalf("the rotation left %v, %v", left, err)
	}
	if _, err := reopen(t, acme.opt).RotateTrust(t.Context(), evidence.RoleRecall); err != nil {
		t.Fatal(err)
	}
	acme = reopen(t, acme.opt)
	pump := file(t, "pump.bin", "pump", 1000)
	add(t, acme, "1", pump)
	if _, err := acme.Withdraw(t.Context(), product(t, "acme/pump-7"), "1", "battery"); err != nil {
		t.Error(err)
	}
	size(t, acme)
}

// Two rotations at once take turns: the keys that the root lists are those that lie in the home.
func TestTwoRotations(t *testing.T) {
	t.Parallel()
	acme := newHouse(t, newHand(), "acme", evidence.Maker)
	opt := acme.opt
	opt.Store.Wait = time.Minute
	var wg stdsync.WaitGroup
	for range 2 {
		a := reopen(t, opt)
		wg.Go(func() {
			if _, err := a.RotateTrust(t.Context(), evidence.RoleRelease); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	acme = reopen(t, opt)
	add(t, acme, "1", file(t, "pump.bin", "pump", 1000))
	if info, err := acme.Trusted(t.Context()); err != nil || info[0].Version != 3 {
		t.Errorf("after two rotations %+v, %v", info, err)
	}
	size(t, acme)
}
