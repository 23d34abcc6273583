package disk_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/disktest"
	"github.com/cordon-trust/cordon/internal/kit/fault"
)

var (
	old = []byte("the old content")
	neu = bytes.Repeat([]byte("the new content "), 5000)
)

// inChunks writes in several steps, so that there is a middle to fail in.
func inChunks(w io.Writer) error {
	for rest := neu; len(rest) > 0; {
		n := min(len(rest), 30000)
		if _, err := w.Write(rest[:n]); err != nil {
			return fmt.Errorf("fill: %w", err)
		}
		rest = rest[n:]
	}
	return nil
}

func content(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return b
}

func leftovers(t *testing.T, dir string) (temps int) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if disk.IsTemp(e.Name()) {
			temps++
		}
	}
	return temps
}

func TestWriteFileSetsContentAndMode(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	for _, perm := range []fs.FileMode{0o600, 0o644, 0o444, 0o666} {
		if err := disk.WriteFile(disk.OS{}, path, perm, []byte(perm.String())); err != nil {
			t.Fatal(err)
		}
		st, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if st.Mode().Perm() != perm || string(content(t, path)) != perm.String() {
			t.Errorf("mode %v content %q, want %v", st.Mode(), content(t, path), perm)
		}
	}
}

// Every operation of a write fails once in every way: the file is whole, old or new, and never in between.
func TestWriteFailingAtEveryPoint(t *testing.T) {
	t.Parallel()
	count := disktest.New(disk.OS{})
	if err := disk.Write(count, filepath.Join(t.TempDir(), "f"), 0o600, inChunks); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(count.Log(), " "); got != "create write write write chmod sync close rename syncdir" {
		t.Fatalf("operations changed: %s", got)
	}
	for _, mode := range disktest.Modes {
		for n := 1; n <= count.Ops(); n++ {
			t.Run(fmt.Sprintf("%s at %s", mode, count.Log()[n-1]), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				path := filepath.Join(dir, "f")
				if err := os.WriteFile(path, old, 0o600); err != nil {
					t.Fatal(err)
				}
				fsys := disktest.New(disk.OS{})
				fsys.FailAt(n, mode, nil)
				err := disk.Write(fsys, path, 0o600, inChunks)
				if err == nil {
					t.Fatal("a failed operation was not reported")
				}
				if fault.CodeOf(err) != fault.WriteFailed || !errors.Is(err, syscall.EIO) {
					t.Errorf("error %v is %s", err, fault.CodeOf(err))
				}
				if strings.Contains(err.Error(), "cordon-tmp") || !strings.Contains(err.Error(), path) {
					t.Errorf("error must name the target and not the temporary file: %v", err)
				}
				got := content(t, path)
				renamed := n == count.Ops() || n == count.Ops()-1 && mode == disktest.DoneButError
				if want := map[bool][]byte{false: old, true: neu}[renamed]; !bytes.Equal(got, want) {
					t.Errorf("holds %d bytes, want %d", len(got), len(want))
				}
				// A create that was done but reported failed leaves a name that nobody was told.
				unseen := mode == disktest.Killed || mode == disktest.DoneButError && n == 1
				if temps := leftovers(t, dir); temps > 0 && !unseen {
					t.Errorf("%d temporary files left", temps)
				}
				// Whatever happened, the next attempt works.
				if err := disk.Write(disk.OS{}, path, 0o600, inChunks); err != nil || !bytes.Equal(content(t, path), neu) {
					t.Errorf("second attempt: %v", err)
				}
			})
		}
	}
}

func TestWriteNewNeverReplaces(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "key")
	if err := disk.WriteNew(disk.OS{}, path, 0o600, inChunks); err != nil {
		t.Fatal(err)
	}
	err := disk.WriteNew(disk.OS{}, path, 0o600, func(w io.Writer) error { _, err := w.Write(old); return err })
	if !errors.Is(err, fs.ErrExist) {
		t.Errorf("error %v, want fs.ErrExist", err)
	}
	if !bytes.Equal(content(t, path), neu) || leftovers(t, dir) != 0 {
		t.Error("the first content must stay, without leftovers")
	}
}

