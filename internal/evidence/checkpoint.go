package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	cosign "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

const (
	checkpointMaxBytes = 64 << 10
	checkpointMaxSize  = 1 << 50 // entries; beyond it a size is a lie
	checkpointMaxTime  = 253402300799
)

// Checkpoint is a log's signed word about its size and root (C2SP tlog-checkpoint).
type Checkpoint struct {
	Origin string
	Size   int64
	Root   tlog.Hash
	Time   time.Time // of the ML-DSA cosignature, to the second: the log's own clock
	Note   []byte    // the signed note as it was read
}

// EmptyRoot is the root of a tree without entries (RFC 6962 section 2.1).
func EmptyRoot() tlog.Hash { return sha256.Sum256(nil) }

// OpenCheckpoint reads a signed checkpoint of at most 64 KiB. Both keys of the log must have signed it:
// the error says which signature is missing. It refuses extension lines, which the ML-DSA signature does
// not cover (C2SP tlog-cosignature), another origin, and sizes of 2^50 entries and more. Signature lines
// of other keys, such as a witness's, are allowed and mean nothing here. Errors carry
// [fault.BadCheckpoint].
func OpenCheckpoint(signed []byte, id LogIdentity) (Checkpoint, error) {
	cp, err := openCheckpoint(signed, id)
	if err != nil {
		return Checkpoint{}, fault.Wrap(err, fault.BadCheckpoint, "checkpoint of log %q", id.Origin)
	}
	return cp, nil
}

func openCheckpoint(signed []byte, id LogIdentity) (Checkpoint, error) {
	if len(signed) > checkpointMaxBytes {
		return Checkpoint{}, fmt.Errorf("%d bytes are more than %d", len(signed), checkpointMaxBytes)
	}
	keys, err := id.verifiers()
	if err != nil {
		return Checkpoint{}, err
	}
	n, err := note.Open(signed, note.VerifierList(keys.classical, keys.pq))
	if err != nil {
		return Checkpoint{}, noteError(err, keys)
	}
	// note.Open is content with one of the two.
	var pq *note.Signature
	var classical bool
	for i, s := range n.Sigs {
		if !canonicalBase64(s.Base64) {
			return Checkpoint{}, errors.New("a signature is not in canonical base64")
		}
		if s.Name == keys.classical.Name() && s.Hash == keys.classical.KeyHash() {
			classical = true
		}
		if s.Name == keys.pq.Name() && s.Hash == keys.pq.KeyHash() {
			pq = &n.Sigs[i]
		}
	}
	switch {
	case !classical:
		return Checkpoint{}, errors.New("missing classical signature (Ed25519)")
	case pq == nil:
		return Checkpoint{}, errors.New("missing post-quantum signature (ML-DSA-44)")
	}
	cp, err := parseCheckpointText(n.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	if cp.Origin != id.Origin {
		return Checkpoint{}, fmt.Errorf("it is of log %q", cp.Origin)
	}
	if cp.Time, err = cosign.CoSigV1Timestamp(*pq); err != nil {
		return Checkpoint{}, fmt.Errorf("time of the post-quantum signature: %w", err)
	}
	if s := cp.Time.Unix(); s < 0 || s > checkpointMaxTime {
		return Checkpoint{}, fmt.Errorf("time of the post-quantum signature is %d seconds, outside the years 1970 to 9999", s)
	}
	cp.Time = cp.Time.UTC()
	cp.Note = bytes.Clone(signed)
	return cp, nil
}

// canonicalBase64 refuses bits after the last byte, which the note package does not look at: a checkpoint
// would have many spellings.
func canonicalBase64(s string) bool {
	_, err := base64.StdEncoding.Strict().DecodeString(s)
	return err == nil
}

func noteError(err error, keys logVerifiers) error {
	var bad *note.InvalidSignatureError
	var none *note.UnverifiedNoteError
	switch {
	case errors.As(err, &bad) && bad.Hash == keys.classical.KeyHash():
		return errors.New("the classical signature (Ed25519) does not verify")
	case errors.As(err, &bad):
		return errors.New("the post-quantum signature (ML-DSA-44) does not verify")
	case errors.As(err, &none):
		return errors.New("missing classical and post-quantum signature: no key of this log signed it")
	}
	return fmt.Errorf("signed note: %w", err)
}

// parseCheckpointText reads the three lines origin, size and root; more or fewer are refused.
func parseCheckpointText(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[len(lines)-1] != "" {
		return Checkpoint{}, errors.New("text is not the three lines origin, size and root")
	}
	if len(lines) > 4 {
		return Checkpoint{}, errors.New("extension lines are not allowed: the post-quantum signature does not cover them")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || size > checkpointMaxSize || strconv.FormatInt(size, 10) != lines[1] {
		return Checkpoint{}, fmt.Errorf("size %q is not a number from 0 to 2^50", lines[1])
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil || root.String() != lines[2] {
		return Checkpoint{}, fmt.Errorf("root %q is not the base64 of 32 bytes", lines[2])
	}
	if size == 0 && root != EmptyRoot() {
		return Checkpoint{}, errors.New("an empty tree has another root")
	}
	return Checkpoint{Origin: lines[0], Size: size, Root: root}, nil
}

// SignCheckpoint signs a checkpoint with every signer. at becomes the time inside the ML-DSA
// cosignature, cut to seconds; signers that carry no time ignore it. Nobody may see the result before
// what it covers is durable.
func SignCheckpoint(origin string, size int64, root tlog.Hash, at time.Time, signers ...note.Signer) ([]byte, error) {
	if err := checkOrigin(origin); err != nil {
		return nil, err
	}
	if size < 0 || size > checkpointMaxSize {
		return nil, fmt.Errorf("sign checkpoint of log %q: size %d is outside 0 to 2^50", origin, size)
	}
	if s := at.Unix(); s < 0 || s > checkpointMaxTime {
		return nil, fmt.Errorf("sign checkpoint of log %q: time %s is outside the years 1970 to 9999", origin, at)
	}
	timed := make([]note.Signer, len(signers))
	for i, s := range signers {
		timed[i] = s
		if sub, ok := s.(subtreeSigner); ok {
			timed[i] = timedSigner{sub, origin, size, root, at}
		}
	}
	text := origin + "\n" + strconv.FormatInt(size, 10) + "\n" + base64.StdEncoding.EncodeToString(root[:]) + "\n"
	out, err := note.Sign(&note.Note{Text: text}, timed...)
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint of log %q: %w", origin, err)
	}
	return out, nil
}

// subtreeSigner is what a C2SP cosigner offers beyond note.Signer: it takes the time from the caller.
type subtreeSigner interface {
	note.Signer
	SignSubtree(timestamp uint64, logOrigin string, start, end uint64, root []byte) ([]byte, error)
}

// timedSigner signs one checkpoint at a given time instead of the machine's.
type timedSigner struct {
	subtreeSigner
	origin string
	size   int64
	root   tlog.Hash
	at     time.Time
}

// Sign ignores the note's text: a cosignature covers origin, size and root, which are the same three.
func (t timedSigner) Sign([]byte) ([]byte, error) {
	return t.SignSubtree(uint64(t.at.Unix()), t.origin, 0, uint64(t.size), t.root[:]) //nolint:gosec // both checked to be non-negative
}
