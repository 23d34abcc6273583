package app

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/exposure"
	"github.com/cordon-trust/cordon/internal/exposure/graph"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/store"
)

// Imported tells what became of an import.
type Imported struct {
	Edges int `json:"edges"`
	Said
}

// ImportEdges takes a whole file of edges as one signed statement over salted row digests, or nothing.
// keep is how long the rows are kept; 0: until they are erased or retracted.
func (a *App) ImportEdges(ctx context.Context, r io.Reader, keep time.Duration) (Imported, error) {
	if keep < 0 {
		return Imported{}, fault.New(fault.Usage, "rows cannot be kept for %s", keep)
	}
	role, err := a.roleFor(evidence.PredImport)
	if err != nil {
		return Imported{}, err
	}
	rows, err := exposure.ReadEdges(r)
	if err != nil {
		return Imported{}, err
	}
	arr := arrival{}
	if keep > 0 {
		arr.keep = a.opt.Clock.Now().Add(keep)
	}
	for _, row := range rows {
		salted, err := evidence.NewRow(a.opt.Rand, exposure.EncodeRow(row.Edge))
		if err != nil {
			return Imported{}, err
		}
		arr.rows = append(arr.rows, salted)
		arr.edges = append(arr.edges, row.Edge)
	}
	if len(rows) == 0 {
		return Imported{}, fault.New(fault.BadRows, "the file holds no edges")
	}
	batch, err := evidence.Batch(arr.rows)
	if err != nil {
		return Imported{}, err
	}
	body := exposure.Import{Header: a.header(), Rows: batch}
	if arr.env, err = a.signImport(ctx, role, body); err != nil {
		return Imported{}, err
	}
	done := Imported{Edges: len(rows)}
	err = a.update(ctx, func(tx *store.Tx) error {
		roots, err := a.roots(ctx, tx)
		if err != nil {
			return err
		}
		e, err := a.recordOwn(ctx, tx, roots, arr)
		done.Said = a.saidOf(e)
		return err
	})
	return done, err
}

func (a *App) signImport(ctx context.Context, role string, body exposure.Import) (evidence.Envelope, error) {
	org, err := model.OrgOf(a.home.Org)
	if err != nil {
		return evidence.Envelope{}, err
	}
	payload, err := evidence.NewPayload(evidence.PredImport, body, org)
	if err != nil {
		return evidence.Envelope{}, err
	}
	return a.sign(ctx, role, payload)
}

// RetractImport takes a whole import back: its edges are gone, the statement and its rows stay to be
// shown.
func (a *App) RetractImport(ctx context.Context, statement model.Digest) (Said, error) {
	role, err := a.roleFor(evidence.PredImport)
	if err != nil {
		return Said{}, err
	}
	if err := a.db.View(ctx, func(tx *store.Tx) error { return a.retractable(ctx, tx, statement) }); err != nil {
		return Said{}, err
	}
	env, err := a.signImport(ctx, role, exposure.Import{Header: a.header(), Retracts: statement})
	if err != nil {
		return Said{}, err
	}
	var said Said
	err = a.update(ctx, func(tx *store.Tx) error {
		if err := a.retractable(ctx, tx, statement); err != nil {
			return err
		}
		roots, err := a.roots(ctx, tx)
		if err != nil {
			return err
		}
		e, err := a.recordOwn(ctx, tx, roots, arrival{env: env})
		if err != nil {
			return err
		}
		said = a.saidOf(e)
		if err := tx.Archive().Retract(ctx, statement, e.v.Digest, a.opt.Clock.Now()); err != nil {
			return err
		}
		_, err = tx.Edges().DeleteByStatement(ctx, statement)
		return err
	})
	return said, err
}

func (a *App) retractable(ctx context.Context, tx *store.Tx, statement model.Digest) error {
	rec, ok, err := find(ctx, tx, statement)
	switch {
	case err != nil:
		return err
	case !ok || rec.Author != a.home.Org || rec.PredicateType != evidence.PredicateURI(evidence.PredImport):
		return fault.New(fault.NotFound, "statement:%s is not an import of this house", statement)
	case !rec.Retracted.IsZero():
		return fault.New(fault.NotAllowed, "statement:%s is retracted already", statement)
	}
	return nil
}

// RadiusQuery asks what subjects reach. Without times it is about now.
type RadiusQuery struct {
	Sources     []model.Subject
	Harm        model.Harm // "": each harm apart
	From, Until time.Time
}

// Spread answers from every edge this house holds. Its rows are made as they are read.
func (a *App) Spread(ctx context.Context, q RadiusQuery) (exposure.Spread, error) {
	if err := checkHarm(q.Harm); err != nil {
		return exposure.Spread{}, err
	}
	if q.From.IsZero() && q.Until.IsZero() {
		q.From = a.opt.Clock.Now()
		q.Until = q.From
	} else if !q.Until.IsZero() && q.Until.Before(q.From) {
		return exposure.Spread{}, fault.New(fault.Usage, "the window ends before it begins")
	}
	var g *graph.Graph
	err := a.db.View(ctx, func(tx *store.Tx) error {
		var err error
		g, _, err = a.loadGraph(ctx, tx)
		return err
	})
	if err != nil {
		return exposure.Spread{}, err
	}
	return exposure.NewSpread(g, exposure.Query{Sources: q.Sources, Harm: q.Harm, From: q.From, To: q.Until}), nil
}

func checkHarm(h model.Harm) error {
	if h == "" {
		return nil
	}
	for _, k := range model.Harms {
		if h == k {
			return nil
		}
	}
	return fault.New(fault.Usage, "harm %q is none of integrity, confidentiality, availability", h)
}

// errStop ends a scan whose reader has seen enough.
var errStop = errors.New("stop")
