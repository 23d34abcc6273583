package app

import (
	"bytes"
	"context"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/release"
	"github.com/cordon-trust/cordon/internal/store"
)

const (
	headLifetime = 30 * 24 * time.Hour
	metaHead     = "publication-head" // digest of the last head
)

// Published tells what a repository now holds.
type Published struct {
	Repo    string    `json:"repo"`
	Size    int64     `json:"size"` // entries of the publication log
	New     int       `json:"new"`
	Counter int64     `json:"counter"`
	Expires time.Time `json:"expires"`
}

// Publish logs what this maker signed and did not publish yet, signs a new head, and writes the
// repository. The log is durable before the first file is written, so a run that is cut short is
// finished by the next.
func (a *App) Publish(ctx context.Context, repo string) (Published, error) {
	if a.home.Kind != evidence.Maker {
		return Published{}, fault.New(fault.NotAllowed, "a hospital's own releases are in force in its own house; there is nothing to publish")
	}
	writer, err := a.publicationWriter(ctx)
	if err != nil {
		return Published{}, err
	}
	// Opening a role's file takes a second: before the write lock is taken, not under it.
	if _, err := a.ring.Signers(ctx, evidence.RoleRelease); err != nil {
		return Published{}, err
	}
	done := Published{Repo: repo}
	var pub release.Publication
	err = a.update(ctx, func(tx *store.Tx) error {
		f, err := a.readFacts(ctx, tx)
		if err != nil {
			return err
		}
		fresh, err := a.unpublished(ctx, tx, writer.Origin())
		if err != nil {
			return err
		}
		cp, err := a.logPublication(ctx, tx, f.roots, writer, fresh)
		if err != nil {
			return err
		}
		head, err := a.newHead(ctx, tx, f.roots, cp)
		if err != nil {
			return err
		}
		done.New, done.Size = len(fresh), cp.Size
		pub, err = a.collect(ctx, tx, f.roots, cp, head)
		return err
	})
	if err != nil {
		return done, err
	}
	var body release.Head
	if body, err = headOf(pub.Head); err != nil {
		return done, err
	}
	done.Counter, done.Expires = body.Counter, body.Expires
	if a.opt.DryRun {
		return done, nil
	}
	return done, release.Publish(ctx, a.opt.FS, repo, pub)
}

func headOf(env evidence.Envelope) (release.Head, error) {
	st, err := evidence.ParseStatement(env.Payload)
	if err != nil {
		return release.Head{}, err
	}
	return release.DecodeHead(st)
}

