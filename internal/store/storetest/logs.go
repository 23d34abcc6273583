package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/kit/clock"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/store"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func testLogs(t *testing.T, db *store.DB) {
	ctx := t.Context()
	w := NewWriter(t, "log.example.org/house", clock.Fixed(noon))
	var last evidence.Checkpoint
	for n, to := range []int{1, 2, 300, 301, 700} {
		from := []int{0, 1, 2, 300, 301}[n]
		records, items := Statements(t, from, to)
		var err error
		if last, err = Append(ctx, db, w, records, items); err != nil {
			t.Fatal(err)
		}
		if last.Size != int64(to) || !last.Time.Equal(noon) {
			t.Fatalf("checkpoint over %d entries of %s", last.Size, last.Time)
		}
	}
	rep, err := Verify(ctx, db, w.Log, &last)
	if err != nil || rep.Entries != 700 || rep.Checkpoints != 5 || rep.Erased != 0 || rep.Checkpoint.Root != last.Root {
		t.Fatalf("report %+v, error %v", rep, err)
	}
	for _, seq := range []int64{0, 255, 256, 511, 512, 699} {
		view(t, db, func(ctx context.Context, tx *store.Tx) error {
			p, err := w.Prove(ctx, tx.Log(w.Origin()), seq)
			if err != nil {
				return err
			}
			_, item := Statement(t, int(seq), 5<<10)
			return p.Verify(item.Statement, w.Identity())
		})
	}
	// An empty log and a tile that is not there.
	view(t, db, func(ctx context.Context, tx *store.Tx) error {
		size, note, err := tx.Log("nobody").LatestCheckpoint(ctx)
		if size != 0 || note != nil {
			t.Errorf("an empty log has a checkpoint over %d", size)
		}
		if _, ok, err := tx.Log("nobody").Entry(ctx, 0); ok || err != nil {
			t.Errorf("an empty log has an entry (%v)", err)
		}
		if _, err := w.Prove(ctx, tx.Log("nobody"), 0); !errors.Is(err, fault.NotLogged) {
			t.Errorf("proof from an empty log: %v", err)
		}
		return err
	})
	// No two entries at one place.
	records, items := Statements(t, 700, 701)
	err = db.Update(ctx, func(tx *store.Tx) error {
		if _, _, err := w.Append(ctx, tx.Log(w.Origin()), items); err != nil {
			return err
		}
		return tx.Log(w.Origin()).AppendEntries(ctx, []ledger.Stored{{Seq: 700, Statement: records[0].Digest, Entry: []byte("x")}})
	})
	if err == nil {
		t.Error("two entries stand at one place")
	}
}

// The house ledger and a publication log live in one database and share the archive.
func testSeveralLogs(t *testing.T, db *store.DB) {
	ctx := t.Context()
	house := NewWriter(t, "log.example.org/house", clock.Fixed(noon))
	public := NewWriter(t, "log.example.org/public", clock.Fixed(noon.Add(time.Hour)))
	records, items := Statements(t, 0, 10)
	if _, err := Append(ctx, db, house, records, items); err != nil {
		t.Fatal(err)
	}
	update(t, db, func(ctx context.Context, tx *store.Tx) error {
		_, _, err := public.Append(ctx, tx.Log(public.Origin()), items[4:6])
		return err
	})
	for _, c := range []struct {
		w    *ledger.Writer
		want int64
	}{{house, 10}, {public, 2}} {
		view(t, db, func(ctx context.Context, tx *store.Tx) error {
			rep, err := c.w.Verify(ctx, tx.Log(c.w.Origin()), ledger.VerifyOptions{Held: c.w == house})
			if rep.Entries != c.want {
				t.Errorf("%s has %d entries", c.w.Origin(), rep.Entries)
			}
			return err
		})
	}
	view(t, db, func(ctx context.Context, tx *store.Tx) error {
		at, err := tx.Archive().Entries(ctx, records[5].Digest)
		want := []ledger.Location{{Origin: house.Origin(), Seq: 5}, {Origin: public.Origin(), Seq: 1}}
		if diff := cmp.Diff(want, at); diff != "" {
			t.Errorf("locations (-want +got):\n%s", diff)
		}
		origins, oerr := tx.Origins(ctx)
		if diff := cmp.Diff([]string{house.Origin(), public.Origin()}, origins); diff != "" {
			t.Errorf("origins (-want +got):\n%s", diff)
		}
		return errors.Join(err, oerr)
	})
}
