package flow

import "testing"

// Windows that were large once give their room back: there are thousands of them.
func TestWindowsTrim(t *testing.T) {
	t.Parallel()
	var ws windows
	ws.pool.limit = 64
	halves := make([]half, 200)
	b := make([]byte, 1)
	for i := range halves {
		w := ws.get(&halves[i])
		for off := range uint64(windowRefs) {
			ws.push(w, off, b, false)
		}
		ws.detach() // most segments find no page
	}
	room := 0
	for i := range halves {
		if w := halves[i].win; w != nil {
			room += cap(w.refs)
		}
	}
	for _, w := range ws.free {
		room += cap(w.refs)
	}
	if room > len(halves)*keptRefs {
		t.Errorf("room for %d segments is kept by %d windows", room, len(halves))
	}
}
