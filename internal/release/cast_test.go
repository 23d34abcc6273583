package release

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/mldsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	fnote "github.com/transparency-dev/formats/note"
	xnote "golang.org/x/mod/sumdb/note"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/model"
)

const house = "st-elsewhere"

var day0 = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// pen signs with a key made from a seed, so that a test's organisation is the same in every run.
type pen struct {
	key  evidence.Key
	priv crypto.Signer
}

func (p pen) Key() evidence.Key { return p.key }
func (p pen) Sign(message []byte) ([]byte, error) {
	return p.priv.Sign(rand.Reader, message, crypto.Hash(0))
}

func newPen(t testing.TB, alg evidence.Algorithm, seedText string) pen {
	t.Helper()
	seed := sha256.Sum256([]byte(seedText + string(alg)))
	var priv crypto.Signer
	var err error
	switch alg {
	case evidence.Ed25519:
		priv = ed25519.NewKeyFromSeed(seed[:])
	case evidence.MLDSA65:
		priv, err = mldsa.NewPrivateKey(mldsa.MLDSA65(), seed[:])
	default:
		priv, err = mldsa.NewPrivateKey(mldsa.MLDSA87(), seed[:])
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

// actor is an organisation of a test with everything it signs with.
type actor struct {
	root    evidence.Root
	rootEnv evidence.Envelope
	roots   []evidence.Envelope // every version
	pens    map[string][]evidence.Signer
	origin  string
	notes   []xnote.Signer
	log     []LoggedEntry
	trees   tree
	counter int64
}

func newActor(t testing.TB, org string, kind evidence.OrgKind) *actor {
	t.Helper()
	a := &actor{pens: map[string][]evidence.Signer{}, origin: "cordon.test/" + org}
	a.root = evidence.Root{
		Header: evidence.Header{Author: org, Issued: day0}, Kind: kind, Version: 1, Expires: day0.AddDate(5, 0, 0),
		Witness: evidence.Witness{Keys: []string{}},
	}
	says := map[string][]string{
		evidence.RoleRoot:    {evidence.PredTrustRoot, evidence.PredCompromise},
		evidence.RoleRelease: {evidence.PredReleaseSet, evidence.PredHead},
		evidence.RoleRecall:  {evidence.PredCompromise, evidence.PredWithdrawal},
	}
	if kind == evidence.Hospital {
		says = map[string][]string{
			evidence.RoleRoot:  {evidence.PredTrustRoot, evidence.PredCompromise},
			evidence.RoleHouse: {evidence.PredReleaseSet, evidence.PredWithdrawal, evidence.PredVouch},
		}
	}
	for _, name := range [...]string{evidence.RoleRoot, evidence.RoleRelease, evidence.RoleRecall, evidence.RoleHouse} {
		if preds, ok := says[name]; ok {
			a.addRole(t, name, preds, org+name)
		}
	}
	ed, err := a.notePair(t)
	if err != nil {
		t.Fatal(err)
	}
	a.root.Logs = []evidence.Log{{Purpose: evidence.LogPublication, LogIdentity: evidence.LogIdentity{Origin: a.origin, Keys: ed}}}
	a.signRoot(t)
	return a
}

func (a *actor) notePair(t testing.TB) ([]string, error) {
	t.Helper()
	edPriv, edPub, err := xnote.GenerateKey(rand.Reader, a.origin)
	if err != nil {
		return nil, err
	}
	pqPriv, pqPub, err := fnote.GenerateMLDSAKey(a.origin)
	if err != nil {
		return nil, err
	}
	edSigner, err := xnote.NewSigner(edPriv)
	if err != nil {
		return nil, err
	}
	pqSigner, err := fnote.NewMLDSASigner(pqPriv)
	a.notes = []xnote.Signer{edSigner, pqSigner}
	return []string{edPub, pqPub}, err
}

// addRole gives the role new keys of both families and forgets any it had.
func (a *actor) addRole(t testing.TB, name string, preds []string, seed string) {
	t.Helper()
	pq := evidence.MLDSA65
	if name == evidence.RoleRoot {
		pq = evidence.MLDSA87
	}
	role := evidence.Role{Name: name, Predicates: preds, Thresholds: evidence.Thresholds{Classical: 1, PostQuantum: 1}}
	a.pens[name] = nil
	if old, ok := a.root.Role(name); ok {
		a.root.Keys = slices.DeleteFunc(slices.Clone(a.root.Keys), func(k evidence.RootKey) bool { return slices.Contains(old.Keys, k.ID) })
		a.root.Roles = slices.DeleteFunc(slices.Clone(a.root.Roles), func(r evidence.Role) bool { return r.Name == name })
	}
	for _, alg := range [...]evidence.Algorithm{evidence.Ed25519, pq} {
		p := newPen(t, alg, seed)
		a.pens[name] = append(a.pens[name], p)
		role.Keys = append(role.Keys, p.key.ID)
		a.root.Keys = append(a.root.Keys, evidence.RootKey{ID: p.key.ID, SPKI: p.key.SPKI, Holder: a.root.Author})
	}
	a.root.Roles = append(a.root.Roles, role)
}

// signRoot signs the root with the root pens it has and any that had to agree.
func (a *actor) signRoot(t testing.TB, also ...evidence.Signer) {
	t.Helper()
	org, err := model.OrgOf(a.root.Author)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := evidence.NewPayload(evidence.PredTrustRoot, a.root, org)
	if err != nil {
		t.Fatal(err)
	}
	a.rootEnv = mustSign(t, payload, append(slices.Clone(a.pens[evidence.RoleRoot]), also...)...)
	a.roots = append(a.roots, a.rootEnv)
	st, err := evidence.ParseStatement(payload)
	if err != nil {
		t.Fatal(err)
	}
	if a.root, err = evidence.DecodeRoot(st); err != nil {
		t.Fatal(err)
	}
}

// rotate makes the next version of the root with new keys for a role.
func (a *actor) rotate(t testing.TB, role string) {
	t.Helper()
	old := a.pens[evidence.RoleRoot]
	a.root.Version++
	ro, _ := a.root.Role(role)
	a.addRole(t, role, ro.Predicates, fmt.Sprint(a.root.Author, role, a.root.Version))
	a.signRoot(t, old...)
}

func mustSign(t testing.TB, payload []byte, signers ...evidence.Signer) evidence.Envelope {
	t.Helper()
	env, err := evidence.Sign(payload, signers...)
	if err != nil {
		t.Fatal(err)
	}
	return env
}

func (a *actor) trusted() evidence.Trusted {
	return evidence.Trusted{Root: a.root, Digest: a.rootEnv.Digest(), Confirmed: true}
}

// rootsOf returns the roots that the test's hospital holds.
func rootsOf(actors ...*actor) *evidence.Roots {
	var list []evidence.Trusted
	for _, a := range actors {
		list = append(list, a.trusted())
	}
	return evidence.NewRoots(house, list...)
}

// payloader is any of the room's predicates.
type payloader interface{ Payload() ([]byte, error) }

// say signs a predicate with a role.
func (a *actor) say(t testing.TB, role string, p payloader) evidence.Envelope {
	t.Helper()
	b, err := p.Payload()
	if err != nil {
		t.Fatal(err)
	}
	return mustSign(t, b, a.pens[role]...)
}

// sayLogged signs a predicate and appends it to the publication log.
func (a *actor) sayLogged(t testing.TB, role string, p payloader) evidence.Envelope {
	t.Helper()
	env := a.say(t, role, p)
	a.append(t, role, env)
	return env
}

// append logs an envelope under what a role's keys signed of it.
func (a *actor) append(t testing.TB, role string, env evidence.Envelope) {
	t.Helper()
	e := a.entry(t, int64(len(a.log)), env, a.root.Policy(role, env).Signatures)
	a.log = append(a.log, e)
	if err := a.trees.add(e.Entry); err != nil {
		t.Fatal(err)
	}
}

func (a *actor) entry(t testing.TB, seq int64, env evidence.Envelope, refs []evidence.SignatureRef) LoggedEntry {
	t.Helper()
	salt := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(a.root.Author), uint64(seq)))
	b, err := evidence.Entry{
		Seq: seq, Author: a.root.Author, Commitment: evidence.Commit(salt, env.Digest()),
		PayloadType: env.PayloadType, Signatures: refs,
	}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	line, err := env.Line()
	if err != nil {
		t.Fatal(err)
	}
	return LoggedEntry{Entry: b, Salt: salt[:], Envelope: line}
}

