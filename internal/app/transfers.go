package app

import (
	"context"
	"slices"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/store"
)

// SeenTransfer is a recorded transfer under the statements of now.
type SeenTransfer struct {
	Time     time.Time           `json:"time"`
	Device   model.FindingDevice `json:"device"`
	Peer     string              `json:"peer"`
	Host     string              `json:"host,omitzero"` // empty also when the name was not kept
	Protocol string              `json:"protocol"`
	Name     string              `json:"name,omitzero"` // likewise
	Size     int64               `json:"size"`
	Complete bool                `json:"complete"`
	Digest   model.Digest        `json:"digest,omitzero"`
	Verdict  model.Verdict       `json:"verdict"`
	Release  model.Subject       `json:"release,omitzero"`
	Product  model.Subject       `json:"product,omitzero"` // that the release is for
	Why      []string            `json:"why"`
	Finding  model.Digest        `json:"finding,omitzero"` // zero: it belongs to none
}

// TransferFilter chooses recorded transfers. Zero means all.
type TransferFilter struct {
	Finding  model.Digest
	Verdict  model.Verdict
	Release  model.Subject // that the bytes are, or are compared with
	Product  model.Subject // that this release is for
	From, To string        // days in UTC as [Day] writes them, both included
}

// Day is the day of a time in UTC, such as 2026-11-20. Days sort as text.
func Day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// transferKey is what a filter asks of a transfer.
type transferKey struct {
	finding          model.Digest
	verdict          model.Verdict
	release, product model.Subject
	day              string
}

func transferKeyOf(t *SeenTransfer) transferKey {
	return transferKey{t.Finding, t.Verdict, t.Release, t.Product, Day(t.Time)}
}

func (only *TransferFilter) takes(t *SeenTransfer) bool {
	k := transferKey{t.Finding, t.Verdict, t.Release, t.Product, ""}
	if only.From != "" || only.To != "" {
		k.day = Day(t.Time)
	}
	return only.covers(k)
}

// covers reports whether the filter takes what has a key.
func (only *TransferFilter) covers(k transferKey) bool {
	return (only.Finding.IsZero() || only.Finding == k.finding) && (only.Verdict == "" || only.Verdict == k.verdict) &&
		(only.Release.IsZero() || only.Release == k.release) && (only.Product.IsZero() || only.Product == k.product) &&
		(only.From == "" || only.From <= k.day) && (only.To == "" || k.day <= only.To)
}

// Transfers judges the recorded transfers by the statements of now, each transfer once. It returns how many the filter
// takes, and of these, the latest first, at most most behind the first skip.
func (a *App) Transfers(ctx context.Context, only TransferFilter, skip, most int) (list []SeenTransfer, total int, err error) {
	err = a.db.View(ctx, func(tx *store.Tx) error {
		f, any, err := a.factsNow(ctx, tx)
		if err != nil || !any {
			return err
		}
		set, kept := f.newFindings(a.home.Org), latest{most: skip + most}
		err = a.eachJudged(ctx, tx, f, nil, func(t *model.Transfer, d *model.Device, info *model.DeviceInfo, j *model.Judgement) {
			one := seenTransfer(t, d, info, j)
			one.Finding = set.Add(*t, *d, *info, *j)
			if !only.takes(&one) {
				return
			}
			total++
			kept.add(&one)
		})
		for _, t := range behind(kept.sorted(), skip) {
			list = append(list, *t)
		}
		return err
	})
	return list, total, err
}

// behind is a list without its first.
func behind(list []*SeenTransfer, skip int) []*SeenTransfer { return list[min(skip, len(list)):] }

// latest keeps the latest transfers of many. It belongs to one goroutine.
type latest struct {
	most int
	list []*SeenTransfer
}

func (l *latest) add(t *SeenTransfer) {
	if l.list = append(l.list, t); len(l.list) >= 2*l.most { // so that no more is held than was asked for
		l.list = l.sorted()
	}
}

// sorted returns them, the latest first.
func (l *latest) sorted() []*SeenTransfer {
	slices.SortStableFunc(l.list, func(x, y *SeenTransfer) int { return y.Time.Compare(x.Time) })
	clear(l.list[min(l.most, len(l.list)):])
	return l.list[:min(l.most, len(l.list))]
}

// seenTransfer copies what is shown of a row, which is used again.
func seenTransfer(t *model.Transfer, d *model.Device, info *model.DeviceInfo, j *model.Judgement) SeenTransfer {
	out := SeenTransfer{
		Time: t.Time.UTC(), Device: model.FindingDevice{Device: t.Device, Product: d.Product, Listed: d.Listed, DeviceInfo: *info},
		Peer: t.Peer, Host: t.Host, Protocol: t.Protocol, Name: t.Name, Size: t.Size, Complete: t.Complete, Digest: t.Digest,
		Verdict: j.Verdict, Release: j.Release, Product: j.Product, Why: slices.Concat(j.Why, t.Notes),
	}
	if !d.Subject.IsZero() {
		out.Device.Device = d.Subject
	}
	return out
}
