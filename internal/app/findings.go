package app

import (
	"bytes"
	"context"
	"encoding/json/v2"
	"errors"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/finding"
	"github.com/cordon-trust/cordon/internal/network/seen"
	"github.com/cordon-trust/cordon/internal/store"
)

// Retention is how long recorded rows, and findings that no longer hold, are kept unless set.
const Retention = 90 * 24 * time.Hour

// FindingFilter chooses findings.
type FindingFilter struct {
	State    model.FindingState // "": all
	Severity model.Severity     // at least; "": all
}

// Takes reports whether the filter takes a finding.
func (only FindingFilter) Takes(f *model.Finding) bool {
	return (only.State == "" || f.State == only.State) && (only.Severity == "" || f.Severity.AtLeast(only.Severity))
}

// Findings returns what the recorded rows say under the statements of now, and what they said once and say
// no longer: open ones first, then those that a person lets rest, in each the gravest first.
func (a *App) Findings(ctx context.Context, only FindingFilter) ([]model.Finding, error) {
	var out []model.Finding
	err := a.db.View(ctx, func(tx *store.Tx) error {
		list, err := a.findingsNow(ctx, tx)
		for _, f := range list {
			if only.Takes(&f) {
				out = append(out, f)
			}
		}
		return err
	})
	return out, err
}

// FindingOf returns one finding by its ID. It fails with fault.NotFound when there was never one of it, or
// when it is no longer kept.
func (a *App) FindingOf(ctx context.Context, id model.Digest) (model.Finding, error) {
	list, err := a.Findings(ctx, FindingFilter{})
	if err != nil {
		return model.Finding{}, err
	}
	for _, f := range list {
		if f.ID == id {
			return f, nil
		}
	}
	return model.Finding{}, noFinding(id)
}

func noFinding(id model.Digest) error {
	return fault.New(fault.NotFound, "there is no finding %s", id).Hint("`cordon finding list` prints those that there are")
}

// findingsNow derives the findings without writing anything.
func (a *App) findingsNow(ctx context.Context, tx *store.Tx) ([]model.Finding, error) {
	held, err := heldFindings(ctx, tx)
	if err != nil {
		return nil, err
	}
	f, any, err := a.factsNow(ctx, tx)
	if err != nil || !any { // without rows nothing holds
		return finding.Reconcile(held.findings(), nil), err
	}
	now, err := a.judgeSeen(ctx, tx, f, nil)
	if err != nil {
		return nil, err
	}
	list := finding.Reconcile(held.findings(), now.findings)
	return list, a.rest(ctx, tx, f, list)
}

// judgeNow reads the facts of this moment and judges the recorded rows by them.
func (a *App) judgeNow(ctx context.Context, tx *store.Tx, look func(*model.Transfer)) (judged, error) {
	f, any, err := a.factsNow(ctx, tx)
	if err != nil || !any {
		return judged{}, err
	}
	return a.judgeSeen(ctx, tx, f, look)
}

// factsNow reads the facts by which recorded rows are judged; any is false when there are no rows.
func (a *App) factsNow(ctx context.Context, tx *store.Tx) (f *facts, any bool, err error) {
	if any, err = tx.Rows().Any(ctx); err != nil || !any {
		return nil, false, err
	}
	secret, err := a.ring.MarkSecret(false)
	if err != nil {
		return nil, false, err
	}
	got, err := a.readSeenFacts(ctx, tx, secret, "")
	return &got, true, err
}

// readHeld adds what [App.factsNow] reads to facts that have the device list.
func (a *App) readHeld(ctx context.Context, tx *store.Tx, f *facts) (any bool, err error) {
	if any, err = tx.Rows().Any(ctx); err != nil || !any {
		return false, err
	}
	if err := a.readParties(f, ""); err != nil {
		return true, err
	}
	secret, err := a.ring.MarkSecret(false)
	if err != nil {
		return true, err
	}
	return true, a.readRecorded(ctx, tx, f, secret)
}

// held are the findings that the store keeps.
type held map[model.Digest]heldFinding

type heldFinding struct {
	store.HeldFinding
	model.Finding
}

func heldFindings(ctx context.Context, tx *store.Tx) (held, error) {
	all, err := tx.Findings().All(ctx)
	if err != nil {
		return nil, err
	}
	out := make(held, len(all))
	for _, h := range all {
		f, err := readHeldFinding(h)
		if err != nil {
			return nil, err
		}
		out[h.ID] = heldFinding{h, f}
	}
	return out, nil
}

