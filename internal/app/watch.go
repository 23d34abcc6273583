package app

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"

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
	Sources  string    // the hospital's list of third parties; empty: that of the home
	Spool    string    // folder for parts that come out of order; empty: the system's
}

// WatchShow takes what a watch sees, as it sees it; findings come at the end.
type WatchShow struct {
	Transfer func(TransferInfo) error
	Part     func(PartInfo) error
	Finding  func(model.Finding) error
}

// Watch reads captures and hands every transfer, judged, to show, and at the end the findings. What was
// read before an error is in the summary and the findings.
func (a *App) Watch(ctx context.Context, opt WatchOptions, show WatchShow) (WatchSummary, error) {
	var sum WatchSummary
	err := a.db.View(ctx, func(tx *store.Tx) error {
		f, err := a.readForJudging(ctx, tx, opt.Sources)
		if err != nil {
			return err
		}
		w := &watcher{app: a, tx: tx, ctx: ctx, facts: f, now: a.opt.Clock.Now(), show: show, all: opt.All}
		w.found = finding.NewSet(a.home.Org, finding.Options{
			MakerHost: f.book.Serves,
			Info:      func(model.Device) model.DeviceInfo { return w.info }, // of the transfer that is being added
		})
		w.facts.serves = w.seen.serves
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
		if err == nil {
			err = f.register.Err()
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
