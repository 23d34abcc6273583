package tftp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/cordon-trust/cordon/internal/network/flow"
)

// file is what came out of a transfer.
type file struct {
	x    Transfer
	body []byte
	done bool
}

// list keeps the files of a table.
type list struct {
	files []*file
	at    map[*Transfer]*file
}

func (l *list) Begin(x *Transfer) {
	f := &file{}
	l.at[x], l.files = f, append(l.files, f)
}

func (l *list) Body(x *Transfer, off int64, b []byte) {
	f := l.at[x]
	for int64(len(f.body)) < off && len(f.body) < 1<<20 {
		f.body = append(f.body, 0)
	}
	f.body = append(f.body, b...)
}

func (l *list) Done(x *Transfer) {
	f := l.at[x]
	if f == nil || f.done {
		panic("done without a beginning, or twice")
	}
	f.x, f.done = *x, true
}

const client, answer = 50000, 50001

func gram(from, to uint16, b []byte) *flow.Datagram {
	hosts := map[bool]string{true: "10.0.0.2", false: "10.0.0.1"}
	server := from != client
	return &flow.Datagram{
		Src: flow.AddrOf(netip.MustParseAddr(hosts[server])), Dst: flow.AddrOf(netip.MustParseAddr(hosts[!server])),
		SrcPort: from, DstPort: to, Payload: b, Wire: len(b),
	}
}

func packet(op byte, n int, b []byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0, op}, uint16(n)), b...)
}

func text(op byte, s ...string) []byte {
	return append([]byte{0, op}, strings.Join(s, "\x00")+"\x00"...)
}

// scene is one transfer, packet by packet.
type scene struct {
	body    []byte
	write   bool
	options []string
	granted []string // nil: no OACK
	block   int
	window  int
	skip    func(op byte, n int) bool
}

func (s scene) packets() []*flow.Datagram {
	var out []*flow.Datagram
	put := func(fromServer bool, b []byte) {
		n := 0
		if len(b) > 3 {
			n = int(binary.BigEndian.Uint16(b[2:]))
		}
		if s.skip != nil && s.skip(b[1], n) {
			return
		}
		if fromServer {
			out = append(out, gram(answer, client, b))
		} else {
			out = append(out, gram(client, answer, b))
		}
	}
	op := byte(opRead)
	if s.write {
		op = opWrite
	}
	out = append(out, gram(client, Port, text(op, append([]string{"dir/fw.bin", "OCTET"}, s.options...)...)))
	if s.granted != nil {
		put(true, text(opOptions, s.granted...))
	}
	if s.write && s.granted == nil || !s.write && s.granted != nil {
		put(s.write, packet(opAck, 0, nil))
	}
	for n, at := 1, 0; at <= len(s.body); n, at = n+1, at+s.block {
		b := s.body[at:min(at+s.block, len(s.body))]
		put(!s.write, packet(opData, n, b))
		if n%max(s.window, 1) == 0 || len(b) < s.block {
			put(s.write, packet(opAck, n, nil))
		}
	}
	return out
}

func run(ps []*flow.Datagram) *list {
	l := &list{at: map[*Transfer]*file{}}
	t := New(l)
	for i, g := range ps {
		g.Time = int64(i) * 1e6
		if t.Wants(g) {
			t.Add(g, false)
		}
	}
	t.Finish()
	return l
}

func content(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 7 >> 3)
	}
	return b
}

