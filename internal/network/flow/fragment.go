package flow

import (
	"bytes"
	"slices"
)

// Bounds of what is held while fragments arrive.
const (
	maxDatagrams  = 256
	maxPieces     = 256     // of one datagram
	maxFragBytes  = 4 << 20 // of all datagrams
	fragPatience  = 30e9    // nanoseconds, RFC 791 section 3.2 and RFC 8200 section 4.5 allow 15 s and 60 s
	maxDatagramIP = 65535
	wholeKept     = 16
)

type fragKey struct {
	src, dst Addr
	id       uint32
	proto    byte
}

// piece is a range of a datagram that was seen.
type piece struct{ from, to int }

// datagram is an IP packet being put together.
type datagram struct {
	key     fragKey
	since   int64
	buf     []byte
	pieces  []piece // in order, apart from each other
	held    int     // bytes in pieces
	total   int     // -1 until the last fragment was seen
	badHead bool
	dead    bool // overlapping fragments: nothing is made of it (RFC 5722)
}

// fragments holds the datagrams that are not complete, oldest first. The zero value is ready to use.
type fragments struct {
	byKey map[fragKey]*datagram
	order []*datagram
	free  []*datagram
	bytes int
	whole [wholeKept]whole // completed last
	next  int              // of whole
}

// whole is a datagram that was put together. Its fragments may come again from the mirror.
type whole struct {
	key fragKey
	at  int64
}

// copied reports whether a datagram was complete a moment ago, so that this fragment was seen before.
func (f *fragments) copied(k fragKey, t int64) bool {
	for i := range f.whole {
		if w := &f.whole[i]; w.key == k && w.at != 0 && max(t-w.at, w.at-t) <= copyWithin {
			return true
		}
	}
	return false
}

// fragment takes one fragment and reports whether p now is the whole packet. The bytes of a whole packet
// are valid until the next fragment.
func (d *Decoder) fragment(p *packet, proto byte, at int, more bool) bool {
	f := &d.frags
	f.expire(p.time, d.Counts)
	k := fragKey{p.src, p.dst, p.id, proto}
	if f.copied(k, p.time) {
		d.Counts.Copies++
		return false
	}
	g := f.get(k, p.time, d.Counts)
	end := at + len(p.body)
	if p.cut || g.dead || end > maxDatagramIP || more && len(p.body)%8 != 0 || len(p.body) == 0 {
		d.Counts.FragDropped++
		g.dead = g.dead || !p.cut
		return false
	}
	if !more {
		if g.total >= 0 && g.total != end || len(g.pieces) > 0 && g.pieces[len(g.pieces)-1].to > end {
			return g.kill(d.Counts)
		}
		g.total = end
	}
	before := g.held
	if !g.put(at, p.body) || g.total >= 0 && end > g.total {
		f.bytes += g.held - before
		return g.kill(d.Counts)
	}
	f.bytes += g.held - before
	if g.held == before {
		d.Counts.Copies++
		return false
	}
	g.badHead = g.badHead || p.badHead
	if g.total < 0 || len(g.pieces) != 1 || g.pieces[0] != (piece{0, g.total}) {
		return false
	}
	p.body, p.wire, p.badHead, p.copied = g.buf[:g.total], g.total, g.badHead, true
	f.remove(g)
	f.whole[f.next] = whole{k, p.time}
	f.next = (f.next + 1) % wholeKept
	return true
}

func (g *datagram) kill(c *Counts) bool {
	g.dead = true
	c.FragDropped++
	return false
}

// put adds one range. An exact copy is ignored; any other overlap is refused.
func (g *datagram) put(from int, b []byte) bool {
	to := from + len(b)
	i := 0
	for i < len(g.pieces) && g.pieces[i].to < from {
		i++
	}
	if i < len(g.pieces) && g.pieces[i].from < to && g.pieces[i].to > from {
		q := g.pieces[i]
		return q.from <= from && q.to >= to && bytes.Equal(g.buf[from:to], b)
	}
	if len(g.buf) < to {
		g.buf = slices.Grow(g.buf, to-len(g.buf))[:to] // what lies between pieces is never looked at
	}
	copy(g.buf[from:], b)
	g.held += len(b)
	switch {
	case i < len(g.pieces) && g.pieces[i].to == from:
		g.pieces[i].to = to
		if i+1 < len(g.pieces) && g.pieces[i+1].from <= to {
			if g.pieces[i+1].from < to {
				return false
			}
			g.pieces[i].to = g.pieces[i+1].to
			g.pieces = append(g.pieces[:i+1], g.pieces[i+2:]...)
		}
	case i < len(g.pieces) && g.pieces[i].from == to:
		g.pieces[i].from = from
	default:
		if len(g.pieces) >= maxPieces {
			return false
		}
		g.pieces = append(g.pieces, piece{})
		copy(g.pieces[i+1:], g.pieces[i:])
		g.pieces[i] = piece{from, to}
	}
	return true
}

func (f *fragments) get(k fragKey, t int64, c *Counts) *datagram {
	if g := f.byKey[k]; g != nil {
		return g
	}
	for len(f.order) >= maxDatagrams || f.bytes > maxFragBytes && len(f.order) > 0 {
		f.drop(c)
	}
	if f.byKey == nil {
		f.byKey = make(map[fragKey]*datagram)
	}
	var g *datagram
	if n := len(f.free); n > 0 {
		g, f.free = f.free[n-1], f.free[:n-1]
	} else {
		g = new(datagram)
	}
	*g = datagram{key: k, since: t, buf: g.buf[:0], pieces: g.pieces[:0], total: -1}
	f.byKey[k] = g
	f.order = append(f.order, g)
	return g
}

func (f *fragments) expire(now int64, c *Counts) {
	for len(f.order) > 0 && now-f.order[0].since > fragPatience {
		f.drop(c)
	}
}

// drop gives up the oldest datagram.
func (f *fragments) drop(c *Counts) {
	if g := f.order[0]; !g.dead {
		c.FragDropped += int64(len(g.pieces))
	}
	f.remove(f.order[0])
}

func (f *fragments) remove(g *datagram) {
	delete(f.byKey, g.key)
	for i, o := range f.order {
		if o == g {
			f.order = append(f.order[:i], f.order[i+1:]...)
			break
		}
	}
	f.bytes -= g.held
	f.free = append(f.free, g) // never more than maxDatagrams
}
