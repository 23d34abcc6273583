package ward_test

import (
	"bufio"
	"context"
	"encoding/json/v2"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/disktest"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/lab/ward"
)

// files lists what lies in a folder and below it.
func files(t *testing.T, dir string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			path, err = filepath.Rel(dir, path)
			out = append(out, filepath.ToSlash(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := newWard(t, ward.Options{Devices: 6})
	var days []int
	n, err := w.WriteFolder(t.Context(), disk.OS{}, dir, 2, func(number int) { days = append(days, number) })
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"README", "devices.csv", "releases/monitor-3-5.4.1.bin", "releases/pump-7-2.0.0.bin", "releases/pump-7-2.1.0.bin",
		"truth.json", "ward-day-01.pcap", "ward-day-02.pcap",
	}
	if got := files(t, dir); !slices.Equal(got, want) || !slices.Equal(days, []int{1, 2}) || n.Captures != 2 {
		t.Fatalf("%q after days %v, %+v", got, days, n)
	}
	f, err := os.Open(filepath.Join(dir, ward.TruthFile))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	lines, releases := int64(0), 0
	for s := bufio.NewScanner(f); s.Scan(); lines++ {
		var line struct {
			Time, Device, Host, Meant, Release, Digest string
			Size                                       int64
		}
		if err := json.Unmarshal(s.Bytes(), &line, json.MatchCaseInsensitiveNames(true)); err != nil {
			t.Fatalf("line %d: %v", lines+1, err)
		}
		if line.Meant == string(ward.Genuine) && strings.HasPrefix(line.Release, "release:acme/") && strings.HasPrefix(line.Digest, "sha256:") {
			releases++
		}
	}
	if lines != n.Fetches || releases == 0 {
		t.Errorf("%d lines of truth with %d releases, %d were counted", lines, releases, n.Fetches)
	}
	for _, name := range []string{".cordon-tmp-1", "releases/.cordon-tmp-2"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil || !disk.IsTemp(name) {
			t.Fatal(err)
		}
	}
	if err := ward.Remove(disk.OS{}, dir); err != nil {
		t.Fatal(err)
	}
	if left := files(t, dir); len(left) != 0 {
		t.Errorf("after it was removed there is %q", left)
	}
	if _, err := w.WriteFolder(t.Context(), disk.OS{}, dir, ward.MaxDays+1, nil); err == nil {
		t.Error("it has more days than it may")
	}
}

// Whenever it is interrupted, nothing of the ward is left, and what lay there before still is.
func TestInterruptedFolder(t *testing.T) {
	t.Parallel()
	for _, stop := range []int{1, 2} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "mine"), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		_, err := newWard(t, ward.Options{Devices: 6}).WriteFolder(ctx, disk.OS{}, dir, 3, func(number int) {
			if number == stop {
				cancel()
			}
		})
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("stopped on day %d: %v", stop, err)
		}
		if left := files(t, dir); !slices.Equal(left, []string{"mine"}) {
			t.Errorf("stopped on day %d there is %q", stop, left)
		}
	}
}

// What is not a ward is not removed, whatever its files are called.
func TestRemoveTakesOnlyAWard(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"README", "devices.csv", "truth.json"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("the work of a week\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := ward.Remove(disk.OS{}, dir); !errors.Is(err, fault.NotAllowed) {
		t.Errorf("error %v", err)
	}
	if left := files(t, dir); len(left) != 3 {
		t.Errorf("left is %q", left)
	}
}

// Whichever operation of the file system fails, and however, nothing is left but temporary files. A process
// that is killed cannot clear up: what it leaves is whole.
func TestFolderFailingAtManyPoints(t *testing.T) {
	t.Parallel()
	w := newWard(t, ward.Options{Devices: 1})
	write := func(faulty *disktest.Faulty) (string, error) {
		dir := t.TempDir()
		_, err := w.WriteFolder(t.Context(), faulty, dir, 1, nil)
		return dir, err
	}
	count := disktest.New(disk.OS{})
	good, err := write(count)
	if all := files(t, good); err != nil || len(all) != 7 {
		t.Fatalf("%q, %v", all, err)
	}
	whole := func(dir, name string) bool {
		got, err := os.Stat(filepath.Join(dir, name))
		want, werr := os.Stat(filepath.Join(good, name))
		slack := int64(0)
		if strings.HasSuffix(name, ".pcap") {
			slack = 100 // signatures within TLS differ in length by some bytes
		}
		return err == nil && werr == nil && max(got.Size()-want.Size(), want.Size()-got.Size()) <= slack
	}
	for n := 1; n <= count.Ops(); n += 1 + count.Ops()/12 {
		for _, mode := range disktest.Modes {
			faulty := disktest.New(disk.OS{})
			faulty.FailAt(n, mode, nil)
			dir, err := write(faulty)
			left := files(t, dir)
			if err == nil {
				t.Errorf("operation %d, %s: no error", n, mode)
			}
			left = slices.DeleteFunc(left, disk.IsTemp)
			if mode == disktest.Killed {
				left = slices.DeleteFunc(left, func(name string) bool { return whole(dir, name) })
			}
			if len(left) != 0 {
				t.Errorf("operation %d, %s: left is %q", n, mode, left)
			}
		}
	}
}
