package network

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cordon-trust/cordon/internal/model"
)

// scene is a connection with several requests whose segments are known one by one.
type scene struct {
	w      *wire
	bodies [][]byte
	truth  map[model.Digest]bool
}

func (s *scene) digests() []model.Digest {
	var out []model.Digest
	for _, b := range s.bodies {
		out = append(out, model.DigestOf(b))
	}
	return out
}

// drawScene makes a connection of random requests, segmented at random. With pipelined set, requests do
// not wait for responses.
func drawScene(t *rapid.T) *scene {
	s := &scene{w: newWire(), truth: map[model.Digest]bool{}}
	c := s.w.conv("10.0.0.10:40001", "10.0.0.200:80")
	c.seq = [2]uint32{rapid.Uint32().Draw(t, "client isn"), rapid.Uint32().Draw(t, "server isn")}
	c.open()
	pipelined := rapid.Bool().Draw(t, "pipelined")
	var requests, responses []byte
	for i := range rapid.IntRange(1, 5).Draw(t, "requests") {
		body := firmware(uint64(i)<<8|rapid.Uint64Range(0, 255).Draw(t, "seed"), rapid.IntRange(16, 20_000).Draw(t, "size"))
		s.bodies = append(s.bodies, body)
		s.truth[model.DigestOf(body)] = true
		message := ok(body, "")
		if rapid.Bool().Draw(t, "chunked") {
			message = chunked(t, body)
		}
		if pipelined {
			requests, responses = append(requests, get(fmt.Sprintf("/%d.bin", i))...), append(responses, message...)
			continue
		}
		s.cut(t, c, 0, get(fmt.Sprintf("/%d.bin", i)))
		s.cut(t, c, 1, message)
	}
	if pipelined {
		s.cut(t, c, 0, requests)
		s.cut(t, c, 1, responses)
	}
	if rapid.Bool().Draw(t, "closed") {
		c.close()
	}
	return s
}

// cut sends data in segments of random sizes, some of them tiny.
func (s *scene) cut(t *rapid.T, c *conv, side int, data []byte) {
	largest := rapid.SampledFrom([]int{7, 100, 1448, 9000}).Draw(t, "largest")
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "cuts"), 0))
	small := 0
	for len(data) > 0 {
		n := min(len(data), 1+r.IntN(largest))
		if small++; small > 200 { // a few hundred tiny segments are enough
			n = min(len(data), 1448)
		}
		c.put(side, 0x18, c.seq[side], data[:n])
		c.seq[side] += uint32(n)
		data = data[n:]
		if r.IntN(4) == 0 {
			c.flag(side^1, 0x10)
		}
	}
	c.flag(side^1, 0x10)
}

func chunked(t *rapid.T, body []byte) []byte {
	b := []byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
	for len(body) > 0 {
		n := rapid.IntRange(1, len(body)).Draw(t, "chunk")
		b = append(fmt.Appendf(b, "%x;x=y\r\n", n), body[:n]...)
		b, body = append(b, "\r\n"...), body[n:]
	}
	return append(b, "0\r\nX-Sum: 1\r\n\r\n"...)
}

// disturb reorders frames within a window and doubles some.
func (s *scene) disturb(t *rapid.T) {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "disturbance"), 1))
	span := rapid.IntRange(1, 12).Draw(t, "span")
	place := make(map[int64]int) // no frame moves further than span
	for i, f := range s.w.frames {
		place[f.time] = i
		if i >= 3 { // the handshake stays in front
			place[f.time] += r.IntN(span)
		}
	}
	slices.SortStableFunc(s.w.frames, func(a, b frame) int { return place[a.time] - place[b.time] })
	var out []frame
	for _, f := range s.w.frames {
		out = append(out, f)
		if r.IntN(5) == 0 {
			out = append(out, f)
		}
	}
	s.w.frames = out
	for i := range s.w.frames {
		s.w.frames[i].time = newWire().now + int64(i)*1000
	}
}

// Any segmentation, reordering and duplication of a connection gives the same digests.
func TestAnySegmentation(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t)
		s.disturb(t)
		var l list
		sum, err := Watch(context.Background(), bytes.NewReader(s.w.pcap()), "x", Options{AllObjects: true}, &l)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(s.digests(), digests(l.got)); d != "" {
			t.Fatalf("%s\n%+v\n%+v", d, sum, l.got)
		}
		for i, g := range l.got {
			if g.Ambiguous || g.Unchecked {
				t.Fatalf("%d: %+v", i, g)
			}
			if want := fmt.Sprintf("%d.bin", i); g.Name != want && g.Name != "" {
				t.Fatalf("object %d is called %q", i, g.Name)
			}
		}
	})
}

// Whatever is lost, no digest is invented, and what is complete is in order.
func TestAnyLoss(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t)
		s.disturb(t)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "loss"), 2))
		of := rapid.SampledFrom([]int{2, 10, 100}).Draw(t, "one of")
		s.w.frames = slices.DeleteFunc(s.w.frames, func(frame) bool { return r.IntN(of) == 0 })
		var l list
		if _, err := Watch(context.Background(), bytes.NewReader(s.w.pcap()), "x", Options{AllObjects: true}, &l); err != nil {
			t.Fatal(err)
		}
		for _, g := range l.got {
			if g.Complete != !g.Digest.IsZero() {
				t.Fatalf("a digest without being complete, or the reverse: %+v", g)
			}
			if g.Complete && !s.truth[g.Digest] {
				t.Fatalf("invented: %+v", g)
			}
			if i := slices.Index(s.digests(), g.Digest); g.Complete && g.Name != "" && g.Name != fmt.Sprintf("%d.bin", i) {
				t.Fatalf("object %d is called %q", i, g.Name)
			}
		}
	})
}

// A forged copy that differs, before the receiver acknowledges, either changes nothing or is noticed.
func TestAnyForgery(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "forgery"), 3))
		at := r.IntN(len(s.w.frames))
		f := s.w.frames[at]
		if len(f.data) < 60 || f.data[11] == 0 { // responses with data only
			t.Skip("no data")
		}
		forged := frame{time: f.time, data: slices.Clone(f.data)}
		n := len(forged.data)
		forged.data[n-1-r.IntN(n-54)] ^= 0x20
		resum(forged.data)
		s.w.frames = slices.Insert(s.w.frames, at+r.IntN(2), forged)
		var l list
		if _, err := Watch(context.Background(), bytes.NewReader(s.w.pcap()), "x", Options{AllObjects: true}, &l); err != nil {
			t.Fatal(err)
		}
		for _, g := range l.got {
			if !g.Ambiguous && g.Complete && !s.truth[g.Digest] {
				t.Fatalf("forged and not noticed: %+v", g)
			}
		}
		noticed := slices.ContainsFunc(l.got, func(g model.Transfer) bool { return g.Ambiguous || !g.Complete })
		if !noticed && len(l.got) == len(s.bodies) {
			t.Fatalf("the forgery left no trace: %+v", l.got)
		}
	})
}

// resum makes the TCP checksum of an untagged IPv4 frame right again.
func resum(b []byte) {
	seg := b[34:]
	seg[16], seg[17] = 0, 0
	pseudo := append(slices.Clone(b[26:34]), 0, 6, byte(len(seg)>>8), byte(len(seg)))
	v := ^naiveSum(append(pseudo, seg...))
	seg[16], seg[17] = byte(v>>8), byte(v)
}
