package tftp

import (
	"hash/maphash"

	"github.com/cordon-trust/cordon/internal/network/flow"
)

// Operations.
const (
	opRead    = 1
	opWrite   = 2
	opData    = 3
	opAck     = 4
	opError   = 5
	opOptions = 6
)

// packet takes a packet of a transfer.
func (t *Table) packet(x *Transfer, op int, g *flow.Datagram, fromClient, unchecked bool) {
	b := g.Payload
	number := uint16(b[2])<<8 | uint16(b[3])
	switch op {
	case opData:
		if fromClient == x.Write {
			t.data(x, number, b[4:], g.Wire-4, g.Time, unchecked)
		}
	case opAck:
		if fromClient != x.Write {
			t.ack(x, number)
		}
	case opOptions:
		if !fromClient {
			x.granted(b[2:])
		}
	case opError:
		if !x.final {
			x.Failed = true
			t.end(x)
		}
	}
}

// far is how many blocks ahead of the next one a number is; negative for one that was seen. Numbers are 16
// bits wide and start again at 0, as all of today's servers do.
func (x *Transfer) far(number uint16) int64 {
	return int64(int16(number - uint16(x.want))) //nolint:gosec // serial number arithmetic
}

// ack notes what the receiver has.
func (t *Table) ack(x *Transfer, number uint16) {
	at := int64(x.want) + x.far(number) //nolint:gosec // far below 2^63
	if at == 0 && !x.begun && !x.answered {
		if x.Write {
			x.answered, x.block = true, blockSize // no option is granted (RFC 2347)
		} else {
			x.Unsure = true // it acknowledges options that were not captured
		}
	}
	if at > int64(x.acked) { //nolint:gosec // see above
		x.acked = uint64(at) //nolint:gosec // positive
	}
	if x.final && x.acked >= x.want-1 {
		t.end(x)
	}
}

// data takes a block. wire is its length, of which b was captured.
func (t *Table) data(x *Transfer, number uint16, b []byte, wire int, when int64, unchecked bool) {
	ahead := x.far(number)
	switch {
	case ahead < 0:
		t.again(x, uint64(-ahead), b)
		return
	case x.final:
		return
	case ahead > 0 && x.window > 1 && x.acked < x.want:
		return // the receiver may not have the blocks before it either, and then all are sent again
	}
	if !x.begun {
		x.begun, x.Time = true, when
		x.first(wire, ahead)
		t.out.Begin(x)
	}
	if ahead > 0 {
		x.Missing += ahead * int64(x.block)
		x.want += uint64(ahead)
	}
	if wire > x.block {
		x.broken = true
	}
	x.Unchecked = x.Unchecked || unchecked
	x.Seen += int64(len(b))
	x.Missing += int64(wire - len(b))
	x.sum = maphash.Bytes(t.seed, b)
	t.out.Body(x, int64(x.want-1)*int64(x.block), b) //nolint:gosec // blocks of a file
	x.want++
	if wire < x.block {
		x.final = true
		if x.acked >= x.want-1 {
			t.end(x)
		}
	}
}

// first settles the size of a block. Options that were asked for may have been granted in a packet that
// was not captured; then the first block tells, if another follows it.
func (x *Transfer) first(wire int, ahead int64) {
	if x.answered {
		return
	}
	x.block = blockSize
	if x.asked && (x.Unsure || x.Write || ahead > 0 || wire > blockSize) {
		x.Unsure, x.block = true, max(wire, 1)
		return
	}
	x.Unsure = false
}

// again takes a block that was seen before, back blocks below the next one.
func (t *Table) again(x *Transfer, back uint64, b []byte) {
	switch {
	case back >= x.want || x.want-back <= x.acked:
	case back > 1:
		x.Uncompared = true
	case maphash.Bytes(t.seed, b) != x.sum:
		x.Ambiguous = true
	}
}
