package app

import (
	"context"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/finding"
	"github.com/cordon-trust/cordon/internal/store"
)

// Survey is what a house shows of itself at one moment, read and judged in one look at the database. It may be
// asked by many at once, as long as its App is open. Nothing in it changes, and what its methods return belongs to
// it. [Survey.Current] tells whether it still holds.
//
// A part that cannot be read says so when it is asked for, and the others are there.
type Survey struct {
	app  *App
	mark mark // of the moment before anything was read: a survey may be newer than its mark, and never older

	overview Overview
	releases []ReleaseInfo
	devices  []ListedDevice
	unlisted error // why there are no devices, no overview and no verdicts; nil: there are

	findings  []model.Finding
	transfers []*SeenTransfer     // the latest, the latest first
	counts    map[transferKey]int // of all transfers
	use       []ReleaseUse
	unjudged  error // why there are no verdicts; nil: there are

	turn  chan struct{} // whoever puts something in owns facts until it is taken out
	facts facts         // by which was judged; only what is whole has them
}

// Survey reads and judges all that a house shows. It holds the latest keep transfers.
func (a *App) Survey(ctx context.Context, keep int) (*Survey, error) {
	s := &Survey{app: a, counts: map[transferKey]int{}, turn: make(chan struct{}, 1)}
	var err error
	if s.mark, err = a.mark(ctx); err != nil {
		return nil, err
	}
	if err := a.db.View(ctx, func(tx *store.Tx) error { return s.read(ctx, tx, keep) }); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Survey) read(ctx context.Context, tx *store.Tx, keep int) (err error) {
	if s.facts, err = s.app.readFacts(ctx, tx); err != nil {
		return err
	}
	f := &s.facts
	s.releases = releasesOf(f.book)
	if s.unlisted = s.app.readRegister(ctx, tx, f); s.unlisted == nil {
		s.overview, s.unlisted = s.app.overviewOf(ctx, tx, f)
	}
	if s.unjudged = s.unlisted; s.unlisted == nil {
		for i, list := 0, f.register.Current(); i < len(list); i++ {
			s.devices = append(s.devices, f.listed(&list[i]))
		}
		s.unjudged = s.judge(ctx, tx, keep)
	}
	if f.rows != nil {
		f.rows.tx = nil // what is asked later has a transaction of its own
	}
	return ctx.Err()
}

// judge judges what was recorded.
func (s *Survey) judge(ctx context.Context, tx *store.Tx, keep int) error {
	f := &s.facts
	var now []model.Finding
	any, err := s.app.readHeld(ctx, tx, f)
	if err != nil {
		return err
	}
	if any {
		set, kept := f.newFindings(s.app.home.Org), latest{most: keep}
		err := s.app.eachJudged(ctx, tx, f, nil, func(t *model.Transfer, d *model.Device, info *model.DeviceInfo, j *model.Judgement) {
			one := seenTransfer(t, d, info, j)
			one.Finding = set.Add(*t, *d, *info, *j)
			s.counts[transferKeyOf(&one)]++
			kept.add(&one)
		})
		if err != nil {
			return err
		}
		now, s.transfers = set.List(), kept.sorted()
	}
	before, err := heldBeside(ctx, tx, now)
	if err != nil {
		return err
	}
	s.findings, s.use = finding.Reconcile(before, now), useOf(s.counts)
	if !any { // without rows nothing holds
		return nil
	}
	return s.app.rest(ctx, tx, f, s.findings)
}

// Current reports whether nothing changed since: what was written, by whomever, and what the hour is.
func (s *Survey) Current(ctx context.Context) bool {
	now, err := s.app.mark(ctx)
	return err == nil && s.mark.same(&now)
}

// Err is the first reason for which a part could not be read.
func (s *Survey) Err() error { return s.unjudged }

// Overview says what the house has to judge by.
func (s *Survey) Overview() (Overview, error) { return s.overview, s.unlisted }

// Releases lists the releases that the house knows.
func (s *Survey) Releases() []ReleaseInfo { return s.releases }

// Devices lists the devices of the list in force.
func (s *Survey) Devices() ([]ListedDevice, error) { return s.devices, s.unlisted }

// Findings does as [App.Findings] without a filter.
func (s *Survey) Findings() ([]model.Finding, error) { return s.findings, s.unjudged }

// Transfers does as [App.Transfers], which it asks for what it does not hold.
func (s *Survey) Transfers(ctx context.Context, only TransferFilter, skip, most int) (list []SeenTransfer, total int, err error) {
	if s.unjudged != nil {
		return nil, 0, s.unjudged
	}
	for key, n := range s.counts {
		if only.covers(key) {
			total += n
		}
	}
	passed := 0
	for _, t := range s.transfers {
		if passed == skip+most {
			break
		}
		if !only.takes(t) {
			continue
		}
		if passed++; passed > skip {
			list = append(list, *t)
		}
	}
	if passed < min(skip+most, total) {
		return s.app.Transfers(ctx, only, skip, most)
	}
	return list, total, nil
}

// Why does as [App.Why]. While nothing changed it does not read again what the survey was judged by.
func (s *Survey) Why(ctx context.Context, sub model.Subject) (out []Reason, err error) {
	if s.unjudged != nil || s.facts.names == nil {
		return s.app.Why(ctx, sub)
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, fault.Wrap(ctx.Err(), fault.Locked, "other questions take too long")
	}
	same := false
	err = s.app.db.View(ctx, func(tx *store.Tx) error {
		if _, err := tx.Rows().Any(ctx); err != nil { // from here on the transaction sees one state
			return err
		}
		if same = s.Current(ctx); !same {
			return nil
		}
		out, err = s.app.why(ctx, tx, s.facts, sub)
		return err
	})
	if err == nil && !same {
		return s.app.Why(ctx, sub)
	}
	return out, err
}
