package evidence_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

func TestRootReads(t *testing.T) {
	t.Parallel()
	a := cast(t, "acme", evidence.Maker, makerRoles...)
	house, public := newTestLog(t, "acme/house"), newTestLog(t, "acme/publication")
	a.root.Logs = []evidence.Log{
		{Purpose: evidence.LogHouse, LogIdentity: house.id}, {Purpose: evidence.LogPublication, LogIdentity: public.id},
	}
	a.seal(t)
	if id, ok := a.root.Log(evidence.LogPublication); !ok || !cmp.Equal(id, public.id) {
		t.Errorf("publication log %+v", id)
	}
	var ids []string
	for _, id := range a.root.KeyIDs() {
		ids = append(ids, id.String())
		k, ok := a.root.Key(id)
		if !ok || k.ID != id || a.root.Holder(id) == "" || a.root.RoleOf(id) == "" {
			t.Errorf("key %s: %+v, holder %q, role %q", id, k, a.root.Holder(id), a.root.RoleOf(id))
		}
	}
	if !slices.IsSorted(ids) || len(ids) != 6 {
		t.Errorf("keys %q", ids)
	}
	stranger := newPen(t, evidence.Ed25519).key.ID
	if _, ok := a.root.Key(stranger); ok || a.root.RoleOf(stranger) != "" || a.root.Holder(stranger) != "" {
		t.Error("a key that is not in the root has a place in it")
	}
	if _, ok := a.root.Role("stranger"); ok {
		t.Error("a role that is not in the root is found")
	}
}

// vkeyOf writes an Ed25519 key as a log's.
func vkeyOf(t *testing.T, origin string, p pen) string {
	t.Helper()
	raw, ok := p.priv.Public().(ed25519.PublicKey)
	if !ok {
		t.Fatal("not an Ed25519 key")
	}
	vkey, err := note.NewEd25519VerifierKey(origin, raw)
	if err != nil {
		t.Fatal(err)
	}
	return vkey
}

