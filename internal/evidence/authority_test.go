package evidence_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// facts is the authority table written down a second time: "predicate kind role". What is not here has
// no effect, whatever a root says about itself.
var facts = []string{
	"trust-root maker root", "trust-root hospital root",
	"release-set maker release", "release-set hospital house",
	"withdrawal maker recall", "withdrawal hospital house",
	"head maker release",
	"vouch hospital house",
	"import hospital house",
	"device-register hospital house",
	"observation hospital observer",
	"review hospital house",
	"compromise maker recall", "compromise maker root", "compromise hospital house", "compromise hospital root",
}

// town is every party of the walk: a house that looks, a maker it is about, two more trusted parties.
type town struct {
	house, acme, rival, clinic *actor
	roots                      *evidence.Roots
}

func newTown(t *testing.T) town {
	t.Helper()
	w := town{
		house:  cast(t, "ward", evidence.Hospital, hospitalRoles...),
		acme:   cast(t, "acme", evidence.Maker, makerRoles...),
		rival:  cast(t, "rival", evidence.Maker, makerRoles...),
		clinic: cast(t, "clinic", evidence.Hospital, hospitalRoles...),
	}
	w.roots = evidence.NewRoots("ward", w.house.trusted(), w.acme.trusted(), w.rival.trusted(), w.clinic.trusted())
	return w
}

// about returns subjects for a predicate that the owner may speak about.
func about(t *testing.T, predicate string, owner *actor) []model.Subject {
	t.Helper()
	org := owner.root.Author
	switch predicate {
	case evidence.PredTrustRoot, evidence.PredHead, evidence.PredDeviceRegister:
		return []model.Subject{subject(t, "org:"+org)}
	case evidence.PredReleaseSet:
		return []model.Subject{
			subject(t, "release:"+org+"/pump/1"), subject(t, "product:"+org+"/pump"),
			model.ArtifactOf(model.DigestOf([]byte("firmware"))),
		}
	case evidence.PredWithdrawal, evidence.PredVouch, evidence.PredApproval, evidence.PredServing, evidence.PredInstallReport:
		return []model.Subject{subject(t, "release:"+org+"/pump/1")}
	case evidence.PredCompromise:
		role := evidence.RoleRelease
		if owner.root.Kind == evidence.Hospital {
			role = evidence.RoleObserver
		}
		return []model.Subject{owner.key(role, 0)}
	case evidence.PredReview:
		return []model.Subject{model.ArtifactOf(model.DigestOf([]byte("firmware"))), subject(t, "device:"+org+"/pump/SN-1")}
	}
	return []model.Subject{subject(t, "product:"+org+"/pump")}
}

func (w town) verify(t *testing.T, speaker *actor, role, predicate string, subjects ...model.Subject) (evidence.Verified, error) {
	t.Helper()
	v, err := w.roots.Verify(speaker.say(t, role, predicate, subjects...))
	if err == nil && (v.Reason == "" || v.Role != role || v.Header.Author != speaker.root.Author || v.Version != 1) {
		t.Errorf("%s by %s: %+v", predicate, role, v)
	}
	return v, err
}

// Each party says everything that can be said, under each of its roles, about its own things: only the
// rows of the table are facts.
func TestAuthorityOverOnesOwn(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	var seen []string
	for _, predicate := range evidence.Predicates() {
		for _, a := range []*actor{w.house, w.acme, w.clinic} {
			for _, role := range a.root.Roles {
				v, err := w.verify(t, a, role.Name, predicate, about(t, predicate, a)...)
				if err != nil {
					t.Fatalf("%s by %s of %s: %v", predicate, role.Name, a.root.Author, err)
				}
				row := fmt.Sprintf("%s %s %s", predicate, a.root.Kind, role.Name)
				want := slices.Contains(facts, row)
				if a == w.clinic && predicate != evidence.PredTrustRoot {
					want = false // another hospital speaks with effect in its own house only
				}
				if (v.Effect == evidence.Fact) != want {
					t.Errorf("%s of %s: %s (%s)", row, a.root.Author, v.Effect, v.Reason)
				}
				if v.Effect == evidence.Fact {
					seen = append(seen, row)
					if inHouse := a == w.house && predicate != evidence.PredTrustRoot; v.InHouse != inHouse {
						t.Errorf("%s of %s: in house is %v", row, a.root.Author, v.InHouse)
					}
				}
			}
		}
	}
	for _, row := range facts {
		if !slices.Contains(seen, row) {
			t.Errorf("nobody could say %q with effect", row)
		}
	}
}

