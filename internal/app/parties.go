package app

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/network/finding"
)

// sourcesFile is the hospital's own list of third parties, in the home. It may be missing.
const sourcesFile = "sources.json"

// partiesError says that the hospital's own list of third parties cannot be read.
type partiesError struct{ error }

func (e partiesError) Unwrap() error { return e.error }

// thirdParties reads the third parties whose downloads are expected: Cordon's own list, and in front of it
// the hospital's, from path or else from the home. A list that cannot be read is a [partiesError]: without it
// other verdicts would be given than the hospital asked for.
func (a *App) thirdParties(path string) (*finding.Sources, error) {
	builtin, err := finding.BuiltinSources()
	if err != nil {
		return nil, err
	}
	asked := path != ""
	if !asked {
		path = filepath.Join(a.opt.Dir, sourcesFile)
	}
	f, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !asked:
		return builtin, nil
	case err != nil:
		return nil, partiesError{fault.Wrap(err, fault.ReadFailed, "the list of third parties cannot be read")}
	}
	defer f.Close() //nolint:errcheck // only read
	own, err := finding.ReadSources(f)
	if err != nil {
		return nil, partiesError{fault.Wrap(err, fault.CodeOf(err), "%q", path)}
	}
	return builtin.Over(own), nil
}
