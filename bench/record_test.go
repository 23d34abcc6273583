package bench_test

import (
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/cordon-trust/cordon/internal/lab"
)

// updates is how many files of the capture become rows: many, for a day of one sensor.
const updates = 30_000

// writeUpdates writes a capture in which every object looks like firmware, so that each becomes a row: the
// most that recording can cost.
func writeUpdates(w io.Writer, seed uint64) (lab.Record, error) {
	return lab.Write(w, lab.Plan{Seed: seed, Lanes: 8, Conversations: fetches(seed)})
}

func fetches(seed uint64) iter.Seq[lab.Conversation] {
	const each, devices, size = 4, 1000, 2000
	return func(yield func(lab.Conversation) bool) {
		for i := range updates / each {
			c := lab.Conversation{
				Device: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i % devices >> 8), byte(i % devices)}), uint16(10000+i%50000)),
				Server: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 2, 0, byte(1 + i%16)}), 80),
				Host:   fmt.Sprintf("s%d.ward.example", i%16),
			}
			for k := range each {
				c.Fetch = append(c.Fetch, lab.Object{
					Path: fmt.Sprintf("/fw/%d-%d.bin", i, k), Body: lab.FirmwareBody(seed+uint64(i*each+k), size),
				})
			}
			if !yield(c) {
				return
			}
		}
	}
}

// copyHome copies a home; its files stay readable by their owner only, for keys that others can read are
// refused.
func copyHome(to, from string) error {
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return err
	}
	return filepath.WalkDir(to, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chmod(path, 0o600)
	})
}

// BenchmarkRecording prints what recording costs where every object becomes a row, 30,000 of them: the share
// of the watch has no goal here, the memory has.
func BenchmarkRecording(b *testing.B) {
	p := newPrograms(b)
	p.peer = ""
	path, _ := makeCapture(b, capture{name: "updates", write: writeUpdates})
	ours, _ := p.compare(b, path)
	b.ReportMetric(0, "ns/op")
	b.Logf("watch: median of %d runs %.3f s CPU, peak %.1f MiB", len(ours), median(ours).Seconds(), float64(peak(ours))/(1<<20))
	p.recording(b, path, ours)
}
