package lab

import (
	"slices"
	"time"

	"github.com/cordon-trust/cordon/internal/lab/frame"
)

// outbox holds frames until nothing earlier can come, and then writes them in the order of their times.
type outbox struct {
	file    *frame.File
	waiting []posted // by time; what was posted first goes first
	spare   [][]byte
}

type posted struct {
	at   time.Time
	data []byte
}

var _ sink = (*outbox)(nil)

// Write takes a copy of a frame. Most are later than all that wait, so the place is looked for from the end.
func (o *outbox) Write(at time.Time, data []byte) error {
	var buf []byte
	if n := len(o.spare); n > 0 {
		buf, o.spare = o.spare[n-1], o.spare[:n-1]
	}
	place := len(o.waiting)
	for place > 0 && o.waiting[place-1].at.After(at) {
		place--
	}
	o.waiting = slices.Insert(o.waiting, place, posted{at, append(buf[:0], data...)})
	return nil
}

func (o *outbox) Snap() int { return o.file.Snap() }

// flush writes what is earlier than a time.
func (o *outbox) flush(until time.Time) error {
	n := 0
	for ; n < len(o.waiting) && o.waiting[n].at.Before(until); n++ {
		if err := o.file.Write(o.waiting[n].at, o.waiting[n].data); err != nil {
			return err
		}
		if len(o.spare) < 64 {
			o.spare = append(o.spare, o.waiting[n].data)
		}
	}
	o.waiting = slices.Delete(o.waiting, 0, n)
	return nil
}

func (o *outbox) flushAll() error {
	if len(o.waiting) == 0 {
		return nil
	}
	return o.flush(o.waiting[len(o.waiting)-1].at.Add(1))
}
