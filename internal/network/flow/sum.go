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

// onesSum is the ones' complement sum of b as RFC 1071 defines it, taken eight bytes at a time. It is
// the largest cost per byte after the hash: about 20 GB/s against 1.4 GB/s of SHA-256.
func onesSum(b []byte) uint32 {
	var s, c uint64
	for len(b) >= 64 {
		s, c = bits.Add64(s, binary.LittleEndian.Uint64(b), 0)
		s, c = bits.Add64(s, binary.LittleEndian.Uint64(b[8:]), c)
		s, c = bits.Add64(s, binary.LittleEndian.Uint64(b[16:]), c)
		s, c = bits.Add64(s, binary.LittleEndian.Uint64(b[24:]), c)
		s, c = bits.Add64(s, binary.LittleEndian.Uint64(b[32:]), c)
		s, c = bits.Add64(s, binary.LittleEndian.Uint64(b[40:]), c)
		s, c = bits.Add64(s, binary.LittleEndian.Uint64(b[48:]), c)
		s, c = bits.Add64(s, binary.LittleEndian.Uint64(b[56:]), c)
		s += c
		b = b[64:]
	}
	for len(b) >= 8 {
		s, c = bits.Add64(s, binary.LittleEndian.Uint64(b), 0)
		s += c
		b = b[8:]
	}
	if len(b) > 0 {
		var last [8]byte
		copy(last[:], b)
		s, c = bits.Add64(s, binary.LittleEndian.Uint64(last[:]), 0)
		s += c
	}
	s = s>>32 + s&0xffffffff
	s = s>>32 + s&0xffffffff
	return uint32(bits.ReverseBytes16(fold(uint32(s))))
}

func fold(s uint32) uint16 {
	s = s>>16 + s&0xffff
	s = s>>16 + s&0xffff
	return uint16(s) //nolint:gosec // 16 bits are left
}

// pseudoSum is the sum of the pseudo-header (RFC 9293 section 3.1) without the length.
func pseudoSum(addrs []byte, proto uint32) uint32 { return onesSum(addrs) + proto }

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
		t.senders.add(g.Src, t.realm)
		return true, false
	case SumOffload:
		t.Counts.Offload++
	case SumWrong:
		if t.senders.has(g.Src, t.realm) {
			t.Counts.WrongDrop++
			return false, true
		}
		t.Counts.WrongUsed++
	case SumUnknown: // cut, and counted as such by the decoder
	}
	return true, true
}
