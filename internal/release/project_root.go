package release

import (
	"fmt"
	"slices"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/model"
)

// policySuffix names the gate that falls when every family's minimum of a role is met.
const policySuffix = ".policy"

// ProjectRoot turns a trust root into edges: which stolen keys let somebody speak for which role. For
// each role R there are the gates
//
//	R.classical, R.post-quantum   fall with as many holders' keys as the role needs of that family
//	R.policy                      falls with every family of which the role needs any
//	R                             falls with R.policy, or with the root role, which appoints R's keys
//
// Keys of one holder count once for a family, so several of them meet in a gate R.family.holder. A gate
// without another gate to point at states its k on an edge to itself.
func ProjectRoot(v evidence.Verified) ([]model.Edge, error) {
	root, err := evidence.DecodeRoot(v.Statement)
	if err != nil {
		if v.Effect != evidence.Fact {
			return nil, nil //nolint:nilerr // as for a release set
		}
		return nil, err
	}
	p := rootProjection{root: &root}
	for _, role := range root.Roles {
		for _, harm := range harmsOf(role.Name) {
			p.role(role, harm)
		}
	}
	return owned(v, p.edges), p.err
}

// harmsOf says what a thief of a role can do: change what is installed or believed, or, with the recall
// role, take releases away. Whoever appoints keys can do both.
func harmsOf(role string) []model.Harm {
	switch role {
	case evidence.RoleRoot:
		return []model.Harm{model.Integrity, model.Availability}
	case evidence.RoleRecall:
		return []model.Harm{model.Availability}
	}
	return []model.Harm{model.Integrity}
}

// rootProjection collects edges; the first failure is kept and makes the rest meaningless.
type rootProjection struct {
	root  *evidence.Root
	edges []model.Edge
	err   error
}

func (p *rootProjection) gate(name string) model.Subject {
	g, err := model.GateOf(p.root.Author, name)
	if err != nil && p.err == nil {
		p.err = fmt.Errorf("gate %q of %q: %w", name, p.root.Author, err)
	}
	return g
}

func (p *rootProjection) edge(from model.Subject, relation string, to model.Subject, harm model.Harm) {
	p.edges = append(p.edges, model.Edge{From: from, Relation: relation, To: to, Harm: harm})
}

func needs(k int) string { return fmt.Sprintf("needs:%d", k) }

func (p *rootProjection) role(role evidence.Role, harm model.Harm) {
	top, policy := p.gate(role.Name), p.gate(role.Name+policySuffix)
	families := 0
	for _, f := range [...]struct {
		family evidence.Family
		min    int
	}{{evidence.Classical, role.Thresholds.Classical}, {evidence.PostQuantum, role.Thresholds.PostQuantum}} {
		if f.min > 0 {
			families++
			gate := p.gate(role.Name + "." + string(f.family))
			p.keys(role, f.family, gate, harm)
			p.edge(gate, needs(f.min), policy, harm)
		}
	}
	p.edge(policy, needs(families), top, harm)
	p.edge(top, needs(1), top, harm)
	if role.Name != evidence.RoleRoot {
		p.edge(p.gate(evidence.RoleRoot), RelAppoints, top, harm)
	}
}

// keys lets the keys of one family lead to its gate, by holder.
func (p *rootProjection) keys(role evidence.Role, family evidence.Family, gate model.Subject, harm model.Harm) {
	byHolder := map[string][]model.Subject{}
	var holders []string
	for _, id := range role.Keys {
		if k, ok := p.root.Key(id); ok && k.Algorithm.Family() == family {
			h := p.root.Holder(id)
			if byHolder[h] == nil {
				holders = append(holders, h)
			}
			byHolder[h] = append(byHolder[h], id)
		}
	}
	slices.Sort(holders)
	for _, h := range holders {
		to := gate
		if len(byHolder[h]) > 1 {
			to = p.gate(role.Name + "." + string(family) + "." + h)
			p.edge(to, needs(1), gate, harm)
		}
		for _, id := range byHolder[h] {
			p.edge(id, RelSigns, to, harm)
		}
	}
}
