package lab

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
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
	issuer  issuer
	clients sync.WaitGroup
}

func newWard(at time.Time) *ward {
	w := &ward{at: at, doors: make(chan net.Conn), closed: make(chan struct{}), served: make(chan error, 1), issuer: issuer{at: at}}
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

// serve answers with the next object of the conversation.
func (w *ward) serve(rw http.ResponseWriter, r *http.Request) {
	v, _ := r.Context().Value(visitKey{}).(*visit)
	if v == nil || v.served >= len(v.plan.Fetch) || v.plan.Fetch[v.served].Path != r.URL.RequestURI() {
		http.Error(rw, "not here", http.StatusNotFound)
		return
	}
	body := v.plan.Fetch[v.served].Body
	v.served++
	h := rw.Header()
	h.Set("Date", w.at.UTC().Format(http.TimeFormat))
	h.Set("Server", "fw")
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Length", strconv.FormatInt(body.Size(), 10))
	_, _ = io.Copy(rw, body.Reader()) // what is cut short fails at the client, which counts and hashes
}

// fetched is what the client side of a conversation found out.
type fetched struct {
	digests []model.Digest
	session *Session
}

// fetch starts the client of a conversation. When it ends, out is filled in and both sides hang up; an error
// ends the wire.
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
		digest, state, err := get(transport, scheme+c.Host+o.Path, o.Body)
		if err != nil {
			return err
		}
		out.digests = append(out.digests, digest)
		if state != nil {
			out.session = sessionOf(c, state)
		}
	}
	return nil
}

// get fetches one object and checks that it arrived as it was served.
func get(over http.RoundTripper, url string, want Body) (model.Digest, *tls.ConnectionState, error) {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		return model.Digest{}, nil, err
	}
	req.Header.Set("User-Agent", "PumpUpdater/1.4")
	res, err := over.RoundTrip(req)
	if err != nil {
		return model.Digest{}, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	got, sent := sha256.New(), sha256.New()
	n, err := io.Copy(got, res.Body)
	if err != nil {
		return model.Digest{}, nil, err
	}
	if _, err := io.Copy(sent, want.Reader()); err != nil {
		return model.Digest{}, nil, err
	}
	digest := model.Digest(sent.Sum(nil))
	if res.StatusCode != http.StatusOK || n != want.Size() || model.Digest(got.Sum(nil)) != digest {
		return model.Digest{}, nil, fmt.Errorf("%s: status %d with %d of %d bytes did not arrive as served", url, res.StatusCode, n, want.Size())
	}
	return digest, res.TLS, nil
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
