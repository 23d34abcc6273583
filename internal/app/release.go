package app

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/release"
	"github.com/cordon-trust/cordon/internal/store"
)

// Draft is a release to be signed.
type Draft struct {
	Product     model.Subject
	Version     string
	Kind        string
	Counter     int64 // 0: the next free one
	Files       []string
	Hosts       []string
	HardwareIDs []string
	MinVersion  string
	StepsBack   []string
	Delta       string // FROM=FILE; empty: none
	PerDevice   bool
}

// AddRelease measures and keeps the files and signs the release set. A maker signs for its own products
// only; a hospital for what it writes itself.
func (a *App) AddRelease(ctx context.Context, d Draft) (Said, error) {
	role, err := a.roleFor(evidence.PredReleaseSet)
	if err != nil {
		return Said{}, err
	}
	if a.home.Kind == evidence.Maker && d.Product.Org() != a.home.Org {
		return Said{}, fault.New(fault.NotOwner, "%q is a product of %q; %q signs for its own products only", d.Product, d.Product.Org(), a.home.Org)
	}
	set := release.Set{
		Header: a.header(), Product: d.Product, Version: d.Version, Kind: release.Kind(d.Kind), Counter: d.Counter,
		Hosts: d.Hosts, HardwareIDs: d.HardwareIDs, MinVersion: d.MinVersion, StepsBack: d.StepsBack,
	}
	if err := a.checkDraft(ctx, &set); err != nil {
		return Said{}, err
	}
	if set.Artifacts, err = a.measure(ctx, d); err != nil {
		return Said{}, err
	}
	payload, err := set.Payload()
	if err != nil {
		return Said{}, err
	}
	env, err := a.sign(ctx, role, payload)
	if err != nil {
		return Said{}, err
	}
	var said Said
	err = a.update(ctx, func(tx *store.Tx) error {
		f, err := a.readFacts(ctx, tx)
		if err != nil {
			return err
		}
		// Again, under the lock: another process may have signed the same version meanwhile.
		if err := release.CheckNew(f.book, set); err != nil {
			return err
		}
		e, err := a.recordOwn(ctx, tx, f.roots, arrival{env: env})
		said = a.saidOf(e)
		return err
	})
	return said, err
}

// checkDraft refuses a release before anything is copied or a key is opened, and fills the counter.
func (a *App) checkDraft(ctx context.Context, set *release.Set) error {
	return a.db.View(ctx, func(tx *store.Tx) error {
		f, err := a.readFacts(ctx, tx)
		if err != nil {
			return err
		}
		if set.Counter == 0 {
			set.Counter = f.book.NextCounter(a.home.Org, set.Product, set.Kind)
		}
		return release.CheckNew(f.book, *set)
	})
}

// measure hashes and keeps every file of a draft.
func (a *App) measure(ctx context.Context, d Draft) ([]release.Artifact, error) {
	dir := a.opt.Dir
	if a.opt.DryRun {
		tmp, err := os.MkdirTemp("", "cordon-dry-run-*")
		if err != nil {
			return nil, fault.Wrap(err, fault.WriteFailed, "make a temporary folder")
		}
		defer os.RemoveAll(tmp) //nolint:errcheck // temporary
		dir = tmp
	}
	var out []release.Artifact
	for _, file := range d.Files {
		art, err := release.Measure(ctx, a.opt.FS, dir, file)
		if err != nil {
			return nil, err
		}
		if d.PerDevice {
			art.Forms = append(art.Forms, release.Form{Form: release.FormEncrypted})
		}
		out = append(out, art)
	}
	if d.Delta == "" {
		return out, nil
	}
	from, file, ok := strings.Cut(d.Delta, "=")
	if !ok || from == "" || file == "" || len(out) != 1 {
		return nil, fault.New(fault.Usage, "a delta is written FROM=FILE and belongs to a release of one file")
	}
	delta, err := release.Measure(ctx, a.opt.FS, dir, file)
	if err != nil {
		return nil, err
	}
	out[0].Forms = append(out[0].Forms, release.Form{
		Form: release.FormDelta, From: from, Name: delta.Name, Length: delta.Length, SHA256: delta.SHA256,
	})
	return out, nil
}

