package app

import (
	"io"
	"os"
	"path/filepath"

	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/release"
)

var _ release.BlockFiles = blockFolder("")

// blockFolder is the folder of a home that keeps block files: those of this house's own releases and those
// that came with a sync.
type blockFolder string

func (a *App) blockFolder() blockFolder { return blockFolder(filepath.Join(a.opt.Dir, blocksDir)) }

// OpenBlocks opens the block file with this digest.
func (d blockFolder) OpenBlocks(file model.Digest) (io.ReadCloser, error) {
	return os.Open(filepath.Join(string(d), file.Hex()))
}
