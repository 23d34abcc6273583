package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"

	"github.com/spf13/cobra"
)

// runWith runs a tree that has one more command, whose behaviour the test decides.
func runWith(ctx context.Context, out io.Writer, f func(*state, *cobra.Command) error, args ...string) (code int, stderr string) {
	var errs bytes.Buffer
	code = probe(ctx, Streams{Out: out, Err: &errs}, f, args...)
	return code, errs.String()
}

func probe(ctx context.Context, streams Streams, f func(*state, *cobra.Command) error, args ...string) int {
	s := newState(streams, func(string) string { return "" })
	root := newRootCommand(s)
	cmd := &cobra.Command{Use: "probe", RunE: func(cmd *cobra.Command, _ []string) error { return f(s, cmd) }}
	root.AddCommand(cmd)
	seal(s, cmd)
	root.SetArgs(append(args, "probe"))
	return s.finish(ctx, root.ExecuteContext(ctx))
}

// WaitMain is Main with a command that prints "waiting" and goes on until it is interrupted.
func WaitMain() int {
	return interruptible(func(ctx context.Context) int {
		return probe(ctx, Streams{Out: os.Stdout, Err: os.Stderr}, func(s *state, cmd *cobra.Command) error {
			_, _ = fmt.Fprintln(s.out, "waiting")
			if err := s.flush(); err != nil {
				return err
			}
			<-cmd.Context().Done()
			return fmt.Errorf("wait: %w", cmd.Context().Err())
		})
	})
}

// ListenNear is listenNear.
func ListenNear(ctx context.Context, port uint16) (net.Listener, netip.AddrPort, error) {
	return listenNear(ctx, port)
}
