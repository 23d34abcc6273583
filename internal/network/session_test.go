package network

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/flow"
)

// record is one record of TLS, written by hand.
func record(typ byte, b []byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{typ, 3, 3}, uint16(len(b))), b...)
}

func application(n int) (out []byte) {
	for ; n > 0; n -= min(n, 16_000) {
		out = append(out, record(23, make([]byte, min(n, 16_000)))...)
	}
	return out
}

// clientHello asks for a name and speaks TLS 1.3; serverHello agrees.
func clientHello(name string) []byte {
	be := binary.BigEndian
	list := append(be.AppendUint16([]byte{0}, uint16(len(name))), name...)
	ext := append(be.AppendUint16(be.AppendUint16([]byte{0, 0}, uint16(len(list)+2)), uint16(len(list))), list...)
	ext = append(ext, 0, 43, 0, 3, 2, 3, 4)
	b := append([]byte{3, 3}, make([]byte, 32)...)
	b = append(b, 0, 0, 2, 0x13, 1, 1, 0)
	b = append(be.AppendUint16(b, uint16(len(ext))), ext...)
	return record(22, append([]byte{1, 0, byte(len(b) >> 8), byte(len(b))}, b...))
}

func serverHello() []byte {
	b := append([]byte{3, 3}, make([]byte, 32)...)
	b = append(b, 0, 0x13, 1, 0, 0, 6, 0, 43, 0, 2, 3, 4)
	return record(22, append([]byte{2, 0, 0, byte(len(b))}, b...))
}

// secure is a TLS connection in which up and down bytes of application data go.
func secure(w *wire, client, server, name string, up, down int) *conv {
	c := w.conv(client, server).open()
	c.send(0, clientHello(name))
	c.send(1, append(serverHello(), record(20, []byte{1})...))
	c.send(0, append(record(20, []byte{1}), application(up)...))
	c.send(1, application(down))
	return c
}

const (
	pump   = "10.0.0.10:40001"
	server = "10.0.0.200:443"
)

