package release

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// Mirror is what a house remembers of the last state of a publication that it accepted.
type Mirror struct {
	Org         string
	Origin      string // of the publication log
	Counter     int64
	Size        int64
	Checkpoint  []byte // signed note
	RootVersion int
	Issued      time.Time
	Expires     time.Time
	SyncedAt    time.Time
	Location    string // where it was fetched from
}

// Synced is what one fetch of a publication brought.
type Synced struct {
	Org        string
	NewRoots   []evidence.Envelope // successors of the root held, in order
	Statements []evidence.Verified // the whole log, in its order
	Head       evidence.Verified
	HeadBody   Head
	Mirror     Mirror
	Blocks     map[model.Digest][]byte // block files that were not held, by their digest
	BlocksLeft int                     // block files left for the next time
}

const maxBlocksTotal = 512 << 20 // bytes of block files taken at once

// Sync fetches a publication and checks all of it before it returns any of it: the signatures of the
// head under the publisher's policy, the chain of roots, that nothing went back since the last time,
// both signatures of the log, the policy of every statement, and that the entries make the root that was
// signed. A head that has expired is accepted; verdicts then say since when they are stale.
//
// last returns what was accepted before, have whether a block file is held. Errors: UnknownOrg,
// PolicyNotMet (it says which family is missing), BadRoot, RolledBack, BadCheckpoint, BadEnvelope,
// BadRepository, and [*ForkError] when the log shows two histories; NotFound, ReadFailed and Interrupted
// when nothing could be read.
func Sync(ctx context.Context, f Fetcher, roots *evidence.Roots, last func(org string) (Mirror, bool),
	have func(model.Digest) bool, now time.Time,
) (Synced, error) {
	s := &syncing{ctx: ctx, fetcher: f, roots: roots, now: now}
	if err := s.readHead(); err != nil {
		return Synced{}, err
	}
	s.last, s.known = last(s.out.Org)
	for _, step := range [...]func() error{s.notBack, s.readCheckpoint, s.readLog, s.notForked, s.notTwice} {
		if err := step(); err != nil {
			return Synced{}, err
		}
	}
	if err := s.readBlocks(have); err != nil {
		return Synced{}, err
	}
	h := s.out.HeadBody
	s.out.Mirror = Mirror{
		Org: s.out.Org, Origin: h.Origin, Counter: h.Counter, Size: h.Size, Checkpoint: s.checkpoint.Note,
		RootVersion: h.RootVersion, Issued: h.Issued, Expires: h.Expires, SyncedAt: now,
	}
	if l, ok := f.(fmt.Stringer); ok {
		s.out.Mirror.Location = l.String()
	}
	return s.out, nil
}

// syncing is one fetch of a publication. It belongs to the goroutine that called Sync.
type syncing struct {
	ctx     context.Context // lives as long as one call
	fetcher Fetcher
	now     time.Time

	roots      *evidence.Roots // with the new ones, once readHead is done
	last       Mirror
	known      bool
	log        evidence.LogIdentity
	checkpoint evidence.Checkpoint
	older      evidence.Checkpoint // of the last time
	prefix     evidence.Checkpoint // Size and Root of the first entries now, as many as the last time
	out        Synced
}

// fetch reads a file of the publication. One that is missing or too large there is the publication's
// fault; one that cannot be read is the road's.
func (s *syncing) fetch(path string, limit int64) ([]byte, error) {
	b, err := s.fetcher.Fetch(s.ctx, path, limit)
	if errors.Is(err, fault.NotFound) || errors.Is(err, fault.TooLarge) {
		return nil, fault.Wrap(err, fault.BadRepository, "the publication is not whole")
	}
	return b, err
}

func broken(err error, format string, args ...any) error {
	return fault.Wrap(err, fault.BadRepository, format, args...)
}

// notBack refuses a state that is older than the last.
func (s *syncing) notBack() error {
	if !s.known {
		return nil
	}
	h := s.out.HeadBody
	for _, c := range [...]struct {
		what      string
		was, is   any
		wentLower bool
	}{
		{"publication", s.last.Counter, h.Counter, h.Counter < s.last.Counter},
		{"root version", s.last.RootVersion, h.RootVersion, h.RootVersion < s.last.RootVersion},
		{"number of entries", s.last.Size, h.Size, h.Size < s.last.Size},
		{"time", stamp(s.last.Issued), stamp(h.Issued), h.Issued.Before(s.last.Issued)},
	} {
		if c.wentLower {
			return fault.New(fault.RolledBack, "the repository of %q is older than what this house has seen: %s %v, seen before was %v",
				s.out.Org, c.what, c.is, c.was)
		}
	}
	if h.Origin != s.last.Origin {
		return fault.New(fault.BadRepository, "the publication log of %q is called %q, before it was %q", s.out.Org, h.Origin, s.last.Origin)
	}
	return nil
}

// notTwice refuses two heads of one counter that say different things.
func (s *syncing) notTwice() error {
	h := s.out.HeadBody
	if !s.known || h.Counter != s.last.Counter {
		return nil
	}
	if h.Size != s.last.Size || !h.Issued.Equal(s.last.Issued) || !h.Expires.Equal(s.last.Expires) || h.RootVersion != s.last.RootVersion {
		return fault.New(fault.BadRepository, "%q signed two different heads with counter %d", s.out.Org, h.Counter)
	}
	return nil
}

// readBlocks fetches the block files that are not held. The length of each is signed.
func (s *syncing) readBlocks(have func(model.Digest) bool) error {
	s.out.Blocks = map[model.Digest][]byte{}
	total := int64(0)
	for _, v := range s.out.Statements {
		if v.Effect != evidence.Fact || v.Statement.PredicateType != evidence.PredicateURI(evidence.PredReleaseSet) {
			continue
		}
		set, err := DecodeSet(v.Statement)
		if err != nil {
			return err
		}
		for _, a := range set.Artifacts {
			if a.Blocks == nil || s.out.Blocks[a.Blocks.SHA256] != nil || have(a.Blocks.SHA256) {
				continue
			}
			if total+a.Blocks.Length > maxBlocksTotal {
				s.out.BlocksLeft++
				continue
			}
			total += a.Blocks.Length
			if err := s.readBlockFile(a); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *syncing) readBlockFile(a Artifact) error {
	name := digestName(BlockDir, a.Blocks.SHA256)
	b, err := s.fetch(name, a.Blocks.Length)
	if err != nil {
		return err
	}
	if int64(len(b)) != a.Blocks.Length || model.DigestOf(b) != a.Blocks.SHA256 {
		return fault.New(fault.BadRepository, "%q does not have the bytes that were signed", name)
	}
	p, err := ParseBlocks(b)
	if err != nil {
		return broken(err, "%q", name)
	}
	if p.Artifact != a.SHA256 || p.Length != a.Length {
		return fault.New(fault.BadRepository, "%q is about another artifact than %q", name, a.Name)
	}
	s.out.Blocks[a.Blocks.SHA256] = b
	return nil
}
