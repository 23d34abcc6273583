package release

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync"

	"github.com/cordon-trust/cordon/internal/model"
)

// BlockFiles opens the block files that a house keeps, by the digest that a release set gives for the file.
// The error of one that is not kept is [fs.ErrNotExist].
type BlockFiles interface {
	OpenBlocks(file model.Digest) (io.ReadCloser, error)
}

// shelfDigests bounds the digests that are held in memory, 8 MiB of them, and so the artifacts that are
// compared: up to 32 GiB.
const shelfDigests = 256 << 10

// shelf reads block files when a transfer needs them, and trusts none that is not the file that was signed.
type shelf struct {
	files BlockFiles // nil: none are kept

	mu       sync.Mutex // guards all below
	held     map[model.Digest]onShelf
	order    []model.Digest // of what is held, oldest first
	digests  int
	indexed  bool
	byFirst  map[model.Digest][]place // by the digest of the first block
	byLength map[int64][]place
}

// onShelf is a block file as it was read, or why it cannot be used.
type onShelf struct {
	blocks *Blocks
	why    string
}

// place is one artifact of one release.
type place struct {
	release  *Release
	artifact *Artifact
}

// UseBlocks gives the book the block files of its releases. Without them no transfer is compared in part.
// Like [Book.Add] it belongs to the filling of the book.
func (b *Book) UseBlocks(f BlockFiles) { b.shelf.files = f }

// blocks returns the blocks of an artifact, or says why they are not known.
func (s *shelf) blocks(a *Artifact) (*Blocks, string) {
	if a == nil || a.Blocks == nil {
		return nil, "nobody published its blocks"
	}
	if s.files == nil {
		return nil, "no block files are kept here"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if h, ok := s.held[a.Blocks.SHA256]; ok {
		return h.blocks, h.why
	}
	b, err := s.read(a)
	h := onShelf{blocks: b}
	if err != nil {
		h = onShelf{why: err.Error()}
	}
	s.hold(a.Blocks.SHA256, h)
	return h.blocks, h.why
}

// hold needs the lock. It makes room by forgetting what was read longest ago.
func (s *shelf) hold(file model.Digest, h onShelf) {
	if s.held == nil {
		s.held = map[model.Digest]onShelf{}
	}
	s.held[file] = h
	s.order = append(s.order, file)
	s.digests += h.size()
	for s.digests > shelfDigests && len(s.order) > 1 {
		s.digests -= s.held[s.order[0]].size()
		delete(s.held, s.order[0])
		s.order = s.order[1:]
	}
}

func (h onShelf) size() int {
	if h.blocks == nil {
		return 1
	}
	return len(h.blocks.Sums) + len(h.blocks.Prefixes)
}

// read reads a whole block file and holds it against what was signed.
func (s *shelf) read(a *Artifact) (*Blocks, error) {
	if 2*blockCount(a.Length) > shelfDigests {
		return nil, fmt.Errorf("an artifact of %d bytes is larger than is compared in part", a.Length)
	}
	f, err := s.files.OpenBlocks(a.Blocks.SHA256)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("the file of its blocks is not here")
	}
	if err != nil {
		return nil, errors.New("the file of its blocks cannot be read")
	}
	data, err := io.ReadAll(io.LimitReader(f, blockFileMax(a.Length)+1))
	if cerr := f.Close(); err != nil || cerr != nil {
		return nil, errors.New("the file of its blocks cannot be read")
	}
	if model.DigestOf(data) != a.Blocks.SHA256 {
		return nil, errors.New("the file of its blocks is damaged")
	}
	b, err := ParseBlocks(data)
	if err != nil || b.Artifact != a.SHA256 || b.Length != a.Length {
		return nil, errors.New("what was signed as its blocks describes another file")
	}
	return &b, nil
}

// index makes the indexes once. It reads the first lines of each block file only; what is found by them is
// read whole before it counts.
func (b *Book) index() {
	s := &b.shelf
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.indexed || s.files == nil {
		return
	}
	s.indexed, s.byFirst, s.byLength = true, map[model.Digest][]place{}, map[int64][]place{}
	for _, r := range b.sets {
		for i := range r.Set.Artifacts {
			a := &r.Set.Artifacts[i]
			if a.Blocks == nil || a.Length < BlockSize {
				continue // no block of it can be seen
			}
			p := place{r, a}
			s.byLength[a.Length] = append(s.byLength[a.Length], p)
			if d, ok := s.first(a); ok && !isFill(d) {
				s.byFirst[d] = append(s.byFirst[d], p)
			}
		}
	}
}

// first needs the lock. It returns the digest of the first block of an artifact.
func (s *shelf) first(a *Artifact) (model.Digest, bool) {
	f, err := s.files.OpenBlocks(a.Blocks.SHA256)
	if err != nil {
		return model.Digest{}, false
	}
	defer f.Close()
	r := bufio.NewReaderSize(io.LimitReader(f, 256+blockLine), 256+blockLine)
	head, err := r.Peek(256 + blockLine)
	if err != nil && !errors.Is(err, io.EOF) {
		return model.Digest{}, false
	}
	b, d, ok := firstBlock(head)
	return d, ok && b.Artifact == a.SHA256 && b.Length == a.Length
}

// firstBlock reads the beginning of a block file: its first line and the digest of the first block.
func firstBlock(head []byte) (Blocks, model.Digest, bool) {
	line, rest, ok := bytes.Cut(head, []byte("\n"))
	if !ok || len(line) > 256 || len(rest) < 64 {
		return Blocks{}, model.Digest{}, false
	}
	b, err := parseBlocksHeader(string(line))
	if err != nil {
		return Blocks{}, model.Digest{}, false
	}
	d, err := model.ParseHexDigest(string(rest[:64]))
	return b, d, err == nil
}

// places returns the artifacts that begin with a block of this digest, and those of this length.
func (b *Book) places(first model.Digest, length int64) []place {
	b.index()
	s := &b.shelf
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Concat(s.byFirst[first], s.byLength[length])
}

// Digests of a block of zero bytes, and of one of bytes 0xff, as erased flash memory reads. Files that have
// nothing to do with each other share them.
const (
	zeroBlock   = "8a39d2abd3999ab73c34db2476849cddf303ce389b35826850f9a700589b4a90"
	erasedBlock = "3b874d3ba46c638fc3094f8e92fb744ca974893873f8885f54e23760f9b6311b"
)

func isFill(d model.Digest) bool { h := d.Hex(); return h == zeroBlock || h == erasedBlock }