func TestRootRefuses(t *testing.T) {
	t.Parallel()
	spare, extra := newPen(t, evidence.Ed25519), newPen(t, evidence.ECDSAP256)
	house, public := newTestLog(t, "acme/house"), newTestLog(t, "acme/publication")
	logs := func(l ...evidence.Log) func(*evidence.Root) { return func(r *evidence.Root) { r.Logs = l } }
	of := func(purpose, origin string, keys ...string) evidence.Log {
		return evidence.Log{Purpose: purpose, LogIdentity: evidence.LogIdentity{Origin: origin, Keys: keys}}
	}
	rootKey := func(r *evidence.Root) model.Subject { return r.Roles[0].Keys[0] }
	for name, change := range map[string]func(r *evidence.Root){
		"no author":            func(r *evidence.Root) { r.Author = "" },
		"author in capitals":   func(r *evidence.Root) { r.Author = "ACME" },
		"a long author":        func(r *evidence.Root) { r.Author = strings.Repeat("a", 1<<20) },
		"another kind":         func(r *evidence.Root) { r.Kind = "regulator" },
		"version 0":            func(r *evidence.Root) { r.Version = 0 },
		"version -1":           func(r *evidence.Root) { r.Version = -1 },
		"a version at the end": func(r *evidence.Root) { r.Version = 1<<63 - 1 },
		"expires first":        func(r *evidence.Root) { r.Expires = r.Issued },
		"never issued":         func(r *evidence.Root) { r.Issued = time.Time{} },
		"nanoseconds":          func(r *evidence.Root) { r.Expires = r.Expires.Add(1) },
		"another zone":         func(r *evidence.Root) { r.Issued = r.Issued.In(time.FixedZone("", 3600)) },
		"no keys":              func(r *evidence.Root) { r.Keys, r.Roles = nil, nil },
		"no roles":             func(r *evidence.Root) { r.Roles = nil },
		"no root role":         func(r *evidence.Root) { r.Roles = r.Roles[1:] },
		"129 keys": func(r *evidence.Root) {
			for len(r.Keys) < 129 {
				k := newPen(t, evidence.Ed25519).key
				r.Keys = append(r.Keys, evidence.RootKey{ID: k.ID, SPKI: k.SPKI, Holder: "x"})
			}
		},
		"one key under two ids": func(r *evidence.Root) {
			r.Keys = append(r.Keys, evidence.RootKey{ID: spare.key.ID, SPKI: r.Keys[0].SPKI, Holder: "another"})
		},
		"one key twice":               func(r *evidence.Root) { r.Keys = append(r.Keys, r.Keys[0]) },
		"a key that is not its id":    func(r *evidence.Root) { r.Keys[0].SPKI = spare.key.SPKI },
		"an id that is no key":        func(r *evidence.Root) { r.Keys[0].ID = subject(t, "org:acme") },
		"a key that cannot be read":   func(r *evidence.Root) { r.Keys[0].SPKI = []byte("hello") },
		"a key without a holder":      func(r *evidence.Root) { r.Keys[0].Holder = "" },
		"a holder without end":        func(r *evidence.Root) { r.Keys[0].Holder = strings.Repeat("x", 300) },
		"a key in two roles":          func(r *evidence.Root) { r.Roles[1].Keys = append(r.Roles[1].Keys, rootKey(r)) },
		"a key twice in one role":     func(r *evidence.Root) { r.Roles[0].Keys = append(r.Roles[0].Keys, rootKey(r)) },
		"a key that the root lacks":   func(r *evidence.Root) { r.Roles[1].Keys[0] = spare.key.ID },
		"a role twice":                func(r *evidence.Root) { r.Roles[2].Name = r.Roles[1].Name },
		"a role named as a half":      func(r *evidence.Root) { r.Roles[2].Name = "root.classical" },
		"a role without a name":       func(r *evidence.Root) { r.Roles[2].Name = "" },
		"a role in capitals":          func(r *evidence.Root) { r.Roles[2].Name = "Recall" },
		"no threshold":                func(r *evidence.Root) { r.Roles[1].Thresholds = evidence.Thresholds{} },
		"a negative threshold":        func(r *evidence.Root) { r.Roles[1].Thresholds.PostQuantum = -1 },
		"thresholds that cancel out":  func(r *evidence.Root) { r.Roles[1].Thresholds = evidence.Thresholds{Classical: 1, PostQuantum: -1} },
		"a threshold beyond the keys": func(r *evidence.Root) { r.Roles[1].Thresholds.PostQuantum = 2 },
		"a threshold beyond the int": func(r *evidence.Root) {
			r.Roles[1].Thresholds = evidence.Thresholds{Classical: 1<<63 - 1, PostQuantum: 1}
		},
		"a threshold beyond the family": func(r *evidence.Root) { r.Roles[1].Thresholds = evidence.Thresholds{Classical: 2} },
		"two keys of one holder for two": func(r *evidence.Root) {
			r.Keys = append(r.Keys, evidence.RootKey{ID: extra.key.ID, SPKI: extra.key.SPKI, Holder: r.Holder(r.Roles[1].Keys[0])})
			r.Roles[1].Keys = append(r.Roles[1].Keys, extra.key.ID)
			r.Roles[1].Thresholds.Classical = 2
		},
		"a threshold beyond an envelope": func(r *evidence.Root) {
			for i := range 34 {
				k := newPen(t, evidence.Ed25519).key
				r.Keys = append(r.Keys, evidence.RootKey{ID: k.ID, SPKI: k.SPKI, Holder: fmt.Sprint("member ", i)})
				r.Roles[1].Keys = append(r.Roles[1].Keys, k.ID)
			}
			r.Roles[1].Thresholds.Classical = 33
		},
		"a log for another purpose":     logs(of("audit", "acme/house", house.id.Keys...)),
		"a log with one key":            logs(of("house", "acme/house", house.id.Keys[0])),
		"two logs for one purpose":      logs(of("house", "acme/house", house.id.Keys...), of("house", "acme/publication", public.id.Keys...)),
		"one log for two purposes":      logs(of("house", "acme/house", house.id.Keys...), of("publication", "acme/house", house.id.Keys...)),
		"more witnesses than there are": func(r *evidence.Root) { r.Witness.Threshold = 1 },
		"fewer than no witnesses":       func(r *evidence.Root) { r.Witness.Threshold = -1 },
	} {
		a := cast(t, "acme", evidence.Maker, makerRoles...)
		change(&a.root)
		b, err := evidence.NewPayload(evidence.PredTrustRoot, a.root, subject(t, "org:acme"))
		if err != nil {
			continue // it cannot even be written
		}
		_, err = decodeRoot(b)
		if !errors.Is(err, fault.BadRoot) && !errors.Is(err, fault.BadEnvelope) {
			t.Errorf("%s: %v", name, err)
		} else if len(err.Error()) > 2000 {
			t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
		}
	}
}