func TestTransfers(t *testing.T) {
	t.Parallel()
	big := []string{"blksize", "1024", "tsize", "0"}
	for name, k := range map[string]struct {
		s    scene
		want string // complete, ambiguous, uncompared
		also func([]*flow.Datagram) []*flow.Datagram
	}{
		"download":                    {s: scene{body: content(5000), block: 512}, want: "true false false"},
		"ends with an empty block":    {s: scene{body: content(1024), block: 512}, want: "true false false"},
		"upload":                      {s: scene{body: content(5000), block: 512, write: true}, want: "true false false"},
		"block size":                  {s: scene{body: content(5000), block: 1024, options: big, granted: []string{"BlkSize", "1024"}}, want: "true false false"},
		"block size of an upload":     {s: scene{body: content(5000), block: 1024, write: true, options: big, granted: big}, want: "true false false"},
		"options not granted":         {s: scene{body: content(5000), block: 512, options: big}, want: "true false false"},
		"block numbers wrap":          {s: scene{body: content(70_000 * 8), block: 8, options: big, granted: []string{"blksize", "8"}}, want: "true false false"},
		"a window of blocks":          {s: scene{body: content(9000), block: 512, window: 4, options: big, granted: []string{"windowsize", "4"}}, want: "true false false"},
		"granted options not seen":    {s: scene{body: content(5000), block: 1024, options: big, granted: big, skip: only(opOptions, -1)}, want: "true false false"},
		"small block, grant not seen": {s: scene{body: content(300), block: 128, options: []string{"blksize", "128"}, granted: []string{"blksize", "128"}, skip: only(opOptions, -1)}, want: "true false false"},
		"one block, grant not seen":   {s: scene{body: content(100), block: 128, options: []string{"blksize", "128"}, granted: []string{"blksize", "128"}, skip: only(opOptions, -1)}, want: "false false false"},
		"a block is lost":             {s: scene{body: content(5000), block: 512, skip: only(opData, 4)}, want: "false false false"},
		"the first block is lost":     {s: scene{body: content(5000), block: 512, skip: only(opData, 1)}, want: "false false false"},
		"the last block is lost":      {s: scene{body: content(5000), block: 512, skip: only(opData, 10)}, want: "false false false"},
		"acknowledgements are lost":   {s: scene{body: content(5000), block: 512, skip: func(op byte, _ int) bool { return op == opAck }}, want: "true false false"},
		"every packet twice": {s: scene{body: content(5000), block: 512}, want: "true false false", also: func(ps []*flow.Datagram) []*flow.Datagram {
			var out []*flow.Datagram
			for _, p := range ps {
				q := *p
				out = append(out, p, &q)
			}
			return out
		}},
		"another copy differs": {s: scene{body: content(5000), block: 512}, want: "true true false", also: func(ps []*flow.Datagram) []*flow.Datagram {
			evil := gram(answer, client, packet(opData, 2, make([]byte, 512)))
			return append(ps[:4:4], append([]*flow.Datagram{evil}, ps[4:]...)...)
		}},
		"another copy comes late": {s: scene{body: content(5000), block: 512}, want: "true false false", also: func(ps []*flow.Datagram) []*flow.Datagram {
			evil := gram(answer, client, packet(opData, 2, make([]byte, 512)))
			return append(ps[:5:5], append([]*flow.Datagram{evil}, ps[5:]...)...)
		}},
		"another port speaks": {s: scene{body: content(5000), block: 512}, want: "true false false", also: func(ps []*flow.Datagram) []*flow.Datagram {
			evil := gram(answer+1, client, packet(opData, 3, make([]byte, 512)))
			return append(ps[:5:5], append([]*flow.Datagram{evil}, ps[5:]...)...)
		}},
		"broken off": {s: scene{body: content(5000), block: 512}, want: "false false false", also: func(ps []*flow.Datagram) []*flow.Datagram {
			return append(ps[:5:5], gram(answer, client, packet(opError, 0, []byte("x\x00"))))
		}},
		"cut by the snap length": {s: scene{body: content(5000), block: 512}, want: "false false false", also: func(ps []*flow.Datagram) []*flow.Datagram {
			ps[7].Payload = ps[7].Payload[:100]
			return ps
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ps := k.s.packets()
			if k.also != nil {
				ps = k.also(ps)
			}
			l := run(ps)
			if len(l.files) != 1 || !l.files[0].done {
				t.Fatalf("%d files", len(l.files))
			}
			f := l.files[0]
			if got := fmt.Sprint(f.x.Complete, f.x.Ambiguous, f.x.Uncompared); got != k.want {
				t.Errorf("complete, ambiguous, uncompared: %s, want %s", got, k.want)
			}
			if f.x.Complete && !bytes.Equal(f.body, k.s.body) {
				t.Errorf("%d bytes, want %d, or they differ", len(f.body), len(k.s.body))
			}
			if f.x.Name != "fw.bin" || f.x.Write != k.s.write || f.x.Server.Port() != answer {
				t.Errorf("%+v", f.x)
			}
		})
	}
}

func only(op byte, n int) func(byte, int) bool {
	return func(o byte, k int) bool { return o == op && (n < 0 || k == n) }
}

// However many transfers begin, a bounded number is followed, and the loss is counted.
func TestBound(t *testing.T) {
	t.Parallel()
	l := &list{at: map[*Transfer]*file{}}
	tab := New(l)
	for i := range 3 * maxTransfers {
		g := gram(client, Port, text(opRead, "x", "octet"))
		g.SrcPort = uint16(1000 + i)
		tab.Add(g, false)
		d := gram(answer, client, packet(opData, 1, make([]byte, 512)))
		d.DstPort = uint16(1000 + i)
		tab.Add(d, false)
	}
	if len(tab.by) != maxTransfers || tab.Evicted != 2*maxTransfers || len(l.files) != 3*maxTransfers {
		t.Errorf("%d followed, %d evicted, %d files", len(tab.by), tab.Evicted, len(l.files))
	}
	g := gram(client, Port, text(opRead, "y", "octet"))
	g.Time = idle + 1
	tab.Add(g, false)
	if len(tab.by) != 1 {
		t.Errorf("%d are followed after a long silence, want 1", len(tab.by))
	}
}

// Whatever the datagrams are, every file ends once, and one that is complete has all its bytes.
func FuzzDatagrams(f *testing.F) {
	for _, s := range []scene{
		{body: content(1100), block: 512},
		{body: content(300), block: 128, write: true, options: []string{"blksize", "128"}, granted: []string{"blksize", "128"}},
		{body: content(900), block: 64, window: 3, options: []string{"blksize", "64"}, granted: []string{"blksize", "64", "windowsize", "3"}},
	} {
		var b []byte
		for _, p := range s.packets() {
			side := byte(0)
			switch {
			case p.SrcPort != client:
				side = 1
			case p.DstPort == Port:
				side = 2
			}
			b = append(binary.BigEndian.AppendUint16(append(b, side), uint16(len(p.Payload))), p.Payload...)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l := &list{at: map[*Transfer]*file{}}
		tab := New(l)
		for i := int64(0); len(b) > 3; i++ {
			n := min(int(binary.BigEndian.Uint16(b[1:])), len(b)-3)
			var g *flow.Datagram
			switch b[0] % 4 {
			case 0:
				g = gram(client, answer, b[3:3+n])
			case 1:
				g = gram(answer, client, b[3:3+n])
			case 2:
				g = gram(client, Port, b[3:3+n])
			default:
				g = gram(Port, client, b[3:3+n])
			}
			g.Time, b = i*1e9, b[3+n:]
			if tab.Wants(g) {
				tab.Add(g, i%2 == 0)
			}
		}
		tab.Finish()
		for _, f := range l.files {
			if !f.done {
				t.Fatal("a file did not end")
			}
			if f.x.Complete && int64(len(f.body)) != f.x.Seen {
				t.Fatalf("complete with %d of %d bytes", len(f.body), f.x.Seen)
			}
		}
	})
}
