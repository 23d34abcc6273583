package seen

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/model"
)

func TestProject(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC)
	device, err := model.NewSubject(model.KindDevice, "acme", "pump-7", "SN-1")
	if err != nil {
		t.Fatal(err)
	}
	sent, decoded := model.DigestOf([]byte("sent")), model.DigestOf([]byte("decoded"))
	edge := func(d model.Digest, relation string) model.Edge {
		return model.Edge{From: model.ArtifactOf(d), Relation: relation, To: device, Harm: model.Integrity, Known: model.Observed, Since: at}
	}
	for name, c := range map[string]struct {
		t    model.Transfer
		to   model.Subject
		want []model.Edge
	}{
		"a download":                {model.Transfer{Time: at, Digest: sent}, device, []model.Edge{edge(sent, RelFetchedBy)}},
		"an encoded one":            {model.Transfer{Time: at, Digest: sent, EntityDigest: decoded}, device, []model.Edge{edge(sent, RelFetchedBy), edge(decoded, RelFetchedBy)}},
		"one with the same twice":   {model.Transfer{Time: at, Digest: sent, EntityDigest: sent}, device, []model.Edge{edge(sent, RelFetchedBy)}},
		"an upload":                 {model.Transfer{Time: at, Digest: sent, Upload: true}, device, []model.Edge{edge(sent, RelSentTo)}},
		"one of which bytes lack":   {model.Transfer{Time: at}, device, nil},
		"what a server has instead": {model.Transfer{Time: at, Digest: sent, Refused: true}, device, nil},
		"one to nobody":             {model.Transfer{Time: at, Digest: sent}, model.Subject{}, nil},
	} {
		if d := cmp.Diff(c.want, Project(&c.t, c.to), cmp.Comparer(func(a, b model.Subject) bool { return a == b })); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}
