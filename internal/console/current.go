package console

import (
	"context"
	"sync"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// current keeps the snapshot that pages share. It is safe for concurrent use: at most one snapshot is being made
// at a time, however many ask for one, and the one before it goes when the last page that was made from it is
// done. So no more than two are held, but for pages that somebody is still making.
type current struct {
	open func(context.Context) (*app.App, error)

	mu      sync.Mutex // guards what follows, and who uses each snapshot
	last    *snapshot  // nil: none was made, or the last one was not whole
	reading *reading   // nil: nobody reads the home
	begun   int64      // readings so far, which are the numbers of the snapshots
	opened  map[model.Digest]bool
	news    int64
	closed  bool
	ended   sync.WaitGroup // readings
}

// reading is a snapshot while it is being made.
type reading struct {
	number  int64
	waiting int // who waits for it; [current] owns it
	cancel  context.CancelFunc
	done    chan struct{} // closed when what follows is set

	made *snapshot
	err  error
}

// take returns a snapshot of the home that is no older than the call. Whoever takes it gives it back.
func (c *current) take(ctx context.Context) (*snapshot, error) {
	s, before := c.held()
	for {
		if s != nil {
			// What somebody began to read after the call is new enough, whatever was written meanwhile: else a
			// home that is written to all the time would never be shown.
			if s.number > before || s.fresh(ctx) {
				return s, nil
			}
			c.give(s)
		}
		r, err := c.join(ctx)
		if err != nil {
			return nil, err
		}
		// What failed may have been mended since; a reading that began after the call says how it is now.
		if s, err = c.wait(ctx, r); err != nil && (r.number > before || ctx.Err() != nil) {
			return nil, err
		}
	}
}

// held returns the last snapshot, nil when there is none, and how many readings were begun by now.
func (c *current) held() (s *snapshot, begun int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last != nil {
		c.last.users++
	}
	return c.last, c.begun
}

// give gives a snapshot back.
func (c *current) give(s *snapshot) {
	c.mu.Lock()
	s.users--
	last := s.users == 0
	c.mu.Unlock()
	if last {
		_ = s.Close() // only read
	}
}

// wait waits for a reading, in which the caller takes part.
func (c *current) wait(ctx context.Context, r *reading) (*snapshot, error) {
	select {
	case <-r.done:
		return r.made, r.err
	case <-ctx.Done():
	}
	c.mu.Lock()
	if r.waiting--; r.waiting == 0 {
		r.cancel() // nobody wants it any longer
	}
	made := r.made
	c.mu.Unlock()
	if made != nil { // in the same moment
		c.give(made)
	}
	return nil, fault.Wrap(ctx.Err(), fault.Locked, "the home takes too long to read")
}

// join takes part in the reading that is under way, or begins one.
func (c *current) join(ctx context.Context) (*reading, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, fault.New(fault.Interrupted, "the console was ended")
	}
	if c.reading == nil {
		c.begun++
		// It serves others too, so that it does not end with whoever asked first.
		alone, cancel := context.WithTimeout(context.WithoutCancel(ctx), pageTime)
		c.reading = &reading{number: c.begun, cancel: cancel, done: make(chan struct{})}
		r := c.reading
		c.ended.Go(func() { c.read(alone, r) })
	}
	c.reading.waiting++
	return c.reading, nil
}

// read makes a snapshot for all who wait.
func (c *current) read(ctx context.Context, r *reading) {
	defer r.cancel()
	s, err := c.make(ctx, r.number)
	c.mu.Lock()
	before := c.last
	if c.last = nil; err == nil {
		s.users = r.waiting + 1 // those, and c.last
		c.last = s
		c.tell(s)
	}
	r.made, r.err, c.reading = s, err, nil
	close(r.done)
	c.mu.Unlock()
	if before != nil {
		c.give(before)
	}
}

func (c *current) make(ctx context.Context, number int64) (*snapshot, error) {
	a, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	s, err := newSnapshot(ctx, a, number)
	if err != nil {
		_ = a.Close() // the first error says more
	}
	return s, err
}

// tell counts the findings that are open in a snapshot and were not in the one before. The caller holds the lock.
func (c *current) tell(s *snapshot) {
	if s.survey.Err() == nil {
		opened := s.opened()
		for id := range opened {
			if c.opened != nil && !c.opened[id] {
				c.news++
			}
		}
		c.opened = opened
	}
	s.news = c.news
}

// close ends what is being read and lets the last snapshot go. Nobody gets another one.
func (c *current) close() {
	c.mu.Lock()
	c.closed = true
	if c.reading != nil {
		c.reading.cancel()
	}
	c.mu.Unlock()
	c.ended.Wait()
	c.mu.Lock()
	last := c.last
	c.last = nil
	c.mu.Unlock()
	if last != nil {
		c.give(last)
	}
}
