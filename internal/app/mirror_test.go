package app

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/exposure"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/release"
	"github.com/cordon-trust/cordon/internal/store"
)

// copied copies a folder, such as a repository as a mirror once had it.
func copied(t *testing.T, dir string) string {
	t.Helper()
	return world{dir: dir}.copyTo(t, filepath.Join(t.TempDir(), "copy")).dir
}

// refused checks that a sync fails with exit code 11 for this reason, and that the house keeps every
// statement and verdict that it had.
func refused(t *testing.T, a *App, repo string, code fault.Code, saying string) {
	t.Helper()
	w := world{dir: filepath.Dir(a.opt.Dir), at: a.opt.Clock.Now()}
	before := size(t, a)
	_, err := a.Sync(t.Context(), repo)
	if !errors.Is(err, code) || fault.ExitOf(err) != 11 || !strings.Contains(err.Error(), saying) {
		t.Errorf("sync from %s: exit %d, %v; want %s and %q", filepath.Base(repo), fault.ExitOf(err), err, code, saying)
	}
	if after := size(t, a); after != before {
		t.Errorf("the refused sync left %d entries in the log", after-before)
	}
	if left := leftovers(t, w.dir); len(left) > 0 {
		t.Errorf("the refused sync left %v", left)
	}
}

// A release that is signed and not in its maker's publication log is what a stolen key looks like. It
// becomes verified when a sync proves that it is there, and a signature more takes that proof not away.
func TestSignedButNotLogged(t *testing.T) {
	t.Parallel()
	c := newHand()
	acme, house := newHouse(t, c, "acme", evidence.Maker), newHouse(t, c, "mercy", evidence.Hospital)
	pump, repo := file(t, "pump.bin", "pump", 1000), filepath.Join(t.TempDir(), "repo")
	trust(t, house, acme)
	env := envelope(t, acme, add(t, acme, "1", pump).Statement)
	if _, err := bring(t.Context(), house, env, false); err != nil {
		t.Fatal(err)
	}
	want(t, house, pump, model.Unknown, "is not in its publication log, which is what a stolen key looks like")
	list, err := house.Releases(t.Context())
	if err != nil || len(list) != 1 || list[0].State != "not logged" {
		t.Errorf("releases %+v, %v", list, err)
	}
	both := []model.Subject{
		keyOf(t, house, "acme", evidence.RoleRelease, evidence.Classical),
		keyOf(t, house, "acme", evidence.RoleRelease, evidence.PostQuantum),
	}
	reaches := func() bool {
		r, err := answer(t, house, RadiusQuery{Sources: both})
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(r.Reached, func(x exposure.Reached) bool { return x.Subject.Kind() == model.KindRelease })
	}
	if reaches() {
		t.Error("a release that is not logged is in the graph")
	}

	publish(t, acme, repo)
	sync(t, house, repo)
	want(t, house, pump, model.Verified, "signed these bytes")
	if !reaches() {
		t.Error("a release that was proved later is not in the graph")
	}

	// A later signature of the same keys comes without proof.
	signers, err := acme.ring.Signers(t.Context(), evidence.RoleRelease)
	if err != nil {
		t.Fatal(err)
	}
	again, err := evidence.Sign(env.Payload, signers...)
	if err != nil {
		t.Fatal(err)
	}
	before := size(t, house)
	if _, err := bring(t.Context(), house, again, false); err != nil {
		t.Fatal(err)
	}
	want(t, house, pump, model.Verified, "signed these bytes")
	if got := size(t, house); got != before+1 {
		t.Errorf("the later signature is not an entry of its own: %d entries, had %d", got, before)
	}
}

