package network

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
)

// Bounds that no capture may exceed. The time is far above what is measured, so that a slow machine does not
// fail; work that grows with the square of a flood exceeds it all the same.
const (
	hostileMemory = 160 << 20 // bytes held beside the garbage
	hostileTime   = 60 * time.Second
)

// flood makes frames one after the other; none of them is kept.
type flood func(yield func([]byte) bool)

// hostile is one capture that somebody made to break its reader.
type hostile struct {
	frames flood
	raw    func(good []byte) []byte // takes the place of frames: what to make of a good capture
	cut    bool                     // the reading ends with an error
	// check says what is wrong with what was found beside the good download.
	check func(others []model.Transfer, s Summary) string
}

// lossIs asks for a counter that is not zero.
func lossIs(of func(*Losses) int64) func([]model.Transfer, Summary) string {
	return func(_ []model.Transfer, s Summary) string {
		if of(&s.Losses) == 0 {
			return "nothing was counted"
		}
		return ""
	}
}

// noteIs asks for an object with a note, which has no digest.
func noteIs(text string) func([]model.Transfer, Summary) string {
	return func(ts []model.Transfer, _ Summary) string {
		for _, g := range ts {
			for _, n := range g.Notes {
				if strings.Contains(n, text) && !g.Complete && g.Digest.IsZero() {
					return ""
				}
			}
		}
		return fmt.Sprintf("no incomplete object says %q", text)
	}
}

// mixed is a capture of a flood with a good download in between, made while it is read.
type mixed struct {
	next  func() ([]byte, bool)
	good  []frame
	every int // frames of the flood between two of the good download
	n     int
	now   int64
	buf   []byte
	read  int
	held  uint64 // most that was held
}

const goodFirst = 10 // frames of the good download before the flood

const measureEvery = 32 << 20 // bytes between two measurements, which take a collection each

func (m *mixed) Read(b []byte) (int, error) {
	for len(m.buf) < 64<<10 && m.put() {
	}
	if len(m.buf) == 0 {
		m.measure() // all that is under way is still there
		return 0, io.EOF
	}
	n := copy(b, m.buf)
	m.buf = m.buf[:copy(m.buf, m.buf[n:])]
	if (m.read+n)/measureEvery > m.read/measureEvery {
		m.measure()
	}
	m.read += n
	return n, nil
}

func (m *mixed) measure() {
	var st runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&st)
	m.held = max(m.held, st.HeapAlloc)
}

// put appends one frame and reports whether there was one left.
func (m *mixed) put() bool {
	var data []byte
	if m.n++; m.n > goodFirst && m.n%m.every != 0 {
		data, _ = m.next()
	}
	if data == nil {
		if len(m.good) == 0 {
			if data, _ = m.next(); data == nil {
				return false
			}
		} else {
			data, m.good = m.good[0].data, m.good[1:]
		}
	}
	m.now += 20_000
	le := binary.LittleEndian
	m.buf = le.AppendUint32(m.buf, uint32(m.now/1e9))
	m.buf = le.AppendUint32(m.buf, uint32(m.now%1e9/1000))
	m.buf = le.AppendUint32(le.AppendUint32(m.buf, uint32(len(data))), uint32(len(data)))
	m.buf = append(m.buf, data...)
	return true
}

// TestHostile reads captures that were made to break their reader. Each has a good download in between, which
// is found with its digest whatever the rest is. It is not parallel, since it measures memory.
func TestHostile(t *testing.T) { //nolint:paralleltest // see above
	fw := firmware(41, 60_000)
	good := newWire()
	c := good.conv("10.9.9.9:40000", "10.9.9.8:80")
	c.ackBy = 2
	c.open()
	c.send(0, get("/good.bin"))
	c.send(1, ok(fw, ""))
	c.close()
	for _, k := range hostiles {
		t.Run(k.name, func(t *testing.T) { //nolint:paralleltest // it measures memory
			var before runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			var src io.Reader
			m := &mixed{good: good.frames, every: k.every, now: 1_760_000_000e9, buf: newWire().pcap()}
			if k.raw != nil {
				src = bytes.NewReader(k.raw(good.pcap()))
			} else {
				next, stop := iter.Pull(iter.Seq[[]byte](k.frames))
				defer stop()
				if m.next = next; m.every == 0 {
					m.every = 7
				}
				src = m
			}
			var l list
			sink := &few{list: &l}
			start := time.Now()
			s, err := Watch(t.Context(), src, "hostile.pcap", Options{AllObjects: true, Sessions: true, Spool: t.TempDir()}, sink)
			took := time.Since(start)
			if (err != nil) != k.cut || s.Truncated != k.cut {
				t.Errorf("truncated %v: %v", s.Truncated, err)
			}
			if took > hostileTime {
				t.Errorf("it took %v", took)
			}
			if held := int64(m.held) - int64(before.HeapAlloc); held > hostileMemory {
				t.Errorf("%d MiB were held", held>>20)
			}
			t.Logf("%v, %d MiB, %d packets, %d objects, %+v", took.Round(time.Millisecond), (int64(m.held)-int64(before.HeapAlloc))>>20, s.Packets, s.Objects, s.Losses)
			others := slices.DeleteFunc(l.got, func(g model.Transfer) bool { return g.Digest == model.DigestOf(fw) && g.Name == "good.bin" })
			if len(others) == len(l.got) {
				t.Error("the good download was not found")
			}
			if sink.sessions != s.Sessions {
				t.Errorf("%d of %d sessions were handed out", sink.sessions, s.Sessions)
			}
			if why := k.check(others, s); why != "" {
				t.Errorf("%s: %+v; %d others, such as %+v", why, s.Losses, len(others), others[:min(3, len(others))])
			}
		})
	}
}