// A key that signs checkpoints signs no statements, and each log has keys of its own.
func TestRootKeepsLogKeysApart(t *testing.T) {
	t.Parallel()
	l := newTestLog(t, "acme/house")
	p := newPen(t, evidence.Ed25519)
	two := func(origin string, p pen) evidence.LogIdentity {
		return evidence.LogIdentity{Origin: origin, Keys: []string{vkeyOf(t, origin, p), l.id.Keys[1]}}
	}
	for range 40 { // base64 holds a + now and then
		a := cast(t, "acme", evidence.Maker, evidence.RoleRoot)
		a.root.Logs = []evidence.Log{{Purpose: evidence.LogHouse, LogIdentity: two("acme/house", a.pens[evidence.RoleRoot][0])}}
		if _, err := decodeRoot(rootPayload(t, a.root)); !errors.Is(err, fault.BadRoot) || !strings.Contains(err.Error(), "one job") {
			t.Fatalf("the root key signs checkpoints too: %v", err)
		}
	}
	other := newTestLog(t, "acme/publication")
	a := cast(t, "acme", evidence.Maker, evidence.RoleRoot)
	a.root.Logs = []evidence.Log{
		{Purpose: evidence.LogHouse, LogIdentity: two("acme/house", p)},
		{Purpose: evidence.LogPublication, LogIdentity: evidence.LogIdentity{Origin: "acme/publication", Keys: []string{vkeyOf(t, "acme/publication", p), other.id.Keys[1]}}},
	}
	if _, err := decodeRoot(rootPayload(t, a.root)); !errors.Is(err, fault.BadRoot) || !strings.Contains(err.Error(), "shares a key") {
		t.Errorf("two logs share a key: %v", err)
	}
}

func TestDecodeRootWantsItsOwnSubject(t *testing.T) {
	t.Parallel()
	a := cast(t, "acme", evidence.Maker, makerRoles...)
	for name, b := range map[string][]byte{
		"another organisation": payload(t, evidence.PredTrustRoot, a.root, subject(t, "org:rival")),
		"two organisations":    payload(t, evidence.PredTrustRoot, a.root, subject(t, "org:acme"), subject(t, "org:rival")),
		"another predicate":    payload(t, evidence.PredHead, a.root, subject(t, "org:acme")),
	} {
		if _, err := decodeRoot(b); !errors.Is(err, fault.BadRoot) {
			t.Errorf("%s: %v", name, err)
		}
	}
	wrongType := bytes.Replace(rootPayload(t, a.root), []byte(`"version":1`), []byte(`"version":"1"`), 1)
	if _, err := decodeRoot(wrongType); !errors.Is(err, fault.BadEnvelope) {
		t.Errorf("a version in quotes: %v", err)
	}
}

