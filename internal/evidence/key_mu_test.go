package evidence_test

import (
	"crypto"
	"crypto/sha3"
)

// muOptions signs a message representative that was made outside (RFC 9881, external mu).
type muOptions struct{}

func (muOptions) HashFunc() crypto.Hash { return crypto.MLDSAMu }

func shake256(b []byte, n int) []byte {
	h := sha3.NewSHAKE256()
	_, _ = h.Write(b)
	out := make([]byte, n)
	_, _ = h.Read(out)
	return out
}
