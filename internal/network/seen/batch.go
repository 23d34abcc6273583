package seen

import (
	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
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

// DecodeBatch reads the batch in an observation statement. Errors carry BadEnvelope.
func DecodeBatch(st evidence.Statement) (Batch, error) {
	var b Batch
	if err := st.Decode(&b); err != nil {
		return Batch{}, err
	}
	if b.Rows.Count < 1 || b.Site.Kind() != model.KindSite {
		return Batch{}, fault.New(fault.BadEnvelope, "an observation covers at least one row seen at a site")
	}
	return b, nil
}
