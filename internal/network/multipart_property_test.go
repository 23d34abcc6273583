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

// drawForm makes a connection on which forms of random files are sent up, segmented at random.
func drawForm(t *rapid.T) *scene {
	s := &scene{w: newWire(), truth: map[model.Digest]bool{}}
	c := s.w.conv("10.0.0.10:40001", "10.0.0.200:80").open()
	for range rapid.IntRange(1, 3).Draw(t, "forms") {
		var parts []formPart
		for range rapid.IntRange(1, 4).Draw(t, "files") {
			seed := rapid.Uint64Range(0, 60_000).Draw(t, "seed")<<8 | uint64(len(s.bodies)) // no two files are the same
			body := firmware(seed, rapid.IntRange(16, 9000).Draw(t, "size"))
			s.bodies = append(s.bodies, body)
			s.truth[model.DigestOf(body)] = true
			parts = append(parts, formPart{fmt.Sprintf(`name="f"; filename="%d.bin"`, len(s.bodies)-1), "", body})
			if rapid.Bool().Draw(t, "a field") {
				parts = append(parts, formPart{`name="patient"`, "", []byte("DOE^JANE")})
			}
		}
		whole := form("b", parts...)
		s.truth[model.DigestOf(whole)] = true
		if rapid.Bool().Draw(t, "compressed") {
			packed := gzipped(whole)
			s.truth[model.DigestOf(packed)] = true
			s.cut(t, c, 0, post(packed, formB+"Content-Encoding: gzip\r\n"))
		} else {
			s.cut(t, c, 0, post(whole, formB))
		}
		s.cut(t, c, 1, ok(nil, ""))
	}
	c.close()
	return s
}

// Any segmentation, reordering and duplication of forms gives the same files, and nothing else.
func TestAnySegmentationOfForms(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawForm(t)
		s.disturb(t)
		var l list
		if _, err := Watch(context.Background(), bytes.NewReader(s.w.pcap()), "x", Options{AllObjects: true}, &l); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(s.digests(), digests(l.got)); d != "" || len(l.got) != len(s.bodies) {
			t.Fatalf("%s\n%+v", d, l.got)
		}
		for i, g := range l.got {
			if g.Ambiguous || g.Unchecked || g.Name != fmt.Sprintf("%d.bin", i) {
				t.Fatalf("%d: %+v", i, g)
			}
		}
	})
}

// Whatever is lost, no file is invented, and none has another's name.
func TestAnyLossOfForms(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawForm(t)
		s.disturb(t)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "loss"), 2))
		of := rapid.SampledFrom([]int{2, 10, 100}).Draw(t, "one of")
		s.w.frames = slices.DeleteFunc(s.w.frames, func(frame) bool { return r.IntN(of) == 0 })
		var l list
		if _, err := Watch(context.Background(), bytes.NewReader(s.w.pcap()), "x", Options{AllObjects: true}, &l); err != nil {
			t.Fatal(err)
		}
		for _, g := range l.got {
			if g.Complete != !g.Digest.IsZero() || g.Complete && !s.truth[g.Digest] {
				t.Fatalf("invented: %+v", g)
			}
			var i int
			if _, err := fmt.Sscanf(g.Name, "%d.bin", &i); g.Complete && err == nil && model.DigestOf(s.bodies[i]) != g.Digest {
				t.Fatalf("file %d has the bytes of another", i)
			}
		}
	})
}
