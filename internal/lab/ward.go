package lab

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
)

// ward holds the servers of a plan: one net/http server that every conversation reaches through memory.
type ward struct {
	at      time.Time // what clocks say, so that headers and certificates do not depend on today
	doors   chan net.Conn
	closed  chan struct{}
	served  chan error
	server  *http.Server
	issuer  *issuer
	clients sync.WaitGroup
}

// newWard opens the servers; their certificates come from a, or from an authority of their own when it is nil.
func newWard(at time.Time, a *Authority) *ward {
	if a == nil {
		a = NewAuthority(at)
	}
	w := &ward{at: at, doors: make(chan net.Conn), closed: make(chan struct{}), served: make(chan error, 1), issuer: a.issuer}
	w.server = &http.Server{
		Handler: http.HandlerFunc(w.serve),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, visitKey{}, visitOf(c))
		},
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // a failed conversation is the client's error
		ReadHeaderTimeout: time.Minute,
	}
	go func() { w.served <- w.server.Serve((*doorway)(w)) }()
	return w
}

// close ends every connection and returns when no client and no listener is left.
func (w *ward) close() error {
	err := w.server.Close()
	w.clients.Wait()
	if serr := <-w.served; !errors.Is(serr, http.ErrServerClosed) {
		err = errors.Join(err, serr)
	}
	return err
}

// doorway is the ward as the listener of its server.
type doorway ward

func (d *doorway) Accept() (net.Conn, error) {
	select {
	case c := <-d.doors:
		return c, nil
	case <-d.closed:
		return nil, net.ErrClosed
	}
}

// Close is called once: net/http sees to that.
func (d *doorway) Close() error {
	close(d.closed)
	return nil
}

func (d *doorway) Addr() net.Addr { return &net.TCPAddr{} }

// visit is one conversation at the server. Its connection has one request at a time, so served is owned
// by the goroutine of that connection.
type visit struct {
	net.Conn
	plan   *Conversation
	served int
}

type visitKey struct{}

// visitOf finds the visit beneath a connection, which may be one of TLS; nil when there is none.
func visitOf(c net.Conn) *visit {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	v, _ := c.(*visit)
	return v
}

// begin starts the client of a connection, unless what is said there is written down already. When the
// client ends, what it got is filled in and both sides hang up; an error ends the wire.
func (w *ward) begin(t *talk) {
	if on, live := t.wire.(*wire); live {
		w.fetch(&t.plan, on, &t.got)
	}
}

func (w *ward) fetch(c *Conversation, on *wire, out *fetched) {
	w.clients.Go(func() {
		if err := w.talk(c, on, out); err != nil {
			on.fail(fmt.Errorf("%v fetches from %v: %w", c.Device, c.Server, err))
		}
	})
}

func (w *ward) talk(c *Conversation, on *wire, out *fetched) error {
	dialled := false
	dial := func(context.Context, string, string) (net.Conn, error) {
		if dialled {
			return nil, errors.New("the connection was lost")
		}
		dialled = true
		var far net.Conn = &visit{Conn: on.end(server), plan: c}
		if c.TLS != 0 {
			far = tls.Server(far, w.issuer.server())
		}
		select {
		case w.doors <- far:
			return on.end(device), nil
		case <-w.closed:
			return nil, net.ErrClosed
		}
	}
	transport := &http.Transport{DialContext: dial, DisableCompression: true, MaxConnsPerHost: 1}
	scheme := "http://"
	if c.TLS != 0 {
		scheme, transport.TLSClientConfig = "https://", w.issuer.client(c.TLS)
	}
	defer transport.CloseIdleConnections()
	for _, o := range c.Fetch {
		got, state, err := get(transport, scheme+c.Host, c.Agent, &o)
		if err != nil {
			return err
		}
		out.all = append(out.all, got)
		if state != nil {
			out.session = sessionOf(c, state)
		}
	}
	return nil
}

func sessionOf(c *Conversation, state *tls.ConnectionState) *Session {
	s := &Session{
		Device: c.Device, Server: c.Server, Name: state.ServerName, Version: state.Version,
		Cipher: state.CipherSuite, Group: uint16(state.CurveID), Visible: state.Version < tls.VersionTLS13,
	}
	if len(state.PeerCertificates) > 0 {
		s.SPKI = model.DigestOf(state.PeerCertificates[0].RawSubjectPublicKeyInfo)
	}
	return s
}
