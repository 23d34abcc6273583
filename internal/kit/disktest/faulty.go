// Package disktest fails file operations on purpose, for tests of whoever writes through kit/disk.
//
// [New] wraps a file system; run the code once to learn how many operations it makes ([Faulty.Ops]),
// then once per operation and [Mode] with [Faulty.FailAt]. It refuses nothing by itself.
package disktest

import (
	"fmt"
	"io/fs"
	"sync"
	"syscall"

	"github.com/cordon-trust/cordon/internal/kit/disk"
)

// Mode says how the chosen operation fails.
type Mode int

// The ways an operation can fail.
const (
	NotDone      Mode = iota // it reports an error and did nothing
	DoneButError             // it did everything and still reports an error
	Torn                     // of a write, half is done and an error reported; other operations as NotDone
	Killed                   // it did nothing, and neither does any later one: the process is gone
)

// Modes lists every way.
var Modes = [...]Mode{NotDone, DoneButError, Torn, Killed}

// String names the mode.
func (m Mode) String() string {
	return [...]string{"not done", "done but error", "torn", "killed"}[m]
}

// Faulty is a file system of which one operation fails. It may be used by several goroutines.
type Faulty struct {
	inner disk.FS

	mu   sync.Mutex // guards what follows
	ops  int
	at   int // the operation that fails, counted from 1; 0 for none
	mode Mode
	err  error
	log  []string
}

// New returns a file system over inner that does not fail until [Faulty.FailAt].
func New(inner disk.FS) *Faulty { return &Faulty{inner: inner} }

// FailAt lets the n-th operation from now fail, counted from 1, with err (nil: an input/output error).
func (f *Faulty) FailAt(n int, mode Mode, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil {
		err = syscall.EIO
	}
	f.ops, f.at, f.mode, f.err, f.log = 0, n, mode, err, nil
}

// Ops returns how many operations were asked for since New or the last FailAt.
func (f *Faulty) Ops() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ops
}

// Log returns the names of those operations in order, for messages of failing tests.
func (f *Faulty) Log() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.log...)
}

// verdict is what is to happen to one operation.
type verdict struct {
	do  bool // perform it
	err error
}

func (f *Faulty) next(name string) verdict {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ops++
	f.log = append(f.log, name)
	switch {
	case f.at == 0 || f.ops < f.at:
		return verdict{do: true}
	case f.ops == f.at:
		return verdict{do: f.mode == DoneButError, err: fmt.Errorf("%s: %w", name, f.err)}
	case f.mode == Killed:
		return verdict{err: fmt.Errorf("%s: %w", name, f.err)}
	}
	return verdict{do: true}
}

// run performs op unless the operation is to fail; a real error wins over a made one.
func (f *Faulty) run(name string, op func() error) error {
	v := f.next(name)
	if v.do {
		if err := op(); err != nil {
			return err
		}
	}
	return v.err
}

var _ disk.FS = (*Faulty)(nil)

// CreateTemp makes a file whose own operations are counted too.
func (f *Faulty) CreateTemp(dir, pattern string) (disk.File, error) {
	var file disk.File
	err := f.run("create", func() (err error) {
		file, err = f.inner.CreateTemp(dir, pattern)
		return err
	})
	if err != nil {
		if file != nil {
			_ = file.Close()
		}
		return nil, err
	}
	return &faultyFile{File: file, fs: f}, nil
}

// Rename moves a file.
func (f *Faulty) Rename(from, to string) error {
	return f.run("rename", func() error { return f.inner.Rename(from, to) })
}

// Link gives a file a second name.
func (f *Faulty) Link(from, to string) error {
	return f.run("link", func() error { return f.inner.Link(from, to) })
}

// Remove removes a file.
func (f *Faulty) Remove(name string) error {
	return f.run("remove", func() error { return f.inner.Remove(name) })
}

// Mkdir makes a directory.
func (f *Faulty) Mkdir(name string, perm fs.FileMode) error {
	return f.run("mkdir", func() error { return f.inner.Mkdir(name, perm) })
}

// SyncDir makes the names in a directory durable.
func (f *Faulty) SyncDir(dir string) error {
	return f.run("syncdir", func() error { return f.inner.SyncDir(dir) })
}

type faultyFile struct {
	disk.File
	fs *Faulty
}

func (f *faultyFile) Write(p []byte) (int, error) {
	v := f.fs.next("write")
	if v.err == nil || v.do {
		n, err := f.File.Write(p)
		if err != nil {
			return n, err
		}
		return n, v.err
	}
	if f.fs.torn() {
		n, err := f.File.Write(p[:len(p)/2])
		if err != nil {
			return n, err
		}
		return n, v.err
	}
	return 0, v.err
}

func (f *Faulty) torn() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.mode == Torn
}

func (f *faultyFile) Chmod(mode fs.FileMode) error {
	return f.fs.run("chmod", func() error { return f.File.Chmod(mode) })
}

func (f *faultyFile) Sync() error { return f.fs.run("sync", f.File.Sync) }

// Close always closes the real file, so that a test of a thousand failures does not run out of
// descriptors; a close cannot be "not done" in a way that a program could see.
func (f *faultyFile) Close() error {
	v := f.fs.next("close")
	if err := f.File.Close(); err != nil {
		return err
	}
	return v.err
}
