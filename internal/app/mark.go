package app

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/finding"
)

// mark stands for everything that the answers of an open home follow from: what is committed to its database, its
// own files, and the minute, because copies grow stale and rows expire. The zero mark is like no other.
type mark struct {
	commits  int64
	database fs.FileInfo // another file in its place, such as a backup, is another home
	minute   int64
	home     model.Digest // of the text of home.json; zero: there is none
	sources  model.Digest // likewise of sources.json
	secret   fs.FileInfo  // of the marks of names; nil: there is none
	blocks   fs.FileInfo  // the folder of block digests, in which files come and go and never change
	rootKeys bool
}

// mark looks at the home. It asks the database and the file system and keeps no count of its own, so a writer that
// was killed is noticed like any other. It costs some microseconds, whatever the home holds.
func (a *App) mark(ctx context.Context) (mark, error) {
	m := mark{minute: a.opt.Clock.Now().Unix() / int64(time.Minute/time.Second), rootKeys: a.ring.RootPresent()}
	var err error
	for name, into := range map[string]*fs.FileInfo{
		dbFile: &m.database, blocksDir: &m.blocks, a.ring.SecretFile(): &m.secret,
	} {
		if *into, err = stat(a.in(name)); err != nil {
			return mark{}, err
		}
	}
	m.home, m.sources = digestOf(a.in(homeFile), maxHomeFile), digestOf(a.in(sourcesFile), finding.MaxSourcesFile)
	commits, known, err := a.db.Changes(ctx)
	if err != nil || !known {
		return mark{}, err
	}
	m.commits = commits
	return m, nil
}

// same reports whether nothing changed between two marks of one App. Where changes would not be noticed, nothing
// is ever the same.
func (m *mark) same(o *mark) bool {
	return m.database != nil && m.commits == o.commits && m.minute == o.minute && m.home == o.home && m.sources == o.sources &&
		m.rootKeys == o.rootKeys && sameFile(m.database, o.database) && sameFile(m.secret, o.secret) && sameFile(m.blocks, o.blocks)
}

func (a *App) in(name string) string { return filepath.Join(a.opt.Dir, name) }

func sameFile(x, y fs.FileInfo) bool {
	if x == nil || y == nil {
		return x == nil && y == nil
	}
	return os.SameFile(x, y) && x.Size() == y.Size() && x.ModTime().Equal(y.ModTime())
}

// stat describes a file; nil when there is none.
func stat(path string) (fs.FileInfo, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil //nolint:nilnil // that there is none is an answer
	case err != nil:
		return nil, fault.Wrap(err, fault.ReadFailed, "look at %q", path)
	}
	return info, nil
}

// digestOf digests the text of a small file that people edit in place: within the same tick of the clock and
// with the same length only its text tells that it changed. The zero digest means that there is none; what cannot
// be read counts by its error, and whoever needs it says what is wrong with it.
func digestOf(path string, limit int64) model.Digest {
	b, err := disk.ReadFile(path, limit)
	switch {
	case errors.Is(err, fault.NotFound):
		return model.Digest{}
	case err != nil:
		return model.DigestOf([]byte(err.Error()))
	}
	return model.DigestOf(b)
}
