package store

import (
	"context"

	"github.com/cordon-trust/cordon/internal/model"
)

// Edges keeps the edges that were projected from statements. They are derived: deleting and projecting
// again loses nothing.
type Edges struct{ tx *Tx }

// Edges returns the projected edges.
func (t *Tx) Edges() Edges { return Edges{t} }

// Insert stores edges; each names the statement it comes from.
func (e Edges) Insert(ctx context.Context, edges []model.Edge) error {
	const head = `INSERT INTO edges (statement, source, relation, target, harm, known, since, until, control, author, claim)`
	return e.tx.bulk(ctx, "store edges", head, 11, "", len(edges), func(dst []any, i int) []any {
		g := &edges[i]
		claim := 0
		if g.Claim {
			claim = 1
		}
		return append(dst, g.Statement[:], g.From.String(), g.Relation, g.To.String(), string(g.Harm), string(g.Known),
			stamp(g.Since), stamp(g.Until), g.Control, g.Author, claim)
	})
}

// DeleteByStatement removes the edges that came from a statement and returns how many there were.
func (e Edges) DeleteByStatement(ctx context.Context, statement model.Digest) (int64, error) {
	return e.tx.exec(ctx, "delete edges", `DELETE FROM edges WHERE statement = $1`, statement[:])
}

// Clear removes every edge, to project anew.
func (e Edges) Clear(ctx context.Context) (int64, error) {
	return e.tx.exec(ctx, "delete edges", `DELETE FROM edges`)
}

// edgePage is how many edges are read at a time.
const edgePage = 1024

// All calls fn for every edge in the order in which they were stored. fn may use the transaction.
func (e Edges) All(ctx context.Context, fn func(model.Edge) error) error {
	page := make([]model.Edge, 0, edgePage)
	for after := int64(0); ; {
		page = page[:0]
		err := e.tx.each(ctx, "read edges", `SELECT id, statement, source, relation, target, harm, known, since, until, control, author, claim
FROM edges WHERE id > $1 ORDER BY id LIMIT $2`, []any{after, edgePage}, func(scan func(...any) error) error {
			var g model.Edge
			var claim int
			err := scan(&after, digested{&g.Statement}, subjected{&g.From}, &g.Relation, subjected{&g.To}, &g.Harm, &g.Known,
				stamped{&g.Since}, stamped{&g.Until}, &g.Control, &g.Author, &claim)
			g.Claim = claim != 0
			page = append(page, g)
			return err
		})
		if err != nil {
			return err
		}
		for _, g := range page {
			if err := fn(g); err != nil {
				return err
			}
		}
		if len(page) < edgePage {
			return nil
		}
	}
}