func TestSucceeds(t *testing.T) {
	t.Parallel()
	old := cast(t, "acme", evidence.Maker, makerRoles...)
	replaceRoot := func(b *actor) { // both root keys are new
		pens := []pen{newPen(t, evidence.Ed25519), newPen(t, evidence.MLDSA87)}
		for i, p := range pens {
			b.root.Keys[i] = evidence.RootKey{ID: p.key.ID, SPKI: p.key.SPKI, Holder: fmt.Sprint("new ", i)}
			b.root.Roles[0].Keys[i] = p.key.ID
		}
		b.pens[evidence.RoleRoot] = pens
	}
	for _, tc := range []struct {
		name   string
		change func(b *actor)
		also   []pen // signers beside the new root's own
		want   fault.Code
		text   string
	}{
		{"only the version", func(*actor) {}, nil, "", ""},
		{"new root keys, signed by old and new", replaceRoot, old.pens[evidence.RoleRoot], "", ""},
		{"new root keys, signed by the new alone", replaceRoot, nil, fault.PolicyNotMet, "of version 1"},
		{"new root keys, signed by the old alone", func(b *actor) {
			replaceRoot(b)
			b.pens[evidence.RoleRoot] = nil
		}, old.pens[evidence.RoleRoot], fault.PolicyNotMet, "of version 2"},
		{"new root keys, the new one's post-quantum missing", func(b *actor) {
			replaceRoot(b)
			b.pens[evidence.RoleRoot] = b.pens[evidence.RoleRoot][:1]
		}, old.pens[evidence.RoleRoot], fault.PolicyNotMet, "missing post-quantum"},
		{"new root keys, the old one's post-quantum stripped", replaceRoot, old.pens[evidence.RoleRoot][:1], fault.PolicyNotMet, "missing post-quantum"},
		{"new root keys, the old one's classical stripped", replaceRoot, old.pens[evidence.RoleRoot][1:], fault.PolicyNotMet, "missing classical"},
		{"two versions up", func(b *actor) { b.root.Version++ }, nil, fault.BadRoot, "one step up"},
		{"the same version", func(b *actor) { b.root.Version-- }, nil, fault.BadRoot, "one step up"},
		{"another kind", func(b *actor) { b.root.Kind = evidence.Hospital }, nil, fault.BadRoot, "hospital"},
		{"a lab's", func(b *actor) { b.root.Test = true }, nil, fault.BadRoot, "not for"},
		{"another organisation", func(b *actor) { b.root.Author = "rival" }, nil, fault.BadRoot, "rival"},
		{"release asks for no post-quantum", func(b *actor) { b.root.Roles[1].Thresholds.PostQuantum = 0 }, nil, fault.BadRoot, "lowers a family minimum"},
		{"root asks for no classical", func(b *actor) { b.root.Roles[0].Thresholds.Classical = 0 }, nil, fault.BadRoot, "lowers a family minimum"},
		{"a role is gone", func(b *actor) { b.root.Roles = b.root.Roles[:2] }, nil, fault.BadRoot, "is gone"},
		{"a role under another name", func(b *actor) { b.root.Roles[2].Name = "withdraw" }, nil, fault.BadRoot, "a key has one job"},
		{"a new weak role", func(b *actor) {
			b.role("late", evidence.Thresholds{Classical: 1}, newPen(t, evidence.Ed25519))
		}, nil, fault.BadRoot, "asks for less"},
		{"a new strong role", func(b *actor) {
			b.role("late", evidence.Thresholds{Classical: 1, PostQuantum: 1}, newPen(t, evidence.Ed25519), newPen(t, evidence.MLDSA65))
		}, nil, "", ""},
		{"a key changes its job", func(b *actor) {
			b.root.Roles[1].Keys, b.root.Roles[2].Keys = b.root.Roles[2].Keys, b.root.Roles[1].Keys
		}, nil, fault.BadRoot, "a key has one job"},
		{"a role's old key signs a log", func(b *actor) {
			p := newPen(t, evidence.Ed25519)
			b.root.Keys[4] = evidence.RootKey{ID: p.key.ID, SPKI: p.key.SPKI, Holder: "new"}
			b.root.Roles[2].Keys[0] = p.key.ID
			l := newTestLog(t, "acme/house")
			l.id.Keys[0] = vkeyOf(t, "acme/house", old.pens[evidence.RoleRecall][0])
			b.root.Logs = []evidence.Log{{Purpose: evidence.LogHouse, LogIdentity: l.id}}
		}, nil, fault.BadRoot, "a key has one job"},
	} {
		b := old.next()
		tc.change(b)
		env := sign(t, payload(t, evidence.PredTrustRoot, b.root, subject(t, "org:"+b.root.Author)), slices.Concat(tc.also, b.pens[evidence.RoleRoot])...)
		err := old.root.Succeeds(readRoot(t, env), env)
		switch {
		case tc.want == "" && err != nil:
			t.Errorf("%s: refused: %v", tc.name, err)
		case tc.want != "" && (!errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.text)):
			t.Errorf("%s: %v, want %s with %q", tc.name, err, tc.want, tc.text)
		}
	}
}

