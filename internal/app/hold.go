package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/finding"
	"github.com/cordon-trust/cordon/internal/store"
)

// maxReviewed is how many findings one decision is about at most.
const maxReviewed = 1000

// HoldDraft is why findings may rest.
type HoldDraft struct {
	Findings []model.Digest
	Reason   string
	Until    time.Time       // zero: no end
	Devices  []model.Subject // that the hold names; empty: those that each finding concerns now
}

// Reviewed tells what became of a decision about one finding.
type Reviewed struct {
	Finding  model.Digest       `json:"finding"`
	Decision finding.Decision   `json:"decision"`
	State    model.FindingState `json:"state"` // of the finding, from now on
	Summary  string             `json:"summary"`
	Reason   string             `json:"reason"`
	Until    time.Time          `json:"until,omitzero"`
	Devices  []model.Subject    `json:"devices"`
	Said
}

// HoldFindings says for each finding, as this hospital's word, why it may rest. All are taken or none. One that is
// closed cannot be held, nor one that concerns a device which the draft does not name: it would not rest.
func (a *App) HoldFindings(ctx context.Context, d HoldDraft) ([]Reviewed, error) {
	now := a.opt.Clock.Now()
	if !d.Until.IsZero() && !d.Until.After(now) {
		return nil, fault.New(fault.Usage, "a hold until %s would be over already", d.Until.UTC().Format(time.RFC3339))
	}
	return a.review(ctx, d.Findings, func(f *model.Finding) (finding.Review, error) {
		r := finding.NewReview(a.header(), f, finding.Hold, d.Reason)
		r.Until = d.Until.UTC().Truncate(time.Second)
		if len(d.Devices) > 0 {
			r.Name(d.Devices...)
		}
		if f.State == model.Closed {
			return r, fault.New(fault.NotAllowed, "finding %s is closed, so there is nothing to hold", f.ID)
		}
		if why, ok := r.Covers(f, now); !ok {
			return r, fault.New(fault.NotAllowed, "finding %s would not rest: %s", f.ID, why).
				Hint("`cordon finding show %s` prints the devices that it concerns", f.ID)
		}
		return r, nil
	})
}

// UnholdFindings takes holds back: the findings are open again. A hold that lapsed can be taken back too: it would
// count again when what ended it is no longer there, such as a device whose rows are erased.
func (a *App) UnholdFindings(ctx context.Context, list []model.Digest, reason string) ([]Reviewed, error) {
	return a.review(ctx, list, func(f *model.Finding) (finding.Review, error) {
		if lapsed := f.Lapsed; f.State != model.Held && (lapsed == nil || lapsed.Ended == finding.TakenBack) {
			return finding.Review{}, fault.New(fault.NotAllowed, "finding %s is not held, it is %s", f.ID, f.State)
		}
		return finding.NewReview(a.header(), f, finding.Unhold, reason), nil
	})
}

// review signs and records one decision for each finding.
func (a *App) review(ctx context.Context, ids []model.Digest, decide func(*model.Finding) (finding.Review, error)) ([]Reviewed, error) {
	role, err := a.roleFor(evidence.PredReview)
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 || len(ids) > maxReviewed {
		return nil, fault.New(fault.Usage, "a decision is about 1 to %d findings, not %d", maxReviewed, len(ids))
	}
	found, err := a.findingsOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Reviewed, len(found))
	payloads := make([][]byte, len(found))
	for i := range found { // all of them before a key is opened
		r, err := decide(&found[i])
		if err != nil {
			return nil, err
		}
		if payloads[i], err = r.Payload(); err != nil {
			return nil, err
		}
		out[i] = Reviewed{
			Finding: r.Finding, Decision: r.Decision, State: stateAfter(r.Decision), Summary: found[i].Summary,
			Reason: r.Reason, Until: r.Until, Devices: r.Devices,
		}
	}
	done, err := a.sayAll(ctx, role, payloads)
	for i := range done {
		out[i].Said = done[i]
	}
	return out, err
}

func stateAfter(d finding.Decision) model.FindingState {
	if d == finding.Hold {
		return model.Held
	}
	return model.Open
}

// findingsOf returns findings by their IDs, each once, in the order in which they were asked for.
func (a *App) findingsOf(ctx context.Context, ids []model.Digest) ([]model.Finding, error) {
	all, err := a.Findings(ctx, FindingFilter{})
	if err != nil {
		return nil, err
	}
	var out []model.Finding
	for n, id := range ids {
		if slices.Contains(ids[:n], id) {
			continue
		}
		i := slices.IndexFunc(all, func(f model.Finding) bool { return f.ID == id })
		if i < 0 {
			return nil, noFinding(id)
		}
		out = append(out, all[i])
	}
	return out, nil
}

