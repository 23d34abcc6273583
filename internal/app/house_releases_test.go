package app

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/model"
)

func contains(t *testing.T, a *App, name, text string) bool {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(a.opt.Dir, name))
	return err == nil && bytes.Contains(b, []byte(text))
}

// What a hospital writes itself, such as a drug library for somebody's pump, is verified in its own house
// as its own, and in no other, also where its root is trusted.
func TestHospitalsOwnRelease(t *testing.T) {
	t.Parallel()
	c := newHand()
	house, other := newHouse(t, c, "mercy", evidence.Hospital), newHouse(t, c, "other", evidence.Hospital)
	trust(t, other, house)
	drugs := file(t, "drugs.xml", "<drug/>", 1000)
	said, err := house.AddRelease(t.Context(), Draft{Product: product(t, "acme/pump-7"), Version: "12", Kind: "library", Files: []string{drugs}})
	if err != nil {
		t.Fatal(err)
	}
	want(t, house, drugs, model.Verified, "this house signed these bytes as release:mercy/acme%2Fpump-7/12")
	if v := verdict(t, house, drugs); v.Publisher != "mercy" || said.Role != evidence.RoleHouse {
		t.Errorf("published by %s, signed by role %s", v.Publisher, said.Role)
	}
	e, err := bring(t.Context(), other, envelope(t, house, said.Statement), true)
	if err != nil || e.v.Effect != evidence.Claim {
		t.Errorf("in another house it is %v: %v", e.v.Effect, err)
	}
	want(t, other, drugs, model.Unknown, "no organisation that this house trusts has signed these bytes")

	if _, err := house.Withdraw(t.Context(), product(t, "acme/pump-7"), "12", "a dose is wrong"); err != nil {
		t.Fatal(err)
	}
	want(t, house, drugs, model.Withdrawn, "a dose is wrong")
}

// A vouch is this house's word until it expires, or until the maker signs.
func TestVouchEnds(t *testing.T) {
	t.Parallel()
	c := newHand()
	acme, house := newHouse(t, c, "acme", evidence.Maker), newHouse(t, c, "mercy", evidence.Hospital)
	trust(t, house, acme)
	pump, repo := file(t, "pump.bin", "pump", 1000), filepath.Join(t.TempDir(), "repo")
	if _, err := vouch(t.Context(), t, house, pump, "1"); err != nil {
		t.Fatal(err)
	}
	want(t, house, pump, model.Vouched, "received from: DVD")
	c.at = c.at.Add(48*time.Hour - time.Second)
	want(t, house, pump, model.Vouched, "")
	c.at = c.at.Add(time.Second)
	want(t, house, pump, model.Unknown, "expired on "+rfc(c.at))
	c.at = c.at.Add(time.Minute)
	if _, err := vouch(t.Context(), t, house, pump, "1"); err != nil {
		t.Fatal(err)
	}
	want(t, house, pump, model.Vouched, "received from: DVD")

	add(t, acme, "1", pump)
	publish(t, acme, repo)
	sync(t, house, repo)
	want(t, house, pump, model.Verified, "replaces the vouch of this house")
}

// A hospital holds a maker's release in its own house.
func TestHospitalHoldsARelease(t *testing.T) {
	t.Parallel()
	s := steal(t)
	other := newHouse(t, s.c, "other", evidence.Hospital)
	trust(t, other, s.acme)
	trust(t, other, s.house)
	sync(t, other, s.repo)
	said, err := s.house.Withdraw(t.Context(), product(t, "acme/pump-7"), "2", "not before the night shift")
	if err != nil {
		t.Fatal(err)
	}
	want(t, s.house, s.new, model.Withdrawn, "this house holds back")
	want(t, s.house, s.old, model.Verified, "")
	if _, err := bring(t.Context(), other, envelope(t, s.house, said.Statement), true); err != nil {
		t.Fatal(err)
	}
	want(t, other, s.new, model.Verified, "")
}
