package flow

import "bytes"

// Bounds of what is kept of a direction to compare later copies with.
const (
	windowBytes = 256 << 10 // of one direction
	windowRefs  = 512       // segments of one direction
	windowPages = 8 << 20 / pageSize
	maxWindows  = 8192
	keptRefs    = 64 // segments that a window keeps room for
)

// ref is one delivered segment that the receiver has not acknowledged.
type ref struct {
	off  uint64
	data []byte
	page *page // owns data; nil while data still lies in the capture buffer
}

// window is the unacknowledged end of one direction, oldest segment first.
type window struct {
	owner *half
	refs  []ref // refs[head:] are in use
	head  int
	bytes int
	pos   int // in windows.live; -1 when no segment lies in the capture buffer
}

// windows hands out windows, and moves their bytes out of the capture buffer before it is overwritten.
type windows struct {
	pool pages
	free []*window
	live []*window // those that may have segments in the capture buffer
	made int
	tmp  []ref
}

// get gives h a window if there is one left.
func (ws *windows) get(h *half) *window {
	var w *window
	switch n := len(ws.free); {
	case n > 0:
		w, ws.free = ws.free[n-1], ws.free[:n-1]
	case ws.made < maxWindows:
		ws.made++
		w = &window{refs: make([]ref, 0, 8), pos: -1}
	default:
		return nil
	}
	w.owner, h.win = h, w
	return w
}

// put takes a window back from its owner.
func (ws *windows) put(w *window) {
	for w.head < len(w.refs) {
		ws.pop(w)
	}
	w.refs, w.head = w.refs[:0], 0
	w.trim()
	if w.pos >= 0 {
		last := ws.live[len(ws.live)-1]
		ws.live[w.pos], last.pos = last, w.pos
		ws.live[len(ws.live)-1] = nil
		ws.live = ws.live[:len(ws.live)-1]
		w.pos = -1
	}
	w.owner.win, w.owner = nil, nil
	ws.free = append(ws.free, w)
}

// trim gives room back that is not needed at the moment: else every window could keep its largest.
func (w *window) trim() {
	if cap(w.refs) > keptRefs && len(w.refs) <= cap(w.refs)/4 {
		w.refs = append(make([]ref, 0, max(8, len(w.refs))), w.refs...)
	}
}

// push remembers a segment. With copied set its bytes are moved at once.
func (ws *windows) push(w *window, off uint64, b []byte, copied bool) {
	for w.head < len(w.refs) && (len(w.refs)-w.head >= windowRefs || w.bytes+len(b) > windowBytes) {
		ws.pop(w)
	}
	if w.head > 0 && len(w.refs) == cap(w.refs) {
		n := copy(w.refs, w.refs[w.head:])
		w.refs, w.head = w.refs[:n], 0
	}
	if copied {
		ws.own(w, off, b)
		return
	}
	w.refs = append(w.refs, ref{})
	r := &w.refs[len(w.refs)-1]
	r.off, r.data = off, b
	w.bytes += len(b)
	if w.pos < 0 {
		w.pos = len(ws.live)
		ws.live = append(ws.live, w)
	}
}

// own appends a segment as pages. What no page is left for cannot be compared later.
func (ws *windows) own(w *window, off uint64, b []byte) {
	for len(b) > 0 {
		p := ws.pool.get()
		if p == nil {
			return
		}
		n := copy(p.buf, b)
		w.refs = append(w.refs, ref{off, p.buf[:n], p})
		w.bytes += n
		off, b = off+uint64(n), b[n:] //nolint:gosec // n is at most pageSize
	}
}

// pop forgets the oldest segment.
func (ws *windows) pop(w *window) {
	r := &w.refs[w.head]
	w.bytes -= len(r.data)
	if r.page != nil {
		ws.pool.put(r.page)
	}
	if w.head++; w.head == len(w.refs) {
		w.refs, w.head = w.refs[:0], 0
	}
}

// acked forgets what lies below off.
func (ws *windows) acked(w *window, off uint64) {
	for w.head < len(w.refs) && w.refs[w.head].off+uint64(len(w.refs[w.head].data)) <= off {
		ws.pop(w)
	}
}

// detach moves every segment out of the capture buffer, which is about to be overwritten, and takes back
// the windows that are empty.
func (ws *windows) detach() {
	for i, w := range ws.live {
		ws.live[i], w.pos = nil, -1
		if w.head == len(w.refs) {
			ws.put(w)
			continue
		}
		ws.tmp = append(ws.tmp[:0], w.refs[w.head:]...)
		w.refs, w.head, w.bytes = w.refs[:0], 0, 0
		for _, r := range ws.tmp {
			if r.page == nil {
				ws.own(w, r.off, r.data)
				continue
			}
			w.refs = append(w.refs, r)
			w.bytes += len(r.data)
		}
		w.trim()
	}
	ws.live = ws.live[:0]
	clear(ws.tmp)
}

// compare holds b, which begins at off, against what is remembered. It returns how many bytes could be
// compared and whether they were equal.
func (w *window) compare(off uint64, b []byte) (int, bool) {
	end, n := off+uint64(len(b)), 0
	for _, r := range w.refs[w.head:] {
		lo, hi := max(off, r.off), min(end, r.off+uint64(len(r.data)))
		if lo >= hi {
			continue
		}
		n += int(hi - lo) //nolint:gosec // at most len(b)
		if !bytes.Equal(b[lo-off:hi-off], r.data[lo-r.off:hi-r.off]) {
			return n, false
		}
	}
	return n, true
}
