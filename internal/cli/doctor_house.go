package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
)

const (
	rootSoon = 90 * 24 * time.Hour  // a trust root that ends within it is a note
	listOld  = 180 * 24 * time.Hour // a device list older than this is a note
)

// house opens the database without changing a byte and looks at what is in it.
func (d *doctor) house() {
	before := d.marks()
	opt, err := d.s.options()
	if err != nil {
		d.failed("database", err)
		return
	}
	opt.Store.ReadOnly, opt.Store.Still, opt.DryRun, opt.Passphrase = true, true, true, nil
	a, err := app.Open(d.ctx, opt)
	switch {
	case errors.Is(err, fault.OldSchema):
		d.say(stateNote, "database", err.Error(), "any other command brings it up to date; make a backup before")
		return
	case err != nil:
		d.failed("database", err)
		return
	}
	defer a.Close() //nolint:errcheck // nothing was written
	if v, err := a.Schema(d.ctx); err != nil {
		d.failed("database", err)
	} else {
		d.ok("database", "opens, schema %d", v)
	}
	d.ledger(a)
	d.trust(a)
	d.copies(a)
	if a.Home().Kind == evidence.Hospital {
		d.devices(a)
		d.recording(a)
	}
	d.sources(a)
	if d.marks() != before {
		d.say(stateNote, "database", "another process wrote to it meanwhile; what is said above may be of two moments", "run `cordon doctor` again")
	}
}

// marks tells whether the database's files were written to.
func (d *doctor) marks() string {
	var out string
	for _, name := range []string{"cordon.db", "cordon.db-wal"} {
		if info, err := os.Stat(filepath.Join(d.dir, name)); err == nil {
			out += fmt.Sprint(name, info.Size(), info.ModTime().UnixNano())
		}
	}
	return out
}

func (d *doctor) ledger(a *app.App) {
	heads, err := a.CheckHeads(d.ctx)
	if err != nil {
		d.failed("ledger", err)
		return
	}
	for _, h := range heads {
		if h.Size == 0 {
			d.ok("ledger", "%s is empty", h.Origin)
			continue
		}
		if h.Time.After(d.last) {
			d.last = h.Time
		}
		d.ok("ledger", "%s: its head over %s verifies, the last of %s (`cordon log verify` reads all)", h.Origin, entries(h.Size), h.Time.UTC().Format(time.RFC3339))
	}
}

func entries(n int64) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}

func (d *doctor) trust(a *app.App) {
	roots, err := a.Trusted(d.ctx)
	if err != nil {
		d.failed("trust", err)
		return
	}
	now := d.clock.Now()
	for _, r := range roots {
		text := fmt.Sprintf("%s: root version %d, good until %s", r.Org, r.Version, day(r.Expires))
		own := r.Org == a.Home().Org
		switch {
		case now.After(r.Expires):
			d.say(stateProblem, "trust", text+", which is past", renewal(own))
		case r.Expires.Sub(now) < rootSoon:
			d.say(stateNote, "trust", text+", which is soon", renewal(own))
		case !r.Confirmed:
			d.say(stateNote, "trust", text+"; nobody has compared its fingerprint yet", "call them on a number you already have, then: cordon trust confirm "+r.Org+" FINGERPRINT")
		default:
			d.ok("trust", "%s", text)
		}
		if r.Test && !a.Home().Lab {
			d.say(stateProblem, "trust", r.Org+" is a root for tests", "it must not be in a home that watches real devices: make the home anew")
		}
	}
}

func renewal(own bool) string {
	if own {
		return "renew it with the root keys: cordon trust rotate root"
	}
	return "fetch the maker's newer root with cordon release sync; if there is none, ask them"
}

func (d *doctor) copies(a *app.App) {
	copies, forks, err := a.Copies(d.ctx)
	if err != nil {
		d.failed("mirrors", err)
		return
	}
	if forks > 0 {
		d.unverified = true
		d.say(stateProblem, "mirrors", counted(forks, "time")+" a publication log told two stories; both are kept as proof",
			"call the maker on a number you already have, and install nothing of theirs until it is explained")
	}
	for _, c := range copies {
		text := fmt.Sprintf("%s: fetched on %s, fresh until %s", c.Publisher, c.SyncedAt.UTC().Format(time.RFC3339), c.Expires.UTC().Format(time.RFC3339))
		if d.clock.Now().After(c.Expires) {
			d.say(stateNote, "mirrors", text+", which is past: a withdrawal since then may not be known", "run `cordon release sync --from` the maker's address")
			continue
		}
		d.ok("mirrors", "%s", text)
	}
	switch {
	case len(copies) > 0:
	case a.Home().Kind == evidence.Hospital:
		d.say(stateNote, "mirrors", "no maker's releases were fetched, so nothing can be verified yet", "take a maker's root with `cordon trust add FILE`, then run `cordon release sync --from` their address")
	default:
		d.ok("mirrors", "no other maker's releases were fetched")
	}
}

func (d *doctor) devices(a *app.App) {
	since, n, err := a.DeviceListAge(d.ctx)
	switch {
	case err != nil:
		d.failed("device list", err)
	case since.IsZero():
		d.say(stateNote, "device list", "there is none, so findings name addresses instead of devices", "import yours with `cordon device import FILE`")
	case d.clock.Now().Sub(since) > listOld:
		d.say(stateNote, "device list", fmt.Sprintf("%s, in force since %s, more than half a year", counted(n, "device"), day(since)), "import it anew with `cordon device import FILE`")
	default:
		d.ok("device list", "%s, in force since %s", counted(n, "device"), day(since))
	}
}

func (d *doctor) recording(a *app.App) {
	held, overdue, err := a.Recorded(d.ctx)
	switch {
	case err != nil:
		d.failed("recording", err)
	case overdue > 0:
		d.say(stateNote, "recording", "rows of "+counted(overdue, "record")+" are past their time", "erase them: cordon evidence erase --expired")
	case held:
		d.ok("recording", "rows are held, none past its time; watch keeps new ones %d days unless --retain says otherwise", app.Retention/(24*time.Hour))
	default:
		d.ok("recording", "nothing was recorded; watch keeps what it records %d days unless --retain says otherwise", app.Retention/(24*time.Hour))
	}
}

func (d *doctor) sources(a *app.App) {
	own, err := a.CheckSources()
	switch {
	case err != nil:
		d.failed("third parties", err)
	case own:
		d.ok("third parties", "sources.json can be read, and counts before Cordon's own list")
	default:
		d.ok("third parties", "no sources.json: Cordon's own list counts (the default)")
	}
}
