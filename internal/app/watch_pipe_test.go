package app

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// A pipe whose other end is silent must not keep a watch that was stopped.
func TestSilentPipeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	src, other := io.Pipe()
	p := interruptible(ctx, src)
	if _, err := other.Write([]byte("seen")); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 4)
	if _, err := io.ReadFull(p, got); err != nil || string(got) != "seen" {
		t.Fatalf("%q, %v", got, err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := p.Read(got)
		ended <- err
	}()
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want %v", err, context.Canceled)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the read goes on")
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if _, err := other.Write([]byte("late")); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("the source is still open: %v", err)
	}
}

func TestPipeGivesEverything(t *testing.T) {
	t.Parallel()
	want := bytes.Repeat([]byte("0123456789"), 100_000)
	got, err := io.ReadAll(interruptible(t.Context(), io.NopCloser(bytes.NewReader(want))))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d of %d bytes, %v", len(got), len(want), err)
	}
	broken := errors.New("broken")
	if _, err := io.ReadAll(interruptible(t.Context(), io.NopCloser(io.MultiReader(bytes.NewReader(want), failing{broken})))); !errors.Is(err, broken) {
		t.Errorf("%v, want %v", err, broken)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestSpoolFolderMustBeThere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := errors.Join(spoolable(""), spoolable(dir)); err != nil {
		t.Error(err)
	}
	if err := spoolable(filepath.Join(dir, "none")); fault.CodeOf(err) != fault.NotFound {
		t.Error(err)
	}
	if err := spoolable("watch_pipe_test.go"); fault.CodeOf(err) != fault.Usage {
		t.Error(err)
	}
}

func TestNotesSayNothingTwice(t *testing.T) {
	t.Parallel()
	why := []string{"2 of 3 bytes were seen, so there is no digest to compare"}
	got := withNotes(why, []string{"2 of 3 bytes were seen", "its chunks are not framed as they should be"})
	if diff := cmp.Diff([]string{why[0], "its chunks are not framed as they should be"}, got); diff != "" {
		t.Error(diff)
	}
}