// few keeps the transfers with a digest that matters and some others, as a sink must that meets a flood.
type few struct {
	list     *list
	n        int
	sessions int64
}

func (f *few) Transfer(t *model.Transfer) error {
	if f.n++; f.n <= 100 || t.Name == "good.bin" {
		return f.list.Transfer(t)
	}
	return nil
}

func (f *few) Part(Part) error { return nil }

func (f *few) Session(Session) error {
	f.sessions++
	return nil
}

// traffic makes a flood of what a function writes. It calls each when frames may go.
func traffic(write func(w *wire, each func() bool)) flood {
	return func(yield func([]byte) bool) {
		w := newWire()
		gone := false
		each := func() bool {
			for _, f := range w.frames {
				gone = gone || !yield(f.data)
			}
			w.frames = w.frames[:0]
			return !gone
		}
		write(w, each)
		each()
	}
}

// request sends what somebody asks on one connection, in pieces.
func request(parts iter.Seq[[]byte]) flood {
	return speech(0, parts)
}

// answer sends what somebody answers to a request for /bad.bin.
func answer(parts iter.Seq[[]byte]) flood {
	return speech(1, parts)
}

func speech(side int, parts iter.Seq[[]byte]) flood {
	return traffic(func(w *wire, each func() bool) {
		c := w.conv("10.0.0.66:40001", "10.0.0.67:80").open()
		if side == 1 {
			c.send(0, get("/bad.bin"))
		}
		for p := range parts {
			c.send(side, p)
			if !each() {
				return
			}
		}
		c.close()
	})
}

// times repeats b n times, many at once.
func times(n int, b string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		const block = 32 << 10
		per := max(1, block/len(b))
		piece := []byte(strings.Repeat(b, per))
		for ; n >= per; n -= per {
			if !yield(piece) {
				return
			}
		}
		yield(piece[:n*len(b)])
	}
}

func then(all ...iter.Seq[[]byte]) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for _, one := range all {
			for b := range one {
				if !yield(b) {
					return
				}
			}
		}
	}
}

func once(s string) iter.Seq[[]byte] { return times(1, s) }

// many makes n connections, each with another client.
func many(n int, each func(i int, c *conv)) flood {
	return traffic(func(w *wire, flush func() bool) {
		server := netip.MustParseAddrPort("10.0.0.67:80")
		for i := range n {
			a := netip.AddrFrom4([4]byte{11, byte(i >> 16), byte(i >> 8), byte(i)})
			c := &conv{w: w, ends: [2]netip.AddrPort{netip.AddrPortFrom(a, uint16(1024+i%60000)), server}, seq: [2]uint32{uint32(i) * 7919, 5000}, mss: 1448}
			if each(i, c); !flush() {
				return
			}
		}
	})
}

// ether makes n frames of a type with what f returns behind it.
func ether(n int, typ uint16, f func(i int) []byte) flood {
	return func(yield func([]byte) bool) {
		for i := range n {
			b := binary.BigEndian.AppendUint16([]byte{2, 0, 0, 0, 0, 1, 2, 0, 0, byte(i >> 16), byte(i >> 8), byte(i)}, typ)
			if !yield(append(b, f(i)...)) {
				return
			}
		}
	}
}

// piece is one IPv4 fragment of a UDP datagram.
func ipFragment(id int, at int, more bool, body []byte) []byte {
	be := binary.BigEndian
	b := []byte{0x45, 0}
	b = be.AppendUint16(b, uint16(20+len(body)))
	b = be.AppendUint16(b, uint16(id))
	field := uint16(at / 8)
	if more {
		field |= 0x2000
	}
	b = be.AppendUint16(b, field)
	b = append(b, 64, 17, 0, 0, 10, byte(id>>16), 0, 66, 10, 0, 0, 67)
	be.PutUint16(b[10:], ^naiveSum(b))
	return append(b, body...)
}

func shuffled(n int) []int { return rand.New(rand.NewPCG(5, 6)).Perm(n) }
