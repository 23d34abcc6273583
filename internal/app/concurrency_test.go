package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	stdsync "sync"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/store"
)

func vouch(ctx context.Context, t *testing.T, a *App, path, version string) (Said, error) {
	t.Helper()
	return a.Vouch(ctx, VouchDraft{File: path, Product: product(t, "acme/pump-7"), Version: version, Source: "DVD", For: 48 * time.Hour})
}

// size returns how many entries the house ledger has, and verifies it.
func size(t *testing.T, a *App) int64 {
	t.Helper()
	logs, err := a.VerifyLogs(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return logs[0].Size
}

// Writers of one home, each with a database of its own as two processes have, take turns; who waits too
// long is told so, and the log has exactly what was acknowledged.
func TestTwoWriters(t *testing.T) {
	t.Parallel()
	for name, wait := range map[string]time.Duration{"patient": time.Minute, "impatient": time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const each = 8
			first := newHouse(t, newHand(), "mercy", evidence.Hospital)
			opt := first.opt
			opt.Store.Wait = wait
			before := size(t, first)
			path := file(t, "vendor.bin", "vendor", 1000)
			var done [2]int64
			var wg stdsync.WaitGroup
			for n := range done {
				a := reopen(t, opt)
				wg.Go(func() {
					for i := range each {
						switch _, err := vouch(t.Context(), t, a, path, fmt.Sprintf("%d.%d", n, i)); {
						case err == nil:
							done[n]++
						case !errors.Is(err, fault.Locked) || name == "patient":
							t.Errorf("writer %d: %v", n, err)
						}
					}
				})
			}
			wg.Wait()
			if name == "patient" && done != [2]int64{each, each} {
				t.Errorf("%v statements were acknowledged, want %d each", done, each)
			}
			if got, want := size(t, first), before+done[0]+done[1]; got != want {
				t.Errorf("the log has %d entries, and %d were acknowledged", got, want)
			}
		})
	}
}

// hold keeps the write lock of a home, with something written, until the returned function is called.
func hold(t *testing.T, a *App) (release func()) {
	t.Helper()
	held, free, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		done <- a.db.Update(context.Background(), func(tx *store.Tx) error {
			err := tx.Meta().Put(context.Background(), "half", []byte("done"))
			close(held)
			<-free
			return err
		})
	}()
	<-held
	return func() {
		close(free)
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// A writer waits for as long as it was told, then says that the home is locked, exit code 12.
func TestLockedAfterTheWait(t *testing.T) {
	t.Parallel()
	a := newHouse(t, newHand(), "mercy", evidence.Hospital)
	opt := a.opt
	opt.Store.Wait = 300 * time.Millisecond
	b := reopen(t, opt)
	before := size(t, a)
	release := hold(t, a)
	path := file(t, "vendor.bin", "vendor", 1000)
	start := time.Now()
	_, err := vouch(t.Context(), t, b, path, "1")
	if took := time.Since(start); !errors.Is(err, fault.Locked) || fault.ExitOf(err) != 12 || took < opt.Store.Wait || took > 30*opt.Store.Wait {
		t.Errorf("after %s: exit %d: %v", took, fault.ExitOf(err), err)
	}
	release()
	if _, err := vouch(t.Context(), t, b, path, "1"); err != nil {
		t.Errorf("once the lock is free: %v", err)
	}
	if got := size(t, a); got != before+1 {
		t.Errorf("the log has %d entries, want %d", got, before+1)
	}
}

// Reading never waits: everything that reads ends while another process holds the write lock, also when
// it has to open the home first, and sees the state before.
func TestReadersNeverWait(t *testing.T) {
	t.Parallel()
	c := newHand()
	acme, house := newHouse(t, c, "acme", evidence.Maker), newHouse(t, c, "mercy", evidence.Hospital)
	pump := file(t, "pump.bin", "pump", 1000)
	add(t, acme, "1", pump)
	repo := filepath.Join(t.TempDir(), "repo")
	publish(t, acme, repo)
	trust(t, house, acme)
	sync(t, house, repo)
	opt := house.opt
	opt.Store.Wait = time.Hour // whoever waits for the lock does not come back
	lock := hold(t, house)
	free := stdsync.OnceFunc(lock)
	defer free()
	stuck := time.AfterFunc(20*time.Second, func() { t.Error("a reader waits for the writer"); free() })
	defer stuck.Stop()

	for _, readOnly := range []bool{true, false} {
		opt.Store.ReadOnly = readOnly
		a := reopen(t, opt)
		key, err := a.Keys(t.Context(), "acme")
		if err != nil {
			t.Fatal(err)
		}
		if v := verdict(t, a, pump); v.Verdict != "verified" {
			t.Errorf("the file is %s", v.Verdict)
		}
		size(t, a)
		_, err1 := a.Why(t.Context(), key[0].Key)
		_, err2 := a.Spread(t.Context(), RadiusQuery{Sources: nil})
		_, err3 := a.Releases(t.Context())
		_, err4 := a.Checkpoint(t.Context())
		if err := errors.Join(err1, err2, err3, err4); err != nil {
			t.Error(err)
		}
		err = a.db.View(t.Context(), func(tx *store.Tx) error {
			_, seen, err := tx.Meta().Get(t.Context(), "half")
			if seen {
				t.Error("a reader sees what is not committed")
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}
