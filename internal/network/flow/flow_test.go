package flow

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/cordon-trust/cordon/internal/network/capture"
)

// frame builds an Ethernet frame with IPv4 and TCP with gopacket, which shares no code with this package.
func frame(tb testing.TB, ip *layers.IPv4, tcp *layers.TCP, tags []uint16, payload []byte) []byte {
	tb.Helper()
	b := gopacket.NewSerializeBuffer()
	eth := layers.Ethernet{SrcMAC: make([]byte, 6), DstMAC: make([]byte, 6), EthernetType: layers.EthernetTypeIPv4}
	ls := []gopacket.SerializableLayer{&eth}
	for i, tag := range tags {
		typ := layers.EthernetTypeDot1Q
		if i == 0 {
			eth.EthernetType = typ
		}
		next := layers.EthernetTypeIPv4
		if i+1 < len(tags) {
			next = typ
		}
		ls = append(ls, &layers.Dot1Q{VLANIdentifier: tag, Type: next})
	}
	ip.Version, ip.TTL, ip.Protocol = 4, 64, layers.IPProtocolTCP
	ip.SrcIP, ip.DstIP = []byte{10, 0, 0, 1}, []byte{10, 0, 0, 2}
	if err := tcp.SetNetworkLayerForChecksum(ip); err != nil {
		tb.Fatal(err)
	}
	ls = append(ls, ip, tcp, gopacket.Payload(payload))
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ls...); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func decode(b []byte, wire int, link capture.Link) (Layer, *Decoder) {
	d := &Decoder{Counts: new(Counts)}
	return d.Frame(&capture.Packet{Data: b, Wire: max(wire, len(b)), Link: link, Time: 7}), d
}

func TestDecode(t *testing.T) {
	t.Parallel()
	tcp := &layers.TCP{SrcPort: 1234, DstPort: 80, Seq: 99, Ack: 100, ACK: true, PSH: true, Window: 77, Options: []layers.TCPOption{{OptionType: 1}}}
	for name, tags := range map[string][]uint16{"plain": nil, "vlan": {7}, "qinq": {7, 8}} {
		b := frame(t, &layers.IPv4{Id: 5, Options: []layers.IPv4Option{{OptionType: 1}}}, tcp, tags, []byte("hello"))
		layer, d := decode(append(b, 0, 0, 0), 0, capture.LinkEthernet) // padded to the least frame length
		got := d.Seg
		want := Segment{
			Time: 7, Src: addr4([]byte{10, 0, 0, 1}), Dst: addr4([]byte{10, 0, 0, 2}), SrcPort: 1234, DstPort: 80,
			Flags: ACK | 8, Window: 77, Field: got.Field, Seq: 99, Ack: 100, ID: 5, Payload: []byte("hello"), Wire: 5,
		}
		if d := cmp.Diff(want, got); d != "" || layer != TCP {
			t.Errorf("%s: layer %d %s", name, layer, d)
		}
		for link, strip := range map[capture.Link]int{capture.LinkRaw: 14, capture.LinkNull: 10, capture.LinkLoop: 10} {
			if tags != nil {
				break
			}
			if layer, d := decode(b[strip:], 0, link); layer != TCP || string(d.Seg.Payload) != "hello" {
				t.Errorf("link type %d: layer %d, %+v", link, layer, d.Counts)
			}
		}
		cooked := slices.Concat(make([]byte, 14), b[12:])
		if layer, d := decode(cooked, 0, capture.LinkCooked); layer != TCP || string(d.Seg.Payload) != "hello" {
			t.Errorf("%s, cooked: layer %d", name, layer)
		}
		cooked2 := slices.Concat(b[12:14], make([]byte, 18), b[14:])
		if layer, d := decode(cooked2, 0, capture.LinkCooked2); layer != TCP || string(d.Seg.Payload) != "hello" {
			t.Errorf("%s, cooked 2: layer %d", name, layer)
		}
	}
}

