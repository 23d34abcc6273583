package evidence

import (
	"fmt"

	"github.com/cordon-trust/cordon/internal/model"
)

// Audit checks what lies beside an entry: that the salt opens its commitment to the statement, that
// the envelope holds that statement, and that every signature the entry fixed is still in it. The
// envelope may hold more, because a later countersignature is an entry of its own. It verifies no
// signature: that is [Roots.Verify].
func (e Entry) Audit(envelope, salt []byte, statement model.Digest) error {
	if len(salt) != SaltSize {
		return fmt.Errorf("the salt has %d bytes", len(salt))
	}
	if Commit([SaltSize]byte(salt), statement) != e.Commitment {
		return fmt.Errorf("it does not commit to statement %q", statement)
	}
	env, err := ParseEnvelope(envelope)
	if err != nil {
		return err
	}
	if env.PayloadType != e.PayloadType {
		return fmt.Errorf("the envelope is of type %q, the entry says %q", env.PayloadType, e.PayloadType)
	}
	if d := env.Digest(); d != statement {
		return fmt.Errorf("the envelope holds statement %q instead of %q", d, statement)
	}
	held := make(map[model.Digest]bool, len(env.Signatures))
	for _, s := range env.Signatures {
		if raw, ok := s.bytes(); ok {
			held[model.DigestOf(raw)] = true
		}
	}
	for _, ref := range e.Signatures {
		if !held[ref.Digest] {
			return fmt.Errorf("the signature of %q that it fixed is not in the envelope", ref.Key)
		}
	}
	return nil
}
