package network

import (
	"bytes"
	"errors"
	"os"
	"testing"
)

// All files of one reader together have a bound, which closing one gives back; none of them has a name.
func TestSpoolBounds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := spooler{dir: dir, used: maxSpooled - 100}
	a, err := s.open()
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.open()
	if err != nil {
		t.Fatal(err)
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) != 0 {
		t.Errorf("files with names: %v, %v", names, err)
	}
	if err := a.add(10, make([]byte, 60)); err != nil {
		t.Errorf("there is room: %v", err)
	}
	if err := b.add(10, make([]byte, 41)); !errors.Is(err, errNoRoom) {
		t.Errorf("beyond the bound: %v", err)
	}
	if err := b.add(10, bytes.Repeat([]byte{7}, 40)); err != nil {
		t.Errorf("up to the bound: %v", err)
	}
	a.close()
	if err := b.add(100, make([]byte, 60)); err != nil || s.used != maxSpooled {
		t.Errorf("after one was closed: %v, %d bytes", err, s.used)
	}
	if same, err := b.compare(20, bytes.Repeat([]byte{7}, 30)); !same || err != nil {
		t.Errorf("read back: %v, %v", same, err)
	}
	b.close()
	if s.files != 0 || s.used != maxSpooled-100 {
		t.Errorf("%d files, %d bytes left", s.files, s.used)
	}
	s.used = 0
	for range maxSpools {
		if _, err := s.open(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.open(); !errors.Is(err, errNoRoom) {
		t.Errorf("one file too many: %v", err)
	}
}
