package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"syscall"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/console"
	"github.com/cordon-trust/cordon/internal/kit/clock"
	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// Where the console of a demo listens: the port of `cordon serve`, or the next one that is free.
const (
	demoPort  = 8420
	demoPorts = 20 // that are tried, before any that is free
)

// show opens the console on the gravest finding and stays until ctx ends.
func (d *demo) show(ctx context.Context, browser bool) error {
	opt, err := d.homeOf(demoHospital)
	if err != nil {
		return err
	}
	opt.Store.ReadOnly = true
	d.close() // pages read, and nothing else of the demo writes
	on, at, err := listenNear(ctx, demoPort)
	if err != nil {
		return err
	}
	c, err := console.New(console.Options{
		Open:  func(ctx context.Context) (*app.App, error) { return app.Open(ctx, opt) },
		Clock: clock.System{}, Rand: rand.Reader, Addr: at, Log: slog.New(slog.NewTextHandler(d.err, nil)),
	})
	if err == nil {
		err = d.lead(c.Link(), at, browser)
	}
	if err != nil {
		_ = on.Close() // nobody was answered yet
		return err
	}
	return c.Serve(ctx, on)
}

// lead prints what was found and where to look at it.
func (d *demo) lead(link string, at netip.AddrPort, browser bool) error {
	row, err := d.consoleRow(link, at)
	if err != nil {
		return err
	}
	if err := d.heading("\nWhat needs a person:"); err != nil {
		return err
	}
	for _, f := range d.findings {
		if err := d.print(demoFound{f}); err != nil {
			return err
		}
	}
	if err := d.print(row); err != nil {
		return err
	}
	if err := d.flush(); err != nil {
		return err
	}
	if browser {
		openBrowser(d.env, row.Link)
	}
	return nil
}

// consoleRow leads to the page of the gravest finding.
func (d *demo) consoleRow(link string, at netip.AddrPort) (demoConsole, error) {
	row := demoConsole{Link: link, Listen: at.String(), Home: d.path(demoHospital)}
	if at.Port() != demoPort {
		row.Taken = netip.AddrPortFrom(at.Addr(), demoPort).String()
	}
	u, err := url.Parse(link)
	if err != nil {
		return row, fault.Wrap(err, fault.Internal, "read the console's address")
	}
	if len(d.findings) > 0 {
		u.Path = "/findings/" + d.findings[0].ID.Hex()
	}
	row.Link = u.String()
	return row, nil
}

// listenNear listens on this computer alone, at a port or at the next one that nobody holds.
func listenNear(ctx context.Context, port uint16) (net.Listener, netip.AddrPort, error) {
	var cfg net.ListenConfig
	host := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	for i := range uint16(demoPorts + 1) {
		at := netip.AddrPortFrom(host, port+i)
		if i == demoPorts {
			at = netip.AddrPortFrom(host, 0)
		}
		on, err := cfg.Listen(ctx, "tcp", at.String())
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err != nil {
			return nil, at, fault.Wrap(err, fault.NotAllowed, "the console cannot listen at %s", at).
				Hint("`cordon demo --exit` prints the findings and opens no port")
		}
		if tcp, ok := on.Addr().(*net.TCPAddr); ok {
			at = tcp.AddrPort()
		}
		return on, at, nil
	}
	return nil, netip.AddrPort{}, fault.New(fault.NotAllowed, "no port of this computer is free").
		Hint("`cordon demo --exit` prints the findings and opens no port")
}