// publicationWriter opens the keys of the publication log.
func (a *App) publicationWriter(ctx context.Context) (*ledger.Writer, error) {
	var id evidence.LogIdentity
	err := a.db.View(ctx, func(tx *store.Tx) error {
		roots, err := a.roots(ctx, tx)
		if err != nil {
			return err
		}
		own, ok := roots.Of(a.home.Org)
		if !ok {
			return missingRoot(a.home.Org)
		}
		if id, ok = own.Root.Log(evidence.LogPublication); !ok {
			return fault.New(fault.BadRoot, "the root of %q names no publication log", a.home.Org)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	signers, err := a.ring.LogSigners(ctx)
	if err != nil {
		return nil, err
	}
	return ledger.NewWriter(id, a.opt.Clock, a.opt.Rand, signers...)
}

// unpublished returns the statements of this maker that belong to the public and are not in its
// publication log yet, in the order of the house ledger.
func (a *App) unpublished(ctx context.Context, tx *store.Tx, origin string) ([]ledger.Record, error) {
	var out []ledger.Record
	err := tx.Archive().All(ctx, func(rec ledger.Record) error {
		switch evidence.PredicateName(rec.PredicateType) {
		case evidence.PredReleaseSet, evidence.PredWithdrawal, evidence.PredCompromise:
		default:
			return nil
		}
		if rec.Author != a.home.Org || rec.Effect != string(evidence.Fact) || rec.Envelope == nil {
			return nil
		}
		_, at, err := logged(ctx, tx, origin, rec.Digest)
		if err == nil && len(at) == 0 {
			out = append(out, rec)
		}
		return err
	})
	return out, err
}

// logPublication appends the statements to the publication log and returns its checkpoint.
func (a *App) logPublication(ctx context.Context, tx *store.Tx, roots *evidence.Roots, w *ledger.Writer, fresh []ledger.Record) (evidence.Checkpoint, error) {
	if len(fresh) == 0 {
		cp, ok, err := w.Latest(ctx, tx.Log(w.Origin()))
		if err == nil && !ok {
			err = fault.New(fault.NotFound, "nothing was signed yet, so there is nothing to publish").
				Hint("sign a release first: `cordon release add --product MAKER/MODEL --version V FILE`")
		}
		return cp, err
	}
	items := make([]ledger.Item, len(fresh))
	for i, rec := range fresh {
		v, err := a.recall(ctx, tx, roots, rec)
		if err != nil {
			return evidence.Checkpoint{}, err
		}
		items[i] = ledger.Item{
			Author: rec.Author, PayloadType: rec.PayloadType, Statement: rec.Digest, Signatures: v.Tally.Signatures,
		}
	}
	_, cp, err := w.Append(ctx, tx.Log(w.Origin()), items)
	return cp, err
}

// newHead signs and records the head over a checkpoint. The counter goes up with every publication.
func (a *App) newHead(ctx context.Context, tx *store.Tx, roots *evidence.Roots, cp evidence.Checkpoint) (evidence.Envelope, error) {
	last, err := a.lastHead(ctx, tx)
	if err != nil {
		return evidence.Envelope{}, err
	}
	own, _ := roots.Of(a.home.Org)
	h := a.header()
	head := release.Head{
		Header: h, Origin: cp.Origin, Counter: last + 1, Size: cp.Size, Root: model.Digest(cp.Root),
		RootVersion: own.Root.Version, Expires: h.Issued.Add(headLifetime),
	}
	payload, err := head.Payload()
	if err != nil {
		return evidence.Envelope{}, err
	}
	env, err := a.sign(ctx, evidence.RoleRelease, payload)
	if err != nil {
		return evidence.Envelope{}, err
	}
	e, err := a.recordOwn(ctx, tx, roots, arrival{env: env})
	if err != nil {
		return evidence.Envelope{}, err
	}
	return env, tx.Meta().Put(ctx, metaHead, e.v.Digest[:])
}

// lastHead returns the counter of the last head this maker signed; 0 when there is none.
func (a *App) lastHead(ctx context.Context, tx *store.Tx) (int64, error) {
	raw, ok, err := tx.Meta().Get(ctx, metaHead)
	if err != nil || !ok {
		return 0, err
	}
	var d model.Digest
	copy(d[:], raw)
	rec, ok, err := find(ctx, tx, d)
	if err != nil {
		return 0, err
	}
	if !ok || rec.Envelope == nil {
		return 0, fault.New(fault.Damaged, "the last head, statement:%s, is not in the archive", d)
	}
	env, err := evidence.ParseEnvelope(rec.Envelope)
	if err != nil {
		return 0, err
	}
	head, err := headOf(env)
	return head.Counter, err
}

// collect reads everything that the repository holds.
func (a *App) collect(ctx context.Context, tx *store.Tx, roots *evidence.Roots, cp evidence.Checkpoint, head evidence.Envelope) (release.Publication, error) {
	pub := release.Publication{Head: head, Checkpoint: cp.Note, Size: cp.Size, From: a.opt.Dir}
	lines, err := rootLines(ctx, tx, roots, a.home.Org)
	if err != nil {
		return pub, err
	}
	for line := range bytes.Lines(lines) {
		env, err := evidence.ParseEnvelope(bytes.TrimSpace(line))
		if err != nil {
			return pub, err
		}
		pub.Roots = append(pub.Roots, env)
	}
	err = tx.Log(cp.Origin).ScanEntries(ctx, 0, cp.Size, func(b ledger.Beside) error {
		if b.Envelope == nil || b.Salt == nil {
			return fault.New(fault.Damaged, "entry %d of the publication log has lost its statement", b.Seq)
		}
		pub.Entries = append(pub.Entries, release.LoggedEntry{Entry: b.Entry, Salt: b.Salt, Envelope: b.Envelope})
		return nil
	})
	if err != nil {
		return pub, err
	}
	return pub, a.collectFiles(ctx, tx, roots, &pub)
}

// collectFiles names the artifacts and block files of the published releases.
func (a *App) collectFiles(ctx context.Context, tx *store.Tx, roots *evidence.Roots, pub *release.Publication) error {
	return a.each(ctx, tx, roots, evidence.PredReleaseSet, func(v evidence.Verified, rec ledger.Record) error {
		if rec.Author != a.home.Org {
			return nil
		}
		set, err := release.DecodeSet(v.Statement)
		if err != nil {
			return err
		}
		for _, art := range set.Artifacts {
			pub.Artifacts = append(pub.Artifacts, art.SHA256)
			if art.Blocks != nil {
				pub.Blocks = append(pub.Blocks, art.Blocks.SHA256)
			}
			for _, form := range art.Forms {
				if form.Form == release.FormDelta {
					pub.Artifacts = append(pub.Artifacts, form.SHA256)
				}
			}
		}
		return nil
	})
}
