package app

import (
	"encoding/json/v2"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// Files of a home. Private keys lie in keys/ and offline/ (see keyring); artifacts and their block
// digests in artifacts/ and blocks/.
const (
	homeFile = "home.json"
	dbFile   = "cordon.db"
	homeType = "cordon-home/v1"

	maxHomeFile = 64 << 10
)

// Home says whose home this is.
type Home struct {
	Type string           `json:"type"`
	Org  string           `json:"org"`
	Kind evidence.OrgKind `json:"kind"`
	Site string           `json:"site"`         // the site whose addresses are meant when none is named
	Lab  bool             `json:"lab,omitzero"` // a home for demonstrations: its root is marked test
}

func (h Home) valid() error {
	if err := model.CheckOrg(h.Org); err != nil {
		return fault.Wrap(err, fault.Usage, "the organisation's name cannot be used")
	}
	if h.Kind != evidence.Maker && h.Kind != evidence.Hospital {
		return fault.New(fault.Usage, "role %q is neither maker nor hospital", h.Kind)
	}
	if h.Type != homeType || h.Site == "" {
		return fault.New(fault.Damaged, "the home's description is incomplete")
	}
	return nil
}

// houseOrigin and publicationOrigin name an organisation's two logs.
func houseOrigin(org string) string       { return org + "/house" }
func publicationOrigin(org string) string { return org + "/publication" }

// readHome reads the description of the home at dir.
func readHome(dir string) (Home, error) {
	b, err := disk.ReadFile(filepath.Join(dir, homeFile), maxHomeFile)
	if errors.Is(err, fs.ErrNotExist) {
		return Home{}, fault.New(fault.NoHome, "there is no Cordon home at %q", dir)
	}
	if err != nil {
		return Home{}, err
	}
	var h Home
	if err := json.Unmarshal(b, &h); err != nil {
		return Home{}, fault.Wrap(err, fault.Damaged, "the home at %q cannot be read", dir)
	}
	return h, h.valid()
}

// hasDatabase refuses a home whose database is gone: an empty one in its place would know nothing, and
// say so of everything. [Init] moves a home to its place only when its database is whole.
func hasDatabase(dir string) error {
	info, err := os.Stat(filepath.Join(dir, dbFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.Damaged, "the home at %q has lost its database %q", dir, dbFile)
	case err != nil:
		return fault.Wrap(err, fault.ReadFailed, "the database of the home at %q cannot be read", dir)
	case info.Size() == 0:
		return fault.New(fault.Damaged, "the database %q of the home at %q is empty", dbFile, dir)
	}
	return nil
}

func writeHome(fsys disk.FS, dir string, h Home) error {
	b, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return disk.WriteFile(fsys, filepath.Join(dir, homeFile), 0o600, append(b, '\n'))
}

// isFree reports whether a home may be made at dir: nothing is there, or an empty folder.
func isFree(dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, fault.Wrap(err, fault.ReadFailed, "folder %q cannot be read", dir)
	}
	return len(entries) == 0, nil
}
