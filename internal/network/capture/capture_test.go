package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// order writes numbers in either byte order.
type order interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

func classic(o order, magic uint32, records ...[]byte) []byte {
	b := o.AppendUint32(nil, magic)
	b = o.AppendUint16(o.AppendUint16(b, 2), 4)
	b = o.AppendUint32(o.AppendUint32(b, 0), 0)
	b = o.AppendUint32(o.AppendUint32(b, 65535), 1)
	for i, r := range records {
		b = o.AppendUint32(o.AppendUint32(b, uint32(1000+i)), 5)
		b = o.AppendUint32(o.AppendUint32(b, uint32(len(r))), uint32(len(r)+i))
		b = append(b, r...)
	}
	return b
}

func block(o order, typ uint32, body []byte) []byte {
	body = append(body, make([]byte, -len(body)&3)...)
	b := o.AppendUint32(o.AppendUint32(nil, typ), uint32(12+len(body)))
	return o.AppendUint32(append(b, body...), uint32(12+len(body)))
}

func sectionBlock(o order) []byte {
	b := o.AppendUint16(o.AppendUint16(o.AppendUint32(nil, 0x1a2b3c4d), 1), 0)
	return block(o, 0x0a0d0d0a, o.AppendUint64(b, ^uint64(0)))
}

func interfaceBlock(o order, link Link, options ...byte) []byte {
	return block(o, 1, append(o.AppendUint32(o.AppendUint16(o.AppendUint16(nil, uint16(link)), 0), 0), options...))
}

func enhanced(o order, id uint32, ticks uint64, data []byte, wire int) []byte {
	b := o.AppendUint32(o.AppendUint32(o.AppendUint32(nil, id), uint32(ticks>>32)), uint32(ticks))
	return block(o, 6, append(o.AppendUint32(o.AppendUint32(b, uint32(len(data))), uint32(wire)), data...))
}

type record struct {
	Time int64
	Data string
	Wire int
	Link Link
}