// publication signs the log as it is now.
func (a *actor) publication(t testing.TB, at time.Time, from string) Publication {
	t.Helper()
	a.counter++
	root, err := a.trees.root(a.trees.size)
	if err != nil {
		t.Fatal(err)
	}
	cp, err := evidence.SignCheckpoint(a.origin, a.trees.size, root, at, a.notes...)
	if err != nil {
		t.Fatal(err)
	}
	head := a.say(t, evidence.RoleRelease, Head{
		Header: evidence.Header{Author: a.root.Author, Issued: at}, Origin: a.origin, Counter: a.counter,
		Size: a.trees.size, Root: model.Digest(root), RootVersion: a.root.Version, Expires: at.Add(HeadValidity),
	})
	p := Publication{Head: head, Roots: slices.Clone(a.roots), Checkpoint: cp, Size: a.trees.size, Entries: slices.Clone(a.log), From: from}
	for _, e := range a.log {
		for _, art := range setIn(t, e).Artifacts {
			if _, err := os.Stat(filepath.Join(from, ArtifactDir, art.SHA256.Hex())); err == nil {
				p.Artifacts = append(p.Artifacts, art.SHA256)
				p.Blocks = append(p.Blocks, art.Blocks.SHA256)
			}
		}
	}
	return p
}

