package graph

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/cordon-trust/cordon/internal/model"
)

// names maps ids to subjects and back. Ids follow the order of the printed subjects, which is that of
// kind and then value, so the names of a block share long beginnings: each is kept as the length it
// shares with the one before, and the rest. A million subjects then take some 10 bytes each, and no map.
type names struct {
	n     int
	blob  []byte
	heads []uint32 // where each block of blockLen names begins in blob
	kinds []span
}

// span says which ids are of one kind: lo up to, not including, hi.
type span struct {
	kind   model.Kind
	lo, hi uint32
}

const blockLen = 16

// add appends the next name in order.
func (ns *names) add(prev, s string) error {
	shared := 0
	if ns.n%blockLen == 0 {
		if len(ns.blob) > math.MaxUint32 {
			return fmt.Errorf("the names of the graph take more than %d bytes", math.MaxUint32)
		}
		ns.heads = append(ns.heads, uint32(len(ns.blob))) //nolint:gosec // checked above
	} else {
		for shared < len(prev) && shared < len(s) && prev[shared] == s[shared] {
			shared++
		}
	}
	ns.blob = binary.AppendUvarint(ns.blob, uint64(shared))
	ns.blob = binary.AppendUvarint(ns.blob, uint64(len(s)-shared)) //nolint:gosec // a length
	ns.blob = append(ns.blob, s[shared:]...)
	ns.n++
	return nil
}

// next decodes the name at p into buf, which holds the name before it, and returns the offset behind it.
func (ns *names) next(p int, buf []byte) (int, []byte) {
	shared, k := binary.Uvarint(ns.blob[p:])
	p += k
	rest, k := binary.Uvarint(ns.blob[p:])
	p += k
	end := p + int(rest) //nolint:gosec // written by add
	return end, append(buf[:shared], ns.blob[p:end]...)
}

// subject returns the subject with this id.
func (ns *names) subject(id uint32) model.Subject {
	var store [256]byte
	buf := store[:0]
	p := int(ns.heads[id/blockLen])
	for range id%blockLen + 1 {
		p, buf = ns.next(p, buf)
	}
	var s model.Subject
	// Every name was printed by a Subject, so it parses; a zero subject would show if one did not.
	_ = s.UnmarshalText(buf)
	return s
}

// find returns the id of the subject that is printed text.
func (ns *names) find(text string) (uint32, bool) {
	var store [256]byte
	buf := store[:0]
	lo, hi := 0, len(ns.heads) // the first block whose head is larger than text lies in lo..hi
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		_, buf = ns.next(int(ns.heads[mid]), buf[:0])
		if string(buf) > text {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	if lo == 0 {
		return 0, false
	}
	first := (lo - 1) * blockLen
	p := int(ns.heads[lo-1])
	buf = buf[:0]
	for id := first; id < min(first+blockLen, ns.n); id++ {
		p, buf = ns.next(p, buf)
		if string(buf) == text {
			return uint32(id), true //nolint:gosec // ids fit 30 bits, checked by New
		}
	}
	return 0, false
}

// kindIndex returns the place in kinds of a node's kind, without decoding its name.
func (ns *names) kindIndex(id uint32) int {
	k := 0
	for id >= ns.kinds[k].hi { // there are fewer than twenty
		k++
	}
	return k
}

func (ns *names) bytes() int64 { return int64(cap(ns.blob)) + 4*int64(cap(ns.heads)) }
