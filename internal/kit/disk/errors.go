package disk

import (
	"errors"
	"io/fs"
	"syscall"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

func isExist(err error) bool    { return errors.Is(err, fs.ErrExist) }
func isNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// failed turns an error of the system into the fault an operator can act on. A fault stays as it is.
func failed(err error, doing, path string) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return err
	}
	return fault.Wrap(cause(err), CodeOf(err), "%s %q", doing, path)
}

// CodeOf says which fault a failed write is: DiskFull, ReadOnly, or else WriteFailed.
func CodeOf(err error) fault.Code {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fault.DiskFull
	case errors.Is(err, syscall.EROFS):
		return fault.ReadOnly
	}
	return fault.WriteFailed
}

// cause drops the operation and the path that the standard library puts before the system's error: the
// path is that of a temporary file and would confuse.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	var l *linkError
	if errors.As(err, &l) {
		return l.Err
	}
	return err
}
