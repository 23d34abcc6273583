// Package disk writes files so that a crash, a full disk or a pulled plug leaves either the whole old
// content or the whole new one, never a half. It also reads files with a limit.
//
// Most callers need [WriteFile] and [ReadFile]; [Write] streams, [WriteNew] refuses to replace. The file
// system is a parameter ([OS] in production) so that tests can make any single operation fail. The
// package never follows what a file says about itself: sizes are limits given by the caller.
package disk

import (
	"bytes"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
)

// File is a file being written.
type File interface {
	io.Writer
	Name() string
	Chmod(mode fs.FileMode) error
	Sync() error
	Close() error
}

// FS is what writing needs of a file system. Errors keep the cause, so that errors.Is finds fs.ErrExist
// and the system's own errors.
type FS interface {
	// CreateTemp makes a new file in dir, readable by its owner only; the last * of pattern becomes random.
	CreateTemp(dir, pattern string) (File, error)
	// Rename moves a file and replaces what is there.
	Rename(from, to string) error
	// Link gives a file a second name; a name that is taken is fs.ErrExist.
	Link(from, to string) error
	// Remove removes a file.
	Remove(name string) error
	// Mkdir makes one directory; one that is there is fs.ErrExist.
	Mkdir(name string, perm fs.FileMode) error
	// SyncDir makes the names in a directory durable.
	SyncDir(dir string) error
}

const tempMark = ".cordon-tmp-"

// IsTemp reports whether name is that of a file that [Write] had not finished. A crash can leave one
// behind; it holds nothing that was acknowledged and may be removed.
func IsTemp(name string) bool { return strings.HasPrefix(filepath.Base(name), tempMark) }

// WriteFile replaces path by data, durably and in one step. See [Write].
func WriteFile(fsys FS, path string, perm fs.FileMode, data []byte) error {
	return Write(fsys, path, perm, func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(data))
		return err
	})
}

// Write replaces path by what fill writes, durably and in one step. It returns nil only when the new
// content and its name would survive a power cut. On an error path holds its old content whole or, when
// the failure was in the very last steps, the new content whole; the temporary file is removed. An error
// of fill that is already a fault is returned as it is; errors of the system become faults such as
// DiskFull. The directory must exist; perm is set exactly, whatever the process's mask.
func Write(fsys FS, path string, perm fs.FileMode, fill func(io.Writer) error) error {
	return write(fsys, path, perm, fill, fsys.Rename)
}

// WriteNew is [Write] for a file that must not exist yet, such as a private key: when path is taken it
// fails with an error that is fs.ErrExist and changes nothing.
func WriteNew(fsys FS, path string, perm fs.FileMode, fill func(io.Writer) error) error {
	return write(fsys, path, perm, fill, func(from, to string) error {
		err := fsys.Link(from, to)
		if cannotLink(err) {
			// FAT, as on most USB sticks, knows no second names: look first, then move.
			if err := checkFree(to); err != nil {
				return err
			}
			return fsys.Rename(from, to)
		}
		if err != nil {
			return err
		}
		return fsys.Remove(from)
	})
}

func write(fsys FS, path string, perm fs.FileMode, fill func(io.Writer) error, place func(from, to string) error) error {
	dir := filepath.Dir(path)
	tmp, err := fsys.CreateTemp(dir, tempMark+"*")
	if err != nil {
		return failed(err, "write", path)
	}
	if err := finish(tmp, perm, fill); err != nil {
		_ = fsys.Remove(tmp.Name())
		return failed(err, "write", path)
	}
	if err := place(tmp.Name(), path); err != nil {
		_ = fsys.Remove(tmp.Name())
		return failed(err, "write", path)
	}
	if err := fsys.SyncDir(dir); err != nil {
		return failed(err, "make durable", path)
	}
	return nil
}

// finish fills, sets the mode, syncs and closes; it closes on every path.
func finish(f File, perm fs.FileMode, fill func(io.Writer) error) error {
	err := fill(f)
	if err == nil {
		err = f.Chmod(perm)
	}
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// MakeDir makes a directory and those above it that are missing, each with perm, and makes their names
// durable. One that exists is left as it is.
func MakeDir(fsys FS, dir string, perm fs.FileMode) error {
	if err := makeDir(fsys, filepath.Clean(dir), perm); err != nil {
		return failed(err, "make folder", dir)
	}
	return nil
}

func makeDir(fsys FS, dir string, perm fs.FileMode) error {
	parent := filepath.Dir(dir)
	err := fsys.Mkdir(dir, perm)
	if isNotExist(err) && parent != dir {
		if err := makeDir(fsys, parent, perm); err != nil {
			return err
		}
		err = fsys.Mkdir(dir, perm)
	}
	if isExist(err) {
		return checkDir(dir)
	}
	if err != nil {
		return err
	}
	return fsys.SyncDir(parent)
}

// Remove removes a file durably. One that is not there is no error.
func Remove(fsys FS, path string) error {
	if err := fsys.Remove(path); err != nil {
		if isNotExist(err) {
			return nil
		}
		return failed(err, "remove", path)
	}
	if err := fsys.SyncDir(filepath.Dir(path)); err != nil {
		return failed(err, "make durable the removal of", path)
	}
	return nil
}