func TestSessions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		build func(w *wire)
		want  []string // protocol end told handshake sent sent holes missing name data data
	}{
		"TLS":                         {func(w *wire) { secure(w, pump, server, "a.example", 100, 3000).close() }, []string{"tls fin syn true 188 3066 0 0 a.example 100 3000"}},
		"the server's port is larger": {func(w *wire) { secure(w, "10.0.0.10:443", "10.0.0.200:50000", "a", 1, 2).close() }, []string{"tls fin syn true 81 68 0 0 a 1 2"}},
		"HTTP":                        {func(w *wire) { download(w, "/a", firmware(1, 5000)).close() }, []string{fmt.Sprintf("http fin syn true %d %d 0 0", len(get("/a")), len(ok(firmware(1, 5000), "")))}},
		"something else": {func(w *wire) {
			c := w.conv(pump, "10.0.0.200:2575").open()
			c.send(0, []byte("\x0bMSH|^~\\&|"))
			c.send(1, []byte("\x0bMSH"))
			c.close()
		}, []string{"tcp fin syn true 10 4 0 0"}},
		"SSH": {func(w *wire) {
			c := w.conv(pump, "10.0.0.200:22").open()
			c.send(1, []byte("SSH-2.0-x\r\n"))
			c.send(0, []byte("SSH-2.0-y\r\n"))
			c.send(1, make([]byte, 5000))
			c.close()
		}, []string{"ssh fin syn true 11 5011 0 0"}},
		"a handshake only":   {func(w *wire) { w.conv(pump, server).open().close() }, []string{"tcp fin syn true 0 0 0 0"}},
		"a SYN only":         {func(w *wire) { w.conv(pump, server).flag(0, 2) }, []string{"tcp cut syn false 0 0 0 0"}},
		"not closed":         {func(w *wire) { secure(w, pump, server, "a", 1, 2) }, []string{"tls cut syn true 81 68 0 0 a 1 2"}},
		"closed by one side": {func(w *wire) { c := secure(w, pump, server, "a", 1, 2); c.flag(0, 0x11); c.seq[0]++ }, []string{"tls cut syn true 81 68 0 0 a 1 2"}},
		"reset":              {func(w *wire) { secure(w, pump, server, "a", 1, 2).flag(0, 4) }, []string{"tls rst syn true 81 68 0 0 a 1 2"}},
		"silence": {func(w *wire) {
			secure(w, pump, server, "a", 1, 2)
			w.now += 700e9
			for i := range 5 {
				secure(w, fmt.Sprintf("10.0.0.11:%d", 5000+i), server, "b", 1, 2).close()
			}
		}, []string{"tls idle syn true 81 68 0 0 a 1 2", "tls fin syn true 81 68 0 0 b 1 2"}},
		"ports used again": {func(w *wire) {
			secure(w, pump, server, "a", 1, 2)
			c := w.conv(pump, server)
			c.seq = [2]uint32{700_000, 900_000}
			c.open().send(0, get("/b"))
			c.close()
		}, []string{"tls reused syn true 81 68 0 0 a 1 2", fmt.Sprintf("http fin syn true %d 0 0 0", len(get("/b")))}},
		"from the middle": {func(w *wire) {
			c := w.conv(server, pump) // the first to be seen is the server
			c.send(0, application(40_000))
			c.send(1, application(2000))
		}, []string{"tls cut port false 2005 40015 0 0 ? 2000 40000"}},
		"without the handshake": {func(w *wire) {
			c := w.conv("10.0.0.10:443", "10.0.0.200:50000")
			c.send(0, clientHello("a.example"))
			c.send(1, serverHello())
		}, []string{"tls cut hello false 77 55 0 0 a.example 0 0"}},
		"one direction only": {func(w *wire) {
			secure(w, pump, server, "a.example", 100, 3000).close()
			w.frames = slices.DeleteFunc(w.frames, func(f frame) bool { return f.data[11] == 0 })
		}, []string{"tls cut syn true 0 3066 1 189 ? 0 3000"}},
		"a segment of the data is missing": {func(w *wire) {
			secure(w, pump, server, "a.example", 100, 30_000).close()
			w.frames = slices.Delete(w.frames, 12, 13)
		}, []string{"tls fin syn true 188 28623 1 1448 a.example 100 30000"}},
		"the hello is missing": {func(w *wire) {
			secure(w, pump, server, "a.example", 100, 3000).close()
			w.frames = slices.Delete(w.frames, 3, 4)
		}, []string{"tls fin syn true 111 3066 1 77 ? 100 3000"}},
		"a byte that looks like TLS, then HTTP": {func(w *wire) {
			c := w.conv(pump, "10.0.0.200:80")
			c.put(0, 0x18, 500, application(9)[:14]) // a whole record, as it happens
			c.seq[0] = 514
			c.send(0, get("/a"))
			c.send(1, ok(firmware(3, 4000), ""))
			c.close()
		}, []string{fmt.Sprintf("http fin port false %d %d 0 0", 14+len(get("/a")), len(ok(firmware(3, 4000), "")))}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire()
			c.build(w)
			r, sum := watchSessions(t, w.pcap(), Options{})
			var got []string
			for i, s := range r.sessions {
				if line := describe(&s, r, i); !slices.Contains(got, line) {
					got = append(got, line)
				}
				if s.First.After(s.Last) || s.Devices[0].IsZero() || s.Devices[1].IsZero() {
					t.Errorf("%+v", s)
				}
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			if int64(len(r.sessions)) != sum.Sessions {
				t.Errorf("%d rows of %d connections", len(r.sessions), sum.Sessions)
			}
		})
	}
}

func describe(s *Session, r *rows, i int) string {
	out := fmt.Sprintf("%s %s %s %v %d %d %d %d", s.Protocol, s.End, s.Told, s.Handshake, s.Sent[0], s.Sent[1], s.Holes[0]+s.Holes[1], s.Missing[0]+s.Missing[1])
	if s.TLS == nil {
		return out
	}
	name := "?"
	if f := &r.facts[i]; f.ClientHello {
		name = f.SNI
	}
	return fmt.Sprintf("%s %s %d %d", out, name, r.facts[i].App[0], r.facts[i].App[1])
}

// Rows come in the order in which connections are known to be over; those that the end of the capture ends, in
// the order of their last packets.
func TestOrderOfSessions(t *testing.T) {
	t.Parallel()
	w := newWire()
	var open []*conv
	for i := range 6 {
		open = append(open, secure(w, fmt.Sprintf("10.0.0.%d:5000", 10+i), server, fmt.Sprint(i), 1, 2))
	}
	for _, i := range []int{4, 1} {
		open[i].close()
	}
	for _, i := range []int{3, 5, 0, 2} {
		open[i].send(0, application(9))
	}
	r, _ := watchSessions(t, w.pcap(), Options{})
	var got []string
	for _, f := range r.facts {
		got = append(got, f.SNI)
	}
	if d := cmp.Diff([]string{"4", "1", "3", "5", "0", "2"}, got); d != "" {
		t.Error(d)
	}
	if !slices.IsSortedFunc(r.sessions, func(a, b Session) int { return a.Last.Compare(b.Last) }) {
		t.Error("not in the order of their ends")
	}
}

