package evidence_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/model"
)

// benchPayload is a release set's size: about 5 KB in its envelope.
func benchPayload(b *testing.B) []byte {
	b.Helper()
	subjects := []model.Subject{subject(b, "release:acme/pump/1")}
	for i := range 6 {
		subjects = append(subjects, model.ArtifactOf(model.DigestOf(fmt.Append(nil, i))))
	}
	return payload(b, evidence.PredReleaseSet, evidence.Header{Author: "acme", Issued: issued}, subjects...)
}

// Hybrid signing must stay within 1.1 of bare ML-DSA-65 signing, which is BenchmarkSignMLDSA65.
func BenchmarkSignHybrid(b *testing.B)  { benchSign(b, evidence.Ed25519, evidence.MLDSA65) }
func BenchmarkSignMLDSA65(b *testing.B) { benchSign(b, evidence.MLDSA65) }
func BenchmarkSignEd25519(b *testing.B) { benchSign(b, evidence.Ed25519) }

func benchSign(b *testing.B, algs ...evidence.Algorithm) {
	var signers []evidence.Signer
	for _, alg := range algs {
		signers = append(signers, newPen(b, alg))
	}
	body := benchPayload(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := evidence.Sign(body, signers...); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyHybrid(b *testing.B) {
	a := cast(b, "acme", evidence.Maker, makerRoles...)
	roots := evidence.NewRoots("ward", a.trusted())
	env := sign(b, benchPayload(b), a.pens[evidence.RoleRelease]...)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := roots.Verify(env); err != nil {
			b.Fatal(err)
		}
	}
}

// The most work an envelope of usual size can ask for: 30 signatures of the right lengths that are
// none, before two good ones.
func BenchmarkVerifyJunk(b *testing.B) {
	a := cast(b, "acme", evidence.Maker, makerRoles...)
	roots := evidence.NewRoots("ward", a.trusted())
	env := sign(b, benchPayload(b), a.pens[evidence.RoleRelease]...)
	rnd := rand.New(rand.NewPCG(1, 2))
	var junk []evidence.Signature
	for i := range 30 {
		raw := make([]byte, []int{64, 3309}[i%2])
		for j := range raw {
			raw[j] = byte(rnd.Uint32())
		}
		junk = append(junk, signatureOf(raw))
	}
	env.Signatures = slices.Concat(junk, env.Signatures)
	for b.Loop() {
		if _, err := roots.Verify(env); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseEnvelope(b *testing.B) {
	line, err := sign(b, benchPayload(b), newPen(b, evidence.Ed25519), newPen(b, evidence.MLDSA65)).Line()
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		env, err := evidence.ParseEnvelope(line)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := evidence.ParseStatement(env.Payload); err != nil {
			b.Fatal(err)
		}
	}
}
