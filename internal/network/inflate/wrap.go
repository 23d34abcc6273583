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

	flagExtraBytes = 1 << 7 // no flag: behind the length of the extra field
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
		if z.nb < 8 && len(z.in) > 0 { // one byte at a time, so that two can be put back
			z.bits, z.nb, z.in = z.bits|uint64(z.in[0])<<z.nb, z.nb+8, z.in[1:]
		}
		b, ok := z.nextByte()
		if !ok {
			return false, nil
		}
		if z.format == Deflate {
			z.head = append(z.head, b)
			continue
		}
		if whole, err := z.gzip.take(b); err != nil {
			return false, err
		} else if whole {
			return z.start()
		}
	}
}

func (z *Reader) start() (bool, error) {
	z.step, z.head = blockStart, z.head[:0]
	return true, nil
}

// gzipHead reads a gzip header byte by byte, each of them once: its file name may be as long as is believed.
type gzipHead struct {
	n     int // bytes so far
	flags byte
	field byte // flag of the field at hand; 0: none
	left  int  // bytes of it to come; -1: until a zero
	low   bool // the low byte of the length of the extra field was read
}

// take takes one byte and reports whether the header is over.
func (g *gzipHead) take(b byte) (bool, error) {
	g.n++
	switch {
	case g.n > maxHeader, g.n <= 3 && b != "\x1f\x8b\x08"[g.n-1], g.n == 4 && b&0xe0 != 0:
		return false, ErrCorrupt
	case g.n <= 10:
		if g.n == 4 {
			g.flags = b
		}
		return g.n == 10 && g.over(), nil
	case g.field == flagExtra && !g.low:
		g.left, g.low = int(b), true
		return false, nil
	case g.field == flagExtra && g.left >= 0:
		g.left += int(b) << 8
		g.field = flagExtraBytes
		return g.left == 0 && g.over(), nil
	case g.left < 0:
		return b == 0 && g.over(), nil
	}
	g.left--
	return g.left == 0 && g.over(), nil
}

// over goes on to the next field and reports whether there is none.
func (g *gzipHead) over() bool {
	for _, f := range []byte{flagExtra, flagName, flagComment, flagHeaderSum} {
		if g.flags&f == 0 {
			continue
		}
		g.flags &^= f
		g.field, g.left = f, -1
		switch f {
		case flagExtra:
			g.left = 0
		case flagHeaderSum:
			g.left = 2
		}
		return false
	}
	return true
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
