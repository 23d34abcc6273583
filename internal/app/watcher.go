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

	sighted []SeenInfo
}

// concerns keeps what bears on a release, whatever it looks like.
func (w *watcher) concerns(t *model.Transfer) bool {
	return !w.judge(t).Release.IsZero()
}

func (w *watcher) judge(t *model.Transfer) model.Judgement {
	d, _ := w.facts.device(t)
	return w.facts.book.Judge(w.now, *t, d, nil)
}

var _ network.PartSink = (*watcher)(nil)

// Transfer judges one transfer and shows it.
func (w *watcher) Transfer(t model.Transfer) error {
	j := w.judge(&t)
	if err := w.recheck(&j); err != nil {
		return err
	}
	info := TransferInfo{
		Time: t.Time.UTC(), Device: t.Device, Peer: t.Peer, Host: t.Host, Protocol: t.Protocol, Name: t.Name, Size: t.Size,
		Digest: t.Digest, EntityDigest: t.EntityDigest, Complete: t.Complete, ContentType: t.ContentType,
		Verdict: j.Verdict, Release: j.Release, Publisher: j.Publisher, StaleSince: j.StaleSince, Why: append(j.Why, t.Notes...),
	}
	if t.Declared >= 0 && t.Declared != t.Size {
		info.Declared = t.Declared
	}
	d, _ := w.facts.device(&t)
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
	return w.show.Part(PartInfo{
		Time: p.Time.UTC(), Device: p.Device, Peer: p.Peer, Transfer: p.Name,
		Range: fmt.Sprintf("%d-%d/%s", p.First, p.First+p.Size-1, whole), Size: p.Size, Complete: p.Complete, Digest: p.Digest,
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
