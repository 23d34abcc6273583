package capture

import (
	"encoding/binary"
	"math/bits"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

const (
	classicHeaderLen = 24
	recordHeaderLen  = 16
)

func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }

// u32 reads in the byte order of the writer of the capture.
func (r *Reader) u32(b []byte) uint32 {
	v := binary.LittleEndian.Uint32(b)
	if r.swapped {
		v = bits.ReverseBytes32(v)
	}
	return v
}

func (r *Reader) u16(b []byte) uint16 {
	v := binary.LittleEndian.Uint16(b)
	if r.swapped {
		v = bits.ReverseBytes16(v)
	}
	return v
}

func (r *Reader) classicHeader(magic uint32) error {
	if r.need(classicHeaderLen) != nil {
		if r.readErr != nil {
			return r.failed()
		}
		return fault.New(fault.BadCapture, "the capture ends inside its file header")
	}
	r.swapped = magic == 0xa1b2c3d4 || magic == 0xa1b23c4d
	r.nano = magic == 0xa1b23c4d || magic == 0x4d3cb2a1
	h := r.buf[r.r:]
	if major := r.u16(h[4:]); major != 2 {
		return fault.New(fault.BadCapture, "capture format version %d.%d is not known", major, r.u16(h[6:]))
	}
	// The upper half holds the length of a frame check sequence, which IP's own length makes irrelevant.
	r.link = Link(r.u32(h[20:]) & 0xffff)
	r.r += classicHeaderLen
	return nil
}

func (r *Reader) nextRecord(p *Packet) error {
	if r.w-r.r < recordHeaderLen {
		if err := r.fill(recordHeaderLen); err != nil {
			return r.end()
		}
	}
	h := r.buf[r.r : r.r+recordHeaderLen]
	captured, wire := r.u32(h[8:]), r.u32(h[12:])
	if captured > MaxRecord {
		return r.damaged("it claims %d captured bytes", captured)
	}
	n := int(captured)
	if r.w-r.r < recordHeaderLen+n {
		if err := r.fill(recordHeaderLen + n); err != nil {
			return r.cut()
		}
		h = r.buf[r.r : r.r+recordHeaderLen]
	}
	frac := int64(r.u32(h[4:]))
	if !r.nano {
		frac *= 1000
	}
	p.Time = int64(r.u32(h))*1e9 + frac
	at := r.r + recordHeaderLen
	p.Data = r.buf[at : at+n : at+n]
	p.Wire = max(n, int(min(wire, 1<<24)))
	p.Link = r.link
	r.r = at + n
	r.records++
	return nil
}
