package release

import (
	"slices"
	"strings"
	"testing"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/model"
)

// scene is a transfer into which conditions are put, one verdict's after the other.
type scene struct {
	*ward
	body  string
	seen  model.Transfer
	d     model.Device
	h     had
	vouch bool
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{ward: newWard(t)}
	s.release("2.0.0", 1, nil, artifact("pump.bin", "old"))
	s.release("2.1.0", 2, nil, artifact("pump.bin", "new"))
	s.release("7", 1, func(x *Set) { x.Product = product(t, "acme/scanner") }, artifact("scan.bin", "scan"))
	sealed := artifact("sealed.bin", "plain")
	sealed.Forms = []Form{{Form: FormEncrypted}}
	s.release("3.0.0", 3, nil, sealed)
	s.book.SetThirdParties(func(host, _ string) (string, string, bool) {
		return "Debian (packages)", "a list of 2026-11-20, unverified", host == "deb.debian.org"
	})
	s.seen = model.Transfer{Time: day0, Declared: -1, Complete: true, Name: "x"}
	return s
}

// bytes sets what was sent, unless another condition did.
func (s *scene) bytes(body string) {
	if s.body == "" {
		s.body = body
	}
}

func (s *scene) judge() model.Judgement {
	s.bytes("nobody's")
	s.seen.Size = int64(len(s.body))
	if s.seen.Complete {
		s.seen.Digest = model.DigestOf([]byte(s.body))
	} else {
		s.seen.Declared = s.seen.Size + 1
	}
	return s.book.Judge(later, &s.seen, s.d, s.h)
}

// conditions make one verdict hold. They are put in from the last verdict to the first.
var conditions = map[model.Verdict]func(s *scene){
	model.Unknown:   func(*scene) {},
	model.Ambiguous: func(s *scene) { s.seen.Ambiguous = true },
	model.ThirdParty: func(s *scene) {
		s.seen.Host, s.d.Listed, s.d.Role = "deb.debian.org", true, model.Workstation
	},
	model.CannotSee:  func(s *scene) { s.seen.Name = "sealed.bin" },
	model.Incomplete: func(s *scene) { s.seen.Complete = false },
	model.Altered:    func(s *scene) { s.seen.Name, s.body = "pump.bin", "nex" },
	model.Vouched: func(s *scene) {
		s.bytes("vouched")
		s.vouch = true
		s.add(s.fact(s.hospital, evidence.RoleHouse, s.ward.vouch("v", "v.bin", s.body, day0.Add(VouchValidity))))
	},
	model.Verified: signed,
	model.Replayed: func(s *scene) {
		signed(s)
		s.d.Subject, s.h = product(s.t, "acme/pump-7"), had{set(s.t, "acme", "acme/pump-7", "2.1.0", 2).Subject()}
	},
	model.WrongDevice: func(s *scene) {
		s.bytes("old")
		s.d.Product, s.d.Listed = product(s.t, "acme/scanner"), true
	},
	model.Withdrawn: func(s *scene) {
		s.bytes("old")
		for _, v := range []string{"v", "1.9.0", "2.0.0"} {
			s.withdraw(s.hospital, set(s.t, "acme", "acme/pump-7", v, 1), "recall")
		}
	},
}

// signed gives the bytes a release that stands, which a step back needs too.
func signed(s *scene) {
	if s.bytes("old"); s.vouch {
		s.release("1.9.0", 1, nil, artifact("v.bin", s.body))
	}
}

// Of two verdicts that hold, the one that the list of verdicts has first is the transfer's.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	all := []model.Verdict{
		model.Ambiguous, model.Withdrawn, model.WrongDevice, model.Replayed, model.Verified, model.Vouched,
		model.Altered, model.Incomplete, model.CannotSee, model.ThirdParty, model.Unknown,
	}
	// Bytes that somebody signed are never compared by name, and what is incomplete matches nobody's bytes.
	matched := []model.Verdict{model.Withdrawn, model.WrongDevice, model.Replayed, model.Verified, model.Vouched}
	never := func(x, y model.Verdict) string {
		switch {
		case slices.Contains(matched, x) && slices.Index(all, y) >= slices.Index(all, model.Altered) && y != model.Unknown && y != model.ThirdParty:
			return "matched and not matched"
		case y == model.ThirdParty && (x == model.WrongDevice || x == model.Replayed):
			return "a workstation is neither"
		case x == model.Altered && (y == model.Incomplete || y == model.CannotSee):
			return "it takes every byte, and no declared form"
		}
		return ""
	}
	pairs := 0
	for i, x := range all {
		for _, y := range all[i+1:] {
			if never(x, y) != "" {
				continue
			}
			pairs++
			t.Run(string(x)+" before "+string(y), func(t *testing.T) {
				t.Parallel()
				alone := newScene(t)
				conditions[y](alone)
				if j := alone.judge(); j.Verdict != y {
					t.Fatalf("%s alone is %s: %q", y, j.Verdict, j.Why)
				}
				both := newScene(t)
				conditions[y](both)
				conditions[x](both)
				if j := both.judge(); j.Verdict != x {
					t.Errorf("%s: %q", j.Verdict, j.Why)
				}
			})
		}
	}
	if pairs < 30 {
		t.Errorf("only %d pairs", pairs)
	}
}

