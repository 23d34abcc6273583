package evidence

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
)

// Bounds on a root.
const (
	maxRootKeys    = 128
	maxRootVersion = 1 << 30
	maxHolder      = 256 // bytes
	maxRoleName    = 63  // bytes
	maxWitnesses   = 64
)

// check says what is wrong with a root, and fills the parsed keys.
func (r *Root) check() error {
	if len(r.Author) > maxHolder {
		return fmt.Errorf("an organisation name of %d bytes is too long", len(r.Author))
	}
	if err := model.CheckOrg(r.Author); err != nil {
		return err
	}
	switch {
	case r.Kind != Maker && r.Kind != Hospital:
		return fmt.Errorf("kind %q is neither maker nor hospital", short(string(r.Kind)))
	case r.Version < 1 || r.Version > maxRootVersion:
		return fmt.Errorf("version %d is outside 1 to %d", r.Version, maxRootVersion)
	case !wholeUTC(r.Issued) || !wholeUTC(r.Expires):
		return fmt.Errorf("issued and expires must be whole seconds in UTC")
	case !r.Expires.After(r.Issued):
		return fmt.Errorf("it expires before it is issued")
	case r.Witness.Threshold < 0 || r.Witness.Threshold > len(r.Witness.Keys) || len(r.Witness.Keys) > maxWitnesses:
		return fmt.Errorf("%d of %d witnesses cannot be asked for", r.Witness.Threshold, len(r.Witness.Keys))
	}
	if err := r.checkKeys(); err != nil {
		return err
	}
	if err := r.checkRoles(); err != nil {
		return err
	}
	return r.checkLogs()
}

func wholeUTC(t time.Time) bool {
	_, offset := t.Zone()
	return !t.IsZero() && t.Nanosecond() == 0 && offset == 0
}

func (r *Root) checkKeys() error {
	if len(r.Keys) == 0 || len(r.Keys) > maxRootKeys {
		return fmt.Errorf("%d keys are outside 1 to %d", len(r.Keys), maxRootKeys)
	}
	r.keys = make(map[model.Subject]Key, len(r.Keys))
	for _, rk := range r.Keys {
		k, err := ParseKey(rk.SPKI)
		if err != nil {
			return err
		}
		if k.ID != rk.ID {
			return fmt.Errorf("key %q does not have the identity it is listed under", rk.ID)
		}
		if _, twice := r.keys[k.ID]; twice {
			return fmt.Errorf("key %q is listed twice", k.ID)
		}
		if rk.Holder == "" || len(rk.Holder) > maxHolder {
			return fmt.Errorf("key %q needs a holder of 1 to %d bytes", k.ID, maxHolder)
		}
		r.keys[k.ID] = k
	}
	return nil
}

func (r *Root) checkRoles() error {
	owner := map[model.Subject]string{}
	names := map[string]bool{}
	for _, role := range r.Roles {
		if !isRoleName(role.Name) {
			return fmt.Errorf("role name %q may hold a-z, 0-9 and -", short(role.Name))
		}
		if names[role.Name] {
			return fmt.Errorf("role %q is listed twice", role.Name)
		}
		names[role.Name] = true
		for _, id := range role.Keys {
			if _, ok := r.keys[id]; !ok {
				return fmt.Errorf("role %q names key %q, which the root does not hold", role.Name, id)
			}
			if other, used := owner[id]; used {
				return fmt.Errorf("key %q serves both %q and %q: a key has one job", id, other, role.Name)
			}
			owner[id] = role.Name
		}
		if err := r.checkThresholds(role); err != nil {
			return err
		}
	}
	if !names[RoleRoot] {
		return fmt.Errorf("there is no role %q", RoleRoot)
	}
	return nil
}

// isRoleName keeps the dot out: the graph names the halves of a role "<role>.classical" and so on.
func isRoleName(s string) bool {
	return s != "" && len(s) <= maxRoleName && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && s[0] != '-'
}

func (r *Root) checkThresholds(role Role) error {
	most := r.count(role, func(model.Subject) bool { return true })
	t := role.Thresholds
	switch {
	case t.Classical < 0 || t.PostQuantum < 0 || t.Classical == 0 && t.PostQuantum == 0:
		return fmt.Errorf("role %q has no threshold", role.Name)
	case most.Classical < t.Classical || most.PostQuantum < t.PostQuantum || t.Classical+t.PostQuantum > maxSignatures:
		return fmt.Errorf("role %q can never meet its threshold", role.Name)
	}
	return nil
}

// checkLogs wants a log for a purpose at most once, and keys that sign checkpoints and nothing else.
func (r *Root) checkLogs() error {
	purposes, origins, used := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, l := range r.Logs {
		if l.Purpose != LogHouse && l.Purpose != LogPublication {
			return fmt.Errorf("log purpose %q is neither house nor publication", short(l.Purpose))
		}
		if err := l.Check(); err != nil {
			return err
		}
		if purposes[l.Purpose] || origins[l.Origin] {
			return fmt.Errorf("log %q is listed twice: each purpose has one log, apart from the others", l.Origin)
		}
		purposes[l.Purpose], origins[l.Origin] = true, true
		for _, vkey := range l.Keys {
			raw := vkeyBytes(vkey)
			if used[string(raw)] {
				return fmt.Errorf("log %q shares a key with another log: a key has one job", l.Origin)
			}
			used[string(raw)] = true
			if id, ok := r.servesRole(raw); ok {
				return fmt.Errorf("key %q signs for log %q and for a role: a key has one job", id, l.Origin)
			}
		}
	}
	return nil
}

// vkeyBytes returns type and key of a checked C2SP vkey, name+hash+base64, whatever its name. The base64
// may hold a + itself.
func vkeyBytes(vkey string) []byte {
	parts := strings.SplitN(vkey, "+", 3)
	raw, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if err != nil {
		return nil
	}
	return raw
}

// servesRole reports whether a log's Ed25519 key is also one of the root's keys. ML-DSA-44 is no key of
// a role anyway.
func (r *Root) servesRole(raw []byte) (model.Subject, bool) {
	if len(raw) != 1+ed25519.PublicKeySize || raw[0] != noteTypeEd25519 {
		return model.Subject{}, false
	}
	k, err := NewKey(ed25519.PublicKey(raw[1:]))
	if err != nil {
		return model.Subject{}, false
	}
	_, held := r.keys[k.ID]
	return k.ID, held
}
