package seen

import "github.com/cordon-trust/cordon/internal/model"

// Relations of the edges that recorded transfers make.
const (
	RelFetchedBy = "fetched-by"
	RelSentTo    = "sent-to"
)

// Project turns a transfer into edges, of which the caller adds statement and author: the bytes that were seen
// whole reached the device, from then on. device is who received them, as far as the house knows. What
// a server sends in place of a file that it refuses makes no edge.
func Project(t *model.Transfer, device model.Subject) []model.Edge {
	if device.IsZero() || t.Refused {
		return nil
	}
	relation := RelFetchedBy
	if t.Upload {
		relation = RelSentTo
	}
	var edges []model.Edge
	for i, d := range [...]model.Digest{t.Digest, t.EntityDigest} {
		if d.IsZero() || i == 1 && d == t.Digest {
			continue
		}
		edges = append(edges, model.Edge{
			From: model.ArtifactOf(d), Relation: relation, To: device, Harm: model.Integrity, Known: model.Observed, Since: t.Time,
		})
	}
	return edges
}
