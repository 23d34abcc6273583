package app

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"time"

	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network"
)

const maxSaved = 4 << 30 // bytes of carved files that one run keeps

// WatchOptions say what to read and what to keep of it.
type WatchOptions struct {
	Files    []string
	Stdin    io.Reader      // what "-" reads
	All      bool           // every object, not only those that look like an update
	Sessions bool           // a row about every connection
	NoRecord bool           // keep nothing of what was seen in the home
	Exclude  []netip.Prefix // networks of which nothing is recorded
	Retain   time.Duration  // how long recorded rows are kept; 0: [Retention]
	Save     string         // folder for carved files; empty: none
	Sources  string         // the hospital's list of third parties; empty: that of the home
	Spool    string         // folder for parts that come out of order; empty: the system's
}

// WatchShow takes what a watch sees, as it sees it; devices and then findings come at the end.
type WatchShow struct {
	Transfer func(*TransferInfo) error // valid during the call
	Part     func(PartInfo) error
	Device   func(SeenInfo) error     // may be nil
	Session  func(*SessionInfo) error // only with WatchOptions.Sessions; valid during the call
	Finding  func(model.Finding) error
}

// Watch reads captures as one, in the order of time, and hands every transfer, judged, to show, and at the end
// the devices and the findings. A hospital's house records what looks like an update, unless it is told not to.
// A capture that cannot be read does not keep the others from being read; what was read is in the summary and
// the findings, and is recorded, also beside an error. No transaction is open while a capture is read.
func (a *App) Watch(ctx context.Context, opt WatchOptions, show WatchShow) (WatchSummary, error) {
	var sum WatchSummary
	if err := spoolable(opt.Spool); err != nil {
		return sum, err
	}
	w, err := a.newWatcher(ctx, opt, show)
	if err != nil {
		return sum, err
	}
	nopt := network.Options{AllObjects: opt.All, Sessions: opt.Sessions, Site: a.home.Site, Keep: w.concerns, Spool: opt.Spool}
	if opt.Save != "" {
		if err := disk.MakeDir(a.opt.FS, opt.Save, 0o700); err != nil {
			return sum, err
		}
		if nopt.Saver, err = network.NewDirSaver(a.opt.FS, opt.Save, maxSaved); err != nil {
			return sum, err
		}
	}
	sources, err := captures(ctx, opt.Files, opt.Stdin)
	if err != nil {
		return sum, err
	}
	sum.Summary, err = network.WatchAll(ctx, sources, nopt, w)
	if eerr := w.end(ctx, &sum); eerr != nil {
		return sum, errors.Join(err, eerr)
	}
	return sum, err
}
