package network

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// Saver keeps carved objects.
type Saver interface {
	// Create makes room for an object whose bytes are about to come.
	Create() (Carved, error)
}

// Carved is one object being saved. Either Keep or Drop is the last call.
type Carved interface {
	io.Writer
	// Keep makes what was written permanent under its digest.
	Keep(d model.Digest) error
	// Drop forgets it.
	Drop()
}

const maxOpenFiles = 64

// DirSaver keeps objects as files named by their digest, in lower-case hex. It writes them, and never
// opens or runs them. It is used by one goroutine.
type DirSaver struct {
	fsys  disk.FS
	dir   string
	left  int64
	files int // open
}

var _ Saver = (*DirSaver)(nil)

// NewDirSaver returns a saver for an existing directory that writes at most total bytes in all. A file is
// readable by its owner only, and appears under its name when it is whole.
func NewDirSaver(fsys disk.FS, dir string, total int64) (*DirSaver, error) {
	st, err := os.Stat(dir)
	if err != nil {
		return nil, fault.Wrap(err, fault.WriteFailed, "cannot save carved objects in %q", dir)
	}
	if !st.IsDir() {
		return nil, fault.New(fault.WriteFailed, "cannot save carved objects in %q: it is not a directory", dir)
	}
	if total <= 0 {
		return nil, fault.New(fault.Usage, "cannot save carved objects in %d bytes", total)
	}
	return &DirSaver{fsys: fsys, dir: dir, left: total}, nil
}

// Create opens a temporary file.
func (d *DirSaver) Create() (Carved, error) {
	if d.files >= maxOpenFiles {
		return nil, fmt.Errorf("more than %d objects at once", maxOpenFiles)
	}
	f, err := d.fsys.CreateTemp(d.dir, ".cordon-tmp-*")
	if err != nil {
		return nil, fmt.Errorf("create a file for a carved object: %w", err)
	}
	d.files++
	return &savedFile{dir: d, file: f}, nil
}

// savedFile is one file of a DirSaver.
type savedFile struct {
	dir  *DirSaver
	file disk.File
	size int64
	err  error
}

// Write appends to the file while the saver has room.
func (s *savedFile) Write(b []byte) (int, error) {
	if s.err == nil && s.dir.left < int64(len(b)) {
		s.err = fmt.Errorf("no room left for carved objects")
	}
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.file.Write(b)
	s.size += int64(n)
	s.dir.left -= int64(n)
	s.err = err
	return n, err
}

// Keep names the file by the digest of its content.
func (s *savedFile) Keep(d model.Digest) error {
	const private fs.FileMode = 0o600
	err := s.err
	if err == nil {
		err = s.file.Chmod(private)
	}
	if cerr := s.file.Close(); err == nil {
		err = cerr
	}
	s.dir.files--
	if err == nil {
		err = s.dir.fsys.Rename(s.file.Name(), filepath.Join(s.dir.dir, d.Hex()))
	}
	if err != nil {
		s.remove()
		return fmt.Errorf("save carved object %s: %w", d, err)
	}
	return nil
}

// Drop removes the file.
func (s *savedFile) Drop() {
	_ = s.file.Close() // it is removed next
	s.dir.files--
	s.remove()
}

func (s *savedFile) remove() {
	s.dir.left += s.size
	_ = s.dir.fsys.Remove(s.file.Name()) // a file that stays behind is marked as temporary
}
