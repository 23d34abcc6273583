package release

import (
	"fmt"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// Withdrawal is the predicate that takes a release back: its maker for everybody, a hospital for its own
// house.
type Withdrawal struct {
	evidence.Header
	Release model.Subject `json:"release"`
	Reason  string        `json:"reason"`
}

func (w Withdrawal) check() error {
	if err := checkHeader(w.Header); err != nil {
		return err
	}
	if w.Release.Kind() != model.KindRelease {
		return fmt.Errorf("%q is not a release", w.Release)
	}
	if err := checkText(w.Reason); err != nil {
		return fmt.Errorf("reason: %w", err)
	}
	return nil
}

// Payload encodes the withdrawal as a statement. It fails with BadInput when it is malformed.
func (w Withdrawal) Payload() ([]byte, error) {
	if err := w.check(); err != nil {
		return nil, fault.Wrap(err, fault.BadInput, "withdrawal of %s", w.Release)
	}
	return evidence.NewPayload(evidence.PredWithdrawal, w, w.Release)
}

// DecodeWithdrawal reads the withdrawal in a statement. Errors carry BadEnvelope.
func DecodeWithdrawal(st evidence.Statement) (Withdrawal, error) {
	var w Withdrawal
	if err := decode(st, evidence.PredWithdrawal, &w); err != nil {
		return Withdrawal{}, err
	}
	err := w.check()
	if err == nil {
		err = sameSubjects(st, w.Release)
	}
	if err != nil {
		return Withdrawal{}, fault.Wrap(err, fault.BadEnvelope, "the withdrawal of %s cannot be right", w.Release)
	}
	return w, nil
}
