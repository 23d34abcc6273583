package disk

import (
	"io"
	"os"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// ReadFile reads a whole file of at most limit bytes. It fails with NotFound, ReadFailed (also for a
// folder) or TooLarge; it never reads more than limit+1 bytes, whatever size the file claims to have.
func ReadFile(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if isNotExist(err) {
		return nil, fault.Wrap(cause(err), fault.NotFound, "read %q", path)
	}
	if err != nil {
		return nil, fault.Wrap(cause(err), fault.ReadFailed, "read %q", path)
	}
	defer f.Close() //nolint:errcheck // nothing was written
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fault.Wrap(cause(err), fault.ReadFailed, "read %q", path)
	}
	if int64(len(b)) > limit {
		return nil, fault.New(fault.TooLarge, "%q is larger than %d bytes", path, limit)
	}
	return b, nil
}
