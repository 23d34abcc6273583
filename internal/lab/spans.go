package lab

import "slices"

// span is a range of stream offsets, the end not included.
type span struct{ from, to int64 }

// spans is a set of stream offsets, kept as sorted ranges that do not touch.
type spans []span

// add puts a range into the set. Streams mostly grow at the end, so that is tried first.
func (s *spans) add(from, to int64) {
	if from >= to {
		return
	}
	list := *s
	if n := len(list); n == 0 || list[n-1].to < from {
		*s = append(list, span{from, to})
		return
	} else if list[n-1].from <= from {
		list[n-1].to = max(list[n-1].to, to)
		return
	}
	lo, _ := slices.BinarySearchFunc(list, from, func(e span, at int64) int { return int(min(1, max(-1, e.to-at))) })
	hi := lo
	for hi < len(list) && list[hi].from <= to {
		from, to = min(from, list[hi].from), max(to, list[hi].to)
		hi++
	}
	*s = slices.Replace(list, lo, hi, span{from, to})
}

// missing returns how many offsets of a range are not in the set.
func (s spans) missing(from, to int64) int64 {
	left := max(0, to-from)
	lo, _ := slices.BinarySearchFunc(s, from, func(e span, at int64) int { return int(min(1, max(-1, e.to-at))) })
	for _, e := range s[lo:] {
		if e.from >= to {
			break
		}
		left -= max(0, min(e.to, to)-max(e.from, from))
	}
	return left
}

// touches reports whether any offset of a range is in the set.
func (s spans) touches(from, to int64) bool { return s.missing(from, to) < to-from }
