package evidence

import (
	"encoding/base64"
	"fmt"
	"strings"

	cosign "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
)

// Key types of C2SP signed-note that a log of Cordon uses.
const (
	noteTypeEd25519 = 0x01
	noteTypeMLDSA44 = 0x06
)

const (
	checkpointMaxOrigin = 200
	checkpointMaxVKey   = 4 << 10
)

// LogIdentity names a log and the two keys that sign its checkpoints, in the vkey form of C2SP
// signed-note: one Ed25519 key (type 0x01) and one ML-DSA-44 key (type 0x06), both named by the origin.
type LogIdentity struct {
	Origin string   `json:"origin"`
	Keys   []string `json:"keys"`
}

// Check says whether the identity is usable, in words an operator can act on.
func (id LogIdentity) Check() error {
	_, err := id.verifiers()
	return err
}

// logVerifiers holds a log's two keys ready for use.
type logVerifiers struct {
	classical, pq note.Verifier
}

func (id LogIdentity) verifiers() (logVerifiers, error) {
	var v logVerifiers
	if err := checkOrigin(id.Origin); err != nil {
		return v, err
	}
	if len(id.Keys) != 2 {
		return v, fmt.Errorf("log %q has %d keys, it needs one Ed25519 and one ML-DSA-44 key", id.Origin, len(id.Keys))
	}
	for _, k := range id.Keys {
		if err := v.add(id.Origin, k); err != nil {
			return logVerifiers{}, fmt.Errorf("log %q: %w", id.Origin, err)
		}
	}
	return v, nil
}

func (v *logVerifiers) add(origin, vkey string) error {
	typ, hash, err := splitVKey(origin, vkey)
	if err != nil {
		return err
	}
	var got note.Verifier
	slot := &v.classical
	switch typ {
	case noteTypeEd25519:
		got, err = note.NewVerifier(vkey)
	case noteTypeMLDSA44:
		slot = &v.pq
		var pq *cosign.SubtreeVerifier
		if pq, err = cosign.NewMLDSAVerifier(vkey); err == nil {
			got = pq
		}
	default:
		return fmt.Errorf("key of type %#02x is neither Ed25519 (0x01) nor ML-DSA-44 (0x06)", typ)
	}
	if err != nil {
		return fmt.Errorf("key of type %#02x: %w", typ, err)
	}
	if *slot != nil {
		return fmt.Errorf("two keys of type %#02x", typ)
	}
	// The ML-DSA constructor does not compare the hash inside the key; a wrong one would only show as a
	// signature that nobody finds.
	if fmt.Sprintf("%08x", got.KeyHash()) != hash {
		return fmt.Errorf("key of type %#02x carries the hash %q, its own is %08x", typ, hash, got.KeyHash())
	}
	*slot = got
	return nil
}

// splitVKey returns type and printed hash of "name+hash+base64(type || key)" in its one spelling.
func splitVKey(origin, vkey string) (byte, string, error) {
	if len(vkey) > checkpointMaxVKey {
		return 0, "", fmt.Errorf("key of %d bytes is longer than %d", len(vkey), checkpointMaxVKey)
	}
	name, rest, ok := strings.Cut(vkey, "+")
	hash, key64, ok2 := strings.Cut(rest, "+")
	if !ok || !ok2 {
		return 0, "", fmt.Errorf("key %q is not of the form name+hash+key", vkey)
	}
	if name != origin {
		return 0, "", fmt.Errorf("key is named %q instead of the origin", name)
	}
	raw, err := base64.StdEncoding.DecodeString(key64)
	if err != nil || len(raw) == 0 || base64.StdEncoding.EncodeToString(raw) != key64 {
		return 0, "", fmt.Errorf("key %q does not carry canonical base64", vkey)
	}
	return raw[0], hash, nil
}

// checkOrigin accepts what may be both a note key name and the first line of a checkpoint.
func checkOrigin(s string) error {
	if s == "" || len(s) > checkpointMaxOrigin {
		return fmt.Errorf("log origin %q must have 1 to %d bytes", s, checkpointMaxOrigin)
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c == '+' {
			return fmt.Errorf("log origin %q may hold printable ASCII without space and +", s)
		}
	}
	return nil
}
