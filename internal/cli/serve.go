package cli

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net"
	"net/netip"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/console"
	"github.com/cordon-trust/cordon/internal/kit/clock"
	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// consoleAddress is where the console answers unless --listen says otherwise.
const consoleAddress = "127.0.0.1:8420"

func newServeCommand(s *state) *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "show this home as pages in a browser, on this computer only",
		Example: `  cordon serve
  cordon serve --listen 127.0.0.1:8421`,
		Long: `Prints an address with a key in it: whoever opens it in a browser reads what this home shows, until
Ctrl-C ends the console (exit 130). It listens on this computer alone, opens the home for reading only, and
may run beside watch and release sync. Each run has a new key.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			at, err := parseListen(listen)
			if err != nil {
				return err
			}
			return s.serve(cmd.Context(), at)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", consoleAddress, "loopback `ADDRESS:PORT` to answer at; port 0 takes a free one")
	return cmd
}

// parseListen takes loopback addresses only: the pages tell what devices a hospital has and what is wrong
// with them, and nothing between here and another computer would protect them.
func parseListen(text string) (netip.AddrPort, error) {
	if port, ok := strings.CutPrefix(text, "localhost:"); ok {
		text = "127.0.0.1:" + port
	}
	at, err := netip.ParseAddrPort(text)
	if err != nil {
		return at, refusedUsage("--listen takes an address and a port such as 127.0.0.1:8420, not %q", text)
	}
	if a := at.Addr(); a != netip.IPv6Loopback() && a != netip.AddrFrom4([4]byte{127, 0, 0, 1}) {
		return at, fault.New(fault.NotAllowed, "the console answers on this computer only, and %q is not 127.0.0.1 or [::1]", text).
			Hint("from another computer use an SSH tunnel to 127.0.0.1 with the same port at both ends")
	}
	return at, nil
}

// serve opens the home once, so that what is wrong with it is said here and not on every page.
func (s *state) serve(ctx context.Context, at netip.AddrPort) error {
	if err := s.reading(ctx, func(*app.App) error { return nil }); err != nil {
		return err
	}
	opt, err := s.options()
	if err != nil {
		return err
	}
	opt.Store.ReadOnly = true
	var cfg net.ListenConfig
	on, err := cfg.Listen(ctx, "tcp", at.String())
	if err != nil {
		return fault.Wrap(err, fault.NotAllowed, "the console cannot listen at %s", at).
			Hint("if another `cordon serve` runs there, end it or choose another port, such as --listen 127.0.0.1:8421")
	}
	if tcp, ok := on.Addr().(*net.TCPAddr); ok {
		at = tcp.AddrPort()
	}
	c, err := console.New(console.Options{
		Open:  func(ctx context.Context) (*app.App, error) { return app.Open(ctx, opt) },
		Clock: clock.System{}, Rand: rand.Reader, Addr: at, Log: slog.New(slog.NewTextHandler(s.err, nil)),
	})
	if err == nil {
		err = s.print(consoleRow{Link: c.Link(), Listen: at.String(), Home: opt.Dir})
	}
	if err == nil {
		err = s.flush()
	}
	if err != nil {
		_ = on.Close() // nobody was answered yet
		return err
	}
	s.note("Ctrl-C ends it")
	if err := c.Serve(ctx, on); err != nil {
		return err
	}
	return fault.New(fault.Interrupted, "the console was ended").Hint("`cordon serve` opens it again, with a new key")
}

// consoleRow tells where the console is.
type consoleRow struct {
	Link   string `json:"link"`
	Listen string `json:"listen"`
	Home   string `json:"home"`
}

func (consoleRow) kind() string { return "console" }

func (r consoleRow) lines() []string {
	return []string{"open this address in a browser on this computer:", "  " + r.Link}
}
