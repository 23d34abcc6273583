package lab

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/cordon-trust/cordon/internal/model"
)

// maxPost is what a request carries at most: with its header it must leave the client in one piece, or the
// answer could begin before its end.
const maxPost = 2000

func (o *Object) valid() error {
	switch size := o.Body.Size(); {
	case !strings.HasPrefix(o.Path, "/"):
		return fmt.Errorf("path %q does not begin with a slash", o.Path)
	case len(o.Post) > maxPost:
		return fmt.Errorf("%q is sent %d bytes: at most %d", o.Path, len(o.Post), maxPost)
	case o.To != 0 && (o.From < 0 || o.From >= o.To || o.To > size), o.To == 0 && o.From != 0:
		return fmt.Errorf("bytes %d to %d of %q, which has %d", o.From, o.To, o.Path, size)
	case o.To != 0 && o.Gzip:
		return fmt.Errorf("%q: a range of an encoded body is not served", o.Path)
	}
	return nil
}

// part reads what is asked for, and returns its length.
func (o *Object) part() (io.Reader, int64) {
	r := o.Body.Reader()
	if o.To == 0 {
		return r, o.Body.Size()
	}
	_, _ = io.CopyN(io.Discard, r, o.From) // a body holds exactly its size and cannot fail
	return io.LimitReader(r, o.To-o.From), o.To - o.From
}

// tag is the entity tag of a body: the same for all ranges of it.
func (o *Object) tag() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", o.Path, o.Body.Size()))
	return fmt.Sprintf("%q", fmt.Sprintf("%x", sum[:8]))
}

// serve answers with the next object of the conversation.
func (w *ward) serve(rw http.ResponseWriter, r *http.Request) {
	v, _ := r.Context().Value(visitKey{}).(*visit)
	if v == nil || v.served >= len(v.plan.Fetch) || v.plan.Fetch[v.served].Path != r.URL.RequestURI() {
		http.Error(rw, "not here", http.StatusNotFound)
		return
	}
	o := &v.plan.Fetch[v.served]
	v.served++
	if n, err := io.Copy(io.Discard, r.Body); err != nil || n != int64(len(o.Post)) {
		http.Error(rw, "not what was to be sent", http.StatusBadRequest)
		return
	}
	at := w.at
	if !v.plan.At.IsZero() {
		at = v.plan.At
	}
	h := rw.Header()
	h.Set("Date", at.UTC().Format(http.TimeFormat))
	h.Set("Server", "fw")
	h.Set("Content-Type", "application/octet-stream")
	if o.Type != "" {
		h.Set("Content-Type", o.Type)
	}
	body, size := o.part()
	if o.Gzip {
		h.Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(rw)
		_, _ = io.Copy(z, body) // what is cut short fails at the client, which counts and hashes
		_ = z.Close()
		return
	}
	h.Set("Content-Length", strconv.FormatInt(size, 10))
	if o.To != 0 {
		h.Set("ETag", o.tag())
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", o.From, o.To-1, o.Body.Size()))
		rw.WriteHeader(http.StatusPartialContent)
	}
	_, _ = io.Copy(rw, body)
}

// fetched is what the client side of a conversation found out.
type fetched struct {
	all     []arrived
	session *Session
}

// arrived is one body as it came.
type arrived struct {
	size   int64
	digest model.Digest
	entity model.Digest // of what was encoded; else zero
}

// request asks for an object.
func request(site, agent string, o *Object) (*http.Request, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if o.Post != nil {
		method, body = http.MethodPost, bytes.NewReader(o.Post)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, site+o.Path, body)
	if err != nil {
		return nil, err
	}
	if agent == "" {
		agent = "PumpUpdater/1.4"
	}
	req.Header.Set("User-Agent", agent)
	switch {
	case o.Post != nil:
		req.Header.Set("Content-Type", "application/json")
	case o.To != 0:
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", o.From, o.To-1))
		req.Header.Set("If-Range", o.tag())
	case o.Gzip:
		req.Header.Set("Accept-Encoding", "gzip")
	}
	return req, nil
}

// get fetches one object and checks that it arrived as it was served.
func get(over http.RoundTripper, site, agent string, o *Object) (arrived, *tls.ConnectionState, error) {
	req, err := request(site, agent, o)
	if err != nil {
		return arrived{}, nil, err
	}
	res, err := over.RoundTrip(req)
	if err != nil {
		return arrived{}, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	want, status := sha256.New(), http.StatusOK
	part, size := o.part()
	if _, err := io.Copy(want, part); err != nil {
		return arrived{}, nil, err
	}
	if o.To != 0 {
		status = http.StatusPartialContent
	}
	raw, entity := sha256.New(), sha256.New()
	counted := &count{r: io.TeeReader(res.Body, raw)}
	decoded := io.Reader(counted)
	if o.Gzip {
		if decoded, err = gzip.NewReader(counted); err != nil {
			return arrived{}, nil, err
		}
	}
	n, err := io.Copy(entity, io.LimitReader(decoded, size+1)) // one more tells that there is more
	if err == nil {
		_, err = io.Copy(io.Discard, counted) // the end of the message, behind what was decoded
	}
	if err != nil {
		return arrived{}, nil, err
	}
	if res.StatusCode != status || n != size || !bytes.Equal(entity.Sum(nil), want.Sum(nil)) {
		return arrived{}, nil, fmt.Errorf("%s: status %d with %d of %d bytes did not arrive as served", req.URL, res.StatusCode, n, size)
	}
	out := arrived{size: counted.n, digest: model.Digest(raw.Sum(nil))}
	if o.Gzip {
		out.entity = model.Digest(entity.Sum(nil))
	}
	return out, res.TLS, nil
}

// count counts what is read.
type count struct {
	r io.Reader
	n int64
}

func (c *count) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
