// Package tftp follows TFTP transfers (RFC 1350) with the options of RFC 2347 to 2349 and 7440.
//
// Most callers need [Table.Add] for every datagram that [Table.Wants]; files come out through a
// [Consumer]. A transfer is known by its request, since the server answers from a port of its own. It
// refuses to guess: a file with a block missing, or of which the block size is not certain, is never
// complete. A block that is sent again changes nothing; one that differs before the receiver has
// acknowledged it is noted.
package tftp

import (
	"hash/maphash"
	"net/netip"

	"github.com/cordon-trust/cordon/internal/network/flow"
)

// Port is where servers listen.
const Port = 69

const (
	maxTransfers = 1024 // at the same time
	idle         = 60e9 // nanoseconds of capture time without a packet after which a transfer is over
	maxName      = 255
	blockSize    = 512 // without an option
	maxBlock     = 65464
)

// Transfer is one file on its way.
type Transfer struct {
	Client, Server netip.AddrPort // the server's port is 0 until it answered
	Write          bool           // the client sends
	Name           string         // last segment
	Text           bool           // netascii: line ends may have been changed on the way
	Time           int64          // of the first block, nanoseconds since 1970
	Size           int64          // option tsize; -1 when not told
	Seen           int64          // bytes
	Missing        int64          // bytes known to be missing, about
	Complete       bool
	Failed         bool // one side broke off
	Unchecked      bool // rests on datagrams whose checksum could not be checked
	Ambiguous      bool // two copies of a block differed before it was acknowledged
	Uncompared     bool // a second copy of a block could not be compared
	Unsure         bool // the block size had to be taken from the blocks

	key        key
	prev, next *Transfer // by time of the last packet
	last       int64
	asked      bool   // options were requested
	answered   bool   // the server said which it grants, or that it grants none
	block      int    // size; 0 until it is known
	window     uint64 // blocks sent before an acknowledgement
	want       uint64 // number of the next block
	acked      uint64 // number of the last block that the receiver acknowledged
	sum        uint64 // of the last block
	begun      bool
	final      bool // the short block was seen
	broken     bool
}

// Consumer takes files. The transfer is the table's own: a consumer keeps what it needs.
type Consumer interface {
	// Begin announces a file, with its first block.
	Begin(x *Transfer)
	// Body takes bytes of it; off is where they lie in it.
	Body(x *Transfer, off int64, b []byte)
	// Done says that nothing more comes.
	Done(x *Transfer)
}

type key struct {
	client netip.AddrPort
	server netip.Addr
}

// Table follows the transfers of one reader. It is used by one goroutine.
type Table struct {
	out  Consumer
	by   map[key]*Transfer
	head *Transfer // idle for longest
	tail *Transfer
	seed maphash.Seed

	// Evicted counts transfers that were given up for lack of room.
	Evicted int64
}

// New returns a table that hands files to out.
func New(out Consumer) *Table {
	return &Table{out: out, by: make(map[key]*Transfer), seed: maphash.MakeSeed()}
}

// Wants reports whether a datagram may belong to a transfer.
func (t *Table) Wants(g *flow.Datagram) bool { return g.DstPort == Port || len(t.by) > 0 }

// Add takes one datagram. unchecked says that its checksum proves nothing.
func (t *Table) Add(g *flow.Datagram, unchecked bool) {
	for t.head != nil && g.Time-t.head.last > idle {
		t.end(t.head)
	}
	b := g.Payload
	if len(b) < 4 {
		return
	}
	src, dst := netip.AddrPortFrom(g.Src.IP(), g.SrcPort), netip.AddrPortFrom(g.Dst.IP(), g.DstPort)
	op := int(b[0])<<8 | int(b[1])
	if g.DstPort == Port && (op == opRead || op == opWrite) {
		t.request(src, dst, g, op == opWrite)
		return
	}
	x, fromClient := t.by[key{dst, src.Addr()}], false
	if x == nil {
		x, fromClient = t.by[key{src, dst.Addr()}], true
	}
	if x == nil {
		return
	}
	server := src
	if fromClient {
		server = dst
	}
	switch {
	case x.Server.Port() == server.Port():
	case x.Server.Port() == 0 && x.begins(op, fromClient):
		x.Server = server
	default:
		return // another port is another transfer (RFC 1350 section 4)
	}
	x.last = g.Time
	t.unlink(x)
	t.link(x)
	t.packet(x, op, g, fromClient, unchecked)
}

// begins reports whether the first packet that is seen after the request may have this operation.
func (x *Transfer) begins(op int, fromClient bool) bool {
	switch op {
	case opOptions, opError:
		return !fromClient
	case opData:
		return fromClient == x.Write
	case opAck:
		return fromClient != x.Write
	}
	return false
}

// Finish ends all transfers, oldest first: the capture is over.
func (t *Table) Finish() {
	for t.head != nil {
		t.end(t.head)
	}
}

// start follows a new transfer, making room first when there is none.
func (t *Table) start(x *Transfer) {
	if old := t.by[x.key]; old != nil {
		t.end(old)
	}
	if len(t.by) >= maxTransfers {
		t.Evicted++
		t.end(t.head)
	}
	t.by[x.key] = x
	t.link(x)
}

func (t *Table) end(x *Transfer) {
	delete(t.by, x.key)
	t.unlink(x)
	if x.begun {
		x.Complete = x.final && !x.broken && !x.Failed && x.Missing == 0
		t.out.Done(x)
	}
}

func (t *Table) link(x *Transfer) {
	x.prev, x.next = t.tail, nil
	if t.tail == nil {
		t.head = x
	} else {
		t.tail.next = x
	}
	t.tail = x
}

func (t *Table) unlink(x *Transfer) {
	if x.prev == nil {
		t.head = x.next
	} else {
		x.prev.next = x.next
	}
	if x.next == nil {
		t.tail = x.prev
	} else {
		x.next.prev = x.prev
	}
}
