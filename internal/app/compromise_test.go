package app

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// keyOf returns a role's key of one family.
func keyOf(t *testing.T, a *App, org, role string, family evidence.Family) model.Subject {
	t.Helper()
	keys, err := a.Keys(t.Context(), org)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(keys, func(k KeyInfo) bool { return k.Role == role && k.Family == family })
	if i < 0 {
		t.Fatalf("%s has no %s key in role %s", org, family, role)
	}
	return keys[i].Key
}

func compromised(t *testing.T, a *App, key model.Subject, since string) Said {
	t.Helper()
	s, err := a.Compromise(t.Context(), key, since, "laptop stolen")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// want checks the verdict on a file, what the command would exit with, and that the reasons say so.
func want(t *testing.T, a *App, path string, verd model.Verdict, saying string) {
	t.Helper()
	v := verdict(t, a, path)
	if v.Verdict != verd || !strings.Contains(strings.Join(v.Why, "\n"), saying) {
		t.Errorf("in the house of %s %s is %s, want %s and %q: %q", a.home.Org, filepath.Base(path), v.Verdict, verd, saying, v.Why)
	}
	good := verd == model.Verified || verd == model.Vouched
	if got := fault.ExitOf(v.Err()); good != (v.Err() == nil) || !good && got != 11 {
		t.Errorf("%s of %s exits with %d: %v", verd, filepath.Base(path), got, v.Err())
	}
}

// theft is a maker with a release from before a key was stolen and one from after, and a hospital that
// held each soon after it was published.
type theft struct {
	c           *hand
	acme, house *App
	repo        string
	old, new    string    // files
	at          time.Time // of the theft
}

func steal(t *testing.T) theft {
	t.Helper()
	c := newHand()
	s := theft{
		c: c, acme: newHouse(t, c, "acme", evidence.Maker), house: newHouse(t, c, "mercy", evidence.Hospital),
		repo: filepath.Join(t.TempDir(), "repo"), old: file(t, "old.bin", "old", 1000), new: file(t, "new.bin", "new", 1000),
		at: c.at.Add(time.Hour),
	}
	trust(t, s.house, s.acme)
	add(t, s.acme, "1", s.old)
	s.meet(t, s.house)
	c.at = s.at.Add(time.Hour)
	add(t, s.acme, "2", s.new)
	s.meet(t, s.house)
	c.at = c.at.Add(time.Hour)
	want(t, s.house, s.old, model.Verified, "signed these bytes")
	want(t, s.house, s.new, model.Verified, "signed these bytes")
	return s
}

// meet publishes what acme has to say and brings it into a house.
func (s theft) meet(t *testing.T, a *App) {
	t.Helper()
	publish(t, s.acme, s.repo)
	sync(t, a, s.repo)
}

func rfc(at time.Time) string { return at.Format(time.RFC3339) }

// A key of either family is stolen: what this house held before T stays, what it held after does not,
// and a house that has no time of its own from before T has nothing to go by.
func TestHeldBeforeAndAfterTheTheft(t *testing.T) {
	t.Parallel()
	for _, family := range []evidence.Family{evidence.Classical, evidence.PostQuantum} {
		t.Run(string(family), func(t *testing.T) {
			t.Parallel()
			s := steal(t)
			key := keyOf(t, s.acme, "acme", evidence.RoleRelease, family)
			if said := compromised(t, s.acme, key, rfc(s.at)); said.Role != evidence.RoleRecall {
				t.Errorf("the maker speaks by role %s", said.Role)
			}
			want(t, s.house, s.new, model.Verified, "") // it has not been told yet
			s.meet(t, s.house)
			want(t, s.house, s.old, model.Verified, "signed these bytes")
			want(t, s.house, s.new, model.Unknown, "does not count: it rests on "+key.String()+", which is said to be compromised since "+rfc(s.at))

			late := newHouse(t, s.c, "late", evidence.Hospital)
			trust(t, late, s.acme)
			sync(t, late, s.repo)
			want(t, late, s.old, model.Unknown, "first held it at "+rfc(s.c.at))
			want(t, late, s.new, model.Unknown, "compromised since")

			list, err := s.house.Releases(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(list) != 2 || list[0].State != "current" || list[1].State != "suspect" {
				t.Errorf("the releases are %+v", list)
			}
		})
	}
}

// T may move back and never forward, and when it is not known all that the key signed is suspect.
func TestTheTimeOfATheftMovesBackOnly(t *testing.T) {
	t.Parallel()
	s := steal(t)
	key := keyOf(t, s.acme, "acme", evidence.RoleRelease, evidence.Classical)
	compromised(t, s.acme, key, rfc(s.at))
	s.c.at = s.c.at.Add(time.Minute)
	compromised(t, s.acme, key, rfc(s.at.Add(100*time.Hour)))
	s.meet(t, s.house)
	want(t, s.house, s.old, model.Verified, "")
	want(t, s.house, s.new, model.Unknown, "compromised since "+rfc(s.at))
	compromised(t, s.acme, key, "unknown")
	s.meet(t, s.house)
	want(t, s.house, s.old, model.Unknown, "compromised since an unknown time")
	want(t, s.house, s.new, model.Unknown, "compromised since an unknown time")
	if _, err := s.acme.Compromise(t.Context(), key, "yesterday", ""); fault.ExitOf(err) != 2 {
		t.Errorf("a time that cannot be read: %v", err)
	}
}

// A hospital may take an earlier T for its own house, and for no other.
func TestAnEarlierTimeInOneHouse(t *testing.T) {
	t.Parallel()
	s := steal(t)
	other := newHouse(t, &hand{s.at.Add(-time.Minute)}, "other", evidence.Hospital)
	trust(t, other, s.acme)
	sync(t, other, s.repo)
	trust(t, other, s.house)
	key := keyOf(t, s.acme, "acme", evidence.RoleRelease, evidence.PostQuantum)
	compromised(t, s.acme, key, rfc(s.at))
	s.meet(t, s.house)
	s.meet(t, other)
	want(t, s.house, s.old, model.Verified, "")
	said := compromised(t, s.house, key, rfc(s.at.Add(-50*time.Hour)))
	if said.Role != evidence.RoleHouse {
		t.Errorf("the hospital speaks by role %s", said.Role)
	}
	want(t, s.house, s.old, model.Unknown, "compromised since "+rfc(s.at.Add(-50*time.Hour)))
	want(t, other, s.old, model.Verified, "")
	if e, err := bring(t.Context(), other, envelope(t, s.house, said.Statement), true); err != nil || e.v.Effect != evidence.Claim {
		t.Errorf("in another house the hospital's word is %v: %v", e.v.Effect, err)
	}
	want(t, other, s.old, model.Verified, "")
}

// A key never accuses itself; the root role speaks about the recall keys, and what they took back since
// is good again.
func TestRecallKeys(t *testing.T) {
	t.Parallel()
	s := steal(t)
	pump := product(t, "acme/pump-7")
	if _, err := s.acme.Withdraw(t.Context(), pump, "1", "because a thief says so"); err != nil {
		t.Fatal(err)
	}
	s.meet(t, s.house)
	want(t, s.house, s.old, model.Withdrawn, "a thief says so")

	key := keyOf(t, s.acme, "acme", evidence.RoleRecall, evidence.Classical)
	body := evidence.Compromise{Header: s.acme.header(), Key: key, Since: "unknown"}
	payload, err := evidence.NewPayload(evidence.PredCompromise, body, key)
	if err != nil {
		t.Fatal(err)
	}
	env, err := s.acme.sign(t.Context(), evidence.RoleRecall, payload)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.acme.say(t.Context(), evidence.RoleRecall, payload); fault.CodeOf(err) != fault.NotOwner {
		t.Errorf("in its own house the recall key accuses itself: %v", err)
	}
	for _, a := range []*App{s.acme, s.house} {
		e, err := bring(t.Context(), a, env, true)
		if err != nil || e.v.Effect != evidence.Claim || !strings.Contains(e.v.Reason, "a key cannot say of itself") {
			t.Errorf("the recall key accuses itself in the house of %s: %v %q, %v", a.home.Org, e.v.Effect, e.v.Reason, err)
		}
	}
	want(t, s.house, s.old, model.Withdrawn, "a thief says so")

	s.c.at = s.c.at.Add(time.Minute)
	if said := compromised(t, s.acme, key, rfc(s.at)); said.Role != evidence.RoleRoot {
		t.Errorf("the recall keys are spoken about by role %s", said.Role)
	}
	s.meet(t, s.house)
	want(t, s.house, s.old, model.Verified, "does not count")
}

// What a stolen half of the release role reaches, and what both halves reach, by the real trust root.
func TestRadiusOfTheReleaseRole(t *testing.T) {
	t.Parallel()
	s := steal(t)
	classical := keyOf(t, s.house, "acme", evidence.RoleRelease, evidence.Classical)
	quantum := keyOf(t, s.house, "acme", evidence.RoleRelease, evidence.PostQuantum)
	recall := keyOf(t, s.house, "acme", evidence.RoleRecall, evidence.PostQuantum)
	targets := []string{"release:acme/pump-7/1", "release:acme/pump-7/2", "product:acme/pump-7"}
	for name, c := range map[string]struct {
		keys    []model.Subject
		reaches bool
	}{
		"the classical key":            {[]model.Subject{classical}, false},
		"the post-quantum key":         {[]model.Subject{quantum}, false},
		"a half of each of two roles":  {[]model.Subject{classical, recall}, false},
		"both":                         {[]model.Subject{classical, quantum}, true},
		"both and one of another role": {[]model.Subject{recall, quantum, classical}, true},
	} {
		r, err := answer(t, s.house, RadiusQuery{Sources: c.keys, Harm: model.Integrity})
		if err != nil {
			t.Fatal(err)
		}
		var certain []string
		for _, x := range r.Reached {
			if slices.Contains(targets, x.Subject.String()) {
				certain = append(certain, string(x.Certainty))
				if first := x.Path[0].From; !slices.Contains(c.keys, first) || len(x.Path) < 4 {
					t.Errorf("%s: the path to %s begins at %s and has %d steps", name, x.Subject, first, len(x.Path))
				}
			}
		}
		if c.reaches != (len(certain) == len(targets)) || !c.reaches && len(certain) > 0 || slices.Contains(certain, "possible") {
			t.Errorf("%s: of %v are reached %v", name, targets, certain)
		}
	}
}
