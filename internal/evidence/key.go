package evidence

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/mldsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"fmt"

	"github.com/cordon-trust/cordon/internal/model"
)

// Family is a class of signature algorithms that rest on one kind of assumption.
type Family string

// The families that a policy counts apart.
const (
	Classical   Family = "classical"
	PostQuantum Family = "post-quantum"
)

// Algorithm names a signature algorithm.
type Algorithm string

// The algorithms that sign. RSA, LMS and SLH-DSA are not signed with.
const (
	Ed25519   Algorithm = "ed25519"
	ECDSAP256 Algorithm = "ecdsa-p256"
	ECDSAP384 Algorithm = "ecdsa-p384"
	MLDSA65   Algorithm = "ml-dsa-65"
	MLDSA87   Algorithm = "ml-dsa-87"
)

// Family returns the family an algorithm belongs to; of one that may not sign, "".
func (a Algorithm) Family() Family {
	switch a {
	case Ed25519, ECDSAP256, ECDSAP384:
		return Classical
	case MLDSA65, MLDSA87:
		return PostQuantum
	}
	return ""
}

// Key is a public key with its identity, the SHA-256 of its DER SubjectPublicKeyInfo.
type Key struct {
	ID        model.Subject
	Algorithm Algorithm
	SPKI      []byte
	public    crypto.PublicKey
}

// NewKey returns the key for a public key of one of the known algorithms.
func NewKey(public crypto.PublicKey) (Key, error) {
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return Key{}, fmt.Errorf("encode public key: %w", err)
	}
	return ParseKey(spki)
}

// ParseKey parses a DER SubjectPublicKeyInfo (RFC 5280; RFC 9881 for ML-DSA). Only the one DER form of
// a key is taken, so that a key has one identity; an Ed25519 key of small order, for which anybody can
// make signatures and which has several spellings, is refused.
func ParseKey(spki []byte) (Key, error) {
	public, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return Key{}, fmt.Errorf("parse public key: %w", err)
	}
	alg, err := algorithmOf(public)
	if err != nil {
		return Key{}, err
	}
	again, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return Key{}, fmt.Errorf("encode public key: %w", err)
	}
	if string(again) != string(spki) {
		return Key{}, fmt.Errorf("public key is not in its canonical DER form")
	}
	if ed, ok := public.(ed25519.PublicKey); ok && smallOrder(ed) {
		return Key{}, fmt.Errorf("public key is a point of small order, for which anybody can sign")
	}
	return Key{ID: model.KeyOf(sha256.Sum256(spki)), Algorithm: alg, SPKI: again, public: public}, nil
}

func algorithmOf(public crypto.PublicKey) (Algorithm, error) {
	switch k := public.(type) {
	case ed25519.PublicKey:
		return Ed25519, nil
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return ECDSAP256, nil
		case elliptic.P384():
			return ECDSAP384, nil
		}
	case *mldsa.PublicKey:
		switch k.Parameters() {
		case mldsa.MLDSA65():
			return MLDSA65, nil
		case mldsa.MLDSA87():
			return MLDSA87, nil
		}
	}
	return "", fmt.Errorf("public key of type %T is of no algorithm that may sign statements", public)
}

// Verify reports whether sig is this key's signature over message.
func (k Key) Verify(message, sig []byte) bool {
	switch p := k.public.(type) {
	case ed25519.PublicKey:
		return len(sig) == ed25519.SignatureSize && ed25519.Verify(p, message, sig)
	case *ecdsa.PublicKey:
		if k.Algorithm == ECDSAP384 {
			h := sha512.Sum384(message)
			return ecdsa.VerifyASN1(p, h[:], sig)
		}
		h := sha256.Sum256(message)
		return ecdsa.VerifyASN1(p, h[:], sig)
	case *mldsa.PublicKey:
		return len(sig) == p.Parameters().SignatureSize() && mldsa.Verify(p, message, sig, nil) == nil
	}
	return false
}

// mayHave says cheaply whether a signature of n bytes can be one of this key's, so that junk costs no
// arithmetic.
func (k Key) mayHave(n int) bool {
	switch p := k.public.(type) {
	case ed25519.PublicKey:
		return n == ed25519.SignatureSize
	case *mldsa.PublicKey:
		return n == p.Parameters().SignatureSize()
	default:
		return n > 8 && n < 150
	}
}
