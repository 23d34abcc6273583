package release

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// readCheckpoint reads the note of the size that the head names, so that a publication being written is
// seen as it was before.
func (s *syncing) readCheckpoint() error {
	h := s.out.HeadBody
	b, err := s.fetch(notePath(h.Size), maxNoteFile)
	if err != nil {
		return err
	}
	cp, err := evidence.OpenCheckpoint(b, s.log)
	if err != nil {
		return err
	}
	s.checkpoint = cp
	if err := s.openOlder(); err != nil {
		return err
	}
	if cp.Size != h.Size || model.Digest(cp.Root) != h.Root {
		return fault.New(fault.BadRepository, "head and checkpoint of %q disagree: %d entries with root %s, and %d with root %s",
			s.out.Org, h.Size, h.Root, cp.Size, model.Digest(cp.Root))
	}
	return nil
}

// openOlder reads the note of the last time again, under any root that is held: log keys change too. Two
// roots for one size are a fork, whatever else is wrong.
func (s *syncing) openOlder() error {
	if !s.known {
		return nil
	}
	for _, t := range s.roots.Versions(s.out.Org) {
		log, ok := t.Root.Log(evidence.LogPublication)
		if !ok {
			continue
		}
		var err error
		if s.older, err = evidence.OpenCheckpoint(s.last.Checkpoint, log); err == nil {
			break
		}
	}
	if s.older.Note == nil || s.older.Size != s.last.Size {
		return fault.New(fault.Damaged, "the checkpoint of %q that this house holds cannot be read", s.out.Org)
	}
	if s.older.Size == s.checkpoint.Size && s.older.Root != s.checkpoint.Root {
		return s.fork()
	}
	return nil
}

func (s *syncing) fork() error {
	return forked(s.out.Org,
		note{s.older.Note, s.older.Size, s.older.Root},
		note{s.checkpoint.Note, s.checkpoint.Size, s.checkpoint.Root})
}

// readLog fetches every entry with its statement and recomputes the root over them.
func (s *syncing) readLog() error {
	var tree evidence.Frontier
	for _, b := range bundles(s.checkpoint.Size) {
		part, err := s.readBundle(b)
		if err != nil {
			return err
		}
		for i, e := range part {
			seq := b.n*bundleWidth + int64(i)
			v, err := s.readEntry(seq, e)
			if err != nil {
				return err
			}
			if s.known && tree.Size() == s.older.Size {
				s.prefix = evidence.Checkpoint{Size: tree.Size(), Root: tree.Root()}
			}
			tree.Add(evidence.LeafHash(e.Entry))
			s.out.Statements = append(s.out.Statements, v)
		}
	}
	if tree.Root() != s.checkpoint.Root {
		return fault.New(fault.BadRepository, "the %d entries of %q do not make the root that was signed", tree.Size(), s.out.Org)
	}
	if s.known && tree.Size() == s.older.Size {
		s.prefix = evidence.Checkpoint{Size: tree.Size(), Root: tree.Root()}
	}
	return nil
}

// notForked compares the first entries with those of the last time. The present tree is known to be the
// signed one by now, so a difference is proof against the log's keys.
func (s *syncing) notForked() error {
	if s.known && s.prefix.Root != s.older.Root {
		return s.fork()
	}
	return nil
}

// readBundle fetches one bundle of entries with their salts and envelopes.
func (s *syncing) readBundle(b bundle) ([]LoggedEntry, error) {
	n := int64(b.width)
	body, err := s.fetch(b.path(entriesDir, ""), n*(2+maxEntry))
	if err != nil {
		return nil, err
	}
	salts, err := s.fetch(b.path(saltsDir, ""), n*evidence.SaltSize)
	if err != nil {
		return nil, err
	}
	lines, err := s.fetch(b.path(envelopesDir, envelopesExt), maxEnvelopes)
	if err != nil {
		return nil, err
	}
	entries, err := parseEntries(body, b.width)
	if err != nil {
		return nil, broken(err, "%q", b.path(entriesDir, ""))
	}
	envelopes, err := parseLines(lines, b.width)
	if err == nil && len(envelopes) != b.width {
		err = fmt.Errorf("%d lines for %d entries", len(envelopes), b.width)
	}
	if err != nil {
		return nil, broken(err, "%q", b.path(envelopesDir, envelopesExt))
	}
	if int64(len(salts)) != n*evidence.SaltSize {
		return nil, fault.New(fault.BadRepository, "%q has %d bytes for %d entries", b.path(saltsDir, ""), len(salts), b.width)
	}
	out := make([]LoggedEntry, b.width)
	for i := range out {
		out[i] = LoggedEntry{entries[i], salts[i*evidence.SaltSize:][:evidence.SaltSize], envelopes[i]}
	}
	return out, nil
}

