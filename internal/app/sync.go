package app

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/release"
	"github.com/cordon-trust/cordon/internal/store"
)

const blocksDir = "blocks"

// SyncInfo tells how far this house now follows a maker.
type SyncInfo struct {
	Publisher string    `json:"publisher"`
	Size      int64     `json:"size"` // entries of the maker's publication log
	New       int       `json:"new"`
	Counter   int64     `json:"counter"`
	Expires   time.Time `json:"expires"`
	Confirmed bool      `json:"confirmed"`
}

// Sync fetches a maker's publication, checks all of it, and records what is new. Nothing is locked while
// it fetches; what it fetched is recorded in one transaction or not at all.
func (a *App) Sync(ctx context.Context, from string) (SyncInfo, error) {
	fetcher, err := release.OpenFetcher(from)
	if err != nil {
		return SyncInfo{}, err
	}
	if c, ok := fetcher.(io.Closer); ok {
		defer c.Close()
	}
	var roots *evidence.Roots
	mirrors := map[string]release.Mirror{}
	err = a.db.View(ctx, func(tx *store.Tx) error {
		if roots, err = a.roots(ctx, tx); err != nil {
			return err
		}
		all, err := tx.Mirrors().All(ctx)
		for _, m := range all {
			mirrors[m.Publisher] = mirrorOf(m)
		}
		return err
	})
	if err != nil {
		return SyncInfo{}, err
	}
	last := func(org string) (release.Mirror, bool) { m, ok := mirrors[org]; return m, ok }
	got, err := release.Sync(ctx, fetcher, roots, last, a.haveBlocks, a.opt.Clock.Now())
	if err != nil {
		return SyncInfo{}, a.keepFork(ctx, err)
	}
	if err := a.keepBlocks(got.Blocks); err != nil {
		return SyncInfo{}, err
	}
	return a.recordSync(ctx, got, mirrors)
}

func (a *App) haveBlocks(d model.Digest) bool {
	_, err := os.Stat(filepath.Join(a.opt.Dir, blocksDir, d.Hex()))
	return err == nil
}

// keepBlocks writes block files before the statements that name them: a file too many does no harm.
func (a *App) keepBlocks(blocks map[model.Digest][]byte) error {
	if a.opt.DryRun || len(blocks) == 0 {
		return nil
	}
	dir := filepath.Join(a.opt.Dir, blocksDir)
	if err := disk.MakeDir(a.opt.FS, dir, 0o700); err != nil {
		return err
	}
	for d, b := range blocks {
		if err := disk.WriteFile(a.opt.FS, filepath.Join(dir, d.Hex()), 0o600, b); err != nil {
			return err
		}
	}
	return nil
}

// keepFork keeps two checkpoints that disagree: together they prove that the log's keys told two
// stories.
func (a *App) keepFork(ctx context.Context, cause error) error {
	var fork *release.ForkError
	if !errors.As(cause, &fork) {
		return cause
	}
	err := a.update(ctx, func(tx *store.Tx) error {
		return tx.Mirrors().AddFork(ctx, ledger.Fork{Org: fork.Org, A: fork.A, B: fork.B, FoundAt: a.opt.Clock.Now()})
	})
	if err != nil {
		return errors.Join(cause, err)
	}
	return cause
}

func (a *App) recordSync(ctx context.Context, got release.Synced, before map[string]release.Mirror) (SyncInfo, error) {
	info := SyncInfo{
		Publisher: got.Org, Size: got.Mirror.Size, Counter: got.Mirror.Counter, Expires: got.Mirror.Expires,
	}
	err := a.update(ctx, func(tx *store.Tx) error {
		info.New = 0
		now, ok, err := tx.Mirrors().Get(ctx, got.Org)
		if err != nil {
			return err
		}
		if was := before[got.Org]; ok && (now.Counter != was.Counter || now.Size != was.Size) {
			return fault.New(fault.Locked, "another sync of %q ended meanwhile", got.Org).Hint("run the command again")
		}
		for _, env := range got.NewRoots {
			if _, err := a.addRoot(ctx, tx, env, false); err != nil {
				return err
			}
		}
		roots, err := a.roots(ctx, tx)
		if err != nil {
			return err
		}
		if t, ok := roots.Of(got.Org); ok {
			info.Confirmed = t.Confirmed
		}
		arrivals := []arrival{}
		for _, v := range got.Statements {
			arrivals = append(arrivals, arrival{env: v.Envelope, logged: true})
		}
		done, err := a.record(ctx, tx, roots, append(arrivals, arrival{env: got.Head.Envelope})...)
		if err != nil {
			return err
		}
		for _, e := range done[:len(arrivals)] {
			if e.new {
				info.New++
			}
		}
		return tx.Mirrors().Put(ctx, heldMirror(got.Mirror))
	})
	return info, err
}

func mirrorOf(m ledger.Mirror) release.Mirror {
	return release.Mirror{
		Org: m.Publisher, Origin: m.Origin, Counter: m.Counter, Size: m.Size, Checkpoint: m.Note,
		RootVersion: int(m.RootVersion), Issued: m.Issued, Expires: m.Expires, SyncedAt: m.SyncedAt, Location: m.Location,
	}
}

func heldMirror(m release.Mirror) ledger.Mirror {
	return ledger.Mirror{
		Publisher: m.Org, Origin: m.Origin, Counter: m.Counter, Size: m.Size, Note: m.Checkpoint,
		RootVersion: int64(m.RootVersion), Issued: m.Issued, Expires: m.Expires, SyncedAt: m.SyncedAt, Location: m.Location,
	}
}
