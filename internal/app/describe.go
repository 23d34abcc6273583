package app

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/text/unicode/norm"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// describe reads a file once, as a transfer that came from no wire.
func describe(ctx context.Context, path string) (model.Transfer, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return model.Transfer{}, fault.Wrap(err, fault.NotFound, "the file cannot be read")
	}
	if err != nil {
		return model.Transfer{}, fault.Wrap(err, fault.ReadFailed, "the file cannot be read")
	}
	defer f.Close() //nolint:errcheck // only read
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return model.Transfer{}, fault.New(fault.ReadFailed, "%q is not a file", path)
	}
	h := sha256.New()
	n, err := io.Copy(h, reader{ctx, bufio.NewReaderSize(f, 1<<20)})
	if err != nil {
		return model.Transfer{}, fault.Wrap(err, fault.ReadFailed, "the file %q cannot be read to its end", path)
	}
	return model.Transfer{
		Protocol: "file", Name: norm.NFC.String(filepath.Base(path)), Size: n, Declared: n, Complete: true,
		Digest: model.Digest(h.Sum(nil)),
	}, nil
}

// reader stops when its context does. It lives for one copy.
type reader struct {
	ctx context.Context //nolint:containedctx // see above
	r   io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
