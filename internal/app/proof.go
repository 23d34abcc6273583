package app

import (
	"context"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/store"
)

// ProofFile returns the file in which proofs are handed over: what `cordon log proof --json` prints.
func ProofFile(list []ProofInfo) ([]byte, error) {
	lines := make([]evidence.NamedProof, len(list))
	for i, p := range list {
		lines[i] = evidence.NamedProof{Statement: p.Statement, Log: p.Log, Index: p.Index, Size: p.Size, Proof: p.Proof}
	}
	return evidence.EncodeProofs(lines)
}

// Proven is a proof that was checked and holds.
type Proven struct {
	Statement model.Digest `json:"statement,omitzero"` // zero: the salt is erased, so the entry shows no statement
	Log       string       `json:"log"`
	Owner     string       `json:"owner"`     // of the log: the organisation by whose root its checkpoint was verified
	Confirmed bool         `json:"confirmed"` // a person of this house compared the fingerprint of that root
	Index     int64        `json:"index"`
	Size      int64        `json:"size"`
	Author    string       `json:"author"` // of the entry
	Time      time.Time    `json:"time"`   // of the checkpoint that the proof leads to
}

// CheckProofs checks a file of proofs against the logs of the organisations whose roots this home holds. It asks
// nobody, and the home need not hold the statements. One proof that does not hold makes it fail, with
// fault.BadInput, fault.UnknownOrg, fault.BadCheckpoint or fault.NotLogged.
func (a *App) CheckProofs(ctx context.Context, file []byte) ([]Proven, error) {
	lines, err := evidence.ParseProofs(file)
	if err != nil {
		return nil, err
	}
	var out []Proven
	err = a.db.View(ctx, func(tx *store.Tx) error {
		roots, err := a.roots(ctx, tx)
		if err != nil {
			return err
		}
		for i := range lines {
			p, err := checkProof(roots, &lines[i])
			if err != nil {
				return err
			}
			out = append(out, p)
		}
		return nil
	})
	return out, err
}

// checkProof checks one proof under the keys of the log that it names.
func checkProof(roots *evidence.Roots, line *evidence.NamedProof) (Proven, error) {
	t, id, ok := logOf(roots, line.Log)
	if !ok {
		return Proven{}, fault.New(fault.UnknownOrg, "no root that this home holds names the log %q", line.Log).
			Hint("`cordon trust add FILE` takes the root of its organisation")
	}
	e, cp, err := line.Check(id)
	if err != nil {
		return Proven{}, err
	}
	return Proven{
		Statement: line.Statement, Log: line.Log, Owner: t.Root.Author, Confirmed: t.Confirmed,
		Index: line.Index, Size: line.Size, Author: e.Author, Time: cp.Time,
	}, nil
}

// logOf finds a log by its origin in the root of the organisation whose name the origin begins with. That another
// root names it too means nothing: anybody can write a name into a root.
func logOf(roots *evidence.Roots, origin string) (evidence.Trusted, evidence.LogIdentity, bool) {
	for _, org := range roots.Orgs() {
		var purpose string
		switch origin {
		case houseOrigin(org):
			purpose = evidence.LogHouse
		case publicationOrigin(org):
			purpose = evidence.LogPublication
		default:
			continue
		}
		t, _ := roots.Of(org)
		id, ok := t.Root.Log(purpose)
		return t, id, ok && id.Origin == origin
	}
	return evidence.Trusted{}, evidence.LogIdentity{}, false
}
