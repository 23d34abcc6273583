package app

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/model"
)

// answers is everything that a foreign statement could want to change: what the files are, and what a
// stolen release role reaches.
type answers struct {
	Verdicts []FileVerdict
	Certain  []string
}

func ask(t *testing.T, a *App, keys []model.Subject, files ...string) answers {
	t.Helper()
	var out answers
	for _, f := range files {
		v := verdict(t, a, f)
		v.Why, v.refusal = nil, nil // claims may be told there; they decide nothing
		out.Verdicts = append(out.Verdicts, v)
	}
	r, err := answer(t, a, RadiusQuery{Sources: keys})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range r.Reached {
		if x.Certainty == "certain" {
			out.Certain = append(out.Certain, string(x.Harm)+" "+x.Subject.String())
		}
	}
	return out
}

// hostile returns, for a predicate, the statement a stranger or a wrong role would make to change the
// answers about acme's pump.
func hostile(t *testing.T, predicate, author string, now time.Time, good, bad model.Digest, key model.Subject) []byte {
	t.Helper()
	h := evidence.Header{Author: author, Issued: now}
	release, _ := model.ParseSubject("release:acme/pump-7/2.1.0")
	newer, _ := model.ParseSubject("release:acme/pump-7/9")
	pump := product(t, "acme/pump-7")
	acme, _ := model.OrgOf("acme")
	subjects := []model.Subject{release, pump, model.ArtifactOf(good)}
	body := map[string]any{
		"author": h.Author, "issued": h.Issued, "release": release, "reason": "because", "product": pump, "version": "9",
		"key": key, "since": "unknown", "source": "the street", "expires": now.Add(time.Hour),
		"artifact": map[string]any{"name": "bad.bin", "length": 1000, "sha256": bad},
	}
	switch predicate {
	case evidence.PredReleaseSet:
		subjects = []model.Subject{newer, pump, model.ArtifactOf(bad)}
		body["kind"], body["counter"] = "firmware", 99
		body["artifacts"] = []any{map[string]any{"name": "bad.bin", "length": 1000, "sha256": bad, "sha512": strings.Repeat("0", 128)}}
	case evidence.PredCompromise:
		subjects = []model.Subject{key}
	case evidence.PredTrustRoot, evidence.PredHead:
		subjects = []model.Subject{acme}
	case evidence.PredVouch:
		subjects = []model.Subject{newer, pump, model.ArtifactOf(bad)}
		body["release"] = newer
	case evidence.PredWithdrawal:
		subjects = []model.Subject{release}
	}
	payload, err := evidence.NewPayload(predicate, body, subjects...)
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// Nobody but the owner, in the role that may say it, changes a verdict or the certain radius: not another
// trusted maker, not another trusted hospital, not a wrong role of the right maker.
func TestAuthorityTableIsTheOnlyWay(t *testing.T) {
	t.Parallel()
	c := newHand()
	acme, evil := newHouse(t, c, "acme", evidence.Maker), newHouse(t, c, "evil", evidence.Maker)
	mercy, house := newHouse(t, c, "mercy", evidence.Hospital), newHouse(t, c, "st-elsewhere", evidence.Hospital)
	goodFile, badFile := file(t, "pump.bin", "good", 1000), file(t, "bad.bin", "bad!", 1000)
	add(t, acme, "2.1.0", goodFile)
	repo := filepath.Join(t.TempDir(), "repo")
	publish(t, acme, repo)
	for _, o := range []*App{acme, evil, mercy} {
		trust(t, house, o)
	}
	sync(t, house, repo)

	keys, err := house.Keys(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	var role []model.Subject
	for _, k := range keys {
		if k.Role == evidence.RoleRelease {
			role = append(role, k.Key)
		}
	}
	before := ask(t, house, role, goodFile, badFile)
	if before.Verdicts[0].Verdict != model.Verified || before.Verdicts[1].Verdict != model.Unknown || len(before.Certain) == 0 {
		t.Fatalf("the house does not know what it should before the attack: %+v", before)
	}
	good, bad := before.Verdicts[0].Digest, before.Verdicts[1].Digest

	tried := 0
	for _, predicate := range evidence.Predicates() {
		for _, who := range []*App{evil, mercy, acme} {
			for _, spec := range roleSpecs(who.home.Kind) {
				if who == acme && mayTruly(predicate, spec.name) {
					continue
				}
				tried++
				payload := hostile(t, predicate, who.home.Org, c.Now(), good, bad, role[0])
				signers, err := signersOf(t, who, spec)
				if err != nil {
					t.Fatal(err)
				}
				env, err := evidence.Sign(payload, signers...)
				if err != nil {
					t.Fatal(err)
				}
				e, err := bring(t.Context(), house, env, true)
				if err == nil && e.v.Effect == evidence.Fact && who == acme {
					t.Errorf("%s by role %s of acme has effect", predicate, spec.name)
				}
				if diff := cmp.Diff(before, ask(t, house, role, goodFile, badFile), cmp.AllowUnexported(FileVerdict{}), cmp.Comparer(func(a, b model.Subject) bool { return a == b })); diff != "" {
					t.Fatalf("%s by role %s of %s changed an answer:\n%s", predicate, spec.name, who.home.Org, diff)
				}
			}
		}
	}
	if want := len(evidence.Predicates()) * 8; tried < want {
		t.Errorf("only %d attacks were tried, at least %d are there", tried, want)
	}
}

// mayTruly names what acme's roles may say; everything else of acme's is a wrong role.
func mayTruly(predicate, role string) bool {
	switch role {
	case evidence.RoleRelease:
		return predicate == evidence.PredReleaseSet || predicate == evidence.PredHead
	case evidence.RoleRecall:
		return predicate == evidence.PredCompromise || predicate == evidence.PredWithdrawal
	case evidence.RoleRoot:
		return predicate == evidence.PredTrustRoot || predicate == evidence.PredCompromise
	}
	return false
}

func signersOf(t *testing.T, a *App, spec roleSpec) ([]evidence.Signer, error) {
	t.Helper()
	if spec.machine {
		return a.ring.MachineSigners(spec.name)
	}
	return a.ring.Signers(t.Context(), spec.name)
}
