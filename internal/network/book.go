package network

// evictLook is how many entries of a full book are looked at to find the one to give up.
const evictLook = 64

// book remembers at most a number of entries. When it is full, the least worthy of the next few is given up:
// one that nothing rests on, and of these the one that was quiet for longest. What is given up depends only
// on what was added, in its order. It is used by one goroutine.
type book[K comparable, V any] struct {
	by      map[K]int32
	entries []entry[K, V]
	hand    int
	limit   int
	worth   func(*V) (needed bool, last int64)
	gone    func(*V) // told of what is given up; may be nil
	evicted int64
}

type entry[K comparable, V any] struct {
	key K
	val *V
}

func newBook[K comparable, V any](limit int, worth func(*V) (bool, int64), gone func(*V)) book[K, V] {
	return book[K, V]{by: make(map[K]int32), limit: limit, worth: worth, gone: gone}
}

// get returns an entry, or nil.
func (b *book[K, V]) get(k K) *V {
	if i, ok := b.by[k]; ok {
		return b.entries[i].val
	}
	return nil
}

// make returns an entry and whether it is new. It is valid until the next make.
func (b *book[K, V]) make(k K) (*V, bool) {
	if i, ok := b.by[k]; ok {
		return b.entries[i].val, false
	}
	v := new(V)
	if len(b.entries) < b.limit {
		b.by[k] = int32(len(b.entries)) //nolint:gosec // far below 2^31
		b.entries = append(b.entries, entry[K, V]{k, v})
		return v, true
	}
	i := b.worst()
	delete(b.by, b.entries[i].key)
	if b.gone != nil {
		b.gone(b.entries[i].val)
	}
	b.by[k] = int32(i) //nolint:gosec // far below 2^31
	b.entries[i] = entry[K, V]{k, v}
	b.evicted++
	return v, true
}

func (b *book[K, V]) worst() int {
	worst, needed, last := -1, false, int64(0)
	for range min(evictLook, len(b.entries)) {
		b.hand = (b.hand + 1) % len(b.entries)
		n, l := b.worth(b.entries[b.hand].val)
		if worst < 0 || needed && !n || needed == n && l < last {
			worst, needed, last = b.hand, n, l
		}
	}
	return worst
}

// all lists the entries.
func (b *book[K, V]) all() []*V {
	out := make([]*V, len(b.entries))
	for i, e := range b.entries {
		out[i] = e.val
	}
	return out
}