// A connection given up for lack of room still has its row, once.
func TestEvictedSessions(t *testing.T) {
	t.Parallel()
	w := newWire()
	for i := range 40 {
		secure(w, fmt.Sprintf("10.0.0.%d:5000", 10+i), server, "a", 1, 2)
	}
	r, sum := watchSessions(t, w.pcap(), Options{Connections: 8})
	ends := map[flow.End]int{}
	for _, s := range r.sessions {
		ends[s.End]++
	}
	if len(r.sessions) != 40 || ends[flow.EndEvicted] != 32 || sum.Losses.Evicted != 32 {
		t.Errorf("%d rows, ends %v, %d evicted", len(r.sessions), ends, sum.Losses.Evicted)
	}
}

// An encrypted session that may hide an update is one transfer for the side that received it, when it is
// asked for, and never an object.
func TestConcealed(t *testing.T) {
	t.Parallel()
	asked := 0
	keep := func(tr *model.Transfer) bool { asked++; return tr.Encrypted && tr.Host == "updates.acme.example" }
	w := newWire()
	secure(w, pump, server, "Updates.Acme.Example", 300, 200_000).close()
	secure(w, "10.0.0.11:40002", server, "updates.acme.example", 200_000, 64<<10).close()
	secure(w, "10.0.0.12:40003", server, "other.example", 10, 900_000).close()
	c := w.conv("10.0.0.13:40004", "10.0.0.200:22").open()
	c.send(1, []byte("SSH-2.0-x\r\n"))
	c.send(1, make([]byte, 100_000))
	c.close()
	for _, sessions := range []bool{false, true} {
		asked = 0
		var r rows
		sum, err := Watch(t.Context(), bytes.NewReader(w.pcap()), "test", Options{Keep: keep, Sessions: sessions}, &r)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.got) != 2 || asked != 4 || sum.Objects != 0 || sum.Transfers != 2 || len(r.sessions) > 0 != sessions {
			t.Fatalf("%d transfers, asked %d times, %+v", len(r.got), asked, sum)
		}
		got := r.got[0]
		got.Time = time.Time{}
		want := model.Transfer{
			Device: got.Device, Addr: got.Addr, Peer: server, Host: "updates.acme.example", Protocol: "tls",
			Size: 200_000, Declared: -1, Encrypted: true,
		}
		if !reflect.DeepEqual(want, got) {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if !strings.Contains(got.Device.String(), "10.0.0.10") || got.Addr.String() != "10.0.0.10" {
			t.Errorf("device %s at %s", got.Device, got.Addr)
		}
		if up := r.got[1]; !up.Upload || up.Addr.String() != "10.0.0.200" || up.Size != 200_000 || up.Peer != "10.0.0.11:40002" {
			t.Errorf("sent by the client: %+v", up)
		}
	}
}

// Records and messages that lie are counted, and the rest of the capture is read.
func TestLyingTLS(t *testing.T) {
	t.Parallel()
	w := newWire()
	c := secure(w, pump, server, "a.example", 10, 20)
	c.send(1, []byte{23, 3, 3, 0xff, 0xff, 1, 2, 3})
	c.send(1, application(5000))
	c.close()
	c = w.conv("10.0.0.11:40001", server).open()
	c.send(0, record(22, []byte{1, 0xff, 0xff, 0xff})) // a hello of 16 MiB
	for range 200 {
		c.send(0, record(22, make([]byte, 16_000)))
	}
	c.close()
	download(w, "/a", firmware(1, 5000)).close()
	r, sum := watchSessions(t, w.pcap(), Options{})
	if len(r.sessions) != 3 || len(r.got) != 1 || !r.got[0].Complete || sum.Losses.Framing != 1 || sum.Losses.Messages != 1 {
		t.Fatalf("%d sessions, %d transfers, %+v", len(r.sessions), len(r.got), sum.Losses)
	}
	if f := r.facts[0]; !f.Broken[1] || !f.Inexact[1] || f.App[1] != 20 || f.SNI != "a.example" {
		t.Errorf("a record of 65,535 bytes: %+v", f)
	}
	if f := r.facts[1]; f.ClientHello || !f.Partial || f.Client != 0 {
		t.Errorf("a hello of 16 MiB: %+v", f)
	}
}
