package release

import (
	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/model"
)

// Relations of the edges that statements about releases make.
const (
	RelSigns    = "signs"
	RelPartOf   = "part-of"
	RelUpdates  = "updates"
	RelServes   = "serves"
	RelAppoints = "appoints"
	RelRecalls  = "recalls"
)

// Project turns a statement into edges of the exposure graph. A release set and a trust root make edges;
// any other statement makes none. The edges of a claim are marked as such.
func Project(v evidence.Verified) ([]model.Edge, error) {
	var list []model.Edge
	var err error
	switch evidence.PredicateName(v.Statement.PredicateType) {
	case evidence.PredReleaseSet:
		list, err = projectSet(v)
	case evidence.PredTrustRoot:
		return ProjectRoot(v)
	}
	return owned(v, list), err
}

// owned completes edges with what they all take from their statement.
func owned(v evidence.Verified, list []model.Edge) []model.Edge {
	for i := range list {
		list[i].Known = model.Asserted
		list[i].Statement, list[i].Author = v.Digest, v.Header.Author
		list[i].Claim = v.Effect != evidence.Fact
	}
	return list
}

func projectSet(v evidence.Verified) ([]model.Edge, error) {
	set, err := DecodeSet(v.Statement)
	if err != nil {
		if v.Effect != evidence.Fact {
			return nil, nil //nolint:nilerr // what somebody without a say claims in a broken form says nothing
		}
		return nil, err
	}
	signer, err := model.GateOf(set.Author, v.Role)
	if err != nil {
		return nil, err
	}
	r := set.Subject()
	edges := []model.Edge{
		{From: signer, Relation: RelSigns, To: r, Harm: model.Integrity},
		{From: signer, Relation: RelSigns, To: set.Product, Harm: model.Integrity},
		{From: r, Relation: RelUpdates, To: set.Product, Harm: model.Integrity},
	}
	if recall, err := model.GateOf(set.Author, evidence.RoleRecall); err == nil && v.Role == evidence.RoleRelease {
		edges = append(edges, model.Edge{From: recall, Relation: RelRecalls, To: r, Harm: model.Availability})
	}
	seen := map[model.Digest]bool{}
	for _, a := range set.Artifacts {
		if !seen[a.SHA256] {
			seen[a.SHA256] = true
			edges = append(edges, model.Edge{From: model.ArtifactOf(a.SHA256), Relation: RelPartOf, To: r, Harm: model.Integrity})
		}
	}
	for _, h := range set.Hosts {
		if s, err := model.NewSubject(model.KindService, set.Author, h); err == nil {
			edges = append(edges, model.Edge{From: s, Relation: RelServes, To: r, Harm: model.Availability})
		}
	}
	return edges, nil
}
