package app

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/store"
)

// benchHouse is a hospital without releases.
func benchHouse(b *testing.B) *App {
	b.Helper()
	opt := options(b.TempDir()+"/mercy", newHand())
	if _, err := Init(b.Context(), opt, Home{Org: "mercy", Kind: evidence.Hospital, Site: "main", Lab: true}); err != nil {
		b.Fatal(err)
	}
	a, err := Open(b.Context(), opt)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = a.Close() })
	return a
}

// cpu is what this process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func benchRecorder(b *testing.B, a *App) *recorder {
	b.Helper()
	r, err := newTestRecorder(b, a)
	if err != nil {
		b.Fatal(err)
	}
	return r
}

// Recording 30,000 transfers, durable, in segments. To beat: 0.08 s of CPU apart from the signatures, which
// are two a segment; one row an INSERT took 0.26 to 0.29 s.
func BenchmarkRecord30000(b *testing.B) {
	day := many(b, 30_000)
	var spent, signing time.Duration
	segments := 0
	for b.Loop() {
		b.StopTimer()
		a := benchHouse(b)
		r := benchRecorder(b, a)
		b.StartTimer()
		from := cpu()
		for i := range day {
			t := day[i]
			r.names.mark(&t)
			if err := r.transfer(context.Background(), &t); err != nil {
				b.Fatal(err)
			}
		}
		if err := r.flush(context.Background(), a.db.Update); err != nil {
			b.Fatal(err)
		}
		spent += cpu() - from
		b.StopTimer()
		n, each := signedAndSigning(b, a, r)
		segments, signing = n, signing+each
		b.StartTimer()
	}
	b.ReportMetric(spent.Seconds()/float64(b.N), "cpu-s/op")
	b.ReportMetric((spent-signing).Seconds()/float64(b.N), "cpu-s-apart-from-signing/op")
	b.ReportMetric(float64(segments), "segments")
}

// signedAndSigning returns how many observations there are, and what as many signatures and checkpoints cost.
func signedAndSigning(b *testing.B, a *App, r *recorder) (int, time.Duration) {
	b.Helper()
	n := 0
	err := a.db.View(b.Context(), func(tx *store.Tx) error {
		return tx.Archive().ByPredicate(b.Context(), evidence.PredicateURI(evidence.PredObservation), func(ledger.Record) error { n++; return nil })
	})
	if err != nil {
		b.Fatal(err)
	}
	from := cpu()
	for range n {
		t := model.Transfer{Declared: -1}
		if err := r.transfer(b.Context(), &t); err != nil {
			b.Fatal(err)
		}
		if err := r.flush(b.Context(), a.db.Update); err != nil {
			b.Fatal(err)
		}
	}
	return n, cpu() - from
}

// Judging what was recorded anew. A full pass is what every new statement costs.
func BenchmarkJudgeSeen(b *testing.B) {
	for _, n := range []int{30_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			a := benchHouse(b)
			r := benchRecorder(b, a)
			day := many(b, n)
			for i := range day {
				r.names.mark(&day[i])
				if err := r.transfer(context.Background(), &day[i]); err != nil {
					b.Fatal(err)
				}
			}
			if err := r.flush(context.Background(), a.db.Update); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				err := a.db.View(b.Context(), func(tx *store.Tx) error {
					got, err := a.judgeNow(b.Context(), tx, nil)
					if got.rows != int64(n) {
						b.Errorf("%d rows", got.rows)
					}
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
