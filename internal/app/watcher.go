package app

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network"
	"github.com/cordon-trust/cordon/internal/network/finding"
	"github.com/cordon-trust/cordon/internal/network/seen"
	"github.com/cordon-trust/cordon/internal/store"
)

// maxLate is how many verified transfers of a run are judged once more at its end.
const maxLate = 4096

// watcher judges what the network room saw. It lives for one Watch and belongs to its goroutine.
type watcher struct {
	app   *App
	ctx   context.Context //nolint:containedctx // see above
	facts facts
	again rechecker
	now   time.Time
	show  WatchShow
	all   bool
	found *finding.Set
	late  []model.Transfer // verified; what else the run holds may make them replayed
	rec   *recorder        // nil when nothing is recorded

	sighted []SeenInfo  // who was seen, until the end
	session SessionInfo // the last that was shown: there are many
}

// newWatcher reads what this house knows now.
func (a *App) newWatcher(ctx context.Context, opt WatchOptions, show WatchShow) (*watcher, error) {
	w := &watcher{app: a, ctx: ctx, now: a.opt.Clock.Now(), show: show, all: opt.All}
	secret, err := a.ring.MarkSecret(a.records(opt))
	if err != nil {
		return nil, err
	}
	err = a.db.View(ctx, func(tx *store.Tx) error {
		w.facts, err = a.readSeenFacts(ctx, tx, secret, opt.Sources)
		return err
	})
	if err != nil {
		return nil, err
	}
	w.facts.rows.tx = nil // it is over
	w.again = rechecker{app: a, roots: w.facts.roots}
	w.found = w.facts.newFindings(a.home.Org)
	if a.records(opt) {
		w.rec, err = a.newRecorder(w.facts.names, opt.Exclude, opt.Retain)
	}
	return w, err
}

// concerns keeps what bears on a release, and the sessions that hide what may be one, whatever they look
// like.
func (w *watcher) concerns(t *model.Transfer) bool {
	_, _, j := w.judge(t)
	return !j.Release.IsZero() || t.Encrypted && j.Verdict == model.CannotSee
}

func (w *watcher) judge(t *model.Transfer) (model.Device, model.DeviceInfo, model.Judgement) {
	d, info := w.facts.device(t)
	return d, info, w.facts.book.Judge(w.now, *t, d, w.facts.history)
}

var _ network.PartSink = (*watcher)(nil)

// Transfer judges one transfer, shows it and records it.
func (w *watcher) Transfer(t model.Transfer) error {
	t.Addr = addrOf(&t)
	w.facts.names.mark(&t) // also of what is not recorded: a finding has the same ID in every run
	w.facts.history.served(&t, w.facts.known(&t))
	d, dinfo, j := w.judge(&t)
	if err := w.facts.register.Err(); err != nil {
		return err
	}
	if t.Encrypted && j.Verdict != model.CannotSee {
		return nil // a session of nobody's concern is no transfer
	}
	if err := w.recheck(&j); err != nil {
		return err
	}
	concerns := t.UpdateLike || t.Encrypted || !j.Release.IsZero() // else it is shown, and nothing more
	if w.rec != nil && concerns {
		if err := w.rec.transfer(w.ctx, &t); err != nil {
			return err
		}
	}
	info := TransferInfo{
		Time: t.Time.UTC(), Device: t.Device, Peer: t.Peer, Host: t.Host, Protocol: t.Protocol, Name: t.Name, Size: t.Size,
		Digest: t.Digest, EntityDigest: t.EntityDigest, Complete: t.Complete, ContentType: t.ContentType,
		Verdict: j.Verdict, Fits: j.Fits, Release: j.Release, Publisher: j.Publisher, StaleSince: j.StaleSince, Why: withNotes(j.Why, t.Notes),
	}
	if t.Declared >= 0 && t.Declared != t.Size {
		info.Declared = t.Declared
	}
	if d.Listed {
		info.Listed, info.Asset = d.Subject, dinfo.Asset
	}
	w.facts.took(&t, &d, j)
	switch {
	case !concerns: // what is asked to be shown makes no findings: with each run there would be others
	case j.Verdict == model.Verified && len(w.late) < maxLate:
		t.Parts = model.Parts{} // of no use to bytes that are whole and known
		w.late = append(w.late, t)
	default:
		w.found.Add(t, d, dinfo, j)
	}
	return w.show.Transfer(info)
}

