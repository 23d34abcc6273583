package app

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"modernc.org/sqlite"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// refusingFS is a file system on which nothing can be written.
type refusingFS struct {
	disk.FS
	err error
}

func (f refusingFS) CreateTemp(string, string) (disk.File, error) { return nil, f.err }
func (f refusingFS) Rename(string, string) error                  { return f.err }
func (f refusingFS) Link(string, string) error                    { return f.err }
func (f refusingFS) Remove(string) error                          { return f.err }
func (f refusingFS) Mkdir(string, fs.FileMode) error              { return f.err }
func (f refusingFS) SyncDir(string) error                         { return f.err }

// limited is SQLite's driver on a disk that has room for so many pages.
type limited struct{ pages int }

func (l limited) Open(name string) (driver.Conn, error) {
	c, err := (&sqlite.Driver{}).Open(name)
	if err != nil {
		return nil, err
	}
	x, ok := c.(driver.ExecerContext)
	if !ok {
		return nil, fmt.Errorf("a connection is of type %T", c)
	}
	_, err = x.ExecContext(context.Background(), fmt.Sprintf("PRAGMA max_page_count = %d", l.pages), nil)
	return c, err
}

// A home that cannot be written answers; a full disk is told as one. Neither leaves anything behind.
func TestNothingCanBeWritten(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code  fault.Code
		spoil func(*Options)
	}{
		"read-only home":      {fault.ReadOnly, func(o *Options) { o.Store.ReadOnly, o.FS = true, refusingFS{disk.OS{}, syscall.EROFS} }},
		"read-only database":  {fault.ReadOnly, func(o *Options) { o.Store.ReadOnly = true }},
		"full disk":           {fault.DiskFull, func(o *Options) { o.FS, o.Store.Driver = refusingFS{disk.OS{}, syscall.ENOSPC}, limited{1} }},
		"no room in database": {fault.DiskFull, func(o *Options) { o.Store.Driver = limited{1} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := newHand()
			house := newHouse(t, clock, "mercy", evidence.Hospital)
			pump, other := file(t, "pump.bin", "pump", 300_000), file(t, "other.bin", "other", 1000)
			if _, err := vouch(t.Context(), t, house, pump, "1"); err != nil {
				t.Fatal(err)
			}
			before := size(t, house)
			opt := house.opt
			if err := house.Close(); err != nil {
				t.Fatal(err)
			}
			spoilt := opt
			c.spoil(&spoilt)
			a := reopen(t, spoilt)
			want(t, a, pump, model.Vouched, "")
			size(t, a)
			rows := strings.Repeat("product:acme/pump-7,runs-on,device:acme/pump-7/SN-1,integrity,observed,,,\n", 2000)
			_, err1 := a.ImportEdges(t.Context(), strings.NewReader(edgeHeader+rows), 0)
			_, err2 := a.AddRelease(t.Context(), Draft{Product: product(t, "acme/pump-7"), Version: "12", Kind: "library", Files: []string{pump, other}})
			if !errors.Is(err1, c.code) {
				t.Errorf("import: %v", err1)
			}
			// A small statement may still fit into the pages that are there.
			if !errors.Is(err2, c.code) && (err2 != nil || name != "no room in database") {
				t.Errorf("release add: %v", err2)
			}
			house = reopen(t, opt)
			if got := size(t, house); err2 != nil && got != before {
				t.Errorf("%d entries, had %d", got, before)
			}
			if left := leftovers(t, opt.Dir); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
			if _, err := vouch(t.Context(), t, house, other, "2"); err != nil {
				t.Errorf("once there is room: %v", err)
			}
		})
	}
}

// With a page of the database overwritten, nothing panics, an error says that the home is damaged, and a
// file that nobody signed is never verified; what log verify passes has its answers right.
func TestDamagedPages(t *testing.T) {
	t.Parallel()
	s := steal(t)
	if _, err := s.acme.Withdraw(t.Context(), product(t, "acme/pump-7"), "1", "battery"); err != nil {
		t.Fatal(err)
	}
	s.meet(t, s.house)
	want(t, s.house, s.old, model.Withdrawn, "")
	stranger := file(t, "new.bin", "evil", 1000)
	opt := s.house.opt
	if err := s.house.Close(); err != nil {
		t.Fatal(err)
	}
	s.house = reopen(t, opt) // for the end of the test
	good, err := os.ReadFile(filepath.Join(opt.Dir, dbFile))
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	every := share(5)
	tried, found := 0, 0
	for at := 0; at < len(good); at += page / 2 * every {
		bad := append([]byte(nil), good...)
		for i := range min(16, len(bad)-at) {
			bad[at+i] ^= 0x55
		}
		tried++
		if s.damaged(t, bad, stranger, at) {
			found++
		}
	}
	t.Logf("%d places damaged, %d of them noticed, the others lie in unused space", tried, found)
	if found < tried/4 {
		t.Errorf("only %d of %d damages were noticed", found, tried)
	}
}

// damaged asks a house whose database has these bytes. It reports whether the damage was noticed.
func (s theft) damaged(t *testing.T, database []byte, stranger string, at int) (noticed bool) {
	t.Helper()
	dir := filepath.Join(fastDir(t), "mercy")
	opt := s.house.opt
	opt.Dir = world{dir: opt.Dir}.copyTo(t, dir).dir
	if err := os.WriteFile(filepath.Join(dir, dbFile), database, 0o600); err != nil {
		t.Fatal(err)
	}
	told := func(err error) bool {
		if err != nil && !errors.Is(err, fault.Damaged) && fault.ExitOf(err) != 11 {
			t.Errorf("damaged at %d: not told as damage: %v", at, err)
		}
		return err != nil
	}
	a, err := Open(t.Context(), opt)
	if err != nil {
		return told(err)
	}
	defer a.Close() //nolint:errcheck // a damaged copy
	_, err = a.VerifyLogs(t.Context(), nil)
	noticed = told(err)
	for path, right := range map[string]model.Verdict{s.old: model.Withdrawn, s.new: model.Verified, stranger: model.Altered} {
		v, err := a.VerifyFile(t.Context(), path)
		switch {
		case told(err):
			noticed = true
		case err == nil && v.Verdict != right && (!noticed || path == stranger && v.Verdict == model.Verified):
			t.Errorf("damaged at %d: log verify noticed: %v; %s is %s, and was %s", at, noticed, filepath.Base(path), v.Verdict, right)
		}
	}
	return noticed
}
