package app

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network"
	"github.com/cordon-trust/cordon/internal/store"
)

const maxSaved = 4 << 30 // bytes of carved files that one run keeps

// WatchOptions say what to read and what to keep of it.
type WatchOptions struct {
	Files    []string
	Stdin    io.Reader // what "-" reads
	All      bool      // every object, not only those that look like an update
	NoRecord bool      // keep nothing of what was seen in the home
	Save     string    // folder for carved files; empty: none
}

// TransferInfo is a transfer with its verdict.
type TransferInfo struct {
	Time         time.Time     `json:"time"`
	Device       model.Subject `json:"device"`
	Peer         string        `json:"peer"`
	Host         string        `json:"host,omitzero"`
	Protocol     string        `json:"protocol"`
	Name         string        `json:"name"`
	Size         int64         `json:"size"`
	Declared     int64         `json:"declared,omitzero"` // announced length, when it is known and differs
	Digest       model.Digest  `json:"digest,omitzero"`
	EntityDigest model.Digest  `json:"entity_digest,omitzero"`
	Complete     bool          `json:"complete"`
	ContentType  string        `json:"content_type,omitzero"`
	Verdict      model.Verdict `json:"verdict"`
	Release      model.Subject `json:"release,omitzero"`
	Publisher    string        `json:"publisher,omitzero"`
	StaleSince   time.Time     `json:"stale_since,omitzero"`
	Why          []string      `json:"why"`
}

// WatchSummary counts what was read.
type WatchSummary struct{ network.Summary }

// Watch reads captures and hands every transfer, judged, to show. What was read before an error is in
// the summary.
func (a *App) Watch(ctx context.Context, opt WatchOptions, show func(TransferInfo) error) (WatchSummary, error) {
	var sum WatchSummary
	err := a.db.View(ctx, func(tx *store.Tx) error {
		f, err := a.readFacts(ctx, tx)
		if err != nil {
			return err
		}
		w := &watcher{app: a, tx: tx, ctx: ctx, facts: f, now: a.opt.Clock.Now(), show: show}
		nopt := network.Options{AllObjects: opt.All, Site: a.home.Site, Keep: w.concerns}
		if opt.Save != "" {
			if err := disk.MakeDir(a.opt.FS, opt.Save, 0o700); err != nil {
				return err
			}
			if nopt.Saver, err = network.NewDirSaver(a.opt.FS, opt.Save, maxSaved); err != nil {
				return err
			}
		}
		for _, name := range opt.Files {
			part, err := watchFile(ctx, name, opt.Stdin, nopt, w)
			sum.Add(part)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return sum, err
}

func watchFile(ctx context.Context, name string, stdin io.Reader, opt network.Options, sink network.Sink) (network.Summary, error) {
	if name == "-" {
		return network.Watch(ctx, stdin, "standard input", opt, sink)
	}
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return network.Summary{}, fault.Wrap(err, fault.NotFound, "the capture cannot be read")
	}
	if err != nil {
		return network.Summary{}, fault.Wrap(err, fault.ReadFailed, "the capture cannot be read")
	}
	defer f.Close() //nolint:errcheck // only read
	return network.Watch(ctx, f, name, opt, sink)
}

// watcher judges what the network room saw. It lives for one Watch and belongs to its goroutine.
type watcher struct {
	app   *App
	tx    *store.Tx
	ctx   context.Context //nolint:containedctx // see above
	facts facts
	now   time.Time
	show  func(TransferInfo) error
	good  map[model.Digest]bool // statements that verified again in this run
}

// concerns keeps what bears on a release, whatever it looks like.
func (w *watcher) concerns(t *model.Transfer) bool {
	return !w.judge(t).Release.IsZero()
}

func (w *watcher) judge(t *model.Transfer) model.Judgement {
	return w.facts.book.Judge(w.now, *t, model.Device{Subject: t.Device}, nil)
}

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
	return w.show(info)
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
