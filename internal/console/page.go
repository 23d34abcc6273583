package console

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// answer makes the content of a page from an open home.
type answer func(ctx context.Context, a *app.App, r *request) (page, error)

// request is what an answer may look at.
type request struct {
	*http.Request
	now time.Time
}

// page is what the layout shows. Home is zero when it could not be opened.
type page struct {
	Template string // of its content
	Question string // its heading
	Place    string // which entry of the navigation it belongs to; empty: none
	Content  any

	raw    *file // sent in place of a page
	Status int
	Home   app.Home
	Now    time.Time
}

// page returns the handler of one page. What goes wrong is a page too, with the words of the fault.
func (c *Console) page(build answer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), pageTime)
		defer cancel()
		req := &request{r, c.opt.Clock.Now()}
		p, err := c.make(ctx, req, build)
		if err != nil {
			p = page{Template: "failed", Question: "Why is there nothing to see here?", Content: failure(err), Status: statusOf(err), Home: p.Home}
		}
		if p.raw != nil {
			p.raw.send(w)
			return
		}
		p.Now = req.now
		c.show(ctx, w, p)
	})
}

// make opens the home when it is this page's turn, and makes the page.
func (c *Console) make(ctx context.Context, r *request, build answer) (page, error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return page{}, fault.Wrap(ctx.Err(), fault.Locked, "other pages take too long")
	}
	a, err := c.opt.Open(ctx)
	if err != nil {
		return page{}, err
	}
	defer a.Close() //nolint:errcheck // only read
	p, err := build(ctx, a, r)
	p.Home = a.Home()
	return p, err
}

// show sends a page whole, or says that it cannot.
func (c *Console) show(ctx context.Context, w http.ResponseWriter, p page) {
	var out bytes.Buffer
	if err := c.pages[p.Template].ExecuteTemplate(&out, "layout", p); err != nil {
		c.opt.Log.ErrorContext(ctx, "a page cannot be made", slog.String("page", p.Template), slog.Any("error", err))
		http.Error(w, "This page cannot be made.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(out.Len())) // HEAD too says how long it is
	if p.Status != 0 {
		w.WriteHeader(p.Status)
	}
	_, _ = out.WriteTo(w) // whoever asked may be gone
}

// failed is a fault as a page shows it.
type failed struct {
	Text, Hint, Code string
}

func failure(err error) failed {
	return failed{err.Error(), fault.HintOf(err), string(fault.CodeOf(err))}
}

func statusOf(err error) int {
	switch {
	case errors.Is(err, fault.NotFound):
		return http.StatusNotFound
	case errors.Is(err, fault.Usage):
		return http.StatusBadRequest
	case errors.Is(err, fault.Locked), errors.Is(err, fault.NoHome), errors.Is(err, fault.OldSchema), errors.Is(err, fault.Interrupted):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

func nowhere(_ context.Context, _ *app.App, r *request) (page, error) {
	return page{}, fault.New(fault.NotFound, "there is no page %q", r.URL.Path).Hint("go to the first page, Today")
}
