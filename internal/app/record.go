package app

import (
	"context"
	"slices"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/release"
	"github.com/cordon-trust/cordon/internal/store"
)

// Effects of a recorded statement, beside those of evidence.
const effectUnlogged = "unlogged" // signed, but not in its maker's publication log

// arrival is a statement on its way into the house ledger.
type arrival struct {
	env    evidence.Envelope
	logged bool           // its maker's publication log was shown to hold it
	rows   []evidence.Row // of a batch
	keys   []uint64       // what the rows are found by
	keep   time.Time      // when the rows expire; zero: not
	edges  []model.Edge   // that the rows make
}

// entered is a statement that the house ledger holds.
type entered struct {
	v    evidence.Verified
	at   ledger.Location
	held time.Time
	new  bool // this call logged it
}

// record is the one way into the house: each statement is verified under the roots, logged with the
// signatures that verified, put into the archive and projected into edges, all in the caller's
// transaction. A statement that is held with these signatures is left as it is. What no role of its
// author signed is an error, and nothing is recorded.
func (a *App) record(ctx context.Context, tx *store.Tx, roots *evidence.Roots, arrivals ...arrival) ([]entered, error) {
	out := make([]entered, len(arrivals))
	var items []ledger.Item
	var fresh []int
	for i, arr := range arrivals {
		verify := roots.Verify
		if arr.logged {
			// Its maker logged it under a root that was in force then; what has to be taken back since is
			// said by a compromise.
			verify = roots.Again
		}
		v, err := verify(arr.env)
		if err != nil {
			return nil, err
		}
		out[i].v = v
		known, err := a.known(ctx, tx, v, &out[i])
		if err != nil {
			return nil, err
		}
		if known {
			if err := a.nowLogged(ctx, tx, v, arr); err != nil {
				return nil, err
			}
			continue
		}
		fresh = append(fresh, i)
		items = append(items, ledger.Item{
			Author: v.Header.Author, PayloadType: arr.env.PayloadType, Statement: v.Digest, Signatures: v.Tally.Signatures,
		})
	}
	if len(items) == 0 {
		return out, nil
	}
	writer, err := a.houseWriter(roots)
	if err != nil {
		return nil, err
	}
	positions, cp, err := writer.Append(ctx, tx.Log(writer.Origin()), items)
	if err != nil {
		return nil, err
	}
	for n, i := range fresh {
		out[i].new = true
		out[i].at = ledger.Location{Origin: writer.Origin(), Seq: positions[n].Seq}
		out[i].held = cp.Time
		if err := a.archive(ctx, tx, &out[i], arrivals[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// known reports whether the ledger holds the statement with every signature that verified now.
func (a *App) known(ctx context.Context, tx *store.Tx, v evidence.Verified, into *entered) (bool, error) {
	rec, ok, err := find(ctx, tx, v.Digest)
	if err != nil || !ok {
		return false, err
	}
	refs, at, err := logged(ctx, tx, houseOrigin(a.home.Org), v.Digest)
	if err != nil {
		return false, err
	}
	into.held = rec.HeldAt
	if len(at) > 0 {
		into.at = at[0]
	}
	if !rec.Erased.IsZero() {
		return true, nil // what was erased does not come back
	}
	for _, s := range v.Tally.Signatures {
		if !slices.Contains(refs, s) {
			return false, nil
		}
	}
	return true, nil
}

// nowLogged gives a release its effect when the proof of its publication comes after the release.
func (a *App) nowLogged(ctx context.Context, tx *store.Tx, v evidence.Verified, arr arrival) error {
	rec, ok, err := find(ctx, tx, v.Digest)
	if err != nil || !ok || rec.Effect != effectUnlogged || !arr.logged {
		return err
	}
	if err := tx.Archive().SetEffect(ctx, v.Digest, v.Role, string(v.Effect)); err != nil {
		return err
	}
	return a.project(ctx, tx, v, string(v.Effect), nil)
}

// logged returns the signatures that a log's entries about a statement commit to, and where they stand.
func logged(ctx context.Context, tx *store.Tx, origin string, statement model.Digest) ([]evidence.SignatureRef, []ledger.Location, error) {
	all, err := tx.Archive().Entries(ctx, statement)
	if err != nil {
		return nil, nil, err
	}
	var refs []evidence.SignatureRef
	var at []ledger.Location
	for _, l := range all {
		if l.Origin != origin {
			continue
		}
		s, ok, err := tx.Log(origin).Entry(ctx, l.Seq)
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			return nil, nil, fault.New(fault.LogDamaged, "entry %d of log %q is missing", l.Seq, origin)
		}
		e, err := evidence.ParseEntry(s.Entry)
		if err != nil {
			return nil, nil, fault.Wrap(err, fault.LogDamaged, "entry %d of log %q cannot be read", l.Seq, origin)
		}
		at = append(at, l)
		for _, r := range e.Signatures {
			if !slices.Contains(refs, r) {
				refs = append(refs, r)
			}
		}
	}
	return refs, at, nil
}

// archive puts a logged statement beside the ledger and projects it.
func (a *App) archive(ctx context.Context, tx *store.Tx, e *entered, arr arrival) error {
	env := arr.env
	rec, had, err := find(ctx, tx, e.v.Digest)
	if err != nil {
		return err
	}
	if had {
		before, err := evidence.ParseEnvelope(rec.Envelope)
		if err != nil {
			return fault.Wrap(err, fault.Damaged, "statement:%s cannot be read from the archive", e.v.Digest)
		}
		if env, err = before.Merge(env); err != nil {
			return err
		}
		e.held = rec.HeldAt
	}
	line, err := env.Line()
	if err != nil {
		return err
	}
	effect := string(e.v.Effect)
	proven := arr.logged || had && rec.Effect == effect // a signature more takes no proof away
	if unlogged(a.home.Org, e.v, proven) {
		effect = effectUnlogged
	}
	err = tx.Archive().Put(ctx, []ledger.Record{{
		Digest: e.v.Digest, PayloadType: env.PayloadType, PredicateType: e.v.Statement.PredicateType,
		Author: e.v.Header.Author, Role: e.v.Role, Envelope: line, Subjects: e.v.Statement.Subjects,
		HeldAt: e.held, Effect: effect,
	}})
	if err != nil {
		return err
	}
	if len(arr.rows) > 0 {
		if err := tx.Rows().Insert(ctx, e.v.Digest, arr.rows, arr.keep, arr.keys); err != nil {
			return err
		}
	}
	return a.project(ctx, tx, e.v, effect, arr.edges)
}

// unlogged reports whether a release of another organisation came without proof of its publication: a
// release that is signed and not logged is what a stolen key looks like.
func unlogged(house string, v evidence.Verified, proven bool) bool {
	return v.Effect == evidence.Fact && !proven && v.Header.Author != house &&
		v.Statement.PredicateType == evidence.PredicateURI(evidence.PredReleaseSet)
}

// project replaces the edges of a statement. It runs once verification is over, and again when a
// signature is added.
func (a *App) project(ctx context.Context, tx *store.Tx, v evidence.Verified, effect string, given []model.Edge) error {
	edges := given
	if effect != effectUnlogged && len(given) == 0 {
		var err error
		if edges, err = release.Project(v); err != nil {
			return err
		}
	}
	for i := range edges {
		edges[i].Statement, edges[i].Author = v.Digest, v.Header.Author
		edges[i].Claim = v.Effect != evidence.Fact
	}
	if _, err := tx.Edges().DeleteByStatement(ctx, v.Digest); err != nil {
		return err
	}
	return tx.Edges().Insert(ctx, edges)
}

// houseWriter returns the writer of this house's ledger.
func (a *App) houseWriter(roots *evidence.Roots) (*ledger.Writer, error) {
	own, ok := roots.Of(a.home.Org)
	if !ok {
		return nil, missingRoot(a.home.Org)
	}
	id, ok := own.Root.Log(evidence.LogHouse)
	if !ok {
		return nil, fault.New(fault.BadRoot, "the root of %q names no house ledger", a.home.Org)
	}
	signers, err := a.ring.HouseLogSigners()
	if err != nil {
		return nil, err
	}
	return ledger.NewWriter(id, a.opt.Clock, a.opt.Rand, signers...)
}

// Said tells what became of a statement that this house signed.
type Said struct {
	Statement model.Digest    `json:"statement"`
	Predicate string          `json:"predicate"`
	Author    string          `json:"author"`
	Role      string          `json:"role"`
	Subjects  []model.Subject `json:"subjects"`
	Log       string          `json:"log"`
	Index     int64           `json:"index"`
	HeldAt    time.Time       `json:"held_at"`
	DryRun    bool            `json:"dry_run,omitzero"`
}

func (a *App) saidOf(e entered) Said {
	return Said{
		Statement: e.v.Digest, Predicate: evidence.PredicateName(e.v.Statement.PredicateType), Author: e.v.Header.Author,
		Role: e.v.Role, Subjects: e.v.Statement.Subjects, Log: e.at.Origin, Index: e.at.Seq, HeldAt: e.held, DryRun: a.opt.DryRun,
	}
}

// say signs a payload with a role of this house. It opens the role's key file.
func (a *App) sign(ctx context.Context, role string, payload []byte) (evidence.Envelope, error) {
	signers, err := a.ring.Signers(ctx, role)
	if err != nil {
		return evidence.Envelope{}, err
	}
	return evidence.Sign(payload, signers...)
}

// recordOwn records a statement of this house and insists that it has effect: a house does not keep
// what it itself may not say.
func (a *App) recordOwn(ctx context.Context, tx *store.Tx, roots *evidence.Roots, arr arrival) (entered, error) {
	got, err := a.record(ctx, tx, roots, arr)
	if err != nil {
		return entered{}, err
	}
	if got[0].v.Effect != evidence.Fact {
		return entered{}, mayNotSay(&got[0])
	}
	return got[0], nil
}

func mayNotSay(e *entered) error {
	return fault.New(fault.NotOwner, "this house may not say that: %s", e.v.Reason)
}

// header begins a predicate of this house.
func (a *App) header() evidence.Header {
	return evidence.Header{Author: a.home.Org, Issued: a.opt.Clock.Now().Truncate(time.Second)}
}

// roleFor returns the role with which this house says a predicate, or a fault when it has none.
func (a *App) roleFor(predicate string) (string, error) {
	for _, r := range evidence.Authority() {
		if r.Predicate == predicate && r.Kind == a.home.Kind {
			return r.Roles[0], nil
		}
	}
	return "", fault.New(fault.NotAllowed, "a %s says nothing by a %q statement", a.home.Kind, predicate).
		Hint("this home is of a %s; `cordon init --help` shows the other kind", a.home.Kind)
}