// The same by trusted others about the maker's things, and by somebody unknown: never a fact.
func TestAuthorityOverOthers(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	unknown := cast(t, "nobody", evidence.Maker, makerRoles...)
	thief := cast(t, "acme", evidence.Maker, makerRoles...) // the right name under keys of its own
	for _, predicate := range evidence.Predicates() {
		subjects := about(t, predicate, w.acme)
		for _, a := range []*actor{w.rival, w.clinic} {
			for _, role := range a.root.Roles {
				v, err := w.verify(t, a, role.Name, predicate, subjects...)
				if err != nil || v.Effect != evidence.Claim {
					t.Errorf("%s by %s of %s: %s (%s), error %v", predicate, role.Name, a.root.Author, v.Effect, v.Reason, err)
				}
			}
		}
		for _, role := range makerRoles {
			if _, err := w.roots.Verify(unknown.say(t, role, predicate, subjects...)); !errors.Is(err, fault.UnknownOrg) {
				t.Errorf("%s by an unknown organisation: %v", predicate, err)
			}
			if _, err := w.roots.Verify(thief.say(t, role, predicate, subjects...)); !errors.Is(err, fault.PolicyNotMet) {
				t.Errorf("%s under a borrowed name: %v", predicate, err)
			}
		}
	}
}