// What would have held too is named behind the verdict.
func TestWhyNamesWhatElseHeld(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ verdict, also model.Verdict }{
		{model.Ambiguous, model.Withdrawn},
		{model.Ambiguous, model.WrongDevice},
		{model.Ambiguous, model.Replayed},
		{model.Ambiguous, model.Altered},
		{model.Ambiguous, model.Incomplete},
		{model.Withdrawn, model.WrongDevice},
		{model.Withdrawn, model.Replayed},
		{model.WrongDevice, model.Replayed},
	} {
		s := newScene(t)
		conditions[c.also](s)
		conditions[c.verdict](s)
		j := s.judge()
		if j.Verdict != c.verdict || !says(j, "it is also "+string(c.also)+": ") {
			t.Errorf("%s with %s: %s %q", c.verdict, c.also, j.Verdict, j.Why)
		}
	}
	// A withdrawal for another product decides nothing and is told, once.
	s := newScene(t)
	other := s.release("8", 2, func(x *Set) { x.Product = product(t, "acme/scanner") }, artifact("scan.bin", "old"))
	s.withdraw(s.acme, other, "burns")
	s.body, s.d.Product, s.d.Listed = "old", product(t, "acme/pump-7"), true
	j := s.judge()
	n := 0
	for _, w := range j.Why {
		n += strings.Count(w, "the maker acme withdrew release:acme/scanner/8 on ")
	}
	if j.Verdict != model.Verified || n != 1 {
		t.Errorf("%s, told %d times: %q", j.Verdict, n, j.Why)
	}
}

func says(j model.Judgement, part string) bool {
	return slices.ContainsFunc(j.Why, func(s string) bool { return strings.Contains(s, part) })
}

// Each role, listed or taken for it, and what can be said of it.
func TestRoles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		role               model.Role
		listed             bool
		wrong, old, excuse model.Verdict
	}{
		{model.Endpoint, true, model.WrongDevice, model.Replayed, model.Unknown},
		{"", true, model.WrongDevice, model.Replayed, model.Unknown},
		{model.Workstation, true, model.Verified, model.Verified, model.ThirdParty},
		{model.Server, true, model.Verified, model.Verified, model.ThirdParty},
		{model.ServiceLaptop, true, model.Verified, model.Verified, model.ThirdParty},
		{model.Gateway, true, model.Verified, model.Verified, model.Unknown},
		{model.Relay, true, model.Verified, model.Verified, model.Unknown},
		{"", false, model.Verified, model.Replayed, model.Unknown},
		{model.Server, false, model.Verified, model.Verified, model.Unknown}, // seen serving
	} {
		for _, v := range []struct{ set, want model.Verdict }{
			{model.WrongDevice, c.wrong}, {model.Replayed, c.old}, {model.ThirdParty, c.excuse},
		} {
			s := newScene(t)
			conditions[v.set](s)
			s.d.Role, s.d.Listed = c.role, c.listed
			if j := s.judge(); j.Verdict != v.want {
				t.Errorf("%q, listed %v: %s instead of %s: %q", c.role, c.listed, j.Verdict, v.want, j.Why)
			}
		}
	}
}

// Whether a release fits is known only where the product is certain: its maker names it.
func TestFits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		product string
		listed  bool
		said    func(s *scene)
		verdict model.Verdict
		fits    model.Fit
		why     string
	}{
		"its own":                      {product: "acme/pump-7", listed: true, verdict: model.Verified, fits: model.Fits},
		"another that acme has":        {product: "acme/scanner", listed: true, verdict: model.WrongDevice, fits: model.FitsNot, why: "is listed as product:acme/scanner"},
		"not known":                    {verdict: model.Verified, fits: model.FitUnknown},
		"listed without a product":     {listed: true, verdict: model.Verified, fits: model.FitUnknown, why: "does not say which product"},
		"a model in other letters":     {product: "acme/Pump-7", listed: true, verdict: model.Verified, fits: model.FitUnknown, why: "no release that this house holds names product:acme/Pump-7"},
		"a vendor in its long name":    {product: "acme-medical-gmbh/pump-7", listed: true, verdict: model.Verified, fits: model.FitUnknown, why: "names product:acme-medical-gmbh/pump-7"},
		"a product of nobody we trust": {product: "other/scanner", listed: true, verdict: model.Verified, fits: model.FitUnknown},
		"only the house names it": {
			product: "other/scanner", listed: true, verdict: model.Verified, fits: model.FitUnknown,
			said: func(s *scene) {
				lib := set(s.t, house, "other/scanner", "lib", 1, artifact("l.xml", "lib"))
				s.add(s.fact(s.hospital, evidence.RoleHouse, lib))
			},
		},
		"its only release is not logged": {
			product: "acme/cart", listed: true, verdict: model.Verified, fits: model.FitUnknown,
			said: func(s *scene) {
				f := s.fact(s.acme, evidence.RoleRelease, set(s.t, "acme", "acme/cart", "1", 1, artifact("c.bin", "cart")))
				f.Logged = false
				s.add(f)
			},
		},
	} {
		s := newScene(t)
		s.body, s.d.Listed = "old", c.listed
		if c.product != "" {
			s.d.Product = product(t, c.product)
		}
		if c.said != nil {
			c.said(s)
		}
		if j := s.judge(); j.Verdict != c.verdict || j.Fits != c.fits || c.why != "" && !says(j, c.why) {
			t.Errorf("%s: %s, fits %q: %q", name, j.Verdict, j.Fits, j.Why)
		}
	}
	s := newScene(t)
	if j := s.judge(); j.Fits != model.FitUnknown {
		t.Errorf("nobody's bytes fit: %q", j.Fits)
	}
}
