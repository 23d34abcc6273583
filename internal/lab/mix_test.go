package lab

import (
	"bytes"
	"crypto/tls"
	"io"
	"runtime"
	"slices"
	"testing"

	"github.com/cordon-trust/cordon/internal/lab/frame"
)

// The plan of the bulk capture, without carrying it out.
func TestBulkPlan(t *testing.T) {
	t.Parallel()
	var total int64
	count := map[int64]int{}
	for c := range bulk(1) {
		total += c.Fetch[0].Body.Size()
		count[c.Fetch[0].Body.Size()]++
	}
	if total < 270e6 || total > 285e6 || len(count) != 5 || count[16<<20] != 9 {
		t.Errorf("%d bytes of bodies, %v", total, count)
	}
}

func TestMixPlan(t *testing.T) {
	t.Parallel()
	versions, objects, size := map[uint16]int{}, 0, int64(0)
	for range 2 { // a plan can be read twice
		versions, objects, size = map[uint16]int{}, 0, 0
		for c := range mix(1, mixPlain, mixTLS) {
			versions[c.TLS]++
			if n := len(c.Fetch); n < 1 || n > 4 {
				t.Fatalf("%d objects on one connection", n)
			}
			if c.TLS != 0 {
				continue
			}
			objects += len(c.Fetch)
			for _, o := range c.Fetch {
				size += o.Body.Size()
			}
		}
	}
	if versions[0] != 7200 || versions[tls.VersionTLS12] != 2400 || versions[tls.VersionTLS13] != 2400 {
		t.Errorf("connections by version: %v", versions)
	}
	if objects < 17_500 || objects > 18_500 || size < 72e6 || size > 78e6 {
		t.Errorf("%d objects with %d bytes", objects, size)
	}
}

// pass is a writer that watches the heap.
type pass struct{ most uint64 }

func (p *pass) Write(b []byte) (int, error) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	p.most = max(p.most, m.HeapAlloc)
	return len(b), nil
}

// A capture of 48 MiB is made in a fraction of that memory. Not parallel: it watches the heap of the process.
func TestMemoryStaysBounded(t *testing.T) {
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	var conversations []Conversation
	for c := range bulk(1) {
		if len(conversations) < 3 {
			c.Fetch[0].Body = FirmwareBody(1, 16<<20)
			conversations = append(conversations, c)
		}
	}
	var to pass
	r, err := Write(&to, Plan{Lanes: 3, Conversations: slices.Values(conversations)})
	if err != nil {
		t.Fatal(err)
	}
	if grown := int64(to.most) - int64(before.HeapAlloc); grown > 16<<20 || r.Bytes < 48<<20 {
		t.Errorf("%d bytes of frames took %d bytes of heap", r.Bytes, grown)
	}
}

// Plain conversations come out the same whatever else runs beside them, and from every seed.
func TestInterleavedIsRepeatable(t *testing.T) {
	t.Parallel()
	var one, two bytes.Buffer
	for _, out := range []*bytes.Buffer{&one, &two} {
		r, err := Write(out, Plan{Seed: 5, Lanes: 8, Format: frame.PcapNano, Conversations: mix(5, 60, 0)})
		if err != nil || r.Connections != 60 {
			t.Fatal(r.Connections, err)
		}
	}
	if !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("two captures of one seed differ")
	}
}

// TLS differs in its bytes from run to run, not in who speaks when.
func TestTLSKeepsItsStructure(t *testing.T) {
	t.Parallel()
	var first Record
	for i := range 3 {
		r, err := Write(io.Discard, Plan{Seed: 5, Lanes: 8, Conversations: mix(5, 0, 30)})
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = r
		}
		// ECDSA signatures vary by two bytes or three, so a segment more or less is possible.
		if d := r.Frames - first.Frames; d < -3 || d > 3 || len(r.Sessions) != 30 || len(r.Objects) != 0 {
			t.Errorf("%d frames, then %d; %d sessions, %d objects", first.Frames, r.Frames, len(r.Sessions), len(r.Objects))
		}
	}
}
