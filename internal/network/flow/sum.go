package flow

import (
	"encoding/binary"
	"math/bits"
)

// SumState says what the checksum of a segment is worth.
type SumState uint8

// The states, see [Table.Add] for what follows from them.
const (
	SumGood    SumState = iota
	SumOffload          // zero or the bare pseudo-header sum: the sender's hardware had yet to fill it in
	SumWrong            // anything else
	SumUnknown          // the segment was cut, so that it cannot be computed
)

// onesSum is the ones' complement sum of b as RFC 1071 defines it, taken eight bytes at a time in two chains
// of carries, because one alone waits for itself. It is the largest cost per byte after the hash: about
// 34 GB/s on whole segments against 1.4 to 2 GB/s of SHA-256.
func onesSum(b []byte) uint32 {
	var s, c uint64
	whole := b
	if len(b) >= 128 {
		s, b = chains(b)
	}
	for len(b) >= 32 {
		p := (*[32]byte)(b)
		s, c = bits.Add64(s, binary.LittleEndian.Uint64(p[0:8]), 0)
		s, c = bits.Add64(s, binary.LittleEndian.Uint64(p[8:16]), c)
		s, c = bits.Add64(s, binary.LittleEndian.Uint64(p[16:24]), c)
		s, c = bits.Add64(s, binary.LittleEndian.Uint64(p[24:32]), c)
		s += c
		b = b[32:]
	}
	for len(b) >= 8 {
		s, c = bits.Add64(s, binary.LittleEndian.Uint64(b), 0)
		s += c
		b = b[8:]
	}
	if n := len(b); n > 0 {
		var last uint64
		if len(whole) >= 8 { // its last bytes are at hand, with some that were added before
			last = binary.LittleEndian.Uint64(whole[len(whole)-8:]) >> (64 - 8*n)
		} else {
			var few [8]byte
			copy(few[:], b)
			last = binary.LittleEndian.Uint64(few[:])
		}
		s, c = bits.Add64(s, last, 0)
		s += c
	}
	return uint32(bits.ReverseBytes16(fold(halves(s))))
}

// chains sums blocks of 128 bytes and returns what is left over.
func chains(b []byte) (uint64, []byte) {
	var s, t, c uint64
	for len(b) >= 128 {
		p := (*[128]byte)(b)
		s, c = bits.Add64(s, binary.LittleEndian.Uint64(p[0:8]), 0)
		s, c = bits.Add64(s, binary.LittleEndian.Uint64(p[8:16]), c)
		s, c = bits.Add64(s, binary.LittleEndian.Uint64(p[16:24]), c)
		s, c = bits.Add64(s, binary.LittleEndian.Uint64(p[24:32]), c)
		s, c = bits.Add64(s, binary.LittleEndian.Uint64(p[32:40]), c)
		s, c = bits.Add64(s, binary.LittleEndian.Uint64(p[40:48]), c)
		s, c = bits.Add64(s, binary.LittleEndian.Uint64(p[48:56]), c)
		s, c = bits.Add64(s, binary.LittleEndian.Uint64(p[56:64]), c)
		s += c
		t, c = bits.Add64(t, binary.LittleEndian.Uint64(p[64:72]), 0)
		t, c = bits.Add64(t, binary.LittleEndian.Uint64(p[72:80]), c)
		t, c = bits.Add64(t, binary.LittleEndian.Uint64(p[80:88]), c)
		t, c = bits.Add64(t, binary.LittleEndian.Uint64(p[88:96]), c)
		t, c = bits.Add64(t, binary.LittleEndian.Uint64(p[96:104]), c)
		t, c = bits.Add64(t, binary.LittleEndian.Uint64(p[104:112]), c)
		t, c = bits.Add64(t, binary.LittleEndian.Uint64(p[112:120]), c)
		t, c = bits.Add64(t, binary.LittleEndian.Uint64(p[120:128]), c)
		t += c
		b = b[128:]
	}
	s, c = bits.Add64(s, t, 0)
	return s + c, b
}

// halves folds a sum to 32 bits.
func halves(s uint64) uint32 {
	s = s>>32 + s&0xffffffff
	s = s>>32 + s&0xffffffff
	return uint32(s) //nolint:gosec // 32 bits are left
}

// goodHead reports whether the sum over an IPv4 header of 20 bytes is as it should be. The order of the bytes
// does not matter for that.
func goodHead(b []byte) bool {
	p := (*[20]byte)(b)
	s := uint64(binary.LittleEndian.Uint32(p[0:4])) + uint64(binary.LittleEndian.Uint32(p[4:8])) +
		uint64(binary.LittleEndian.Uint32(p[8:12])) + uint64(binary.LittleEndian.Uint32(p[12:16])) +
		uint64(binary.LittleEndian.Uint32(p[16:20]))
	return fold(halves(s)) == 0xffff
}

func fold(s uint32) uint16 {
	s = s>>16 + s&0xffff
	s = s>>16 + s&0xffff
	return uint16(s) //nolint:gosec // 16 bits are left
}

// pseudoSum is the sum of the pseudo-header (RFC 9293 section 3.1) without the length.
func pseudoSum(addrs []byte, proto uint32) uint32 { return onesSum(addrs) + proto }

// pseudoOf is the same of addresses that are numbers already. What an IPv4 address has in front, as IPv6
// writes it, adds nothing to a sum of this kind that is not zero.
func pseudoOf(src, dst Addr, proto uint32) uint32 {
	s, c := bits.Add64(src.Hi, src.Lo, 0)
	s, c = bits.Add64(s, dst.Hi, c)
	s, c = bits.Add64(s, dst.Lo, c)
	return uint32(fold(halves(s+c))) + proto
}

// Where the checksum lies in a header.
const (
	fieldTCP = 16
	fieldUDP = 6
)

// check judges the checksum of a whole TCP segment or UDP datagram.
func check(seg []byte, pseudo uint32, at int) SumState {
	n := uint32(len(seg)) //nolint:gosec // an IP payload
	full := pseudo + n>>16 + n&0xffff
	if field := binary.BigEndian.Uint16(seg[at:]); field == 0 && at == fieldUDP {
		return SumOffload // the sender computes none (RFC 768), or left it to hardware
	} else if fold(onesSum(seg)+full) == 0xffff {
		return SumGood
	} else if field == 0 || field == fold(full) || field == fold(pseudo) {
		// Segmentation offload leaves the length out of the sum, plain checksum offload has it in.
		return SumOffload
	}
	return SumWrong
}

// Sum judges the checksum of a datagram. It is computed when asked for: few datagrams are looked into.
func (g *Datagram) Sum() SumState {
	switch {
	case len(g.Payload) < g.Wire:
		return SumUnknown
	case g.badHead:
		return SumWrong
	}
	return check(g.whole, pseudoSum(g.addrs, protoUDP), fieldUDP)
}

// Believe applies the checksum rule of [Table.Add] to a datagram. It reports whether the datagram is to be
// used, and whether what rests on it is unchecked.
func (t *Table) Believe(g *Datagram) (ok, unchecked bool) {
	switch g.Sum() {
	case SumGood:
		t.senders.add(g.Src)
		return true, false
	case SumOffload:
		t.Counts.Offload++
	case SumWrong:
		if t.senders.has(g.Src) {
			t.Counts.WrongDrop++
			return false, true
		}
		t.Counts.WrongUsed++
	case SumUnknown: // cut, and counted as such by the decoder
	}
	return true, true
}