func TestChecksum(t *testing.T) {
	t.Parallel()
	b := frame(t, &layers.IPv4{}, &layers.TCP{SrcPort: 1, DstPort: 2}, nil, []byte("odd"))
	pseudo := fold(pseudoSum(b[26:34], protoTCP) + 23)
	for name, c := range map[string]struct {
		change func([]byte)
		want   SumState
	}{
		"right":         {func([]byte) {}, SumGood},
		"zero":          {func(b []byte) { b[50], b[51] = 0, 0 }, SumOffload},
		"pseudo-header": {func(b []byte) { binary.BigEndian.PutUint16(b[50:], pseudo) }, SumOffload},
		"pseudo-header without length": {func(b []byte) {
			binary.BigEndian.PutUint16(b[50:], fold(pseudoSum(b[26:34], protoTCP)))
		}, SumOffload},
		"payload changed": {func(b []byte) { b[54] ^= 1 }, SumWrong},
		"header changed":  {func(b []byte) { b[8] ^= 1; b[22]++ }, SumWrong},
		"IP sum left out": {func(b []byte) { b[24], b[25] = 0, 0 }, SumGood},
	} {
		x := slices.Clone(b)
		c.change(x)
		if _, d := decode(x, 0, capture.LinkEthernet); d.Seg.Sum != c.want {
			t.Errorf("%s: %d, want %d", name, d.Seg.Sum, c.want)
		}
	}
	if _, d := decode(b[:56], len(b), capture.LinkEthernet); d.Seg.Sum != SumUnknown || d.Seg.Wire != 3 || len(d.Seg.Payload) != 2 {
		t.Errorf("cut: %+v", d.Seg)
	}
}

func TestOnesSum(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	for n := range 600 {
		b := make([]byte, n/2)
		for i := range b {
			if b[i] = 0xff; n%2 == 0 { // every carry there can be, or some
				b[i] = byte(r.Uint32() | r.Uint32())
			}
		}
		var want uint32
		for i := range b {
			want += uint32(b[i]) << (8 * (1 - i%2))
		}
		for want > 0xffff {
			want = want>>16 + want&0xffff
		}
		// 0 and 0xffff are the same number in ones' complement.
		if got := onesSum(b); got%0xffff != want%0xffff || (got == 0) != (want == 0) {
			t.Fatalf("%d bytes: %#x, want %#x", n, got, want)
		}
	}
}

// The short ways to a sum lead where the long one leads.
func TestShortSums(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2, 2))
	for i := range 10_000 {
		b := make([]byte, 40)
		for j := range b {
			if b[j] = byte(r.Uint32()); i%3 == 0 {
				b[j] = 0xff * byte(r.IntN(2))
			}
		}
		if i%2 == 0 { // make the header's own checksum right
			b[10], b[11] = 0, 0
			binary.BigEndian.PutUint16(b[10:], ^fold(onesSum(b[:20])))
		}
		if want := fold(onesSum(b[:20])) == 0xffff; goodHead(b) != want {
			t.Fatalf("goodHead(%x) is %t", b[:20], !want)
		}
		for _, c := range []struct {
			src, dst Addr
			raw      []byte
		}{
			{addr4(b), addr4(b[4:]), b[:8]},
			{addr16(b), addr16(b[16:]), b[:32]},
			{Addr{}, Addr{}, make([]byte, 32)},
			{addr4(make([]byte, 4)), addr4(make([]byte, 4)), make([]byte, 8)},
		} {
			if got, want := fold(pseudoOf(c.src, c.dst, protoTCP)), fold(pseudoSum(c.raw, protoTCP)); got != want {
				t.Fatalf("pseudo-header of %x: %#x, want %#x", c.raw, got, want)
			}
		}
	}
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	good := frame(t, &layers.IPv4{}, &layers.TCP{SrcPort: 1, DstPort: 2}, nil, []byte("x"))
	set := func(at int, v ...byte) []byte { b := slices.Clone(good); copy(b[at:], v); return b }
	for name, c := range map[string]struct {
		in   []byte
		link capture.Link
		want Counts
	}{
		"nothing":             {nil, capture.LinkEthernet, Counts{Short: 1}},
		"half a header":       {good[:30], capture.LinkEthernet, Counts{Short: 1}},
		"IP longer than all":  {set(16, 0xff, 0xff), capture.LinkEthernet, Counts{Short: 1}},
		"IP header too long":  {set(14, 0x4f), capture.LinkEthernet, Counts{Short: 1}},
		"TCP header too long": {set(46, 0xf0), capture.LinkEthernet, Counts{Short: 1}},
		"LLDP":                {set(12, 0x88, 0xcc), capture.LinkEthernet, Counts{NotIP: 1}},
		"ICMP":                {set(23, 1), capture.LinkEthernet, Counts{OtherIP: 1}},
		"GRE":                 {set(23, 47), capture.LinkEthernet, Counts{Encapsulated: [EncapCount]int64{EncapGRE: 1}}},
		"MPLS":                {set(12, 0x88, 0x47), capture.LinkEthernet, Counts{Encapsulated: [EncapCount]int64{EncapMPLS: 1}}},
		"USB":                 {good, 220, Counts{UnknownLink: 1}},
	} {
		if layer, d := decode(c.in, 0, c.link); layer != None || *d.Counts != c.want {
			t.Errorf("%s: layer %d, %+v", name, layer, *d.Counts)
		}
	}
}

