package exposure

import (
	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// Import is the predicate by which a house states edges itself: it commits to the salted rows of one
// file, or takes an earlier import back whole.
type Import struct {
	evidence.Header
	Rows     evidence.RowBatch `json:"rows"`
	Retracts model.Digest      `json:"retracts,omitzero"`
}

// DecodeImport reads an import statement.
func DecodeImport(st evidence.Statement) (Import, error) {
	var i Import
	if err := st.Decode(&i); err != nil {
		return Import{}, err
	}
	if i.Rows.Count < 0 || i.Rows.Count > MaxLines || (i.Rows.Count == 0) == i.Retracts.IsZero() {
		return Import{}, fault.New(fault.BadEnvelope, "an import either covers 1 to %d rows or retracts another", MaxLines)
	}
	return i, nil
}
