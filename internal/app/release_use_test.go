package app

import (
	"encoding/json/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/model"
)

// What was seen of each release, by day and verdict, is what the list of transfers has under the same filter, whether a
// survey answers or the home.
func TestUseOfReleases(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	body := elf(1, 5000)
	altered := elf(1, 5000)
	altered[4000] ^= 1
	day := 24 * time.Hour
	mustSee(t, w.house, capture(t,
		download("10.0.0.10", host, "pump-1.0.0.bin", body, wireTime()),
		download("10.0.0.11", host, "pump-1.0.0.bin", body, wireTime().Add(time.Hour)),
		download("10.0.0.10", host, "pump-1.0.0.bin", altered, wireTime().Add(2*time.Hour)),
		download("10.0.0.12", host, "pump-1.0.0.bin", body, wireTime().Add(3*day)),
		download("10.0.0.13", host, "other.bin", elf(7, 5000), wireTime().Add(3*day+time.Hour)),
	))
	s, err := w.house.Survey(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	use, err := s.Use()
	if err != nil || len(use) != 3 {
		t.Fatalf("%+v, error %v", use, err)
	}
	one, err := model.ReleaseOf("acme", product(t, "acme/pump-7"), "1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	want := []ReleaseUse{
		{one, product(t, "acme/pump-7"), "2026-11-19", model.Altered, 1},
		{one, product(t, "acme/pump-7"), "2026-11-19", model.Verified, 2},
		{one, product(t, "acme/pump-7"), "2026-11-22", model.Verified, 1},
	}
	for i, u := range use {
		if u != want[i] {
			t.Errorf("%+v, want %+v", u, want[i])
		}
	}
	for _, c := range []struct {
		only TransferFilter
		n    int
	}{
		{TransferFilter{}, 5},
		{TransferFilter{Release: one}, 4},
		{TransferFilter{Product: product(t, "acme/pump-7")}, 4},
		{TransferFilter{Product: product(t, "acme/pump-8")}, 0},
		{TransferFilter{Release: one, Verdict: model.Verified}, 3},
		{TransferFilter{Release: one, Verdict: model.Verified, From: "2026-11-19", To: "2026-11-19"}, 2},
		{TransferFilter{From: "2026-11-20"}, 2},
		{TransferFilter{To: "2026-11-21"}, 3},
		{TransferFilter{From: "2026-11-20", To: "2026-11-21"}, 0},
	} {
		list, n, err := w.house.Transfers(t.Context(), c.only, 0, 10)
		_, m, serr := s.Transfers(t.Context(), c.only, 0, 10)
		if err != nil || serr != nil || n != c.n || m != c.n || len(list) != c.n {
			t.Errorf("%+v: %d by the home and %d by the survey, want %d; errors %v and %v", c.only, n, m, c.n, err, serr)
		}
	}
}

// A house tells when what it rests on was signed and ends, who took a release back, and whose keys sign what.
func TestWhoSignsAndWhatEnds(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	file := filepath.Join(t.TempDir(), "dvd.bin")
	if err := os.WriteFile(file, elf(5, 3000), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, days := range []time.Duration{20, 10} {
		if _, err := w.house.Vouch(t.Context(), VouchDraft{File: file, Product: product(t, "acme/pump-7"), Version: days.String(), Source: "DVD", For: days * 24 * time.Hour}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.house.Withdraw(t.Context(), product(t, "acme/pump-7"), "1.0.0", "wait for the ward"); err != nil {
		t.Fatal(err)
	}
	has, err := w.house.Overview(t.Context())
	if err != nil || len(has.Vouches) != 2 || !has.Vouches[0].Expires.Equal(w.c.at.Add(10*24*time.Hour)) || len(has.Copies) != 1 || has.Copies[0].Head.Before(w.c.at) {
		t.Errorf("%+v, error %v", has, err)
	}
	list, err := w.house.Releases(t.Context())
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, error %v", list, err)
	}
	r := list[0]
	if r.Withdrawn == nil || r.Withdrawn.By != "mercy" || r.Withdrawn.Reason != "wait for the ward" || !r.Withdrawn.HeldAt.Equal(w.c.at) || r.State != "held" ||
		!r.Logged || r.Issued.IsZero() || r.HeldAt.IsZero() || len(r.Hosts) != 1 {
		t.Errorf("%+v, %+v", r, r.Withdrawn)
	}
	if body, err := json.Marshal(r); err != nil || !strings.Contains(string(body), `"withdrawn":{"by":"mercy","reason":"wait for the ward"`) {
		t.Errorf("%s, error %v", body, err)
	}
	roles, err := w.house.Signers(t.Context())
	if err != nil || len(roles) != 6 {
		t.Fatalf("%d roles, error %v", len(roles), err)
	}
	for _, s := range roles {
		if len(s.Keys) != 2 || s.Needed != (evidence.Thresholds{Classical: 1, PostQuantum: 1}) || s.Keys[0].Role != s.Role || s.Keys[0].Org != s.Org || len(s.Predicates) == 0 {
			t.Errorf("%+v", s)
		}
	}
}
