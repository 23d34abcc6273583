package release

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// ward is a hospital with a maker it trusts and what both said.
type ward struct {
	t        testing.TB
	acme     *actor
	hospital *actor
	roots    *evidence.Roots
	book     *Book
	seq      int64
}

func newWard(t testing.TB) *ward {
	t.Helper()
	w := &ward{t: t, acme: newActor(t, "acme", evidence.Maker), hospital: newActor(t, house, evidence.Hospital), book: NewBook(house)}
	w.roots = rootsOf(w.acme, w.hospital)
	w.book.SetFreshness("acme", Freshness{Expires: day0.Add(HeadValidity), SyncedAt: day0, Counter: 1})
	return w
}

func (w *ward) fact(a *actor, role string, p payloader) Fact {
	w.t.Helper()
	w.seq++
	return factOf(w.t, w.roots, a.say(w.t, role, p), w.seq, true)
}

func (w *ward) add(f Fact) {
	w.t.Helper()
	if err := w.book.Add(f); err != nil {
		w.t.Fatal(err)
	}
}

// release adds a release of the maker and returns it.
func (w *ward) release(version string, counter int64, change func(*Set), arts ...Artifact) Set {
	w.t.Helper()
	s := set(w.t, "acme", "acme/pump-7", version, counter, arts...)
	if change != nil {
		change(&s)
	}
	w.add(w.fact(w.acme, evidence.RoleRelease, s))
	return s
}

func (w *ward) vouch(version, name, body string, expires time.Time) Vouch {
	return Vouch{
		Header: evidence.Header{Author: house, Issued: day0}, Product: product(w.t, "acme/pump-7"), Version: version,
		Release: set(w.t, "acme", "acme/pump-7", version, 1).Subject(), Source: "DVD from the representative",
		Expires: expires, Artifact: Vouched{name, int64(len(body)), model.DigestOf([]byte(body))},
	}
}

func (w *ward) withdraw(a *actor, s Set, reason string) {
	w.t.Helper()
	role := evidence.RoleRecall
	if a == w.hospital {
		role = evidence.RoleHouse
	}
	w.add(w.fact(a, role, Withdrawal{evidence.Header{Author: a.root.Author, Issued: day0}, s.Subject(), reason}))
}

// seen is a complete transfer of a file.
func seen(name, body string) model.Transfer {
	return model.Transfer{
		Time: day0, Name: name, Size: int64(len(body)), Declared: int64(len(body)), Complete: true, Digest: model.DigestOf([]byte(body)),
	}
}

// had is a history in which a device had these releases.
type had []model.Subject

func (h had) Received(model.Subject, time.Time) []model.Subject { return h }

var later = day0.Add(2 * time.Hour)

