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

// answer makes the content of a page from what the home shows.
type answer func(ctx context.Context, a *snapshot, r *request) (page, error)

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
	Here   string // its address
	State  string // of the home that it shows, as an entity tag; empty: it shows none
	News   int64  // findings that came up since the console began
}

// Live reports whether the page is to follow the home: what is not there will not come by itself.
func (p page) Live() bool {
	return p.Status < http.StatusBadRequest || p.Status >= http.StatusInternalServerError
}

// page returns the handler of one page. What goes wrong is a page too, with the words of the fault.
func (c *Console) page(build answer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), pageTime)
		defer cancel()
		req := &request{r, c.opt.Clock.Now()}
		s, err := c.home.take(ctx)
		if err != nil {
			p := failedPage(err, req)
			p.Here = r.URL.RequestURI()
			c.show(ctx, w, p)
			return
		}
		defer c.home.give(s)
		state := c.stateOf(s)
		if r.Header.Get("If-None-Match") == state {
			w.Header().Set("ETag", state)
			w.WriteHeader(http.StatusNotModified)
			return
		}
		p, err := c.make(ctx, s, req, build)
		if err != nil {
			p = failedPage(err, req)
		} else {
			w.Header().Set("ETag", state)
		}
		if p.raw != nil {
			p.raw.send(w)
			return
		}
		p.Home, p.Now, p.Here, p.State, p.News = s.Home(), req.now, r.URL.RequestURI(), state, s.news
		c.show(ctx, w, p)
	})
}

func failedPage(err error, r *request) page {
	return page{Template: "failed", Question: "Why is there nothing to see here?", Content: failure(err), Status: statusOf(err), Now: r.now}
}

// stateOf names a snapshot in a way that no other run of the console does: an entity tag (RFC 9110, 8.8.3). The
// address and it say what a page shows, but for the time at which it was asked for.
func (c *Console) stateOf(s *snapshot) string {
	return `"` + c.run + "-" + strconv.FormatInt(s.number, 10) + `"`
}

// make makes the page of a snapshot when it is this page's turn.
func (c *Console) make(ctx context.Context, s *snapshot, r *request, build answer) (page, error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return page{}, fault.Wrap(ctx.Err(), fault.Locked, "other pages take too long")
	}
	return build(ctx, s, r)
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

func nowhere(_ context.Context, _ *snapshot, r *request) (page, error) {
	return page{}, fault.New(fault.NotFound, "there is no page %q", r.URL.Path).Hint("go to the first page, Today")
}
