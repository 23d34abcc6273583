package network

import (
	"container/heap"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/network/capture"
)

// Source is one of several captures that are read as one.
type Source struct {
	Name string // what errors call it
	// Open opens it. It is called when the time of its first record comes and, unless Once is set, once
	// before that to learn this time.
	Open func() (io.ReadCloser, error)
	// Once says that it cannot be opened a second time, as a pipe. It is opened at the start.
	Once bool
}

const (
	wideBuffers  = 8        // captures open at the same time that have a buffer of full size
	narrowBuffer = 64 << 10 // bytes, of the others, and of one that is looked at
	maxNamed     = 8        // captures that one error tells about
)

// WatchAll reads captures as one, in the order of time; records of the same time come in the order of the
// arguments, and those of one capture always in its own. Any number may be given: one is open only from
// its first record to its last.
//
// What cannot be read of one capture is in the error, and the others are read nevertheless: the summary
// and what was handed out are of all that could be read. A capture that is cut short or damaged is read up
// to there, the summary says Truncated and the error is a fault CutCapture. Other faults are what Open
// returned, BadCapture, ReadFailed, Interrupted when ctx ends, and Usage for options that cannot work; the
// error of a sink stops the reading and is returned as it is.
func WatchAll(ctx context.Context, sources []Source, opt Options, sink Sink) (Summary, error) {
	if err := opt.valid(); err != nil {
		return Summary{}, err
	}
	m := merge{engine: newEngine(opt, sink), given: len(sources)}
	for i, s := range sources {
		m.begin(s, i)
	}
	heap.Init(&m.queue)
	err := m.run(ctx)
	m.closeAll()
	m.engine.finish()
	m.engine.handSightings()
	s := m.engine.summary()
	s.Truncated = m.cut
	switch {
	case m.engine.err != nil:
		return s, m.engine.err
	case err != nil:
		return s, err
	}
	return s, m.fault()
}

// merge reads several captures in the order of time. It belongs to one goroutine.
type merge struct {
	engine *engine
	given  int
	queue  feeds
	wide   int      // buffers of full size in use
	spare  [][]byte // of full size, at rest
	look   []byte   // for looking at first records
	faults []error
	cut    bool
}

// feed is one capture whose next record waits for its turn.
type feed struct {
	Source
	order int
	next  int64 // time of the next record
	rd    *capture.Reader
	file  io.Closer // nil while it is not open
	buf   []byte    // of full size; nil when it has a narrow one
	p     capture.Packet
}

func (f *feed) before(o *feed) bool { return f.next < o.next || f.next == o.next && f.order < o.order }

// feeds is a heap: the one whose turn it is comes first.
type feeds []*feed

var _ heap.Interface = (*feeds)(nil)

func (q feeds) Len() int           { return len(q) }
func (q feeds) Less(i, j int) bool { return q[i].before(q[j]) }
func (q feeds) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push is for heap.Push, which is given feeds only.
func (q *feeds) Push(x any) {
	if f, ok := x.(*feed); ok {
		*q = append(*q, f)
	}
}

// Pop is for heap.Pop.
func (q *feeds) Pop() any {
	n := len(*q) - 1
	f := (*q)[n]
	(*q)[n] = nil
	*q = (*q)[:n]
	return f
}

// second is the feed whose turn comes after the first, or nil.
func (q feeds) second() *feed {
	switch {
	case len(q) < 2:
		return nil
	case len(q) > 2 && q[2].before(q[1]):
		return q[2]
	}
	return q[1]
}

// begin adds a capture. A pipe is opened; so is an only capture, since there is nothing to wait for.
func (m *merge) begin(s Source, order int) {
	f := &feed{Source: s, order: order}
	if s.Once || m.given == 1 {
		if m.open(f) && m.advance(f) {
			m.queue = append(m.queue, f)
		}
		return
	}
	if m.peek(f) {
		m.queue = append(m.queue, f)
	}
}

// peek learns the time of the first record of a capture and closes it again. It reports false when there is
// none.
func (m *merge) peek(f *feed) bool {
	file, err := f.Open()
	if err != nil {
		return m.failed(err)
	}
	defer file.Close()
	if m.look == nil {
		m.look = make([]byte, narrowBuffer)
	}
	rd, err := capture.OpenIn(sips{file}, m.look)
	if err == nil {
		err = rd.Next(&f.p)
	}
	if err != nil {
		return m.ended(f, err)
	}
	f.next, f.p = f.p.Time, capture.Packet{}
	return true
}

