package ward

import (
	"bufio"
	"context"
	"encoding/json/v2"
	"fmt"
	"io"
	"path/filepath"

	"github.com/cordon-trust/cordon/internal/kit/disk"
)

// Names in a folder that [Ward.WriteFolder] writes.
const (
	DevicesFile  = "devices.csv"
	TruthFile    = "truth.json" // JSON Lines
	ReadmeFile   = "README"
	ReleasesName = "releases" // a folder
)

// CaptureFile returns the name of the capture of a day.
func CaptureFile(number int) string { return fmt.Sprintf("ward-day-%02d.pcap", number) }

// Count says what was written.
type Count struct {
	Captures    int
	Frames      int64
	Bytes       int64 // of frames
	Connections int64
	Fetches     int64 // lines of truth
}

// WriteFolder writes a ward of some days into a folder that exists, and replaces files of the same names
// there: captures, device list, releases, the truth, and what all of it is. Each file appears whole or not
// at all, and when one cannot be written or ctx ends, those written before are removed. day is told before each capture; it may be nil.
func (w *Ward) WriteFolder(ctx context.Context, fsys disk.FS, dir string, days int, day func(number int)) (n Count, err error) {
	if days < 1 || days > MaxDays {
		return n, fmt.Errorf("ward: %d days: 1 to %d", days, MaxDays)
	}
	f := folder{fsys: fsys, dir: dir}
	defer func() {
		if err != nil {
			f.undo()
		}
	}()
	if err := f.write(ReadmeFile, func(to io.Writer) error { return w.readme(to, days) }); err != nil {
		return n, err
	}
	if err := f.write(DevicesFile, w.WriteDevices); err != nil {
		return n, err
	}
	if err := disk.MakeDir(fsys, filepath.Join(dir, ReleasesName), 0o755); err != nil {
		return n, err
	}
	for _, r := range w.releases {
		err := f.write(filepath.Join(ReleasesName, r.Name), func(to io.Writer) error { _, err := to.Write(r.Body); return err })
		if err != nil {
			return n, err
		}
	}
	err = f.write(TruthFile, func(to io.Writer) error {
		truth := bufio.NewWriter(to)
		tell := func(f Fetch) error {
			n.Fetches++
			line, err := json.Marshal(f)
			if err == nil {
				_, err = truth.Write(append(line, '\n'))
			}
			return err
		}
		for number := 1; number <= days; number++ {
			if day != nil {
				day(number)
			}
			if err := f.write(CaptureFile(number), func(to io.Writer) error { return w.count(ctx, to, number, tell, &n) }); err != nil {
				return err
			}
		}
		return truth.Flush()
	})
	return n, err
}

// count writes the capture of a day and adds what it holds.
func (w *Ward) count(ctx context.Context, to io.Writer, number int, tell func(Fetch) error, n *Count) error {
	size, err := w.WriteDay(ctx, to, number, tell)
	n.Captures++
	n.Frames, n.Bytes, n.Connections = n.Frames+size.Frames, n.Bytes+size.Bytes, n.Connections+size.Connections
	return err
}

// folder remembers what was written into it.
type folder struct {
	fsys    disk.FS
	dir     string
	written []string
}

func (f *folder) write(name string, fill func(io.Writer) error) error {
	path := filepath.Join(f.dir, name)
	f.written = append(f.written, path) // also what fails: it may be there when the very last step did
	return disk.Write(f.fsys, path, 0o644, fill)
}

// undo removes what was written; what cannot be removed is whole at least.
func (f *folder) undo() {
	for _, path := range f.written {
		_ = disk.Remove(f.fsys, path)
	}
	_ = f.fsys.Remove(filepath.Join(f.dir, ReleasesName))
}

// readmeBegins is the first line of a ward's README; a folder is known by it.
const readmeBegins = "Everything in this folder is synthetic: it is a ward that does not exist."

func (w *Ward) readme(to io.Writer, days int) error {
	_, err := fmt.Fprintf(to, readmeBegins+`

Cordon's lab made it: a ward of %d devices over %d days, seed %d, from %s on. No device, serial, patient or
file in it exists. The hosts of system updates, certificate lists, virus definitions and packages have the
names of real services, but nothing was fetched from them: the bytes are noise behind the magic of the right
format. Addresses are private or reserved for documentation.

%-22s what passed a mirror port of the ward, one file a day
%-22s the hospital's device list
%-22s what each device fetched and what it was meant to be, one JSON object a line
%-22s three releases of one maker, to be signed and published

What a person should know about, and must not miss among all the rest:
  day 1  a pump fetches a file that is in no release; another one fetches %s with one byte changed
  day 2  a pump that has 2.1.0 fetches the older 2.0.0
What looks odd and means no harm:
  each day   some pumps fetch the new release, over ranges, encoded, seen twice, with other tags each way, or
             through a mirror that loses frames; workstations fetch updates of their systems in clear
  day 2      the pump servers do not answer from 09:00 to 09:20
  day 3      the power fails at 03:05, and everything comes back at once at 03:10
  every 4th  a new drug library, and new certificates in the cloud; from day 10 on from another authority

Two runs with the same seed differ only inside TLS, whose keys are random.
`, w.opt.Devices, days, w.opt.Seed, w.opt.Start.Format("2006-01-02"), "ward-day-NN.pcap", DevicesFile, TruthFile, ReleasesName+"/", w.releases[pumpNew].Name)
	return err
}
