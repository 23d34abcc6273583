package cli

import (
	"path/filepath"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// home returns the folder of this run: --home, then CORDON_HOME, then the XDG data directory. It does
// not look whether the folder exists.
func (s *state) home() (string, error) {
	for _, dir := range []string{s.homeFlag, s.env(envHome)} {
		if dir != "" {
			return filepath.Clean(dir), nil
		}
	}
	// The XDG base directory specification: a relative path is invalid and to be ignored.
	if data := s.env(envData); filepath.IsAbs(data) {
		return filepath.Join(data, "cordon"), nil
	}
	if user := s.env(envUser); filepath.IsAbs(user) {
		return filepath.Join(user, ".local", "share", "cordon"), nil
	}
	return "", fault.New(fault.Usage, "there is no home: neither HOME nor XDG_DATA_HOME is set").
		Hint("name the folder with --home DIR or CORDON_HOME")
}