// sayAll signs payloads with a role of this house and records them, all or none.
func (a *App) sayAll(ctx context.Context, role string, payloads [][]byte) ([]Said, error) {
	signers, err := a.ring.Signers(ctx, role)
	if err != nil {
		return nil, err
	}
	arrivals := make([]arrival, len(payloads))
	for i, p := range payloads {
		if arrivals[i].env, err = evidence.Sign(p, signers...); err != nil {
			return nil, err
		}
	}
	out := make([]Said, len(payloads))
	err = a.update(ctx, func(tx *store.Tx) error {
		roots, err := a.roots(ctx, tx)
		if err != nil {
			return err
		}
		got, err := a.record(ctx, tx, roots, arrivals...)
		if err != nil {
			return err
		}
		for i := range got {
			if got[i].v.Effect != evidence.Fact {
				return mayNotSay(&got[i])
			}
			out[i] = a.saidOf(got[i])
		}
		return nil
	})
	return out, err
}

// reviews are the last decision about each finding.
type reviews map[model.Digest]decided

type decided struct {
	finding.Review
	by    evidence.Verified
	since time.Time
}

// readReviews reads what this house decided about findings, in the order of its ledger. What rests on a key that is
// said to be compromised puts nothing to rest: its thief could have said so. That it takes a hold back counts: it
// hides nothing, and without it an older hold would.
func (a *App) readReviews(ctx context.Context, tx *store.Tx, f *facts) (reviews, error) {
	out := reviews{}
	err := a.each(ctx, tx, f.roots, evidence.PredReview, func(v evidence.Verified, rec ledger.Record) error {
		if v.Effect != evidence.Fact {
			return nil
		}
		r, err := finding.DecodeReview(v.Statement)
		if r.Decision != finding.Unhold && f.roots.Stands(v, rec.HeldAt, f.compromises) != nil {
			return nil
		}
		if err != nil {
			return err
		}
		out[r.Finding] = decided{r, v, rec.HeldAt}
		return nil
	})
	return out, err
}

// reviewsUpTo returns a review and those of the same finding before it. They are erased together: an older hold would
// count again once the review that came after it is silent.
func (a *App) reviewsUpTo(ctx context.Context, tx *store.Tx, last ledger.Record) (list []model.Digest, err error) {
	roots, err := a.roots(ctx, tx)
	if err != nil {
		return nil, err
	}
	of := map[model.Digest][]model.Digest{}
	err = a.each(ctx, tx, roots, evidence.PredReview, func(v evidence.Verified, rec ledger.Record) error {
		r, err := finding.DecodeReview(v.Statement)
		if err != nil {
			return nil //nolint:nilerr // it decides nothing
		}
		of[r.Finding] = append(of[r.Finding], rec.Digest)
		if rec.Digest == last.Digest {
			list = of[r.Finding]
		}
		return nil
	})
	if len(list) == 0 {
		list = []model.Digest{last.Digest}
	}
	return list, err
}

// rest puts those findings to rest about which a person of this house said so.
func (a *App) rest(ctx context.Context, tx *store.Tx, f *facts, list []model.Finding) error {
	said, err := a.readReviews(ctx, tx, f)
	if err != nil {
		return err
	}
	return said.rest(f.roots, list, a.opt.Clock.Now())
}

// rest puts those open findings to rest about which a person said so, and says of the others whether a hold ended. A
// statement that lets a finding rest is verified again from its bytes.
func (r reviews) rest(roots *evidence.Roots, list []model.Finding, now time.Time) error {
	for i := range list {
		f := &list[i]
		d, ok := r[f.ID]
		if !ok || f.State != model.Open {
			continue
		}
		h := model.Hold{
			Reason: d.Reason, Until: d.Until, Since: d.since, Author: d.Author, Role: d.by.Role, Devices: len(d.Devices), Statement: d.by.Digest,
		}
		why, ok := d.Covers(f, now)
		if !ok {
			h.Ended = why
			f.Lapsed = &h
			continue
		}
		if again, err := roots.Again(d.by.Envelope); err != nil || again.Effect != evidence.Fact {
			return fault.Wrap(err, fault.Damaged, "statement:%s, which lets a finding rest, no longer verifies", d.by.Digest).
				Hint("run `cordon log verify` and restore the home from a backup")
		}
		f.State, f.Hold = model.Held, &h
	}
	finding.Sort(list)
	return nil
}

// sayReview tells what a review decided, in words; of another statement nothing.
func (a *App) sayReview(v evidence.Verified) []string {
	r, err := finding.DecodeReview(v.Statement)
	if err != nil {
		return nil
	}
	out := []string{fmt.Sprintf("finding %s, %s", r.Finding, r.Rule), string(r.Decision) + ": " + r.Reason}
	switch {
	case !r.Until.IsZero():
		out = append(out, "until "+r.Until.Format(time.RFC3339))
	case r.Decision == finding.Hold:
		out = append(out, "no end was set")
	}
	return out
}
