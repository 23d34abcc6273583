package release

import (
	"fmt"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// VouchValidity is how long a vouch holds unless the hospital says otherwise.
const VouchValidity = 365 * 24 * time.Hour

// Vouch is the predicate with which a hospital states what it received, and from where, while the maker
// signs nothing. It is the hospital's word, valid in its own house.
type Vouch struct {
	evidence.Header
	Product  model.Subject `json:"product"`
	Version  string        `json:"version"`
	Release  model.Subject `json:"release"` // release:<maker>/<model>/<version>
	Source   string        `json:"source"`
	Expires  time.Time     `json:"expires"`
	Artifact Vouched       `json:"artifact"`
}

// Vouched is the file that a vouch is about.
type Vouched struct {
	Name   string       `json:"name"`
	Length int64        `json:"length"`
	SHA256 model.Digest `json:"sha256"`
}

func (v Vouch) check() error {
	if err := checkHeader(v.Header); err != nil {
		return err
	}
	if v.Product.Kind() != model.KindProduct {
		return fmt.Errorf("%q is not a product", v.Product)
	}
	if err := checkVersion(v.Version); err != nil {
		return err
	}
	want, err := model.ReleaseOf(v.Product.Org(), v.Product, v.Version)
	switch {
	case err != nil:
		return err
	case v.Release != want:
		return fmt.Errorf("release %s is not %s, as product and version say", v.Release, want)
	case want.Parts()[2] != v.Version:
		return fmt.Errorf("version %q is not in Unicode normal form C", v.Version)
	}
	if err := checkText(v.Source); err != nil {
		return fmt.Errorf("source: %w", err)
	}
	if err := checkTime(v.Expires); err != nil {
		return fmt.Errorf("expires: %w", err)
	}
	if !v.Expires.After(v.Issued) {
		return fmt.Errorf("it expires before it is issued")
	}
	if err := checkName(v.Artifact.Name); err != nil {
		return err
	}
	return checkBytes(v.Artifact.Length, v.Artifact.SHA256)
}

func (v Vouch) subjects() []model.Subject {
	return []model.Subject{v.Release, v.Product, model.ArtifactOf(v.Artifact.SHA256)}
}

// Payload encodes the vouch as a statement. It fails with BadInput when it is malformed.
func (v Vouch) Payload() ([]byte, error) {
	if err := v.check(); err != nil {
		return nil, fault.Wrap(err, fault.BadInput, "vouch for %q of %s", v.Version, v.Product)
	}
	return evidence.NewPayload(evidence.PredVouch, v, v.subjects()...)
}

// DecodeVouch reads the vouch in a statement. Errors carry BadEnvelope.
func DecodeVouch(st evidence.Statement) (Vouch, error) {
	var v Vouch
	if err := decode(st, evidence.PredVouch, &v); err != nil {
		return Vouch{}, err
	}
	err := v.check()
	if err == nil {
		err = sameSubjects(st, v.subjects()...)
	}
	if err != nil {
		return Vouch{}, fault.Wrap(err, fault.BadEnvelope, "the vouch for %s cannot be right", v.Release)
	}
	return v, nil
}
