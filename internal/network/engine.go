package network

import (
	"hash/maphash"
	"net/netip"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/capture"
	"github.com/cordon-trust/cordon/internal/network/flow"
	"github.com/cordon-trust/cordon/internal/network/ftp"
	"github.com/cordon-trust/cordon/internal/network/http"
	"github.com/cordon-trust/cordon/internal/network/tftp"
	"github.com/cordon-trust/cordon/internal/network/tls"
)

// Bounds of what is followed at the same time, of all connections.
const (
	maxObjects = 16 << 10 // bodies
	maxPending = 4 << 10  // of these, complete and waiting for an acknowledgement
	perStream  = 64       // of these, of one connection
	maxDevices = 512      // subjects of addresses that are kept ready: more would not stay in the cache
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
	ftp    ftp.Table
	tftp   *tftp.Table
	ranges ranges
	who    *who
	tls    tls.Shared

	sessions SessionSink // nil when none are wanted
	streams  pool[stream]
	secure   []*tls.Conn
	conns    []*http.Conn
	free     []*object

	entities     []*entity // decoders at rest
	entitiesMade int

	inners     []*inner // at rest
	innersMade int
	unopened   int64
	decoded    int64 // bytes
	undecoded  int64 // bodies

	packets, bytes     int64
	first, last        int64
	objects, transfers int64
	live, pending      int
	unfollowed         int64
	saved, unsaved     int64
	blocks             int   // digests of blocks of objects under way
	unkept             int64 // blocks, or runs of them, that were not kept for lack of room

	told    model.Transfer // the last that the sink was told of
	devices [maxDevices]struct {
		addr   flow.Addr
		device model.Subject
	}
}

func newEngine(opt Options, sink Sink) *engine {
	e := &engine{opt: opt, sink: sink}
	e.parts, _ = sink.(PartSink)
	if opt.Sessions {
		e.sessions, _ = sink.(SessionSink)
	}
	e.tls.Brief = e.sessions == nil
	e.dec.Counts = &e.counts
	e.who = newWho()
	var h maphash.Hash // seeded anew for every engine
	e.table = flow.NewTable(e, &e.counts, 0, h.Sum64(), flow.Limits{Connections: opt.Connections})
	if e.watchesEnds() {
		e.table.Over = e.over
	}
	e.tftp = tftp.New(&letters{engine: e, objects: make(map[*tftp.Transfer]*object)})
	e.ranges = ranges{engine: e, by: make(map[wholeKey]*assembly), spooler: spooler{dir: opt.Spool}}
	return e
}

func (e *engine) packet(p *capture.Packet) {
	if e.packets == 0 {
		e.first = p.Time
	}
	e.first, e.last = min(e.first, p.Time), max(e.last, p.Time)
	e.packets++
	e.bytes += int64(len(p.Data))
	switch e.dec.Frame(p) {
	case flow.TCP:
		e.table.Add(&e.dec.Seg)
	case flow.UDP:
		e.datagram(&e.dec.Gram)
	case flow.ARP:
		e.local(p, flow.ARP)
	case flow.Discovery:
		e.local(p, flow.Discovery)
	case flow.None:
	}
}

// finish ends what is under way: the capture is over.
func (e *engine) finish() {
	e.table.Finish()
	e.tftp.Finish()
	e.ranges.finishAll()
}

// Open gives a connection its stream when its first byte arrives.
func (e *engine) Open(c *flow.Conn) flow.Stream {
	s := e.streams.get()
	*s = stream{engine: e, conn: c}
	if e.ftp.Expects() {
		e.announced(s)
	}
	return s
}

// transfer is what the sink is told of an object; it lies in the engine, so that none is allocated for each.
func (e *engine) transfer(o *object, device model.Subject, peer string) *model.Transfer {
	o.transfer(&e.told, device, peer)
	return &e.told
}

// emit hands a finished object to the sink, if it is wanted, and takes it back.
func (e *engine) emit(o *object, to *party, peer string) {
	if o.whereof != nil {
		e.emitPart(o, to, peer)
		return
	}
	e.objects++
	if e.err == nil {
		t := e.transfer(o, to.device, peer)
		if e.seat(t, to); e.wanted(o, t) {
			e.transfers++
			e.handed(t, to)
			if e.err = e.sink.Transfer(t); e.err == nil && e.parts != nil && o.isPart() {
				e.err = e.parts.Part(o.part(t))
			}
		}
	}
	if o.target != 0 {
		e.ranges.brokenOff(o, to)
	}
	e.recycle(o)
}

// emitPart hands out a part of an object that is put together, which is the transfer.
func (e *engine) emitPart(o *object, to *party, peer string) {
	if e.err == nil && e.parts != nil {
		t := e.transfer(o, to.device, peer)
		if e.seat(t, to); e.wanted(o, t) {
			e.err = e.parts.Part(o.part(t))
		}
	}
	a := o.whereof
	e.ranges.done(a, o)
	o.whereof = nil
	e.recycle(o)
}

// recycle takes an object back.
func (e *engine) recycle(o *object) {
	e.live--
	e.blocks -= o.blocks.count()
	o.blocks.parts = model.Parts{} // they are the sink's now
	e.free = append(e.free, o)
}

// device returns who is at an address, as long as nothing else is known.
func (e *engine) device(a netip.Addr) party {
	return party{device: e.addressed(a), to: a}
}

// addressed is the subject of a device that is known by its address alone.
func (e *engine) addressed(a netip.Addr) model.Subject {
	addr := flow.AddrOf(a)
	known := &e.devices[addr.Spread()%maxDevices]
	if known.addr == addr && !known.device.IsZero() {
		return known.device
	}
	d, err := model.DeviceAt(e.opt.Site, e.opt.Realm, a, time.Time{})
	if err != nil && e.err == nil {
		e.err = err // the site or realm cannot be part of a subject
	}
	known.addr, known.device = addr, d
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
