package app

import (
	"encoding/json/v2"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/finding"
)

// unknownSeen makes a ward in which one device fetched what nobody signed, and the finding of it.
func unknownSeen(t *testing.T) (ward, model.Finding) {
	t.Helper()
	w := newWard(t)
	mustSee(t, w.house, capture(t, download("10.0.0.10", host, "pump-9.bin", elf(9, 5000), wireTime())))
	return w, says(t, w.house, "update.unknown open")[0]
}

func rests(t *testing.T, a *App, d HoldDraft) []Reviewed {
	t.Helper()
	if d.Reason == "" {
		d.Reason = "the maker knows, CASE-17"
	}
	done, err := a.HoldFindings(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// A hold says who, why, since and until; it is a statement in the ledger, about the bytes and the devices, and can be
// taken back.
func TestHoldAndUnhold(t *testing.T) {
	t.Parallel()
	w, f := unknownSeen(t)
	until := w.c.at.Add(24 * time.Hour)
	done := rests(t, w.house, HoldDraft{Findings: []model.Digest{f.ID, f.ID}, Until: until})
	if len(done) != 1 || done[0].Finding != f.ID || done[0].State != model.Held || done[0].Role != evidence.RoleHouse || len(done[0].Subjects) != 2 {
		t.Fatalf("%+v", done)
	}
	got := says(t, w.house, "update.unknown held")[0]
	want := model.Hold{
		Reason: "the maker knows, CASE-17", Until: until, Since: done[0].HeldAt, Author: "mercy", Role: evidence.RoleHouse, Devices: 1, Statement: done[0].Statement,
	}
	if got.Hold == nil || *got.Hold != want || got.Lapsed != nil {
		t.Errorf("%+v, want %+v", got.Hold, want)
	}
	body, err := json.Marshal(got)
	var back model.Finding
	if err == nil {
		err = json.Unmarshal(body, &back)
	}
	if err != nil || back.Hold == nil || *back.Hold != want || !strings.Contains(string(body), `"state":"held"`) || strings.Contains(string(body), "lapsed") {
		t.Errorf("error %v, %s", err, body)
	}
	for _, sub := range []model.Subject{model.ArtifactOf(f.Digest), f.Devices[0].Device, model.StatementOf(want.Statement)} {
		if text := whyText(t, w.house, sub); !strings.Contains(text, "hold: the maker knows, CASE-17") || !strings.Contains(text, "until 2026-11-21") {
			t.Errorf("why %s says %s", sub, text)
		}
	}
	for state, n := range map[model.FindingState]int{model.Open: 0, model.Held: 1, model.Closed: 0} {
		if list, err := w.house.Findings(t.Context(), FindingFilter{State: state}); err != nil || len(list) != n {
			t.Errorf("%d are %s, error %v", len(list), state, err)
		}
	}
	if _, err := w.house.UnholdFindings(t.Context(), []model.Digest{f.ID}, "it does not"); err != nil {
		t.Fatal(err)
	}
	if got = says(t, w.house, "update.unknown open")[0]; got.Hold != nil || got.Lapsed == nil || got.Lapsed.Ended != "it was taken back" || got.Lapsed.Reason != "it does not" {
		t.Errorf("%+v, %+v", got.Hold, got.Lapsed)
	}
	rests(t, w.house, HoldDraft{Findings: []model.Digest{f.ID}})
	says(t, w.house, "update.unknown held")
	if _, err := w.house.VerifyLogs(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

func whyText(t *testing.T, a *App, sub model.Subject) string {
	t.Helper()
	list, err := a.Why(t.Context(), sub)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range list {
		out = append(out, r.Predicate+" "+r.Verifies+" "+r.Says)
		out = append(out, r.Notes...)
	}
	return strings.Join(out, "\n")
}

// What a hold covered opens by itself when there is more to it than the person saw, and nothing else is touched.
func TestHoldEndsByItself(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		draft HoldDraft
		then  func(t *testing.T, w ward)
		want  []string
		ended string
	}{
		"seen once more": {then: func(t *testing.T, w ward) {
			mustSee(t, w.house, capture(t, download("10.0.0.10", host, "pump-9.bin", elf(9, 5000), wireTime().Add(time.Hour))))
		}, want: []string{"update.unknown held"}},
		"another device": {then: func(t *testing.T, w ward) {
			mustSee(t, w.house, capture(t, download("10.0.0.11", host, "pump-9.bin", elf(9, 5000), wireTime().Add(time.Hour))))
		}, want: []string{"update.unknown open"}, ended: "10.0.0.11/- joined"},
		"other bytes": {then: func(t *testing.T, w ward) {
			mustSee(t, w.house, capture(t, download("10.0.0.10", host, "pump-9.bin", elf(8, 5000), wireTime().Add(time.Hour))))
		}, want: []string{"update.unknown open", "update.unknown held"}},
		"its time": {
			draft: HoldDraft{Until: newHand().at.Add(3 * time.Hour)}, then: func(_ *testing.T, w ward) { w.c.at = w.c.at.Add(4 * time.Hour) },
			want: []string{"update.unknown open"}, ended: "its time was over at",
		},
		"not yet its time": {
			draft: HoldDraft{Until: newHand().at.Add(3 * time.Hour)}, then: func(_ *testing.T, w ward) { w.c.at = w.c.at.Add(2 * time.Hour) },
			want: []string{"update.unknown held"},
		},
		"its release arrives": {then: func(t *testing.T, w ward) {
			w.release(t, "9.0.0", "pump-9.bin", elf(9, 5000))
			w.publish(t)
		}, want: []string{"update.unknown closed"}},
		"its release arrives, and its keys are compromised": {then: func(t *testing.T, w ward) {
			w.release(t, "9.0.0", "pump-9.bin", elf(9, 5000))
			w.publish(t)
			for _, family := range []evidence.Family{evidence.Classical, evidence.PostQuantum} {
				compromised(t, w.house, keyOf(t, w.house, "acme", evidence.RoleRelease, family), "unknown")
			}
		}, want: []string{"update.unknown open"}, ended: "compared with another release now"},
		"it turns out to be altered": {then: func(t *testing.T, w ward) {
			whole := elf(9, 5000)
			whole[4000] ^= 1
			w.release(t, "9.0.0", "pump-9.bin", whole)
			w.publish(t)
		}, want: []string{"update.altered open", "update.unknown closed"}},
		"the key of the hold is compromised": {then: func(t *testing.T, w ward) {
			w.c.at = w.c.at.Add(time.Hour)
			for _, family := range []evidence.Family{evidence.Classical, evidence.PostQuantum} {
				compromised(t, w.house, keyOf(t, w.house, "mercy", evidence.RoleHouse, family), "unknown")
			}
		}, want: []string{"update.unknown open"}},
		"the hold is erased": {then: func(t *testing.T, w ward) {
			d, err := w.house.firstOf(t.Context(), evidence.PredReview)
			if err == nil {
				_, err = w.house.Erase(t.Context(), d)
			}
			if err != nil {
				t.Fatal(err)
			}
		}, want: []string{"update.unknown open"}},
		"what was seen is erased": {then: func(t *testing.T, w ward) {
			d, err := w.house.firstOf(t.Context(), evidence.PredObservation)
			if err == nil {
				_, err = w.house.Erase(t.Context(), d)
			}
			if err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, f := unknownSeen(t)
			c.draft.Findings = []model.Digest{f.ID}
			rests(t, w.house, c.draft)
			says(t, w.house, "update.unknown held")
			c.then(t, w)
			for _, f := range says(t, w.house, c.want...) {
				if f.Rule == model.UpdateUnknown && c.ended != "" && (f.Lapsed == nil || !strings.Contains(f.Lapsed.Ended, c.ended)) {
					t.Errorf("%+v does not say %q", f.Lapsed, c.ended)
				}
			}
		})
	}
}

// Devices can be named ahead; a hold that would not let its finding rest is refused, as is one of what is not there.
// Nothing of several is taken when one is refused.
func TestHoldRefused(t *testing.T) {
	t.Parallel()
	w, f := unknownSeen(t)
	mine := f.Devices[0].Device
	other, err := model.ParseSubject(strings.Replace(mine.String(), "10.0.0.10", "10.0.0.11", 1))
	if err != nil {
		t.Fatal(err)
	}
	none := model.DigestOf([]byte("none"))
	for name, c := range map[string]struct {
		d    HoldDraft
		code fault.Code
		says string
	}{
		"no such finding":         {HoldDraft{Findings: []model.Digest{f.ID, none}, Reason: "x"}, fault.NotFound, "there is no finding"},
		"no finding":              {HoldDraft{Reason: "x"}, fault.Usage, "about 1 to 1000 findings"},
		"no reason":               {HoldDraft{Findings: []model.Digest{f.ID}}, fault.BadInput, "gives no reason"},
		"over already":            {HoldDraft{Findings: []model.Digest{f.ID}, Reason: "x", Until: w.c.at}, fault.Usage, "would be over already"},
		"for another device only": {HoldDraft{Findings: []model.Digest{f.ID}, Reason: "x", Devices: []model.Subject{other}}, fault.NotAllowed, "would not rest: " + mine.String() + " joined"},
		"for what is no device":   {HoldDraft{Findings: []model.Digest{f.ID}, Reason: "x", Devices: []model.Subject{mine, product(t, "acme/pump-7")}}, fault.BadInput, "is not a device"},
	} {
		if _, err := w.house.HoldFindings(t.Context(), c.d); !errors.Is(err, c.code) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.house.UnholdFindings(t.Context(), []model.Digest{f.ID}, "x"); !errors.Is(err, fault.NotAllowed) {
		t.Errorf("what is open is taken back: %v", err)
	}
	says(t, w.house, "update.unknown open")
	if _, err := w.acme.HoldFindings(t.Context(), HoldDraft{Findings: []model.Digest{f.ID}, Reason: "x"}); !errors.Is(err, fault.NotAllowed) {
		t.Errorf("a maker holds: %v", err)
	}
	opt := w.house.opt
	opt.DryRun = true
	if done := rests(t, reopen(t, opt), HoldDraft{Findings: []model.Digest{f.ID}}); !done[0].DryRun {
		t.Errorf("%+v", done)
	}
	says(t, w.house, "update.unknown open")

	rests(t, w.house, HoldDraft{Findings: []model.Digest{f.ID}, Devices: []model.Subject{other, mine}})
	mustSee(t, w.house, capture(t, download("10.0.0.11", host, "pump-9.bin", elf(9, 5000), wireTime().Add(time.Hour))))
	says(t, w.house, "update.unknown held")
	w.release(t, "9.0.0", "pump-9.bin", elf(9, 5000))
	w.publish(t)
	says(t, w.house, "update.unknown closed")
	if _, err := w.house.HoldFindings(t.Context(), HoldDraft{Findings: []model.Digest{f.ID}, Reason: "x"}); !errors.Is(err, fault.NotAllowed) {
		t.Errorf("what is closed is held: %v", err)
	}
}

// Nobody else puts a finding of this house to rest, nor takes its hold back: no other organisation, and no other role.
func TestOnlyTheHouseHolds(t *testing.T) {
	t.Parallel()
	w, f := unknownSeen(t)
	clinic := newHouse(t, w.c, "clinic", evidence.Hospital)
	trust(t, w.house, clinic)
	tried := 0
	attack := func(d finding.Decision, state string) {
		for _, who := range []*App{w.acme, clinic, w.house} {
			for _, spec := range roleSpecs(who.home.Kind) {
				if who == w.house && spec.name == evidence.RoleHouse {
					continue
				}
				tried++
				w.c.at = w.c.at.Add(time.Minute)
				for _, author := range []string{who.home.Org, "mercy"} {
					r := finding.NewReview(evidence.Header{Author: author, Issued: w.c.at}, &f, d, "nothing to see")
					payload, err := r.Payload()
					if err != nil {
						t.Fatal(err)
					}
					signers, err := signersOf(t, who, spec)
					if err != nil {
						t.Fatal(err)
					}
					env, err := evidence.Sign(payload, signers...)
					if err != nil {
						t.Fatal(err)
					}
					if e, err := bring(t.Context(), w.house, env, true); err == nil && e.v.Effect == evidence.Fact {
						t.Errorf("a %s by role %s of %s in the name of %s has effect", d, spec.name, who.home.Org, author)
					}
					says(t, w.house, "update.unknown "+state)
				}
			}
		}
	}
	attack(finding.Hold, "open")
	rests(t, w.house, HoldDraft{Findings: []model.Digest{f.ID}})
	attack(finding.Unhold, "held")
	if tried != 16 {
		t.Errorf("%d attacks were tried", tried)
	}
}

// A watch counts what is held, from the same capture and in a run that records nothing; what has more to it than the
// hold covers is open, also when this run sees only what it covers.
func TestWatchCountsWhatIsHeld(t *testing.T) {
	t.Parallel()
	w, f := unknownSeen(t)
	ids := []model.Digest{f.ID}
	first := capture(t, download("10.0.0.10", host, "pump-9.bin", elf(9, 5000), wireTime()))
	for _, c := range []struct {
		does  string
		do    func()
		opt   WatchOptions
		held  int
		state model.FindingState
	}{
		{"open", func() {}, WatchOptions{}, 0, model.Open},
		{"held", func() { rests(t, w.house, HoldDraft{Findings: ids}) }, WatchOptions{}, 1, model.Held},
		{"held, and nothing recorded", func() {}, WatchOptions{NoRecord: true}, 1, model.Held},
		{"another device in the home", func() {
			mustSee(t, w.house, capture(t, download("10.0.0.11", host, "pump-9.bin", elf(9, 5000), wireTime().Add(time.Hour))))
		}, WatchOptions{}, 0, model.Open},
	} {
		c.do()
		got, err := see(t.Context(), w.house, c.opt, first)
		if err != nil || got.summary.Held != c.held || len(got.findings) != 1 || got.findings[0].State != c.state || (got.findings[0].Hold != nil) != (c.held == 1) {
			t.Errorf("%s: error %v, %d held, %+v", c.does, err, got.summary.Held, got.findings)
		}
	}
}

// A hold whose statement was changed in the database lets nothing rest.
func TestChangedHoldIsFound(t *testing.T) {
	t.Parallel()
	w, f := unknownSeen(t)
	rests(t, w.house, HoldDraft{Findings: []model.Digest{f.ID}})
	execSQL(t, w.house, `UPDATE statements SET envelope = replace(envelope, 'review', 'review') WHERE predicate_type LIKE '%/review/%'`)
	says(t, w.house, "update.unknown held")
	execSQL(t, w.house, `UPDATE statements SET envelope = replace(envelope, '"sig":"', '"sig":"AAAA') WHERE predicate_type LIKE '%/review/%'`)
	if list, err := w.house.Findings(t.Context(), FindingFilter{}); !errors.Is(err, fault.Damaged) {
		t.Errorf("%v, error %v", list, err)
	}
}

// A survey ends in the minute in which a hold does.
func TestSurveyEndsWithAHold(t *testing.T) {
	t.Parallel()
	w, f := unknownSeen(t)
	rests(t, w.house, HoldDraft{Findings: []model.Digest{f.ID}, Until: w.c.at.Add(10 * time.Minute)})
	w.c.at = w.c.at.Add(9 * time.Minute)
	s, err := w.house.Survey(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	if list, err := s.Findings(); err != nil || list[0].State != model.Held || !s.Current(t.Context()) {
		t.Errorf("%v, error %v", list, err)
	}
	if w.c.at = w.c.at.Add(time.Minute); s.Current(t.Context()) {
		t.Error("a hold outlives its time")
	}
}
