package app

import (
	"context"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/inventory"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/store"
)

// readForJudging reads everything that a verdict about a transfer follows from: what [App.readFacts] reads,
// the device lists, and the third parties that are known by name. sources is a list to use in place of the
// home's; empty: the home's.
func (a *App) readForJudging(ctx context.Context, tx *store.Tx, sources string) (facts, error) {
	f, err := a.readFacts(ctx, tx)
	if err != nil {
		return f, err
	}
	if err := a.readRegister(ctx, tx, &f); err != nil {
		return f, err
	}
	return f, a.readParties(&f, sources)
}

func (a *App) readParties(f *facts, sources string) (err error) {
	if f.parties, err = a.thirdParties(sources); err == nil {
		f.book.SetThirdParties(f.parties.ThirdParty)
	}
	return err
}

// readRegister fills f with every device list of this house that stands, each in force from the time at
// which the ledger held it. Signatures and rows are verified again from their bytes: what a device is
// called decides verdicts. A row that was erased is missing, so its device is not known; a list that was
// erased whole, or rests on a compromised key, never was. Rows are read when an answer needs their list, so
// whoever asks looks at [inventory.Register.Err] before it believes what it was told.
func (a *App) readRegister(ctx context.Context, tx *store.Tx, f *facts) error {
	f.register, f.rows = inventory.NewRegister(), &rowReader{a.db, tx}
	source := f.rows
	rows := deviceRows{known: map[model.Digest]inventory.Device{}}
	return a.each(ctx, tx, f.roots, evidence.PredDeviceRegister, func(v evidence.Verified, rec ledger.Record) error {
		if v.Effect != evidence.Fact || f.roots.Stands(v, rec.HeldAt, f.compromises) != nil {
			return nil
		}
		if again, err := f.roots.Again(v.Envelope); err != nil || again.Effect != evidence.Fact {
			return damagedList(rec, err)
		}
		said, err := inventory.DecodeRegistration(v.Statement)
		if err != nil {
			return err
		}
		f.list = rec.Digest
		f.register.AddLater(rec.HeldAt, func() ([]inventory.Device, error) {
			held, err := source.read(ctx, rec.Digest)
			if err != nil {
				return nil, err
			}
			if err := said.Rows.Check(held); err != nil {
				return nil, damagedList(rec, err)
			}
			devices, err := rows.decode(held)
			if err != nil {
				return nil, damagedList(rec, err)
			}
			return devices, nil
		})
		return nil
	})
}

// rowReader reads the rows of a batch. It belongs to one goroutine.
type rowReader struct {
	db *store.DB
	tx *store.Tx // nil once the transaction in which the facts were read is over
}

func (r *rowReader) read(ctx context.Context, batch model.Digest) (rows []evidence.Row, err error) {
	if r.tx != nil {
		return r.tx.Rows().Read(ctx, batch)
	}
	err = r.db.View(ctx, func(tx *store.Tx) error {
		rows, err = tx.Rows().Read(ctx, batch)
		return err
	})
	return rows, err
}

func damagedList(rec ledger.Record, err error) error {
	return fault.Wrap(err, fault.Damaged, "the device list statement:%s no longer verifies", rec.Digest).
		Hint("run `cordon log verify` and restore the home from a backup")
}

// deviceRows decodes lists of which one has most rows of the one before. It belongs to one goroutine.
type deviceRows struct {
	known map[model.Digest]inventory.Device
}

func (l *deviceRows) decode(rows []evidence.Row) ([]inventory.Device, error) {
	out := make([]inventory.Device, 0, len(rows))
	for _, r := range rows {
		if len(r.Salt) == 0 {
			continue // erased
		}
		key := model.DigestOf(r.Body)
		d, ok := l.known[key]
		if !ok {
			var err error
			if d, err = inventory.DecodeRow(r.Body); err != nil {
				return nil, err
			}
			l.known[key] = d
		}
		out = append(out, d)
	}
	return out, nil
}
