//go:build !linux && !darwin

package disk

import "os"

func room(string) (uint64, bool) { return 0, false }

func writable(dir string) bool {
	info, err := os.Stat(dir)
	return err == nil && info.Mode().Perm()&0o200 != 0
}

func mostOpen() (uint64, bool) { return 0, false }
