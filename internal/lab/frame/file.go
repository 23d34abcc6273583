package frame

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

// Format is a kind of capture file.
type Format uint8

// The capture files that can be written, all little-endian with link type Ethernet.
const (
	Pcap     Format = iota // classic, microseconds
	PcapNano               // classic, nanoseconds
	PcapNG                 // one section, one interface, nanoseconds
)

// DefaultSnap is the snap length written when none is asked for, in bytes.
const DefaultSnap = 262144

// File is a capture being written. It is owned by one goroutine.
type File struct {
	to     *bufio.Writer
	format Format
	snap   int
	frames int64
	bytes  int64
	head   []byte // scratch
}

// New starts a capture on w. Frames are cut to snap bytes; 0 means [DefaultSnap].
func New(w io.Writer, format Format, snap int) (*File, error) {
	if snap == 0 {
		snap = DefaultSnap
	}
	if snap < 0 || snap > DefaultSnap {
		return nil, fmt.Errorf("snap length %d: 1 to %d bytes", snap, DefaultSnap)
	}
	f := &File{to: bufio.NewWriterSize(w, 256<<10), format: format, snap: snap}
	le := binary.LittleEndian
	switch format {
	case Pcap, PcapNano:
		magic := uint32(0xa1b2c3d4)
		if format == PcapNano {
			magic = 0xa1b23c4d
		}
		f.head = le.AppendUint32(f.head, magic)
		f.head = le.AppendUint16(le.AppendUint16(f.head, 2), 4)
		f.head = append(f.head, 0, 0, 0, 0, 0, 0, 0, 0)
		f.head = le.AppendUint32(le.AppendUint32(f.head, uint32(snap)), 1)
	case PcapNG:
		f.head = appendSection(f.head)
		f.head = appendInterface(f.head, snap)
	default:
		return nil, fmt.Errorf("capture format %d is not known", format)
	}
	_, err := f.to.Write(f.head)
	return f, err
}

// appendSection appends a section header block of unknown length (draft-ietf-opsawg-pcapng section 4.1).
func appendSection(dst []byte) []byte {
	le := binary.LittleEndian
	dst = le.AppendUint32(dst, 0x0a0d0d0a)
	dst = le.AppendUint32(dst, 28)
	dst = le.AppendUint32(dst, 0x1a2b3c4d)
	dst = le.AppendUint16(le.AppendUint16(dst, 1), 0)
	dst = le.AppendUint64(dst, 0xffffffffffffffff)
	return le.AppendUint32(dst, 28)
}

// appendInterface appends an Ethernet interface whose times count nanoseconds (if_tsresol 9, section 4.2).
func appendInterface(dst []byte, snap int) []byte {
	le := binary.LittleEndian
	dst = le.AppendUint32(dst, 1)
	dst = le.AppendUint32(dst, 32)
	dst = le.AppendUint16(le.AppendUint16(dst, 1), 0)
	dst = le.AppendUint32(dst, uint32(snap))
	dst = le.AppendUint16(le.AppendUint16(dst, 9), 1)
	dst = append(dst, 9, 0, 0, 0)
	dst = append(dst, 0, 0, 0, 0)
	return le.AppendUint32(dst, 32)
}

// Write appends one frame seen at t, cut to the snap length. Times are the caller's to keep in order.
func (f *File) Write(t time.Time, frame []byte) error {
	kept := frame[:min(len(frame), f.snap)]
	f.frames++
	f.bytes += int64(len(kept))
	le := binary.LittleEndian
	if f.format == PcapNG {
		return f.writeEnhanced(t, kept, len(frame))
	}
	fraction := t.Nanosecond()
	if f.format == Pcap {
		fraction /= 1000
	}
	h := le.AppendUint32(f.head[:0], uint32(t.Unix()))
	h = le.AppendUint32(h, uint32(fraction))
	h = le.AppendUint32(h, uint32(len(kept)))
	f.head = le.AppendUint32(h, uint32(len(frame)))
	if _, err := f.to.Write(f.head); err != nil {
		return err
	}
	_, err := f.to.Write(kept)
	return err
}

// writeEnhanced appends an enhanced packet block (section 4.3).
func (f *File) writeEnhanced(t time.Time, kept []byte, whole int) error {
	le := binary.LittleEndian
	pad := -len(kept) & 3
	size, stamp := uint32(32+len(kept)+pad), uint64(t.UnixNano())
	h := le.AppendUint32(f.head[:0], 6)
	h = le.AppendUint32(h, size)
	h = le.AppendUint32(h, 0)
	h = le.AppendUint32(h, uint32(stamp>>32))
	h = le.AppendUint32(h, uint32(stamp))
	h = le.AppendUint32(h, uint32(len(kept)))
	f.head = le.AppendUint32(h, uint32(whole))
	if _, err := f.to.Write(f.head); err != nil {
		return err
	}
	if _, err := f.to.Write(kept); err != nil {
		return err
	}
	tail := le.AppendUint32(append(f.head[:0], 0, 0, 0)[:pad], size)
	_, err := f.to.Write(tail)
	return err
}

// Snap returns the bytes of a frame that are kept at most.
func (f *File) Snap() int { return f.snap }

// Frames returns how many frames were written.
func (f *File) Frames() int64 { return f.frames }

// Bytes returns how many bytes of frames were written, without the headers of the file.
func (f *File) Bytes() int64 { return f.bytes }

// Flush hands everything to the writer beneath.
func (f *File) Flush() error { return f.to.Flush() }
