package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/kit/disk"
)

const (
	littleRoom  = 1 << 30  // bytes: a day of recording and a database that folds its log
	noRoom      = 64 << 20 // bytes: the next batch may not fit
	leastMemory = 28 << 20 // bytes that watch takes while it records, unless told otherwise
	fewFiles    = 256      // open files: a watch that saves and spools, beside the database
)

func (d *doctor) build() {
	b := readBuild()
	revision := "revision not known"
	if b.Revision != "" {
		revision = "revision " + b.Revision
	}
	d.ok("cordon", "%s, %s", b.Version, revision)
	if b.Modified {
		d.say(stateNote, "cordon", "was built from a source with changes that are in no revision", "for a hospital's home build from a revision as it is")
	}
	d.ok("built with", "%s for %s, %d modules, %s", b.Go, b.Platform, b.Modules, app.Engine())
}

// configuration says what is set and by whom: flag, environment or default. There is no file.
func (d *doctor) configuration() {
	dir, err := d.s.home()
	if err != nil {
		d.failed("home", err)
	}
	d.dir = dir
	switch {
	case d.s.homeFlag != "":
		d.origin, d.exact = "from --home", true
	case d.s.env(envHome) != "":
		d.origin, d.exact = "from "+envHome, true
	case d.s.env(envData) != "" && err == nil:
		d.origin = "the default below " + envData
	default:
		d.origin = "the default"
	}
	if err == nil {
		d.ok("home", "%s (%s)", dir, d.origin)
	}
	d.passphraseFile()
	for _, name := range []string{envGrowth, envMemory} {
		if v := d.s.env(name); v != "" {
			d.ok(name, "%s (from the environment)", v)
		} else {
			d.ok(name, "not set (watch chooses for itself)")
		}
	}
}

// passphraseFile never prints a value that names no file: it may be the passphrase itself.
func (d *doctor) passphraseFile() {
	path, from := d.s.passFlag, "from --passphrase-file"
	if path == "" {
		path, from = d.s.env(envPassphrase), "from "+envPassphrase
	}
	if path == "" {
		d.ok("passphrase", "no file is named (the default): a person is asked at the terminal")
		return
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular():
		d.say(stateProblem, "passphrase", "the value "+from+" names no file; it is not shown, since it may be the passphrase itself",
			"put the passphrase in a file with mode 0600 and give the file's name")
	case err != nil:
		d.say(stateProblem, "passphrase", "the file named "+from+" cannot be looked at", "check that you may enter its folder")
	case info.Mode().Perm()&0o077 != 0:
		d.say(stateProblem, "passphrase", fmt.Sprintf("%s (%s) can be read by others: mode %#o", path, from, info.Mode().Perm()), "run: chmod 600 "+path)
	default:
		d.ok("passphrase", "%s (%s), mode %#o", path, from, info.Mode().Perm())
	}
}

func (d *doctor) system() {
	d.ok("processors", "%d, of which Go uses %d", runtime.NumCPU(), runtime.GOMAXPROCS(0))
	if n, ok := disk.MostOpen(); ok && n < fewFiles {
		d.say(stateNote, "open files", fmt.Sprintf("at most %d", n), "raise it before a long watch: ulimit -n 1024")
	} else if ok {
		d.ok("open files", "at most %d", n)
	}
	if limit := debug.SetMemoryLimit(-1); limit < leastMemory {
		d.say(stateNote, "memory", fmt.Sprintf("the limit of %d bytes is below what watch needs", limit), "unset "+envMemory)
	}
	if d.dir == "" {
		return
	}
	free, ok := disk.FreeAbove(d.dir)
	switch {
	case !ok:
		d.say(stateNote, "disk", "this system does not say how much room is left", "look with the tools of your system")
	case free < noRoom:
		d.say(stateProblem, "disk", "only "+roomy(free)+" are free where the home lies", "make room before anything is recorded")
	case free < littleRoom:
		d.say(stateNote, "disk", roomy(free)+" are free where the home lies", "make room: recording a busy day may need more")
	default:
		d.ok("disk", "%s are free where the home lies", roomy(free))
	}
}

// roomy writes a size for people; what is counted exactly elsewhere is counted in bytes.
func roomy(bytes uint64) string {
	if bytes < 1<<30 {
		return fmt.Sprintf("%d MiB", bytes>>20)
	}
	return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
}

// time compares the clock with what is known to be past: the build, and the ledger's last checkpoint.
func (d *doctor) time() {
	now := d.clock.Now()
	zone, offset := now.Local().Zone()
	text := fmt.Sprintf("%s; local zone %s, %+.1f h from UTC", now.UTC().Format(time.RFC3339), zone, float64(offset)/3600)
	built, err := time.Parse(time.RFC3339, readBuild().Time)
	switch {
	case !d.last.IsZero() && now.Before(d.last):
		d.say(stateProblem, "clock", text+"; this is before the ledger's last entry, "+d.last.UTC().Format(time.RFC3339),
			"set the clock: what is written now would be older than what was written before")
	case err == nil && now.Before(built):
		d.say(stateProblem, "clock", text+"; this is before this program was written, "+built.UTC().Format(time.RFC3339), "set the clock")
	default:
		d.ok("clock", "%s", text)
	}
}

func (d *doctor) port() {
	var cfg net.ListenConfig
	on, err := cfg.Listen(d.ctx, "tcp", consoleAddress)
	if err != nil {
		d.say(stateNote, "console", consoleAddress+" is taken", "if that is `cordon serve`, all is well; else use cordon serve --listen 127.0.0.1:8421")
		return
	}
	_ = on.Close() // nobody was answered
	d.ok("console", "%s is free for `cordon serve`", consoleAddress)
}
