package evidence_test

import (
	"crypto/rand"
	"testing"

	cosign "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"

	"github.com/cordon-trust/cordon/internal/evidence"
)

// testLog is a log's two keys, usable and in text.
type testLog struct {
	id            evidence.LogIdentity
	classical, pq note.Signer
}

func newTestLog(t testing.TB, origin string) testLog {
	t.Helper()
	sk, vk, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		t.Fatal(err)
	}
	psk, pvk, err := cosign.GenerateMLDSAKey(origin)
	if err != nil {
		t.Fatal(err)
	}
	l := testLog{id: evidence.LogIdentity{Origin: origin, Keys: []string{vk, pvk}}}
	if l.classical, err = note.NewSigner(sk); err != nil {
		t.Fatal(err)
	}
	if l.pq, err = cosign.NewMLDSASigner(psk); err != nil {
		t.Fatal(err)
	}
	return l
}
