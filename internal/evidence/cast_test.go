package evidence_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/mldsa"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/model"
)

var issued = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// pen is a private key of a test.
type pen struct {
	key  evidence.Key
	priv crypto.Signer
}

func (p pen) Key() evidence.Key { return p.key }

func (p pen) Sign(message []byte) ([]byte, error) {
	var opts crypto.SignerOpts = crypto.Hash(0)
	switch p.key.Algorithm {
	case evidence.ECDSAP256:
		opts = crypto.SHA256
	case evidence.ECDSAP384:
		opts = crypto.SHA384
	}
	if h := opts.HashFunc(); h != 0 {
		d := h.New()
		d.Write(message)
		message = d.Sum(nil)
	}
	return p.priv.Sign(rand.Reader, message, opts)
}

func newPen(t testing.TB, alg evidence.Algorithm) pen {
	t.Helper()
	var priv crypto.Signer
	var err error
	switch alg {
	case evidence.Ed25519:
		_, priv, err = ed25519.GenerateKey(rand.Reader)
	case evidence.ECDSAP256:
		priv, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case evidence.ECDSAP384:
		priv, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case evidence.MLDSA65:
		priv, err = mldsa.GenerateKey(mldsa.MLDSA65())
	case evidence.MLDSA87:
		priv, err = mldsa.GenerateKey(mldsa.MLDSA87())
	}
	if err != nil {
		t.Fatal(err)
	}
	k, err := evidence.NewKey(priv.Public())
	if err != nil {
		t.Fatal(err)
	}
	return pen{k, priv}
}

// actor is an organisation of a test: its root, and the pens of its roles in the order classical, then
// post-quantum.
type actor struct {
	root evidence.Root
	env  evidence.Envelope
	pens map[string][]pen
}

// cast makes an organisation whose roles have one key of each family, thresholds 1 and 1, and may all
// sign every predicate, so that a test sees what the table itself refuses.
func cast(t testing.TB, org string, kind evidence.OrgKind, roles ...string) *actor {
	t.Helper()
	a := &actor{pens: map[string][]pen{}, root: evidence.Root{
		Header: evidence.Header{Author: org, Issued: issued}, Kind: kind, Version: 1, Expires: issued.AddDate(5, 0, 0),
	}}
	for _, role := range roles {
		a.role(role, evidence.Thresholds{Classical: 1, PostQuantum: 1}, newPen(t, evidence.Ed25519), newPen(t, evidence.MLDSA65))
	}
	a.seal(t)
	return a
}

var makerRoles = []string{evidence.RoleRoot, evidence.RoleRelease, evidence.RoleRecall}

var hospitalRoles = []string{evidence.RoleRoot, evidence.RoleHouse, evidence.RoleObserver}

// role adds a role to the root; every pen has a holder of its own.
func (a *actor) role(name string, need evidence.Thresholds, pens ...pen) {
	r := evidence.Role{Name: name, Thresholds: need, Predicates: evidence.Predicates()}
	for _, p := range pens {
		r.Keys = append(r.Keys, p.key.ID)
		a.root.Keys = append(a.root.Keys, evidence.RootKey{ID: p.key.ID, SPKI: p.key.SPKI, Holder: fmt.Sprintf("holder %d", len(a.root.Keys))})
	}
	a.root.Roles = append(a.root.Roles, r)
	a.pens[name] = pens
}

// seal signs the root under its own root policy and reads it back.
func (a *actor) seal(t testing.TB, also ...pen) {
	t.Helper()
	a.env = sign(t, rootPayload(t, a.root), append(slices.Clone(also), a.pens[evidence.RoleRoot]...)...)
	a.root = readRoot(t, a.env)
}

func rootPayload(t testing.TB, r evidence.Root) []byte {
	t.Helper()
	return payload(t, evidence.PredTrustRoot, r, subject(t, "org:"+r.Author))
}

func readRoot(t testing.TB, env evidence.Envelope) evidence.Root {
	t.Helper()
	r, err := decodeRoot(env.Payload)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func decodeRoot(payload []byte) (evidence.Root, error) {
	st, err := evidence.ParseStatement(payload)
	if err != nil {
		return evidence.Root{}, err
	}
	return evidence.DecodeRoot(st)
}

func (a *actor) trusted() evidence.Trusted {
	return evidence.Trusted{Root: a.root, Digest: a.env.Digest(), Confirmed: true}
}

// next returns the actor with a copy of its root one version up, to be changed and sealed.
func (a *actor) next() *actor {
	b := &actor{root: a.root, pens: map[string][]pen{}}
	b.root.Version++
	b.root.Keys = slices.Clone(a.root.Keys)
	b.root.Roles = slices.Clone(a.root.Roles)
	for i := range b.root.Roles {
		b.root.Roles[i].Keys = slices.Clone(b.root.Roles[i].Keys)
		b.root.Roles[i].Predicates = slices.Clone(b.root.Roles[i].Predicates)
	}
	for role, pens := range a.pens {
		b.pens[role] = slices.Clone(pens)
	}
	return b
}

func subject(t testing.TB, s string) model.Subject {
	t.Helper()
	v, err := model.ParseSubject(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func payload(t testing.TB, name string, predicate any, subjects ...model.Subject) []byte {
	t.Helper()
	b, err := evidence.NewPayload(name, predicate, subjects...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func sign(t testing.TB, payload []byte, pens ...pen) evidence.Envelope {
	t.Helper()
	signers := make([]evidence.Signer, len(pens))
	for i, p := range pens {
		signers[i] = p
	}
	env, err := evidence.Sign(payload, signers...)
	if err != nil {
		t.Fatal(err)
	}
	return env
}

// say makes a statement of an organisation, signed by every key of one of its roles.
func (a *actor) say(t testing.TB, role, predicate string, subjects ...model.Subject) evidence.Envelope {
	t.Helper()
	return sign(t, payload(t, predicate, a.body(predicate, subjects), subjects...), a.pens[role]...)
}

func (a *actor) body(predicate string, subjects []model.Subject) any {
	h := evidence.Header{Author: a.root.Author, Issued: issued}
	if predicate == evidence.PredCompromise {
		return evidence.Compromise{Header: h, Key: subjects[0], Since: evidence.SinceUnknown}
	}
	return h
}

func (a *actor) key(role string, i int) model.Subject { return a.pens[role][i].key.ID }

func signatureOf(raw []byte) evidence.Signature {
	return evidence.Signature{Sig: base64.StdEncoding.EncodeToString(raw)}
}
