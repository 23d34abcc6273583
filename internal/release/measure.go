package release

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// Folders of a home, and of a publication, with files named by the hex digits of their SHA-256.
const (
	ArtifactDir = "artifacts"
	BlockDir    = "blocks"
)

const (
	tempPattern = ".cordon-tmp-*" // as kit/disk names what was not finished
	homeFile    = 0o600           // drafts are nobody's business
	homeDir     = 0o700
)

// Measure reads the file at path once, from the first byte to the last. It takes its digests, copies it
// to dir/artifacts and writes its block file to dir/blocks, each under its digest and only when whole.
// The members of a zip, tar or tar.gz are listed as a delivery form. It refuses what is not a regular
// file (BadInput), an empty one, one that is too large (TooLarge), and one that changes meanwhile.
func Measure(ctx context.Context, fsys disk.FS, dir, path string) (Artifact, error) {
	name := normal(filepath.Base(path))
	if err := checkName(name); err != nil {
		return Artifact{}, fault.Wrap(err, fault.BadInput, "file %q cannot be in a release under its name", path)
	}
	src, size, err := openRegular(path)
	if err != nil {
		return Artifact{}, err
	}
	defer src.Close() //nolint:errcheck // nothing was written
	for _, d := range [...]string{ArtifactDir, BlockDir} {
		if err := disk.MakeDir(fsys, filepath.Join(dir, d), homeDir); err != nil {
			return Artifact{}, err
		}
	}
	m, err := copyMeasured(ctx, fsys, filepath.Join(dir, ArtifactDir), path, src, size)
	if err != nil {
		return Artifact{}, err
	}
	blocks := m.blocks()
	file := blocks.Encode()
	ref := &BlockRef{SHA256: model.DigestOf(file), Length: int64(len(file))}
	if err := disk.WriteFile(fsys, filepath.Join(dir, BlockDir, ref.SHA256.Hex()), homeFile, file); err != nil {
		return Artifact{}, err
	}
	a := Artifact{
		Name: name, Length: m.n, SHA256: blocks.Artifact, SHA512: hex.EncodeToString(m.whole512.Sum(nil)), Blocks: ref,
	}
	form, ok, err := readArchive(ctx, filepath.Join(dir, ArtifactDir, a.SHA256.Hex()), a.Length)
	if ok {
		a.Forms = append(a.Forms, form)
	}
	return a, err
}

// openRegular opens a regular file and returns its size. A pipe is refused without waiting for a writer.
func openRegular(path string) (*os.File, int64, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, fault.New(fault.NotFound, "there is no file %q", path)
	}
	if err != nil {
		return nil, 0, fault.Wrap(err, fault.ReadFailed, "open %q", path)
	}
	st, err := f.Stat()
	switch {
	case err != nil:
		err = fault.Wrap(err, fault.ReadFailed, "look at %q", path)
	case !st.Mode().IsRegular():
		err = fault.New(fault.BadInput, "%q is not a regular file", path)
	case st.Size() == 0:
		err = fault.New(fault.BadInput, "file %q is empty", path)
	case st.Size() > maxLength:
		err = fault.New(fault.TooLarge, "file %q has %d bytes, at most %d are allowed", path, st.Size(), int64(maxLength))
	}
	if err != nil {
		_ = f.Close()
		return nil, 0, err
	}
	return f, st.Size(), nil
}

// measuring is the state of the one pass over a file.
type measuring struct {
	whole    hash.Hash // SHA-256 of all bytes so far: its sums at the ends of blocks are the prefixes
	whole512 hash.Hash
	n        int64
	sums     []model.Digest
	prefixes []model.Digest
}

// block takes one more block. The first block is also the first prefix and is not hashed twice.
func (m *measuring) block(b []byte) {
	m.whole.Write(b)
	m.whole512.Write(b)
	m.n += int64(len(b))
	prefix := model.Digest(m.whole.Sum(nil)) // Sum works on a copy of the state
	sum := prefix
	if len(m.sums) > 0 {
		sum = sha256.Sum256(b)
	}
	m.sums, m.prefixes = append(m.sums, sum), append(m.prefixes, prefix)
}

func (m *measuring) blocks() Blocks {
	return Blocks{Artifact: m.prefixes[len(m.prefixes)-1], Length: m.n, Sums: m.sums, Prefixes: m.prefixes}
}

// copyMeasured copies src to a file named by its digest, which is known only at the end. A file that is
// there already is replaced by the same bytes, so that one which was damaged is right again.
func copyMeasured(ctx context.Context, fsys disk.FS, dir, path string, src *os.File, size int64) (*measuring, error) {
	tmp, err := fsys.CreateTemp(dir, tempPattern)
	if err != nil {
		return nil, fault.Wrap(err, disk.CodeOf(err), "write a copy of %q", path)
	}
	m := &measuring{whole: sha256.New(), whole512: sha512.New()}
	err = m.pass(ctx, tmp, path, src, size)
	if err == nil {
		err = writeFault(tmp.Chmod(homeFile), path)
	}
	if err == nil {
		err = writeFault(tmp.Sync(), path)
	}
	if cerr := writeFault(tmp.Close(), path); err == nil {
		err = cerr
	}
	if err == nil {
		final := filepath.Join(dir, model.Digest(m.whole.Sum(nil)).Hex())
		err = writeFault(fsys.Rename(tmp.Name(), final), path)
	}
	if err != nil {
		_ = fsys.Remove(tmp.Name())
		return nil, err
	}
	if err := writeFault(fsys.SyncDir(dir), path); err != nil {
		return nil, err
	}
	return m, nil
}

func writeFault(err error, path string) error {
	if err == nil {
		return nil
	}
	return fault.Wrap(err, disk.CodeOf(err), "write a copy of %q", path)
}

// pass reads src to its end, block by block.
func (m *measuring) pass(ctx context.Context, to io.Writer, path string, src *os.File, size int64) error {
	buf := make([]byte, BlockSize)
	for m.n < size {
		if err := ctx.Err(); err != nil {
			return fault.Wrap(err, fault.Interrupted, "read %q", path)
		}
		n, err := io.ReadFull(src, buf[:min(BlockSize, size-m.n)])
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return changed(path)
		}
		if err != nil {
			return fault.Wrap(err, fault.ReadFailed, "read %q", path)
		}
		m.block(buf[:n])
		if _, err := to.Write(buf[:n]); err != nil {
			return writeFault(err, path)
		}
	}
	if n, err := src.Read(buf[:1]); n > 0 || !errors.Is(err, io.EOF) {
		return changed(path)
	}
	st, err := src.Stat()
	if err != nil {
		return fault.Wrap(err, fault.ReadFailed, "look at %q", path)
	}
	if st.Size() != size {
		return changed(path)
	}
	return nil
}

func changed(path string) error {
	return fault.New(fault.BadInput, "file %q changed its size while it was read", path).
		Hint("wait until whatever writes the file has finished, and try again")
}

// digestName is the file name of what has this digest in a folder of a home or of a publication.
func digestName(folder string, d model.Digest) string { return fmt.Sprintf("%s/%s", folder, d.Hex()) }
