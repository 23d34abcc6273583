package network

import (
	"hash/maphash"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/capture"
	"github.com/cordon-trust/cordon/internal/network/flow"
	"github.com/cordon-trust/cordon/internal/network/http"
)

// Bounds of what is followed at the same time, of all connections.
const (
	maxObjects = 16 << 10 // bodies
	maxPending = 4 << 10  // of these, complete and waiting for an acknowledgement
	perStream  = 64       // of these, of one connection
)

// engine reads one capture. It is used by one goroutine, which owns every field.
type engine struct {
	opt    Options
	sink   Sink
	parts  PartSink // nil when the sink takes none
	err    error    // of the sink; the first stops the reading
	counts flow.Counts
	dec    flow.Decoder
	table  *flow.Table
	shared http.Shared

	streams pool[stream]
	conns   []*http.Conn
	free    []*object

	entities     []*entity // decoders at rest
	entitiesMade int

	packets, bytes     int64
	first, last        int64
	objects, transfers int64
	live, pending      int
	unfollowed         int64
	saved, unsaved     int64
}

func newEngine(opt Options, sink Sink) *engine {
	e := &engine{opt: opt, sink: sink}
	e.parts, _ = sink.(PartSink)
	e.dec.Counts = &e.counts
	var h maphash.Hash // seeded anew for every engine
	e.table = flow.NewTable(e, &e.counts, 0, h.Sum64(), flow.Limits{Connections: opt.Connections})
	return e
}

func (e *engine) packet(p *capture.Packet) {
	if e.packets == 0 {
		e.first = p.Time
	}
	e.first, e.last = min(e.first, p.Time), max(e.last, p.Time)
	e.packets++
	e.bytes += int64(len(p.Data))
	if e.dec.Frame(p) == flow.TCP {
		e.table.Add(&e.dec.Seg)
	}
}

// Open gives a connection its stream when its first byte arrives.
func (e *engine) Open(c *flow.Conn) flow.Stream {
	s := e.streams.get()
	*s = stream{engine: e, conn: c}
	return s
}

// emit hands a finished object to the sink, if it is wanted, and takes it back.
func (e *engine) emit(s *stream, o *object) {
	e.objects++
	if e.err == nil {
		if t := o.transfer(s); e.opt.AllObjects || o.updateLike() || e.opt.Keep != nil && e.opt.Keep(&t) {
			e.transfers++
			if e.err = e.sink.Transfer(t); e.err == nil && e.parts != nil && o.isPart() {
				e.err = e.parts.Part(o.part(&t))
			}
		}
	}
	e.live--
	e.free = append(e.free, o)
}

// device returns the subject of a side of a connection.
func (e *engine) device(c *flow.Conn, side int) model.Subject {
	d, err := model.DeviceAt(e.opt.Site, e.opt.Realm, c.Side(side).Addr(), time.Time{})
	if err != nil && e.err == nil {
		e.err = err // the site or realm cannot be part of a subject
	}
	return d
}

func stamp(ns int64) string { return time.Unix(0, ns).UTC().Format(time.RFC3339Nano) }

// pool recycles values.
type pool[T any] struct{ free []*T }

func (p *pool[T]) get() *T {
	if n := len(p.free); n > 0 {
		v := p.free[n-1]
		p.free = p.free[:n-1]
		return v
	}
	return new(T)
}

func (p *pool[T]) put(v *T) { p.free = append(p.free, v) }