// sips reads little at a time: only the beginning is wanted.
type sips struct{ r io.Reader }

func (s sips) Read(b []byte) (int, error) { return s.r.Read(b[:min(len(b), 4<<10)]) }

// open opens a capture for good.
func (m *merge) open(f *feed) bool {
	file, err := f.Open()
	if err != nil {
		return m.failed(err)
	}
	buf := m.buffer(f)
	f.file = file
	if f.rd, err = capture.OpenIn(file, buf); err != nil {
		return m.ended(f, err)
	}
	f.rd.Recycle = m.engine.table.Detach
	return true
}

func (m *merge) buffer(f *feed) []byte {
	if m.wide >= wideBuffers {
		return make([]byte, narrowBuffer)
	}
	m.wide++
	if n := len(m.spare); n > 0 {
		f.buf, m.spare = m.spare[n-1], m.spare[:n-1]
	} else {
		f.buf = make([]byte, capture.BufferSize)
	}
	return f.buf
}

// advance reads the next record of a capture, or closes it.
func (m *merge) advance(f *feed) bool {
	if err := f.rd.Next(&f.p); err != nil {
		return m.ended(f, err)
	}
	f.next = f.p.Time
	return true
}

// run hands out records until there are none, the sink fails or ctx ends.
func (m *merge) run(ctx context.Context) error {
	n := 0
	for len(m.queue) > 0 {
		f := m.queue[0]
		if f.rd == nil {
			if !m.open(f) || !m.advance(f) {
				heap.Pop(&m.queue)
				continue
			}
			heap.Fix(&m.queue, 0) // it may have changed since it was looked at
			continue
		}
		after := m.queue.second()
		for {
			m.engine.packet(&f.p)
			if n++; m.engine.err != nil || n%checkEvery == 0 && ctx.Err() != nil {
				return m.stopped(ctx, f)
			}
			if !m.advance(f) {
				heap.Pop(&m.queue)
				break
			}
			if after != nil && after.before(f) {
				heap.Fix(&m.queue, 0)
				break
			}
		}
	}
	return m.stopped(ctx, nil)
}

func (m *merge) stopped(ctx context.Context, f *feed) error {
	switch {
	case ctx.Err() == nil:
		return nil
	case f == nil:
		return fault.Wrap(ctx.Err(), fault.Interrupted, "reading stopped after %d packets", m.engine.packets)
	}
	return fault.Wrap(ctx.Err(), fault.Interrupted, "reading of capture %q stopped after %d packets", f.Name, m.engine.packets)
}

// ended closes a capture of which nothing more can be read, and says false.
func (m *merge) ended(f *feed, err error) bool {
	m.shut(f)
	if errors.Is(err, io.EOF) {
		return false
	}
	if fault.CodeOf(err) != fault.BadCapture {
		m.cut = true
	}
	return m.failed(inFile(err, f.Name))
}

// failed notes why a capture cannot be read, and says false.
func (m *merge) failed(err error) bool {
	m.faults = append(m.faults, err)
	return false
}

// shut closes a capture and takes its buffer back, once nobody holds bytes in it any more.
func (m *merge) shut(f *feed) {
	if f.file == nil {
		return
	}
	_ = f.file.Close() // only read
	f.file = nil
	m.engine.table.Detach()
	if f.buf != nil {
		m.wide--
		m.spare = append(m.spare, f.buf)
		f.buf = nil
	}
}

func (m *merge) closeAll() {
	for _, f := range m.queue {
		m.shut(f)
	}
}

// fault is what could not be read. Of several captures the first that gave nothing decides its code.
func (m *merge) fault() error {
	if len(m.faults) == 0 {
		return nil
	}
	main := m.faults[0]
	if len(m.faults) == 1 {
		return main
	}
	var texts []string
	for i, err := range m.faults {
		if fault.CodeOf(main) == fault.CutCapture {
			main = err
		}
		if i < maxNamed {
			texts = append(texts, err.Error())
		}
	}
	if n := len(m.faults) - maxNamed; n > 0 {
		texts = append(texts, "and more")
	}
	return fault.New(fault.CodeOf(main), "%d of %d captures cannot be read to the end: %s", len(m.faults), m.given, strings.Join(texts, "; ")).
		Hint("%s", fault.HintOf(main))
}
