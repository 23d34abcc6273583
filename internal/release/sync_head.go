package release

import (
	"fmt"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// unverified is a head as far as it can be read before anybody vouched for it.
type unverified struct {
	Envelope  evidence.Envelope
	Statement evidence.Statement
}

// parseHead reads a head file: one line with one envelope.
func parseHead(b []byte) (unverified, Head, error) {
	lines, err := parseLines(b, 1)
	if err == nil && len(lines) == 0 {
		err = fmt.Errorf("it is empty")
	}
	if err != nil {
		return unverified{}, Head{}, fault.Wrap(err, fault.BadRepository, "%q cannot be read", headPath)
	}
	env, err := evidence.ParseEnvelope(lines[0])
	if err != nil {
		return unverified{}, Head{}, err
	}
	st, err := evidence.ParseStatement(env.Payload)
	if err != nil {
		return unverified{}, Head{}, err
	}
	h, err := DecodeHead(st)
	return unverified{env, st}, h, err
}

// readHead fetches the head and the roots, moves on to the root that the head was signed under, and
// judges the head by its policy before anything else of the publication is read.
func (s *syncing) readHead() error {
	b, err := s.fetcher.Fetch(s.ctx, headPath, maxHeadFile)
	if err != nil {
		return err
	}
	raw, h, err := parseHead(b)
	if err != nil {
		return err
	}
	held, ok := s.roots.Of(h.Author)
	if !ok {
		return fault.New(fault.UnknownOrg, "the repository is that of %q, whose trust root is not held", h.Author)
	}
	if h.RootVersion <= held.Root.Version {
		// The head is judged first, so that a stripped signature is named before anything else is read.
		if err := s.judgeHead(raw); err != nil {
			return err
		}
	}
	if err := s.readRoots(held, h); err != nil {
		return err
	}
	if err := s.judgeHead(raw); err != nil {
		return err
	}
	s.out.Org, s.out.HeadBody = h.Author, h
	inForce, _ := s.roots.Of(h.Author)
	log, ok := inForce.Root.Log(evidence.LogPublication)
	if !ok {
		return fault.New(fault.BadRepository, "the trust root of %q names no publication log", h.Author)
	}
	if h.Origin != log.Origin {
		return fault.New(fault.BadRepository, "the head is about log %q, the trust root of %q names %q", h.Origin, h.Author, log.Origin)
	}
	s.log = log
	return nil
}

func (s *syncing) judgeHead(raw unverified) error {
	v, err := s.roots.Verify(raw.Envelope)
	if err != nil {
		return err
	}
	if v.Effect != evidence.Fact {
		return fault.New(fault.PolicyNotMet, "the head of %q has no effect: %s", v.Header.Author, v.Reason)
	}
	v.Envelope = onlySignatures(v.Envelope, v.Tally.Signatures)
	s.out.Head = v
	return nil
}

// readRoots takes each root up to the head's version that the one before lets follow it. Roots that are
// held already must be the same; those newer than the head belong to a publication that is being written.
func (s *syncing) readRoots(held evidence.Trusted, h Head) error {
	b, err := s.fetch(rootsPath, maxRootsFile)
	if err != nil {
		return err
	}
	lines, err := parseLines(b, maxRootVersion)
	if err != nil {
		return broken(err, "%q cannot be read", rootsPath)
	}
	known := map[int]evidence.Trusted{}
	for _, t := range s.roots.Versions(h.Author) {
		known[t.Root.Version] = t
	}
	for n, line := range lines {
		env, root, err := parseRoot(line)
		if err != nil {
			return err
		}
		if root.Author != h.Author || root.Version != n+1 {
			return fault.New(fault.BadRepository, "line %d of %q is version %d of the root of %q", n+1, rootsPath, root.Version, root.Author)
		}
		if t, ok := known[root.Version]; ok && t.Digest != env.Digest() {
			return fault.New(fault.BadRoot, "the repository shows another version %d of the root of %q than the one held", root.Version, root.Author)
		}
		if root.Version <= held.Root.Version || root.Version > h.RootVersion {
			continue
		}
		if err := held.Root.Succeeds(root, env); err != nil {
			return err
		}
		refs := append(held.Root.Policy(evidence.RoleRoot, env).Signatures, root.Policy(evidence.RoleRoot, env).Signatures...)
		env = onlySignatures(env, refs)
		held = evidence.Trusted{Root: root, Digest: env.Digest(), Confirmed: held.Confirmed}
		s.roots = withRoot(s.roots, held)
		s.out.NewRoots = append(s.out.NewRoots, env)
	}
	if len(lines) < h.RootVersion {
		return fault.New(fault.BadRepository, "version %d of the root of %q is missing in %q", h.RootVersion, h.Author, rootsPath)
	}
	return nil
}

func parseRoot(line []byte) (evidence.Envelope, evidence.Root, error) {
	env, err := evidence.ParseEnvelope(line)
	if err != nil {
		return env, evidence.Root{}, err
	}
	st, err := evidence.ParseStatement(env.Payload)
	if err != nil {
		return env, evidence.Root{}, err
	}
	root, err := evidence.DecodeRoot(st)
	return env, root, err
}

// withRoot returns the roots with one more.
func withRoot(roots *evidence.Roots, more evidence.Trusted) *evidence.Roots {
	all := []evidence.Trusted{more}
	for _, org := range roots.Orgs() {
		all = append(all, roots.Versions(org)...)
	}
	return evidence.NewRoots(roots.House, all...)
}
