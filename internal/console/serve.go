package console

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// Limits of the server. Requests are short; a page may take a while where much was recorded.
const (
	maxHeader   = 16 << 10 // bytes
	readTime    = 10 * time.Second
	pageTime    = 60 * time.Second
	idleTime    = 2 * time.Minute
	partingTime = 3 * time.Second // for pages that are being made when the console is to stop
)

// Serve answers on a listener until ctx ends, and then returns nil when the pages that were being made are done or
// a few seconds have passed. It closes the listener and the console.
func (c *Console) Serve(ctx context.Context, on net.Listener) error {
	requests, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer c.Close()
	defer stop() // whoever still reads the database then gives up
	server := &http.Server{
		Handler: c, MaxHeaderBytes: maxHeader, ReadHeaderTimeout: readTime, ReadTimeout: readTime,
		WriteTimeout: pageTime + readTime, IdleTimeout: idleTime,
		ErrorLog:    slog.NewLogLogger(c.opt.Log.Handler(), slog.LevelWarn),
		BaseContext: func(net.Listener) context.Context { return requests },
	}
	stopped := make(chan error, 1)
	go func() { stopped <- server.Serve(on) }()
	select {
	case err := <-stopped:
		return fault.Wrap(err, fault.ReadFailed, "the console stopped answering")
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(requests, partingTime)
	defer cancel()
	err := server.Shutdown(patience)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	if serr := <-stopped; err == nil && !errors.Is(serr, http.ErrServerClosed) {
		err = serr
	}
	if err != nil {
		return fault.Wrap(err, fault.ReadFailed, "close the console")
	}
	return nil
}
