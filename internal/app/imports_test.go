package app

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/exposure"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/store"
)

const edgeHeader = "from,relation,to,harm,known,since,until,control\n"

func imported(t *testing.T, a *App, rows ...string) Imported {
	t.Helper()
	done, err := a.ImportEdges(t.Context(), strings.NewReader(edgeHeader+strings.Join(rows, "\n")+"\n"), 0)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// radius answers by every harm; certain keeps only what is certain of it.
func radius(t *testing.T, a *App, certain bool, keys ...model.Subject) exposure.Answer {
	t.Helper()
	r, err := answer(t, a, RadiusQuery{Sources: keys})
	if err != nil {
		t.Fatal(err)
	}
	if !certain {
		return r
	}
	out := exposure.Answer{}
	for _, x := range r.Reached {
		if x.Certainty == exposure.Certain {
			x.Path = nil // another path to the same certainty is no other answer
			out.Reached = append(out.Reached, x)
		}
	}
	return out
}

func sameAnswer(a, b exposure.Answer) string {
	return cmp.Diff(a, b, cmp.Comparer(func(x, y model.Subject) bool { return x == y }))
}

// releaseKeys are both keys of acme's release role.
func releaseKeys(t *testing.T, a *App) []model.Subject {
	t.Helper()
	return []model.Subject{
		keyOf(t, a, "acme", evidence.RoleRelease, evidence.Classical),
		keyOf(t, a, "acme", evidence.RoleRelease, evidence.PostQuantum),
	}
}

// An import that is retracted leaves the radius as it was; it can be retracted once.
func TestRetractImport(t *testing.T) {
	t.Parallel()
	s := steal(t)
	keys := releaseKeys(t, s.house)
	before := radius(t, s.house, false, keys...)
	done := imported(t, s.house,
		"product:acme/pump-7,runs-on,device:acme/pump-7/SN-1,integrity,observed,,,",
		"device:acme/pump-7/SN-1,feeds,system:emr,integrity,undisclosed,,,")
	with := radius(t, s.house, false, keys...)
	if done.Edges != 2 || len(with.Reached) != len(before.Reached)+2 {
		t.Errorf("%d edges make %d subjects more", done.Edges, len(with.Reached)-len(before.Reached))
	}
	if _, err := s.house.RetractImport(t.Context(), done.Statement); err != nil {
		t.Fatal(err)
	}
	if d := sameAnswer(before, radius(t, s.house, false, keys...)); d != "" {
		t.Errorf("after the retraction the radius is another:\n%s", d)
	}
	if _, err := s.house.RetractImport(t.Context(), done.Statement); !failsWith(err, fault.NotAllowed, "retracted already") {
		t.Errorf("retracted twice: %v", err)
	}
	why, err := s.house.Why(t.Context(), statementSubject(t, done.Statement))
	if err != nil || len(why) != 1 || why[0].Verifies != "yes" || !strings.Contains(strings.Join(why[0].Notes, " "), "retracted") {
		t.Errorf("why: %+v, %v", why, err)
	}
	size(t, s.house)
}

func failsWith(err error, code fault.Code, saying string) bool {
	return fault.CodeOf(err) == code && strings.Contains(err.Error(), saying)
}

func statementSubject(t *testing.T, d model.Digest) model.Subject {
	t.Helper()
	s, err := model.ParseSubject("statement:" + d.String())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Nothing that a hospital imports weakens what a signed root or release says: higher thresholds, edges
// that are denied, undisclosed, cut by a control, or ended long ago.
func TestImportWeakensNothing(t *testing.T) {
	t.Parallel()
	s := steal(t)
	keys := releaseKeys(t, s.house)
	root := []model.Subject{
		keyOf(t, s.house, "acme", evidence.RoleRoot, evidence.Classical),
		keyOf(t, s.house, "acme", evidence.RoleRoot, evidence.PostQuantum),
	}
	before, beforeRoot := radius(t, s.house, true, keys...), radius(t, s.house, true, root...)
	if len(before.Reached) < 5 || len(beforeRoot.Reached) < len(before.Reached) {
		t.Fatalf("the keys reach only %d and %d subjects", len(before.Reached), len(beforeRoot.Reached))
	}
	var rows []string
	for _, gate := range []string{"release", "release.policy", "release.classical", "release.post-quantum", "root", "root.policy"} {
		rows = append(rows, "gate:acme/"+gate+",needs:9,gate:acme/release,integrity,asserted,,,")
	}
	for _, how := range []string{"denied,,,", "undisclosed,,,", "asserted,,2020-01-01,", "observed,2020-01-01,2021-01-01,", "observed,,,firewall"} {
		rows = append(rows,
			"gate:acme/release,signs,release:acme/pump-7/1,integrity,"+how,
			"gate:acme/release,signs,product:acme/pump-7,integrity,"+how,
			"release:acme/pump-7/1,updates,product:acme/pump-7,integrity,"+how,
			keys[0].String()+",signs,gate:acme/release.classical,integrity,"+how)
	}
	imported(t, s.house, rows...)
	if d := sameAnswer(before, radius(t, s.house, true, keys...)); d != "" {
		t.Errorf("the import changed what the release keys certainly reach:\n%s", d)
	}
	if d := sameAnswer(beforeRoot, radius(t, s.house, true, root...)); d != "" {
		t.Errorf("the import changed what the root keys certainly reach:\n%s", d)
	}
	want(t, s.house, s.old, model.Verified, "")
}

// What is erased is gone with its rows and edges, the proofs hold, and why says so.
func TestErase(t *testing.T) {
	t.Parallel()
	s := steal(t)
	keys := releaseKeys(t, s.house)
	before := radius(t, s.house, false, keys...)
	done := imported(t, s.house, "product:acme/pump-7,runs-on,device:acme/pump-7/SN-0042,integrity,observed,,,")
	proofs, err := s.house.Proofs(t.Context(), statementSubject(t, done.Statement))
	if err != nil || len(proofs) != 1 {
		t.Fatalf("%d proofs, %v", len(proofs), err)
	}
	entries := size(t, s.house)
	if rows, err := s.house.Erase(t.Context(), done.Statement); err != nil || rows != 1 {
		t.Fatalf("%d rows erased, %v", rows, err)
	}
	if got := size(t, s.house); got != entries {
		t.Errorf("the log has %d entries, had %d", got, entries)
	}
	if d := sameAnswer(before, radius(t, s.house, false, keys...)); d != "" {
		t.Errorf("the edges of erased rows are still there:\n%s", d)
	}
	proofHolds(t, s.house, proofs[0], done.Statement)
	why, err := s.house.Why(t.Context(), statementSubject(t, done.Statement))
	if err != nil || len(why) != 1 || why[0].Verifies != "erased" || !strings.Contains(why[0].Check, "the ledger still proves that it was there") {
		t.Errorf("why: %+v, %v", why, err)
	}
	for _, f := range []string{"cordon.db", "cordon.db-wal"} {
		if contains(t, s.house, f, "SN-0042") {
			t.Errorf("%s still has what was erased", f)
		}
	}
	if _, err := s.house.Erase(t.Context(), done.Statement); !failsWith(err, fault.NotAllowed, "erased already") {
		t.Errorf("erased twice: %v", err)
	}
	if _, err := s.house.RetractImport(t.Context(), done.Statement); err != nil {
		t.Errorf("an erased import cannot be retracted any more: %v", err)
	}
	size(t, s.house)
}

// proofHolds checks a proof from before against the log's keys, and asks for the same again.
func proofHolds(t *testing.T, a *App, old ProofInfo, statement model.Digest) {
	t.Helper()
	var id evidence.LogIdentity
	err := a.db.View(t.Context(), func(tx *store.Tx) error {
		roots, err := a.roots(t.Context(), tx)
		own, _ := roots.Of(a.home.Org)
		id, _ = own.Root.Log(evidence.LogHouse)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := evidence.ParseProof(old.Proof)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Verify(statement, id); err != nil {
		t.Errorf("the proof from before: %v", err)
	}
	again, err := a.Proofs(t.Context(), statementSubject(t, statement))
	if err != nil || len(again) != 1 || again[0].Index != old.Index {
		t.Fatalf("the proof from after: %+v, %v", again, err)
	}
	if p, err = evidence.ParseProof(again[0].Proof); err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.Open(id); err != nil {
		t.Errorf("the proof from after: %v", err)
	}
}

// Rows whose time has come are erased with the edges that they made, and nothing else is.
func TestEraseExpired(t *testing.T) {
	t.Parallel()
	s := steal(t)
	keys := releaseKeys(t, s.house)
	row := "product:acme/pump-7,runs-on,device:acme/pump-7/SN-2,integrity,observed,,,"
	imported(t, s.house, row)
	before := radius(t, s.house, false, keys...)
	_, err := s.house.ImportEdges(t.Context(), strings.NewReader(edgeHeader+strings.Replace(row, "SN-2", "SN-0042", 1)), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		after time.Duration
		rows  int64
	}{{time.Hour - time.Second, 0}, {time.Second, 1}, {time.Hour, 0}} {
		s.c.at = s.c.at.Add(c.after)
		if rows, err := s.house.EraseExpired(t.Context()); err != nil || rows != c.rows {
			t.Fatalf("%s later %d rows are erased, want %d: %v", c.after, rows, c.rows, err)
		}
	}
	if d := sameAnswer(before, radius(t, s.house, false, keys...)); d != "" {
		t.Errorf("the edges of expired rows are still there:\n%s", d)
	}
	if contains(t, s.house, "cordon.db", "SN-0042") {
		t.Error("the database still has what expired")
	}
	size(t, s.house)
}

// What answers rest on cannot be erased: silence would give back what was taken.
func TestWhatIsNotErased(t *testing.T) {
	t.Parallel()
	s := steal(t)
	if _, err := s.acme.Withdraw(t.Context(), product(t, "acme/pump-7"), "1", "battery"); err != nil {
		t.Fatal(err)
	}
	compromised(t, s.acme, keyOf(t, s.acme, "acme", evidence.RoleRelease, evidence.Classical), rfc(s.at))
	s.meet(t, s.house)
	for _, a := range []*App{s.acme, s.house} {
		for _, predicate := range []string{evidence.PredTrustRoot, evidence.PredWithdrawal, evidence.PredCompromise, evidence.PredHead, evidence.PredReleaseSet} {
			d, err := a.firstOf(t.Context(), predicate)
			if err != nil || d.IsZero() {
				t.Fatalf("%s: %v", predicate, err)
			}
			_, err = a.Erase(t.Context(), d)
			if predicate == evidence.PredReleaseSet && a == s.house {
				if err != nil {
					t.Errorf("a hospital's copy of a release: %v", err)
				}
			} else if fault.ExitOf(err) != 4 {
				t.Errorf("a %s in the house of %s: %v", predicate, a.home.Org, err)
			}
		}
	}
	want(t, s.house, s.old, model.Unknown, "")
	s.c.at = s.c.at.Add(time.Hour)
	s.meet(t, s.house) // both go on
	want(t, s.house, s.old, model.Unknown, "")
	size(t, s.acme)
}
