package evidence

import (
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// PayloadType is the DSSE payload type of an in-toto statement.
const PayloadType = "application/vnd.in-toto+json"

const maxSignatures = 32

// Envelope is a DSSE envelope. Its JSON form is one line.
type Envelope struct {
	PayloadType string      `json:"payloadType"`
	Payload     []byte      `json:"payload"` // standard base64
	Signatures  []Signature `json:"signatures"`
}

// Signature is one signature of an envelope. KeyID is a hint and decides nothing. Sig stays as it was
// written, because a signature that does not decode is ignored and must not spoil its neighbours.
type Signature struct {
	KeyID string `json:"keyid"`
	Sig   string `json:"sig"`
}

func (s Signature) bytes() ([]byte, bool) {
	b, err := decodeBase64(s.Sig)
	return b, err == nil
}

// ParseEnvelope parses one envelope strictly.
func ParseEnvelope(line []byte) (Envelope, error) {
	var w struct {
		PayloadType string      `json:"payloadType"`
		Payload     string      `json:"payload"`
		Signatures  []Signature `json:"signatures"`
	}
	if err := decodeStrict(line, MaxEnvelope, &w); err != nil {
		return Envelope{}, fault.Wrap(err, fault.BadEnvelope, "this is not a DSSE envelope")
	}
	payload, err := decodeBase64(w.Payload)
	if err != nil {
		return Envelope{}, fault.Wrap(err, fault.BadEnvelope, "the payload is not standard base64")
	}
	e := Envelope{PayloadType: w.PayloadType, Payload: payload, Signatures: w.Signatures}
	if err := e.check(); err != nil {
		return Envelope{}, err
	}
	return e, nil
}

// check holds for every envelope that is judged, also one that did not come from [ParseEnvelope]: the
// payload type is signed, so another type is another thing that was said.
func (e Envelope) check() error {
	switch {
	case e.PayloadType != PayloadType:
		return fault.New(fault.BadEnvelope, "payload type %q is not %q", short(e.PayloadType), PayloadType)
	case len(e.Payload) == 0 || len(e.Payload) > MaxPayload:
		return fault.New(fault.BadEnvelope, "a payload of %d bytes is outside 1 to %d", len(e.Payload), MaxPayload)
	case len(e.Signatures) > maxSignatures:
		return fault.New(fault.BadEnvelope, "%d signatures are more than the %d allowed", len(e.Signatures), maxSignatures)
	}
	return nil
}

// Line returns the envelope as one line of JSON, without the line's end.
func (e Envelope) Line() ([]byte, error) {
	b, err := encode(e)
	if err != nil {
		return nil, fmt.Errorf("encode envelope: %w", err)
	}
	return b, nil
}

// PAE returns DSSE's pre-authentication encoding: the bytes that are signed.
func (e Envelope) PAE() []byte { return dsse.PAE(e.PayloadType, e.Payload) }

// Digest is the SHA-256 of the PAE: the statement's identity, whatever its signatures.
func (e Envelope) Digest() model.Digest { return model.DigestOf(e.PAE()) }

// Merge returns the envelope with the signatures of other that it lacks. Both must say the same. What
// does not decode is left behind, and one signature stays one whatever key ids it is listed under.
func (e Envelope) Merge(other Envelope) (Envelope, error) {
	if e.Digest() != other.Digest() {
		return Envelope{}, fault.New(fault.BadEnvelope, "two envelopes of different statements cannot be merged")
	}
	seen := map[string]bool{}
	out := Envelope{PayloadType: e.PayloadType, Payload: e.Payload}
	for _, s := range slices.Concat(e.Signatures, other.Signatures) {
		if raw, ok := s.bytes(); ok && len(raw) > 0 && !seen[string(raw)] {
			seen[string(raw)] = true
			out.Signatures = append(out.Signatures, s)
		}
	}
	if len(out.Signatures) > maxSignatures {
		return Envelope{}, fault.New(fault.BadEnvelope, "%d signatures are more than the %d allowed", len(out.Signatures), maxSignatures)
	}
	return out, nil
}

// Signer makes signatures with one private key.
type Signer interface {
	Key() Key
	Sign(message []byte) ([]byte, error)
}

// Sign returns an envelope over payload with one signature per signer, in their order.
func Sign(payload []byte, signers ...Signer) (Envelope, error) {
	e := Envelope{PayloadType: PayloadType, Payload: payload}
	pae := e.PAE()
	for _, s := range signers {
		sig, err := s.Sign(pae)
		if err != nil {
			return Envelope{}, fmt.Errorf("sign with %s: %w", s.Key().ID, err)
		}
		e.Signatures = append(e.Signatures, Signature{
			KeyID: s.Key().ID.Digest().Hex(), Sig: base64.StdEncoding.EncodeToString(sig),
		})
	}
	return e, nil
}
