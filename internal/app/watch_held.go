package app

import (
	"context"

	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/store"
)

// rest puts those findings of a run to rest about which a person of this house said so, and counts them. A run sees a
// part of what was recorded: where there is more to a finding in the home than its hold covers, it is open here too.
func (w *watcher) rest(ctx context.Context, list []model.Finding) (held int, err error) {
	if len(list) == 0 {
		return 0, nil
	}
	err = w.app.db.View(ctx, func(tx *store.Tx) error {
		f, err := w.app.readTrust(ctx, tx)
		if err != nil {
			return err
		}
		said, err := w.app.readReviews(ctx, tx, &f)
		if err != nil || len(said) == 0 {
			return err
		}
		kept, err := heldFindings(ctx, tx)
		if err != nil {
			return err
		}
		now := w.app.opt.Clock.Now()
		for id, d := range said {
			if k, ok := kept[id]; ok && k.Closed.IsZero() {
				if _, ok := d.Covers(&k.Finding, now); !ok {
					delete(said, id)
				}
			}
		}
		return said.rest(f.roots, list, now)
	})
	for i := range list {
		if list[i].State == model.Held {
			held++
		}
	}
	return held, err
}
