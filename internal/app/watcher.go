package app

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network"
	"github.com/cordon-trust/cordon/internal/network/finding"
	"github.com/cordon-trust/cordon/internal/store"
)

// watcher judges what the network room saw. It lives for one Watch and belongs to its goroutine.
type watcher struct {
	app   *App
	tx    *store.Tx
	ctx   context.Context //nolint:containedctx // see above
	facts facts
	now   time.Time
	show  WatchShow
	all   bool
	found *finding.Set
	good  map[model.Digest]bool // statements that verified again in this run
	info  model.DeviceInfo      // what the list says of the device of the transfer at hand
	seen  serving

	sighted []SeenInfo // who was seen, until the end
}

// concerns keeps what bears on a release, and the sessions that hide what may be one, whatever they look
// like.
func (w *watcher) concerns(t *model.Transfer) bool {
	w.seen.note(t)
	_, j := w.judge(t)
	return !j.Release.IsZero() || t.Encrypted && j.Verdict == model.CannotSee
}

func (w *watcher) judge(t *model.Transfer) (model.Device, model.Judgement) {
	d, info := w.facts.device(t)
	w.info = info
	return d, w.facts.book.Judge(w.now, *t, d, nil)
}

var _ network.PartSink = (*watcher)(nil)

// Transfer judges one transfer and shows it.
func (w *watcher) Transfer(t model.Transfer) error {
	w.seen.note(&t)
	d, j := w.judge(&t)
	if t.Encrypted && j.Verdict != model.CannotSee {
		return nil // a session of nobody's concern is no transfer
	}
	if err := w.recheck(&j); err != nil {
		return err
	}
	info := TransferInfo{
		Time: t.Time.UTC(), Device: t.Device, Peer: t.Peer, Host: t.Host, Protocol: t.Protocol, Name: t.Name, Size: t.Size,
		Digest: t.Digest, EntityDigest: t.EntityDigest, Complete: t.Complete, ContentType: t.ContentType,
		Verdict: j.Verdict, Fits: j.Fits, Release: j.Release, Publisher: j.Publisher, StaleSince: j.StaleSince, Why: append(j.Why, t.Notes...),
	}
	if t.Declared >= 0 && t.Declared != t.Size {
		info.Declared = t.Declared
	}
	if d.Listed {
		info.Listed, info.Asset = d.Subject, w.info.Asset
	}
	w.found.Add(t, d, j)
	return w.show.Transfer(info)
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
	if j.Statement.IsZero() || w.good[j.Statement] {
		return nil
	}
	if err := w.app.recheck(w.ctx, w.tx, w.facts.roots, j); err != nil {
		return err
	}
	if w.good == nil {
		w.good = map[model.Digest]bool{}
	}
	w.good[j.Statement] = true
	return nil
}
