package network

import (
	"bytes"
	"testing"
)

// The numbers to beat, per second of CPU on the reference machine: 980 MB/s in bulk, which is the floor of
// SHA-256, and 1,081 MB/s in the mix (a prototype that checks less). The reference reader with gopacket,
// tcpassembly and net/http reaches 488 and 167 MB/s.

func BenchmarkBulk(b *testing.B) { bench(b, bulk(b, 32<<20)) }

func BenchmarkMix(b *testing.B) { bench(b, mix(b, 2000)) }

func bench(b *testing.B, capture []byte) {
	b.SetBytes(int64(len(capture)))
	b.ReportAllocs()
	for b.Loop() {
		var sink count
		if _, err := Watch(b.Context(), bytes.NewReader(capture), "bench", Options{AllObjects: true}, &sink); err != nil {
			b.Fatal(err)
		}
		if sink.whole == 0 || sink.whole != sink.all {
			b.Fatalf("%d of %d objects are complete", sink.whole, sink.all)
		}
	}
}