// Withdraw says that a release must not be installed: as its maker, or as a hospital in its own house.
func (a *App) Withdraw(ctx context.Context, product model.Subject, version, reason string) (Said, error) {
	role, err := a.roleFor(evidence.PredWithdrawal)
	if err != nil {
		return Said{}, err
	}
	publisher := a.home.Org
	if a.home.Kind == evidence.Hospital {
		publisher = product.Org()
	}
	sub, err := model.ReleaseOf(publisher, product, version)
	if err != nil {
		return Said{}, fault.Wrap(err, fault.Usage, "the release cannot be named")
	}
	if a.home.Kind == evidence.Maker && product.Org() != a.home.Org {
		return Said{}, fault.New(fault.NotOwner, "%q is a product of %q; %q withdraws its own releases only", product, product.Org(), a.home.Org)
	}
	if err := a.knowsRelease(ctx, &sub, product, version); err != nil {
		return Said{}, err
	}
	w := release.Withdrawal{Header: a.header(), Release: sub, Reason: reason}
	payload, err := w.Payload()
	if err != nil {
		return Said{}, err
	}
	return a.say(ctx, role, payload)
}

// knowsRelease checks that the release is known; a hospital's own release of that version is meant when
// the maker has none.
func (a *App) knowsRelease(ctx context.Context, sub *model.Subject, product model.Subject, version string) error {
	return a.db.View(ctx, func(tx *store.Tx) error {
		f, err := a.readFacts(ctx, tx)
		if err != nil {
			return err
		}
		for _, publisher := range []string{sub.Org(), a.home.Org} {
			if r, ok := f.book.Lookup(publisher, product, version); ok {
				*sub = r.Subject
				return nil
			}
		}
		return fault.New(fault.NotFound, "this house knows no release %s", *sub).Hint("`cordon release list` shows what it knows")
	})
}

// say signs a payload with a role of this house and records it.
func (a *App) say(ctx context.Context, role string, payload []byte) (Said, error) {
	env, err := a.sign(ctx, role, payload)
	if err != nil {
		return Said{}, err
	}
	var said Said
	err = a.update(ctx, func(tx *store.Tx) error {
		roots, err := a.roots(ctx, tx)
		if err != nil {
			return err
		}
		e, err := a.recordOwn(ctx, tx, roots, arrival{env: env})
		said = a.saidOf(e)
		return err
	})
	return said, err
}

// VouchDraft is what a hospital states about a file it received.
type VouchDraft struct {
	File    string
	Product model.Subject
	Version string
	Source  string
	For     time.Duration
}

// Vouch states, as this hospital's word and no more, what it received and from where.
func (a *App) Vouch(ctx context.Context, d VouchDraft) (Said, error) {
	role, err := a.roleFor(evidence.PredVouch)
	if err != nil {
		return Said{}, err
	}
	if d.For <= 0 {
		return Said{}, fault.New(fault.Usage, "a vouch must last longer than %s", d.For)
	}
	t, err := describe(ctx, d.File)
	if err != nil {
		return Said{}, err
	}
	sub, err := model.ReleaseOf(d.Product.Org(), d.Product, d.Version)
	if err != nil {
		return Said{}, fault.Wrap(err, fault.Usage, "the release cannot be named")
	}
	h := a.header()
	v := release.Vouch{
		Header: h, Product: d.Product, Version: d.Version, Release: sub, Source: d.Source,
		Expires: h.Issued.Add(d.For).Truncate(time.Second), Artifact: release.Vouched{Name: t.Name, Length: t.Size, SHA256: t.Digest},
	}
	payload, err := v.Payload()
	if err != nil {
		return Said{}, err
	}
	return a.say(ctx, role, payload)
}

// ReleaseInfo is a release this house knows.
type ReleaseInfo struct {
	Release   model.Subject      `json:"release"`
	Product   model.Subject      `json:"product"`
	Publisher string             `json:"publisher"`
	Version   string             `json:"version"`
	Kind      release.Kind       `json:"kind"`
	Counter   int64              `json:"counter"`
	State     string             `json:"state"` // current, withdrawn, held, not logged, suspect
	Statement model.Digest       `json:"statement"`
	Artifacts []release.Artifact `json:"artifacts"`

	Issued      time.Time       `json:"issued"`          // by its publisher's clock
	HeldAt      time.Time       `json:"held_at"`         // when this house first held it
	Logged      bool            `json:"logged"`          // its publisher's log was shown to hold it, or this house wrote it
	Hosts       []string        `json:"hosts,omitempty"` // that serve it
	HardwareIDs []string        `json:"hardware_ids,omitempty"`
	MinVersion  string          `json:"min_version,omitzero"` // the oldest version that it may replace
	StepsBack   []string        `json:"steps_back,omitempty"` // older versions that may follow it
	Withdrawn   *WithdrawalInfo `json:"withdrawn,omitzero"`   // nil: nobody with a say took it back
}