// heldBeside returns the findings that are kept and are not among those of now.
func heldBeside(ctx context.Context, tx *store.Tx, now []model.Finding) ([]model.Finding, error) {
	all, err := tx.Findings().All(ctx)
	if err != nil {
		return nil, err
	}
	holds := make(map[model.Digest]bool, len(now))
	for i := range now {
		holds[now[i].ID] = true
	}
	var out []model.Finding
	for _, h := range all {
		if holds[h.ID] {
			continue
		}
		f, err := readHeldFinding(h)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

func readHeldFinding(h store.HeldFinding) (f model.Finding, err error) {
	if err := json.Unmarshal(h.Body, &f); err != nil {
		return f, fault.Wrap(err, fault.Damaged, "a finding that was kept cannot be read")
	}
	return f, nil
}

func (h held) findings() []model.Finding {
	out := make([]model.Finding, 0, len(h))
	for _, f := range h {
		out = append(out, f.Finding)
	}
	return out
}

// settled tells what [App.settle] did.
type settled struct {
	expired int64 // rows that were erased
	unread  error // why nothing was judged; nil: it was
}

// settle brings what is derived from recorded rows up to date, in the transaction that changed rows or
// statements: rows whose time has come are erased, findings open and close.
//
// While the hospital's list of third parties cannot be read, the findings stay as they are: verdicts without
// it would be others than the hospital asked for, and a file beside the database is no reason to refuse what
// cannot wait, such as a compromise. Whoever asks for findings is told.
func (a *App) settle(ctx context.Context, tx *store.Tx) (done settled, err error) {
	if a.new || a.home.Kind != evidence.Hospital {
		return done, nil
	}
	if done.expired, err = a.expire(ctx, tx); err != nil {
		return done, err
	}
	held, err := heldFindings(ctx, tx)
	if err != nil {
		return done, err
	}
	rest := newBacking(held)
	now, err := a.judgeNow(ctx, tx, rest.look)
	if _, ok := errors.AsType[partiesError](err); ok {
		done.unread = err
		return done, a.dropUnbacked(ctx, tx, held)
	}
	if err != nil {
		return done, err
	}
	for _, f := range now.findings {
		if err := putFinding(ctx, tx, held[f.ID], f, time.Time{}); err != nil {
			return done, err
		}
		delete(held, f.ID)
	}
	for id, h := range held {
		if err := a.closeFinding(ctx, tx, h, rest.backed[id]); err != nil {
			return done, err
		}
	}
	return done, nil
}

// dropUnbacked forgets the findings of whose rows none is left: what was erased must not live on in them,
// and that needs no verdict.
func (a *App) dropUnbacked(ctx context.Context, tx *store.Tx, list held) error {
	rest := newBacking(list)
	err := a.eachSeen(ctx, tx, func(r *seen.Row) error {
		if r.Kind == seen.KindTransfer {
			rest.look(&r.Transfer)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for id := range list {
		if rest.backed[id] {
			continue
		}
		if err := tx.Findings().Delete(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// putFinding stores a finding unless it is held just so.
func putFinding(ctx context.Context, tx *store.Tx, was heldFinding, f model.Finding, closed time.Time) error {
	body, err := json.Marshal(f)
	if err != nil {
		return fault.Wrap(err, fault.Internal, "encode finding %s", f.ID)
	}
	if bytes.Equal(body, was.Body) && closed.Equal(was.Closed) {
		return nil
	}
	return tx.Findings().Put(ctx, store.HeldFinding{ID: f.ID, Closed: closed, Body: body})
}

// closeFinding notes that a finding no longer holds. One of whose rows none is left says nothing that could
// be looked up, and one that was closed long ago is forgotten.
func (a *App) closeFinding(ctx context.Context, tx *store.Tx, h heldFinding, backed bool) error {
	now := a.opt.Clock.Now()
	switch {
	case !backed || !h.Closed.IsZero() && now.Sub(h.Closed) > Retention:
		return tx.Findings().Delete(ctx, h.HeldFinding.ID)
	case h.Closed.IsZero():
		h.State = model.Closed
		return putFinding(ctx, tx, h, h.Finding, now)
	}
	return nil
}

// backing tells which of the kept findings still have a row behind them.
type backing struct {
	backed  map[model.Digest]bool // by finding
	digests map[model.Digest][]model.Digest
	peers   map[string][]model.Digest // of findings that are about no bytes
}

func newBacking(h held) *backing {
	b := &backing{map[model.Digest]bool{}, map[model.Digest][]model.Digest{}, map[string][]model.Digest{}}
	for id, f := range h {
		if d := f.Digest; d.IsZero() {
			b.peers[f.Peer] = append(b.peers[f.Peer], id)
		} else {
			b.digests[d] = append(b.digests[d], id)
		}
	}
	return b
}

func (b *backing) look(t *model.Transfer) {
	for _, list := range [...][]model.Digest{b.digests[t.Digest], b.digests[t.EntityDigest], b.peers[t.Peer]} {
		for _, id := range list {
			b.backed[id] = true
		}
	}
}