// A minimum goes down when the old root said so, and only one version later.
func TestAllowLower(t *testing.T) {
	t.Parallel()
	lower := func(a *actor) *actor {
		b := a.next()
		b.root.Roles[1].Thresholds.PostQuantum = 0
		b.root.AllowLower = true // for itself it comes too late
		b.seal(t)
		return b
	}
	v1 := cast(t, "acme", evidence.Maker, makerRoles...)
	at := lower(v1)
	if err := v1.root.Succeeds(at.root, at.env); !errors.Is(err, fault.BadRoot) {
		t.Errorf("lowered by its own leave: %v", err)
	}
	v2 := v1.next()
	v2.root.AllowLower = true
	v2.seal(t)
	if err := v1.root.Succeeds(v2.root, v2.env); err != nil {
		t.Fatal(err)
	}
	v3 := lower(v2)
	if err := v2.root.Succeeds(v3.root, v3.env); err != nil {
		t.Errorf("lowered with leave: %v", err)
	}
}

// Taking a role away and bringing it back weaker is lowering it in two steps.
func TestRoleCannotComeBackWeaker(t *testing.T) {
	t.Parallel()
	v1 := cast(t, "acme", evidence.Maker, evidence.RoleRoot, evidence.RoleRelease)
	without := v1.next()
	without.root.Roles = without.root.Roles[:1]
	without.seal(t)
	if err := v1.root.Succeeds(without.root, without.env); !errors.Is(err, fault.BadRoot) {
		t.Errorf("the role is taken away: %v", err)
	}
}

// What was verified and what is taken over must be the same root.
func TestSucceedsReadsWhatWasSigned(t *testing.T) {
	t.Parallel()
	old := cast(t, "acme", evidence.Maker, makerRoles...)
	good := old.next()
	good.seal(t)
	evil := old.next()
	p, q := newPen(t, evidence.Ed25519), newPen(t, evidence.MLDSA65)
	evil.root.Keys[2] = evidence.RootKey{ID: p.key.ID, SPKI: p.key.SPKI, Holder: "thief"}
	evil.root.Keys[3] = evidence.RootKey{ID: q.key.ID, SPKI: q.key.SPKI, Holder: "thief"}
	evil.root.Roles[1].Keys = []model.Subject{p.key.ID, q.key.ID}
	if err := old.root.Succeeds(readRoot(t, sign(t, rootPayload(t, evil.root))), good.env); !errors.Is(err, fault.BadRoot) {
		t.Errorf("another root than the signed one: %v", err)
	}
	if err := old.root.Succeeds(good.root, old.say(t, evidence.RoleRoot, evidence.PredHead, subject(t, "org:acme"))); !errors.Is(err, fault.BadRoot) {
		t.Errorf("an envelope that holds no root: %v", err)
	}
	if err := old.root.Succeeds(good.root, evidence.Envelope{}); err == nil {
		t.Error("an empty envelope brings a root")
	}
}