// A mirror that leaves the withdrawal out, in whichever way, fails like a changed byte; one that shows an
// old state is rolled back.
func TestHiddenWithdrawal(t *testing.T) {
	t.Parallel()
	c := newHand()
	acme, house := newHouse(t, c, "acme", evidence.Maker), newHouse(t, c, "mercy", evidence.Hospital)
	pump, repo := file(t, "pump.bin", "pump", 1000), filepath.Join(t.TempDir(), "repo")
	trust(t, house, acme)
	add(t, acme, "1", pump)
	publish(t, acme, repo)
	sync(t, house, repo)
	old := copied(t, repo)
	c.at = c.at.Add(time.Hour)
	if _, err := acme.Withdraw(t.Context(), product(t, "acme/pump-7"), "1", "battery drains"); err != nil {
		t.Fatal(err)
	}
	publish(t, acme, repo)

	const envelopes, salts, entries = "log/envelopes/000.p/2.jsonl", "log/salts/000.p/2", "log/tile/entries/000.p/2"
	firstLine := func(b []byte) []byte { return b[:bytes.IndexByte(b, '\n')+1] }
	half := func(b []byte) []byte { return b[:len(b)/2] }
	firstEntry := func(b []byte) []byte { return b[:2+int(b[0])<<8+int(b[1])] }
	for name, change := range map[string]map[string]func([]byte) []byte{
		"the statement is gone":          {envelopes: firstLine},
		"another is in its place":        {envelopes: func(b []byte) []byte { return slices.Concat(firstLine(b), firstLine(b)) }},
		"all that lies beside it too":    {envelopes: firstLine, salts: half, entries: firstEntry},
		"the first stands there twice":   {envelopes: func(b []byte) []byte { return slices.Concat(firstLine(b), firstLine(b)) }, salts: func(b []byte) []byte { return slices.Concat(half(b), half(b)) }, entries: func(b []byte) []byte { return slices.Concat(firstEntry(b), firstEntry(b)) }},
		"it is an empty line, and alone": {envelopes: func(b []byte) []byte { return append(firstLine(b), '\n') }},
	} {
		mirror := copied(t, repo)
		for path, fn := range change {
			path = filepath.Join(mirror, path)
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, fn(bytes.Clone(b)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		t.Log(name)
		refused(t, house, mirror, fault.BadRepository, "")
		want(t, house, pump, model.Verified, "")
	}

	sync(t, house, repo)
	want(t, house, pump, model.Withdrawn, "battery drains")
	refused(t, house, old, fault.RolledBack, "older than what this house has seen")
	want(t, house, pump, model.Withdrawn, "battery drains")

	c.at = c.at.Add(40 * 24 * time.Hour)
	if v := verdict(t, house, pump); v.Verdict != model.Withdrawn {
		t.Errorf("after the head expired it is %s", v.Verdict)
	}
}

// After the head expires, verdicts stay and carry since when.
func TestStale(t *testing.T) {
	t.Parallel()
	s := steal(t)
	s.c.at = s.at.Add(time.Hour + headLifetime + time.Second)
	v := verdict(t, s.house, s.new)
	if v.Verdict != model.Verified || !v.StaleSince.Equal(s.at.Add(time.Hour+headLifetime)) {
		t.Errorf("%s, stale since %s", v.Verdict, v.StaleSince)
	}
	sync(t, s.house, s.repo) // an expired head is taken, and what it says stays stale
	if v := verdict(t, s.house, s.new); v.StaleSince.IsZero() {
		t.Error("an expired head that was fetched again is not stale")
	}
	s.meet(t, s.house)
	if v := verdict(t, s.house, s.new); v.Verdict != model.Verified || !v.StaleSince.IsZero() {
		t.Errorf("after a new head: %s, stale since %s", v.Verdict, v.StaleSince)
	}
}

// A log that tells two stories: both checkpoints are kept, and both verify under the log's keys.
func TestForkIsKeptAsProof(t *testing.T) {
	t.Parallel()
	c := newHand()
	acme, house := newHouse(t, c, "acme", evidence.Maker), newHouse(t, c, "mercy", evidence.Hospital)
	trust(t, house, acme)
	first, second, other := file(t, "1.bin", "one", 1000), file(t, "2.bin", "two", 1000), file(t, "2.bin", "evil", 1000)
	repo := filepath.Join(t.TempDir(), "repo")
	add(t, acme, "1", first)
	publish(t, acme, repo)
	sync(t, house, repo)
	twin := acme.opt
	if err := acme.Close(); err != nil { // so that the copy has all in one file
		t.Fatal(err)
	}
	twin.Dir = copied(t, acme.opt.Dir)
	acme, evil := reopen(t, acme.opt), reopen(t, twin)
	fork := filepath.Join(t.TempDir(), "fork")

	c.at = c.at.Add(time.Hour)
	add(t, acme, "2", second)
	publish(t, acme, repo)
	sync(t, house, repo)
	c.at = c.at.Add(time.Hour)
	add(t, evil, "2", other)
	add(t, evil, "3", file(t, "3.bin", "three", 1000))
	publish(t, evil, fork)
	refused(t, house, fork, fault.LogForked, "shows two histories")
	want(t, house, second, model.Verified, "")
	want(t, house, other, model.Altered, "")

	var forks []ledger.Fork
	var id evidence.LogIdentity
	err := house.db.View(t.Context(), func(tx *store.Tx) error {
		roots, err := house.roots(t.Context(), tx)
		if err != nil {
			return err
		}
		root, _ := roots.Of("acme")
		id, _ = root.Root.Log(evidence.LogPublication)
		forks, err = tx.Mirrors().Forks(t.Context())
		return err
	})
	if err != nil || len(forks) != 1 || forks[0].Org != "acme" {
		t.Fatalf("forks %+v, %v", forks, err)
	}
	a, erra := evidence.OpenCheckpoint(forks[0].A, id)
	b, errb := evidence.OpenCheckpoint(forks[0].B, id)
	if erra != nil || errb != nil || a.Size != 2 || b.Size != 3 {
		t.Errorf("the proof holds checkpoints over %d and %d entries: %v, %v", a.Size, b.Size, erra, errb)
	}
}

// Half of a release's signatures is stripped off, and what is left is logged anew with the real keys of
// the publication log and the release role: only the policy can refuse it, and does.
func TestStrippedAndLoggedAnew(t *testing.T) {
	t.Parallel()
	for family, saying := range map[evidence.Family]string{
		evidence.PostQuantum: "missing post-quantum", evidence.Classical: "missing classical",
	} {
		t.Run(string(family), func(t *testing.T) {
			t.Parallel()
			c := newHand()
			acme, house := newHouse(t, c, "acme", evidence.Maker), newHouse(t, c, "mercy", evidence.Hospital)
			pump, repo := file(t, "pump.bin", "pump", 1000), filepath.Join(t.TempDir(), "repo")
			trust(t, house, acme)
			logStripped(t, acme, envelope(t, acme, add(t, acme, "1", pump).Statement), keyOf(t, acme, "acme", evidence.RoleRelease, family), repo)
			refused(t, house, repo, fault.PolicyNotMet, saying)
			want(t, house, pump, model.Unknown, "no organisation that this house trusts")
			_, err := bring(t.Context(), house, strip(envelope(t, acme, firstRelease(t, acme)), keyOf(t, acme, "acme", evidence.RoleRelease, family)), true)
			if !errors.Is(err, fault.PolicyNotMet) || !strings.Contains(err.Error(), saying) {
				t.Errorf("brought in by hand: %v", err)
			}
		})
	}
}

func firstRelease(t *testing.T, a *App) model.Digest {
	t.Helper()
	d, err := a.firstOf(t.Context(), evidence.PredReleaseSet)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// strip returns an envelope without the signature of a key.
func strip(env evidence.Envelope, key model.Subject) evidence.Envelope {
	env.Signatures = slices.DeleteFunc(slices.Clone(env.Signatures), func(s evidence.Signature) bool { return s.KeyID == key.Digest().Hex() })
	return env
}

// logStripped publishes as a maker would whose program did not look: entry, tree, checkpoint and head are
// all true of the stripped envelope.
func logStripped(t *testing.T, a *App, env evidence.Envelope, without model.Subject, repo string) {
	t.Helper()
	ctx := t.Context()
	env = strip(env, without)
	if len(env.Signatures) != 1 {
		t.Fatalf("%d signatures are left", len(env.Signatures))
	}
	line, err := env.Line()
	if err != nil {
		t.Fatal(err)
	}
	w, err := a.publicationWriter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var pub release.Publication
	err = a.update(ctx, func(tx *store.Tx) error {
		roots, err := a.roots(ctx, tx)
		if err != nil {
			return err
		}
		own, _ := roots.Of("acme")
		_, cp, err := w.Append(ctx, tx.Log(w.Origin()), []ledger.Item{{
			Author: "acme", PayloadType: env.PayloadType, Statement: env.Digest(),
			Signatures: own.Root.Policy(evidence.RoleRelease, env).Signatures,
		}})
		if err != nil {
			return err
		}
		head, err := a.newHead(ctx, tx, roots, cp)
		if err != nil {
			return err
		}
		pub, err = a.collect(ctx, tx, roots, cp, head)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	pub.Entries[0].Envelope = line
	if err := release.Publish(ctx, a.opt.FS, repo, pub); err != nil {
		t.Fatal(err)
	}
}
