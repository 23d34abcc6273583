package evidence_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// council is a root whose one role has many keys, with every key's good signature made beforehand.
type council struct {
	root    evidence.Root
	payload []byte
	pens    []pen
	holder  []string
	good    [][]byte
	foreign []byte // by a key that the root does not hold
	other   []byte // by the first key, over something else
}

var (
	classicalAlgs = []evidence.Algorithm{evidence.Ed25519, evidence.ECDSAP256, evidence.Ed25519, evidence.ECDSAP384, evidence.Ed25519}
	quantumAlgs   = []evidence.Algorithm{evidence.MLDSA65, evidence.MLDSA87, evidence.MLDSA65, evidence.MLDSA65, evidence.MLDSA87}
)

func newCouncil(t testing.TB, pool []pen, stranger pen, holder func(i int) string, need func(most evidence.Thresholds) evidence.Thresholds) council {
	t.Helper()
	a := &actor{pens: map[string][]pen{}, root: evidence.Root{
		Header: evidence.Header{Author: "acme", Issued: issued}, Kind: evidence.Maker, Version: 1, Expires: issued.AddDate(1, 0, 0),
	}}
	a.role(evidence.RoleRoot, evidence.Thresholds{}, pool...)
	c := council{pens: pool}
	for i := range pool {
		a.root.Keys[i].Holder = holder(i)
		c.holder = append(c.holder, holder(i))
	}
	a.root.Roles[0].Thresholds = need(c.brute(1<<len(pool) - 1))
	var err error
	c.payload = rootPayload(t, a.root)
	if c.root, err = decodeRoot(c.payload); err != nil {
		t.Fatal(err)
	}
	pae := evidence.Envelope{PayloadType: evidence.PayloadType, Payload: c.payload}.PAE()
	for _, p := range pool {
		c.good = append(c.good, mustSign(t, p, pae))
	}
	c.foreign = mustSign(t, stranger, pae)
	c.other = mustSign(t, pool[0], append(pae, '!'))
	return c
}

