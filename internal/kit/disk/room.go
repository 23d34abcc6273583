package disk

import (
	"io/fs"
	"os"
	"path/filepath"
)

// Room returns how many bytes an unprivileged process may still write to the file system that holds path; ok
// is false where the system does not say.
func Room(path string) (free uint64, ok bool) { return room(path) }

// Writable reports whether this process may make files in a folder, without making one.
func Writable(dir string) bool { return writable(dir) }

// MostOpen returns how many files this process may have open; ok is false where the system does not say.
func MostOpen() (files uint64, ok bool) { return mostOpen() }

// Temps returns the files below dir that [Write] had not finished and that no process will finish: paths
// relative to dir, at most limit. Folders that cannot be read are passed over.
func Temps(dir string, limit int) []string {
	var out []string
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error { // what cannot be read is passed over
		if err == nil && !d.IsDir() && IsTemp(path) {
			if rel, err := filepath.Rel(dir, path); err == nil {
				out = append(out, rel)
			}
		}
		if len(out) >= limit {
			return fs.SkipAll
		}
		return nil
	})
	return out
}

// FreeAbove is [Room] of the nearest folder above path that exists, path itself included.
func FreeAbove(path string) (free uint64, ok bool) {
	for {
		if _, err := os.Stat(path); err == nil {
			return Room(path)
		}
		up := filepath.Dir(path)
		if up == path {
			return 0, false
		}
		path = up
	}
}
