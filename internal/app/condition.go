package app

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/keyring"
	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/store"
)

// Engine names the database and its version.
func Engine() string { return "SQLite " + store.Engine() }

// ReadHome reads the description of the home at dir and opens nothing else. It fails with fault.NoHome when
// none is there.
func ReadHome(dir string) (Home, error) {
	h, err := readHome(dir)
	if err != nil {
		return h, err
	}
	return h, hasDatabase(dir)
}

// KeyFile is a file of private keys as it lies in a home. What is in it is not looked at.
type KeyFile struct {
	Name    string      `json:"name"` // below the home
	Mode    fs.FileMode `json:"mode"`
	Machine bool        `json:"machine"` // opened without a passphrase
	Open    bool        `json:"open"`    // others than its owner may read or write it
}

// KeyFiles lists the key files of a home, and the names of those that a home of its kind works with every day
// and that are missing. Root keys are listed while they lie there and never missed.
func KeyFiles(dir string, h Home) (have []KeyFile, missing []string, err error) {
	for _, sub := range []string{"keys", "offline"} {
		list, err := os.ReadDir(filepath.Join(dir, sub))
		if err != nil && !(sub == "offline" && errors.Is(err, fs.ErrNotExist)) {
			return have, missing, fault.Wrap(err, fault.ReadFailed, "the folder of keys cannot be read")
		}
		for _, d := range list {
			ext := filepath.Ext(d.Name())
			if ext != ".age" && ext != ".key" {
				continue
			}
			info, err := os.Stat(filepath.Join(dir, sub, d.Name())) // of a link, what it leads to is opened
			if err != nil {
				continue
			}
			have = append(have, KeyFile{sub + "/" + d.Name(), info.Mode().Perm(), ext == ".key", info.Mode().Perm()&0o077 != 0})
		}
	}
	for _, name := range everydayKeys(h) {
		if !slices.ContainsFunc(have, func(f KeyFile) bool { return f.Name == name }) {
			missing = append(missing, name)
		}
	}
	return have, missing, nil
}

// everydayKeys names the key files that [Init] makes, without those of the root.
func everydayKeys(h Home) []string {
	names := []string{"keys/" + keyring.HouseLog + ".key"}
	for _, spec := range roleSpecs(h.Kind) {
		switch {
		case spec.name == evidence.RoleRoot:
		case spec.machine:
			names = append(names, "keys/"+spec.name+".key")
		default:
			names = append(names, "keys/"+spec.name+".age")
		}
	}
	if h.Kind == evidence.Maker {
		names = append(names, "keys/"+keyring.RoleLog+".age")
	}
	return names
}

// Unfinished is a folder beside a home that an interrupted [Init] left.
type Unfinished struct {
	Path string
	Made time.Time
}

// UnfinishedBeside lists what interrupted runs of [Init] left beside the home at dir. None of it was ever a home.
func UnfinishedBeside(dir string) []Unfinished {
	parent := filepath.Dir(filepath.Clean(dir))
	list, err := os.ReadDir(parent)
	if err != nil {
		return nil
	}
	var out []Unfinished
	for _, d := range list {
		if info, err := d.Info(); err == nil && d.IsDir() && strings.HasPrefix(d.Name(), initMark) {
			out = append(out, Unfinished{filepath.Join(parent, d.Name()), info.ModTime()})
		}
	}
	return out
}

// Schema returns the version of the database's schema.
func (a *App) Schema(ctx context.Context) (int64, error) { return a.db.Schema(ctx) }

// CheckHeads looks at the last checkpoint of every log of this house: both its signatures, and that the first
// and the last entry are in the tree it signs. It costs the same however long the log is; [App.VerifyLogs] reads all.
func (a *App) CheckHeads(ctx context.Context) ([]LogState, error) {
	var out []LogState
	err := a.db.View(ctx, func(tx *store.Tx) error {
		roots, err := a.roots(ctx, tx)
		if err != nil {
			return err
		}
		for _, purpose := range []string{evidence.LogHouse, evidence.LogPublication} {
			l, ok, err := a.ownLog(roots, purpose)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			state, err := checkHead(ctx, tx, l)
			if err != nil {
				return err
			}
			out = append(out, state)
		}
		return nil
	})
	return out, err
}

func checkHead(ctx context.Context, tx *store.Tx, l *ledger.Log) (LogState, error) {
	tree := tx.Log(l.Origin())
	cp, ok, err := l.Latest(ctx, tree)
	if err != nil || !ok {
		return LogState{Origin: l.Origin()}, err
	}
	for _, seq := range []int64{0, cp.Size - 1} {
		if _, err := l.Prove(ctx, tree, seq); err != nil {
			return LogState{}, err
		}
	}
	return LogState{Origin: l.Origin(), Size: cp.Size, Checkpoints: 1, Time: cp.Time}, nil
}

// Copies says how fresh this house's copies of what others publish are, by publisher.
func (a *App) Copies(ctx context.Context) (copies []CopyInfo, forks int, err error) {
	err = a.db.View(ctx, func(tx *store.Tx) error {
		roots, err := a.roots(ctx, tx)
		if err != nil {
			return err
		}
		if copies, err = copiesOf(ctx, tx, roots); err != nil {
			return err
		}
		found, err := tx.Mirrors().Forks(ctx)
		forks = len(found)
		return err
	})
	return copies, forks, err
}

// DeviceListAge says since when the device list in force holds, and how many devices are on it; the zero time
// when there is none.
func (a *App) DeviceListAge(ctx context.Context) (since time.Time, devices int, err error) {
	err = a.db.View(ctx, func(tx *store.Tx) error {
		f, err := a.readFacts(ctx, tx)
		if err != nil {
			return err
		}
		if err := a.readRegister(ctx, tx, &f); err != nil {
			return err
		}
		since, devices = f.register.Since(), len(f.register.Current())
		return f.register.Err()
	})
	return since, devices, err
}

// Recorded says whether rows of what was seen are held, and how many batches hold rows whose retention has ended.
func (a *App) Recorded(ctx context.Context) (held bool, overdue int, err error) {
	err = a.db.View(ctx, func(tx *store.Tx) error {
		if held, err = a.anySeen(ctx, tx); err != nil {
			return err
		}
		due, err := tx.Rows().Due(ctx, a.opt.Clock.Now())
		overdue = len(due)
		return err
	})
	return held, overdue, err
}

// CheckSources reads the hospital's own list of third parties; own is false when there is none.
func (a *App) CheckSources() (own bool, err error) {
	if _, err := os.Stat(filepath.Join(a.opt.Dir, sourcesFile)); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	_, err = a.thirdParties("")
	return true, err
}
