package console

import (
	"context"

	"github.com/cordon-trust/cordon/internal/model"
)

// maxBeside is how many lines the table beside a picture has that is not on a page of its own.
const maxBeside = 15

// findingReach is what could follow from a finding.
type findingReach struct {
	*reached
	Meant string // what the picture takes for granted, in a sentence
	Part  bool   // it begins at the first devices of more
	More  int    // lines that the table here does not have
}

// reachOfFinding says what could follow when what a finding is about were harmful. Bytes that no release has lead to each
// device that fetched them. Those of a release would lead to all that the release is for, which this finding
// does not say, so there it begins at the devices that the finding names.
func reachOfFinding(ctx context.Context, a *snapshot, r *request, f *model.Finding, open string) (findingReach, error) {
	e, err := a.Exposure(ctx)
	if err != nil {
		return findingReach{}, err
	}
	q := question{harm: model.Integrity, open: groups(open)}
	out := findingReach{}
	bytes := model.ArtifactOf(f.Digest)
	if _, released := e.Files[bytes]; !f.Digest.IsZero() && !released && e.Graph.Has(bytes) {
		q.from = []model.Subject{bytes}
		out.Meant = "This is what could follow if these bytes were harmful. Whether they are is not known."
	} else {
		for i := range f.Devices {
			if s := e.NodeOf(f.Devices[i].Device); len(q.from) < maxSources {
				addOnce(&q.from, s)
			}
		}
		out.Meant = "This is what could follow if what the devices of this finding fetched were harmful. Whether it is is not known."
		if f.Rule == model.UpdatePlaintext {
			out.Meant = "This is what could follow if somebody on the way changed the next unprotected download. Nothing that was seen here was changed."
		}
		out.Part = len(q.from) < f.DeviceCount
	}
	out.reached = follow(&e, q, r, map[model.Subject]string{bytes: f.Name})
	rows := out.rows(func(*thing) bool { return true })
	out.More = max(0, len(rows)-maxBeside)
	out.table(rows[:min(len(rows), maxBeside)])
	return out, nil
}
