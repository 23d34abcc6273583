// Package exposure answers what a compromise reaches. Edges go in, answers come out: it sees neither
// statements nor the database.
//
// Most callers need [Load], which builds the graph from whoever holds the edges (or [Build], from a slice), and [Radius], which
// says what some subjects reach, for which harm, how certainly, and by which path. [ReadEdges] reads a
// house's own edges from CSV; [EncodeRow] and [DecodeRow] are the form in which such a row is kept.
//
// The rules of the answer (gates, claims, denials, windows) are those of package graph. It refuses to
// leave anything out quietly: a source nobody drew an edge for is named in the answer, a path that was
// cut says so, and of a file with one bad row nothing is taken.
package exposure

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/cordon-trust/cordon/internal/exposure/graph"
	"github.com/cordon-trust/cordon/internal/model"
)

// EdgeSource holds the edges of this house.
type EdgeSource interface {
	// Edges yields every edge once, in any order, or an error, after which it yields no more.
	Edges(ctx context.Context) iter.Seq2[model.Edge, error]
}

// Load builds the graph of all edges that src holds. It fails when src does, when ctx ends, and on an
// edge that the graph cannot hold; there is no graph of a part.
func Load(ctx context.Context, src EdgeSource) (*graph.Graph, error) {
	const checkEvery = 4096 // edges between two looks at ctx
	b := graph.NewBuilder()
	n := 0
	for e, err := range src.Edges(ctx) {
		if n++; err == nil && n%checkEvery == 0 {
			err = ctx.Err()
		}
		if err == nil {
			err = b.Add(e)
		}
		if err != nil {
			return nil, fmt.Errorf("read edges: %w", err)
		}
	}
	return finish(b.Graph())
}

// Build builds the graph of edges that are at hand.
func Build(edges []model.Edge) (*graph.Graph, error) {
	return finish(graph.New(slices.Values(edges)))
}

func finish(g *graph.Graph, err error) (*graph.Graph, error) {
	if err != nil {
		return nil, fmt.Errorf("build graph: %w", err)
	}
	return g, nil
}
