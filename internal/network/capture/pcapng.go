package capture

import "github.com/cordon-trust/cordon/internal/kit/fault"

// Block types of pcapng (draft-ietf-opsawg-pcapng section 4).
const (
	blockSection   = 0x0a0d0d0a
	blockInterface = 1
	blockPacket    = 2 // obsolete, still found
	blockSimple    = 3
	blockEnhanced  = 6
)

const (
	maxInterfaces   = 4096      // of one section
	maxSectionBlock = 1 << 20   // bytes of a section or interface block that is read whole
	maxBlock        = 256 << 20 // bytes of a block that is skipped
	maxSeconds      = 4e9       // since 1970: the year 2096
)

// section is what the blocks of one section refer to.
type section struct {
	ifaces []iface
}

// iface is one interface of a section.
type iface struct {
	link   Link
	snap   uint32 // captured length the interface was limited to; 0: none
	per    uint64 // ticks in a second
	offset int64  // seconds to add
}

// firstSection reads the section header that Open has recognised.
func (r *Reader) firstSection() error {
	if r.need(28) != nil {
		if r.readErr != nil {
			return r.failed()
		}
		return fault.New(fault.BadCapture, "the capture ends inside its section header")
	}
	return r.sectionHeader()
}

// sectionHeader reads a section header at buf[r.r:], of which at least 12 bytes are there.
func (r *Reader) sectionHeader() error {
	switch be32(r.buf[r.r+8:]) {
	case 0x4d3c2b1a:
		r.swapped = false
	case 0x1a2b3c4d:
		r.swapped = true
	default:
		return fault.New(fault.BadCapture, "the pcapng section header has no byte-order mark")
	}
	n := r.u32(r.buf[r.r+4:])
	if n < 28 || n > maxSectionBlock || n%4 != 0 {
		return fault.New(fault.BadCapture, "the pcapng section header claims %d bytes", n)
	}
	if r.need(int(n)) != nil {
		return r.cut()
	}
	if major := r.u16(r.buf[r.r+12:]); major != 1 {
		return fault.New(fault.BadCapture, "pcapng version %d is not known", major)
	}
	r.ng.ifaces = r.ng.ifaces[:0]
	r.r += int(n)
	return nil
}

// nextBlock reads blocks until one holds a packet.
func (r *Reader) nextBlock(p *Packet) error {
	for {
		if r.need(12) != nil {
			return r.end()
		}
		h := r.buf[r.r:]
		typ, n := r.u32(h), r.u32(h[4:])
		if typ == blockSection {
			if err := r.sectionHeader(); err != nil {
				return r.damagedBy(err)
			}
			continue
		}
		if n < 12 || n%4 != 0 || n > maxBlock {
			return r.damaged("a block of type %d claims %d bytes", typ, n)
		}
		done, err := r.block(p, typ, n)
		if err != nil || done {
			return err
		}
	}
}

// damagedBy keeps a fault about a later section apart from "this is not a capture at all".
func (r *Reader) damagedBy(err error) error {
	if fault.CodeOf(err) != fault.BadCapture {
		return err
	}
	return r.damaged("%v", err)
}

// block handles one block of n bytes and says whether p was filled.
func (r *Reader) block(p *Packet, typ, n uint32) (bool, error) {
	switch typ {
	case blockEnhanced, blockPacket, blockSimple:
		if n > MaxRecord+maxSectionBlock/2 {
			return false, r.damaged("a packet block claims %d bytes", n)
		}
	case blockInterface:
		if n > maxSectionBlock {
			return false, r.damaged("an interface block claims %d bytes", n)
		}
	default:
		if r.skip(int64(n)) != nil {
			return false, r.cut()
		}
		return false, nil
	}
	if r.need(int(n)) != nil {
		return false, r.cut()
	}
	b := r.buf[r.r+8 : r.r+int(n)-4 : r.r+int(n)-4]
	if tail := r.u32(r.buf[r.r+int(n)-4:]); tail != n {
		return false, r.damaged("a block of %d bytes ends as one of %d", n, tail)
	}
	r.r += int(n)
	switch typ {
	case blockInterface:
		return false, r.addInterface(b)
	case blockEnhanced:
		return true, r.enhanced(p, b)
	case blockPacket:
		return true, r.obsolete(p, b)
	default:
		return true, r.simple(p, b)
	}
}

