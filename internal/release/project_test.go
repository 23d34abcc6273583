package release

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/exposure/graph"
	"github.com/cordon-trust/cordon/internal/model"
)

func project(t *testing.T, roots *evidence.Roots, env evidence.Envelope) []model.Edge {
	t.Helper()
	v, err := roots.Verify(env)
	if err != nil {
		t.Fatal(err)
	}
	edges, err := Project(v)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range edges {
		if e.Statement != v.Digest || e.Author != v.Header.Author || e.Known != model.Asserted || e.Claim != (v.Effect == evidence.Claim) {
			t.Errorf("edge %+v", e)
		}
	}
	return edges
}

func short(edges []model.Edge) []string {
	var out []string
	for _, e := range edges {
		out = append(out, fmt.Sprintf("%s %s %s %s", e.From, e.Relation, e.To, e.Harm))
	}
	slices.Sort(out)
	return out
}

func TestProjectSet(t *testing.T) {
	t.Parallel()
	m := newActor(t, "acme", evidence.Maker)
	s := set(t, "acme", "acme/pump-7", "2.1.0", 1, artifact("a", "a"), artifact("b", "a"))
	s.Hosts = []string{"update.acme.test"}
	art := model.ArtifactOf(s.Artifacts[0].SHA256).String()
	want := []string{
		art + " part-of release:acme/pump-7/2.1.0 integrity",
		"gate:acme/recall recalls release:acme/pump-7/2.1.0 availability",
		"gate:acme/release signs product:acme/pump-7 integrity",
		"gate:acme/release signs release:acme/pump-7/2.1.0 integrity",
		"release:acme/pump-7/2.1.0 updates product:acme/pump-7 integrity",
		"service:acme/update.acme.test serves release:acme/pump-7/2.1.0 availability",
	}
	if d := cmp.Diff(want, short(project(t, rootsOf(m), m.say(t, evidence.RoleRelease, s)))); d != "" {
		t.Error(d)
	}
	evil := newActor(t, "evil", evidence.Maker)
	claim := set(t, "evil", "acme/pump-7", "9", 1, artifact("a", "a"))
	if edges := project(t, rootsOf(m, evil), evil.say(t, evidence.RoleRelease, claim)); len(edges) == 0 || !edges[0].Claim {
		t.Error("what evil says of acme's product is not a claim")
	}
	w := Withdrawal{s.Header, s.Subject(), "x"}
	if edges := project(t, rootsOf(m), m.say(t, evidence.RoleRecall, w)); len(edges) != 0 {
		t.Errorf("a withdrawal makes edges: %v", short(edges))
	}
}

// Two of three holders of each family: what each set of stolen keys reaches.
func TestStolenKeysReachWhatTheyCan(t *testing.T) {
	t.Parallel()
	m := newActor(t, "acme", evidence.Maker)
	for i := range 2 {
		for _, alg := range []evidence.Algorithm{evidence.Ed25519, evidence.MLDSA65} {
			p := newPen(t, alg, fmt.Sprint("holder", i))
			m.pens[evidence.RoleRelease] = append(m.pens[evidence.RoleRelease], p)
			m.root.Keys = append(m.root.Keys, evidence.RootKey{ID: p.key.ID, SPKI: p.key.SPKI, Holder: fmt.Sprint("holder ", i)})
			i := slices.IndexFunc(m.root.Roles, func(r evidence.Role) bool { return r.Name == evidence.RoleRelease })
			m.root.Roles[i].Keys = append(m.root.Roles[i].Keys, p.key.ID)
			m.root.Roles[i].Thresholds = evidence.Thresholds{Classical: 2, PostQuantum: 2}
		}
	}
	twin := newPen(t, evidence.Ed25519, "twin") // a second classical key of the first holder
	m.root.Keys = append(m.root.Keys, evidence.RootKey{ID: twin.key.ID, SPKI: twin.key.SPKI, Holder: "acme"})
	i := slices.IndexFunc(m.root.Roles, func(r evidence.Role) bool { return r.Name == evidence.RoleRelease })
	m.root.Roles[i].Keys = append(m.root.Roles[i].Keys, twin.key.ID)
	m.signRoot(t)
	roots := rootsOf(m)
	s := set(t, "acme", "acme/pump-7", "2.1.0", 1, artifact("a", "a"))
	edges := append(project(t, roots, m.rootEnv), project(t, roots, m.say(t, evidence.RoleRelease, s))...)
	g, err := graph.New(slices.Values(edges))
	if err != nil {
		t.Fatal(err)
	}
	key := func(role string, n int) model.Subject { return m.pens[role][n].Key().ID }
	rel := func(n int) model.Subject { return key(evidence.RoleRelease, n) } // 0, 2, 4 classical; 1, 3, 5 post-quantum
	for name, c := range map[string]struct {
		keys    []model.Subject
		harm    model.Harm
		reaches bool
	}{
		"one classical":                          {[]model.Subject{rel(0)}, model.Integrity, false},
		"one holder's two":                       {[]model.Subject{rel(0), rel(1)}, model.Integrity, false},
		"all classical":                          {[]model.Subject{rel(0), rel(2), rel(4), twin.key.ID}, model.Integrity, false},
		"all post-quantum":                       {[]model.Subject{rel(1), rel(3), rel(5)}, model.Integrity, false},
		"two and two":                            {[]model.Subject{rel(0), rel(2), rel(3), rel(5)}, model.Integrity, true},
		"one holder's two classical, and two pq": {[]model.Subject{rel(0), twin.key.ID, rel(1), rel(3)}, model.Integrity, false},
		"the release keys, availability":         {[]model.Subject{rel(0), rel(1), rel(2), rel(3)}, model.Availability, false},
		"one root key":                           {[]model.Subject{key(evidence.RoleRoot, 0)}, model.Integrity, false},
		"both root keys":                         {[]model.Subject{key(evidence.RoleRoot, 0), key(evidence.RoleRoot, 1)}, model.Integrity, true},
		"both root keys, availability":           {[]model.Subject{key(evidence.RoleRoot, 0), key(evidence.RoleRoot, 1)}, model.Availability, true},
		"both recall keys, integrity":            {[]model.Subject{key(evidence.RoleRecall, 0), key(evidence.RoleRecall, 1)}, model.Integrity, false},
		"both recall keys":                       {[]model.Subject{key(evidence.RoleRecall, 0), key(evidence.RoleRecall, 1)}, model.Availability, true},
		"one recall key and one root key":        {[]model.Subject{key(evidence.RoleRecall, 0), key(evidence.RoleRoot, 1)}, model.Availability, false},
	} {
		certain, possible := false, false
		for r := range g.Reach(c.keys, c.harm, graph.Window{}).Rows() {
			if r.Subject == s.Subject() {
				possible, certain = true, certain || r.Certain
			}
		}
		if certain != c.reaches || possible != c.reaches {
			t.Errorf("%s: reaches %v, possibly %v; want %v", name, certain, possible, c.reaches)
		}
	}
}
