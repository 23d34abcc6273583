package network

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Whatever crosses, is lost, comes twice or is given up for lack of room: every record is counted, and there are
// as many rows as the summary says.
func TestAnyCounts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 4))
		var parts [][]frame
		for range 2 + r.IntN(8) {
			w := newWire()
			c := w.conv(fmt.Sprintf("10.0.0.%d:%d", 10+r.IntN(2), 40000+r.IntN(2)), "10.0.0.200:80") // ports are used again
			c.seq = [2]uint32{r.Uint32(), r.Uint32()}
			c.open()
			for range r.IntN(3) {
				c.send(0, get("/a.bin"))
				c.send(1, ok(firmware(r.Uint64(), 16+r.IntN(6000)), ""))
			}
			if r.IntN(3) > 0 {
				c.close()
			}
			parts = append(parts, slices.DeleteFunc(w.frames, func(frame) bool { return r.IntN(20) == 0 }))
		}
		capture := interleave(parts, 1+r.IntN(3))
		frames := 0
		for _, p := range parts {
			frames += len(p)
		}
		var l rows
		s, err := Watch(context.Background(), bytes.NewReader(capture), "x", Options{AllObjects: true, Sessions: true, Connections: 1 + r.IntN(4)}, &l)
		if err != nil {
			t.Fatal(err)
		}
		if s.Packets != int64(frames) || s.Copies < 0 || s.Copies > s.Packets || s.Losses.GapsAcked > s.Losses.Gaps {
			t.Fatalf("%d frames, %+v", frames, s)
		}
		if s.Sessions != int64(len(l.sessions)) || s.Transfers != int64(len(l.got)) || s.Objects != s.Transfers {
			t.Fatalf("%d sessions, %d transfers, %+v", len(l.sessions), len(l.got), s)
		}
		for _, x := range l.sessions {
			if x.Last.Before(x.First) || x.Sent[0] < 0 || x.Sent[1] < 0 || x.Missing[0] < 0 || x.Missing[1] < 0 {
				t.Fatalf("%+v", x)
			}
		}
	})
}
