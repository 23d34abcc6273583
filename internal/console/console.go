// Package console shows what a home holds as pages in a browser, for people who use no command line. Each
// page answers one question, which is its heading, and works without JavaScript.
//
// [New] makes a console and [Console.Link] is the address to open it with; [Console.Serve] answers until
// its context ends. It refuses every request that names another host than this computer, that comes from
// another site, or that has not shown the secret of the link, and every method but GET and HEAD. It opens the home
// for reading and writes nothing, so it works beside a watch and a sync. Pages share what was read of the home
// until the home changes, and never show an older state than the one in which they were asked for.
package console

import (
	"context"
	"encoding/hex"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/kit/clock"
	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// Options are what a console is made from. All but Log are required.
type Options struct {
	Open  func(context.Context) (*app.App, error) // opens the home for reading; called whenever it has changed
	Clock clock.Clock
	Rand  io.Reader      // cryptographic
	Addr  netip.AddrPort // where it listens; a loopback address
	Log   *slog.Logger   // what the HTTP server has to say; nil: nobody hears it
}

func (o *Options) valid() error {
	switch {
	case o.Open == nil || o.Clock == nil || o.Rand == nil:
		return fault.New(fault.Internal, "a console needs a home, a clock and randomness")
	case !o.Addr.Addr().IsLoopback() || o.Addr.Port() == 0:
		return fault.New(fault.NotAllowed, "the console answers on this computer only, and %s is not an address of it alone", o.Addr)
	}
	return nil
}

// Console answers requests. It is safe for concurrent use: after [New] only home changes, which has a lock of its own.
type Console struct {
	opt     Options
	token   string // in the link
	session string // in the cookie, so that the cookie does not give the link away
	run     string // tells the pages of this run from those of others
	hosts   []string
	foreign *http.CrossOriginProtection
	mux     *http.ServeMux
	pages   map[string]*template.Template
	turn    chan struct{} // as many pages are made at once as it holds
	home    *current
}

const (
	secretSize = 16 // bytes
	atOnce     = 2  // pages: some ask the home for more than is kept
)

// New checks the options and makes the secrets of one run.
func New(opt Options) (*Console, error) {
	if err := opt.valid(); err != nil {
		return nil, err
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	var secrets [3 * secretSize]byte
	if _, err := io.ReadFull(opt.Rand, secrets[:]); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "read randomness")
	}
	pages, err := readPages()
	if err != nil {
		return nil, err
	}
	c := &Console{
		opt: opt, token: hex.EncodeToString(secrets[:secretSize]), session: hex.EncodeToString(secrets[secretSize : 2*secretSize]),
		run: hex.EncodeToString(secrets[2*secretSize:]), home: &current{open: opt.Open},
		hosts: hostsOf(opt.Addr), foreign: http.NewCrossOriginProtection(), pages: pages, turn: make(chan struct{}, atOnce),
	}
	c.mux = c.routes()
	return c, nil
}

// Close lets go of the home. Requests that come later are told that the console was ended.
func (c *Console) Close() { c.home.close() }

// Link is the address that opens the console. Whoever has it reads all that the home shows.
func (c *Console) Link() string {
	u := url.URL{Scheme: "http", Host: c.opt.Addr.String(), Path: "/", RawQuery: url.Values{tokenParam: {c.token}}.Encode()}
	return u.String()
}

func (c *Console) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for pattern, answer := range map[string]answer{
		"/{$}":           today,
		"/findings":      findings,
		"/findings/{id}": finding,
		"/devices":       devices,
		"/devices/{id}":  device,
		"/releases":      releases,
		"/releases/{publisher}/{product}/{version}": oneReleasePage,
		"/transfers": transfers,
		"/evidence":  evidence,
		"/reach":     reach,
		"/":          nowhere,
	} {
		mux.Handle(pattern, c.page(answer))
	}
	mux.Handle("/evidence/proof", c.file(proof))
	mux.HandleFunc("/assets/{name}", c.asset)
	return mux
}
