package evidence_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/mldsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"testing"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/model"
)

func TestKeyRoundTrip(t *testing.T) {
	t.Parallel()
	message := []byte("who signed this?")
	for _, alg := range []evidence.Algorithm{evidence.Ed25519, evidence.ECDSAP256, evidence.ECDSAP384, evidence.MLDSA65, evidence.MLDSA87} {
		p := newPen(t, alg)
		k, err := evidence.ParseKey(p.key.SPKI)
		if err != nil {
			t.Fatalf("%s: %v", alg, err)
		}
		if k.Algorithm != alg || k.ID != model.KeyOf(sha256.Sum256(p.key.SPKI)) {
			t.Errorf("%s: read back as %s, %s", alg, k.Algorithm, k.ID)
		}
		sig := mustSign(t, p, message)
		if !k.Verify(message, sig) {
			t.Errorf("%s: its own signature does not verify", alg)
		}
		for name, bad := range map[string][]byte{"cut": sig[:len(sig)-1], "longer": append(bytes.Clone(sig), 0), "empty": nil} {
			if k.Verify(message, bad) {
				t.Errorf("%s: a signature that is %s verifies", alg, name)
			}
		}
		if k.Verify(append(message, '!'), sig) {
			t.Errorf("%s: it verifies for another message", alg)
		}
	}
	if (evidence.Key{}).Verify(message, nil) {
		t.Error("the zero key verifies")
	}
}

func TestFamilies(t *testing.T) {
	t.Parallel()
	for alg, want := range map[evidence.Algorithm]evidence.Family{
		evidence.Ed25519: evidence.Classical, evidence.ECDSAP256: evidence.Classical, evidence.ECDSAP384: evidence.Classical,
		evidence.MLDSA65: evidence.PostQuantum, evidence.MLDSA87: evidence.PostQuantum, "ml-dsa-44": "", "": "",
	} {
		if got := alg.Family(); got != want {
			t.Errorf("%q is %q, want %q", alg, got, want)
		}
	}
}

// spki is SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7), to be built wrongly.
type spki struct {
	Algorithm struct {
		OID        asn1.ObjectIdentifier
		Parameters asn1.RawValue `asn1:"optional"`
	}
	Key asn1.BitString
}

