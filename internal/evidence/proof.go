package evidence

import (
	"encoding/hex"
	"encoding/json/v2"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

const (
	proofFormat       = "https://github.com/cordon-trust/cordon/proof/inclusion/v1"
	consistencyFormat = "https://github.com/cordon-trust/cordon/proof/consistency/v1"

	proofMaxBytes  = 256 << 10
	proofMaxHashes = 64
)

// Proof shows offline that a log holds an entry, and with the salt also which statement the entry is
// about. It goes with the statement's envelope from hand to hand.
type Proof struct {
	Entry      []byte      // canonical entry
	Salt       []byte      // SaltSize bytes; nil once erased: then it shows the entry but no statement
	Index      int64       // of the entry in the log
	Size       int64       // of the tree the hashes lead to
	Hashes     []tlog.Hash // audit path, leaf side first (RFC 6962 section 2.1.1)
	Checkpoint []byte      // signed note over that tree
}

type proofJSON struct {
	Format     string      `json:"format"`
	Entry      string      `json:"entry"`
	Salt       string      `json:"salt,omitempty"`
	Index      int64       `json:"index"`
	Size       int64       `json:"size"`
	Hashes     []tlog.Hash `json:"hashes"`
	Checkpoint string      `json:"checkpoint"`
}

// Encode returns the proof as JSON.
func (p Proof) Encode() ([]byte, error) {
	return encodeProof(proofJSON{
		Format: proofFormat, Entry: string(p.Entry), Salt: hex.EncodeToString(p.Salt),
		Index: p.Index, Size: p.Size, Hashes: p.Hashes, Checkpoint: string(p.Checkpoint),
	})
}

// ParseProof reads what [Proof.Encode] wrote, at most 256 KiB. It checks the form only; use
// [Proof.Verify]. Errors carry [fault.BadInput].
func ParseProof(b []byte) (Proof, error) {
	var w proofJSON
	if err := parseProof(b, &w); err != nil {
		return Proof{}, fault.Wrap(err, fault.BadInput, "parse proof of inclusion")
	}
	salt, err := hex.DecodeString(w.Salt)
	if err == nil {
		err = checkProofForm(w.Format, proofFormat, w.Hashes)
	}
	if err == nil && len(salt) != 0 && len(salt) != SaltSize {
		err = fmt.Errorf("salt of %d bytes", len(salt))
	}
	if err != nil {
		return Proof{}, fault.Wrap(err, fault.BadInput, "parse proof of inclusion")
	}
	if len(salt) == 0 {
		salt = nil
	}
	if len(w.Hashes) == 0 {
		w.Hashes = nil // one form for none
	}
	return Proof{
		Entry: []byte(w.Entry), Salt: salt, Index: w.Index, Size: w.Size,
		Hashes: w.Hashes, Checkpoint: []byte(w.Checkpoint),
	}, nil
}

// Open checks that the log holds the entry and returns both. It says nothing about a statement. Errors
// carry [fault.BadCheckpoint] or [fault.NotLogged].
func (p Proof) Open(id LogIdentity) (Entry, Checkpoint, error) {
	cp, err := OpenCheckpoint(p.Checkpoint, id)
	if err != nil {
		return Entry{}, Checkpoint{}, err
	}
	e, err := p.open(cp)
	if err != nil {
		return Entry{}, Checkpoint{}, fault.Wrap(err, fault.NotLogged, "proof of inclusion in log %q", id.Origin)
	}
	return e, cp, nil
}

func (p Proof) open(cp Checkpoint) (Entry, error) {
	e, err := ParseEntry(p.Entry)
	if err != nil {
		return Entry{}, err
	}
	if p.Size != cp.Size {
		return Entry{}, fmt.Errorf("the proof is for size %d, its checkpoint for %d", p.Size, cp.Size)
	}
	if p.Index != e.Seq || p.Index >= p.Size {
		return Entry{}, fmt.Errorf("entry %d cannot stand at %d of %d", e.Seq, p.Index, p.Size)
	}
	if len(p.Hashes) > proofMaxHashes {
		return Entry{}, fmt.Errorf("%d hashes are more than %d", len(p.Hashes), proofMaxHashes)
	}
	if err := tlog.CheckRecord(p.Hashes, p.Size, cp.Root, p.Index, LeafHash(p.Entry)); err != nil {
		return Entry{}, fmt.Errorf("entry %d is not in the tree of the checkpoint: %w", p.Index, err)
	}
	return e, nil
}

// Verify checks that the log holds an entry about the statement whose pre-authentication encoding has
// this digest. Whether the entry's signatures satisfy a policy is judged before, by the caller. Errors
// carry [fault.BadCheckpoint] or [fault.NotLogged].
func (p Proof) Verify(pae model.Digest, id LogIdentity) error {
	e, _, err := p.Open(id)
	if err != nil {
		return err
	}
	if len(p.Salt) != SaltSize {
		return fault.New(fault.NotLogged, "entry %d of log %q: its salt is erased or was left out, so it shows no statement", p.Index, id.Origin)
	}
	if Commit([SaltSize]byte(p.Salt), pae) != e.Commitment {
		return fault.New(fault.NotLogged, "entry %d of log %q is about another statement than %q", p.Index, id.Origin, pae)
	}
	return nil
}

// Consistency shows offline that one checkpoint's tree is the beginning of another's.
type Consistency struct {
	Old, New []byte      // signed notes
	Hashes   []tlog.Hash // RFC 6962 section 2.1.2
}

type consistencyJSON struct {
	Format string      `json:"format"`
	Old    string      `json:"old"`
	New    string      `json:"new"`
	Hashes []tlog.Hash `json:"hashes"`
}

// Encode returns the proof as JSON.
func (c Consistency) Encode() ([]byte, error) {
	return encodeProof(consistencyJSON{
		Format: consistencyFormat, Old: string(c.Old), New: string(c.New), Hashes: c.Hashes,
	})
}

// ParseConsistency reads what [Consistency.Encode] wrote, at most 256 KiB. Errors carry [fault.BadInput].
func ParseConsistency(b []byte) (Consistency, error) {
	var w consistencyJSON
	err := parseProof(b, &w)
	if err == nil {
		err = checkProofForm(w.Format, consistencyFormat, w.Hashes)
	}
	if err != nil {
		return Consistency{}, fault.Wrap(err, fault.BadInput, "parse proof of consistency")
	}
	return Consistency{Old: []byte(w.Old), New: []byte(w.New), Hashes: w.Hashes}, nil
}

// Verify checks both checkpoints and that the newer tree begins with the older. Errors carry
// [fault.BadCheckpoint], or [fault.LogForked] when the log's keys signed two histories.
func (c Consistency) Verify(id LogIdentity) error {
	older, err := OpenCheckpoint(c.Old, id)
	if err != nil {
		return err
	}
	newer, err := OpenCheckpoint(c.New, id)
	if err != nil {
		return err
	}
	return CheckConsistency(older, newer, c.Hashes)
}

// CheckConsistency checks that the tree of newer begins with that of older. Two different roots of one
// size are a fork; so are hashes that do not lead from one to the other, though those may also just be
// wrong hashes. Errors carry [fault.LogForked].
func CheckConsistency(older, newer Checkpoint, hashes []tlog.Hash) error {
	err := checkConsistency(older, newer, hashes)
	if err != nil {
		return fault.Wrap(err, fault.LogForked, "log %q: checkpoints of size %d and %d", newer.Origin, older.Size, newer.Size)
	}
	return nil
}

func checkConsistency(older, newer Checkpoint, hashes []tlog.Hash) error {
	switch {
	case older.Origin != newer.Origin:
		return fmt.Errorf("the older is of log %q", older.Origin)
	case older.Size > newer.Size:
		return errors.New("the newer tree is smaller")
	case len(hashes) > proofMaxHashes:
		return fmt.Errorf("%d hashes are more than %d", len(hashes), proofMaxHashes)
	case older.Size == newer.Size && older.Root != newer.Root:
		return errors.New("one size, two roots")
	case older.Size == newer.Size || older.Size == 0:
		if len(hashes) != 0 {
			return errors.New("hashes where none are needed")
		}
		return nil
	}
	if err := tlog.CheckTree(hashes, newer.Size, newer.Root, older.Size, older.Root); err != nil {
		return fmt.Errorf("the newer tree does not begin with the older: %w", err)
	}
	return nil
}

func encodeProof(w any) ([]byte, error) {
	b, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("encode proof: %w", err)
	}
	return b, nil
}

func parseProof(b []byte, into any) error {
	if len(b) > proofMaxBytes {
		return fmt.Errorf("%d bytes are more than %d", len(b), proofMaxBytes)
	}
	return json.Unmarshal(b, into, json.RejectUnknownMembers(true))
}

func checkProofForm(format, want string, hashes []tlog.Hash) error {
	if format != want {
		return fmt.Errorf("format %q is not %q", format, want)
	}
	if len(hashes) > proofMaxHashes {
		return fmt.Errorf("%d hashes are more than %d", len(hashes), proofMaxHashes)
	}
	return nil
}