// readEntry judges one statement: first the policy of its signatures, then whether the entry fixes it.
func (s *syncing) readEntry(seq int64, e LoggedEntry) (evidence.Verified, error) {
	var none evidence.Verified
	env, err := evidence.ParseEnvelope(e.Envelope)
	if err != nil {
		return none, fmt.Errorf("entry %d: %w", seq, err)
	}
	// The head, signed under the root in force, covers the whole log, so statements that an earlier root
	// let its keys sign still hold.
	v, err := s.roots.Again(env)
	if errors.Is(err, fault.UnknownOrg) {
		return none, broken(err, "entry %d is not a statement of %q", seq, s.out.Org)
	}
	if err != nil {
		return none, fmt.Errorf("entry %d: %w", seq, err)
	}
	if v.Header.Author != s.out.Org {
		return none, fault.New(fault.BadRepository, "entry %d is a statement of %q, in the log of %q", seq, v.Header.Author, s.out.Org)
	}
	entry, err := evidence.ParseEntry(e.Entry)
	switch {
	case err != nil:
		return none, broken(err, "entry %d", seq)
	case entry.Seq != seq || entry.Author != s.out.Org:
		return none, fault.New(fault.BadRepository, "entry %d says that it is entry %d of %q", seq, entry.Seq, entry.Author)
	}
	if err := entry.Audit(e.Envelope, e.Salt, v.Digest); err != nil {
		return none, broken(err, "entry %d", seq)
	}
	if v, err = s.onlyLogged(v, entry); err != nil {
		return none, fmt.Errorf("entry %d: %w", seq, err)
	}
	return v, checkBody(v)
}

// onlyLogged leaves out the signatures that the entry does not fix: a mirror may have added them.
func (s *syncing) onlyLogged(v evidence.Verified, entry evidence.Entry) (evidence.Verified, error) {
	env := onlySignatures(v.Envelope, entry.Signatures)
	if len(env.Signatures) != len(v.Envelope.Signatures) {
		var err error
		if v, err = s.roots.Again(env); err != nil {
			return v, err
		}
	}
	for _, r := range v.Tally.Signatures {
		if !slices.Contains(entry.Signatures, r) {
			return v, fault.New(fault.BadRepository, "it does not fix the signature of %s", r.Key)
		}
	}
	v.Envelope = env
	return v, nil
}

// onlySignatures returns the envelope with these signatures of it alone, each under its key's name. What
// else a mirror wrote into it is gone, so that two copies of one publication give the same result.
func onlySignatures(env evidence.Envelope, refs []evidence.SignatureRef) evidence.Envelope {
	left := make(map[model.Digest]string, len(refs))
	for _, r := range refs {
		left[r.Digest] = r.Key.Digest().Hex()
	}
	out := evidence.Envelope{PayloadType: env.PayloadType, Payload: env.Payload}
	for _, sig := range env.Signatures {
		raw, err := base64.StdEncoding.Strict().DecodeString(sig.Sig)
		d := model.DigestOf(raw)
		if id, ok := left[d]; err == nil && ok {
			out.Signatures = append(out.Signatures, evidence.Signature{KeyID: id, Sig: base64.StdEncoding.EncodeToString(raw)})
			delete(left, d)
		}
	}
	return out
}

// checkBody refuses a statement that would have effect and cannot be read.
func checkBody(v evidence.Verified) error {
	if v.Effect != evidence.Fact {
		return nil
	}
	var err error
	switch evidence.PredicateName(v.Statement.PredicateType) {
	case evidence.PredReleaseSet:
		_, err = DecodeSet(v.Statement)
	case evidence.PredWithdrawal:
		_, err = DecodeWithdrawal(v.Statement)
	case evidence.PredCompromise:
		_, err = evidence.DecodeCompromise(v.Statement)
	}
	return err
}
