package release

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// Limits of looking into an archive. Beyond them it is named as an archive, and its members are not.
const (
	maxUnpacked  = 1 << 30 // bytes of all members together, unpacked
	maxDirectory = 4 << 20 // bytes of a zip's directory
)

// errOdd says that an archive is not plain enough to list.
var errOdd = errors.New("the archive is not plain")

// readArchive lists the members of the archive at path. It reports false when the file is no archive that
// it knows; an odd one is Truncated. Archives inside are members and are not opened.
func readArchive(ctx context.Context, path string, size int64) (Form, bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return Form{}, false, fault.Wrap(err, fault.ReadFailed, "read the copy of the artifact")
	}
	defer f.Close() //nolint:errcheck // nothing was written
	form, ok := listArchive(ctx, f, size, maxUnpacked)
	if err := ctx.Err(); err != nil {
		return Form{}, false, fault.Wrap(err, fault.Interrupted, "look into the archive")
	}
	return form, ok, nil
}

func listArchive(ctx context.Context, r io.ReaderAt, size, budget int64) (Form, bool) {
	l := &listing{ctx: ctx, left: budget, seen: map[string]bool{}}
	var err error
	var magic [512]byte
	n, _ := r.ReadAt(magic[:min(size, int64(len(magic)))], 0)
	whole := io.NewSectionReader(r, 0, size)
	switch {
	case bytes.HasPrefix(magic[:n], []byte("PK\x03\x04")), bytes.HasPrefix(magic[:n], []byte("PK\x05\x06")):
		err = l.zip(r, size)
	case isTar(magic[:n]):
		err = l.tar(whole)
	case bytes.HasPrefix(magic[:n], []byte{0x1f, 0x8b}):
		var is bool
		if is, err = l.tarGzip(whole); !is {
			return Form{}, false
		}
	default:
		return Form{}, false
	}
	if err != nil || len(l.members) == 0 {
		return Form{Form: FormArchive, Truncated: true}, true
	}
	return Form{Form: FormArchive, Members: l.members}, true
}

// isTar looks for the magic of POSIX and GNU tar (POSIX.1-1988, offset 257).
func isTar(head []byte) bool { return len(head) > 262 && string(head[257:262]) == "ustar" }

// listing is one archive being listed.
type listing struct {
	ctx     context.Context // lives as long as one call
	left    int64           // bytes that may still be unpacked
	members []Member
	seen    map[string]bool
}

// add hashes one member. An error means that the archive is not listed at all.
func (l *listing) add(name string, r io.Reader) error {
	if checkMemberName(name) != nil || l.seen[name] || len(l.members) == maxMembers {
		return errOdd
	}
	l.seen[name] = true
	h := sha256.New()
	n, err := io.Copy(h, &io.LimitedReader{R: &stopReader{l.ctx, r}, N: l.left + 1})
	if err != nil {
		return err
	}
	if l.left -= n; l.left < 0 {
		return errOdd
	}
	l.members = append(l.members, Member{Name: name, Length: n, SHA256: model.Digest(h.Sum(nil))})
	return nil
}

func (l *listing) zip(r io.ReaderAt, size int64) error {
	// The directory is read whole into memory before its entries can be counted, so its bytes are bounded.
	bounded := &boundedReaderAt{r, maxDirectory}
	z, err := zip.NewReader(bounded, size)
	if err != nil {
		return err
	}
	if len(z.File) > maxMembers {
		return errOdd
	}
	bounded.left = 2*size + maxDirectory
	for _, f := range z.File {
		if f.Mode().IsDir() || !f.Mode().IsRegular() {
			continue
		}
		if f.NonUTF8 || f.Flags&1 != 0 { // bit 0: encrypted (APPNOTE 4.4.4)
			return errOdd
		}
		if err := l.addZipped(f); err != nil {
			return err
		}
	}
	return nil
}

func (l *listing) addZipped(f *zip.File) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	return l.add(f.Name, r)
}

func (l *listing) tar(r io.Reader) error {
	// Headers and skipped data count too: an archive of a billion empty entries ends at this bound.
	t := tar.NewReader(&io.LimitedReader{R: &stopReader{l.ctx, r}, N: 2 * l.left})
	for entries := 0; ; entries++ {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if entries > 4*maxMembers {
			return errOdd
		}
		if h.Typeflag != tar.TypeReg {
			continue // folders and links have no bytes of their own
		}
		if err := l.add(h.Name, t); err != nil {
			return err
		}
	}
}

// tarGzip reports false when what is compressed is not a tar.
func (l *listing) tarGzip(r io.Reader) (bool, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return false, nil //nolint:nilerr // two bytes alone do not make it an archive
	}
	head := make([]byte, 512)
	if _, err := io.ReadFull(z, head); err != nil || !isTar(head) {
		return false, nil //nolint:nilerr // some other compressed file
	}
	return true, l.tar(io.MultiReader(bytes.NewReader(head), z))
}

// boundedReaderAt fails once too much was read.
type boundedReaderAt struct {
	r    io.ReaderAt
	left int64
}

// ReadAt implements io.ReaderAt.
func (b *boundedReaderAt) ReadAt(p []byte, off int64) (int, error) {
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, fmt.Errorf("read at %d: %w", off, errOdd)
	}
	return b.r.ReadAt(p, off)
}

// stopReader ends with the context.
type stopReader struct {
	ctx context.Context // lives as long as one call
	r   io.Reader
}

// Read implements io.Reader.
func (s *stopReader) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.Read(p)
}