func readAll(r io.Reader) ([]record, error) {
	c, err := Open(r)
	if err != nil {
		return nil, err
	}
	var out []record
	var p Packet
	for {
		if err := c.Next(&p); err != nil {
			if again := c.Next(&p); again == nil || again.Error() != err.Error() {
				return out, errors.New("the error is not repeated")
			}
			if errors.Is(err, io.EOF) {
				return out, nil
			}
			return out, err
		}
		out = append(out, record{p.Time, string(p.Data), p.Wire, p.Link})
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	le, be := binary.LittleEndian, binary.BigEndian
	two := func(frac int64) []record {
		return []record{{1000e9 + frac, "one", 3, LinkEthernet}, {1001e9 + frac, "three", 6, LinkEthernet}}
	}
	ng := func(o order) []byte {
		nano := append(o.AppendUint16(o.AppendUint16(nil, 9), 1), 9, 0, 0, 0)
		bin := append(o.AppendUint16(o.AppendUint16(nil, 9), 1), 0x80|10, 0, 0, 0)
		bin = o.AppendUint64(o.AppendUint16(o.AppendUint16(bin, 14), 8), 100)
		return slices.Concat(sectionBlock(o), interfaceBlock(o, LinkEthernet), interfaceBlock(o, LinkRaw, nano...),
			block(o, 0xbad, []byte("a block of an unknown type")), interfaceBlock(o, LinkCooked, bin...),
			enhanced(o, 0, 5_000_001, []byte("abc"), 3), enhanced(o, 1, 5_000_000_001, []byte("defgh"), 9),
			enhanced(o, 2, 5*1024+512, []byte("i"), 1), block(o, 3, append(o.AppendUint32(nil, 2), "jk"...)))
	}
	ngWant := []record{
		{5_000_001_000, "abc", 3, LinkEthernet},
		{5_000_000_001, "defgh", 9, LinkRaw},
		{105_500_000_000, "i", 1, LinkCooked},
		{105_500_000_000, "jk", 2, LinkEthernet},
	}
	for name, c := range map[string]struct {
		in   []byte
		want []record
	}{
		"classic, little endian": {classic(le, 0xa1b2c3d4, []byte("one"), []byte("three")), two(5000)},
		"classic, big endian":    {classic(be, 0xa1b2c3d4, []byte("one"), []byte("three")), two(5000)},
		"nanoseconds":            {classic(le, 0xa1b23c4d, []byte("one"), []byte("three")), two(5)},
		"nanoseconds, swapped":   {classic(be, 0xa1b23c4d, []byte("one"), []byte("three")), two(5)},
		"no records":             {classic(le, 0xa1b2c3d4), nil},
		"pcapng":                 {ng(le), ngWant},
		"pcapng, swapped":        {ng(be), ngWant},
		"two sections":           {append(ng(le), ng(be)...), append(slices.Clone(ngWant), ngWant...)},
	} {
		for how, r := range map[string]io.Reader{
			"at once": bytes.NewReader(c.in), "byte by byte": iotest.OneByteReader(bytes.NewReader(c.in)),
			"error with data": iotest.DataErrReader(bytes.NewReader(c.in)),
		} {
			got, err := readAll(r)
			if err != nil {
				t.Errorf("%s, %s: %v", name, how, err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("%s, %s: %s", name, how, d)
			}
		}
	}
}

func TestDamage(t *testing.T) {
	t.Parallel()
	le := binary.LittleEndian
	good := classic(le, 0xa1b2c3d4, []byte("one"), []byte("three"))
	ng := slices.Concat(sectionBlock(le), interfaceBlock(le, LinkEthernet), enhanced(le, 0, 1, []byte("abc"), 3))
	liar := enhanced(le, 0, 1, []byte("abc"), 3)
	le.PutUint32(liar[20:], 4_000_000)
	for name, c := range map[string]struct {
		in   []byte
		code fault.Code
		n    int
	}{
		"empty":                    {nil, fault.BadCapture, 0},
		"two bytes":                {[]byte{0xd4, 0xc3}, fault.BadCapture, 0},
		"text":                     {[]byte("hello, world"), fault.BadCapture, 0},
		"file header cut":          {good[:23], fault.BadCapture, 0},
		"record header cut":        {good[:30], fault.CutCapture, 0},
		"record cut":               {good[:len(good)-1], fault.CutCapture, 1},
		"absurd length":            {append(slices.Clone(good), slices.Repeat([]byte{0xff}, 16)...), fault.CutCapture, 2},
		"pcapng block cut":         {ng[:len(ng)-3], fault.CutCapture, 0},
		"pcapng header cut":        {ng[:20], fault.BadCapture, 0},
		"pcapng, a length of zero": {append(slices.Clone(ng), make([]byte, 16)...), fault.CutCapture, 1},
		"pcapng, no interface":     {slices.Concat(sectionBlock(le), enhanced(le, 7, 1, []byte("abc"), 3)), fault.CutCapture, 0},
		"pcapng, a lying packet":   {slices.Concat(ng, liar), fault.CutCapture, 1},
	} {
		got, err := readAll(bytes.NewReader(c.in))
		if fault.CodeOf(err) != c.code || len(got) != c.n {
			t.Errorf("%s: %d records, %v", name, len(got), err)
		}
	}
	broken := errors.New("cable pulled")
	got, err := readAll(io.MultiReader(bytes.NewReader(good[:50]), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) || fault.CodeOf(err) != fault.ReadFailed || len(got) != 1 {
		t.Errorf("a source that fails: %d records, %v", len(got), err)
	}
}

// The bytes handed out stay as they are until Recycle is called.
func TestRecycle(t *testing.T) {
	t.Parallel()
	var records [][]byte
	for i := range 4000 {
		records = append(records, bytes.Repeat([]byte{byte(i)}, 1000))
	}
	r, err := Open(bytes.NewReader(classic(binary.LittleEndian, 0xa1b2c3d4, records...)))
	if err != nil {
		t.Fatal(err)
	}
	var kept []Packet
	recycled := 0
	check := func() {
		for _, p := range kept {
			if !bytes.Equal(p.Data, bytes.Repeat(p.Data[:1], 1000)) || p.Data[0] != byte(p.Time/1e9-1000) {
				t.Fatal("bytes changed before they were recycled")
			}
		}
		recycled++
		kept = kept[:0]
	}
	r.Recycle = check
	var p Packet
	for r.Next(&p) == nil {
		kept = append(kept, p)
	}
	if check(); recycled < 4 || r.Records() != 4000 {
		t.Errorf("recycled %d times, %d records", recycled, r.Records())
	}
}

func FuzzRead(f *testing.F) {
	le, be := binary.LittleEndian, binary.BigEndian
	f.Add(classic(le, 0xa1b2c3d4, []byte("one"), []byte("three")))
	f.Add(classic(be, 0xa1b23c4d, []byte("one")))
	f.Add(slices.Concat(sectionBlock(le), interfaceBlock(le, LinkEthernet), enhanced(le, 0, 77, []byte("abc"), 3)))
	f.Add(slices.Concat(sectionBlock(be), interfaceBlock(be, LinkRaw, 0, 9, 0, 1, 6, 0, 0, 0), block(be, 3, []byte("\x00\x00\x00\x01x"))))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := readAll(bytes.NewReader(b))
		total := 0
		for _, r := range got {
			total += len(r.Data)
			if r.Wire < len(r.Data) {
				t.Fatalf("%d bytes on the wire, %d captured", r.Wire, len(r.Data))
			}
		}
		if total > len(b) {
			t.Fatalf("%d bytes out of %d", total, len(b))
		}
		if code := fault.CodeOf(err); err != nil && code != fault.BadCapture && code != fault.CutCapture {
			t.Fatal(err)
		}
	})
}

// A block may be larger than the buffer, up to its limit; records before it stay as they were handed out.
func TestLargeBlock(t *testing.T) {
	t.Parallel()
	o := binary.LittleEndian
	comment := make([]byte, 900<<10)
	for i := 0; i < len(comment); i += 4 + 65532 {
		o.PutUint16(comment[i:], 1)
		o.PutUint16(comment[i+2:], uint16(min(65532, len(comment)-i-4)))
	}
	b := slices.Concat(sectionBlock(o), interfaceBlock(o, LinkEthernet), enhanced(o, 0, 1, []byte("one"), 3),
		interfaceBlock(o, LinkRaw, comment...), enhanced(o, 1, 2, []byte("two"), 3))
	r, err := Open(iotest.HalfReader(bytes.NewReader(b)))
	if err != nil {
		t.Fatal(err)
	}
	var first, second, end Packet
	if err := r.Next(&first); err != nil {
		t.Fatal(err)
	}
	if err := r.Next(&second); err != nil {
		t.Fatal(err)
	}
	if string(first.Data) != "one" || string(second.Data) != "two" || second.Link != LinkRaw {
		t.Errorf("%q and %q of link %d", first.Data, second.Data, second.Link)
	}
	if err := r.Next(&end); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
}

// A capture that was compressed is named as such, with what undoes it.
func TestCompressedCapture(t *testing.T) {
	t.Parallel()
	for magic, tool := range map[string]string{"\x1f\x8b\x08": "zcat", "\x28\xb5\x2f\xfd": "zstdcat", "\xfd7zXZ\x00": "xzcat", "BZh9": "bzcat"} {
		_, err := Open(strings.NewReader(magic + "\x00\x01\x02\x03\x04"))
		if fault.CodeOf(err) != fault.BadCapture || !strings.Contains(fault.HintOf(err), tool+" FILE") {
			t.Errorf("%q: %v; %s", magic, err, fault.HintOf(err))
		}
	}
}
