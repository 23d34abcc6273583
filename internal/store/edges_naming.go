package store

import (
	"context"

	"github.com/cordon-trust/cordon/internal/model"
)

const edgesNaming = `
SELECT statement FROM edges WHERE source = $1 UNION SELECT statement FROM edges WHERE target = $1 ORDER BY 1`

// Naming returns the statements whose edges begin or end at a subject, each once.
func (e Edges) Naming(ctx context.Context, subject model.Subject) ([]model.Digest, error) {
	var out []model.Digest
	err := e.tx.each(ctx, "find edges", edgesNaming, []any{subject.String()}, func(scan func(...any) error) error {
		var d model.Digest
		err := scan(digested{&d})
		out = append(out, d)
		return err
	})
	return out, err
}