// Each subject that is another's, beside one's own or alone, takes the effect away.
func TestAuthorityBySubject(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	file := model.ArtifactOf(model.DigestOf([]byte("the maker's firmware"))).String()
	for _, tc := range []struct {
		name      string
		speaker   *actor
		role      string
		predicate string
		subjects  []string
		want      evidence.Effect
	}{
		{"own release of bytes that another released", w.rival, evidence.RoleRelease, evidence.PredReleaseSet, []string{"release:rival/pump/1", "product:rival/pump", file}, evidence.Fact},
		{"own release for another's product", w.rival, evidence.RoleRelease, evidence.PredReleaseSet, []string{"release:rival/pump/1", "product:acme/pump", file}, evidence.Claim},
		{"own and another's release", w.rival, evidence.RoleRelease, evidence.PredReleaseSet, []string{"release:rival/pump/1", "release:acme/pump/1"}, evidence.Claim},
		{"a release set about bytes alone", w.rival, evidence.RoleRelease, evidence.PredReleaseSet, []string{file}, evidence.Claim},
		{"a release set about a product alone", w.acme, evidence.RoleRelease, evidence.PredReleaseSet, []string{"product:acme/pump"}, evidence.Claim},
		{"a release set about an organisation too", w.acme, evidence.RoleRelease, evidence.PredReleaseSet, []string{"release:acme/pump/1", "org:acme"}, evidence.Claim},
		{"a withdrawal of bytes alone", w.rival, evidence.RoleRecall, evidence.PredWithdrawal, []string{file}, evidence.Claim},
		{"a withdrawal of bytes beside one's own", w.rival, evidence.RoleRecall, evidence.PredWithdrawal, []string{"release:rival/pump/1", file}, evidence.Claim},
		{"a withdrawal of a product", w.acme, evidence.RoleRecall, evidence.PredWithdrawal, []string{"product:acme/pump"}, evidence.Claim},
		{"a head of another", w.rival, evidence.RoleRelease, evidence.PredHead, []string{"org:acme"}, evidence.Claim},
		{"a head of bytes", w.rival, evidence.RoleRelease, evidence.PredHead, []string{file}, evidence.Claim},
		{"a root of two", w.rival, evidence.RoleRoot, evidence.PredTrustRoot, []string{"org:rival", "org:acme"}, evidence.Claim},
		{"a root of bytes", w.rival, evidence.RoleRoot, evidence.PredTrustRoot, []string{file}, evidence.Claim},
		{"a compromise of bytes", w.house, evidence.RoleHouse, evidence.PredCompromise, []string{file}, evidence.Claim},
		{"the hospital's own library for a maker's product", w.house, evidence.RoleHouse, evidence.PredReleaseSet, []string{"release:ward/acme%2Fpump/1", "product:acme/pump", file}, evidence.Fact},
		{"the hospital in a maker's name", w.house, evidence.RoleHouse, evidence.PredReleaseSet, []string{"release:acme/pump/1", "product:acme/pump", file}, evidence.Claim},
		{"a hospital's release set about a product alone", w.house, evidence.RoleHouse, evidence.PredReleaseSet, []string{"product:acme/pump", file}, evidence.Claim},
		{"the hospital holds back a maker's release", w.house, evidence.RoleHouse, evidence.PredWithdrawal, []string{"release:acme/pump/1"}, evidence.Fact},
		{"the hospital holds back bytes", w.house, evidence.RoleHouse, evidence.PredWithdrawal, []string{file}, evidence.Fact},
		{"the hospital vouches for bytes", w.house, evidence.RoleHouse, evidence.PredVouch, []string{"release:acme/pump/1", "product:acme/pump", file}, evidence.Fact},
		{"another hospital vouches", w.clinic, evidence.RoleHouse, evidence.PredVouch, []string{"release:acme/pump/1"}, evidence.Claim},
		{"another hospital's own library", w.clinic, evidence.RoleHouse, evidence.PredReleaseSet, []string{"release:clinic/acme%2Fpump/1", file}, evidence.Claim},
		{"the observer vouches", w.house, evidence.RoleObserver, evidence.PredVouch, []string{"release:acme/pump/1"}, evidence.Claim},
		{"the hospital's own device list", w.house, evidence.RoleHouse, evidence.PredDeviceRegister, []string{"org:ward"}, evidence.Fact},
		{"a device list in another's name", w.house, evidence.RoleHouse, evidence.PredDeviceRegister, []string{"org:clinic"}, evidence.Claim},
		{"a device list about a maker too", w.house, evidence.RoleHouse, evidence.PredDeviceRegister, []string{"org:ward", "org:acme"}, evidence.Claim},
		{"a device list about a device alone", w.house, evidence.RoleHouse, evidence.PredDeviceRegister, []string{"device:acme/pump/1"}, evidence.Claim},
		{"another hospital's device list", w.clinic, evidence.RoleHouse, evidence.PredDeviceRegister, []string{"org:clinic"}, evidence.Claim},
		{"the observer lists devices", w.house, evidence.RoleObserver, evidence.PredDeviceRegister, []string{"org:ward"}, evidence.Claim},
		{"the root role lists devices", w.house, evidence.RoleRoot, evidence.PredDeviceRegister, []string{"org:ward"}, evidence.Claim},
		{"a maker lists the hospital's devices", w.acme, evidence.RoleRelease, evidence.PredDeviceRegister, []string{"org:ward"}, evidence.Claim},
		{"what the observer saw of anybody's device", w.house, evidence.RoleObserver, evidence.PredObservation, []string{"org:ward", "device:acme/pump/1"}, evidence.Fact},
		{"the house role observes", w.house, evidence.RoleHouse, evidence.PredObservation, []string{"org:ward"}, evidence.Claim},
		{"another hospital's observation", w.clinic, evidence.RoleObserver, evidence.PredObservation, []string{"org:clinic"}, evidence.Claim},
		{"a maker observes its own device", w.acme, evidence.RoleRelease, evidence.PredObservation, []string{"device:acme/pump/1"}, evidence.Claim},
		{"the hospital reviews what it saw of anybody's device", w.house, evidence.RoleHouse, evidence.PredReview, []string{file, "device:acme/pump/1"}, evidence.Fact},
		{"a review of bytes alone", w.house, evidence.RoleHouse, evidence.PredReview, []string{file}, evidence.Claim},
		{"the observer reviews", w.house, evidence.RoleObserver, evidence.PredReview, []string{"device:acme/pump/1"}, evidence.Claim},
		{"another hospital's review", w.clinic, evidence.RoleHouse, evidence.PredReview, []string{"device:acme/pump/1"}, evidence.Claim},
		{"a maker reviews its own device", w.acme, evidence.RoleRelease, evidence.PredReview, []string{"device:acme/pump/1"}, evidence.Claim},
		{"a maker with a prefix of the name", w.rival, evidence.RoleRelease, evidence.PredReleaseSet, []string{"release:rival.acme/pump/1"}, evidence.Claim},
	} {
		var subjects []model.Subject
		for _, s := range tc.subjects {
			subjects = append(subjects, subject(t, s))
		}
		v, err := w.verify(t, tc.speaker, tc.role, tc.predicate, subjects...)
		if err != nil || v.Effect != tc.want {
			t.Errorf("%s: %s (%s), error %v, want %s", tc.name, v.Effect, v.Reason, err, tc.want)
		}
	}
}

