package tls

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	ctls "crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/network/flow"
)

// turn is what one side wrote at once.
type turn struct {
	side int
	data []byte
}

// tape records both directions of a connection in the order of the writes.
type tape struct {
	mu    sync.Mutex
	turns []turn
}

// taped is one end of a connection in memory. A write never waits for the other end.
type taped struct {
	net.Conn // for what is not used
	tape     *tape
	side     int
	in, out  chan []byte
	rest     []byte
}

func newTaped() (*taped, *taped) {
	a, b := net.Pipe()
	up, down, tp := make(chan []byte, 4096), make(chan []byte, 4096), &tape{}
	return &taped{Conn: a, tape: tp, in: down, out: up}, &taped{Conn: b, tape: tp, side: 1, in: up, out: down}
}

func (t *taped) Write(b []byte) (int, error) {
	b = slices.Clone(b)
	t.tape.mu.Lock()
	t.tape.turns = append(t.tape.turns, turn{t.side, b})
	t.tape.mu.Unlock()
	t.out <- b
	return len(b), nil
}

func (t *taped) Read(b []byte) (int, error) {
	if len(t.rest) == 0 {
		select {
		case t.rest = <-t.in:
		case <-time.After(10 * time.Second):
			return 0, io.ErrUnexpectedEOF
		}
	}
	n := copy(b, t.rest)
	t.rest = t.rest[n:]
	return n, nil
}

// heard is what the stacks themselves know of a connection.
type heard struct {
	hello  ctls.ClientHelloInfo
	client ctls.ConnectionState
	turns  []turn
}

// talk runs a real connection in memory: the client sends up bytes, the server answers with down bytes.
func talk(t testing.TB, client, server *ctls.Config, up, down int) heard {
	t.Helper()
	a, b := newTaped()
	var out heard
	server = server.Clone()
	server.SessionTicketsDisabled = true // so that nothing is sent unasked
	server.GetConfigForClient = func(i *ctls.ClientHelloInfo) (*ctls.Config, error) {
		if out.hello.CipherSuites == nil { // the first hello; a second one repeats it
			out.hello = *i
			out.hello.Conn = nil
		}
		return nil, nil
	}
	srv := ctls.Server(b, server)
	done := make(chan error, 1)
	go func() {
		_, err := io.CopyN(io.Discard, srv, int64(up))
		if err == nil {
			_, err = srv.Write(make([]byte, down))
		}
		done <- err
	}()
	cl := ctls.Client(a, client)
	if _, err := cl.Write(make([]byte, up)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(cl, make([]byte, down)); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	out.client, out.turns = cl.ConnectionState(), a.tape.turns
	_ = a.Close()
	_ = b.Close()
	return out
}

// pair makes a certificate for a name.
func pair(t testing.TB, name string) ctls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: name, Organization: []string{"Ward"}}, DNSNames: []string{name},
		NotBefore: time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC), NotAfter: time.Date(2035, 1, 2, 3, 4, 5, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return ctls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// feeder gives a connection its bytes.
type feeder struct {
	conn *Conn
	off  [2]uint64
	syn  [2]bool
}

func feed(s *Shared) *feeder {
	return &feeder{conn: New(nil, s), syn: [2]bool{true, true}}
}

func (f *feeder) send(side int, b []byte) {
	f.conn.Data(side, &flow.Chunk{Off: f.off[side], Bytes: b, FromSYN: f.syn})
	f.off[side] += uint64(len(b))
}

func (f *feeder) gap(side, n int) {
	f.conn.Gap(side, uint64(n))
	f.off[side] += uint64(n)
}

// play gives a new connection all turns and returns its facts.
func play(turns []turn) *Facts {
	f := feed(&Shared{})
	for _, t := range turns {
		f.send(t.side, t.data)
	}
	return f.conn.Facts()
}

// streams joins what each side sent.
func streams(turns []turn) (out [2][]byte) {
	for _, t := range turns {
		out[t.side] = append(out[t.side], t.data...)
	}
	return out
}

// applicationBytes walks the records of a direction, which are whole.
func applicationBytes(t testing.TB, b []byte) (n int64) {
	t.Helper()
	for len(b) > 0 {
		size := int(b[3])<<8 | int(b[4])
		if b[0] == 23 {
			n += int64(size)
		}
		b = b[5+size:]
	}
	return n
}
