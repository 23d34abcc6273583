package inflate

// lengthBase and the tables beside it are those of RFC 1951 section 3.2.5.
var (
	lengthBase  = [29]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthExtra = [29]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distBase    = [30]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distExtra   = [30]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
	lensOrder   = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
)

// block reads the header of a block.
func (z *Reader) block() (bool, error) {
	if z.last {
		z.align()
		z.flush()
		z.step = check
		return true, nil
	}
	v, ok := z.take(3)
	if !ok {
		return false, nil
	}
	z.last = v&1 != 0
	switch v >> 1 {
	case 0:
		z.align()
		z.step = stored
	case 1:
		z.fixed()
		z.step = symbols
	case 2:
		z.step = codeCounts
	default:
		return false, ErrCorrupt
	}
	return true, nil
}

// fixed sets the codes of section 3.2.6, unless the block before had them: a block may be ten bits long.
func (z *Reader) fixed() {
	if z.isFixed {
		return
	}
	z.isFixed = true
	l := z.lens[:288]
	for i := range l {
		switch {
		case i < 144:
			l[i] = 8
		case i < 256:
			l[i] = 9
		case i < 280:
			l[i] = 7
		default:
			l[i] = 8
		}
	}
	z.lit.build(l)
	l = z.lens[:32]
	for i := range l {
		l[i] = 5
	}
	z.dist.build(l)
}

func (z *Reader) storedLength() (bool, error) {
	if z.nb < 32 {
		if z.fill(); z.nb < 32 {
			return false, nil
		}
	}
	n, _ := z.take(16)
	inverse, _ := z.take(16)
	if n^inverse != 0xffff {
		return false, ErrCorrupt
	}
	z.left, z.step = n, copying
	return true, nil
}

func (z *Reader) storedBytes() (bool, error) {
	for z.left > 0 {
		if z.at == bufferSize {
			z.flush()
		}
		n := 1
		if z.nb >= 8 {
			v, _ := z.nextByte()
			z.buf[z.at] = v
		} else {
			if n = copy(z.buf[z.at:min(bufferSize, z.at+z.left)], z.in); n == 0 {
				return false, nil
			}
			z.in = z.in[n:]
		}
		if err := z.room(n); err != nil {
			return false, err
		}
		z.at, z.left = z.at+n, z.left-n
		z.seenOut = min(z.seenOut+n, windowSize)
	}
	z.step = blockStart
	return true, nil
}

func (z *Reader) counts() (bool, error) {
	v, ok := z.take(14)
	if !ok {
		return false, nil
	}
	z.hlit, z.hdist, z.hclen, z.have = v&31+257, v>>5&31+1, v>>10+4, 0
	if z.hlit > 286 || z.hdist > 30 {
		return false, ErrCorrupt
	}
	clear(z.lens[:])
	z.step = codeOrder
	return true, nil
}

func (z *Reader) order() (bool, error) {
	for z.have < z.hclen {
		v, ok := z.take(3)
		if !ok {
			return false, nil
		}
		z.lens[lensOrder[z.have]] = uint8(v) //nolint:gosec // three bits
		z.have++
	}
	if !z.lengths.build(z.lens[:19]) || z.lengths.empty {
		return false, ErrCorrupt
	}
	clear(z.lens[:])
	z.have, z.step = 0, codeLens
	return true, nil
}

// codeLengths reads the lengths of both codes, each with what follows it, or not at all.
func (z *Reader) codeLengths() (bool, error) {
	total := z.hlit + z.hdist
	for z.have < total {
		z.fill()
		sym, n := z.lengths.lookup(z.bits, z.nb)
		if sym == needMore {
			return false, nil
		}
		if sym == noSymbol {
			return false, ErrCorrupt
		}
		if sym < 16 {
			z.bits, z.nb = z.bits>>n, z.nb-n
			z.lens[z.have] = uint8(sym) //nolint:gosec // below 16
			z.have++
			continue
		}
		extra, base := [3]uint{2, 3, 7}[sym-16], [3]int{3, 3, 11}[sym-16]
		if z.nb < n+extra {
			return false, nil
		}
		z.bits, z.nb = z.bits>>n, z.nb-n
		more, _ := z.take(extra)
		var v uint8
		if sym == 16 {
			if z.have == 0 {
				return false, ErrCorrupt
			}
			v = z.lens[z.have-1]
		}
		if z.have+base+more > total {
			return false, ErrCorrupt
		}
		for range base + more {
			z.lens[z.have] = v
			z.have++
		}
	}
	z.isFixed = false
	if z.lens[256] == 0 || !z.lit.build(z.lens[:z.hlit]) || !z.dist.build(z.lens[z.hlit:total]) {
		return false, ErrCorrupt
	}
	z.step = symbols
	return true, nil
}

// decode reads symbols: a literal, the end, or a length with its distance, which take at most 48 bits and
// are read whole or not at all.
func (z *Reader) decode() (bool, error) {
	for {
		if z.nb < 48 {
			z.fill()
		}
		sym, n := z.lit.lookup(z.bits, z.nb)
		switch {
		case sym == needMore:
			return false, nil
		case sym == noSymbol || sym > 285:
			return false, ErrCorrupt
		case sym < 256:
			if err := z.room(1); err != nil {
				return false, err
			}
			if z.at == bufferSize {
				z.flush()
			}
			z.buf[z.at] = byte(sym) //nolint:gosec // below 256
			z.at++
			z.seenOut++
			z.bits, z.nb = z.bits>>n, z.nb-n
			continue
		case sym == 256:
			z.bits, z.nb = z.bits>>n, z.nb-n
			z.step = blockStart
			return true, nil
		}
		more, err := z.match(sym-257, n)
		if !more || err != nil {
			return false, err
		}
	}
}

// match copies bytes seen before. used is how many bits the length's code takes.
func (z *Reader) match(sym int, used uint) (bool, error) {
	v, nb := z.bits>>used, z.nb-used
	extra := uint(lengthExtra[sym])
	if nb < extra {
		return false, nil
	}
	length := int(lengthBase[sym]) + int(v&(1<<extra-1)) //nolint:gosec // at most 258
	v, nb = v>>extra, nb-extra
	d, n := z.dist.lookup(v, nb)
	if d == needMore && !z.dist.empty {
		return false, nil
	}
	if d < 0 || d > 29 {
		return false, ErrCorrupt
	}
	v, nb = v>>n, nb-n
	extra = uint(distExtra[d])
	if nb < extra {
		return false, nil
	}
	distance := int(distBase[d]) + int(v&(1<<extra-1)) //nolint:gosec // at most 32768
	z.bits, z.nb = v>>extra, nb-extra
	if distance > min(z.seenOut, windowSize) {
		return false, ErrCorrupt
	}
	if err := z.room(length); err != nil {
		return false, err
	}
	z.seenOut += length
	for length > 0 {
		if z.at == bufferSize {
			z.flush()
		}
		n := min(length, bufferSize-z.at)
		src := z.at - distance
		if distance >= n {
			copy(z.buf[z.at:z.at+n], z.buf[src:src+n])
		} else {
			for i := range n {
				z.buf[z.at+i] = z.buf[src+i]
			}
		}
		z.at += n
		length -= n
	}
	return true, nil
}