func rebuilt(t *testing.T, der []byte, change func(*spki)) []byte {
	t.Helper()
	var s spki
	if rest, err := asn1.Unmarshal(der, &s); err != nil || len(rest) > 0 {
		t.Fatalf("unmarshal: %v", err)
	}
	change(&s)
	out, err := asn1.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func marshalPKIX(t *testing.T, public any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestParseKeyRefuses(t *testing.T) {
	t.Parallel()
	p256, ed := newPen(t, evidence.ECDSAP256).key.SPKI, newPen(t, evidence.Ed25519).key.SPKI
	null := asn1.RawValue{Tag: asn1.TagNull}
	compressed := rebuilt(t, p256, func(s *spki) {
		x, y := new(big.Int).SetBytes(s.Key.Bytes[1:33]), new(big.Int).SetBytes(s.Key.Bytes[33:])
		s.Key.Bytes = elliptic.MarshalCompressed(elliptic.P256(), x, y)
		s.Key.BitLength = 8 * len(s.Key.Bytes)
	})
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p521, err := ecdh.P521().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	x25519, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pq44, err := mldsa.GenerateKey(mldsa.MLDSA44())
	if err != nil {
		t.Fatal(err)
	}
	// The point begins with 04, so it fits one bit less, shifted: the standard library reads it as it was.
	shifted := rebuilt(t, p256, func(s *spki) {
		s.Key.Bytes = new(big.Int).Lsh(new(big.Int).SetBytes(s.Key.Bytes), 1).FillBytes(make([]byte, len(s.Key.Bytes)))
		s.Key.BitLength--
	})
	if _, err := x509.ParsePKIXPublicKey(shifted); err != nil {
		t.Logf("the standard library refuses a shifted point by itself: %v", err)
	}
	longLength := append([]byte{0x30, 0x81, p256[1]}, p256[2:]...) // BER, not DER
	for name, der := range map[string][]byte{
		"nothing":                       nil,
		"trailing byte":                 append(bytes.Clone(p256), 0),
		"cut":                           p256[:len(p256)-1],
		"ECDSA, compressed point":       compressed,
		"ECDSA, point shifted":          shifted,
		"ECDSA, length in long form":    longLength,
		"ECDSA, point off the curve":    rebuilt(t, p256, func(s *spki) { s.Key.Bytes[40] ^= 1 }),
		"Ed25519 with NULL parameters":  rebuilt(t, ed, func(s *spki) { s.Algorithm.Parameters = null }),
		"Ed25519 of 31 bytes":           rebuilt(t, ed, func(s *spki) { s.Key.Bytes, s.Key.BitLength = s.Key.Bytes[1:], 248 }),
		"Ed25519 with an unused bit":    rebuilt(t, ed, func(s *spki) { s.Key.BitLength-- }),
		"ML-DSA-65 with NULL parameter": rebuilt(t, newPen(t, evidence.MLDSA65).key.SPKI, func(s *spki) { s.Algorithm.Parameters = null }),
		"ML-DSA-44":                     marshalPKIX(t, pq44.Public()),
		"RSA":                           marshalPKIX(t, rsaKey.Public()),
		"P-521":                         marshalPKIX(t, p521.Public()),
		"X25519":                        marshalPKIX(t, x25519.Public()),
	} {
		if k, err := evidence.ParseKey(der); err == nil {
			t.Errorf("%s: taken as %s", name, k.Algorithm)
		}
	}
}

// Eight points of edwards25519 have small order. Each is a public key for which anybody can sign, and
// RFC 8032 has a second spelling for some: no such key may have an identity.
func TestParseKeyRefusesSmallOrder(t *testing.T) {
	t.Parallel()
	var found int
	for _, y := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	} {
		for _, sign := range []byte{0, 0x80} {
			raw, err := hex.DecodeString(y)
			if err != nil {
				t.Fatal(err)
			}
			raw[31] |= sign
			// The signature R = identity, S = 0 holds for such a key whenever the challenge is a multiple of
			// its order: this shows that the point is on the curve and of small order.
			forged := append(append([]byte{1}, make([]byte, 31)...), make([]byte, 32)...)
			for i := range 256 {
				if ed25519.Verify(raw, []byte{byte(i)}, forged) {
					found++
					break
				}
			}
			if _, err := evidence.NewKey(ed25519.PublicKey(raw)); err == nil {
				t.Errorf("the key %x is taken", raw)
			}
		}
	}
	if found != 14 {
		t.Errorf("a forged signature holds for %d of 14 keys: the list is wrong", found)
	}
}

func TestMLDSASchemeConfusion(t *testing.T) {
	t.Parallel()
	message := []byte("one message")
	p := newPen(t, evidence.MLDSA65)
	priv, ok := p.priv.(*mldsa.PrivateKey)
	if !ok {
		t.Fatal("not an ML-DSA key")
	}
	withContext, err := priv.Sign(nil, message, &mldsa.Options{Context: "tuf"})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha512.Sum512(message)
	prehash := mustSign(t, p, sum[:])
	// HashML-DSA (FIPS 204, algorithm 4) signs 1 || len(ctx) || ctx || OID || H(M) where pure ML-DSA has 0.
	domain := append([]byte{1, 0, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03}, sum[:]...)
	tr := shake256(priv.PublicKey().Bytes(), 64)
	hashMLDSA, err := priv.Sign(nil, shake256(append(tr, domain...), 64), muOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// The same road with the domain of pure ML-DSA arrives, so the refusal below is the domain's.
	pure, err := priv.Sign(nil, shake256(append(bytes.Clone(tr), append([]byte{0, 0}, message...)...), 64), muOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !p.key.Verify(message, pure) {
		t.Fatal("a signature over the right representative does not verify: the test is wrong")
	}
	pq44, err := mldsa.GenerateKey(mldsa.MLDSA44())
	if err != nil {
		t.Fatal(err)
	}
	weak, err := pq44.Sign(nil, message, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, sig := range map[string][]byte{
		"with a context": withContext, "over the digest": prehash, "HashML-DSA": hashMLDSA,
		"of ML-DSA-44": weak, "of ML-DSA-87": mustSign(t, newPen(t, evidence.MLDSA87), message),
	} {
		if p.key.Verify(message, sig) {
			t.Errorf("a signature %s verifies", name)
		}
	}
}
