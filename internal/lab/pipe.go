package lab

import (
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// The two sides of a connection, and the two directions: bytes of side 0 are those the device sends.
const (
	device = 0
	server = 1
)

// inboxLimit and tapeLimit bound, in bytes, what a connection holds that was not read or not taken yet.
const (
	inboxLimit = 128 << 10
	tapeLimit  = 128 << 10
)

// wire joins the two ends of one connection in memory and keeps a tape of what crosses, as turns: while one
// side speaks its bytes run together, and the first byte of the other side ends the turn. Turns therefore
// depend on what is said only, not on how it was cut into writes or on how goroutines were scheduled, as
// long as the protocol lets one side speak at a time.
type wire struct {
	addr [2]netip.AddrPort

	mu     sync.Mutex // guards all below
	moved  sync.Cond  // told of every change
	inbox  [2]fifo    // inbox[side]: for that side to read
	tape   []turn
	taped  int
	shut   [2]bool
	failed error // why the conversation ended early
	expiry [2][2]expiry
}

// expiry is the deadline of one side for reading or for writing.
type expiry struct {
	at    time.Time
	alarm *time.Timer // wakes whoever waits when the time has come
}

const (
	reading = 0
	writing = 1
)

func (x *expiry) passed() bool { return !x.at.IsZero() && !time.Now().Before(x.at) }

func (x *expiry) silence() {
	if x.alarm != nil {
		x.alarm.Stop()
		x.alarm = nil
	}
}

type turn struct {
	side int
	said fifo
}

func newWire(dev, srv netip.AddrPort) *wire {
	w := &wire{addr: [2]netip.AddrPort{dev, srv}}
	w.moved.L = &w.mu
	return w
}

// end returns the connection as one side sees it.
func (w *wire) end(side int) *end { return &end{w, side} }

// fail ends the conversation; the first reason is kept.
func (w *wire) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed == nil {
		w.failed = err
	}
	w.shut = [2]bool{true, true}
	w.moved.Broadcast()
}

func (w *wire) read(side int, p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		in := &w.inbox[side]
		switch {
		case w.shut[side]:
			return 0, net.ErrClosed
		case w.expiry[side][reading].passed():
			return 0, os.ErrDeadlineExceeded
		case in.len() > 0:
			n := in.take(p)
			w.moved.Broadcast()
			return n, nil
		case w.shut[1-side]:
			return 0, io.EOF
		}
		w.moved.Wait()
	}
}

// write records p and delivers it. What is said to a side that has hung up is recorded all the same: on a
// real wire it would pass too.
func (w *wire) write(side int, p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	done := 0
	for done < len(p) {
		peer := &w.inbox[1-side]
		room := tapeLimit - w.taped
		if !w.shut[1-side] {
			room = min(room, inboxLimit-peer.len())
		}
		switch {
		case w.shut[side]:
			return done, net.ErrClosed
		case w.expiry[side][writing].passed():
			return done, os.ErrDeadlineExceeded
		case room <= 0:
			w.moved.Wait()
			continue
		}
		part := p[done:min(len(p), done+room)]
		w.record(side, part)
		if !w.shut[1-side] {
			peer.put(part)
		}
		done += len(part)
		w.moved.Broadcast()
	}
	return done, nil
}

// record needs the lock.
func (w *wire) record(side int, p []byte) {
	if n := len(w.tape); n == 0 || w.tape[n-1].side != side {
		w.tape = append(w.tape, turn{side: side})
	}
	w.tape[len(w.tape)-1].said.put(p)
	w.taped += len(p)
}

// taken is the next thing that crossed a wire.
type taken struct {
	side int
	data []byte // in the buffer that was given to take
	last bool   // the turn ends here
	over bool   // both sides have hung up and everything was taken
}

// take returns the next bytes of one side, as many as buf holds or the last of a turn. It waits until
// that is certain: a full buffer is only given out when it is known whether more follows in the turn.
func (w *wire) take(buf []byte) (taken, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		ended := w.shut[0] && w.shut[1]
		switch {
		case w.failed != nil:
			return taken{}, w.failed
		case len(w.tape) > 0 && (w.tape[0].said.len() > len(buf) || len(w.tape) > 1 || ended):
			t := &w.tape[0]
			n := t.said.take(buf)
			out := taken{side: t.side, data: buf[:n], last: t.said.len() == 0}
			if out.last {
				w.tape = w.tape[1:]
			}
			w.taped -= n
			w.moved.Broadcast()
			return out, nil
		case ended:
			return taken{over: true}, nil
		}
		w.moved.Wait()
	}
}

// fifo is a queue of bytes that reuses its memory.
type fifo struct {
	buf  []byte
	head int
}

func (f *fifo) len() int { return len(f.buf) - f.head }

func (f *fifo) put(p []byte) {
	if f.head > 0 && len(f.buf)+len(p) > cap(f.buf) {
		f.buf = f.buf[:copy(f.buf, f.buf[f.head:])]
		f.head = 0
	}
	f.buf = append(f.buf, p...)
}

func (f *fifo) take(p []byte) int {
	n := copy(p, f.buf[f.head:])
	f.head += n
	if f.head == len(f.buf) {
		f.buf, f.head = f.buf[:0], 0
	}
	return n
}

// end is one side of a wire as net/http and crypto/tls see it.
type end struct {
	w    *wire
	side int
}

var _ net.Conn = (*end)(nil)

func (e *end) Read(p []byte) (int, error)  { return e.w.read(e.side, p) }
func (e *end) Write(p []byte) (int, error) { return e.w.write(e.side, p) }

// Close hangs up; the other side reads what is left and then the end.
func (e *end) Close() error {
	e.w.mu.Lock()
	defer e.w.mu.Unlock()
	e.w.shut[e.side] = true
	for kind := range e.w.expiry[e.side] {
		e.w.expiry[e.side][kind].silence()
	}
	e.w.moved.Broadcast()
	return nil
}

func (e *end) LocalAddr() net.Addr  { return net.TCPAddrFromAddrPort(e.w.addr[e.side]) }
func (e *end) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(e.w.addr[1-e.side]) }

func (e *end) SetDeadline(t time.Time) error      { return e.expire(t, reading, writing) }
func (e *end) SetReadDeadline(t time.Time) error  { return e.expire(t, reading) }
func (e *end) SetWriteDeadline(t time.Time) error { return e.expire(t, writing) }

func (e *end) expire(t time.Time, kinds ...int) error {
	e.w.mu.Lock()
	defer e.w.mu.Unlock()
	for _, kind := range kinds {
		x := &e.w.expiry[e.side][kind]
		x.silence()
		x.at = t
		if wait := time.Until(t); !t.IsZero() && wait > 0 && !e.w.shut[e.side] {
			x.alarm = time.AfterFunc(wait, e.w.wake)
		}
	}
	e.w.moved.Broadcast()
	return nil
}

func (w *wire) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.moved.Broadcast()
}