func mustSign(t testing.TB, p pen, message []byte) []byte {
	t.Helper()
	sig, err := p.Sign(message)
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

// brute counts, the slow way, the holders behind a set of keys.
func (c council) brute(mask int) evidence.Thresholds {
	names := map[bool][]string{}
	for i, p := range c.pens {
		quantum := strings.HasPrefix(string(p.key.Algorithm), "ml-dsa")
		if mask>>i&1 == 1 && !slices.Contains(names[quantum], c.holder[i]) {
			names[quantum] = append(names[quantum], c.holder[i])
		}
	}
	return evidence.Thresholds{Classical: len(names[false]), PostQuantum: len(names[true])}
}

// envelope holds the good signatures of mask among everything that must not count.
func (c council) envelope(mask int, rnd *rand.Rand) evidence.Envelope {
	b64 := base64.StdEncoding.EncodeToString
	env := evidence.Envelope{PayloadType: evidence.PayloadType, Payload: c.payload}
	add := func(id, sig string) { env.Signatures = append(env.Signatures, evidence.Signature{KeyID: id, Sig: sig}) }
	id := func() string { return c.pens[rnd.IntN(len(c.pens))].key.ID.Digest().Hex() } // right only by chance
	for i, sig := range c.good {
		if mask>>i&1 == 1 {
			switch rnd.IntN(3) {
			case 0:
				add(c.pens[i].key.ID.Digest().Hex(), b64(sig))
			case 1:
				add(id(), b64(sig))
				add("no such key", b64(sig))
			default:
				add("", b64(sig))
			}
			continue
		}
		bad := slices.Clone(sig)
		bad[rnd.IntN(len(bad))] ^= 1 << rnd.IntN(8)
		switch rnd.IntN(4) {
		case 0:
			add(c.pens[i].key.ID.Digest().Hex(), b64(bad))
		case 1:
			add(c.pens[i].key.ID.Digest().Hex(), b64(sig)+"!")
		case 2:
			add(c.pens[i].key.ID.Digest().Hex(), b64(sig)[:40])
		}
	}
	add(id(), b64(c.foreign))
	add(id(), b64(c.other))
	add(id(), "not base64 \x00")
	add(id(), "")
	rnd.Shuffle(len(env.Signatures), func(i, j int) {
		env.Signatures[i], env.Signatures[j] = env.Signatures[j], env.Signatures[i]
	})
	return env
}

// check compares the policy's answer on one subset with brute force.
func (c council) check(mask int, env evidence.Envelope) error {
	want := c.brute(mask)
	tally := c.root.Policy(evidence.RoleRoot, env)
	if diff := cmp.Diff(want, tally.Holders); diff != "" {
		return fmt.Errorf("keys %b: holders (-brute force +policy):\n%s", mask, diff)
	}
	var ids, got []string
	for i, p := range c.pens {
		if mask>>i&1 == 1 {
			ids = append(ids, p.key.ID.String())
		}
	}
	for _, ref := range tally.Signatures {
		got = append(got, ref.Key.String())
	}
	slices.Sort(ids)
	if diff := cmp.Diff(ids, got); diff != "" {
		return fmt.Errorf("keys %b: (-signed +counted):\n%s", mask, diff)
	}
	need := c.root.Roles[0].Thresholds
	met := want.Classical >= need.Classical && want.PostQuantum >= need.PostQuantum
	if tally.Met() != met {
		return fmt.Errorf("keys %b: met is %v, of %+v %+v are needed", mask, tally.Met(), want, need)
	}
	return checkMissing(tally.Err(), want, need)
}

// checkMissing wants each family that is short to be named in the error, and no other.
func checkMissing(err error, have, need evidence.Thresholds) error {
	text := fmt.Sprint(err)
	if strings.Contains(text, "missing classical") != (have.Classical < need.Classical) ||
		strings.Contains(text, "missing post-quantum") != (have.PostQuantum < need.PostQuantum) {
		return fmt.Errorf("of %+v %+v are needed, and the error says %q", have, need, text)
	}
	if err != nil && !errors.Is(err, fault.PolicyNotMet) {
		return fmt.Errorf("%q is not PolicyNotMet", text)
	}
	return nil
}

func pool(t testing.TB, classical, quantum int) []pen {
	t.Helper()
	var out []pen
	for i := range classical {
		out = append(out, newPen(t, classicalAlgs[i]))
	}
	for i := range quantum {
		out = append(out, newPen(t, quantumAlgs[i]))
	}
	return out
}

func TestPolicyEverySubset(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	stranger := newPen(t, evidence.MLDSA65)
	for _, shared := range []bool{false, true} {
		holder := func(i int) string { return fmt.Sprint("holder ", i) }
		if shared {
			holder = func(i int) string { return fmt.Sprint("holder ", i/2) } // also across the families
		}
		c := newCouncil(t, pool(t, 3, 3), stranger, holder, func(most evidence.Thresholds) evidence.Thresholds {
			return evidence.Thresholds{Classical: 2, PostQuantum: min(2, most.PostQuantum)}
		})
		for mask := range 1 << len(c.pens) {
			if err := c.check(mask, c.envelope(mask, rnd)); err != nil {
				t.Fatalf("shared holders %v: %v", shared, err)
			}
		}
	}
}

func TestPolicyAgainstBruteForce(t *testing.T) {
	t.Parallel()
	pens := pool(t, 5, 5)
	stranger := newPen(t, evidence.Ed25519)
	rapid.Check(t, func(rt *rapid.T) {
		nc, nq := rapid.IntRange(1, 5).Draw(rt, "classical"), rapid.IntRange(1, 5).Draw(rt, "quantum")
		mine := slices.Concat(pens[:nc], pens[5:5+nq])
		names := rapid.SliceOfN(rapid.SampledFrom([]string{"ada", "bob", "eve"}), nc+nq, nc+nq).Draw(rt, "holders")
		alone := rapid.Bool().Draw(rt, "own holders")
		c := newCouncil(t, mine, stranger, func(i int) string {
			if alone {
				return fmt.Sprint(i)
			}
			return names[i]
		}, func(most evidence.Thresholds) evidence.Thresholds {
			need := evidence.Thresholds{
				Classical:   rapid.IntRange(0, most.Classical).Draw(rt, "need classical"),
				PostQuantum: rapid.IntRange(0, most.PostQuantum).Draw(rt, "need quantum"),
			}
			if need == (evidence.Thresholds{}) {
				need.Classical = 1
			}
			return need
		})
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		for range 2 { // the arithmetic is slow: two subsets in full
			mask := rapid.IntRange(0, 1<<len(mine)-1).Draw(rt, "mask")
			if err := c.check(mask, c.envelope(mask, rnd)); err != nil {
				rt.Fatal(err)
			}
		}
		all := c.root.Policy(evidence.RoleRoot, c.envelope(1<<len(mine)-1, rnd)).Signatures
		for mask := range 1 << len(mine) { // and every subset by recount
			tally := c.root.Recount(evidence.RoleRoot, append(all, all...), func(k model.Subject) bool {
				return mask>>slices.IndexFunc(mine, func(p pen) bool { return p.key.ID == k })&1 == 0
			})
			if want := c.brute(mask); tally.Holders != want || len(tally.Signatures) != bits.OnesCount(uint(mask)) {
				rt.Fatalf("keys %b: recount says %+v of %d keys, brute force %+v", mask, tally.Holders, len(tally.Signatures), want)
			}
		}
	})
}

func TestStrippingAFamilyFailsByPolicy(t *testing.T) {
	t.Parallel()
	acme := cast(t, "acme", evidence.Maker, makerRoles...)
	roots := evidence.NewRoots("ward", acme.trusted())
	whole := acme.say(t, evidence.RoleRelease, evidence.PredReleaseSet, subject(t, "release:acme/pump/1"))
	if v, err := roots.Verify(whole); err != nil || v.Effect != evidence.Fact {
		t.Fatalf("the whole envelope: %v %v", v.Effect, err)
	}
	second := sign(t, whole.Payload, newPen(t, evidence.Ed25519)).Signatures[0]
	for _, tc := range []struct {
		name string
		sigs []evidence.Signature
		want []string
	}{
		{"no post-quantum", whole.Signatures[:1], []string{"missing post-quantum"}},
		{"no classical", whole.Signatures[1:], []string{"missing classical"}},
		{"none", nil, []string{"missing classical", "missing post-quantum"}},
		{"classical twice", []evidence.Signature{whole.Signatures[0], whole.Signatures[0]}, []string{"missing post-quantum"}},
		{"a foreign classical for the post-quantum", []evidence.Signature{whole.Signatures[0], second}, []string{"missing post-quantum"}},
		{"classical under the other's id", []evidence.Signature{
			whole.Signatures[0],
			{KeyID: whole.Signatures[1].KeyID, Sig: whole.Signatures[0].Sig},
		}, []string{"missing post-quantum"}},
	} {
		env := whole
		env.Signatures = tc.sigs
		_, err := roots.Verify(env)
		if !errors.Is(err, fault.PolicyNotMet) || fault.ExitOf(err) != fault.ExitVerify {
			t.Errorf("%s: error %v, exit %d", tc.name, err, fault.ExitOf(err))
		}
		for _, w := range tc.want {
			if !strings.Contains(fmt.Sprint(err), w) {
				t.Errorf("%s: %q does not say %q", tc.name, err, w)
			}
		}
	}
}

func TestTwoSignaturesOfOneKeyCountOnce(t *testing.T) {
	t.Parallel()
	a, b, q := newPen(t, evidence.ECDSAP256), newPen(t, evidence.Ed25519), newPen(t, evidence.MLDSA65)
	c := newCouncil(t, []pen{a, b, q}, q, func(i int) string { return fmt.Sprint(i) }, func(evidence.Thresholds) evidence.Thresholds {
		return evidence.Thresholds{Classical: 2, PostQuantum: 1}
	})
	env := sign(t, c.payload, a, a, a, q, q) // ECDSA and ML-DSA are randomised: these are five signatures
	env.Signatures[1].KeyID = b.key.ID.Digest().Hex()
	tally := c.root.Policy(evidence.RoleRoot, env)
	if want := (evidence.Thresholds{Classical: 1, PostQuantum: 1}); tally.Holders != want || tally.Met() || len(tally.Signatures) != 2 {
		t.Errorf("holders %+v of %d keys, want %+v of 2", tally.Holders, len(tally.Signatures), want)
	}
}

func TestPolicyOfAnUnknownRole(t *testing.T) {
	t.Parallel()
	acme := cast(t, "acme", evidence.Maker, makerRoles...)
	if err := acme.root.Policy("stranger", acme.env).Err(); !errors.Is(err, fault.PolicyNotMet) {
		t.Errorf("an unknown role: %v", err)
	}
	if err := (evidence.Tally{}).Err(); err == nil {
		t.Error("the zero tally is met")
	}
	var unread evidence.Root
	if unread.Policy(evidence.RoleRoot, acme.env).Met() {
		t.Error("a root that nobody read meets a policy")
	}
}

func TestPolicyRefusesAnotherPayloadType(t *testing.T) {
	t.Parallel()
	acme := cast(t, "acme", evidence.Maker, makerRoles...)
	roots := evidence.NewRoots("ward", acme.trusted())
	env := evidence.Envelope{PayloadType: "application/json", Payload: acme.env.Payload}
	for _, p := range acme.pens[evidence.RoleRoot] {
		env.Signatures = append(env.Signatures, evidence.Signature{Sig: base64.StdEncoding.EncodeToString(mustSign(t, p, env.PAE()))})
	}
	if _, err := roots.Verify(env); !errors.Is(err, fault.BadEnvelope) {
		t.Errorf("good signatures over another payload type: %v", err)
	}
	if acme.root.Policy(evidence.RoleRoot, env).Met() {
		t.Error("another payload type meets the policy")
	}
}
