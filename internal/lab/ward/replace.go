package ward

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/fault"
)

const maxReadme = 64 << 10 // bytes

// Remove removes the files of a ward that [Ward.WriteFolder] wrote into a folder, whatever its number of
// days and even when it was killed on the way, and nothing else that lies there. A folder that is no ward by
// its README is NotAllowed: a README or a device list with the name of ours may be somebody's work.
func Remove(fsys disk.FS, dir string) error {
	said, err := disk.ReadFile(filepath.Join(dir, ReadmeFile), maxReadme)
	if err != nil || !strings.HasPrefix(string(said), readmeBegins+"\n") {
		return fault.New(fault.NotAllowed, "folder %q holds files but no ward", dir).Hint("name a new folder")
	}
	names := []string{TruthFile, DevicesFile}
	for number := 1; number <= MaxDays; number++ {
		names = append(names, CaptureFile(number))
	}
	for _, r := range made() {
		names = append(names, filepath.Join(ReleasesName, r.file()))
	}
	for _, sub := range []string{"", ReleasesName} { // what a run left that was killed
		there, err := os.ReadDir(filepath.Join(dir, sub))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fault.Wrap(err, fault.ReadFailed, "look into folder %q", filepath.Join(dir, sub))
		}
		for _, f := range there {
			if disk.IsTemp(f.Name()) {
				names = append(names, filepath.Join(sub, f.Name()))
			}
		}
	}
	for _, name := range append(names, ReadmeFile) { // the README last: until then the folder is known for a ward
		if err := disk.Remove(fsys, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}
