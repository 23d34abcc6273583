package ward

import (
	"encoding/binary"
	"fmt"

	"github.com/cordon-trust/cordon/internal/lab"
)

// Identifiers of DICOM PS3.4 and PS3.6; instances come from the root for examples (2.25).
const (
	appContext  = "1.2.840.10008.3.1.1.1"
	implicitLE  = "1.2.840.10008.1.2"
	secondaryIm = "1.2.840.10008.5.1.4.1.1.7"
)

// study returns an association in which a modality stores one image (PS3.8 section 9.3, PS3.7 section 9.1.1).
// Its pixels are noise and its patient is made up.
func study(e *errand) []lab.Line {
	instance := fmt.Sprintf("2.25.%d", e.dice.Uint64())
	command := elements(
		element{0x0000, 0x0002, text(secondaryIm)}, element{0x0000, 0x0100, number(1)}, element{0x0000, 0x0110, number(1)},
		element{0x0000, 0x0700, number(2)}, element{0x0000, 0x0800, number(1)}, element{0x0000, 0x1000, text(instance)},
	)
	pixels := make([]byte, 2*(30_000+e.dice.IntN(60_000)))
	fill(e.dice, pixels)
	image := append(elements(
		element{0x0008, 0x0016, text(secondaryIm)}, element{0x0008, 0x0018, text(instance)},
		element{0x0010, 0x0010, text("LAB^PATIENT ")}, element{0x0010, 0x0020, text("LAB-0000")},
	), bare(0x7fe0, 0x0010, pixels)...)
	stored := elements(
		element{0x0000, 0x0002, text(secondaryIm)}, element{0x0000, 0x0100, number(0x8001)}, element{0x0000, 0x0120, number(1)},
		element{0x0000, 0x0800, number(0x0101)}, element{0x0000, 0x0900, number(0)}, element{0x0000, 0x1000, text(instance)},
	)
	return []lab.Line{
		{Data: associate(1, e.who.Asset)},
		{Server: true, Data: associate(2, e.who.Asset)},
		{Data: append(values(3, command), values(2, image)...)},
		{Server: true, Data: values(3, stored)},
		{Data: unit(5, make([]byte, 4))},
		{Server: true, Data: unit(6, make([]byte, 4))},
	}
}

// unit returns a protocol data unit of a type.
func unit(kind byte, body []byte) []byte {
	b := binary.BigEndian.AppendUint32([]byte{kind, 0}, uint32(len(body)))
	return append(b, body...)
}

// item returns an item of an association.
func item(kind byte, body []byte) []byte {
	b := binary.BigEndian.AppendUint16([]byte{kind, 0}, uint16(len(body)))
	return append(b, body...)
}

// associate returns the request for an association, or as type 2 its acceptance.
func associate(kind byte, calling string) []byte {
	b := append([]byte{0, 1, 0, 0}, fmt.Sprintf("%-16.16s%-16.16s", "ARCHIVE", calling)...)
	b = append(b, make([]byte, 32)...)
	b = append(b, item(0x10, []byte(appContext))...)
	context, syntax := []byte{1, 0, 0, 0}, item(0x40, []byte(implicitLE))
	if kind == 1 {
		b = append(b, item(0x20, append(append(context, item(0x30, []byte(secondaryIm))...), syntax...))...)
	} else {
		b = append(b, item(0x21, append(context, syntax...))...)
	}
	most := binary.BigEndian.AppendUint32(nil, maxUnit)
	return unit(kind, append(b, item(0x50, item(0x51, most))...))
}

const maxUnit = 16 << 10 // bytes of a data unit that both sides accept

// values returns data units that carry a message; flags is 3 for a command and 2 for the last of the data.
func values(flags byte, message []byte) []byte {
	var out []byte
	for {
		part := message[:min(len(message), maxUnit-6)]
		message = message[len(part):]
		control := flags
		if len(message) > 0 {
			control &^= 2 // more follows
		}
		b := binary.BigEndian.AppendUint32(nil, uint32(len(part)+2))
		out = append(out, unit(4, append(append(b, 1, control), part...))...)
		if len(message) == 0 {
			return out
		}
	}
}

// element is one element of a message.
type element struct {
	group, number uint16
	value         []byte
}

// elements encodes elements as implicit little endian (PS3.5 section 7.1.3), a command behind its length.
func elements(all ...element) []byte {
	var b []byte
	for _, e := range all {
		b = append(b, bare(e.group, e.number, e.value)...)
	}
	if all[0].group == 0 {
		size := binary.LittleEndian.AppendUint32(nil, uint32(len(b)))
		b = append(bare(0, 0, size), b...)
	}
	return b
}

func bare(group, number uint16, value []byte) []byte {
	le := binary.LittleEndian
	b := le.AppendUint16(le.AppendUint16(nil, group), number)
	return append(le.AppendUint32(b, uint32(len(value))), value...)
}

// text pads a value to even length, identifiers and names alike.
func text(s string) []byte {
	if len(s)%2 == 1 {
		s += "\x00"
	}
	return []byte(s)
}

func number(n uint16) []byte { return binary.LittleEndian.AppendUint16(nil, n) }
