package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/fault"
)

const (
	initTakes = 10 * time.Minute // longer than any init: what is older was left behind
	mostTemps = 20
)

// home looks at the folder and, when that holds a home, at what is in it.
func (d *doctor) home() {
	d.leftBeside()
	info, err := os.Stat(d.dir)
	if errors.Is(err, fs.ErrNotExist) {
		d.noHome()
		return
	}
	if err == nil && !info.IsDir() {
		err = fault.New(fault.ReadFailed, "%q is a file and no folder", d.dir).Hint("name the folder of the home with --home")
	}
	if err != nil {
		d.failed("home", err)
		return
	}
	h, err := app.ReadHome(d.dir)
	if errors.Is(err, fault.NoHome) {
		d.noHome()
		return
	}
	d.folder(info)
	if err != nil {
		d.failed("home", err)
		if h.Org == "" {
			return
		}
	}
	kind := string(h.Kind)
	if h.Lab {
		kind += ", a lab home for demonstrations"
	}
	d.ok("organisation", "%s (%s)", h.Org, kind)
	d.keys(h)
	d.leftInside()
	if err == nil {
		d.house()
	}
}

func (d *doctor) noHome() {
	const do = "make one with `cordon init --org NAME --role maker|hospital`, or name it with --home"
	if d.exact {
		d.say(stateProblem, "home", "there is no home at "+d.dir, do)
		return
	}
	d.say(stateNote, "home", "there is none yet", do)
}

func (d *doctor) folder(info fs.FileInfo) {
	switch mode := info.Mode().Perm(); {
	case mode&0o022 != 0:
		d.say(stateProblem, "folder", fmt.Sprintf("others may change what lies in the home: mode %#o", mode), "run: chmod 700 "+d.dir)
	case mode&0o077 != 0:
		d.say(stateNote, "folder", fmt.Sprintf("others may look into the home: mode %#o", mode), "run: chmod 700 "+d.dir)
	default:
		d.ok("folder", "mode %#o", mode)
	}
	if !disk.Writable(d.dir) {
		d.say(stateNote, "folder", "the home cannot be written by this user: questions are answered, nothing new is recorded",
			"if that is not meant, check its owner and whether the disk is mounted for reading only")
	}
}

func (d *doctor) keys(h app.Home) {
	have, missing, err := app.KeyFiles(d.dir, h)
	if err != nil {
		d.failed("keys", err)
		return
	}
	var offline []string
	for _, f := range have {
		if strings.HasPrefix(f.Name, "offline/") {
			offline = append(offline, f.Name)
		}
		if f.Open {
			d.say(stateProblem, "keys", fmt.Sprintf("%s can be read by others: mode %#o", f.Name, f.Mode), "run: chmod 600 "+filepath.Join(d.dir, f.Name))
		}
	}
	for _, name := range missing {
		d.say(stateProblem, "keys", name+" is missing, so nothing can be signed with it", "bring it back from your backup of the keys")
	}
	if n := len(have) - len(offline); len(missing) == 0 {
		d.ok("keys", "%s for every day, none missing", counted(n, "key file"))
	}
	if len(offline) > 0 {
		d.say(stateNote, "root keys", "still lie in the home: "+strings.Join(offline, ", "),
			"move "+filepath.Join(d.dir, "offline")+" to a safe place; nothing of every day needs it")
	} else {
		d.ok("root keys", "are not in the home")
	}
}

// leftBeside looks for what interrupted runs of init left.
func (d *doctor) leftBeside() {
	for _, u := range app.UnfinishedBeside(d.dir) {
		age := d.clock.Now().Sub(u.Made)
		if age < initTakes {
			d.say(stateNote, "left over", u.Path+" is of an init that may still run", "look again in ten minutes")
			continue
		}
		d.say(stateNote, "left over", u.Path+" is of an init that was interrupted on "+u.Made.UTC().Format(time.RFC3339)+"; no home uses it",
			"safe to remove when no `cordon init` runs: rm -r "+u.Path)
	}
}

// leftInside looks for files that a killed process had not finished.
func (d *doctor) leftInside() {
	temps := disk.Temps(d.dir, mostTemps)
	if len(temps) == 0 {
		d.ok("left over", "no unfinished file lies in the home")
		return
	}
	d.say(stateNote, "left over", counted(len(temps), "unfinished file")+" in the home: "+strings.Join(temps, ", "),
		"safe to remove when no other cordon command runs; nothing that was recorded is in them")
}
