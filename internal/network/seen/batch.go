package seen

import (
	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/model"
)

// Batch is the predicate of an observation: a sensor's rows of one stretch of one run. It commits to the
// salted rows, which lie beside it and can be erased.
type Batch struct {
	evidence.Header
	Site model.Subject     `json:"site"`
	Rows evidence.RowBatch `json:"rows"`
}

// Payload encodes the batch as a statement about its site.
func (b Batch) Payload() ([]byte, error) {
	return evidence.NewPayload(evidence.PredObservation, b, b.Site)
}
