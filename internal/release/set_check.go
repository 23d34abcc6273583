package release

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/model"
)

// Limits of a release set.
const (
	maxArtifacts  = 1024
	maxLength     = 64 << 30 // bytes of one artifact
	maxForms      = 64
	maxMembers    = 4096
	maxList       = 256
	maxCounter    = 1<<53 - 1 // exact in every JSON reader
	maxSetPayload = evidence.MaxPayload
)

func (s Set) check() error {
	if err := checkHeader(s.Header); err != nil {
		return err
	}
	if s.Product.Kind() != model.KindProduct {
		return fmt.Errorf("%q is not a product", s.Product)
	}
	if err := checkVersion(s.Version); err != nil {
		return err
	}
	r, err := model.ReleaseOf(s.Author, s.Product, s.Version)
	if err != nil {
		return err
	}
	if r.Parts()[2] != s.Version {
		return fmt.Errorf("version %q is not in Unicode normal form C", s.Version)
	}
	switch {
	case !slices.Contains(Kinds[:], s.Kind):
		return fmt.Errorf("kind %q is none of %q", s.Kind, Kinds)
	case s.Counter < 1 || s.Counter > maxCounter:
		return fmt.Errorf("counter %d is outside 1 to 2^53-1", s.Counter)
	case len(s.Artifacts) == 0 || len(s.Artifacts) > maxArtifacts:
		return fmt.Errorf("%d artifacts are outside 1 to %d", len(s.Artifacts), maxArtifacts)
	}
	names := make(map[string]bool, len(s.Artifacts))
	for _, a := range s.Artifacts {
		if err := a.check(); err != nil {
			return fmt.Errorf("artifact %q: %w", a.Name, err)
		}
		if names[a.Name] {
			return fmt.Errorf("artifact %q is listed twice", a.Name)
		}
		names[a.Name] = true
	}
	return s.checkLists()
}

func (s Set) checkLists() error {
	if err := checkList("host", s.Hosts, checkHost); err != nil {
		return err
	}
	if err := checkList("hardware id", s.HardwareIDs, checkText); err != nil {
		return err
	}
	if s.MinVersion != "" {
		if err := checkVersion(s.MinVersion); err != nil {
			return fmt.Errorf("minimum version: %w", err)
		}
	}
	if slices.Contains(s.StepsBack, s.Version) {
		return fmt.Errorf("a step back from version %q to itself", s.Version)
	}
	return checkList("step back", s.StepsBack, checkVersion)
}

func checkList(what string, list []string, check func(string) error) error {
	if len(list) > maxList {
		return fmt.Errorf("%d entries for %s are more than %d", len(list), what, maxList)
	}
	for i, v := range list {
		if err := check(v); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if slices.Contains(list[:i], v) {
			return fmt.Errorf("%s %q is listed twice", what, v)
		}
	}
	return nil
}

func (a Artifact) check() error {
	if err := checkName(a.Name); err != nil {
		return err
	}
	if err := checkBytes(a.Length, a.SHA256); err != nil {
		return err
	}
	if b, err := hex.DecodeString(a.SHA512); err != nil || len(b) != 64 || hex.EncodeToString(b) != a.SHA512 {
		return errors.New("its SHA-512 is not 128 lower-case hex digits")
	}
	if a.Blocks != nil {
		if a.Blocks.SHA256.IsZero() || a.Blocks.Length < 1 || a.Blocks.Length > maxBlockFile {
			return fmt.Errorf("its block file of %d bytes is outside 1 to %d or has no digest", a.Blocks.Length, maxBlockFile)
		}
	}
	if len(a.Forms) > maxForms {
		return fmt.Errorf("%d forms are more than %d", len(a.Forms), maxForms)
	}
	for _, f := range a.Forms {
		if err := f.check(); err != nil {
			return fmt.Errorf("form %q: %w", f.Form, err)
		}
	}
	return nil
}

func checkBytes(length int64, d model.Digest) error {
	switch {
	case length < 1 || length > maxLength:
		return fmt.Errorf("a length of %d bytes is outside 1 to %d", length, int64(maxLength))
	case d.IsZero():
		return errors.New("it has no SHA-256")
	}
	return nil
}

func (f Form) check() error {
	if f.Name != "" {
		if err := checkName(f.Name); err != nil {
			return err
		}
	}
	switch f.Form {
	case FormArchive:
		if f.From != "" || f.Length != 0 || !f.SHA256.IsZero() {
			return errors.New("an archive has members only")
		}
		return f.checkMembers()
	case FormDelta:
		if len(f.Members) > 0 || f.Truncated {
			return errors.New("a delta has no members")
		}
		if err := checkVersion(f.From); err != nil {
			return err
		}
		return checkBytes(f.Length, f.SHA256)
	case FormEncrypted:
		if f.From != "" || f.Length != 0 || !f.SHA256.IsZero() || len(f.Members) > 0 || f.Truncated {
			return errors.New("bytes that differ for each device have only a name")
		}
		return nil
	}
	return errors.New("it is not a delivery form")
}

func (f Form) checkMembers() error {
	switch {
	case len(f.Members) > maxMembers:
		return fmt.Errorf("%d members are more than %d", len(f.Members), maxMembers)
	case f.Truncated && len(f.Members) > 0:
		return errors.New("members are listed whole or not at all")
	}
	seen := make(map[string]bool, len(f.Members))
	for _, m := range f.Members {
		if err := checkMemberName(m.Name); err != nil {
			return err
		}
		if seen[m.Name] {
			return fmt.Errorf("member %q is listed twice", m.Name)
		}
		seen[m.Name] = true
		if m.Length < 0 || m.Length > maxUnpacked || m.SHA256.IsZero() {
			return fmt.Errorf("member %q of %d bytes is too large or has no digest", m.Name, m.Length)
		}
	}
	return nil
}
