package app

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/cordon-trust/cordon/internal/exposure"
	"github.com/cordon-trust/cordon/internal/exposure/graph"
	"github.com/cordon-trust/cordon/internal/inventory"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/seen"
	"github.com/cordon-trust/cordon/internal/release"
	"github.com/cordon-trust/cordon/internal/store"
)

// realm is what a watch calls the address space of its site.
const realm = "-"

// Exposure is the graph of this house at one moment, for whoever asks it more than one question.
type Exposure struct {
	Graph *graph.Graph
	// Devices are the rows of the device list by the subject under which each stands in the graph.
	Devices map[model.Subject]ListedDevice
	Keys    map[model.Subject]KeyInfo // of the trust roots in force
	Files   map[model.Subject]string  // names of artifacts, as the releases which they are part of have them

	alias map[model.Subject]model.Subject // see rowEdges
}

// NodeOf returns the subject under which a device stands in the graph: one that the list knows by another
// name has that of the list.
func (e *Exposure) NodeOf(device model.Subject) model.Subject {
	if n, ok := e.alias[device]; ok {
		return n
	}
	return device
}

// Exposure reads the graph of this house.
func (a *App) Exposure(ctx context.Context) (Exposure, error) {
	var out Exposure
	err := a.db.View(ctx, func(tx *store.Tx) error {
		g, rows, err := a.loadGraph(ctx, tx)
		if err != nil {
			return err
		}
		out = Exposure{Graph: g, Devices: rows.listed(), Keys: map[model.Subject]KeyInfo{}, Files: map[model.Subject]string{}, alias: rows.alias}
		for _, org := range rows.facts.roots.Orgs() {
			t, _ := rows.facts.roots.Of(org)
			for _, k := range rows.facts.keys(t) {
				out.Keys[k.Key] = k
			}
		}
		for _, r := range rows.facts.book.Releases() {
			for _, f := range r.Set.Artifacts {
				out.Files[model.ArtifactOf(f.SHA256)] = f.Name
			}
		}
		return nil
	})
	return out, err
}

// loadGraph builds the graph of all edges: those that statements made when they came, and those of rows.
//
// Rows make their edges here and now and not when they are recorded. Which device an address was is for the list of
// its time to say, and a list may come later; what is erased is gone from the graph with its rows; and the sensor,
// which records thousands of rows a second, need not wait.
func (a *App) loadGraph(ctx context.Context, tx *store.Tx) (*graph.Graph, *rowEdges, error) {
	rows := &rowEdges{app: a, tx: tx, releases: map[model.Subject][]model.Subject{}}
	var err error
	if rows.facts, err = a.readFacts(ctx, tx); err != nil {
		return nil, nil, err
	}
	if err := a.readRegister(ctx, tx, &rows.facts); err != nil {
		return nil, nil, err
	}
	g, err := exposure.Load(ctx, rows)
	return g, rows, err
}

// rowEdges yields the edges of this house for exposure, those of rows behind all others. It belongs to one goroutine.
type rowEdges struct {
	app      *App
	tx       *store.Tx
	facts    facts
	list     []inventory.Device
	nodes    []model.Subject                   // of the list, by its order
	alias    map[model.Subject]model.Subject   // what a device of the list is called where it is seen
	releases map[model.Subject][]model.Subject // by the artifact that is part of them
}

var _ exposure.EdgeSource = (*rowEdges)(nil)

// Edges yields every edge, or an error, after which it yields no more.
func (r *rowEdges) Edges(ctx context.Context) iter.Seq2[model.Edge, error] {
	return func(yield func(model.Edge, error) bool) {
		give := func(e model.Edge) error {
			if !yield(e, nil) {
				return errStop
			}
			return nil
		}
		err := r.tx.Edges().All(ctx, func(e model.Edge) error {
			if e.Relation == release.RelPartOf && !e.Claim {
				r.releases[e.From] = append(r.releases[e.From], e.To)
			}
			return give(e)
		})
		if err == nil {
			err = r.ofList(give)
		}
		if err == nil {
			err = r.seen(ctx, give)
		}
		if err != nil && !errors.Is(err, errStop) {
			yield(model.Edge{}, err)
		}
	}
}

// ofList yields the edges of the device list in force.
func (r *rowEdges) ofList(give func(model.Edge) error) error {
	r.list = r.facts.register.Current()
	if err := r.facts.register.Err(); err != nil {
		return err
	}
	site := r.app.home.Site
	r.nodes, r.alias = make([]model.Subject, len(r.list)), map[model.Subject]model.Subject{}
	for i := range r.list {
		names := r.list[i].Names(site, realm)
		if len(names) == 0 {
			continue
		}
		r.nodes[i] = names[0]
		for _, n := range names[1:] {
			r.alias[n] = names[0]
		}
	}
	for _, e := range inventory.Project(r.list, r.nodes, r.app.home.Org, site) {
		e.Statement, e.Author = r.facts.list, r.app.home.Org
		if err := give(e); err != nil {
			return err
		}
	}
	return nil
}

// seen yields the edges of recorded transfers: the bytes, and the releases which they are part of, reached the
// device. Rows come as they were recorded; an edge that was seen earlier than one that was given is given too.
func (r *rowEdges) seen(ctx context.Context, give func(model.Edge) error) error {
	type pair struct{ from, to model.Subject }
	since := map[pair]time.Time{}
	put := func(e model.Edge) error {
		p := pair{e.From, e.To}
		if first, had := since[p]; had && !e.Since.Before(first) {
			return nil
		}
		since[p] = e.Since
		return give(e)
	}
	err := r.app.eachObserved(ctx, r.tx, seen.KindTransfer, func(batch model.Digest, row *seen.Row) error {
		for _, e := range seen.Project(&row.Transfer, r.receiver(&row.Transfer)) {
			e.Statement, e.Author = batch, r.app.home.Org
			bytes := e.From
			if err := put(e); err != nil {
				return err
			}
			for _, e.From = range r.releases[bytes] {
				if err := put(e); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return errors.Join(err, r.facts.register.Err())
}

// receiver is the node of the device that received a transfer.
func (r *rowEdges) receiver(t *model.Transfer) model.Subject {
	d, _ := r.facts.device(t)
	if d.Subject.IsZero() {
		d.Subject = t.Device
	}
	if n, ok := r.alias[d.Subject]; ok {
		return n
	}
	return d.Subject
}

// listed returns the rows of the list by node. Of two rows under one node it knows neither.
func (r *rowEdges) listed() map[model.Subject]ListedDevice {
	out, twice := make(map[model.Subject]ListedDevice, len(r.list)), map[model.Subject]bool{}
	for i := range r.list {
		n := r.nodes[i]
		if _, had := out[n]; had {
			twice[n] = true
		}
		if !n.IsZero() {
			out[n] = r.facts.listed(&r.list[i])
		}
	}
	for n := range twice {
		delete(out, n)
	}
	return out
}
