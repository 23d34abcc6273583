package disk_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/kit/disk"
)

func TestRoom(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	here, ok := disk.Room(dir)
	if !ok || here == 0 {
		t.Skip("this system does not say how much room there is, or has none")
	}
	if above, ok := disk.FreeAbove(filepath.Join(dir, "not", "there")); !ok || above == 0 {
		t.Errorf("above what is not there: %d, %v", above, ok)
	}
	if _, ok := disk.Room(filepath.Join(dir, "not")); ok {
		t.Error("room at a place that is not there")
	}
	if !disk.Writable(dir) || disk.Writable(filepath.Join(dir, "not")) {
		t.Error("a folder of one's own can be written, one that is not there cannot")
	}
}

func TestTempsFindsWhatWriteLeft(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	var left string
	err := disk.Write(disk.OS{}, filepath.Join(dir, "keys", "whole"), 0o600, func(io.Writer) error {
		list := disk.Temps(dir, 10)
		if len(list) == 1 {
			left = list[0]
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Dir(left) != "keys" {
		t.Errorf("while a file is written %q is there", left)
	}
	if diff := cmp.Diff([]string(nil), disk.Temps(dir, 10)); diff != "" {
		t.Errorf("after it was written:\n%s", diff)
	}
}
