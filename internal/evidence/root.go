package evidence

import (
	"maps"
	"slices"
	"time"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// OrgKind says which kind of organisation a root speaks for.
type OrgKind string

// The kinds of organisation.
const (
	Maker    OrgKind = "maker"
	Hospital OrgKind = "hospital"
)

// The roles that sign statements.
const (
	RoleRoot     = "root"
	RoleRelease  = "release"  // maker: release sets and heads
	RoleRecall   = "recall"   // maker: compromise and withdrawal, and nothing else
	RoleHouse    = "house"    // hospital: vouch, import, device register, holds
	RoleObserver = "observer" // hospital: observations, by an unattended machine key
)

// What a log named in a root is for.
const (
	LogHouse       = "house"
	LogPublication = "publication"
)

// Root is the predicate of a trust-root statement: the keys of one organisation, what each role may
// sign, and how many keys of which family that takes.
type Root struct {
	Header
	Kind       OrgKind   `json:"kind"`
	Version    int       `json:"version"`
	Expires    time.Time `json:"expires"`
	Test       bool      `json:"test,omitzero"` // made by a lab: refused outside a lab home
	AllowLower bool      `json:"allow_lower,omitzero"`
	Keys       []RootKey `json:"keys"`
	Roles      []Role    `json:"roles"`
	Logs       []Log     `json:"logs"`
	Witness    Witness   `json:"witness"`

	keys map[model.Subject]Key // filled by check, read-only afterwards
}

// RootKey is a public key in a root.
type RootKey struct {
	ID     model.Subject `json:"key"`
	SPKI   []byte        `json:"spki"`
	Holder string        `json:"holder"` // who keeps it; keys of one holder count once per family
}

// Thresholds is how many holders of each family must have signed.
type Thresholds struct {
	Classical   int `json:"classical"`
	PostQuantum int `json:"post_quantum"`
}

// Role says which keys sign which predicates.
type Role struct {
	Name       string          `json:"name"`
	Keys       []model.Subject `json:"keys"`
	Thresholds Thresholds      `json:"thresholds"`
	Predicates []string        `json:"predicates"`
}

// Log names a transparency log of the organisation.
type Log struct {
	Purpose string `json:"purpose"`
	LogIdentity
}

// Witness says which outside witnesses must cosign the organisation's checkpoints.
type Witness struct {
	Threshold int      `json:"threshold"`
	Keys      []string `json:"keys"`
}

// DecodeRoot reads and checks the root in a trust-root statement.
func DecodeRoot(st Statement) (Root, error) {
	if st.PredicateType != PredicateURI(PredTrustRoot) {
		return Root{}, fault.New(fault.BadRoot, "this is a %q statement, not a trust root", short(PredicateName(st.PredicateType)))
	}
	var r Root
	if err := st.Decode(&r); err != nil {
		return Root{}, err
	}
	if err := r.check(); err != nil {
		return Root{}, fault.Wrap(err, fault.BadRoot, "the trust root of %q cannot be used", short(r.Author))
	}
	org, err := model.OrgOf(r.Author)
	if err != nil || len(st.Subjects) != 1 || st.Subjects[0] != org {
		return Root{}, fault.New(fault.BadRoot, "the trust root of %q is not about its own organisation alone", r.Author)
	}
	return r, nil
}

// count returns how many holders per family stand behind the role's keys that signed.
func (r *Root) count(role Role, signed func(model.Subject) bool) Thresholds {
	holders := map[Family]map[string]bool{Classical: {}, PostQuantum: {}}
	for _, id := range role.Keys {
		if signed(id) {
			holders[r.keys[id].Algorithm.Family()][r.Holder(id)] = true
		}
	}
	return Thresholds{Classical: len(holders[Classical]), PostQuantum: len(holders[PostQuantum])}
}

// Holder returns who keeps a key.
func (r *Root) Holder(id model.Subject) string {
	for _, k := range r.Keys {
		if k.ID == id {
			return k.Holder
		}
	}
	return ""
}

// Key returns a key of the root.
func (r *Root) Key(id model.Subject) (Key, bool) {
	k, ok := r.keys[id]
	return k, ok
}

// Role returns the role of that name.
func (r *Root) Role(name string) (Role, bool) {
	i := slices.IndexFunc(r.Roles, func(x Role) bool { return x.Name == name })
	if i < 0 {
		return Role{}, false
	}
	return r.Roles[i], true
}

// RoleOf returns the name of the role a key signs for; "" when the root does not hold the key.
func (r *Root) RoleOf(id model.Subject) string {
	for _, role := range r.Roles {
		if slices.Contains(role.Keys, id) {
			return role.Name
		}
	}
	return ""
}

// Log returns the organisation's log for a purpose.
func (r *Root) Log(purpose string) (LogIdentity, bool) {
	i := slices.IndexFunc(r.Logs, func(l Log) bool { return l.Purpose == purpose })
	if i < 0 {
		return LogIdentity{}, false
	}
	return r.Logs[i].LogIdentity, true
}

// KeyIDs returns the identities of every key in the root, sorted.
func (r *Root) KeyIDs() []model.Subject {
	return slices.SortedFunc(maps.Keys(r.keys), func(a, b model.Subject) int {
		if a.String() < b.String() {
			return -1
		}
		return 1
	})
}
