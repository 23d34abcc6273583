package app

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/store"
)

// many are transfers as the default filter prints them: code for a thousand devices from ten hosts.
func many(t testing.TB, n int) []model.Transfer {
	t.Helper()
	out := make([]model.Transfer, n)
	for i := range out {
		addr := netip.AddrFrom4([4]byte{10, 0, byte(i % 1000 >> 8), byte(i % 1000)})
		dev, err := model.DeviceAt("main", "-", addr, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		out[i] = model.Transfer{
			Time: wireTime().Add(time.Duration(i) * time.Second), Device: dev, Addr: addr, Peer: "10.9.0.200:80",
			Host: fmt.Sprintf("host-%d.example", i%10), Protocol: "http", Name: fmt.Sprintf("file-%d.bin", i), Size: 20_000, Declared: 20_000,
			Complete: true, Digest: model.DigestOf(fmt.Append(nil, i%5000)), ContentType: "application/x-elf", UpdateLike: true,
		}
	}
	return out
}

// newTestRecorder is a recorder as a watch has it.
func newTestRecorder(t testing.TB, a *App) (*recorder, error) {
	t.Helper()
	secret, err := a.ring.MarkSecret(true)
	if err != nil {
		return nil, err
	}
	var f facts
	err = a.db.View(t.Context(), func(tx *store.Tx) error {
		f, err = a.readSeenFacts(t.Context(), tx, secret, "")
		return err
	})
	if err != nil {
		return nil, err
	}
	return a.newRecorder(f.names, nil, 0)
}

func recordAll(t testing.TB, a *App, list []model.Transfer) error {
	t.Helper()
	r, err := newTestRecorder(t, a)
	if err != nil {
		return err
	}
	for i := range list {
		tr := list[i]
		r.names.mark(&tr)
		if err := r.transfer(t.Context(), &tr); err != nil {
			return err
		}
	}
	return r.finish(t.Context())
}

// recordedIn returns how many transfers are recorded, each once, in how many batches.
func recordedIn(t testing.TB, a *App) (rows int64, batches int) {
	t.Helper()
	err := a.db.View(t.Context(), func(tx *store.Tx) error {
		got, err := a.judgeNow(t.Context(), tx, nil)
		rows = got.rows
		if err != nil {
			return err
		}
		return tx.Archive().ByPredicate(t.Context(), evidence.PredicateURI(evidence.PredObservation), func(ledger.Record) error { batches++; return nil })
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows, batches
}

// A recording that is cut short, wherever, leaves whole batches and a ledger that verifies; done again it
// doubles nothing.
func TestRecordingIsCutShort(t *testing.T) {
	t.Parallel()
	const n = 16_000
	list, c := many(t, n), newHand()
	count := &counter{}
	base := world{fastDir(t), c.at}
	if _, err := Init(t.Context(), base.options("mercy"), Home{Org: "mercy", Kind: evidence.Hospital, Site: "main", Lab: true}); err != nil {
		t.Fatal(err)
	}
	try := func(c *counter) (rows int64, batches int, err error) {
		w := base.copyTo(t, filepath.Join(fastDir(t), "w"))
		opt := w.options("mercy")
		opt.Store.Driver = faultyDriver{c}
		err = using(t.Context(), opt, func(a *App) error { return recordAll(t, a, list) })
		a, oerr := Open(t.Context(), w.options("mercy"))
		if oerr != nil {
			t.Fatal(oerr)
		}
		defer a.Close() //nolint:errcheck // its work is done
		if _, verr := a.VerifyLogs(t.Context(), nil); verr != nil {
			t.Errorf("%d %s: %v", c.failAt, c.how, verr)
		}
		rows, batches = recordedIn(t, a)
		if err == nil {
			return rows, batches, nil
		}
		if err := recordAll(t, a, list); err != nil {
			t.Fatal(err)
		}
		if again, _ := recordedIn(t, a); again != n {
			t.Errorf("%d %s: recorded again there are %d transfers, want %d", c.failAt, c.how, again, n)
		}
		return rows, batches, err
	}
	rows, batches, err := try(count)
	if err != nil || rows != n || batches < 3 {
		t.Fatalf("%d transfers in %d batches, %v", rows, batches, err)
	}
	ops, partly := len(count.ops()), 0
	for i := range 10 {
		rows, _, err := try(&counter{failAt: 1 + i*(ops-1)/9, how: trouble(i % 2)})
		if rows > 0 && rows < n {
			partly++
		}
		if err == nil && rows != n {
			t.Errorf("it was acknowledged, and %d of %d transfers are there", rows, n)
		}
	}
	if partly < 3 {
		t.Errorf("only %d of the tries were cut short in the middle", partly)
	}
}
