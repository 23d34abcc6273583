package app

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
)

const manyDownloads = 7_000 // whose rows fill three batches

// manyBatches is a watch that records more than one batch.
func manyBatches() step {
	return step{"watch of many", "mercy", nil, func(ctx context.Context, w world, opt Options) error {
		return using(ctx, opt, func(a *App) error {
			_, err := see(ctx, a, WatchOptions{}, w.path("many.pcap"))
			return err
		})
	}}
}

// beforeMany is a world with the capture that this watch reads.
func beforeMany(t *testing.T) stage {
	t.Helper()
	w := world{fastDir(t), newHand().at}
	var b bytes.Buffer
	b.Write(pcap())
	for i := range manyDownloads {
		c := download("10.0.0.10", host, "file.bin", elf(byte(i), 300+i>>8), wireTime().Add(time.Duration(i)*time.Second))
		b.Write(c.append(nil))
	}
	if err := os.WriteFile(w.path("many.pcap"), b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Init(t.Context(), w.options("mercy"), Home{Org: "mercy", Kind: evidence.Hospital, Site: "main", Lab: true}); err != nil {
		t.Fatal(err)
	}
	return stage{step: manyBatches(), n: len(story()), before: w}
}

// kill -9 while a watch records its batches: what is left opens and verifies, has whole batches, all of them
// when the watch said that it was done, and the capture read again completes them and doubles nothing.
func TestKilledWhileBatchesAreRecorded(t *testing.T) {
	t.Parallel()
	st := beforeMany(t)
	points := st.killPoints(t)
	var partly, tried int
	for _, p := range st.sample(points, share(17)) {
		w := st.before.copyTo(t, filepath.Join(fastDir(t), "w"))
		err := p.run(t.Context(), w)
		rows, batches := verified(t, w, p.what)
		tried++
		switch {
		case err == nil && rows != manyDownloads:
			t.Errorf("%s: it was acknowledged, and %d of %d transfers are there", p.what, rows, manyDownloads)
		case batches == 0 && rows > 0:
			t.Errorf("%s: %d transfers are there, and no batch", p.what, rows)
		case rows > 0 && rows < manyDownloads:
			partly++
		}
		if err := st.do(t.Context(), w, w.options(st.org)); err != nil {
			t.Fatalf("%s: the capture read again: %v", p.what, err)
		}
		if again, _ := verified(t, w, p.what); again != manyDownloads {
			t.Errorf("%s: read again there are %d transfers, want %d", p.what, again, manyDownloads)
		}
		_ = os.RemoveAll(w.dir)
	}
	t.Logf("%d of %d points swept, %d of them between two batches", tried, len(points), partly)
	if partly < 2 && !testing.Short() {
		t.Errorf("only %d of the tries died between two batches", partly)
	}
}

// verified opens what a kill left and counts what is recorded.
func verified(t *testing.T, w world, what string) (rows int64, batches int) {
	t.Helper()
	err := using(t.Context(), w.options("mercy"), func(a *App) error {
		if _, err := a.VerifyLogs(t.Context(), nil); err != nil {
			return err
		}
		rows, batches = recordedIn(t, a)
		return nil
	})
	if err != nil {
		t.Fatalf("%s: what it left: %v", what, err)
	}
	return rows, batches
}
