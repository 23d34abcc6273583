package evidence_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

var stolen = time.Date(2026, 11, 10, 0, 0, 0, 0, time.UTC) // T of these tests

func stamp(t time.Time) string { return t.Format(time.RFC3339) }

// accuse says that a key is compromised.
func (a *actor) accuse(t *testing.T, role string, key model.Subject, since string) evidence.Envelope {
	t.Helper()
	c := evidence.Compromise{Header: evidence.Header{Author: a.root.Author, Issued: issued}, Key: key, Since: since, Reason: "laptop stolen"}
	return sign(t, payload(t, evidence.PredCompromise, c, key), a.pens[role]...)
}

// take verifies a compromise and adds it.
func take(t *testing.T, roots *evidence.Roots, c *evidence.Compromises, env evidence.Envelope) evidence.Verified {
	t.Helper()
	v, err := roots.Verify(env)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Add(v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSuspectAroundT(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	key := w.acme.key(evidence.RoleRelease, 0)
	var c evidence.Compromises
	if c.Suspect(key, time.Time{}) || c.SuspectFor("acme", key, time.Time{}) {
		t.Fatal("suspect before anybody said so")
	}
	take(t, w.roots, &c, w.acme.accuse(t, evidence.RoleRecall, key, stamp(stolen)))
	other := w.acme.key(evidence.RoleRelease, 1)
	for _, tc := range []struct {
		name string
		key  model.Subject
		held time.Time
		want bool
	}{
		{"held long before", key, stolen.AddDate(-1, 0, 0), false},
		{"held a moment before", key, stolen.Add(-1), false},
		{"held at T", key, stolen, true},
		{"held after", key, stolen.Add(time.Second), true},
		{"held before, told in another zone", key, stolen.Add(-time.Second).In(time.FixedZone("", 12*3600)), false},
		{"no independent time", key, time.Time{}, true},
		{"another key", other, stolen.Add(time.Hour), false},
	} {
		if got := c.Suspect(tc.key, tc.held); got != tc.want {
			t.Errorf("%s: suspect is %v", tc.name, got)
		}
		if got := c.SuspectFor("acme", tc.key, tc.held); got != tc.want {
			t.Errorf("%s: suspect for its owner is %v", tc.name, got)
		}
	}
}

// T moves back, never forward, in whatever order the statements come.
func TestTMovesBackOnly(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	key := w.acme.key(evidence.RoleRelease, 0)
	week := 7 * 24 * time.Hour
	earlier := w.acme.accuse(t, evidence.RoleRecall, key, stamp(stolen.Add(-week)))
	later := w.acme.accuse(t, evidence.RoleRoot, key, stamp(stolen.Add(week)))
	first := w.acme.accuse(t, evidence.RoleRecall, key, stamp(stolen))
	for name, order := range map[string][]evidence.Envelope{
		"forward first": {later, first, earlier}, "back first": {earlier, first, later}, "twice": {first, earlier, earlier},
	} {
		var c evidence.Compromises
		for _, env := range order {
			take(t, w.roots, &c, env)
		}
		if c.Suspect(key, stolen.Add(-week-time.Second)) || !c.Suspect(key, stolen.Add(-week)) {
			t.Errorf("%s: T is not the earliest", name)
		}
		if len(c.Of(key)) != len(order) {
			t.Errorf("%s: %d statements are kept of %d", name, len(c.Of(key)), len(order))
		}
	}
	var c evidence.Compromises
	take(t, w.roots, &c, earlier)
	take(t, w.roots, &c, w.acme.accuse(t, evidence.RoleRecall, key, evidence.SinceUnknown))
	take(t, w.roots, &c, later)
	if !c.Suspect(key, stolen.AddDate(-50, 0, 0)) {
		t.Error("an unknown time is not earlier than all")
	}
}

func TestStands(t *testing.T) {
	t.Parallel()
	a := cast(t, "acme", evidence.Maker, evidence.RoleRoot, evidence.RoleRecall)
	var classical, quantum []pen
	for range 3 {
		classical, quantum = append(classical, newPen(t, evidence.Ed25519)), append(quantum, newPen(t, evidence.MLDSA65))
	}
	a.role(evidence.RoleRelease, evidence.Thresholds{Classical: 2, PostQuantum: 2}, slices.Concat(classical, quantum)...)
	a.seal(t)
	ward := cast(t, "ward", evidence.Hospital, hospitalRoles...)
	roots := evidence.NewRoots("ward", a.trusted(), ward.trusted())
	body := payload(t, evidence.PredHead, evidence.Header{Author: "acme", Issued: issued}, subject(t, "org:acme"))
	signed := func(pens ...pen) evidence.Verified {
		v, err := roots.Verify(sign(t, body, pens...))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	three := signed(slices.Concat(classical, quantum)...)
	two := signed(slices.Concat(classical[:2], quantum[:2])...)
	accused := func(keys ...pen) *evidence.Compromises {
		c := &evidence.Compromises{}
		for _, k := range keys {
			take(t, roots, c, a.accuse(t, evidence.RoleRecall, k.key.ID, stamp(stolen)))
		}
		return c
	}
	after, before := stolen.Add(time.Hour), stolen.Add(-time.Hour)
	for _, tc := range []struct {
		name string
		v    evidence.Verified
		held time.Time
		c    *evidence.Compromises
		want bool
	}{
		{"nobody accused", two, after, accused(), true},
		{"three of three, one accused", three, after, accused(classical[0]), true},
		{"three of three, one of each accused", three, after, accused(classical[0], quantum[2]), true},
		{"three of three, two of one family accused", three, after, accused(quantum[0], quantum[1]), false},
		{"two of three, one accused", two, after, accused(classical[0]), false},
		{"two of three, the one that did not sign accused", two, after, accused(classical[2]), true},
		{"two of three, one accused, held before", two, before, accused(classical[0]), true},
		{"two of three, one accused, no time", two, time.Time{}, accused(classical[0]), false},
		{"three of three, one accused, no time", three, time.Time{}, accused(classical[0]), true},
	} {
		err := roots.Stands(tc.v, tc.held, tc.c)
		if (err == nil) != tc.want {
			t.Errorf("%s: %v", tc.name, err)
		}
		if err != nil && (!errors.Is(err, fault.Suspect) || !strings.Contains(err.Error(), "2026-11-10T00:00:00Z")) {
			t.Errorf("%s: %q does not say why", tc.name, err)
		}
	}
	// Weaker rules of an earlier root do not save it: the statement met those of version 2.
	weak := a.next()
	weak.root.Version = 1
	weak.root.Roles[2].Thresholds = evidence.Thresholds{Classical: 1, PostQuantum: 1}
	weak.seal(t)
	strong := weak.next()
	strong.root.Roles[2].Thresholds = evidence.Thresholds{Classical: 2, PostQuantum: 2}
	strong.seal(t)
	both := evidence.NewRoots("ward", weak.trusted(), strong.trusted())
	v, err := both.Verify(sign(t, body, slices.Concat(classical[:2], quantum[:2])...))
	if err != nil {
		t.Fatal(err)
	}
	if err := both.Stands(v, after, accused(classical[0])); !errors.Is(err, fault.Suspect) {
		t.Errorf("recounted under an earlier root: %v", err)
	}
	if err := evidence.NewRoots("ward").Stands(v, after, accused()); err == nil {
		t.Error("it stands under a root that is not held")
	}
}

// A key in a rival's root is not the rival's: anybody can list anybody's public key.
func TestRivalCannotAccuse(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	key := w.acme.key(evidence.RoleRelease, 0)
	k := w.acme.pens[evidence.RoleRelease][0].key
	aaa := cast(t, "aaa", evidence.Maker, makerRoles...)
	aaa.root.Keys = append(aaa.root.Keys, evidence.RootKey{ID: k.ID, SPKI: k.SPKI, Holder: "me"})
	aaa.root.Roles[1].Keys = append(aaa.root.Roles[1].Keys, k.ID)
	aaa.seal(t)
	roots := evidence.NewRoots("ward", w.house.trusted(), w.acme.trusted(), aaa.trusted())
	theirs, err := roots.Verify(w.acme.say(t, evidence.RoleRelease, evidence.PredHead, subject(t, "org:acme")))
	if err != nil {
		t.Fatal(err)
	}
	var c evidence.Compromises
	take(t, roots, &c, aaa.accuse(t, evidence.RoleRecall, key, evidence.SinceUnknown))
	if err := roots.Stands(theirs, issued, &c); err != nil {
		t.Errorf("a rival brought down the maker's statement: %v", err)
	}
	if c.SuspectFor("acme", key, issued) || !c.SuspectFor("aaa", key, issued) {
		t.Error("a compromise reaches other statements than its author's")
	}
	// The owner's own word counts though the key is listed twice, and so does the house's.
	take(t, roots, &c, w.acme.accuse(t, evidence.RoleRecall, key, stamp(stolen)))
	if err := roots.Stands(theirs, stolen, &c); !errors.Is(err, fault.Suspect) || strings.Contains(err.Error(), "unknown") {
		t.Errorf("the owner's word: %v", err)
	}
	if err := roots.Stands(theirs, stolen.Add(-1), &c); err != nil {
		t.Errorf("held before the owner's T: %v", err)
	}
	take(t, roots, &c, w.house.accuse(t, evidence.RoleHouse, key, evidence.SinceUnknown))
	if err := roots.Stands(theirs, stolen.Add(-1), &c); !errors.Is(err, fault.Suspect) || !strings.Contains(err.Error(), "an unknown time") {
		t.Errorf("the house's earlier T: %v", err)
	}
}

// Claims change nothing: another maker, another hospital, the wrong role, the key itself.
func TestClaimsAccuseNobody(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	key := w.acme.key(evidence.RoleRelease, 0)
	recall := w.acme.key(evidence.RoleRecall, 0)
	var c evidence.Compromises
	for name, env := range map[string]evidence.Envelope{
		"another maker":        w.rival.accuse(t, evidence.RoleRecall, key, evidence.SinceUnknown),
		"another hospital":     w.clinic.accuse(t, evidence.RoleHouse, key, evidence.SinceUnknown),
		"the release role":     w.acme.accuse(t, evidence.RoleRelease, key, evidence.SinceUnknown),
		"this house, observer": w.house.accuse(t, evidence.RoleObserver, key, evidence.SinceUnknown),
		"the key itself":       w.acme.accuse(t, evidence.RoleRecall, recall, evidence.SinceUnknown),
	} {
		if v := take(t, w.roots, &c, env); v.Effect != evidence.Claim {
			t.Errorf("%s: %s", name, v.Effect)
		}
	}
	for _, k := range []model.Subject{key, recall} {
		if c.Suspect(k, time.Time{}) || len(c.Of(k)) != 0 {
			t.Errorf("key %s is suspect by a claim", k)
		}
	}
	// What is no compromise is left out.
	take(t, w.roots, &c, w.house.say(t, evidence.RoleHouse, evidence.PredVouch, key))
	if len(c.Of(key)) != 0 {
		t.Error("a vouch is kept as a compromise")
	}
}

// The thief of one recall key of three cannot silence the other two by signing too.
func TestThiefCannotSilence(t *testing.T) {
	t.Parallel()
	a := cast(t, "acme", evidence.Maker, evidence.RoleRoot, evidence.RoleRelease)
	var pens []pen
	for i := range 6 {
		pens = append(pens, newPen(t, []evidence.Algorithm{evidence.Ed25519, evidence.MLDSA65}[i%2]))
	}
	a.role(evidence.RoleRecall, evidence.Thresholds{Classical: 2, PostQuantum: 2}, pens...)
	a.seal(t)
	roots := evidence.NewRoots("ward", a.trusted())
	accused := pens[0].key.ID
	body := payload(t, evidence.PredCompromise, evidence.Compromise{
		Header: evidence.Header{Author: "acme", Issued: issued}, Key: accused, Since: evidence.SinceUnknown,
	}, accused)
	for name, tc := range map[string]struct {
		pens []pen
		want evidence.Effect
	}{
		"without it":          {pens[1:], evidence.Fact},
		"with its signature":  {pens, evidence.Fact},
		"resting on it":       {pens[:4], evidence.Claim},
		"resting on it, root": {slices.Concat(pens[:4], a.pens[evidence.RoleRoot]), evidence.Fact},
	} {
		v, err := roots.Verify(sign(t, body, tc.pens...))
		if err != nil || v.Effect != tc.want {
			t.Errorf("%s: %s by %q (%s), error %v", name, v.Effect, v.Role, v.Reason, err)
		}
	}
}

func TestDecodeCompromise(t *testing.T) {
	t.Parallel()
	key, other := newPen(t, evidence.Ed25519).key.ID, newPen(t, evidence.Ed25519).key.ID
	h := evidence.Header{Author: "acme", Issued: issued}
	read := func(c evidence.Compromise, subjects ...model.Subject) (evidence.Compromise, error) {
		st, err := evidence.ParseStatement(payload(t, evidence.PredCompromise, c, subjects...))
		if err != nil {
			t.Fatal(err)
		}
		return evidence.DecodeCompromise(st)
	}
	for _, since := range []string{"unknown", "2026-11-10T00:00:00Z", "2026-11-10T02:00:00+02:00", "2026-11-10T00:00:00.000Z"} {
		c, err := read(evidence.Compromise{Header: h, Key: key, Since: since}, key)
		if err != nil {
			t.Errorf("since %q: %v", since, err)
			continue
		}
		at, known, err := c.SinceTime()
		if err != nil || known != (since != "unknown") || known && !at.Equal(stolen) || known && at.Location() != time.UTC {
			t.Errorf("since %q is read as %s, %v, %v", since, at, known, err)
		}
	}
	for _, since := range []string{"", "Unknown", "yesterday", "2026-11-10", "2026-13-01T00:00:00Z", "1762732800", strings.Repeat("9", 1<<20)} {
		if _, err := read(evidence.Compromise{Header: h, Key: key, Since: since}, key); !errors.Is(err, fault.BadEnvelope) {
			t.Errorf("since %.30q: %v", since, err)
		} else if len(err.Error()) > 1000 {
			t.Errorf("since %.30q: an error of %d bytes", since, len(err.Error()))
		}
	}
	for name, tc := range map[string]struct {
		key      model.Subject
		subjects []model.Subject
	}{
		"the body names another key":   {other, []model.Subject{key}},
		"two subjects":                 {key, []model.Subject{key, other}},
		"a key that is none":           {subject(t, "org:acme"), []model.Subject{subject(t, "org:acme")}},
		"no key in the body":           {model.Subject{}, []model.Subject{key}},
		"the same key twice":           {key, []model.Subject{key, key}},
		"an artifact in a key's place": {model.ArtifactOf(key.Digest()), []model.Subject{model.ArtifactOf(key.Digest())}},
	} {
		if _, err := read(evidence.Compromise{Header: h, Key: tc.key, Since: "unknown"}, tc.subjects...); !errors.Is(err, fault.BadEnvelope) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The earliest time is found by the clock and not by the alphabet.
func TestEarliestTimeIsTold(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	v, err := w.roots.Verify(w.acme.say(t, evidence.RoleRelease, evidence.PredHead, subject(t, "org:acme")))
	if err != nil {
		t.Fatal(err)
	}
	var c evidence.Compromises
	for _, since := range []string{"2026-11-10T00:00:00Z", "2026-11-10T01:00:00+14:00"} {
		take(t, w.roots, &c, w.acme.accuse(t, evidence.RoleRecall, w.acme.key(evidence.RoleRelease, 0), since))
	}
	if err := w.roots.Stands(v, issued, &c); !strings.Contains(fmt.Sprint(err), "since 2026-11-09T11:00:00Z") {
		t.Errorf("%v", err)
	}
}