// end records what is left of the run and shows its devices and findings, also when the reading was broken off.
func (w *watcher) end(ctx context.Context, sum *WatchSummary) error {
	for i := range w.late {
		d, info, j := w.judge(&w.late[i])
		w.found.Add(w.late[i], d, info, j)
	}
	if err := w.facts.register.Err(); err != nil {
		return err
	}
	list := w.found.List()
	sum.Findings, sum.LeftOut = len(list), w.found.Dropped()
	err := w.record(context.WithoutCancel(ctx), sum) // first: it must not be lost when nobody reads what is shown
	var herr error
	if sum.Held, herr = w.rest(context.WithoutCancel(ctx), list); herr != nil {
		err = errors.Join(err, herr)
	}
	if serr := w.showSighted(); serr != nil {
		return errors.Join(err, serr)
	}
	for _, f := range list {
		if serr := w.show.Finding(f); serr != nil {
			return errors.Join(err, serr)
		}
	}
	return err
}

// record records what is left of the run, and puts into its summary what was recorded.
func (w *watcher) record(ctx context.Context, sum *WatchSummary) error {
	if w.rec == nil || sum.Packets == 0 {
		return nil
	}
	sum.Recorded, sum.Excluded = w.rec.recorded+w.rec.waiting, w.rec.excluded
	err := w.rec.sightings(ctx, w.sighted)
	if err == nil {
		err = w.rec.counts(ctx, countsOf(sum))
	}
	if err == nil {
		err = w.rec.finish(ctx)
	}
	sum.Recorded = w.rec.recorded
	return err
}

// countsOf is what of a summary is recorded.
func countsOf(sum *WatchSummary) *seen.Counts {
	first, _ := time.Parse(time.RFC3339Nano, sum.First)
	last, _ := time.Parse(time.RFC3339Nano, sum.Last)
	truncated := int64(0)
	if sum.Truncated {
		truncated = 1
	}
	return &seen.Counts{First: first, Last: last, Counts: []seen.Count{
		{Name: "bytes", Value: sum.Bytes},
		{Name: "copies", Value: sum.Copies},
		{Name: "excluded", Value: sum.Excluded},
		{Name: "findings", Value: int64(sum.Findings)},
		{Name: "gap bytes", Value: sum.Losses.GapBytes},
		{Name: "objects", Value: sum.Objects},
		{Name: "packets", Value: sum.Packets},
		{Name: "recorded", Value: sum.Recorded},
		{Name: "sessions", Value: sum.Sessions},
		{Name: "transfers", Value: sum.Transfers},
		{Name: "truncated", Value: truncated},
	}}
}

// Part shows the body of one message that carried a range.
func (w *watcher) Part(p network.Part) error {
	if !w.all {
		return nil
	}
	whole := "*"
	if p.Whole >= 0 {
		whole = strconv.FormatInt(p.Whole, 10)
	}
	span := "*" // not told, or several
	if p.First >= 0 {
		span = fmt.Sprintf("%d-%d", p.First, p.First+p.Size-1)
	}
	return w.show.Part(PartInfo{
		Time: p.Time.UTC(), Device: p.Device, Peer: p.Peer, Transfer: p.Name,
		Range: span + "/" + whole, Size: p.Size, Complete: p.Complete, Digest: p.Digest,
	})
}

// recheck verifies the statement behind a verdict once in a run.
func (w *watcher) recheck(j *model.Judgement) error {
	if w.again.known(j) {
		return nil
	}
	return w.app.db.View(w.ctx, func(tx *store.Tx) error { return w.again.check(w.ctx, tx, j) })
}
