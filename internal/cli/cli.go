// Package cli is the command line: one file per command, and the only place that prints or exits.
//
// The binary calls [Main]; tests and other programs call [Run], which touches neither the process's
// streams nor its environment. A command line that is not understood does nothing and exits 2. Every
// string that reaches a terminal goes through the printers of this package, which make control,
// escape and bidirectional characters visible.
package cli

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Streams are what a command reads from and writes to.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
}

// Main runs the process's own command line and returns its exit code. The first Ctrl-C, SIGTERM or loss of
// the terminal asks the command to stop; a second one ends the process.
func Main() int {
	return interruptible(func(ctx context.Context) int {
		s := newState(Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, os.Getenv)
		s.memory = watchMemory
		return s.run(ctx, os.Args[1:])
	})
}

func interruptible(run func(context.Context) int) int {
	stops := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup
		stops = append(stops, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), stops...)
	defer stop()
	context.AfterFunc(ctx, stop)
	return run(ctx)
}

// Run runs one command line and returns the exit code of DESIGN section 7. Cancelling ctx stops it with
// 130. env looks an environment variable up and gives "" for one that is not set.
func Run(ctx context.Context, args []string, streams Streams, env func(string) string) int {
	return newState(streams, env).run(ctx, args)
}

func (s *state) run(ctx context.Context, args []string) int {
	root := newRootCommand(s)
	root.SetArgs(args)
	return s.finish(ctx, root.ExecuteContext(ctx))
}
