package evidence

import (
	"bytes"
	"fmt"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

// Succeeds checks that next, which env holds and signs, may replace r: one version up, the same
// organisation and kind, signed under the root policies of both, no key in another job than before, and
// no family minimum lowered unless r allowed it.
func (r *Root) Succeeds(next Root, env Envelope) error {
	signed, err := openRoot(env)
	if err != nil {
		return err
	}
	if same, err := sameRoot(signed, next); err != nil || !same {
		return fault.New(fault.BadRoot, "the envelope does not hold the root of %q that it is to bring", short(next.Author))
	}
	next = signed // what was verified, not what was handed in
	if next.Author != r.Author || next.Kind != r.Kind || next.Test != r.Test {
		return fault.New(fault.BadRoot, "the new root is for %s %q, not for %s %q", next.Kind, next.Author, r.Kind, r.Author)
	}
	if next.Version != r.Version+1 {
		return fault.New(fault.BadRoot, "the root of %q goes from version %d to %d, one step up is allowed", r.Author, r.Version, next.Version)
	}
	for _, root := range []*Root{r, &next} {
		if err := root.Policy(RoleRoot, env).Err(); err != nil {
			return fault.Wrap(err, fault.PolicyNotMet, "version %d of the root of %q is not signed under the root policy of version %d", next.Version, r.Author, root.Version)
		}
	}
	if err := r.sameJobs(&next); err != nil {
		return fault.Wrap(err, fault.BadRoot, "the new root of %q cannot be used", r.Author)
	}
	if r.AllowLower {
		return nil
	}
	if err := r.keepsMinimum(&next); err != nil {
		return fault.Wrap(err, fault.BadRoot, "the new root of %q lowers a family minimum, which the old root does not allow", r.Author)
	}
	return nil
}

func openRoot(env Envelope) (Root, error) {
	if err := env.check(); err != nil {
		return Root{}, err
	}
	st, err := ParseStatement(env.Payload)
	if err != nil {
		return Root{}, err
	}
	return DecodeRoot(st)
}

func sameRoot(a, b Root) (bool, error) {
	x, err := encode(a)
	if err != nil {
		return false, err
	}
	y, err := encode(b)
	return bytes.Equal(x, y), err
}

// sameJobs refuses a key that served one role or log and now serves another: what it signed before
// would speak for the new role.
func (r *Root) sameJobs(next *Root) error {
	for id := range r.keys {
		was, is := r.RoleOf(id), next.RoleOf(id)
		if was != "" && is != "" && was != is {
			return fmt.Errorf("key %q moves from role %q to %q: a key has one job", id, was, is)
		}
	}
	for _, pair := range [][2]*Root{{r, next}, {next, r}} {
		for _, l := range pair[0].Logs {
			for _, vkey := range l.Keys {
				if id, ok := pair[1].servesRole(vkeyBytes(vkey)); ok {
					return fmt.Errorf("key %q moves between log %q and a role: a key has one job", id, l.Origin)
				}
			}
		}
	}
	return nil
}

// keepsMinimum refuses a role that asks for less of a family than it did, a role that is gone (the next
// version could bring it back with less), and a new role that asks for less than every old one did.
func (r *Root) keepsMinimum(next *Root) error {
	floor := r.Roles[0].Thresholds
	for _, old := range r.Roles {
		floor.Classical = min(floor.Classical, old.Thresholds.Classical)
		floor.PostQuantum = min(floor.PostQuantum, old.Thresholds.PostQuantum)
		now, ok := next.Role(old.Name)
		switch {
		case !ok:
			return fmt.Errorf("role %q is gone", old.Name)
		case now.Thresholds.below(old.Thresholds):
			return fmt.Errorf("role %q asked for %d classical and %d post-quantum, and now for %d and %d", old.Name,
				old.Thresholds.Classical, old.Thresholds.PostQuantum, now.Thresholds.Classical, now.Thresholds.PostQuantum)
		}
	}
	for _, role := range next.Roles {
		if _, ok := r.Role(role.Name); !ok && role.Thresholds.below(floor) {
			return fmt.Errorf("the new role %q asks for less than any role did", role.Name)
		}
	}
	return nil
}

// below reports whether t asks for fewer holders of either family than u.
func (t Thresholds) below(u Thresholds) bool {
	return t.Classical < u.Classical || t.PostQuantum < u.PostQuantum
}
