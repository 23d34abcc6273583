package release

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
)

func TestSyncOverHTTP(t *testing.T) {
	t.Parallel()
	m, _, repo := acme(t)
	srv := httptest.NewServer(http.StripPrefix("/public", http.FileServer(http.Dir(repo))))
	defer srv.Close()
	for _, from := range []string{srv.URL + "/public", srv.URL + "/public/"} {
		f, err := OpenFetcher(from)
		if err != nil {
			t.Fatal(err)
		}
		got, err := follow(t, f, rootsOf(m), nothing)
		if err != nil || len(got.Statements) != 2 {
			t.Fatalf("%d statements, %v", len(got.Statements), err)
		}
		if got.Mirror.Location != from {
			t.Errorf("location %q", got.Mirror.Location)
		}
	}
}

// server answers every request in one way.
func server(t *testing.T, answer http.HandlerFunc) *web {
	t.Helper()
	srv := httptest.NewServer(answer)
	t.Cleanup(srv.Close)
	f, err := OpenFetcher(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	w, ok := f.(*web)
	if !ok {
		t.Fatalf("%T", f)
	}
	w.period = 200 * time.Millisecond
	return w
}

func TestWebRefusesHostileServers(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "led astray") }))
	defer elsewhere.Close()
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		code   fault.Code
		says   string
	}{
		"nothing there": {http.NotFound, fault.NotFound, ""},
		"an error":      {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, fault.ReadFailed, "500"},
		"a part":        {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(206) }, fault.ReadFailed, "206"},
		"another host":  {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) }, fault.ReadFailed, "redirects to another server"},
		"a circle":      {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }, fault.ReadFailed, "too many redirects"},
		"a huge length": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "99999999999") }, fault.TooLarge, ""},
		"endless": {func(w http.ResponseWriter, _ *http.Request) {
			for range 1 << 20 {
				if _, err := w.Write(make([]byte, 4096)); err != nil {
					return
				}
			}
		}, fault.TooLarge, ""},
		"a length that lies": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "900")
			_, _ = io.WriteString(w, "short")
		}, fault.ReadFailed, ""},
		"compressed": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = z.Write(make([]byte, 1<<20))
			_ = z.Close()
		}, fault.ReadFailed, "encodes"},
		"drops that never end": {func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, "x")
				_ = http.NewResponseController(w).Flush()
				time.Sleep(10 * time.Millisecond)
			}
		}, fault.ReadFailed, "too slowly"},
		"a stall": {func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "x")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, fault.ReadFailed, "too slowly"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			b, err := server(t, c.answer).Fetch(context.Background(), headPath, 1000)
			if fault.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) || b != nil {
				t.Errorf("%d bytes, %v", len(b), err)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

func TestWebTakesASlowButSteadyServer(t *testing.T) {
	t.Parallel()
	w := server(t, func(w http.ResponseWriter, _ *http.Request) {
		for range 8 {
			_, _ = w.Write(make([]byte, 1000))
			_ = http.NewResponseController(w).Flush()
			time.Sleep(50 * time.Millisecond)
		}
	})
	w.least, w.period = 500, 2*time.Second
	if b, err := w.Fetch(context.Background(), headPath, 1<<20); err != nil || len(b) != 8000 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

func TestWebStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	w := server(t, func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
	if _, err := w.Fetch(ctx, headPath, 10); !errors.Is(err, fault.Interrupted) {
		t.Error(err)
	}
}

func TestOpenFetcherRefuses(t *testing.T) {
	t.Parallel()
	for from, code := range map[string]fault.Code{
		"/no/such/folder": fault.NotFound, "file:///no/such/folder": fault.NotFound, "ftp://x/y": fault.Usage,
		"file://elsewhere/x": fault.Usage, "http://x/?q=1": fault.Usage, "https://": fault.Usage, "http://x/#f": fault.Usage,
	} {
		if _, err := OpenFetcher(from); fault.CodeOf(err) != code {
			t.Errorf("%q: %v", from, err)
		}
	}
	f, err := OpenFetcher("https://user:secret@host/x")
	if s, ok := f.(fmt.Stringer); err != nil || !ok || strings.Contains(s.String(), "secret") {
		t.Errorf("%v %v", f, err)
	}
}

func TestFolderStaysInside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(dir, headPath)); err != nil {
		t.Skipf("no links here: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "big"), make([]byte, 100), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := OpenFetcher(dir)
	if err != nil {
		t.Fatal(err)
	}
	if c, ok := f.(io.Closer); ok {
		defer c.Close()
	}
	if b, err := f.Fetch(context.Background(), headPath, 10); err == nil {
		t.Errorf("a link leads out: %q", b)
	}
	if _, err := f.Fetch(context.Background(), "../secret", 10); err == nil {
		t.Error("a path leads out")
	}
	if _, err := f.Fetch(context.Background(), ".", 10); err == nil {
		t.Error("a folder is read as a file")
	}
	if _, err := f.Fetch(context.Background(), "big", 99); !errors.Is(err, fault.TooLarge) {
		t.Error(err)
	}
	if b, err := f.Fetch(context.Background(), "big", 100); err != nil || len(b) != 100 {
		t.Error(err)
	}
}

var _ evidence.Signer = pen{}
