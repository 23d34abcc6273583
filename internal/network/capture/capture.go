// Package capture reads the records of a packet capture, one after the other, from a stream.
//
// Most callers need [Open] and [Reader.Next]. Classic pcap (both byte orders, micro- and nanoseconds)
// and pcapng (several sections and interfaces, each with its own link type and resolution) are told
// apart by their first bytes. The file is never held in memory: records are slices of one buffer, valid
// until the next call. What is not a capture, and what claims absurd lengths, is refused with an error
// that says where; everything before that place has been handed out.
package capture

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// Link is the link type of a record, numbered as tcpdump.org's LINKTYPE registry numbers them.
type Link uint16

// The link types that package flow opens.
const (
	LinkNull     Link = 0   // BSD loopback, address family in the writer's byte order
	LinkEthernet Link = 1   // IEEE 802.3
	LinkRawBSD   Link = 12  // raw IP as some systems number it
	LinkRaw      Link = 101 // raw IP
	LinkLoop     Link = 108 // OpenBSD loopback, address family in network byte order
	LinkCooked   Link = 113 // Linux cooked, version 1
	LinkIPv4     Link = 228
	LinkIPv6     Link = 229
	LinkCooked2  Link = 276 // Linux cooked, version 2
)

// MaxRecord is the largest captured length of one record that is believed. tcpdump's own limit is
// 262144; offload can merge frames, but not beyond that either.
const MaxRecord = 256 << 10

// BufferSize is what [Open] reads at a time. It holds the largest record, and lies in the second-level cache beside the
// tables of connections, so that what was read is still there when it is looked at. The buffer grows once a
// block of a pcapng section is larger, which its own limit bounds.
const BufferSize = 384 << 10

// Packet is one record of a capture.
type Packet struct {
	Time int64  // nanoseconds since 1970-01-01 UTC
	Data []byte // what was captured; valid until the next call of Next
	Wire int    // length of the frame on the wire; larger than len(Data) when it was cut
	Link Link
}

// Reader hands out the records of one capture. It is used by one goroutine.
type Reader struct {
	// Recycle is called before bytes that were handed out are overwritten; nil when nobody keeps slices
	// of earlier records.
	Recycle func()

	src     io.Reader
	buf     []byte
	r, w    int // buf[r:w] is read and not handed out
	eof     bool
	records int64 // handed out so far
	err     error // what Next last returned; it stays
	readErr error // what the source failed with, other than io.EOF

	swapped bool
	next    func(*Packet) error

	link Link // classic only
	nano bool // classic only
	ng   section
}

// Open reads the first bytes of src and says whether it is a capture. The error is a fault:
// BadCapture, or ReadFailed when src failed.
func Open(src io.Reader) (*Reader, error) { return OpenIn(src, make([]byte, BufferSize)) }

// OpenIn is [Open] with a buffer to read into, which belongs to the reader from then on. A record that is
// longer gets a larger one.
func OpenIn(src io.Reader, buf []byte) (*Reader, error) {
	r := &Reader{src: src, buf: buf}
	if err := r.need(4); err != nil {
		if r.readErr != nil {
			return nil, r.failed()
		}
		if r.w == 0 {
			return nil, fault.New(fault.BadCapture, "the capture is empty")
		}
		return nil, notCapture(r.buf[:r.w])
	}
	magic := be32(r.buf)
	switch magic {
	case 0x0a0d0d0a:
		r.next = r.nextBlock
		return r, r.firstSection()
	case 0xa1b2c3d4, 0xa1b23c4d, 0xd4c3b2a1, 0x4d3cb2a1:
		r.next = r.nextRecord
		return r, r.classicHeader(magic)
	}
	return nil, notCapture(r.buf[:min(r.w, 8)])
}

// Compressions that a capture often comes in, by their first bytes, and what undoes each.
var compressions = [...]struct{ magic, name, tool string }{
	{"\x1f\x8b", "gzip", "zcat"},
	{"\x28\xb5\x2f\xfd", "zstd", "zstdcat"},
	{"\xfd7zX", "xz", "xzcat"},
	{"BZh", "bzip2", "bzcat"},
}

func notCapture(b []byte) error {
	for _, c := range compressions {
		if strings.HasPrefix(string(b), c.magic) {
			return fault.New(fault.BadCapture, "not a capture: it is compressed with %s", c.name).
				Hint("read it through a pipe: `%s FILE | cordon watch -`", c.tool)
		}
	}
	return fault.New(fault.BadCapture, "not a capture: it begins with %q", b).
		Hint("give a pcap or pcapng file, as tcpdump or Wireshark writes it")
}

// Next fills p with the next record. At the end it returns io.EOF; when the capture ends inside a record
// or is damaged, a fault CutCapture; when its source fails, ReadFailed. After an error it returns the
// same error again.
func (r *Reader) Next(p *Packet) error {
	if r.err == nil {
		r.err = r.next(p)
	}
	return r.err
}

// Records returns how many records were handed out.
func (r *Reader) Records() int64 { return r.records }

// errShort says that the source ended before the bytes asked for.
var errShort = errors.New("source ended")

// need makes at least n bytes available at buf[r:], or returns errShort.
func (r *Reader) need(n int) error {
	if r.w-r.r >= n {
		return nil
	}
	return r.fill(n)
}

func (r *Reader) fill(n int) error {
	if n > len(r.buf) {
		larger := make([]byte, n+BufferSize)
		r.w = copy(larger, r.buf[r.r:r.w]) // slices that were handed out stay in the old one
		r.r, r.buf = 0, larger
	}
	if len(r.buf)-r.r < n || r.w == len(r.buf) {
		if r.Recycle != nil {
			r.Recycle()
		}
		r.w = copy(r.buf, r.buf[r.r:r.w])
		r.r = 0
	}
	for idle := 0; r.w-r.r < n; {
		if r.eof {
			return errShort
		}
		k, err := r.src.Read(r.buf[r.w:])
		r.w += k
		if err != nil {
			r.eof = true
			if !errors.Is(err, io.EOF) {
				r.readErr = err
			}
		}
		if k == 0 && err == nil {
			if idle++; idle > 100 {
				r.eof, r.readErr = true, io.ErrNoProgress
			}
		}
	}
	return nil
}

// skip discards n bytes, however many, without holding them.
func (r *Reader) skip(n int64) error {
	for n > 0 {
		if err := r.need(1); err != nil {
			return err
		}
		k := min(n, int64(r.w-r.r))
		r.r += int(k)
		n -= k
	}
	return nil
}

// end turns errShort into what it means where a record may begin: the end, or a cut.
func (r *Reader) end() error {
	switch {
	case r.readErr != nil:
		return r.failed()
	case r.w == r.r:
		return io.EOF
	}
	return r.cut()
}

func (r *Reader) cut() error {
	if r.readErr != nil {
		return r.failed()
	}
	return fault.New(fault.CutCapture, "the capture ends inside record %d", r.records+1).
		Hint("what came before it was read; capture again if the rest matters")
}

func (r *Reader) damaged(format string, args ...any) error {
	return fault.New(fault.CutCapture, "the capture is damaged at record %d: %s", r.records+1, fmt.Sprintf(format, args...)).
		Hint("what came before it was read; the rest cannot be found again")
}

func (r *Reader) failed() error {
	return fault.Wrap(r.readErr, fault.ReadFailed, "cannot read the capture after record %d", r.records)
}
