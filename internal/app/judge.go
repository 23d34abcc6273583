package app

import (
	"context"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/finding"
	"github.com/cordon-trust/cordon/internal/network/seen"
	"github.com/cordon-trust/cordon/internal/store"
)

// eachSeen calls fn for every recorded row that was not erased, in the order in which rows were recorded.
// The row is reused.
func (a *App) eachSeen(ctx context.Context, tx *store.Tx, fn func(*seen.Row) error) error {
	return a.eachSeenOf(ctx, tx, seen.AnyKind, fn)
}

// eachSeenOf is as [App.eachSeen] for the rows of one kind. Those of the others, which most often are many more,
// are not read.
func (a *App) eachSeenOf(ctx context.Context, tx *store.Tx, kind seen.Kind, fn func(*seen.Row) error) error {
	return a.eachObserved(ctx, tx, kind, func(_ model.Digest, r *seen.Row) error { return fn(r) })
}

// eachObserved is [App.eachSeenOf] that also tells the statement which covers the row.
func (a *App) eachObserved(ctx context.Context, tx *store.Tx, kind seen.Kind, fn func(batch model.Digest, r *seen.Row) error) error {
	var rd seen.Reader
	return tx.Archive().ByPredicate(ctx, evidence.PredicateURI(evidence.PredObservation), func(rec ledger.Record) error {
		if rec.Author != a.home.Org || rec.Effect != string(evidence.Fact) || !rec.Erased.IsZero() {
			return nil
		}
		return readRows(ctx, tx, rec.Digest, kind, &rd, func(_ int, r *seen.Row) error { return fn(rec.Digest, r) })
	})
}

// readSeenFacts reads what [App.readForJudging] reads and what follows from the recorded rows.
func (a *App) readSeenFacts(ctx context.Context, tx *store.Tx, secret []byte, sources string) (facts, error) {
	f, err := a.readForJudging(ctx, tx, sources)
	if err != nil {
		return f, err
	}
	return f, a.readRecorded(ctx, tx, &f, secret)
}

// readRecorded adds what follows from the recorded rows to the facts: which names are known, what each
// device received, and who serves.
func (a *App) readRecorded(ctx context.Context, tx *store.Tx, f *facts, secret []byte) error {
	f.names, f.history = newNames(secret, f.book), newHistory()
	f.names.parties = f.parties
	now := a.opt.Clock.Now()
	return a.eachSeenOf(ctx, tx, seen.KindTransfer, func(r *seen.Row) error {
		t := &r.Transfer
		known := f.known(t)
		f.history.served(t, known)
		if !t.Complete || !known {
			return nil
		}
		f.names.restore(t)
		d, _ := f.device(t)
		j := f.book.Judge(now, t, d, nil)
		f.took(t, &d, &j)
		return nil
	})
}

// known reports whether the bytes are in a release, whatever it counts for.
func (f *facts) known(t *model.Transfer) bool {
	return f.book.Knows(t.Digest) || f.book.Knows(t.EntityDigest)
}

// took notes a transfer of verified bytes in the history. Those that were replayed are such too, and recorded
// rows, whose order in time is not known while they are read, count alike.
func (f *facts) took(t *model.Transfer, d *model.Device, j *model.Judgement) {
	if j.Verdict != model.Verified && j.Verdict != model.Replayed || !t.Complete {
		return
	}
	who := d.Subject
	if who.IsZero() {
		who = t.Device
	}
	f.history.received(who, j.Release, t.Time)
}

// newFindings returns an empty set that asks these facts.
func (f *facts) newFindings(house string) *finding.Set {
	return finding.NewSet(house, finding.Options{MakerHost: f.names.serves})
}

// judged is what the recorded rows say under the facts of one moment.
type judged struct {
	findings []model.Finding
	rows     int64 // transfers, each once
}

// judgeSeen judges every recorded transfer anew. Rows about the same transfer count once. look is told of
// each transfer; nil: nobody.
func (a *App) judgeSeen(ctx context.Context, tx *store.Tx, f *facts, look func(*model.Transfer)) (judged, error) {
	var out judged
	set := f.newFindings(a.home.Org)
	err := a.eachJudged(ctx, tx, f, look, func(t *model.Transfer, d *model.Device, info *model.DeviceInfo, j *model.Judgement) {
		out.rows++
		set.Add(*t, *d, *info, *j)
	})
	out.findings = set.List()
	return out, err
}

// eachJudged calls fn for every recorded transfer, judged anew. The transfer is reused. look is as for
// [App.judgeSeen].
func (a *App) eachJudged(ctx context.Context, tx *store.Tx, f *facts, look func(*model.Transfer),
	fn func(*model.Transfer, *model.Device, *model.DeviceInfo, *model.Judgement),
) error {
	again := rechecker{app: a, roots: f.roots}
	now, once := a.opt.Clock.Now(), map[seen.Key]struct{}{}
	err := a.eachSeenOf(ctx, tx, seen.KindTransfer, func(r *seen.Row) error {
		t := &r.Transfer
		key := seen.KeyOf(t)
		if _, had := once[key]; had {
			return nil
		}
		once[key] = struct{}{}
		if look != nil {
			look(t)
		}
		f.names.restore(t)
		d, info := f.device(t)
		j := f.book.Judge(now, t, d, f.history)
		if err := again.check(ctx, tx, &j); err != nil {
			return err
		}
		fn(t, &d, &info, &j)
		return nil
	})
	if err == nil {
		err = f.register.Err()
	}
	return err
}

// rechecker verifies the statements behind verdicts, each once. It belongs to one goroutine.
type rechecker struct {
	app   *App
	roots *evidence.Roots
	good  map[model.Digest]bool
}

func (r *rechecker) known(j *model.Judgement) bool {
	return j.Statement.IsZero() || r.good[j.Statement]
}

func (r *rechecker) check(ctx context.Context, tx *store.Tx, j *model.Judgement) error {
	if r.known(j) {
		return nil
	}
	if err := r.app.recheck(ctx, tx, r.roots, j); err != nil {
		return err
	}
	if r.good == nil {
		r.good = map[model.Digest]bool{}
	}
	r.good[j.Statement] = true
	return nil
}
