package app

import (
	"context"
	"io"

	"github.com/cordon-trust/cordon/internal/kit/disk"
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

// WatchShow takes what a watch sees, as it sees it; devices and then findings come at the end.
type WatchShow struct {
	Transfer func(TransferInfo) error
	Part     func(PartInfo) error
	Device   func(SeenInfo) error // may be nil
	Finding  func(model.Finding) error
}

// Watch reads captures as one, in the order of time, and hands every transfer, judged, to show, and at the end
// the devices and the findings. A capture that cannot be read does not keep the others from being read; what
// was read is in the summary and the findings, also beside an error.
func (a *App) Watch(ctx context.Context, opt WatchOptions, show WatchShow) (WatchSummary, error) {
	var sum WatchSummary
	err := a.db.View(ctx, func(tx *store.Tx) error {
		f, err := a.readFacts(ctx, tx)
		if err != nil {
			return err
		}
		if err := a.readRegister(ctx, tx, &f); err != nil {
			return err
		}
		parties, err := a.thirdParties(opt.Sources)
		if err != nil {
			return err
		}
		f.book.SetThirdParties(parties.ThirdParty)
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
		sources, err := captures(opt.Files, opt.Stdin)
		if err != nil {
			return err
		}
		sum.Summary, err = network.WatchAll(ctx, sources, nopt, w)
		list := w.found.List()
		sum.Findings = len(list)
		if serr := w.showSighted(); serr != nil {
			return serr
		}
		for _, f := range list {
			if ferr := show.Finding(f); ferr != nil {
				return ferr
			}
		}
		return err
	})
	return sum, err
}
