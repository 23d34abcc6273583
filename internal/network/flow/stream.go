package flow

import "net/netip"

// Chunk is a run of bytes of one direction.
type Chunk struct {
	Off       uint64  // of the first byte, counted from the first byte of the direction that was seen
	Bytes     []byte  // valid during the call only
	Time      int64   // nanoseconds since 1970
	Acked     uint64  // what the sender had received of the other direction when it sent this, or [NotTold]
	FromSYN   [2]bool // which directions were seen from their first byte on
	Unchecked bool    // rests on a segment whose checksum could not be checked or was not good
}

// NotTold stands for an offset that is not known.
const NotTold = ^uint64(0)

// End says why a direction ended.
type End uint8

// The ends.
const (
	EndFIN     End = iota // the sender closed it and every byte up to there was accounted for
	EndReset              // a reset, or silence after one
	EndIdle               // no packet for a long time
	EndEvicted            // given up for lack of room
	EndReused             // another connection took over the ports
	EndCapture            // the capture ended
)

// Stream takes the bytes of one connection. Calls come from the goroutine that calls [Table.Add].
type Stream interface {
	// Data takes the next bytes of a direction; side is who sent them. Returning false says that the
	// stream needs nothing more of this connection; the next and last call is then Close.
	Data(side int, c *Chunk) bool
	// Gap says that n bytes from off on are missing. Data goes on behind them.
	Gap(side int, off, n uint64, t int64)
	// Overlap says that a second copy of bytes in [lo,hi) came before the receiver had acknowledged them:
	// it differs, or it could not be compared.
	Overlap(side int, lo, hi uint64, differs bool)
	// Settled says that the receiver has acknowledged what lies below off, so that no copy can change it.
	Settled(side int, off uint64)
	// End says that a direction is over. Each direction ends once.
	End(side int, why End)
	// Close is the last call.
	Close()
}

// Opener makes the stream of a connection when its first byte arrives. A nil stream means that nobody
// wants the connection.
type Opener interface {
	Open(c *Conn) Stream
}

// half is one direction: what one side sent.
type half struct {
	next    uint32 // sequence number expected next
	isn     uint32 // first sequence number
	fin     uint32 // sequence number behind the last byte, when hasFin
	syn     uint32 // first sequence number of a connection that may be about to take over, when hasSyn
	off     uint64 // offset in the stream of next
	acked   uint64 // offset acknowledged by the receiver, also of bytes that were not seen
	settled uint64 // offset that was seen first and acknowledged then
	win     *window
	held    *page // arrived early, in order of offset
	tail    *page // last of held
	nheld   int
	since   int64 // when held became non-empty
	lost    uint64
	holes   uint32

	started, fromSyn, hasFin, hasSyn, ended, good bool
}

// Conn is one TCP connection, both directions.
type Conn struct {
	key    key
	hash   uint32
	index  uint32
	half   [2]half
	first  int64 // time of the first packet
	last   int64 // time of the last packet
	stream Stream

	// Label is the opener's own. It outlives the stream.
	Label uint8
	asker uint8 // 1+side that opened the connection; 0: not known

	live   bool // in the table
	opened bool // Opener was asked
	reset  bool
	closed bool // finished; kept to recognise late copies
}

// Side returns the address and port of a side.
func (c *Conn) Side(side int) netip.AddrPort {
	if side == 0 {
		return netip.AddrPortFrom(c.key.a.IP(), uint16(c.key.ports>>16))
	}
	return netip.AddrPortFrom(c.key.b.IP(), uint16(c.key.ports)) //nolint:gosec // lower half
}

// Handshake reports whether what a side sends was seen from its SYN on.
func (c *Conn) Handshake(side int) bool { return c.half[side].fromSyn }

// Acknowledged returns the offset up to which the receiver said it has what a side sends, seen or not.
func (c *Conn) Acknowledged(side int) uint64 { return c.half[side].acked }