// setIn returns the release set in an entry, or an empty one.
func setIn(t testing.TB, e LoggedEntry) Set {
	t.Helper()
	env, err := evidence.ParseEnvelope(e.Envelope)
	if err != nil {
		t.Fatal(err)
	}
	st, err := evidence.ParseStatement(env.Payload)
	if err != nil {
		t.Fatal(err)
	}
	s, err := DecodeSet(st)
	if err != nil {
		return Set{}
	}
	return s
}

func product(t testing.TB, s string) model.Subject {
	t.Helper()
	p, err := model.ParseProduct(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// artifact returns the artifact of some bytes, without a block file.
func artifact(name, body string) Artifact {
	return Artifact{
		Name: name, Length: int64(len(body)), SHA256: model.DigestOf([]byte(body)),
		SHA512: hex.EncodeToString(sum512([]byte(body))),
	}
}

func sum512(b []byte) []byte {
	h := crypto.SHA512.New()
	h.Write(b)
	return h.Sum(nil)
}

// set returns a release set of one artifact.
func set(t testing.TB, author, prod, version string, counter int64, arts ...Artifact) Set {
	t.Helper()
	return Set{
		Header: evidence.Header{Author: author, Issued: day0}, Product: product(t, prod), Version: version,
		Kind: Firmware, Counter: counter, Artifacts: arts,
	}
}

// measured writes a file and measures it into from.
func measured(t testing.TB, from, name string, body []byte) Artifact {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := Measure(context.Background(), fast{}, from, path)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// noise returns n bytes that are the same in every run.
func noise(n int) []byte {
	out := make([]byte, 0, n+32)
	for i := 0; len(out) < n; i++ {
		h := sha256.Sum256([]byte(fmt.Sprint(i)))
		out = append(out, h[:]...)
	}
	return out[:n]
}

// factOf verifies an envelope and makes a fact of it.
func factOf(t testing.TB, roots *evidence.Roots, env evidence.Envelope, seq int64, logged bool) Fact {
	t.Helper()
	v, err := roots.Verify(env)
	if err != nil {
		t.Fatal(err)
	}
	return Fact{Verified: v, Held: day0.Add(time.Duration(seq) * time.Minute), Seq: seq, Logged: logged}
}

// strip leaves only the signatures for which keep is true.
func strip(env evidence.Envelope, keep func(length int) bool) evidence.Envelope {
	out := evidence.Envelope{PayloadType: env.PayloadType, Payload: env.Payload}
	for _, s := range env.Signatures {
		if raw, err := base64.StdEncoding.DecodeString(s.Sig); err == nil && keep(len(raw)) {
			out.Signatures = append(out.Signatures, s)
		}
	}
	return out
}

// mapFetcher is a publication in memory.
type mapFetcher map[string][]byte

func (m mapFetcher) Fetch(_ context.Context, path string, limit int64) ([]byte, error) {
	b, ok := m[path]
	switch {
	case !ok:
		return nil, notFound(path)
	case int64(len(b)) > limit:
		return nil, tooLarge(path)
	}
	return bytes.Clone(b), nil
}

// load reads a folder into memory.
func load(t testing.TB, dir string) mapFetcher {
	t.Helper()
	out := mapFetcher{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		out[filepath.ToSlash(rel)] = b
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var _ io.Closer = (*folder)(nil)
