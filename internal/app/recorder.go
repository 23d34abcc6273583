package app

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/seen"
	"github.com/cordon-trust/cordon/internal/store"
)

// batchSize is how many bytes of rows one observation covers at most.
const batchSize = 1 << 20

// maxTurns is how often a recorder waits for its turn to write. Whoever judges a large home anew holds the lock for
// seconds, and what was seen cannot be seen again.
const maxTurns = 12

// recorder turns what a watch sees into rows, and every batch of rows into one observation that the
// sensor's own key signs. It holds one batch in memory, and no transaction between two. It belongs to one
// goroutine.
type recorder struct {
	app     *App
	names   *names
	exclude []netip.Prefix
	keep    time.Duration
	site    model.Subject

	bodies []byte // of the rows of this batch
	ends   []int
	size   int // of the rows that they make
	keys   []uint64

	recorded, excluded int64 // transfers
	waiting            int64 // of this batch
	failed             bool  // a batch could not be recorded
}

// newRecorder checks that this house may record, before anything is read.
func (a *App) newRecorder(n *names, exclude []netip.Prefix, keep time.Duration) (*recorder, error) {
	if keep == 0 {
		keep = Retention
	}
	if keep < 0 {
		return nil, fault.New(fault.Usage, "rows cannot be kept for %s", keep)
	}
	if a.opt.Store.ReadOnly {
		return nil, fault.New(fault.ReadOnly, "the home was opened for reading only")
	}
	if _, err := a.ring.MachineSigners(evidence.RoleObserver); err != nil {
		return nil, err
	}
	site, err := model.NewSubject(model.KindSite, a.home.Org, a.home.Site)
	if err != nil {
		return nil, fault.Wrap(err, fault.Damaged, "the site of this home cannot be named")
	}
	return &recorder{app: a, names: n, exclude: exclude, keep: keep, site: site}, nil
}

// records reports whether this house keeps what it sees: a maker's has no sensor.
func (a *App) records(opt WatchOptions) bool {
	return !opt.NoRecord && a.home.Kind == evidence.Hospital
}

// transfer takes a transfer, which has its marks.
func (r *recorder) transfer(ctx context.Context, t *model.Transfer) error {
	peer, _ := netip.ParseAddrPort(t.Peer)
	if r.excludes(t.Addr) || r.excludes(peer.Addr()) {
		r.excluded++
		return nil
	}
	kept := r.names.keepable(*t)
	if err := r.add(ctx, seen.AppendTransfer(r.bodies, &kept)); err != nil {
		return err
	}
	r.waiting++
	for _, d := range [...]model.Digest{t.Digest, t.EntityDigest} { // behind the row: the one before may have filled a batch
		if !d.IsZero() {
			r.keys = append(r.keys, indexKey(d[:]))
		}
	}
	for _, m := range [...]model.Mark{t.NameMark, t.HostMark} {
		if !m.IsZero() {
			r.keys = append(r.keys, indexKey(m[:]))
		}
	}
	return nil
}

// sightings takes who was seen in a run. What hosts call themselves can name a person: only marks of it are
// kept, and nothing of the kind of device that one says it is.
func (r *recorder) sightings(ctx context.Context, list []SeenInfo) error {
	for i := range list {
		s := &list[i]
		if r.excludes(s.Addr) {
			continue
		}
		row := seen.Sighting{
			First: s.First, Last: s.Last, Device: s.Device, Addr: s.Addr, MAC: s.MAC, By: s.By, Router: s.Router,
			Received: s.Received, Served: s.Served,
		}
		for _, name := range s.Names {
			row.Marks = append(row.Marks, r.names.markOf(markHost, strings.ToLower(name)))
		}
		if err := r.add(ctx, seen.AppendSighting(r.bodies, &row)); err != nil {
			return err
		}
	}
	return nil
}

func (r *recorder) counts(ctx context.Context, c *seen.Counts) error {
	return r.add(ctx, seen.AppendCounts(r.bodies, c))
}

func (r *recorder) excludes(a netip.Addr) bool {
	for _, p := range r.exclude {
		if p.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}

// indexKey is what an index finds a digest or a mark by.
func indexKey(b []byte) uint64 { return binary.BigEndian.Uint64(b) }

// add takes over the bodies with one more row at their end, and records the rows before it when they make a
// full batch.
func (r *recorder) add(ctx context.Context, bodies []byte) error {
	size := evidence.RowOverhead + len(bodies) - len(r.bodies)
	if r.size+size > batchSize && r.size > 0 {
		last := bodies[len(r.bodies):]
		if err := r.flush(ctx, r.app.db.Update); err != nil {
			return err
		}
		bodies = append(r.bodies, last...)
	}
	r.bodies = bodies
	r.ends = append(r.ends, len(bodies))
	r.size += size
	return nil
}

// finish records what is left, and lets findings open and close.
func (r *recorder) finish(ctx context.Context) error { return r.flush(ctx, r.app.update) }

// flush records the rows at hand in one transaction, also when the watch is being interrupted: they were seen.
func (r *recorder) flush(ctx context.Context, in func(context.Context, func(*store.Tx) error) error) error {
	if len(r.ends) == 0 || r.failed {
		return nil
	}
	arr, err := r.sign()
	if err != nil {
		return err
	}
	for turn := 1; ; turn++ {
		whole := context.WithoutCancel(ctx)
		err = in(whole, func(tx *store.Tx) error {
			roots, err := r.app.roots(whole, tx)
			if err != nil {
				return err
			}
			_, err = r.app.recordOwn(whole, tx, roots, arr)
			return err
		})
		if !errors.Is(err, fault.Locked) || turn == maxTurns || ctx.Err() != nil {
			break
		}
	}
	r.bodies, r.ends, r.size, r.keys = r.bodies[:0], r.ends[:0], 0, r.keys[:0]
	if r.failed = err != nil; !r.failed {
		r.recorded += r.waiting
	}
	r.waiting = 0
	return err
}

// sign salts the rows and signs the statement over them.
func (r *recorder) sign() (arrival, error) {
	a := r.app
	arr := arrival{keep: a.opt.Clock.Now().Add(r.keep), rows: make([]evidence.Row, len(r.ends)), keys: r.keys}
	random := make([]byte, len(r.ends)*evidence.SaltSize) // read at once: one by one it would cost more than the rest
	if _, err := io.ReadFull(a.opt.Rand, random); err != nil {
		return arr, fmt.Errorf("read salts: %w", err)
	}
	salts := bytes.NewReader(random)
	var err error
	for i, from := 0, 0; i < len(r.ends); i++ {
		if arr.rows[i], err = evidence.NewRow(salts, r.bodies[from:r.ends[i]:r.ends[i]]); err != nil {
			return arr, err
		}
		from = r.ends[i]
	}
	batch := seen.Batch{Header: a.header(), Site: r.site}
	if batch.Rows, err = evidence.Batch(arr.rows); err != nil {
		return arr, err
	}
	payload, err := batch.Payload()
	if err != nil {
		return arr, err
	}
	signers, err := a.ring.MachineSigners(evidence.RoleObserver)
	if err != nil {
		return arr, err
	}
	arr.env, err = evidence.Sign(payload, signers...)
	return arr, err
}