// fragmented cuts the IP payload of an Ethernet frame.
func fragmented(b []byte, size int) [][]byte {
	var out [][]byte
	body := b[34:]
	for at := 0; at < len(body); at += size {
		n := min(size, len(body)-at)
		f := append(slices.Clone(b[:34]), body[at:at+n]...)
		more := uint16(0)
		if at+n < len(body) {
			more = 0x2000
		}
		binary.BigEndian.PutUint16(f[16:], uint16(20+n))
		binary.BigEndian.PutUint16(f[20:], more|uint16(at/8))
		f[24], f[25] = 0, 0
		out = append(out, f)
	}
	return out
}

func TestFragments(t *testing.T) {
	t.Parallel()
	payload := bytes.Repeat([]byte("0123456789abcdef"), 60)
	whole := frame(t, &layers.IPv4{Id: 9}, &layers.TCP{SrcPort: 1, DstPort: 2}, nil, payload)
	parts := fragmented(whole, 96)
	feed := func(d *Decoder, fs [][]byte) (n int) {
		for i, f := range fs {
			if d.Frame(&capture.Packet{Data: f, Wire: len(f), Link: capture.LinkEthernet, Time: int64(i)}) == TCP {
				if d.Seg.Sum == SumGood && bytes.Equal(d.Seg.Payload, payload) {
					n++
				}
			}
		}
		return n
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		fs := slices.Clone(parts)
		r.Shuffle(len(fs), func(i, j int) { fs[i], fs[j] = fs[j], fs[i] })
		k := r.IntN(len(fs))
		fs = slices.Insert(fs, r.IntN(k+1), fs[k]) // a copy of one, before it was complete
		d := &Decoder{Counts: new(Counts)}
		if n := feed(d, fs); n != 1 || d.Counts.FragDropped != 0 {
			t.Fatalf("%d whole packets, %d dropped", n, d.Counts.FragDropped)
		}
	}
	overlap := slices.Clone(parts[3])
	overlap = append(overlap, make([]byte, 8)...)
	binary.BigEndian.PutUint16(overlap[16:], uint16(len(overlap)-14))
	d := &Decoder{Counts: new(Counts)}
	if n := feed(d, slices.Insert(slices.Clone(parts), 2, overlap)); n != 0 || d.Counts.FragDropped == 0 {
		t.Errorf("overlapping: %d whole packets, %d dropped", n, d.Counts.FragDropped)
	}
	d = &Decoder{Counts: new(Counts)}
	for i := range 100_000 { // nothing is ever complete
		f := slices.Clone(parts[0])
		binary.BigEndian.PutUint32(f[26:], uint32(i))
		feed(d, [][]byte{f})
	}
	if len(d.frags.order) > maxDatagrams || d.Counts.FragDropped < 99_000 {
		t.Errorf("a flood: %d held, %d dropped", len(d.frags.order), d.Counts.FragDropped)
	}
}

// record is a Stream that keeps what it is told.
type record struct {
	data  [2][]byte
	gaps  [2]uint64
	ends  [2][]End
	diff  int
	close int
}

func (r *record) Open(*Conn) Stream { return r }
func (r *record) Data(side int, c *Chunk) bool {
	r.data[side] = append(r.data[side], c.Bytes...)
	return true
}
func (r *record) Gap(side int, _, n uint64, _ int64) { r.gaps[side] += n }
func (r *record) Overlap(_ int, _, _ uint64, differs bool) {
	if differs {
		r.diff++
	}
}
func (r *record) Settled(int, uint64)   {}
func (r *record) End(side int, why End) { r.ends[side] = append(r.ends[side], why) }
func (r *record) Close()                { r.close++ }
func segment(seq uint32, b string) *Segment {
	return &Segment{Src: Addr{0, 1}, Dst: Addr{0, 2}, SrcPort: 5, DstPort: 80, Seq: seq, Flags: ACK, Payload: []byte(b), Wire: len(b)}
}

