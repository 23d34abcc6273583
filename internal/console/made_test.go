package console

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// What pages share is made once, by the first for whom it succeeds; who stops waiting is told so.
func TestMadeOnce(t *testing.T) {
	t.Parallel()
	s, tries := newMadeOnce[int](), 0 // whoever makes it owns tries
	broken := errors.New("broken")
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			got, err := s.get(t.Context(), func(context.Context) (int, error) {
				if tries++; tries < 3 {
					return 0, broken
				}
				return 42, nil
			})
			if !errors.Is(err, broken) && (err != nil || got != 42) {
				t.Errorf("%d, %v", got, err)
			}
		})
	}
	all.Wait()
	if tries != 3 {
		t.Errorf("%d tries", tries)
	}
	s.turn <- struct{}{}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := s.get(ctx, nil); !errors.Is(err, fault.Locked) {
		t.Error(err)
	}
}