func TestJudge(t *testing.T) {
	t.Parallel()
	pump := func(t testing.TB) model.Device { return model.Device{Product: product(t, "acme/pump-7"), Listed: true} }
	encoded := seen("x", "gzip of it")
	encoded.EntityDigest = model.DigestOf([]byte("new"))
	partial := seen("pump.bin", "ne")
	partial.Complete, partial.Digest, partial.Declared = false, model.Digest{}, 3
	unclear := seen("pump.bin", "new")
	unclear.Ambiguous = true
	unchecked := seen("pump.bin", "new")
	unchecked.Unchecked = true
	fromHost := seen("pump.bin", "longer than it was")
	fromHost.Host = "update.acme.test"
	scanner := func(w *ward) { // acme has such a product
		w.release("7", 1, func(s *Set) { s.Product = product(w.t, "acme/scanner") }, artifact("scan.bin", "scan"))
	}
	for name, c := range map[string]struct {
		said    func(w *ward)
		t       model.Transfer
		d       model.Device
		h       History
		now     time.Time
		verdict model.Verdict
		release string
		why     []string // parts of what it says
	}{
		"signed":              {t: seen("pump.bin", "new"), verdict: model.Verified, release: "2.1.0", why: []string{"the maker acme signed these bytes as release:acme/pump-7/2.1.0 (Ed25519 and ML-DSA-65, held by this house since 2026-11-20T12:02:00Z)", "is less than a day old"}},
		"signed, other name":  {t: seen("x", "new"), verdict: model.Verified, release: "2.1.0"},
		"signed, its product": {t: seen("x", "new"), d: pump(t), verdict: model.Verified, release: "2.1.0"},
		"signed, unchecked":   {t: unchecked, verdict: model.Verified, release: "2.1.0", why: []string{"whose checksum could not be checked"}},
		"once decoded":        {t: encoded, verdict: model.Verified, release: "2.1.0", why: []string{"these bytes once decoded"}},
		"ambiguous":           {t: unclear, verdict: model.Ambiguous, release: "2.1.0", why: []string{"may have kept other bytes", "the maker acme signed these bytes"}},
		"nobody's":            {t: seen("x", "y"), verdict: model.Unknown, why: []string{"no organisation that this house trusts has signed these bytes"}},
		"nobody's, one name":  {t: seen("pump.bin", "longer than it was"), verdict: model.Unknown},
		"no name":             {t: seen("", "nex"), verdict: model.Unknown},
		"name and size": {t: seen("pump.bin", "nex"), verdict: model.Altered, release: "2.1.0", why: []string{
			`"pump.bin" has the name and the size of the file that acme signed as pump-7 2.1.0, but other bytes`,
			"it has the name and the size of an artifact of release:acme/pump-7/2.1.0, and its bytes differ",
		}},
		"name and host": {
			said: func(w *ward) {
				w.release("2.2.0", 3, func(s *Set) { s.Hosts = []string{"update.acme.test"} }, artifact("pump.bin", "newest"))
			},
			t: fromHost, verdict: model.Altered, release: "2.2.0", why: []string{"the name and a host"},
		},
		"name and product":      {t: seen("pump.bin", "longer than it was"), d: pump(t), verdict: model.Altered, release: "2.1.0", why: []string{"the name and the product"}},
		"incomplete":            {t: partial, verdict: model.Incomplete, release: "2.1.0", why: []string{"2 of 3 bytes were seen", "the name and the size"}},
		"incomplete, no length": {t: model.Transfer{Name: "x", Declared: -1, Size: 4}, verdict: model.Incomplete, why: []string{"not every byte was seen"}},
		"wrong device":          {said: scanner, t: seen("pump.bin", "new"), d: model.Device{Product: product(t, "acme/scanner"), Listed: true}, verdict: model.WrongDevice, release: "2.1.0", why: []string{"this device is listed as product:acme/scanner", "signed these bytes"}},
		"another product, not listed": {
			t: seen("pump.bin", "new"), d: model.Device{Product: product(t, "acme/scanner")}, verdict: model.Verified, release: "2.1.0",
		},
		"listed, product not known": {t: seen("pump.bin", "new"), d: model.Device{Listed: true}, verdict: model.Verified, release: "2.1.0"},
		"one file of two products": {
			said: func(w *ward) {
				w.release("7", 1, func(s *Set) { s.Product = product(w.t, "acme/scanner") }, artifact("scan.bin", "new"))
			},
			t: seen("pump.bin", "new"), d: model.Device{Product: product(t, "acme/scanner"), Listed: true}, verdict: model.Verified, release: "scanner/7",
		},
		"withdrawn by its maker": {
			said: func(w *ward) { w.withdraw(w.acme, set(w.t, "acme", "acme/pump-7", "2.1.0", 1), "battery") },
			t:    seen("pump.bin", "new"), verdict: model.Withdrawn, release: "2.1.0", why: []string{"the maker acme withdrew release:acme/pump-7/2.1.0 on", ": battery", "signed these bytes"},
		},
		"held back by the house": {
			said: func(w *ward) { w.withdraw(w.hospital, set(w.t, "acme", "acme/pump-7", "2.1.0", 1), "recall notice 7") },
			t:    seen("pump.bin", "new"), verdict: model.Withdrawn, release: "2.1.0", why: []string{"this house holds back release:acme/pump-7/2.1.0", "recall notice 7"},
		},
		"withdrawn before wrong device": {
			said: func(w *ward) {
				scanner(w)
				w.withdraw(w.acme, set(w.t, "acme", "acme/pump-7", "2.1.0", 1), "battery")
			},
			t: seen("pump.bin", "new"), d: model.Device{Product: product(t, "acme/scanner"), Listed: true}, verdict: model.Withdrawn, release: "2.1.0",
			why: []string{"it is also wrong-device: "},
		},
		"withdrawn for another product": {
			said: func(w *ward) {
				s := w.release("7", 1, func(s *Set) { s.Product = product(w.t, "acme/scanner") }, artifact("scan.bin", "new"))
				w.withdraw(w.acme, s, "battery")
			},
			t: seen("pump.bin", "new"), d: pump(t), verdict: model.Verified, release: "2.1.0",
		},
		"a withdrawal under suspect keys": {
			said: func(w *ward) {
				f := w.fact(w.acme, evidence.RoleRecall, Withdrawal{evidence.Header{Author: "acme", Issued: day0}, set(w.t, "acme", "acme/pump-7", "2.1.0", 1).Subject(), "x"})
				f.Suspect = errors.New("it rests on a stolen key")
				w.add(f)
			},
			t: seen("pump.bin", "new"), verdict: model.Verified, release: "2.1.0", why: []string{"a withdrawal of release:acme/pump-7/2.1.0 does not count: it rests on a stolen key"},
		},
		"ambiguous before withdrawn": {
			said: func(w *ward) { w.withdraw(w.acme, set(w.t, "acme", "acme/pump-7", "2.1.0", 1), "battery") },
			t:    unclear, verdict: model.Ambiguous, release: "2.1.0",
		},
		"replayed": {
			t: seen("pump.bin", "old"), h: had{set(t, "acme", "acme/pump-7", "2.1.0", 1).Subject()}, d: model.Device{Subject: product(t, "acme/pump-7")},
			verdict: model.Replayed, release: "2.0.0", why: []string{"has counter 1, and this device had release:acme/pump-7/2.1.0 with counter 2"},
		},
		"replayed to what is recorded as running newer": {
			t: seen("pump.bin", "old"), d: model.Device{Product: product(t, "acme/pump-7"), Running: "2.1.0", Listed: true},
			verdict: model.Replayed, release: "2.0.0", why: []string{"the device list records that this device runs release:acme/pump-7/2.1.0 with counter 2"},
		},
		"recorded as running what it fetches": {
			t: seen("pump.bin", "old"), d: model.Device{Product: product(t, "acme/pump-7"), Running: "2.0.0", Listed: true}, verdict: model.Verified, release: "2.0.0",
		},
		"recorded as running what nobody published": {
			t: seen("pump.bin", "old"), d: model.Device{Product: product(t, "acme/pump-7"), Running: "9", Listed: true}, verdict: model.Verified, release: "2.0.0",
		},
		"a server that is recorded as running newer": {
			t: seen("pump.bin", "old"), d: model.Device{Product: product(t, "acme/pump-7"), Running: "2.1.0", Role: model.Server, Listed: true}, verdict: model.Verified, release: "2.0.0",
		},
		"no step back":       {t: seen("pump.bin", "new"), h: had{set(t, "acme", "acme/pump-7", "2.0.0", 1).Subject()}, d: model.Device{Subject: product(t, "acme/pump-7")}, verdict: model.Verified, release: "2.1.0"},
		"replayed to nobody": {t: seen("pump.bin", "old"), h: had{set(t, "acme", "acme/pump-7", "2.1.0", 1).Subject()}, verdict: model.Verified, release: "2.0.0"},
		"back from a withdrawn": {
			said: func(w *ward) { w.withdraw(w.acme, set(w.t, "acme", "acme/pump-7", "2.1.0", 1), "battery") },
			t:    seen("pump.bin", "old"), h: had{set(t, "acme", "acme/pump-7", "2.1.0", 1).Subject()}, d: model.Device{Subject: product(t, "acme/pump-7")},
			verdict: model.Verified, release: "2.0.0",
		},
		"a permitted step back": {
			said: func(w *ward) {
				w.release("2.2.0", 3, func(s *Set) { s.StepsBack = []string{"2.0.0"} }, artifact("pump.bin", "newest"))
			},
			t: seen("pump.bin", "old"), h: had{set(t, "acme", "acme/pump-7", "2.2.0", 1).Subject()}, d: model.Device{Subject: product(t, "acme/pump-7")},
			verdict: model.Verified, release: "2.0.0",
		},
		"an older release of another kind": {
			said: func(w *ward) { w.release("c1", 9, func(s *Set) { s.Kind = Configuration }, artifact("c", "config")) },
			t:    seen("pump.bin", "old"), h: had{set(t, "acme", "acme/pump-7", "c1", 1).Subject()}, d: model.Device{Subject: product(t, "acme/pump-7")},
			verdict: model.Verified, release: "2.0.0",
		},
		"signed but not logged": {
			said: func(w *ward) {
				f := w.fact(w.acme, evidence.RoleRelease, set(w.t, "acme", "acme/pump-7", "6", 6, artifact("new.bin", "evil")))
				f.Logged = false
				w.add(f)
			},
			t: seen("new.bin", "evil"), verdict: model.Unknown, release: "/6", why: []string{"is not in its publication log, which is what a stolen key looks like"},
		},
		"not logged, and like a release": {
			said: func(w *ward) {
				f := w.fact(w.acme, evidence.RoleRelease, set(w.t, "acme", "acme/pump-7", "6", 6, artifact("pump.bin", "bad")))
				f.Logged = false
				w.add(f)
			},
			t: seen("pump.bin", "bad"), verdict: model.Altered, release: "2.1.0", why: []string{"not in its publication log"},
		},
		"signed by suspect keys": {
			said: func(w *ward) {
				f := w.fact(w.acme, evidence.RoleRelease, set(w.t, "acme", "acme/pump-7", "6", 6, artifact("new.bin", "good")))
				f.Suspect = errors.New("it rests on key:sha256:aa, said to be compromised since 2026")
				w.add(f)
			},
			t: seen("new.bin", "good"), verdict: model.Unknown, release: "/6", why: []string{"which does not count: it rests on key:sha256:aa, said to be compromised since 2026"},
		},
		"vouched": {
			said: func(w *ward) {
				w.add(w.fact(w.hospital, evidence.RoleHouse, w.vouch("3", "v.bin", "vvv", day0.Add(VouchValidity))))
			},
			t: seen("v.bin", "vvv"), verdict: model.Vouched, release: "/3", why: []string{"this house vouches for these bytes as release:acme/pump-7/3 until", "received from: DVD from the representative"},
		},
		"vouched, for another device": {
			said: func(w *ward) {
				scanner(w)
				w.add(w.fact(w.hospital, evidence.RoleHouse, w.vouch("3", "v.bin", "vvv", day0.Add(VouchValidity))))
			},
			t: seen("v.bin", "vvv"), d: model.Device{Product: product(t, "acme/scanner"), Listed: true}, verdict: model.WrongDevice, release: "/3",
		},
		"vouched, and held back": {
			said: func(w *ward) {
				w.add(w.fact(w.hospital, evidence.RoleHouse, w.vouch("3", "v.bin", "vvv", day0.Add(VouchValidity))))
				w.withdraw(w.hospital, set(w.t, "acme", "acme/pump-7", "3", 1), "recall")
			},
			t: seen("v.bin", "vvv"), verdict: model.Withdrawn, release: "/3",
		},
		"like what was vouched for": {
			said: func(w *ward) {
				w.add(w.fact(w.hospital, evidence.RoleHouse, w.vouch("3", "v.bin", "vvv", day0.Add(VouchValidity))))
			},
			t: seen("v.bin", "vvw"), verdict: model.Altered, release: "/3",
		},
		"a vouch that is over": {
			said: func(w *ward) {
				w.add(w.fact(w.hospital, evidence.RoleHouse, w.vouch("3", "v.bin", "vvv", day0.Add(time.Hour))))
			},
			t: seen("v.bin", "vvv"), verdict: model.Unknown, why: []string{"expired on 2026-11-20T13:00:00Z"},
		},
		"a vouch that the maker's signature replaces": {
			said: func(w *ward) {
				w.add(w.fact(w.hospital, evidence.RoleHouse, w.vouch("2.1.0", "pump.bin", "new", day0.Add(VouchValidity))))
			},
			t: seen("pump.bin", "new"), verdict: model.Verified, release: "2.1.0", why: []string{"the signature of acme replaces the vouch of this house"},
		},
		"what the hospital wrote": {
			said: func(w *ward) {
				s := set(w.t, house, "acme/pump-7", "lib-4", 1, artifact("drugs.xml", "drugs"))
				s.Kind = Library
				f := w.fact(w.hospital, evidence.RoleHouse, s)
				f.Logged = false
				w.add(f)
			},
			t: seen("drugs.xml", "drugs"), verdict: model.Verified, release: "lib-4", why: []string{"this house signed these bytes"},
		},
		"endorsed": {
			said: func(w *ward) {
				w.release("KB1", 1, func(s *Set) { s.Kind = Endorsement }, artifact("patch.msu", "patch"))
			},
			t: seen("patch.msu", "patch"), verdict: model.Verified, release: "KB1", why: []string{"the maker acme endorsed these bytes"},
		},
		"a member of an archive": {
			said: func(w *ward) {
				a := artifact("all.zip", "zip")
				a.Forms = []Form{{Form: FormArchive, Members: []Member{{"pump.bin", 3, model.DigestOf([]byte("mem"))}}}}
				w.release("4", 4, nil, a)
			},
			t: seen("pump.bin", "mem"), verdict: model.Unknown, why: []string{"declared form, not matched yet"},
		},
		"a delta": {
			said: func(w *ward) {
				a := artifact("big.bin", "big")
				a.Forms = []Form{{Form: FormDelta, From: "2.0.0", Name: "big.delta", Length: 5, SHA256: model.DigestOf([]byte("delta"))}}
				w.release("4", 4, nil, a)
			},
			t: seen("big.delta", "delta"), verdict: model.Unknown, why: []string{"declared form, not matched yet"},
		},
		"encrypted for each device": {
			said: func(w *ward) {
				a := artifact("enc.bin", "enc")
				a.Forms = []Form{{Form: FormEncrypted}}
				w.release("4", 4, nil, a)
			},
			t: seen("enc.bin", "xyz"), verdict: model.CannotSee, release: "/4", why: []string{"declared form, not matched yet"},
		},
		"stale": {
			t: seen("pump.bin", "new"), now: day0.AddDate(0, 0, 45), verdict: model.Verified, release: "2.1.0",
			why: []string{"is 45 days old", "stale since 2026-12-20T12:00:00Z"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWard(t)
			w.release("2.0.0", 1, nil, artifact("pump.bin", "old"))
			w.release("2.1.0", 2, nil, artifact("pump.bin", "new"))
			if c.said != nil {
				c.said(w)
			}
			if c.now.IsZero() {
				c.now = later
			}
			j := w.book.Judge(c.now, &c.t, c.d, c.h)
			if j.Verdict != c.verdict || !strings.HasSuffix(j.Release.String(), c.release) {
				t.Errorf("verdict %s, release %s; want %s, %s; why %q", j.Verdict, j.Release, c.verdict, c.release, j.Why)
			}
			for _, part := range c.why {
				if !slices.ContainsFunc(j.Why, func(s string) bool { return strings.Contains(s, part) }) {
					t.Errorf("why does not say %q: %q", part, j.Why)
				}
			}
			if want := c.now.After(day0.Add(HeadValidity)); want == j.StaleSince.IsZero() {
				t.Errorf("stale since %s", j.StaleSince)
			}
			if (j.Verdict != model.Unknown && j.Verdict != model.Incomplete) && (j.Release.IsZero() || j.Publisher == "" || j.Statement.IsZero() || j.Product.IsZero()) {
				t.Errorf("a verdict %s that rests on nothing: %+v", j.Verdict, j)
			}
		})
	}
}

