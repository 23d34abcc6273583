package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"time"

	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network"
	"github.com/cordon-trust/cordon/internal/network/finding"
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
	Spool    string    // folder for parts that come out of order; empty: the system's
}

// WatchShow takes what a watch sees, as it sees it; findings come at the end.
type WatchShow struct {
	Transfer func(TransferInfo) error
	Part     func(PartInfo) error
	Finding  func(model.Finding) error
}

// PartInfo is the body of one message that carried a range of an object.
type PartInfo struct {
	Time     time.Time     `json:"time"`
	Device   model.Subject `json:"device"`
	Peer     string        `json:"peer"`
	Transfer string        `json:"transfer"` // name of the object it is part of
	Range    string        `json:"range"`    // first-last/whole, as Content-Range has it
	Size     int64         `json:"size"`
	Complete bool          `json:"complete"`
	Digest   model.Digest  `json:"digest,omitzero"`
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
type WatchSummary struct {
	network.Summary
	Findings int `json:"findings"`
}

// Watch reads captures and hands every transfer, judged, to show, and at the end the findings. What was
// read before an error is in the summary and the findings.
func (a *App) Watch(ctx context.Context, opt WatchOptions, show WatchShow) (WatchSummary, error) {
	var sum WatchSummary
	err := a.db.View(ctx, func(tx *store.Tx) error {
		f, err := a.readFacts(ctx, tx)
		if err != nil {
			return err
		}
		w := &watcher{app: a, tx: tx, ctx: ctx, facts: f, now: a.opt.Clock.Now(), show: show, all: opt.All}
		w.found = finding.NewSet(a.home.Org, finding.Options{MakerHost: f.book.Serves})
		nopt := network.Options{AllObjects: opt.All, Site: a.home.Site, Keep: w.concerns, Spool: opt.Spool}
		if opt.Save != "" {
			if err := disk.MakeDir(a.opt.FS, opt.Save, 0o700); err != nil {
				return err
			}
			if nopt.Saver, err = network.NewDirSaver(a.opt.FS, opt.Save, maxSaved); err != nil {
				return err
			}
		}
		for _, name := range opt.Files {
			var part network.Summary
			part, err = watchFile(ctx, name, opt.Stdin, nopt, w)
			sum.Add(part)
			if err != nil {
				break
			}
		}
		list := w.found.List()
		sum.Findings = len(list)
		for _, f := range list {
			if ferr := show.Finding(f); ferr != nil {
				return ferr
			}
		}
		return err
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
	show  WatchShow
	all   bool
	found *finding.Set
	good  map[model.Digest]bool // statements that verified again in this run
}

// concerns keeps what bears on a release, whatever it looks like.
func (w *watcher) concerns(t *model.Transfer) bool {
	return !w.judge(t).Release.IsZero()
}

func (w *watcher) judge(t *model.Transfer) model.Judgement {
	return w.facts.book.Judge(w.now, *t, model.Device{Subject: t.Device}, nil)
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
	w.found.Add(t, model.Device{Subject: t.Device}, j)
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
