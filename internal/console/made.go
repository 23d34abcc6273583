package console

import (
	"context"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// madeOnce is something that takes long to make and that pages of one snapshot share. Whoever asks first makes it, and
// the others wait; when that fails the next one tries. It is safe for concurrent use.
type madeOnce[T any] struct {
	turn chan struct{} // whoever puts something in owns what follows until it is taken out
	made bool
	what T
}

func newMadeOnce[T any]() *madeOnce[T] { return &madeOnce[T]{turn: make(chan struct{}, 1)} }

func (s *madeOnce[T]) get(ctx context.Context, make func(context.Context) (T, error)) (T, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		var none T
		return none, fault.Wrap(ctx.Err(), fault.Locked, "another page takes too long")
	}
	if s.made {
		return s.what, nil
	}
	what, err := make(ctx)
	if err == nil {
		s.what, s.made = what, true
	}
	return what, err
}
