// Package inflate decodes gzip and deflate bodies that arrive in pieces.
//
// Most callers need [Reader.Reset], [Reader.Write] and [Reader.Done]. The standard library's decoder pulls
// its input, which would take a goroutine for every body on the wire; this one is pushed, keeps its state
// between calls, and is recycled. It verifies the check sums of gzip (RFC 1952) and zlib (RFC 1950), and
// refuses what is damaged and what grows beyond the limit it is given. It stores nothing but the last
// 32 KiB of output.
package inflate

import (
	"encoding/binary"
	"errors"
	"hash/adler32"
	"hash/crc32"
)

// Format is how the compressed data is wrapped.
type Format uint8

// The formats. Deflate is zlib, or raw deflate, which some servers send under the same name.
const (
	Gzip Format = iota
	Deflate
)

// Errors of Write. After any of them the rest of the body is refused.
var (
	ErrCorrupt  = errors.New("compressed data is damaged")
	ErrTooLarge = errors.New("compressed data grows beyond the limit")
)

const (
	windowSize = 32 << 10
	bufferSize = 2 * windowSize
)

// step is where the decoder stands.
type step uint8

const (
	wrapper    step = iota // in the header of the wrapper
	blockStart             // before a block header
	stored                 // before the length of a stored block
	copying                // in a stored block
	codeCounts             // before the counts of a dynamic block
	codeOrder              // in the code lengths of the code lengths
	codeLens               // in the code lengths
	symbols                // in compressed data
	check                  // in the trailer of the wrapper
	between                // behind a member: another may follow
)

// Reader decodes one body at a time. The zero value must be Reset before use. It is used by one goroutine.
type Reader struct {
	out   func([]byte)
	limit int64
	total int64
	err   error

	format Format
	step   step
	last   bool // the block is the last one
	raw    bool // deflate without a wrapper

	in   []byte
	bits uint64
	nb   uint

	head   []byte // bytes of zlib's header so far
	gzip   gzipHead
	tail   [8]byte
	ntail  int
	sum    uint32
	member int64 // bytes of the member, for gzip's trailer

	left        int // of a stored block
	hlit, hdist int
	hclen, have int
	lens        [320]uint8
	lit, dist   code
	isFixed     bool // these are the fixed codes
	lengths     code
	buf         [bufferSize]byte
	from, at    int // buf[from:at] has not been handed out
	seenOut     int // bytes of the member that distances may reach
}

// Reset makes the reader ready for a body. Decoded bytes go to out, in pieces that are valid during the
// call; more than limit of them are refused.
func (z *Reader) Reset(f Format, limit int64, out func([]byte)) {
	z.out, z.limit, z.total, z.err = out, limit, 0, nil
	z.format, z.in, z.bits, z.nb = f, nil, 0, 0
	z.begin()
}

// begin starts a member.
func (z *Reader) begin() {
	z.step, z.last, z.raw, z.head, z.ntail = wrapper, false, false, z.head[:0], 0
	z.gzip = gzipHead{}
	z.sum, z.member, z.from, z.at, z.seenOut = 0, 0, 0, 0, 0
	if z.format == Deflate {
		z.sum = 1
	}
}

// Limit raises or lowers how many decoded bytes are accepted in all.
func (z *Reader) Limit(n int64) { z.limit = n }

// Done reports whether the body is whole: its last member ended, and its check sum is right.
func (z *Reader) Done() bool {
	return z.err == nil && (z.step == between || z.raw && z.step == check)
}

// Write takes the next bytes of the body.
func (z *Reader) Write(b []byte) (int, error) {
	z.in = b
	for z.err == nil {
		more, err := z.run()
		if err != nil {
			z.err = err
			break
		}
		if !more {
			z.flush()
			break
		}
	}
	z.in = nil
	if z.err != nil {
		return 0, z.err
	}
	return len(b), nil
}

// run does one step. It returns false when it needs more input.
func (z *Reader) run() (bool, error) {
	switch z.step {
	case wrapper:
		return z.header()
	case blockStart:
		return z.block()
	case stored:
		return z.storedLength()
	case copying:
		return z.storedBytes()
	case codeCounts:
		return z.counts()
	case codeOrder:
		return z.order()
	case codeLens:
		return z.codeLengths()
	case symbols:
		return z.decode()
	case check:
		return z.trailer()
	default:
		if len(z.in) == 0 && z.nb < 8 {
			return false, nil
		}
		if z.format != Gzip {
			return false, ErrCorrupt
		}
		z.begin() // RFC 1952 section 2.2: members follow one another
		return true, nil
	}
}

// fill moves input into the bit buffer, up to 56 bits or more.
func (z *Reader) fill() {
	if len(z.in) >= 8 {
		z.bits |= binary.LittleEndian.Uint64(z.in) << z.nb
		n := (63 - z.nb) >> 3
		z.in = z.in[n:]
		z.nb += n * 8
		z.bits &= 1<<z.nb - 1
		return
	}
	for z.nb <= 56 && len(z.in) > 0 {
		z.bits |= uint64(z.in[0]) << z.nb
		z.nb += 8
		z.in = z.in[1:]
	}
}

// take returns the next n bits, when there are as many.
func (z *Reader) take(n uint) (int, bool) {
	if z.nb < n {
		z.fill()
		if z.nb < n {
			return 0, false
		}
	}
	v := z.bits & (1<<n - 1)
	z.bits >>= n
	z.nb -= n
	return int(v), true //nolint:gosec // n is at most 16
}

// nextByte returns the next byte, once the bits are aligned.
func (z *Reader) nextByte() (byte, bool) {
	v, ok := z.take(8)
	return byte(v), ok //nolint:gosec // eight bits
}

func (z *Reader) align() {
	drop := z.nb & 7
	z.bits >>= drop
	z.nb -= drop
}

// flush hands out what was decoded and keeps the window.
func (z *Reader) flush() {
	if z.from < z.at {
		b := z.buf[z.from:z.at]
		if !z.raw && z.format == Gzip {
			z.sum = crc32.Update(z.sum, crc32.IEEETable, b)
		} else if !z.raw {
			z.sum = adler(z.sum, b)
		}
		z.member += int64(len(b))
		z.out(b)
	}
	if z.at == bufferSize {
		copy(z.buf[:windowSize], z.buf[windowSize:])
		z.at = windowSize
	}
	z.from = z.at
}

// room makes place for output and counts it.
func (z *Reader) room(n int) error {
	if z.total += int64(n); z.total > z.limit {
		return ErrTooLarge
	}
	return nil
}

// adler continues an Adler-32 sum, which the standard library cannot start from a number.
func adler(sum uint32, b []byte) uint32 {
	const mod = 65521
	h := adler32.Checksum(b)
	n := uint32(len(b) % mod)
	a1, b1 := sum&0xffff, sum>>16
	a2, b2 := h&0xffff, h>>16
	a := (a1 + a2 + mod - 1) % mod
	lo := (uint64(b1) + uint64(b2) + uint64(n)*uint64(a1) + uint64(mod-n)) % mod
	return uint32(lo)<<16 | a
}