// Nobody speaks about another maker's product, and the wrong role of the right one says nothing.
func TestBookTakesNoClaims(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	evil, other := newActor(t, "evil", evidence.Maker), newActor(t, "county", evidence.Hospital)
	w.roots = rootsOf(w.acme, w.hospital, evil, other)
	w.release("2.1.0", 2, nil, artifact("pump.bin", "new"))
	rel := set(t, "acme", "acme/pump-7", "2.1.0", 2)
	hd := func(author string) evidence.Header { return evidence.Header{Author: author, Issued: day0} }
	theirs := set(t, "evil", "acme/pump-7", "9", 9, artifact("bad.bin", "bad"))
	county := set(t, "county", "acme/pump-7", "9", 9, artifact("bad.bin", "bad"))
	vouch := w.vouch("9", "bad.bin", "bad", day0.Add(VouchValidity))
	vouch.Author = "county"
	for name, f := range map[string]Fact{
		"a maker for another's product":    w.fact(evil, evidence.RoleRelease, theirs),
		"another maker's withdrawal":       w.fact(evil, evidence.RoleRecall, Withdrawal{hd("evil"), rel.Subject(), "x"}),
		"another hospital's withdrawal":    w.fact(other, evidence.RoleHouse, Withdrawal{hd("county"), rel.Subject(), "x"}),
		"another hospital's release":       w.fact(other, evidence.RoleHouse, county),
		"another hospital's vouch":         w.fact(other, evidence.RoleHouse, vouch),
		"a release by the recall role":     w.fact(w.acme, evidence.RoleRecall, set(t, "acme", "acme/pump-7", "9", 9, artifact("bad.bin", "bad"))),
		"a withdrawal by the release role": w.fact(w.acme, evidence.RoleRelease, Withdrawal{hd("acme"), rel.Subject(), "x"}),
	} {
		if f.Verified.Effect == evidence.Fact {
			t.Errorf("%s has effect", name)
		}
		w.add(f)
	}
	if j := w.book.Judge(later, new(seen("bad.bin", "bad")), model.Device{}, nil); j.Verdict != model.Unknown || !j.Release.IsZero() {
		t.Errorf("a claim gives %s %s", j.Verdict, j.Release)
	}
	if j := w.book.Judge(later, new(seen("pump.bin", "new")), model.Device{}, nil); j.Verdict != model.Verified {
		t.Errorf("a claim makes %s of what is verified", j.Verdict)
	}
}

