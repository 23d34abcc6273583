package store_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/kit/clock"
	"github.com/cordon-trust/cordon/internal/store"
	"github.com/cordon-trust/cordon/internal/store/storetest"
)

func openTemp(t testing.TB) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "cordon.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// Durable appends of ready envelopes of 5 KB, the envelope stored and indexed with the entry. To beat:
// 10,000 entries a second (DESIGN, "How good"); raw inserts of 5 KB through the same driver reach 35,000.
func BenchmarkAppend(b *testing.B) {
	for _, batch := range []int{512, 1024} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			db := openTemp(b)
			w := storetest.NewWriter(b, "log.example.org/bench", clock.System{})
			n := 0
			for b.Loop() {
				b.StopTimer() // the envelopes are ready
				records, items := storetest.Statements(b, n, n+batch)
				b.StartTimer()
				if _, err := storetest.Append(b.Context(), db, w, records, items); err != nil {
					b.Fatal(err)
				}
				n += batch
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}

// One statement, one durable transaction: what a single command costs.
func BenchmarkAppendOne(b *testing.B) {
	db := openTemp(b)
	w := storetest.NewWriter(b, "log.example.org/bench", clock.System{})
	records, items := storetest.Statements(b, 0, b.N)
	b.ResetTimer()
	for n := range b.N {
		if _, err := storetest.Append(b.Context(), db, w, records[n:n+1], items[n:n+1]); err != nil {
			b.Fatal(err)
		}
	}
}

// Inclusion proofs in a log of a million entries, the checkpoint opened and every tile checked against
// it. To beat: 1 ms.
func BenchmarkProof(b *testing.B) {
	const size = 1_000_000
	db := openTemp(b)
	w := storetest.NewWriter(b, "log.example.org/bench", clock.System{})
	_, item := storetest.Statement(b, 0, 0)
	for n := 0; n < size; {
		items := make([]ledger.Item, min(50_000, size-n))
		for i := range items {
			items[i] = item
			items[i].Statement[0] = byte(n)
		}
		n += len(items)
		err := db.Update(b.Context(), func(tx *store.Tx) error {
			_, _, err := w.Append(b.Context(), tx.Log(w.Origin()), items)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	var worst time.Duration
	for n := range b.N {
		seq := int64(n) * 7919 % size
		start := time.Now()
		var p evidence.Proof
		err := db.View(b.Context(), func(tx *store.Tx) (err error) {
			p, err = w.Prove(b.Context(), tx.Log(w.Origin()), seq)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		worst = max(worst, time.Since(start))
		if p.Index != seq {
			b.Fatalf("proof of %d instead of %d", p.Index, seq)
		}
	}
	b.ReportMetric(float64(worst.Microseconds()), "worst-us")
}

// A whole verification, per entry: leaf, tile, commitment, envelope and the checkpoints' signatures. To
// beat: 100 us an entry, a million in 100 s.
func BenchmarkVerify(b *testing.B) {
	db := openTemp(b)
	w := storetest.NewWriter(b, "log.example.org/bench", clock.System{})
	const size = 10_240
	for n := 0; n < size; n += 1024 {
		records, items := storetest.Statements(b, n, n+1024)
		if _, err := storetest.Append(b.Context(), db, w, records, items); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, err := storetest.Verify(b.Context(), db, w.Log, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*size), "us/entry")
}
