package ftp

import "net/netip"

// maxExpected is how many announced connections are waited for at the same time.
const maxExpected = 8 << 10

// key names a connection that is to come: the end that listens and the host that will connect to it.
type key struct {
	listener netip.AddrPort
	from     netip.Addr
}

// Table is what all control connections of one reader share: the data connections that were announced.
// The zero value is ready to use; it is used by one goroutine.
type Table struct {
	expected map[key]*Transfer
	order    []key // as announced; those that were taken since are skipped
	held     int   // bytes of unfinished lines

	// Evicted counts announcements that were given up for lack of room.
	Evicted int64
}

// Expects reports whether any connection is waited for.
func (t *Table) Expects() bool { return len(t.expected) > 0 }

// Take returns what a connection between two ends was announced for, and which end is the server's; nil
// when it was not announced. Each announcement holds for one connection.
func (t *Table) Take(ends [2]netip.AddrPort) (*Transfer, int) {
	for listener := range ends {
		x := t.expected[key{ends[listener], ends[listener^1].Addr()}]
		if x == nil {
			continue
		}
		x.taken = true
		t.forget(x)
		if x.passive {
			return x, listener
		}
		return x, listener ^ 1
	}
	return nil, 0
}

// expect waits for a connection. Behind address translation the address in the announcement may differ
// from the one on the wire, so both hold.
func (t *Table) expect(x *Transfer, told, seen netip.AddrPort, from netip.Addr) {
	if t.expected == nil {
		t.expected = make(map[key]*Transfer)
	}
	x.keys = [2]key{{told, from}, {seen, from}}
	for i, k := range x.keys {
		if i == 1 && k == x.keys[0] {
			break
		}
		if old := t.expected[k]; old != nil {
			t.forget(old)
		}
		if len(t.expected) >= maxExpected {
			t.evict()
		}
		t.expected[k] = x
		t.order = append(t.order, k)
	}
	t.compact()
}

// evict gives up the oldest announcement.
func (t *Table) evict() {
	for len(t.order) > 0 {
		k := t.order[0]
		t.order = t.order[1:]
		if x := t.expected[k]; x != nil {
			t.Evicted++
			t.forget(x)
			return
		}
	}
}

func (t *Table) forget(x *Transfer) {
	for _, k := range x.keys {
		if t.expected[k] == x {
			delete(t.expected, k)
		}
	}
}

// compact drops the names of what is not waited for any more, once they are most of the list.
func (t *Table) compact() {
	if len(t.order) < 64 || len(t.order) < 4*len(t.expected) {
		return
	}
	seen := make(map[key]bool, len(t.expected))
	var keep []key
	for i := len(t.order) - 1; i >= 0; i-- { // the latest mention counts
		if k := t.order[i]; t.expected[k] != nil && !seen[k] {
			seen[k] = true
			keep = append(keep, k)
		}
	}
	for i, j := 0, len(keep)-1; i < j; i, j = i+1, j-1 {
		keep[i], keep[j] = keep[j], keep[i]
	}
	t.order = keep
}
