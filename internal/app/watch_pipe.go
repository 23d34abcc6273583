package app

import (
	"context"
	"io"
	"os"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

const pipeBuffer = 256 << 10 // bytes that one read of a pipe may give

// interruptible hands on what a pipe gives and ends with ctx: a read of a pipe that stays silent would not
// return, and whoever stops a watch would wait for its other end. What such a read still gives is lost.
func interruptible(ctx context.Context, src io.ReadCloser) io.ReadCloser {
	r, w := io.Pipe()
	stop := context.AfterFunc(ctx, func() { _ = w.CloseWithError(ctx.Err()) })
	go func() {
		_, err := io.CopyBuffer(w, struct{ io.Reader }{src}, make([]byte, pipeBuffer))
		_ = w.CloseWithError(err) // nil is the end of the capture
	}()
	return &pipe{r, src, stop}
}

// pipe is the reading end of what is copied from src.
type pipe struct {
	*io.PipeReader
	src  io.Closer
	stop func() bool
}

func (p *pipe) Close() error {
	p.stop()
	_ = p.PipeReader.Close() // always nil
	return p.src.Close()
}

// spoolable refuses a folder for temporary files that is none before anything is read: it is needed only once
// parts come out of order, which may be hours into a capture.
func spoolable(dir string) error {
	if dir == "" {
		return nil
	}
	i, err := os.Stat(dir)
	switch {
	case err != nil:
		return fault.Wrap(err, fault.NotFound, "the folder for --spool cannot be used").Hint("make it first, or leave --spool out")
	case !i.IsDir():
		return fault.New(fault.Usage, "%q, which --spool names, is not a folder", dir).Hint("name a folder, or leave --spool out")
	}
	return nil
}
