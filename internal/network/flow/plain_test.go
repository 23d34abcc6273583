package flow

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket/layers"

	"github.com/cordon-trust/cordon/internal/network/capture"
)

// samePlain opens a frame by both ways.
func samePlain(t *testing.T, b []byte, wire int) (short bool) {
	t.Helper()
	p := capture.Packet{Time: 7, Data: b, Wire: max(wire, len(b)), Link: capture.LinkEthernet}
	var quick, long Counts
	q, l := Decoder{Counts: &quick}, Decoder{Counts: &long}
	short = q.plain(&p)
	layer := l.frame(&p)
	if !short {
		if d := cmp.Diff(Segment{}, q.Seg); d != "" || quick != (Counts{}) {
			t.Fatalf("%x: it was left to the long way, and yet: %s", b, d)
		}
		return false
	}
	if d := cmp.Diff(l.Seg, q.Seg); d != "" || layer != TCP || quick != long {
		t.Fatalf("%x: layer %d, %+v; -long +short: %s", b, layer, long, d)
	}
	return true
}

func TestPlainFramesAreOpenedAlike(t *testing.T) {
	t.Parallel()
	good := frame(t, &layers.IPv4{Id: 9}, &layers.TCP{SrcPort: 80, DstPort: 4711, Seq: 5, Ack: 6, ACK: true, Window: 9}, nil, []byte("some bytes"))
	if !samePlain(t, good, 0) {
		t.Error("a plain frame took the long way")
	}
	offload := append([]byte{}, good...)
	offload[24], offload[25] = 0, 0
	if !samePlain(t, append(offload, "trailer"...), 0) || !samePlain(t, append(good[:len(good):len(good)], 0, 0), 2000) {
		t.Error("a frame with padding, or cut in it, took the long way")
	}
	if samePlain(t, good[:len(good)-1], len(good)) {
		t.Error("a cut segment took the short way")
	}
	r, short := rand.New(rand.NewPCG(3, 3)), 0
	for range 50_000 {
		b := append([]byte{}, good...)
		for range r.IntN(3) {
			b[12+r.IntN(len(b)-12)] ^= byte(1 << r.IntN(8))
		}
		if r.IntN(2) == 0 { // what changed in the header is sound
			b[24], b[25] = 0, 0
			binary.BigEndian.PutUint16(b[24:], ^fold(onesSum(b[14:34])))
		}
		if samePlain(t, b[:len(b)-r.IntN(2)*r.IntN(len(b))], len(good)) {
			short++
		}
	}
	if short < 10_000 {
		t.Errorf("only %d frames took the short way", short)
	}
}