func TestUnconfirmedRootIsSaid(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	unconfirmed := w.acme.trusted()
	unconfirmed.Confirmed = false
	w.roots = evidence.NewRoots(house, unconfirmed)
	w.release("2.1.0", 2, nil, artifact("pump.bin", "new"))
	j := w.book.Judge(later, new(seen("pump.bin", "new")), model.Device{}, nil)
	if j.Verdict != model.Verified || !slices.ContainsFunc(j.Why, func(s string) bool { return strings.Contains(s, "the root of acme is not confirmed") }) {
		t.Errorf("%s %q", j.Verdict, j.Why)
	}
}

// The order in which statements arrive changes no judgement.
func TestJudgementDoesNotDependOnOrder(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	bodies := []string{"a", "b", "c"}
	var facts []Fact
	for i, v := range []string{"1", "2", "3", "4"} {
		s := set(t, "acme", "acme/pump-7", v, int64(i+1), artifact("pump.bin", bodies[i%3]), artifact("b"+v, bodies[(i+1)%3]))
		f := w.fact(w.acme, evidence.RoleRelease, s)
		f.Logged = i != 2
		if i == 3 {
			f.Suspect = errors.New("suspect")
		}
		facts = append(facts, f)
		if i == 1 {
			again := f // a second set under the same name, and the same statement held once more
			again.Held, again.Logged = f.Held.Add(time.Hour), false
			twin := w.fact(w.acme, evidence.RoleRelease, set(t, "acme", "acme/pump-7", v, 2, artifact("pump.bin", "twin")))
			facts = append(facts, again, twin)
		}
	}
	facts = append(facts,
		w.fact(w.hospital, evidence.RoleHouse, w.vouch("2", "pump.bin", "c", day0.Add(VouchValidity))),
		w.fact(w.hospital, evidence.RoleHouse, w.vouch("5", "pump.bin", "c", day0.Add(time.Hour))),
		w.fact(w.acme, evidence.RoleRecall, Withdrawal{evidence.Header{Author: "acme", Issued: day0}, set(t, "acme", "acme/pump-7", "1", 1).Subject(), "x"}),
		w.fact(w.hospital, evidence.RoleHouse, Withdrawal{evidence.Header{Author: house, Issued: day0}, set(t, "acme", "acme/pump-7", "1", 1).Subject(), "y"}),
	)
	judge := func(order []Fact) []model.Judgement {
		b := NewBook(house)
		for _, f := range order {
			if err := b.Add(f); err != nil {
				t.Fatal(err)
			}
		}
		var out []model.Judgement
		for _, body := range append(bodies, "d", "twin") {
			out = append(out, b.Judge(later, new(seen("pump.bin", body)), model.Device{}, nil))
			out = append(out, b.Judge(later, new(seen("b2", body)), model.Device{Product: product(t, "acme/pump-7"), Listed: true}, nil))
		}
		return out
	}
	want := judge(facts)
	rapid.Check(t, func(rt *rapid.T) {
		got := judge(rapid.Permutation(facts).Draw(rt, "order"))
		if d := cmp.Diff(want, got, equalSubjects); d != "" {
			rt.Fatal(d)
		}
	})
}

