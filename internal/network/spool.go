package network

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
)

// Bounds of what is kept in files.
const (
	maxSpooled  = 1 << 30  // bytes of all files
	maxSpools   = 64       // files at the same time
	maxExtents  = 4096     // runs of one file
	spoolBuffer = 64 << 10 // bytes written at once
)

var errNoRoom = errors.New("no room left for parts out of order")

// spooler keeps bytes that came before their turn in temporary files without a name.
type spooler struct {
	dir   string // empty: the system's
	used  int64
	files int
	copy  []byte // to read back into
}

// extent is a run of bytes of an object and where it lies in the file.
type extent struct{ lo, hi, pos int64 }

// spool is the file of one object. What it holds is only ever added to.
type spool struct {
	owner *spooler
	file  *os.File
	buf   []byte
	size  int64 // of the file and the buffer
	runs  []extent
}

// open creates a file and takes its name away, so that nothing stays behind however the process ends.
func (s *spooler) open() (*spool, error) {
	if s.files >= maxSpools {
		return nil, errNoRoom
	}
	f, err := os.CreateTemp(s.dir, ".cordon-tmp-*")
	if err != nil {
		return nil, fmt.Errorf("create a file for parts: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		_ = f.Close() // the first error counts
		return nil, fmt.Errorf("unlink a file for parts: %w", err)
	}
	if s.copy == nil {
		s.copy = make([]byte, spoolBuffer)
	}
	s.files++
	return &spool{owner: s, file: f}, nil
}

func (p *spool) close() {
	_ = p.file.Close() // it has no name and is not needed any more
	p.owner.files--
	p.owner.used -= p.size
}

// find returns the index of the first run that ends behind off.
func (p *spool) find(off int64) int {
	i, _ := slices.BinarySearchFunc(p.runs, off, func(r extent, off int64) int {
		if r.hi <= off {
			return -1
		}
		return 1
	})
	return i
}

// add keeps b, no byte of which is held yet.
func (p *spool) add(off int64, b []byte) error {
	n := int64(len(b))
	if p.owner.used+n > maxSpooled {
		return errNoRoom
	}
	i := p.find(off)
	joins := i > 0 && p.runs[i-1].hi == off && p.runs[i-1].pos+p.runs[i-1].hi-p.runs[i-1].lo == p.size
	if !joins && len(p.runs) >= maxExtents {
		return errNoRoom
	}
	if len(p.buf)+len(b) > spoolBuffer {
		if err := p.flush(); err != nil {
			return err
		}
	}
	p.buf = append(p.buf, b...)
	if joins {
		p.runs[i-1].hi += n
	} else {
		p.runs = slices.Insert(p.runs, i, extent{off, off + n, p.size})
	}
	p.size += n
	p.owner.used += n
	return nil
}

func (p *spool) flush() error {
	if len(p.buf) == 0 {
		return nil
	}
	_, err := p.file.WriteAt(p.buf, p.size-int64(len(p.buf)))
	if err != nil {
		return fmt.Errorf("write parts: %w", err)
	}
	p.buf = p.buf[:0]
	return nil
}

// read hands the bytes of the run that holds off to f, up to end at most, and returns how many there are.
func (p *spool) read(off, end int64, f func(b []byte)) (int64, error) {
	i := p.find(off)
	if i == len(p.runs) || p.runs[i].lo > off {
		return 0, nil
	}
	r := p.runs[i]
	end = min(end, r.hi)
	if err := p.flush(); err != nil {
		return 0, err
	}
	for at := off; at < end; {
		b := p.owner.copy[:min(end-at, spoolBuffer)]
		if _, err := p.file.ReadAt(b, r.pos+at-r.lo); err != nil {
			return 0, fmt.Errorf("read parts back: %w", err)
		}
		f(b)
		at += int64(len(b))
	}
	return end - off, nil
}

// compare holds b against the bytes that are held from off on, all of which one run holds.
func (p *spool) compare(off int64, b []byte) (same bool, err error) {
	same = true
	_, err = p.read(off, off+int64(len(b)), func(old []byte) {
		same = same && bytes.Equal(old, b[:len(old)])
		b = b[len(old):]
	})
	return same && len(b) == 0, err
}

// beyond is how many bytes are held behind off.
func (p *spool) beyond(off int64) int64 {
	var n int64
	for _, r := range p.runs[p.find(off):] {
		n += r.hi - max(r.lo, off)
	}
	return n
}
