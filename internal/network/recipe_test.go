package network_test

import (
	"bytes"
	"crypto/sha256"
	"hash"
	"net/netip"
	"testing"

	"github.com/cordon-trust/cordon/internal/lab/frame"
	"github.com/cordon-trust/cordon/internal/network/capture"
	"github.com/cordon-trust/cordon/internal/network/flow"
)

// The example of docs/protocol.md: Gopher (RFC 1436), in which a client sends one line and the server answers
// with a file and closes. It stands here so that the recipe compiles and is tested.

const maxSelector = 255 // bytes of the line, RFC 1436 section 3.9

// item is a file that a server sent.
type item struct {
	Name     string
	Size     int64
	Digest   [sha256.Size]byte
	Complete bool // every byte was seen, once, and the server closed
}

// gopher is one connection. It is used by the goroutine that calls Table.Add.
type gopher struct {
	out      func(item)
	client   int    // who asks; -1: nobody spoke yet
	selector []byte // without its end
	asked    bool
	sum      hash.Hash
	size     int64
	doubt    bool // bytes are missing, or two copies of them differ or could not be compared
	closed   bool // by the server, in order
}

func newGopher(out func(item)) *gopher { return &gopher{out: out, client: -1, sum: sha256.New()} }

// Data takes the next bytes of a side.
func (g *gopher) Data(side int, c *flow.Chunk) bool {
	if g.client < 0 {
		if c.Off != 0 || !c.FromSYN[side] {
			return false // seen from its middle: nothing says where a line begins
		}
		g.client = side
	}
	if side != g.client {
		if !g.asked {
			return false // a server that speaks first speaks something else
		}
		_, _ = g.sum.Write(c.Bytes) // a hash never fails
		g.size += int64(len(c.Bytes))
		return true
	}
	if g.asked || len(g.selector)+len(c.Bytes) > maxSelector+2 {
		return false
	}
	g.selector = append(g.selector, c.Bytes...)              // the bytes are the table's: keep a copy
	line, rest, end := bytes.Cut(g.selector, []byte("\r\n")) // also when a segment ends between the two
	if end {
		g.selector, g.asked = line, true
	}
	return len(rest) == 0
}

// Gap says that bytes are missing: what was sent is then not known.
func (g *gopher) Gap(int, uint64, uint64, int64) { g.doubt = true }

// Overlap says that a second copy of bytes differs, or could not be compared.
func (g *gopher) Overlap(int, uint64, uint64, bool) { g.doubt = true }

// Settled is of no use here: the file is handed out at the very end.
func (g *gopher) Settled(int, uint64) {}

// End notes whether the server closed; a reset, or the end of the capture, is no end of a file.
func (g *gopher) End(side int, why flow.End) {
	if side != g.client && why == flow.EndFIN {
		g.closed = true
	}
}

// Close hands the file out.
func (g *gopher) Close() {
	if !g.asked || g.size == 0 {
		return
	}
	i := item{Name: string(g.selector), Size: g.size, Complete: g.closed && !g.doubt}
	if i.Complete { // of a file that is not whole no digest is given, so that none can match
		g.sum.Sum(i.Digest[:0])
	}
	g.out(i)
}

var _ flow.Stream = (*gopher)(nil)

// hole is the opener of a reader that knows nothing but Gopher.
type hole func(item)

func (h hole) Open(c *flow.Conn) flow.Stream {
	if c.Side(0).Port() != 70 && c.Side(1).Port() != 70 {
		return nil
	}
	return newGopher(h)
}

