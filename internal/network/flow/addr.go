package flow

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"net/netip"
)

// Addr is an IP address as two numbers; IPv4 is written as IPv6 writes it (RFC 4291 section 2.5.5.2).
type Addr struct{ Hi, Lo uint64 }

const v4Prefix = 0xffff << 32

func addr4(b []byte) Addr {
	return Addr{0, v4Prefix | uint64(binary.BigEndian.Uint32(b))}
}

func addr16(b []byte) Addr {
	return Addr{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}
}

// AddrOf returns the packed form of an address.
func AddrOf(a netip.Addr) Addr {
	b := a.As16()
	return addr16(b[:])
}

// IP returns the address; one that was IPv4 is IPv4 again.
func (a Addr) IP() netip.Addr {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], a.Hi)
	binary.BigEndian.PutUint64(b[8:], a.Lo)
	return netip.AddrFrom16(b).Unmap()
}

// Compare orders addresses as netip does: those of IPv4 first.
func (a Addr) Compare(b Addr) int {
	if a4, b4 := a.is4(), b.is4(); a4 != b4 {
		if a4 {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(a.Hi, b.Hi), cmp.Compare(a.Lo, b.Lo))
}

func (a Addr) is4() bool { return a.Hi == 0 && a.Lo>>32 == v4Prefix>>32 }

// Spread mixes an address into the lower bits of a number, for tables in which neighbours shall not meet.
func (a Addr) Spread() uint64 { return (a.Hi ^ a.Lo) * 0x9e3779b97f4a7c15 >> 40 }

// key names a connection. Side 0 is the smaller of the two ends, so both directions have one key.
type key struct {
	a, b  Addr
	ports uint32 // a's in the upper half
	realm uint32 // address realm: the same addresses in another realm are other devices
}

// of makes k the key of a segment's connection and returns which side sent. It moves number by number what was
// just written so: a processor that copies two of them at once waits until they have reached its cache.
func (k *key) of(s *Segment, realm uint32) (side int) {
	srcHi, srcLo, dstHi, dstLo := s.Src.Hi, s.Src.Lo, s.Dst.Hi, s.Dst.Lo
	src, dst := uint32(s.SrcPort), uint32(s.DstPort)
	if dstHi < srcHi || dstHi == srcHi && (dstLo < srcLo || dstLo == srcLo && dst < src) {
		srcHi, srcLo, dstHi, dstLo, src, dst, side = dstHi, dstLo, srcHi, srcLo, dst, src, 1
	}
	k.a.Hi, k.a.Lo, k.b.Hi, k.b.Lo, k.ports, k.realm = srcHi, srcLo, dstHi, dstLo, src<<16|dst, realm
	return side
}

// hash mixes the key with a seed that the sender of packets does not know.
func (k *key) hash(seed uint64) uint64 {
	hi, lo := bits.Mul64(k.a.Lo^seed, k.b.Lo^0x9e3779b97f4a7c15)
	x := hi ^ lo ^ k.a.Hi ^ bits.RotateLeft64(k.b.Hi, 29)
	hi, lo = bits.Mul64(x^(uint64(k.ports)|uint64(k.realm)<<32), 0xd6e8feb86659fd93^seed)
	return hi ^ lo
}

// equal compares field by field, which is faster than the general comparison of structs.
func (k *key) equal(o *key) bool {
	return k.a.Lo == o.a.Lo && k.b.Lo == o.b.Lo && k.ports == o.ports && k.a.Hi == o.a.Hi && k.b.Hi == o.b.Hi && k.realm == o.realm
}

// slotHash folds a hash to what a slot holds.
func slotHash(x uint64) uint32 { return uint32(x) ^ uint32(x>>32) } //nolint:gosec // folding, not converting
