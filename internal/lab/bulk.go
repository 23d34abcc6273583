package lab

import (
	"crypto/tls"
	"fmt"
	"io"
	"iter"
	"net/netip"
)

// bulkSizes are the lengths of the bodies of [WriteBulk], in bytes: 0.3, 1, 4, 8 and 16 MiB.
func bulkSizes() []int { return []int{3 << 20 / 10, 1 << 20, 4 << 20, 8 << 20, 16 << 20} }

const bulkDownloads = 45

// WriteBulk writes a capture of 45 firmware downloads, eight at a time and one to a connection, with
// 276 MB of bodies. It is the benchmark of hashing and reassembly.
func WriteBulk(w io.Writer, seed uint64) (Record, error) {
	return Write(w, Plan{Seed: seed, Lanes: maxLanes, Conversations: bulk(seed)})
}

func bulk(seed uint64) iter.Seq[Conversation] {
	return func(yield func(Conversation) bool) {
		dice, sizes := newDice(seed, "bulk"), bulkSizes()
		for i := range bulkDownloads {
			body := FirmwareBody(dice.Uint64(), sizes[i%len(sizes)])
			c := Conversation{
				Device: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 1, byte(10 + i)}), uint16(40000+i)),
				Server: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 9, byte(1 + i%3)}), 80),
				Host:   "updates.acme.example",
				Fetch:  []Object{{Path: fmt.Sprintf("/fw/pump-%d.bin", i), Body: body}},
			}
			if !yield(c) {
				return
			}
		}
	}
}

// What [WriteMix] holds.
const (
	mixPlain = 7200
	mixTLS   = 4800
	mixFetch = 4    // objects a connection fetches at most
	mixSmall = 200  // bytes of the smallest body
	mixSpan  = 8000 // between the smallest and the largest
)

// WriteMix writes a capture of 12,000 short connections, eight at a time: 7,200 of HTTP, 2,400 of TLS 1.2
// and 2,400 of TLS 1.3, each with one to four requests for bodies of 0.2 to 8.2 kB. It is the benchmark of
// everything that costs per packet, per connection and per message.
func WriteMix(w io.Writer, seed uint64) (Record, error) {
	return Write(w, Plan{Seed: seed, Lanes: maxLanes, Conversations: mix(seed, mixPlain, mixTLS)})
}

// mix yields plain and TLS connections in a shuffled order.
func mix(seed uint64, plain, secure int) iter.Seq[Conversation] {
	return func(yield func(Conversation) bool) {
		plain, secure, dice := plain, secure, newDice(seed, "mix")
		for i := range plain + secure {
			c := Conversation{
				Device: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(dice.IntN(8)), byte(1 + dice.IntN(250))}), uint16(10000+i%50000)),
				Host:   fmt.Sprintf("s%d.ward.example", dice.IntN(16)),
			}
			port, last := uint16(80), byte(1+dice.IntN(16))
			if dice.IntN(plain+secure) < secure {
				secure--
				port, c.TLS = 443, tls.VersionTLS12+uint16(secure%2)
			} else {
				plain--
			}
			c.Server = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 2, 0, last}), port)
			for k := range 1 + dice.IntN(mixFetch) {
				body := NoiseBody(dice.Uint64(), mixSmall+dice.IntN(mixSpan+1))
				c.Fetch = append(c.Fetch, Object{Path: fmt.Sprintf("/o/%d/%d", i, k), Body: body})
			}
			if !yield(c) {
				return
			}
		}
	}
}
