package inventory

import (
	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// Registration is the predicate by which a house states its device list (device-register): it commits to
// the salted rows of one import. The list replaces the one before it from the time on at which this house
// held the statement.
type Registration struct {
	evidence.Header
	Rows evidence.RowBatch `json:"rows"`
}

// DecodeRegistration reads a device-register statement. Errors carry BadEnvelope.
func DecodeRegistration(st evidence.Statement) (Registration, error) {
	if st.PredicateType != evidence.PredicateURI(evidence.PredDeviceRegister) {
		return Registration{}, fault.New(fault.BadEnvelope, "the statement is no device register")
	}
	var r Registration
	if err := st.Decode(&r); err != nil {
		return Registration{}, err
	}
	if r.Rows.Count < 1 || r.Rows.Count > MaxDevices {
		return Registration{}, fault.New(fault.BadEnvelope, "a device register covers 1 to %d rows, not %d", MaxDevices, r.Rows.Count)
	}
	return r, nil
}