func TestCheckNewAndCounters(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	p := product(t, "acme/pump-7")
	if n := w.book.NextCounter("acme", p, Firmware); n != 1 {
		t.Errorf("the first counter is %d", n)
	}
	w.release("2.0.0", 1, nil, artifact("pump.bin", "old"))
	w.release("2.1.0", 5, nil, artifact("pump.bin", "new"))
	for name, c := range map[string]struct {
		s    Set
		want error
	}{
		"the next":                {set(t, "acme", "acme/pump-7", "3", 6, artifact("a", "a")), nil},
		"a number left free":      {set(t, "acme", "acme/pump-7", "3", 9, artifact("a", "a")), nil},
		"a counter in use":        {set(t, "acme", "acme/pump-7", "3", 5, artifact("a", "a")), fault.CounterLow},
		"a counter that was free": {set(t, "acme", "acme/pump-7", "3", 4, artifact("a", "a")), fault.CounterLow},
		"a version in use":        {set(t, "acme", "acme/pump-7", "2.0.0", 6, artifact("a", "a")), fault.VersionTaken},
		"another kind":            {change(set(t, "acme", "acme/pump-7", "3", 1, artifact("a", "a")), func(s *Set) { s.Kind = Library }), nil},
		"another product":         {set(t, "acme", "acme/scanner", "2.0.0", 1, artifact("a", "a")), nil},
		"another publisher":       {set(t, house, "acme/pump-7", "2.0.0", 1, artifact("a", "a")), nil},
	} {
		err := CheckNew(w.book, c.s)
		if (c.want == nil) != (err == nil) || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := w.book.NextCounter("acme", p, Firmware); n != 6 {
		t.Errorf("the next counter is %d", n)
	}
	if r, ok := w.book.Lookup("acme", p, "2.1.0"); !ok || r.Set.Counter != 5 || !r.Stands() {
		t.Errorf("lookup: %v %+v", ok, r)
	}
	if l := w.book.Releases(); len(l) != 2 || l[0].Set.Version != "2.0.0" {
		t.Errorf("%d releases", len(l))
	}
	if l := w.book.ByDigest(model.DigestOf([]byte("new"))); len(l) != 1 || l[0].Set.Version != "2.1.0" {
		t.Errorf("%d releases by digest", len(l))
	}
}

func TestCheckSaysWhyNot(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	s := w.release("1", 1, nil, artifact("old.bin", "old"))
	w.withdraw(w.acme, s, "battery")
	w.release("2", 2, nil, artifact("pump.bin", "new"))
	for i, body := range []string{"unlogged", "suspect"} {
		f := w.fact(w.acme, evidence.RoleRelease, set(t, "acme", "acme/pump-7", "x"+body, int64(3+i), artifact(body, body)))
		f.Logged = i != 0
		if i == 1 {
			f.Suspect = fault.New(fault.Suspect, "stolen")
		}
		w.add(f)
	}
	w.add(w.fact(w.hospital, evidence.RoleHouse, w.vouch("v", "v", "vouched", day0.Add(VouchValidity))))
	for body, want := range map[string]error{
		"new": nil, "vouched": nil, "old": fault.Withdrawn, "nex": fault.Differs, "none at all": fault.NotSigned,
		"unlogged": fault.NotLogged, "suspect": fault.Suspect,
	} {
		_, err := w.book.Check(later, "pump.bin", int64(len(body)), model.DigestOf([]byte(body)))
		if (want == nil) != (err == nil) || want != nil && (!errors.Is(err, want) || fault.ExitOf(err) != fault.ExitVerify) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func BenchmarkJudge(b *testing.B) {
	w := newWard(b)
	for i := range 50 {
		w.release("1."+string(rune('0'+i/10))+string(rune('0'+i%10)), int64(i+1), nil, artifact("pump.bin", strings.Repeat("x", i+1)))
	}
	t := seen("pump.bin", "xx")
	b.ReportAllocs()
	for b.Loop() {
		if j := w.book.Judge(later, &t, model.Device{}, nil); j.Verdict != model.Verified {
			b.Fatal(j.Verdict)
		}
	}
}