// A type that is only spelled like one of Cordon's has no effect.
func TestForeignTypeHasNoEffect(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	release := subject(t, "release:acme/pump/1")
	for _, typ := range []string{
		"https://example.org/release-set", "https://github.com/cordon-trust/cordon/predicate/release-set/v2", "x:release-set",
		"https://github.com/cordon-trust/cordon/predicate/release-set/v1/v1", "release-set",
	} {
		text := statementText(evidence.StatementType, typ,
			"["+subjectText(release.String(), "cordonSubject", model.DigestOf([]byte(release.String())).Hex())+"]",
			`{"author":"acme","issued":"2026-11-20T12:00:00Z"}`)
		v, err := w.roots.Verify(sign(t, []byte(text), w.acme.pens[evidence.RoleRelease]...))
		if err == nil && v.Effect != evidence.Claim {
			t.Errorf("%q is a %s", typ, v.Effect)
		}
	}
}

// A root that does not list a predicate for a role takes the effect away, though the table has it.
func TestRootMustListThePredicate(t *testing.T) {
	t.Parallel()
	a := cast(t, "acme", evidence.Maker, makerRoles...)
	a.root.Roles[1].Predicates = []string{evidence.PredHead}
	a.root.Roles[2].Predicates = nil
	a.seal(t)
	roots := evidence.NewRoots("ward", a.trusted())
	for predicate, role := range map[string]string{
		evidence.PredReleaseSet: evidence.RoleRelease, evidence.PredWithdrawal: evidence.RoleRecall, evidence.PredCompromise: evidence.RoleRecall,
	} {
		v, err := roots.Verify(a.say(t, role, predicate, about(t, predicate, a)...))
		if err != nil || v.Effect != evidence.Claim {
			t.Errorf("%s: %s, error %v", predicate, v.Effect, err)
		}
	}
	// Both recall, which may not, and root, which may, signed: the one that may speaks.
	key := a.key(evidence.RoleRelease, 0)
	both := sign(t, payload(t, evidence.PredCompromise, a.body(evidence.PredCompromise, []model.Subject{key}), key),
		slices.Concat(a.pens[evidence.RoleRecall], a.pens[evidence.RoleRoot])...)
	if v, err := roots.Verify(both); err != nil || v.Effect != evidence.Fact || v.Role != evidence.RoleRoot {
		t.Errorf("signed by both: %s by %q, error %v", v.Effect, v.Role, err)
	}
}

