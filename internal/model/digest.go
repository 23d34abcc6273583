package model

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Digest is a SHA-256 digest. It is printed and parsed as "sha256:" and 64 lower-case hex digits,
// always whole: a shortened digest is never an identifier. The zero value means "none".
type Digest [sha256.Size]byte

const digestPrefix = "sha256:"

// DigestOf returns the SHA-256 of b.
func DigestOf(b []byte) Digest { return sha256.Sum256(b) }

// ParseDigest parses "sha256:<64 lower-case hex digits>".
func ParseDigest(s string) (Digest, error) {
	h, ok := strings.CutPrefix(s, digestPrefix)
	if !ok {
		return Digest{}, fmt.Errorf("digest %q does not begin with %q", s, digestPrefix)
	}
	return ParseHexDigest(h)
}

// ParseHexDigest parses 64 lower-case hex digits.
func ParseHexDigest(h string) (Digest, error) {
	var d Digest
	if len(h) != 2*len(d) || strings.ToLower(h) != h {
		return Digest{}, fmt.Errorf("digest %q is not %d lower-case hex digits", h, 2*len(d))
	}
	if _, err := hex.Decode(d[:], []byte(h)); err != nil {
		return Digest{}, fmt.Errorf("digest %q: %w", h, err)
	}
	return d, nil
}

// Hex returns the 64 hex digits alone, as in-toto digest sets and file names carry them.
func (d Digest) Hex() string { return hex.EncodeToString(d[:]) }

// String returns "sha256:<hex>".
func (d Digest) String() string { return digestPrefix + d.Hex() }

// IsZero reports whether d is the zero value.
func (d Digest) IsZero() bool { return d == Digest{} }

// MarshalText returns the printed form; of the zero digest, the empty text.
func (d Digest) MarshalText() ([]byte, error) {
	if d.IsZero() {
		return nil, nil
	}
	return []byte(d.String()), nil
}

// UnmarshalText parses the printed form; the empty text is the zero digest.
func (d *Digest) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Digest{}
		return nil
	}
	v, err := ParseDigest(string(b))
	if err != nil {
		return err
	}
	*d = v
	return nil
}