// A file system without links, such as FAT on a stick, must still never lose a key.
func TestWriteNewWithoutLinks(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	for _, want := range []error{nil, fs.ErrExist} {
		fsys := disktest.New(disk.OS{})
		fsys.FailAt(8, disktest.NotDone, syscall.EPERM) // the link
		err := disk.WriteNew(fsys, path, 0o600, inChunks)
		if !errors.Is(err, want) {
			t.Errorf("error %v, want %v; operations %v", err, want, fsys.Log())
		}
		if !bytes.Equal(content(t, path), neu) {
			t.Error("content is not the first")
		}
	}
}

func TestFillErrorIsKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	want := fault.New(fault.TooLarge, "endless")
	err := disk.Write(disk.OS{}, path, 0o600, func(io.Writer) error { return fmt.Errorf("copy: %w", want) })
	if fault.CodeOf(err) != fault.TooLarge {
		t.Errorf("error %v lost its code", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a file was made")
	}
}

func TestCodes(t *testing.T) {
	t.Parallel()
	for cause, want := range map[error]fault.Code{
		syscall.ENOSPC: fault.DiskFull, syscall.EDQUOT: fault.DiskFull, syscall.EROFS: fault.ReadOnly,
		syscall.EACCES: fault.WriteFailed, syscall.EIO: fault.WriteFailed,
	} {
		fsys := disktest.New(disk.OS{})
		fsys.FailAt(2, disktest.Torn, cause)
		err := disk.WriteFile(fsys, filepath.Join(t.TempDir(), "f"), 0o600, neu)
		if fault.CodeOf(err) != want || !errors.Is(err, cause) {
			t.Errorf("%v: %v is %s, want %s", cause, err, fault.CodeOf(err), want)
		}
	}
}

// The kernel's own "no space left", where it can be had.
func TestRealFullDisk(t *testing.T) {
	t.Parallel()
	f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no /dev/full")
	}
	defer f.Close() //nolint:errcheck // a device
	if _, err = f.Write(neu); disk.CodeOf(err) != fault.DiskFull {
		t.Errorf("%v is %s", err, disk.CodeOf(err))
	}
}

func TestMakeDirAtEveryPoint(t *testing.T) {
	t.Parallel()
	count := disktest.New(disk.OS{})
	if err := disk.MakeDir(count, filepath.Join(t.TempDir(), "a/b/c"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []disktest.Mode{disktest.NotDone, disktest.DoneButError, disktest.Killed} {
		for n := 1; n <= count.Ops(); n++ {
			dir := filepath.Join(t.TempDir(), "a/b/c")
			fsys := disktest.New(disk.OS{})
			fsys.FailAt(n, mode, nil)
			if err := disk.MakeDir(fsys, dir, 0o700); err == nil {
				// The probes of directories that cannot be made yet fail anyhow; only then may nothing be said.
				if st, err := os.Stat(dir); err != nil || !st.IsDir() {
					t.Errorf("%s at %d: success without a folder", mode, n)
				}
			}
			if err := disk.MakeDir(disk.OS{}, dir, 0o700); err != nil {
				t.Errorf("%s at %d: second attempt: %v", mode, n, err)
			}
		}
	}
	if err := disk.MakeDir(disk.OS{}, filepath.Join(t.TempDir(), "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{file, filepath.Join(file, "below")} {
		if err := disk.MakeDir(disk.OS{}, p, 0o700); fault.CodeOf(err) != fault.WriteFailed {
			t.Errorf("MakeDir over a file: %v", err)
		}
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	if err := disk.WriteFile(disk.OS{}, path, 0o600, old); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := disk.Remove(disk.OS{}, path); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error("still there")
	}
}

func TestReadFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	if err := os.WriteFile(path, neu, 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := disk.ReadFile(path, int64(len(neu))); err != nil || !bytes.Equal(b, neu) {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	for name, c := range map[string]struct {
		path  string
		limit int64
		want  fault.Code
	}{
		"one byte too many": {path, int64(len(neu)) - 1, fault.TooLarge},
		"endless":           {"/dev/zero", 1000, fault.TooLarge},
		"missing":           {path + "x", 10, fault.NotFound},
		"folder":            {dir, 10, fault.ReadFailed},
		"below a file":      {path + "/x", 10, fault.ReadFailed},
	} {
		if b, err := disk.ReadFile(c.path, c.limit); fault.CodeOf(err) != c.want || b != nil {
			t.Errorf("%s: %d bytes, %v is %s, want %s", name, len(b), err, fault.CodeOf(err), c.want)
		}
	}
}
