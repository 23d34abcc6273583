package lab

import (
	"container/heap"
	"context"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/cordon-trust/cordon/internal/lab/frame"
)

// Script is a capture in which things happen at their times, such as a day on a ward. What runs at the
// same time is interleaved frame by frame. Apart from TLS every frame and its time follow from the seed.
type Script struct {
	Seed      uint64
	Start     time.Time           // what clocks say that no event tells; the default is [DefaultStart]
	Events    iter.Seq[Event]     // in the order of their times
	Format    frame.Format        // of the file
	Authority *Authority          // of the servers' certificates; nil: one of this capture alone
	Object    func(Truth) error   // told of every object that crossed in clear when its connection has ended; may be nil
	Session   func(Session) error // likewise of every TLS connection
}

// Event is a conversation, some frames of their own, or frames such as a name lookup and then a conversation.
type Event struct {
	At     time.Time
	Frames []Frame
	Talk   *Conversation // nil: none
	After  time.Duration // the conversation begins so much later
}

// Frame is one frame of an event.
type Frame struct {
	After time.Duration // since the event began; not less than the one before
	Data  []byte
}

// Size is what a capture holds.
type Size struct {
	Frames      int64
	Bytes       int64 // of frames, without the headers of the file
	Connections int64
}

const lookEvery = 256 // steps between looks at the context

// Play carries out a script and writes the capture to w. Memory is bounded by what happens at one time.
// When ctx ends it stops with the context's error.
func Play(ctx context.Context, w io.Writer, s Script) (Size, error) {
	if s.Start.IsZero() {
		s.Start = DefaultStart()
	}
	if s.Events == nil {
		return Size{}, fmt.Errorf("lab: the script holds no events")
	}
	file, err := frame.New(w, s.Format, 0)
	if err != nil {
		return Size{}, fmt.Errorf("lab: %w", err)
	}
	next, stop := iter.Pull(s.Events)
	defer stop()
	d := &director{script: s, next: next, ward: newWard(s.Start, s.Authority), out: outbox{file: file}}
	err = d.play(ctx)
	for _, a := range d.on {
		a.talk.wire.fail(fmt.Errorf("the play was broken off"))
	}
	if cerr := d.ward.close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = file.Flush()
	}
	if err != nil {
		return Size{}, fmt.Errorf("lab: %w", err)
	}
	return Size{Frames: file.Frames(), Bytes: file.Bytes(), Connections: d.connections}, nil
}

// director plays a script: whoever's clock is lowest sends next. It is owned by one goroutine.
type director struct {
	script      Script
	next        func() (Event, bool)
	coming      Event // not begun yet
	more        bool  // there is one
	ward        *ward
	on          actors
	out         outbox
	last        time.Time // of the events that began
	connections int64
}

// actor is a connection with a clock and a view of its own, so that no other can shift its frames.
type actor struct {
	talk   *talk
	mirror *mirror
	n      int64 // of connections before it
}

func (d *director) play(ctx context.Context) error {
	d.coming, d.more = d.next()
	for step := 0; d.more || len(d.on) > 0; step++ {
		if step%lookEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if d.more && (len(d.on) == 0 || !d.on[0].mirror.now.Before(d.coming.At)) {
			if err := d.begin(d.coming); err != nil {
				return err
			}
			d.coming, d.more = d.next()
			continue
		}
		if err := d.out.flush(d.on[0].mirror.now); err != nil {
			return err
		}
		done, err := d.on[0].talk.next(d.on[0].mirror)
		if err != nil {
			return err
		}
		if done {
			err = d.end()
		} else {
			heap.Fix(&d.on, 0)
		}
		if err != nil {
			return err
		}
	}
	return d.out.flushAll()
}

func (d *director) begin(e Event) error {
	if e.At.Before(d.last) {
		return fmt.Errorf("an event of %v comes after one of %v", e.At, d.last)
	}
	d.last = e.At
	if len(d.on) == 0 {
		if err := d.out.flush(e.At); err != nil {
			return err
		}
	}
	for _, f := range e.Frames {
		if err := d.out.Write(e.At.Add(f.After), f.Data); err != nil {
			return err
		}
	}
	if e.Talk == nil {
		return nil
	}
	c := *e.Talk
	c.At = e.At.Add(max(0, e.After))
	var dist Distortion
	if c.Mirror != nil {
		dist = *c.Mirror
	}
	if err := dist.valid(); err != nil {
		return err
	}
	if dist.Snap != 0 {
		return fmt.Errorf("%v: the snap length belongs to a whole capture", c.Device)
	}
	who := fmt.Sprintf("%v %d", c.Device, c.At.UnixNano())
	t, err := newTalk(c, &dist, newDice(d.script.Seed, "talk "+who))
	if err != nil {
		return err
	}
	m := &mirror{file: &d.out, dice: newDice(d.script.Seed, "mirror "+who), dist: dist, now: c.At, start: c.At, rate: c.Rate}
	if m.rate <= 0 {
		m.rate = gigabit
	}
	d.ward.begin(t)
	heap.Push(&d.on, actor{t, m, d.connections})
	d.connections++
	return nil
}

// end takes a connection that is over off the stage and tells what was true about it.
func (d *director) end() error {
	t := d.on[0].talk
	heap.Pop(&d.on)
	object, session := d.script.Object, d.script.Session
	if object == nil {
		object = func(Truth) error { return nil }
	}
	if session == nil {
		session = func(Session) error { return nil }
	}
	return t.truth(session, object)
}

// actors is a heap, the lowest clock first.
type actors []actor

func (a actors) Len() int { return len(a) }

func (a actors) Less(i, j int) bool {
	if at, bt := a[i].mirror.now, a[j].mirror.now; !at.Equal(bt) {
		return at.Before(bt)
	}
	return a[i].n < a[j].n
}

func (a actors) Swap(i, j int) { a[i], a[j] = a[j], a[i] }

func (a *actors) Push(x any) { *a = append(*a, x.(actor)) } //nolint:errcheck,forcetypeassert // only begin pushes

func (a *actors) Pop() any {
	old := *a
	last := old[len(old)-1]
	old[len(old)-1] = actor{}
	*a = old[:len(old)-1]
	return last
}
