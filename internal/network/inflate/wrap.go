package inflate

import "encoding/binary"

// maxHeader bounds the file name and comment in a gzip header.
const maxHeader = 64 << 10

// Flags of a gzip header (RFC 1952 section 2.3.1).
const (
	flagHeaderSum = 1 << 1
	flagExtra     = 1 << 2
	flagName      = 1 << 3
	flagComment   = 1 << 4
)

// header collects the wrapper's header byte by byte.
func (z *Reader) header() (bool, error) {
	for {
		if z.format == Deflate && len(z.head) == 2 {
			cmf, flg := uint(z.head[0]), uint(z.head[1])
			if cmf&15 == 8 && (cmf<<8|flg)%31 == 0 {
				if flg&0x20 != 0 {
					return false, ErrCorrupt // a preset dictionary, which HTTP does not have
				}
			} else {
				z.raw = true // the two bytes are data: put them back
				z.bits = z.bits<<16 | uint64(cmf|flg<<8)
				z.nb += 16
			}
			return z.start()
		}
		if z.format == Gzip {
			if whole, err := gzipHeader(z.head); whole || err != nil {
				if err != nil {
					return false, err
				}
				return z.start()
			}
		}
		if z.nb < 8 && len(z.in) > 0 { // one byte at a time, so that two can be put back
			z.bits, z.nb, z.in = z.bits|uint64(z.in[0])<<z.nb, z.nb+8, z.in[1:]
		}
		b, ok := z.nextByte()
		if !ok {
			return false, nil
		}
		z.head = append(z.head, b)
	}
}

func (z *Reader) start() (bool, error) {
	z.step, z.head = blockStart, z.head[:0]
	return true, nil
}

// gzipHeader reports whether h is a whole header.
func gzipHeader(h []byte) (bool, error) {
	if len(h) > maxHeader {
		return false, ErrCorrupt
	}
	for i, want := range []byte{0x1f, 0x8b, 8} {
		if i < len(h) && h[i] != want {
			return false, ErrCorrupt
		}
	}
	if len(h) < 10 {
		return false, nil
	}
	flags, at := h[3], 10
	if flags&0xe0 != 0 {
		return false, ErrCorrupt
	}
	if flags&flagExtra != 0 {
		if len(h) < at+2 {
			return false, nil
		}
		at += 2 + int(binary.LittleEndian.Uint16(h[at:]))
	}
	for _, f := range []byte{flagName, flagComment} {
		if flags&f == 0 {
			continue
		}
		for {
			if at >= len(h) {
				return false, nil
			}
			if at++; h[at-1] == 0 {
				break
			}
		}
	}
	if flags&flagHeaderSum != 0 {
		at += 2
	}
	return len(h) >= at, nil
}

// trailer reads and compares the check sum.
func (z *Reader) trailer() (bool, error) {
	n := 8
	switch {
	case z.raw:
		if len(z.in) > 0 || z.nb >= 8 {
			return false, ErrCorrupt
		}
		return false, nil
	case z.format == Deflate:
		n = 4
	}
	for z.ntail < n {
		b, ok := z.nextByte()
		if !ok {
			return false, nil
		}
		z.tail[z.ntail] = b
		z.ntail++
	}
	good := binary.BigEndian.Uint32(z.tail[:]) == z.sum
	if z.format == Gzip {
		good = binary.LittleEndian.Uint32(z.tail[:]) == z.sum &&
			binary.LittleEndian.Uint32(z.tail[4:]) == uint32(z.member&0xffffffff)
	}
	if !good {
		return false, ErrCorrupt
	}
	z.step = between
	return true, nil
}
