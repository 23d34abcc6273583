package evidence

import (
	"bytes"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/kit/visible"
	"github.com/cordon-trust/cordon/internal/model"
)

// Bounds of a file of proofs.
const (
	MaxProofFile  = 16 << 20 // bytes
	maxProofLines = 10_000
)

const proofType = "proof"

// NamedProof is a proof of inclusion with what it is about, a line of a file of proofs.
type NamedProof struct {
	Type      string         `json:"type"`      // "proof"
	Statement model.Digest   `json:"statement"` // zero: its salt is erased, so that the proof shows an entry only
	Log       string         `json:"log"`       // its origin
	Index     int64          `json:"index"`
	Size      int64          `json:"size"`
	Proof     jsontext.Value `json:"proof"` // see [ParseProof]
}

// EncodeProofs returns the file in which proofs are handed over: a line of JSON for each.
func EncodeProofs(list []NamedProof) ([]byte, error) {
	var out []byte
	for _, p := range list {
		p.Type = proofType
		line, err := json.Marshal(p, json.Deterministic(true))
		if err != nil {
			return nil, fault.Wrap(err, fault.Internal, "encode the proof of statement:%s", p.Statement)
		}
		out = append(append(out, visible.JSON(line)...), '\n')
	}
	return out, nil
}

// ParseProofs reads what [EncodeProofs] wrote, at most 16 MiB and 10,000 proofs. It checks the form only; use
// [NamedProof.Check]. Errors carry [fault.BadInput].
func ParseProofs(file []byte) ([]NamedProof, error) {
	if len(file) > MaxProofFile {
		return nil, fault.New(fault.BadInput, "a file of proofs is at most %d bytes long", MaxProofFile)
	}
	var out []NamedProof
	n := 0
	for raw := range bytes.Lines(file) {
		n++
		if raw = bytes.TrimSpace(raw); len(raw) == 0 {
			continue
		}
		var p NamedProof
		err := json.Unmarshal(raw, &p)
		if err == nil && p.Type != proofType {
			err = fmt.Errorf("its type is %q", p.Type)
		}
		if err != nil {
			return nil, fault.Wrap(err, fault.BadInput, "line %d of the file is no proof", n)
		}
		if len(out) == maxProofLines {
			return nil, fault.New(fault.BadInput, "the file holds more than %d proofs", maxProofLines)
		}
		out = append(out, p)
	}
	if len(out) == 0 {
		return nil, fault.New(fault.BadInput, "the file holds no proof")
	}
	return out, nil
}

// Check checks the proof under the identity of the log that it names, and returns the entry and the checkpoint that it
// leads to. A proof without a salt shows no statement, and is refused for a line that names one. Errors carry
// [fault.BadInput], [fault.BadCheckpoint] or [fault.NotLogged].
func (n *NamedProof) Check(id LogIdentity) (e Entry, cp Checkpoint, err error) {
	p, err := ParseProof(n.Proof)
	if err != nil {
		return e, cp, err
	}
	if p.Index != n.Index || p.Size != n.Size {
		return e, cp, fault.New(fault.BadInput, "the line says entry %d of %d, and the proof in it is of entry %d of %d", n.Index, n.Size, p.Index, p.Size)
	}
	if e, cp, err = p.Open(id); err != nil || p.Salt == nil && n.Statement.IsZero() {
		return e, cp, err
	}
	return e, cp, p.Verify(n.Statement, id)
}