func (r *Reader) addInterface(b []byte) error {
	if len(b) < 8 {
		return r.damaged("an interface block of %d bytes", len(b))
	}
	if len(r.ng.ifaces) >= maxInterfaces {
		return r.damaged("more than %d interfaces", maxInterfaces)
	}
	f := iface{link: Link(r.u16(b)), snap: r.u32(b[4:]), per: 1e6}
	for o := b[8:]; len(o) >= 4; {
		code, n := r.u16(o), int(r.u16(o[2:]))
		if code == 0 || n > len(o)-4 {
			break
		}
		r.interfaceOption(&f, code, o[4:4+n])
		o = o[min(len(o), 4+(n+3)&^3):]
	}
	r.ng.ifaces = append(r.ng.ifaces, f)
	return nil
}

// interfaceOption reads if_tsresol and if_tsoffset (section 4.2); others do not matter here.
func (r *Reader) interfaceOption(f *iface, code uint16, v []byte) {
	switch {
	case code == 9 && len(v) == 1 && v[0]&0x80 != 0 && v[0]&0x7f < 63:
		f.per = 1 << (v[0] & 0x7f)
	case code == 9 && len(v) == 1 && v[0] <= 18:
		f.per = 1
		for range v[0] {
			f.per *= 10
		}
	case code == 14 && len(v) == 8:
		lo, hi := uint64(r.u32(v)), uint64(r.u32(v[4:]))
		if r.swapped {
			lo, hi = hi, lo
		}
		f.offset = int64(hi<<32 | lo) //nolint:gosec // the field is a signed number of seconds
	}
}

// nanos turns a count of ticks into nanoseconds since 1970.
func (f *iface) nanos(ticks uint64) int64 {
	sec, rest := ticks/f.per, ticks%f.per
	var frac uint64
	switch {
	case f.per == 1e6:
		frac = rest * 1000
	case f.per == 1e9:
		frac = rest
	case f.per < 1e9:
		frac = rest * 1e9 / f.per
	default:
		frac = uint64(float64(rest) / float64(f.per) * 1e9)
	}
	if sec > maxSeconds || f.offset > maxSeconds || f.offset < -maxSeconds {
		return 0 // a time outside 1970 to 2096 is a lie about time, not about bytes
	}
	total := int64(sec) + f.offset
	if total > maxSeconds || total < 0 {
		return 0
	}
	return total*1e9 + int64(frac) //nolint:gosec // less than a second
}

func (r *Reader) enhanced(p *Packet, b []byte) error {
	if len(b) < 20 {
		return r.damaged("a packet block of %d bytes", len(b))
	}
	return r.packet(p, r.u32(b), r.u32(b[4:]), r.u32(b[8:]), r.u32(b[12:]), r.u32(b[16:]), b[20:])
}

func (r *Reader) obsolete(p *Packet, b []byte) error {
	if len(b) < 20 {
		return r.damaged("a packet block of %d bytes", len(b))
	}
	return r.packet(p, uint32(r.u16(b)), r.u32(b[4:]), r.u32(b[8:]), r.u32(b[12:]), r.u32(b[16:]), b[20:])
}

// simple reads a block without a time; the time of the packet before it stays in p.
func (r *Reader) simple(p *Packet, b []byte) error {
	if len(b) < 4 || len(r.ng.ifaces) == 0 {
		return r.damaged("a simple packet block without an interface or a length")
	}
	wire := r.u32(b)
	n := min(int(wire), len(b)-4)
	if snap := r.ng.ifaces[0].snap; snap != 0 {
		n = min(n, int(snap))
	}
	p.Data, p.Wire, p.Link = b[4:4+n:4+n], max(n, int(min(wire, 1<<24))), r.ng.ifaces[0].link
	r.records++
	return nil
}

func (r *Reader) packet(p *Packet, id, hi, lo, captured, wire uint32, b []byte) error {
	if id >= uint32(len(r.ng.ifaces)) { //nolint:gosec // at most maxInterfaces
		return r.damaged("it names interface %d of %d", id, len(r.ng.ifaces))
	}
	if captured > MaxRecord || int(captured) > len(b) {
		return r.damaged("it claims %d captured bytes in a block of %d", captured, len(b))
	}
	f := &r.ng.ifaces[id]
	n := int(captured)
	p.Time = f.nanos(uint64(hi)<<32 | uint64(lo))
	p.Data, p.Wire, p.Link = b[:n:n], max(n, int(min(wire, 1<<24))), f.link
	r.records++
	return nil
}
