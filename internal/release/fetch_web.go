package release

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// Limits of fetching over a network: what a server that stalls, drips or leads astray can cost.
const (
	dialTimeout   = 10 * time.Second
	answerTimeout = 30 * time.Second
	ratePeriod    = 20 * time.Second
	rateMinimum   = 64 << 10 // bytes in each period
	maxRedirects  = 3
)

// web fetches over HTTP. It trusts the transport with nothing.
type web struct {
	base   *url.URL
	client *http.Client
	period time.Duration
	least  int64 // bytes that must arrive in each period
}

func newWebFetcher(u *url.URL) (Fetcher, error) {
	if u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fault.New(fault.Usage, "%q is not the plain address of a folder", u.Redacted())
	}
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout:    dialTimeout,
		ResponseHeaderTimeout:  answerTimeout,
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true, // files come as they are: nothing to inflate
		ForceAttemptHTTP2:      true,
	}
	return &web{
		base: u, client: &http.Client{Transport: transport, CheckRedirect: sameHost},
		period: ratePeriod, least: rateMinimum,
	}, nil
}

// sameHost follows a few redirects within one server, never to another and never from https to http.
func sameHost(req *http.Request, via []*http.Request) error {
	was := via[0].URL
	switch {
	case len(via) > maxRedirects:
		return errors.New("too many redirects")
	case req.URL.Host != was.Host || was.Scheme == "https" && req.URL.Scheme != "https":
		return fmt.Errorf("it redirects to another server, %q", req.URL.Host)
	}
	return nil
}

// String returns the address without a password.
func (w *web) String() string { return w.base.Redacted() }

// Close drops idle connections.
func (w *web) Close() error {
	w.client.CloseIdleConnections()
	return nil
}

// Fetch implements [Fetcher].
func (w *web) Fetch(ctx context.Context, path string, limit int64) ([]byte, error) {
	u := w.base.JoinPath(path)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fault.Wrap(err, fault.Usage, "fetch %q", u.Redacted())
	}
	req.Header.Set("Accept-Encoding", "identity")
	resp, err := w.client.Do(req)
	if err != nil {
		return nil, fetchFault(ctx, err, u)
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusGone:
		return nil, fault.New(fault.NotFound, "there is no %q", u.Redacted())
	case resp.StatusCode != http.StatusOK:
		return nil, fault.New(fault.ReadFailed, "fetch %q: the server answers %d", u.Redacted(), resp.StatusCode)
	case resp.Header.Get("Content-Encoding") != "":
		return nil, fault.New(fault.ReadFailed, "fetch %q: the server encodes the file", u.Redacted())
	case resp.ContentLength > limit:
		return nil, fault.New(fault.TooLarge, "%q is larger than %d bytes", u.Redacted(), limit)
	}
	body := &paced{r: resp.Body, cancel: cancel, period: w.period, least: w.least}
	defer body.stop()
	b, err := io.ReadAll(io.LimitReader(body, limit+1))
	switch {
	case err != nil:
		return nil, fetchFault(ctx, err, u)
	case int64(len(b)) > limit:
		return nil, fault.New(fault.TooLarge, "%q is larger than %d bytes", u.Redacted(), limit)
	}
	return b, nil
}

func fetchFault(ctx context.Context, err error, u *url.URL) error {
	var uerr *url.Error
	if errors.As(err, &uerr) {
		err = uerr.Err // the address is said once, without its password
	}
	if cause := context.Cause(ctx); cause != nil {
		if errors.Is(cause, errSlow) {
			return fault.Wrap(cause, fault.ReadFailed, "fetch %q", u.Redacted())
		}
		return fault.Wrap(cause, fault.Interrupted, "fetch %q", u.Redacted())
	}
	return fault.Wrap(err, fault.ReadFailed, "fetch %q", u.Redacted())
}

var errSlow = errors.New("the server sends too slowly")

// paced cancels a transfer that falls below a rate. It belongs to the goroutine that reads; the timer
// only cancels.
type paced struct {
	r      io.Reader
	cancel context.CancelCauseFunc
	period time.Duration
	least  int64
	timer  *time.Timer
	got    int64 // bytes in this period
}

// Read implements io.Reader. Each time that enough has come the clock starts again.
func (p *paced) Read(b []byte) (int, error) {
	if p.timer == nil {
		p.timer = time.AfterFunc(p.period, func() { p.cancel(errSlow) })
	}
	n, err := p.r.Read(b)
	if p.got += int64(n); p.got >= p.least {
		p.got = 0
		p.timer.Reset(p.period)
	}
	return n, err
}

func (p *paced) stop() {
	if p.timer != nil {
		p.timer.Stop()
	}
}