func TestOverlapFirstWins(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		segs []*Segment
		want string
		diff int
	}{
		"in order":                {[]*Segment{segment(1, "abc"), segment(4, "def")}, "abcdef", 0},
		"later one longer":        {[]*Segment{segment(1, "abc"), segment(2, "bcdef")}, "abcdef", 0},
		"later one differs":       {[]*Segment{segment(1, "abc"), segment(2, "XXdef")}, "abcdef", 1},
		"held, then covered":      {[]*Segment{segment(1, "a"), segment(4, "d"), segment(2, "bcde"), segment(6, "f")}, "abcdef", 0},
		"held, covered, differs":  {[]*Segment{segment(1, "a"), segment(4, "d"), segment(2, "bcXe"), segment(6, "f")}, "abcdef", 1},
		"held twice":              {[]*Segment{segment(1, "a"), segment(3, "cd"), segment(2, "bXXe"), segment(6, "f")}, "abcdef", 1},
		"two held, one over both": {[]*Segment{segment(1, "a"), segment(3, "c"), segment(5, "e"), segment(3, "cdef"), segment(2, "b")}, "abcdef", 0},
		"probe below":             {[]*Segment{segment(1, "abc"), segment(3, "X"), segment(4, "def")}, "abcdef", 0},
	} {
		var r record
		tab := NewTable(&r, new(Counts), 0, 1, Limits{})
		for i, s := range c.segs {
			s.Time, s.ID = int64(i)*1e6, uint32(i)
			tab.Add(s)
		}
		tab.Finish()
		if got := string(r.data[0]); got != c.want || r.diff != c.diff || r.close != 1 || len(r.ends[0]) != 1 {
			t.Errorf("%s: %q, %d differ, ends %v, closed %d", name, got, r.diff, r.ends, r.close)
		}
	}
}

// A flood of connections, held bytes and unacknowledged bytes stays within its bounds, and is counted.
func TestBounds(t *testing.T) {
	t.Parallel()
	var counts Counts
	streams := 0
	tab := NewTable(opener(func() Stream { streams++; return &record{} }), &counts, 0, 1, Limits{Connections: 1000, HeldBytes: 1 << 20})
	body := string(make([]byte, 1000))
	for i := range uint32(20_000) {
		for _, seq := range []uint32{1, 1001, 5001} {
			s := segment(seq, body)
			s.Src.Lo = uint64(i) + 10
			s.Time = int64(i) * 1000
			s.ID = seq
			tab.Add(s)
		}
		tab.Detach()
	}
	if tab.used > 1000 || counts.Evicted != 19_000 || counts.Connections != 20_000 || streams != 20_000 {
		t.Errorf("%d held, %d evicted, %d opened", tab.used, counts.Evicted, streams)
	}
	if tab.pages.made*pageSize > 1<<20 || counts.HeldEvicted == 0 || counts.Gaps == 0 {
		t.Errorf("%d pages, %d holes declared", tab.pages.made, counts.HeldEvicted)
	}
	if tab.windows.pool.made > windowPages || tab.windows.made > maxWindows {
		t.Errorf("%d pages to compare with", tab.windows.pool.made)
	}
	tab.Finish()
	if tab.used != 0 || tab.pages.used != 0 || tab.windows.pool.used != 0 || len(tab.windows.free) != tab.windows.made {
		t.Errorf("left over: %d connections, %d and %d pages", tab.used, tab.pages.used, tab.windows.pool.used)
	}
}

type opener func() Stream

func (o opener) Open(*Conn) Stream { return o() }

// The table finds what was put in, whatever was taken out, against a map.
func TestTable(t *testing.T) {
	t.Parallel()
	tab := NewTable(&record{}, new(Counts), 0, 42, Limits{})
	r := rand.New(rand.NewPCG(5, 6))
	want := map[key]*Conn{}
	for range 20_000 {
		k := key{a: Addr{0, uint64(r.IntN(60))}, b: Addr{uint64(r.IntN(3)), 1}, ports: uint32(r.IntN(20))}
		h := slotHash(k.hash(tab.seed)) & 0xff // collisions
		c := tab.lookup(&k, h)
		if c != want[k] {
			t.Fatalf("%v: found %p, want %p", k, c, want[k])
		}
		if c == nil {
			want[k] = tab.create(&k, h, 0)
		} else {
			tab.remove(c)
			delete(want, k)
		}
	}
	if tab.used != len(want) {
		t.Errorf("%d used, want %d", tab.used, len(want))
	}
}