// A signature by a role that has no say, beside one by a role that has, changes nothing.
func TestWrongRoleBesideTheRightOne(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	env := w.acme.say(t, evidence.RoleRelease, evidence.PredReleaseSet, about(t, evidence.PredReleaseSet, w.acme)...)
	more := sign(t, env.Payload, slices.Concat(w.acme.pens[evidence.RoleRoot], w.rival.pens[evidence.RoleRelease])...)
	env.Signatures = slices.Concat(more.Signatures, env.Signatures)
	v, err := w.roots.Verify(env)
	if err != nil || v.Effect != evidence.Fact || v.Role != evidence.RoleRelease || len(v.Tally.Signatures) != 2 {
		t.Errorf("%s by %q with %d keys, error %v", v.Effect, v.Role, len(v.Tally.Signatures), err)
	}
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	env := w.acme.say(t, evidence.RoleRelease, evidence.PredHead, subject(t, "org:acme"))
	swapped := env
	swapped.Payload = w.acme.say(t, evidence.RoleRelease, evidence.PredHead, subject(t, "org:acme"), subject(t, "org:acme")).Payload
	if _, err := w.roots.Verify(swapped); !errors.Is(err, fault.PolicyNotMet) {
		t.Errorf("a swapped payload: %v", err)
	}
	for i := range env.Payload {
		bad := env
		bad.Payload = slices.Clone(env.Payload)
		bad.Payload[i] ^= 1
		if v, err := w.roots.Verify(bad); err == nil {
			t.Fatalf("byte %d changed: %s", i, v.Effect)
		}
	}
	many := env
	for range 32 {
		many.Signatures = append(many.Signatures, env.Signatures[0])
	}
	if _, err := w.roots.Verify(many); !errors.Is(err, fault.BadEnvelope) {
		t.Errorf("34 signatures: %v", err)
	}
	if _, err := w.roots.Verify(evidence.Envelope{}); !errors.Is(err, fault.BadEnvelope) {
		t.Errorf("the zero envelope: %v", err)
	}
	// The error speaks of the role that came nearest.
	half := w.acme.say(t, evidence.RoleRecall, evidence.PredApproval, subject(t, "org:acme"))
	half.Signatures = half.Signatures[:1]
	if _, err := w.roots.Verify(half); !errors.Is(err, fault.PolicyNotMet) || !strings.Contains(err.Error(), `role "recall"`) {
		t.Errorf("half of recall's signatures: %v", err)
	}
	// A root that nobody read has no keys: it refuses, and does not panic.
	empty := evidence.NewRoots("ward", evidence.Trusted{Root: evidence.Root{Header: evidence.Header{Author: "acme"}}})
	if _, err := empty.Verify(env); !errors.Is(err, fault.PolicyNotMet) {
		t.Errorf("an unread root: %v", err)
	}
}

func TestRootsInForce(t *testing.T) {
	t.Parallel()
	old := cast(t, "acme", evidence.Maker, makerRoles...)
	now := old.next()
	now.pens[evidence.RoleRelease] = []pen{newPen(t, evidence.Ed25519), newPen(t, evidence.MLDSA65)}
	for i, p := range now.pens[evidence.RoleRelease] {
		now.root.Keys[2+i] = evidence.RootKey{ID: p.key.ID, SPKI: p.key.SPKI, Holder: fmt.Sprint("new ", i)}
		now.root.Roles[1].Keys[i] = p.key.ID
	}
	now.seal(t)
	if err := old.root.Succeeds(now.root, now.env); err != nil {
		t.Fatal(err)
	}
	unconfirmed := now.trusted()
	unconfirmed.Confirmed = false
	roots := evidence.NewRoots("ward", old.trusted(), unconfirmed)
	if got, _ := roots.Of("acme"); got.Root.Version != 2 || len(roots.Versions("acme")) != 2 {
		t.Errorf("version %d of %d is in force", got.Root.Version, len(roots.Versions("acme")))
	}
	before := old.say(t, evidence.RoleRelease, evidence.PredHead, subject(t, "org:acme"))
	after := now.say(t, evidence.RoleRelease, evidence.PredHead, subject(t, "org:acme"))
	if _, err := roots.Verify(before); !errors.Is(err, fault.PolicyNotMet) {
		t.Errorf("a key that was rotated out signs on: %v", err)
	}
	earlier, err := roots.Again(before)
	if err != nil || earlier.Effect != evidence.Fact || earlier.Version != 1 || !earlier.Confirmed {
		t.Errorf("what was accepted earlier: %+v, error %v", earlier.Effect, err)
	}
	if err := roots.Stands(earlier, issued, &evidence.Compromises{}); err != nil {
		t.Errorf("what was accepted earlier does not stand: %v", err)
	}
	if v, err := roots.Verify(after); err != nil || v.Version != 2 || v.Confirmed {
		t.Errorf("under the new root: version %d, confirmed %v, error %v", v.Version, v.Confirmed, err)
	}
	stolen := old.key(evidence.RoleRelease, 0)
	if v, err := roots.Verify(now.say(t, evidence.RoleRecall, evidence.PredCompromise, stolen)); err != nil || v.Effect != evidence.Fact {
		t.Errorf("a compromise of the key that was rotated out: %s (%s), error %v", v.Effect, v.Reason, err)
	}
	if org, role, ok := roots.OwnerOf(stolen); !ok || org != "acme" || role != evidence.RoleRelease {
		t.Errorf("the key belongs to %q of %q, %v", role, org, ok)
	}
	if _, ok := roots.Of("rival"); ok {
		t.Error("a root that is not held is in force")
	}
}
