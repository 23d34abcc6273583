package console

import (
	"context"
	"slices"
	"sync"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// maxKept is how many recorded transfers a snapshot holds, the latest ones: some 700 bytes each. Pages about older
// ones ask the home.
const maxKept = 1 << 15

// snapshot is what the home shows at one moment. All pages that are made while nothing changes are made from the
// same one, so it never changes: what its methods return is shared, and whoever narrows a list makes another.
//
// Pages ask it as they would ask the home, and need not know what it holds: methods that it has not are those of
// the open home, which answer from the present state. What a page works out of it and others need too belongs
// beside register, as a [sync.OnceValues], or as a [madeOnce] where the home is asked.
type snapshot struct {
	*app.App // open as long as somebody holds the snapshot

	survey *app.Survey
	number int64 // counts from 1 in a run of the console; a higher one was read later
	news   int64 // open findings that came up since the console began

	register func() (*register, error)
	concerns func() (concerns, error)
	exposure *madeOnce[app.Exposure]

	users int // who holds it; [current] owns it
}

// newSnapshot reads an open home, which belongs to the snapshot when that succeeds.
func newSnapshot(ctx context.Context, a *app.App, number int64) (*snapshot, error) {
	survey, err := a.Survey(ctx, maxKept)
	if err != nil {
		return nil, err
	}
	s := &snapshot{App: a, survey: survey, number: number, exposure: newMadeOnce[app.Exposure]()}
	s.register = sync.OnceValues(func() (*register, error) { return newRegister(survey) })
	s.concerns = sync.OnceValues(func() (concerns, error) { return newConcerns(s) })
	return s, nil
}

// fresh reports whether the home is still as the snapshot has it. What could not be read is tried again.
func (s *snapshot) fresh(ctx context.Context) bool {
	return s.survey.Err() == nil && s.survey.Current(ctx)
}

// Overview says what the home has to judge by.
func (s *snapshot) Overview(context.Context) (app.Overview, error) { return s.survey.Overview() }

// Releases lists the releases that the home knows. The list is the caller's, what it leads to is shared.
func (s *snapshot) Releases(context.Context) ([]app.ReleaseInfo, error) {
	return slices.Clone(s.survey.Releases()), nil
}

// Findings returns what was found, the open and the gravest first. The list is the caller's, what it leads to
// is shared.
func (s *snapshot) Findings(_ context.Context, only app.FindingFilter) ([]model.Finding, error) {
	all, err := s.survey.Findings()
	out := make([]model.Finding, 0, len(all))
	for i := range all {
		if only.Takes(&all[i]) {
			out = append(out, all[i])
		}
	}
	return out, err
}

// FindingOf returns one finding by its ID.
func (s *snapshot) FindingOf(_ context.Context, id model.Digest) (model.Finding, error) {
	all, err := s.survey.Findings()
	if err != nil {
		return model.Finding{}, err
	}
	if i := slices.IndexFunc(all, func(f model.Finding) bool { return f.ID == id }); i >= 0 {
		return all[i], nil
	}
	return model.Finding{}, fault.New(fault.NotFound, "there is no finding %s", id).
		Hint("the list of findings leads to those that there are")
}

// Transfers returns how many recorded transfers a filter takes, and of these, the latest first, at most most
// behind the first skip.
func (s *snapshot) Transfers(ctx context.Context, only app.TransferFilter, skip, most int) ([]app.SeenTransfer, int, error) {
	return s.survey.Transfers(ctx, only, skip, most)
}

// Why returns what was said about a subject.
func (s *snapshot) Why(ctx context.Context, sub model.Subject) ([]app.Reason, error) {
	return s.survey.Why(ctx, sub)
}

// Exposure is the graph of the home, which no page changes.
func (s *snapshot) Exposure(ctx context.Context) (app.Exposure, error) {
	return s.exposure.get(ctx, s.App.Exposure)
}

// opened are the findings that are open.
func (s *snapshot) opened() map[model.Digest]bool {
	out := map[model.Digest]bool{}
	all, _ := s.survey.Findings() // without an error: see [current.tell]
	for i := range all {
		if all[i].State == model.Open {
			out[all[i].ID] = true
		}
	}
	return out
}