// WithdrawalInfo tells who took a release back, and why.
type WithdrawalInfo struct {
	By        string       `json:"by"`
	Reason    string       `json:"reason"`
	Issued    time.Time    `json:"issued"` // by its author's clock
	HeldAt    time.Time    `json:"held_at"`
	Statement model.Digest `json:"statement"`
}

// Releases lists the releases this house knows.
func (a *App) Releases(ctx context.Context) ([]ReleaseInfo, error) {
	var out []ReleaseInfo
	err := a.db.View(ctx, func(tx *store.Tx) error {
		f, err := a.readFacts(ctx, tx)
		if err != nil {
			return err
		}
		out = releasesOf(f.book)
		return nil
	})
	return out, err
}

func releasesOf(book *release.Book) []ReleaseInfo {
	var out []ReleaseInfo
	for _, r := range book.Releases() {
		info := ReleaseInfo{
			Release: r.Subject, Product: r.Set.Product, Publisher: r.Set.Author, Version: r.Set.Version,
			Kind: r.Set.Kind, Counter: r.Set.Counter, State: stateOfRelease(book, r), Statement: r.Statement, Artifacts: r.Set.Artifacts,
			Issued: r.Set.Issued, HeldAt: r.Held, Logged: r.Logged, Hosts: r.Set.Hosts, HardwareIDs: r.Set.HardwareIDs,
			MinVersion: r.Set.MinVersion, StepsBack: r.Set.StepsBack,
		}
		if w, taken := book.Withdrawal(r.Subject); taken {
			info.Withdrawn = &WithdrawalInfo{w.By, w.Reason, w.Issued, w.Held, w.Statement}
		}
		out = append(out, info)
	}
	return out
}

func stateOfRelease(book *release.Book, r release.Release) string {
	w, taken := book.Withdrawal(r.Subject)
	switch {
	case taken && w.By == r.Set.Author:
		return "withdrawn"
	case taken:
		return "held"
	case !r.Logged:
		return "not logged"
	case r.Suspect != nil:
		return "suspect"
	}
	return "current"
}

// FileVerdict is what a file is against the releases this house knows.
type FileVerdict struct {
	File       string        `json:"file"`
	Size       int64         `json:"size"`
	Digest     model.Digest  `json:"digest"`
	Verdict    model.Verdict `json:"verdict"`
	Release    model.Subject `json:"release,omitzero"`
	Publisher  string        `json:"publisher,omitzero"`
	StaleSince time.Time     `json:"stale_since,omitzero"`
	Why        []string      `json:"why"`

	refusal error
}

// Err is nil when somebody with a say stands behind the file, else the reason as a fault with exit 11.
func (v FileVerdict) Err() error { return v.refusal }

// VerifyFile says which release a file is. It needs no network.
func (a *App) VerifyFile(ctx context.Context, path string) (FileVerdict, error) {
	t, err := describe(ctx, path)
	if err != nil {
		return FileVerdict{}, err
	}
	v := FileVerdict{File: path, Size: t.Size, Digest: t.Digest}
	err = a.db.View(ctx, func(tx *store.Tx) error {
		f, err := a.readFacts(ctx, tx)
		if err != nil {
			return err
		}
		var j model.Judgement
		j, v.refusal = f.book.Check(a.opt.Clock.Now(), t.Name, t.Size, t.Digest)
		if err := a.recheck(ctx, tx, f.roots, &j); err != nil {
			return err
		}
		v.Verdict, v.Release, v.Publisher, v.StaleSince, v.Why = j.Verdict, j.Release, j.Publisher, j.StaleSince, j.Why
		return nil
	})
	return v, err
}

// recheck verifies the signatures of the statement that a verdict rests on, once more and from the
// bytes. A verdict whose evidence no longer verifies is not given.
func (a *App) recheck(ctx context.Context, tx *store.Tx, roots *evidence.Roots, j *model.Judgement) error {
	if j.Statement.IsZero() {
		return nil
	}
	rec, ok, err := find(ctx, tx, j.Statement)
	if err != nil {
		return err
	}
	if !ok || rec.Envelope == nil {
		return fault.New(fault.Damaged, "statement:%s, on which the verdict rests, is not in the archive", j.Statement)
	}
	env, err := evidence.ParseEnvelope(rec.Envelope)
	if err != nil {
		return fault.Wrap(err, fault.Damaged, "statement:%s cannot be read from the archive", j.Statement)
	}
	v, err := roots.Again(env)
	if err != nil || v.Digest != j.Statement || v.Effect != evidence.Fact {
		return fault.New(fault.Damaged, "statement:%s, on which the verdict rests, no longer verifies", j.Statement).
			Hint("run `cordon log verify` and restore the home from a backup")
	}
	return nil
}
