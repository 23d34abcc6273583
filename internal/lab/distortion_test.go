package lab_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/cordon-trust/cordon/internal/lab"
	"github.com/cordon-trust/cordon/internal/lab/frame"
	"github.com/cordon-trust/cordon/internal/model"
)

// Under every distortion the truth says exactly what an assembler that shares nothing with lab finds in
// the frames: the same missing bytes, the same bodies, the same conflicts.
func TestDistortions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		d        lab.Distortion
		complete bool
		check    func(*testing.T, []sight, lab.Truth)
	}{
		"reorder":      {lab.Distortion{Reorder: 0.2}, true, outOfOrder},
		"duplicate":    {lab.Distortion{Duplicate: 0.2}, true, repeated},
		"overlap":      {lab.Distortion{Overlap: 0.2}, true, repeated},
		"conflict":     {lab.Distortion{Conflict: 0.05}, true, repeated},
		"late overlap": {lab.Distortion{Reorder: 0.2, Overlap: 0.3}, true, repeated},
		"lose":         {lab.Distortion{Lose: 0.02}, false, nil},
		"no handshake": {lab.Distortion{NoHandshake: true}, true, midstream},
		"to device":    {lab.Distortion{Only: lab.ToDevice}, true, nil},
		"from device":  {lab.Distortion{Only: lab.FromDevice}, false, nil},
		"twice":        {lab.Distortion{Twice: true}, true, routed},
		"tags": {lab.Distortion{Tags: [2]frame.Tags{{Inner: 30}, {Outer: 7, Inner: 31}}}, true, func(t *testing.T, all []sight, truth lab.Truth) {
			for _, s := range all {
				want := []uint16{30}
				if s.from == truth.Server {
					want = []uint16{7, 31}
				}
				if !slices.Equal(s.vlan, want) {
					t.Fatalf("tags %v of a frame from %v", s.vlan, s.from)
				}
			}
		}},
		"snap": {lab.Distortion{Snap: 1000}, false, nil},
		"damage": {lab.Distortion{Damage: 0.2}, true, func(t *testing.T, all []sight, _ lab.Truth) {
			if !slices.ContainsFunc(all, func(s sight) bool { return s.wrong }) {
				t.Error("no checksum is wrong")
			}
		}},
		"merged":  {lab.Distortion{Segment: 20_000}, true, merged},
		"wrap":    {lab.Distortion{Wrap: true}, true, wraps},
		"offload": {lab.Distortion{Sum: frame.SumPseudo}, true, nil},
		"many":    {lab.Distortion{Reorder: 0.1, Duplicate: 0.1, Overlap: 0.1, Conflict: 0.05, Lose: 0.02, Wrap: true, Twice: true}, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(4) {
				capture, truth := download(t, lab.Download{Seed: seed, Distortion: c.d})
				all, _ := sights(t, capture, c.d.Sum != frame.SumRight || c.d.Snap != 0 || c.d.Damage != 0)
				compare(t, received(all, c.d), truth)
				if truth.Complete != c.complete || truth.Ambiguous != (c.d.Conflict > 0) {
					t.Errorf("seed %d: complete %v, ambiguous %v", seed, truth.Complete, truth.Ambiguous)
				}
				if c.check != nil {
					c.check(t, all, truth)
				}
			}
		})
	}
}

// received leaves out what a receiver drops for its checksum.
func received(all []sight, d lab.Distortion) []sight {
	if d.Damage == 0 {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(s sight) bool { return s.wrong })
}

// compare holds the truth of a download against what its frames hold.
func compare(t *testing.T, all []sight, truth lab.Truth) {
	t.Helper()
	flows := assemble(all)
	answer := flows[[2]netip.AddrPort{truth.Server, truth.Device}]
	if answer == nil {
		answer = &stream{}
	}
	total := headerSize(t) + int(truth.Length)
	if gone := answer.missing(total, int(truth.Length)); int64(gone) != truth.Missing {
		t.Errorf("%d bytes of the body are in no frame, the truth says %d", gone, truth.Missing)
	}
	if (answer.missing(total, total) == 0) != truth.Complete {
		t.Errorf("%d bytes of the answer are in no frame, the truth says complete %v", answer.missing(total, total), truth.Complete)
	}
	if request := flows[[2]netip.AddrPort{truth.Device, truth.Server}]; (request != nil && request.missing(requestSize, requestSize) == 0) != truth.Requested {
		t.Errorf("the truth says requested %v", truth.Requested)
	}
	if (answer.differ > 0) != truth.Ambiguous {
		t.Errorf("%d bytes came again with other content, the truth says ambiguous %v", answer.differ, truth.Ambiguous)
	}
	if truth.Complete && !truth.Ambiguous {
		if got := body(t, answer.data); model.DigestOf(got) != truth.Digest {
			t.Errorf("assembled %s of %d bytes, the truth says %s", model.DigestOf(got), len(got), truth.Digest)
		}
	}
}

const requestSize = 92

// headerSize measures the header of an answer in a capture that nothing distorts.
func headerSize(t *testing.T) int {
	t.Helper()
	capture, truth := download(t, lab.Download{})
	all, _ := sights(t, capture, false)
	return len(assemble(all)[[2]netip.AddrPort{truth.Server, truth.Device}].data) - int(truth.Length)
}

func outOfOrder(t *testing.T, all []sight, truth lab.Truth) {
	late, next := 0, uint32(0)
	for _, s := range all {
		if s.from != truth.Server || len(s.tcp.Payload) == 0 {
			continue
		}
		if next != 0 && s.tcp.Seq != next {
			late++
		}
		next = s.tcp.Seq + uint32(len(s.tcp.Payload))
	}
	if late < 10 {
		t.Errorf("%d segments out of order", late)
	}
}

func repeated(t *testing.T, all []sight, truth lab.Truth) {
	again, end := 0, uint32(0)
	for _, s := range all {
		if s.from != truth.Server || len(s.tcp.Payload) == 0 {
			continue
		}
		if end != 0 && int32(s.tcp.Seq-end) < 0 {
			again++
		}
		end = s.tcp.Seq + uint32(len(s.tcp.Payload))
	}
	if again < 2 {
		t.Errorf("%d segments repeat bytes", again)
	}
}

func midstream(t *testing.T, all []sight, _ lab.Truth) {
	if all[0].tcp.SYN || len(all[0].tcp.Payload) != requestSize {
		t.Errorf("the capture begins with SYN %v and %d bytes", all[0].tcp.SYN, len(all[0].tcp.Payload))
	}
}

func routed(t *testing.T, all []sight, _ lab.Truth) {
	for i := 0; i < len(all); i += 2 {
		a, b := all[i], all[i+1]
		if a.ttl != 64 || b.ttl != 63 || a.tcp.Seq != b.tcp.Seq || a.from != b.from || len(a.tcp.Payload) != len(b.tcp.Payload) {
			t.Fatalf("frame %d is not seen again behind the router", i)
		}
	}
}

func merged(t *testing.T, all []sight, _ lab.Truth) {
	if !slices.ContainsFunc(all, func(s sight) bool { return len(s.tcp.Payload) == 20_000 }) {
		t.Error("no merged segment")
	}
}

func wraps(t *testing.T, all []sight, truth lab.Truth) {
	for _, from := range []netip.AddrPort{truth.Device, truth.Server} {
		high, low := false, false
		for _, s := range all {
			if s.from == from {
				high, low = high || s.tcp.Seq > 1<<31, low || s.tcp.Seq < 1<<20
			}
		}
		if !high || !low {
			t.Errorf("sequence numbers of %v do not wrap", from)
		}
	}
}
