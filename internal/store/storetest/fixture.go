// Package storetest says what a database must do to keep Cordon's state: [Run] is the one conformance
// suite for SQLite and whatever joins it. [NewWriter] and [Statement] make a log and statements that
// look like real ones, for tests and benchmarks that stand above a store.
//
// It is imported by tests only.
package storetest

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	mathrand "math/rand/v2"
	"testing"

	cosign "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/kit/clock"
	"github.com/cordon-trust/cordon/internal/model"
)

// Keys are the two private keys of a log in C2SP form.
type Keys struct {
	Identity  evidence.LogIdentity
	Classical string
	PQ        string
}

// NewKeys makes the keys of a log.
func NewKeys(t testing.TB, origin string) Keys {
	t.Helper()
	sk, vk, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		t.Fatalf("make Ed25519 key: %v", err)
	}
	psk, pvk, err := cosign.GenerateMLDSAKey(origin)
	if err != nil {
		t.Fatalf("make ML-DSA key: %v", err)
	}
	return Keys{evidence.LogIdentity{Origin: origin, Keys: []string{vk, pvk}}, sk, psk}
}

// Signers returns both keys ready to sign.
func (k Keys) Signers(t testing.TB) []note.Signer {
	t.Helper()
	classical, err := note.NewSigner(k.Classical)
	if err != nil {
		t.Fatalf("open Ed25519 key: %v", err)
	}
	pq, err := cosign.NewMLDSASigner(k.PQ)
	if err != nil {
		t.Fatalf("open ML-DSA key: %v", err)
	}
	return []note.Signer{classical, pq}
}

// Writer returns a writer to the log.
func (k Keys) Writer(t testing.TB, c clock.Clock) *ledger.Writer {
	t.Helper()
	w, err := ledger.NewWriter(k.Identity, c, rand.Reader, k.Signers(t)...)
	if err != nil {
		t.Fatalf("open log: %v", err)
	}
	return w
}

// NewWriter returns a writer to a log with fresh keys.
func NewWriter(t testing.TB, origin string, c clock.Clock) *ledger.Writer {
	t.Helper()
	return NewKeys(t, origin).Writer(t, c)
}

// Predicate is the predicate type of what [Statement] makes.
const Predicate = "https://example.org/predicate/v1"

// Statement makes statement number n with an envelope of about size bytes, never less than the 4.9 KB that
// its two signatures take. They have the lengths of Ed25519 and ML-DSA-65 and verify under no key.
func Statement(t testing.TB, n, size int) (ledger.Record, ledger.Item) {
	t.Helper()
	rnd := mathrand.NewChaCha8(model.DigestOf(fmt.Append(nil, n)))
	sigs := [][]byte{make([]byte, 64), make([]byte, 3309)}
	env := evidence.Envelope{PayloadType: evidence.PayloadType}
	item := ledger.Item{Author: "acme", PayloadType: evidence.PayloadType}
	for i, s := range sigs {
		_, _ = rnd.Read(s) // never fails
		key := model.KeyOf(model.DigestOf([]byte{byte(i)}))
		env.Signatures = append(env.Signatures, evidence.Signature{
			KeyID: key.Digest().Hex(), Sig: base64.StdEncoding.EncodeToString(s),
		})
		item.Signatures = append(item.Signatures, evidence.SignatureRef{Key: key, Digest: model.DigestOf(s)})
	}
	env.Payload = fmt.Appendf(nil, `{"n":%d,"fill":"`, n)
	for len(env.Payload) < (size-4900)*3/4 {
		env.Payload = append(env.Payload, "abcdefghijklmnopqrstuvwxyz"[n%26])
	}
	env.Payload = append(env.Payload, `"}`...)
	line, err := env.Line()
	if err != nil {
		t.Fatalf("encode envelope: %v", err)
	}
	item.Statement = env.Digest()
	subject, err := model.ParseSubject(fmt.Sprintf("release:acme/pump/%d", n))
	if err != nil {
		t.Fatalf("make subject: %v", err)
	}
	return ledger.Record{
		Digest: item.Statement, PayloadType: env.PayloadType, PredicateType: Predicate, Author: "acme", Role: "release",
		Envelope: line, Subjects: []model.Subject{subject}, Effect: "fact",
	}, item
}
