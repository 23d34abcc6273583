package app

import (
	"context"
	"slices"

	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/finding"
	"github.com/cordon-trust/cordon/internal/store"
)

// Survey is what a house shows of itself at one moment, read and judged in one look at the database. It does not
// change, so many may read it at once; what its methods return belongs to it.
//
// A part that cannot be read says so when it is asked for, and the others are there.
type Survey struct {
	overview Overview
	releases []ReleaseInfo
	devices  []ListedDevice
	unlisted error // why there are no devices, no overview and no verdicts; nil: there are

	findings  []model.Finding
	transfers []SeenTransfer      // the latest first, at most as many as were asked for
	counts    map[transferKey]int // of all transfers
	use       []ReleaseUse
	unjudged  error // why there are no verdicts; nil: there are
}

// Survey reads and judges all that a house shows, holding at most the latest keep transfers.
func (a *App) Survey(ctx context.Context, keep int) (*Survey, error) {
	s := &Survey{counts: map[transferKey]int{}}
	err := a.db.View(ctx, func(tx *store.Tx) error {
		f, err := a.readFacts(ctx, tx)
		if err != nil {
			return err
		}
		s.releases = releasesOf(f.book)
		if s.unlisted = a.readRegister(ctx, tx, &f); s.unlisted == nil {
			s.overview, s.unlisted = a.overviewOf(ctx, tx, &f)
		}
		if s.unlisted != nil {
			s.unjudged = s.unlisted
			return ctx.Err()
		}
		current := f.register.Current()
		for i := range current {
			s.devices = append(s.devices, f.listed(&current[i]))
		}
		s.unjudged = a.surveySeen(ctx, tx, &f, s, keep)
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// surveySeen judges what was recorded. The facts have the device list.
func (a *App) surveySeen(ctx context.Context, tx *store.Tx, f *facts, s *Survey, keep int) error {
	held, err := heldFindings(ctx, tx)
	if err != nil {
		return err
	}
	any, err := a.readHeld(ctx, tx, f)
	if err != nil {
		return err
	}
	var now []model.Finding
	if any {
		set := f.newFindings(a.home.Org)
		err = a.eachJudged(ctx, tx, f, nil, func(t *model.Transfer, d *model.Device, info *model.DeviceInfo, j *model.Judgement) {
			id := set.Add(*t, *d, *info, *j)
			one := seenTransfer(t, d, info, j)
			one.Finding = id
			s.counts[transferKeyOf(&one)]++
			if s.transfers = append(s.transfers, one); len(s.transfers) >= 2*keep {
				s.transfers = latest(s.transfers, keep)
			}
		})
		if err != nil {
			return err
		}
		now = set.List()
	}
	s.findings = finding.Reconcile(held.findings(), now)
	if any {
		if err := a.rest(ctx, tx, f, s.findings); err != nil {
			return err
		}
	}
	s.transfers, s.use = slices.Clip(latest(s.transfers, keep)), useOf(s.counts)
	return nil
}

// Overview says what the house has to judge by.
func (s *Survey) Overview() (Overview, error) { return s.overview, s.unlisted }

// Releases lists the releases that the house knows.
func (s *Survey) Releases() []ReleaseInfo { return s.releases }

// Devices lists the devices of the list in force.
func (s *Survey) Devices() ([]ListedDevice, error) { return s.devices, s.unlisted }

// Findings does as [App.Findings] without a filter.
func (s *Survey) Findings() ([]model.Finding, error) { return s.findings, s.unjudged }

// Transfers does as [App.Transfers]. whole is false when the survey does not hold all that was asked for; the
// total is right all the same.
func (s *Survey) Transfers(only TransferFilter, skip, most int) (list []SeenTransfer, total int, whole bool, err error) {
	if s.unjudged != nil {
		return nil, 0, false, s.unjudged
	}
	for key, n := range s.counts {
		if only.covers(key) {
			total += n
		}
	}
	passed := 0
	for i := range s.transfers {
		t := &s.transfers[i]
		if !only.takes(t) {
			continue
		}
		if passed++; passed > skip && len(list) < most {
			list = append(list, *t)
		}
		if passed == skip+most {
			break
		}
	}
	return list, total, passed >= min(skip+most, total), nil
}
