package evidence

import (
	"fmt"
	"slices"

	"github.com/cordon-trust/cordon/internal/model"
)

// The names of Cordon's own predicates (DESIGN section 4). A predicate that no row of [Authority]
// names is kept and shown, and has no effect.
const (
	PredTrustRoot      = "trust-root"
	PredReleaseSet     = "release-set"
	PredWithdrawal     = "withdrawal"
	PredHead           = "head"
	PredChannelProfile = "channel-profile"
	PredApproval       = "approval"
	PredVouch          = "vouch"
	PredServing        = "serving"
	PredInstallReport  = "install-report"
	PredGrant          = "grant"
	PredLease          = "lease"
	PredIssuance       = "issuance"
	PredReceipt        = "receipt"
	PredShipment       = "shipment"
	PredObservation    = "observation"
	PredDeviceRegister = "device-register"
	PredImport         = "import"
	PredReview         = "review"
	PredDrill          = "drill"
	PredCompromise     = "compromise"
	PredAlias          = "alias"
)

// Predicates lists every predicate of Cordon's own, in the order of DESIGN section 4.
func Predicates() []string {
	return []string{
		PredTrustRoot, PredReleaseSet, PredWithdrawal, PredHead, PredChannelProfile, PredApproval, PredVouch,
		PredServing, PredInstallReport, PredGrant, PredLease, PredIssuance, PredReceipt, PredShipment,
		PredObservation, PredDeviceRegister, PredImport, PredReview, PredDrill, PredCompromise, PredAlias,
	}
}

// Effect is what a verified statement does.
type Effect string

// The effects. A claim is kept and shown with its author; it never changes a verdict, a compromise or
// the certain set.
const (
	Fact  Effect = "fact"
	Claim Effect = "claim"
)

// Rule is one row of the authority table: who may say one predicate with effect, about what, and
// whether everywhere or in the speaker's own house only.
type Rule struct {
	Predicate string
	Kind      OrgKind
	Roles     []string
	InHouse   bool
	About     model.Kind // at least one subject is of this kind; "": any will do
	Owns      func(root *Root, s model.Subject) bool
	Says      string // the effect, for people
}

// Authority is the table: what is not in it has no effect.
func Authority() []Rule {
	return []Rule{
		{PredTrustRoot, Maker, []string{RoleRoot}, false, model.KindOrg, ownOrg, "the organisation's keys and policies"},
		{PredTrustRoot, Hospital, []string{RoleRoot}, false, model.KindOrg, ownOrg, "the organisation's keys and policies"},
		{PredReleaseSet, Maker, []string{RoleRelease}, false, model.KindRelease, ownSet, "a release of the maker's own product"},
		{PredReleaseSet, Hospital, []string{RoleHouse}, true, model.KindRelease, houseSet, "a release the hospital wrote itself"},
		{PredWithdrawal, Maker, []string{RoleRecall}, false, model.KindRelease, ownRelease, "a release of the maker's own is withdrawn"},
		{PredWithdrawal, Hospital, []string{RoleHouse}, true, "", anySubject, "a release is held back in this house"},
		{PredHead, Maker, []string{RoleRelease}, false, model.KindOrg, ownOrg, "how fresh the publication is"},
		{PredVouch, Hospital, []string{RoleHouse}, true, "", anySubject, "what the hospital received, and from where"},
		{PredImport, Hospital, []string{RoleHouse}, true, "", anySubject, "edges that the hospital states"},
		{PredDeviceRegister, Hospital, []string{RoleHouse}, true, model.KindOrg, ownOrg, "which devices the hospital lists"},
		{PredObservation, Hospital, []string{RoleObserver}, true, "", anySubject, "what this house saw on its wire"},
		{PredReview, Hospital, []string{RoleHouse}, true, model.KindDevice, anySubject, "what the hospital decided about a finding of its own"},
		{PredCompromise, Maker, []string{RoleRecall, RoleRoot}, false, model.KindKey, ownKey, "a key of the maker's own is compromised"},
		{PredCompromise, Hospital, []string{RoleHouse, RoleRoot}, true, model.KindKey, anySubject, "a key is taken as compromised in this house"},
	}
}

func ownOrg(root *Root, s model.Subject) bool {
	return s.Kind() == model.KindOrg && s.Org() == root.Author
}

func ownRelease(root *Root, s model.Subject) bool {
	return s.Kind() == model.KindRelease && s.Org() == root.Author
}

// ownSet: a release and a product under the author's name, and bytes. Bytes belong to nobody: a release
// may name any, and nothing but a release may.
func ownSet(root *Root, s model.Subject) bool {
	return s.Kind() == model.KindArtifact || s.Kind() == model.KindProduct && s.Org() == root.Author || ownRelease(root, s)
}

// houseSet: a release under the author's name, for a product of anybody's.
func houseSet(root *Root, s model.Subject) bool {
	return s.Kind() == model.KindProduct || ownSet(root, s)
}

// ownKey: a key in this version of the author's root. Another organisation may list the same public key,
// so the effect reaches the author's own statements and no other's (see [Compromises]).
func ownKey(root *Root, s model.Subject) bool {
	_, ok := root.Key(s)
	return ok
}

func anySubject(*Root, model.Subject) bool { return true }

// ruleFor returns the row for a predicate of Cordon's own and a kind of organisation.
func ruleFor(predicate string, kind OrgKind) (Rule, bool) {
	rules := Authority()
	i := slices.IndexFunc(rules, func(r Rule) bool { return r.Predicate == predicate && r.Kind == kind })
	if i < 0 {
		return Rule{}, false
	}
	return rules[i], true
}

// effect decides whether a statement that role signed under root is a fact in house, and if not, why.
// held are the versions of the author's root: a key that was rotated out is still the author's own.
func effect(root *Root, held []Trusted, role, house string, st Statement) (Effect, string) {
	predicate, own := ownPredicate(st.PredicateType)
	rule, ok := ruleFor(predicate, root.Kind)
	switch {
	case !own || !ok:
		return Claim, fmt.Sprintf("a %s has no say by a %q statement", root.Kind, short(PredicateName(st.PredicateType)))
	case !mayList(root, role, predicate) || !slices.Contains(rule.Roles, role):
		return Claim, fmt.Sprintf("role %q of %q may not sign a %q statement", role, root.Author, predicate)
	case rule.InHouse && root.Author != house:
		return Claim, fmt.Sprintf("%q has a say about this in its own house only", root.Author)
	case rule.About != "" && !slices.ContainsFunc(st.Subjects, func(s model.Subject) bool { return s.Kind() == rule.About }):
		return Claim, fmt.Sprintf("a %q statement is about a %s, and this one names none", predicate, rule.About)
	}
	for _, s := range st.Subjects {
		if !slices.ContainsFunc(held, func(t Trusted) bool { return rule.Owns(&t.Root, s) }) {
			return Claim, fmt.Sprintf("%q does not own %s", root.Author, s)
		}
	}
	return Fact, rule.Says
}

// mayList reports whether the root lets the role sign the predicate.
func mayList(root *Root, role, predicate string) bool {
	ro, ok := root.Role(role)
	return ok && slices.Contains(ro.Predicates, predicate)
}