// talk is a conversation in frames: SYN, line, file in segments, FIN.
func talk(t *testing.T, selector string, file []byte) [][]byte {
	t.Helper()
	ends := [2]frame.Host{frame.HostAt(netip.MustParseAddr("10.0.0.10")), frame.HostAt(netip.MustParseAddr("10.0.0.70"))}
	ports, next := [2]uint16{40001, 70}, [2]uint32{1000, 5000}
	var out [][]byte
	send := func(from int, flags uint8, payload []byte) {
		s := frame.Segment{
			From: ends[from], To: ends[1-from], FromPort: ports[from], ToPort: ports[1-from],
			Seq: next[from], Ack: next[1-from], Flags: flags, Window: 65535, Payload: payload, TTL: 64, ID: uint16(len(out)),
		}
		b, err := s.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
		next[from] += uint32(len(payload))
		if flags&(frame.SYN|frame.FIN) != 0 {
			next[from]++
		}
	}
	send(0, frame.SYN, nil)
	send(1, frame.SYN|frame.ACK, nil)
	send(0, frame.ACK, []byte(selector+"\r\n"))
	for at := 0; at < len(file); at += 1000 {
		send(1, frame.ACK, file[at:min(at+1000, len(file))])
	}
	send(1, frame.FIN|frame.ACK, nil)
	send(0, frame.FIN|frame.ACK, nil)
	send(1, frame.ACK, nil)
	return out
}

// read puts frames together, as the engine does.
func read(frames [][]byte) []item {
	var got []item
	var counts flow.Counts
	dec := flow.Decoder{Counts: &counts}
	table := flow.NewTable(hole(func(i item) { got = append(got, i) }), &counts, 0, 1, flow.Limits{})
	for n, b := range frames {
		p := capture.Packet{Time: int64(n) * 1e6, Data: b, Wire: len(b), Link: capture.LinkEthernet}
		if dec.Frame(&p) == flow.TCP {
			table.Add(&dec.Seg)
		}
	}
	table.Finish()
	return got
}

func TestRecipe(t *testing.T) {
	t.Parallel()
	file := bytes.Repeat([]byte("firmware "), 700)
	frames := talk(t, "fw/pump.bin", file)
	whole := item{Name: "fw/pump.bin", Size: int64(len(file)), Digest: sha256.Sum256(file), Complete: true}
	without := func(n int) [][]byte { return append(append([][]byte{}, frames[:n]...), frames[n+1:]...) }
	for name, c := range map[string]struct {
		frames [][]byte
		want   []item
	}{
		"whole":              {frames, []item{whole}},
		"a segment lost":     {without(5), []item{{Name: whole.Name, Size: whole.Size - 1000}}},
		"no end":             {frames[:len(frames)-3], []item{{Name: whole.Name, Size: whole.Size}}},
		"from its middle":    {frames[4:], nil},
		"a line without end": {talk(t, string(make([]byte, 300)), file), nil},
	} {
		got := read(c.frames)
		if len(got) != len(c.want) || len(got) > 0 && got[0] != c.want[0] {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// Whatever the bytes are and however they are cut, nothing grows beyond its bound and a whole file has its digest.
func FuzzRecipe(f *testing.F) {
	f.Add([]byte("fw\r\n"), []byte("file"), 1)
	f.Fuzz(func(t *testing.T, asked, told []byte, cut int) {
		var got []item
		g := newGopher(func(i item) { got = append(got, i) })
		for side, b := range [][]byte{asked, told} {
			for off := 0; off < len(b); {
				n := max(1, min(cut, len(b)-off))
				if !g.Data(side, &flow.Chunk{Off: uint64(off), Bytes: b[off : off+n], FromSYN: [2]bool{true, true}}) {
					g.Close()
					return
				}
				off += n
			}
			g.End(side, flow.EndFIN)
		}
		g.Close()
		line, rest, one := bytes.Cut(asked, []byte("\r\n"))
		if one && len(rest) == 0 && len(line) <= maxSelector && len(told) > 0 && (len(got) != 1 || got[0].Name != string(line)) {
			t.Errorf("%q cut into pieces of %d gives %+v", asked, cut, got)
		}
		if len(g.selector) > maxSelector+2 {
			t.Errorf("%d bytes of a line were kept", len(g.selector))
		}
		if len(got) == 1 && (!got[0].Complete || got[0].Digest != sha256.Sum256(told)) {
			t.Errorf("%+v", got[0])
		}
	})
}
