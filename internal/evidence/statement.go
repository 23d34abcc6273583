package evidence

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"strings"
	"time"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// StatementType is the in-toto Statement v1 type.
const StatementType = "https://in-toto.io/Statement/v1"

const (
	predicatePrefix = "https://github.com/cordon-trust/cordon/predicate/"
	predicateSuffix = "/v1"
	maxSubjects     = 8192

	// subjectAlgorithm is the digest-set key of a subject that is not bytes: the SHA-256 of its name.
	// It is never put under "sha256", where a reader would take it for the digest of a file.
	subjectAlgorithm = "cordonSubject"
)

// Statement is a parsed in-toto Statement v1 (in-toto attestation spec, Statement v1).
type Statement struct {
	PredicateType string
	Subjects      []model.Subject
	Predicate     jsontext.Value // as signed
}

// Header is the part that every Cordon predicate begins with. Both are the signer's claims.
type Header struct {
	Author string    `json:"author"` // organisation that speaks
	Issued time.Time `json:"issued"` // UTC, whole seconds
}

type wireStatement struct {
	Type          string         `json:"_type"`
	Subject       []wireSubject  `json:"subject"`
	PredicateType string         `json:"predicateType"`
	Predicate     jsontext.Value `json:"predicate"`
}

type wireSubject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"`
}

// PredicateURI returns the type of one of Cordon's own predicates, such as "release-set".
func PredicateURI(name string) string { return predicatePrefix + name + predicateSuffix }

// PredicateName returns the name in one of Cordon's own predicate types, or the type itself when it is
// somebody else's.
func PredicateName(uri string) string {
	if name, own := ownPredicate(uri); own {
		return name
	}
	return uri
}

// ownPredicate returns the name in one of Cordon's own predicate types. Only what it calls its own may
// have an effect: somebody's type that is spelled "release-set" is not a release set.
func ownPredicate(uri string) (string, bool) {
	name, ok := strings.CutPrefix(uri, predicatePrefix)
	if !ok {
		return "", false
	}
	name, ok = strings.CutSuffix(name, predicateSuffix)
	return name, ok && name != "" && !strings.Contains(name, "/")
}

// NewPayload encodes a statement of one of Cordon's predicates about the given subjects. The bytes it
// returns are what gets signed.
func NewPayload(name string, predicate any, subjects ...model.Subject) ([]byte, error) {
	if len(subjects) == 0 || len(subjects) > maxSubjects {
		return nil, fmt.Errorf("statement %q has %d subjects, 1 to %d are allowed", name, len(subjects), maxSubjects)
	}
	body, err := encode(predicate)
	if err != nil {
		return nil, fmt.Errorf("encode predicate %q: %w", name, err)
	}
	w := wireStatement{Type: StatementType, PredicateType: PredicateURI(name), Predicate: body}
	for _, s := range subjects {
		w.Subject = append(w.Subject, wireSubject{Name: s.String(), Digest: digestSet(s)})
	}
	return encode(w)
}

func digestSet(s model.Subject) map[string]string {
	if s.Kind() == model.KindArtifact {
		return map[string]string{"sha256": s.Digest().Hex()}
	}
	return map[string]string{subjectAlgorithm: model.DigestOf([]byte(s.String())).Hex()}
}

// ParseStatement parses a payload strictly. A Cordon subject must carry the digest that belongs to its
// name, and under "sha256" nothing but bytes; a subject of a foreign predicate that is not marked as
// Cordon's counts as the artifact of its SHA-256, or is left out.
func ParseStatement(payload []byte) (Statement, error) {
	var w wireStatement
	if err := decodeStrict(payload, MaxPayload, &w); err != nil {
		return Statement{}, fault.Wrap(err, fault.BadEnvelope, "the payload is not a statement")
	}
	if w.Type != StatementType {
		return Statement{}, fault.New(fault.BadEnvelope, "the payload is of type %q, not an in-toto Statement v1", short(w.Type))
	}
	if len(w.Subject) == 0 || len(w.Subject) > maxSubjects {
		return Statement{}, fault.New(fault.BadEnvelope, "the statement has %d subjects, 1 to %d are allowed", len(w.Subject), maxSubjects)
	}
	if w.Predicate.Kind() != '{' {
		return Statement{}, fault.New(fault.BadEnvelope, "the predicate is not an object")
	}
	if scheme, _, ok := strings.Cut(w.PredicateType, ":"); !ok || scheme == "" {
		return Statement{}, fault.New(fault.BadEnvelope, "the predicate type %q is not a URI", short(w.PredicateType))
	}
	st := Statement{PredicateType: w.PredicateType, Predicate: w.Predicate}
	_, own := ownPredicate(w.PredicateType)
	for _, ws := range w.Subject {
		s, err := ws.subject(own)
		if err != nil {
			return Statement{}, fault.Wrap(err, fault.BadEnvelope, "the statement names a subject that cannot be right")
		}
		if !s.IsZero() {
			st.Subjects = append(st.Subjects, s)
		}
	}
	return st, nil
}

func (w wireSubject) subject(own bool) (model.Subject, error) {
	if len(w.Digest) == 0 {
		return model.Subject{}, fmt.Errorf("subject %q has no digest", short(w.Name))
	}
	s, err := model.ParseSubject(w.Name)
	if err != nil && own {
		return model.Subject{}, err
	}
	_, marked := w.Digest[subjectAlgorithm]
	if err != nil || !own && !marked && s.Kind() != model.KindArtifact {
		return w.foreign(), nil
	}
	for alg, want := range digestSet(s) {
		if w.Digest[alg] != want {
			return model.Subject{}, fmt.Errorf("subject %q does not carry the %s digest of its name", w.Name, alg)
		}
	}
	if _, file := w.Digest["sha256"]; file && s.Kind() != model.KindArtifact {
		return model.Subject{}, fmt.Errorf("subject %q is not bytes and carries the digest of a file", w.Name)
	}
	return s, nil
}

// foreign returns the subject of somebody else's predicate, whose name means nothing here: the artifact
// of its SHA-256, or none.
func (w wireSubject) foreign() model.Subject {
	d, err := model.ParseHexDigest(w.Digest["sha256"])
	if err != nil {
		return model.Subject{}
	}
	return model.ArtifactOf(d)
}

// Decode reads the predicate into v, strictly. Members that v does not know are ignored: fields are
// only ever added.
func (s Statement) Decode(v any) error {
	if err := json.Unmarshal(s.Predicate, v); err != nil {
		return fault.Wrap(err, fault.BadEnvelope, "predicate %q cannot be read", short(PredicateName(s.PredicateType)))
	}
	return nil
}
