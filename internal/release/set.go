package release

import (
	"slices"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// Kind says what a release holds.
type Kind string

// The kinds of release. An endorsement is another publisher's file, such as an operating-system patch,
// that the maker validated for its product.
const (
	Firmware      Kind = "firmware"
	Configuration Kind = "configuration"
	Library       Kind = "library"
	Model         Kind = "model"
	Endorsement   Kind = "endorsement"
)

// Kinds lists every kind of release.
var Kinds = [...]Kind{Firmware, Configuration, Library, Model, Endorsement}

// ParseKind parses the name of a kind.
func ParseKind(s string) (Kind, error) {
	if k := Kind(s); slices.Contains(Kinds[:], k) {
		return k, nil
	}
	return "", fault.New(fault.Usage, "kind %q is none of %q", s, Kinds)
}

// Set is the predicate of a release-set statement: one version of one product, with every file of it.
// The publisher is the author.
type Set struct {
	evidence.Header
	Product     model.Subject `json:"product"`
	Version     string        `json:"version"`
	Kind        Kind          `json:"kind"`
	Counter     int64         `json:"counter"` // from 1; grows with each release of one product and kind
	Artifacts   []Artifact    `json:"artifacts"`
	Hosts       []string      `json:"hosts,omitempty"`        // DNS names that serve it, lower case
	HardwareIDs []string      `json:"hardware_ids,omitempty"` // hardware it is for
	MinVersion  string        `json:"min_version,omitempty"`  // the oldest version it may replace
	StepsBack   []string      `json:"steps_back,omitempty"`   // versions that may be installed after it although they are older
}

// Artifact is one file of a release.
type Artifact struct {
	Name   string       `json:"name"`   // base name, NFC
	Length int64        `json:"length"` // bytes, at least 1
	SHA256 model.Digest `json:"sha256"`
	SHA512 string       `json:"sha512"` // 128 lower-case hex digits
	Blocks *BlockRef    `json:"blocks,omitempty"`
	Forms  []Form       `json:"forms,omitempty"`
}

// BlockRef names the block file of an artifact, see [Blocks].
type BlockRef struct {
	SHA256 model.Digest `json:"sha256"`
	Length int64        `json:"length"`
}

// The delivery forms in which an artifact may cross the wire other than as itself.
const (
	FormArchive   = "archive"              // the artifact is an archive of members
	FormDelta     = "delta"                // a difference from an older version
	FormEncrypted = "per-device-encrypted" // no two devices receive the same bytes
)

// Form declares one delivery form of an artifact.
type Form struct {
	Form      string       `json:"form"`
	From      string       `json:"from,omitempty"`   // delta: the version it starts from
	Name      string       `json:"name,omitempty"`   // name under which this form is delivered; empty: the artifact's
	Length    int64        `json:"length,omitzero"`  // delta: bytes
	SHA256    model.Digest `json:"sha256,omitzero"`  // delta: of the delta file
	Members   []Member     `json:"members,omitzero"` // archive
	Truncated bool         `json:"truncated,omitzero"`
}

// Member is one file inside an archive.
type Member struct {
	Name   string       `json:"name"` // as the archive gives it
	Length int64        `json:"length"`
	SHA256 model.Digest `json:"sha256"`
}

// Subject returns release:<publisher>/<product>/<version>, or the zero subject when the set is malformed.
func (s Set) Subject() model.Subject {
	r, err := model.ReleaseOf(s.Author, s.Product, s.Version)
	if err != nil {
		return model.Subject{}
	}
	return r
}

// subjects are what the statement is about: the release, the product, and each artifact once.
func (s Set) subjects() []model.Subject {
	out := []model.Subject{s.Subject(), s.Product}
	seen := make(map[model.Digest]bool, len(s.Artifacts))
	for _, a := range s.Artifacts {
		if !seen[a.SHA256] {
			seen[a.SHA256] = true
			out = append(out, model.ArtifactOf(a.SHA256))
		}
	}
	return out
}

// Payload encodes the set as a statement. It fails with BadInput when the set is malformed. The members
// of the largest archives are left out, and said to be, when the statement would be too large.
func (s Set) Payload() ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, fault.Wrap(err, fault.BadInput, "release %q of %s", s.Version, s.Product)
	}
	s.Artifacts = slices.Clone(s.Artifacts)
	for {
		b, err := evidence.NewPayload(evidence.PredReleaseSet, s, s.subjects()...)
		if err != nil {
			return nil, err
		}
		if len(b) <= maxSetPayload {
			return b, nil
		}
		if !s.dropMembers() {
			return nil, fault.New(fault.TooLarge, "release %q of %s makes a statement of %d bytes, at most %d are allowed",
				s.Version, s.Product, len(b), maxSetPayload)
		}
	}
}

// dropMembers forgets the members of the archive that has most, and reports whether there was one.
func (s Set) dropMembers() bool {
	art, form, most := -1, -1, 0
	for i, a := range s.Artifacts {
		for j, f := range a.Forms {
			if len(f.Members) > most {
				art, form, most = i, j, len(f.Members)
			}
		}
	}
	if art < 0 {
		return false
	}
	forms := slices.Clone(s.Artifacts[art].Forms)
	forms[form].Members, forms[form].Truncated = nil, true
	s.Artifacts[art].Forms = forms
	return true
}

// DecodeSet reads the release set in a statement. Errors carry BadEnvelope.
func DecodeSet(st evidence.Statement) (Set, error) {
	var s Set
	if err := decode(st, evidence.PredReleaseSet, &s); err != nil {
		return Set{}, err
	}
	if err := s.check(); err != nil {
		return Set{}, fault.Wrap(err, fault.BadEnvelope, "the release set of %s cannot be right", s.Product)
	}
	if err := sameSubjects(st, s.subjects()...); err != nil {
		return Set{}, fault.Wrap(err, fault.BadEnvelope, "the release set %s", s.Subject())
	}
	return s, nil
}
