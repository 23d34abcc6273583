package release

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"syscall"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// Fetcher reads files of a publication. Fetch returns a whole file, or NotFound, TooLarge when it has
// more than max bytes, or ReadFailed; it never reads much more than max, whatever the other side says.
type Fetcher interface {
	Fetch(ctx context.Context, path string, max int64) ([]byte, error)
}

// OpenFetcher returns the fetcher for a folder, a file: URL, or an http: or https: URL. It opens nothing
// but the folder. Use nothing of what it fetches before [Sync] has accepted it.
func OpenFetcher(from string) (Fetcher, error) {
	u, err := url.Parse(from)
	if err != nil || len(u.Scheme) < 2 { // one letter is a drive
		return openFolder(from)
	}
	switch u.Scheme {
	case "http", "https":
		return newWebFetcher(u)
	case "file":
		if u.Host != "" && u.Host != "localhost" {
			return nil, fault.New(fault.Usage, "%q names a file on another machine", from)
		}
		return openFolder(filepath.FromSlash(u.Path))
	}
	if _, err := os.Stat(from); err == nil {
		return openFolder(from)
	}
	return nil, fault.New(fault.Usage, "%q is neither a folder nor a file:, http: or https: URL", from)
}

// folder fetches from a directory, such as a mounted stick.
type folder struct {
	dir  string
	root *os.Root // refuses links that lead out of the folder
}

func openFolder(dir string) (Fetcher, error) {
	r, err := os.OpenRoot(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.New(fault.NotFound, "there is no folder %q", dir)
	case err != nil:
		return nil, fault.Wrap(err, fault.ReadFailed, "open folder %q", dir)
	}
	return &folder{dir, r}, nil
}

// String returns the folder's path.
func (f *folder) String() string { return f.dir }

// Close closes the folder.
func (f *folder) Close() error { return f.root.Close() }

// Fetch implements [Fetcher].
func (f *folder) Fetch(ctx context.Context, name string, limit int64) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, fault.Wrap(err, fault.Interrupted, "read %q", name)
	}
	in := path.Join(f.dir, name)
	file, err := f.root.OpenFile(filepath.FromSlash(name), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.NotFound, "there is no %q", in)
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.ReadFailed, "read %q", in)
	}
	defer file.Close() //nolint:errcheck // reading
	if st, err := file.Stat(); err != nil || !st.Mode().IsRegular() {
		return nil, fault.New(fault.ReadFailed, "%q is not a regular file", in)
	}
	b, err := io.ReadAll(io.LimitReader(&stopReader{ctx, file}, limit+1))
	switch {
	case ctx.Err() != nil:
		return nil, fault.Wrap(ctx.Err(), fault.Interrupted, "read %q", in)
	case err != nil:
		return nil, fault.Wrap(err, fault.ReadFailed, "read %q", in)
	case int64(len(b)) > limit:
		return nil, fault.New(fault.TooLarge, "%q is larger than %d bytes", in, limit)
	}
	return b, nil
}
