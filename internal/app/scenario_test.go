package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/evidence/ledger"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/release"
	"github.com/cordon-trust/cordon/internal/store"
)

// world is a folder with the homes of a maker and a hospital, a repository between them, and their files.
// Nothing in it knows where the folder lies, so that a copy of it goes its own way.
type world struct {
	dir string
	at  time.Time
}

func (w world) path(name string) string { return filepath.Join(w.dir, name) }

func (w world) options(org string) Options { return options(w.path(org), &hand{w.at}) }

// newWorld makes the files that the story needs.
func newWorld(t *testing.T) world {
	t.Helper()
	w := world{fastDir(t), newHand().at}
	server := "updates.acme.example"
	for name, body := range map[string][]byte{
		"seen.pcap":  pcap(download("10.0.0.10", server, "pump-2.bin", bytes.Repeat([]byte("two."), 75_000), wireTime())),
		"more.pcap":  pcap(download("10.0.0.10", server, "pump-1.bin", bytes.Repeat([]byte("new."), 250), wireTime().Add(time.Hour))),
		"pump-1.bin": bytes.Repeat([]byte("one."), 250),
		"pump-2.bin": bytes.Repeat([]byte("two."), 75_000), // two blocks
		"vendor.bin": bytes.Repeat([]byte("from a DVD "), 90),
		"edges.csv": []byte("from,relation,to,harm,known,since,until,control\n" +
			"station:acme/line-1,programs,product:acme/pump-7,integrity,observed,,,\n" +
			"service:acme/cloud,serves,product:acme/pump-7,availability,undisclosed,,,\n"),
		"devices.csv": []byte("asset,vendor,model,serial,ip,site,role\nA-17,acme,pump-7,SN-1,10.0.0.10,main,endpoint\n" +
			"A-18,acme,pump-7,SN-2,10.0.0.11,main,endpoint\nA-19,,,,10.0.0.11,main,server\n"), // the last two contradict each other
	} {
		if err := os.WriteFile(w.path(name), body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// fastDir is a folder in memory where there is one: what a sweep looks for are processes that die and
// operations that fail, and the disk would only make it slow.
func fastDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "cordon-test-*")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// copyTo copies the world; modes stay, for keys that others can read are refused.
func (w world) copyTo(t *testing.T, dir string) world {
	t.Helper()
	err := filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(w.dir, path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(dir, rel), info.Mode().Perm())
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, rel), b, info.Mode().Perm())
	})
	if err != nil {
		t.Fatal(err)
	}
	return world{dir, w.at}
}

// using opens a home, runs fn and closes it again.
func using(ctx context.Context, opt Options, fn func(*App) error) error {
	a, err := Open(ctx, opt)
	if err != nil {
		return err
	}
	return errors.Join(fn(a), a.Close())
}

// step is one command of the story.
type step struct {
	name  string
	org   string       // whose home it writes
	again []fault.Code // what it may say when it is done already
	do    func(ctx context.Context, w world, opt Options) error
}

// story is what a maker and a hospital do, in order. Each step finds what it needs in the world.
func story() []step {
	pump, _ := model.ParseProduct("acme/pump-7")
	open := func(fn func(context.Context, world, *App) error) func(context.Context, world, Options) error {
		return func(ctx context.Context, w world, opt Options) error {
			return using(ctx, opt, func(a *App) error { return fn(ctx, w, a) })
		}
	}
	begin := func(org string, kind evidence.OrgKind) func(context.Context, world, Options) error {
		return func(ctx context.Context, _ world, opt Options) error {
			_, err := Init(ctx, opt, Home{Org: org, Kind: kind, Site: "main", Lab: true})
			return err
		}
	}
	add := func(version, file string) func(context.Context, world, Options) error {
		return open(func(ctx context.Context, w world, a *App) error {
			_, err := a.AddRelease(ctx, Draft{Product: pump, Version: version, Kind: "firmware", Files: []string{w.path(file)}, Hosts: []string{"updates.acme.example"}})
			return err
		})
	}
	publish := open(func(ctx context.Context, w world, a *App) error { _, err := a.Publish(ctx, w.path("repo")); return err })
	sync := open(func(ctx context.Context, w world, a *App) error { _, err := a.Sync(ctx, w.path("repo")); return err })
	return []step{
		{"init maker", "acme", []fault.Code{fault.HomeExists}, begin("acme", evidence.Maker)},
		{"release add", "acme", []fault.Code{fault.VersionTaken}, add("2.0.0", "pump-1.bin")},
		{"publish", "acme", nil, publish},
		{"trust export", "acme", nil, open(func(ctx context.Context, w world, a *App) error {
			_, err := a.ExportTrust(ctx, w.path("acme.json"))
			return err
		})},
		{"init hospital", "mercy", []fault.Code{fault.HomeExists}, begin("mercy", evidence.Hospital)},
		{"trust add", "mercy", nil, open(func(ctx context.Context, w world, a *App) error {
			raw, err := os.ReadFile(w.path("acme.json"))
			if err != nil {
				return err
			}
			_, err = a.AddTrust(ctx, raw, nil)
			return err
		})},
		{"watch", "mercy", nil, open(func(ctx context.Context, w world, a *App) error {
			_, err := see(ctx, a, WatchOptions{}, w.path("seen.pcap"))
			return err
		})},
		{"trust confirm", "mercy", nil, open(func(ctx context.Context, w world, a *App) error {
			raw, err := os.ReadFile(w.path("acme.json"))
			if err != nil {
				return err
			}
			env, err := evidence.ParseEnvelope(bytes.TrimSpace(raw))
			if err != nil {
				return err
			}
			_, err = a.ConfirmTrust(ctx, "acme", env.Digest())
			return err
		})},
		{"sync", "mercy", nil, sync},
		{"vouch", "mercy", nil, open(func(ctx context.Context, w world, a *App) error {
			_, err := a.Vouch(ctx, VouchDraft{File: w.path("vendor.bin"), Product: pump, Version: "1.9", Source: "DVD", For: 24 * 365 * time.Hour})
			return err
		})},
		{"graph import", "mercy", nil, open(func(ctx context.Context, w world, a *App) error {
			f, err := os.Open(w.path("edges.csv"))
			if err != nil {
				return err
			}
			defer f.Close() //nolint:errcheck // only read
			_, err = a.ImportEdges(ctx, f, 0)
			return err
		})},
		{"device import", "mercy", nil, open(func(ctx context.Context, w world, a *App) error {
			f, err := os.Open(w.path("devices.csv"))
			if err != nil {
				return err
			}
			defer f.Close() //nolint:errcheck // only read
			_, err = a.ImportDevices(ctx, f)
			return err
		})},
		{"retract", "mercy", []fault.Code{fault.NotAllowed}, open(func(ctx context.Context, w world, a *App) error {
			d, err := a.firstOf(ctx, evidence.PredImport)
			if err != nil {
				return err
			}
			_, err = a.RetractImport(ctx, d)
			return err
		})},
		{"key compromised in the house", "mercy", nil, open(func(ctx context.Context, w world, a *App) error {
			return a.compromiseFirst(ctx, evidence.RoleRecall, "2027-01-01T00:00:00Z")
		})},
		{"evidence erase", "mercy", []fault.Code{fault.NotAllowed}, open(func(ctx context.Context, w world, a *App) error {
			d, err := a.firstOf(ctx, evidence.PredImport)
			if err != nil {
				return err
			}
			_, err = a.Erase(ctx, d)
			return err
		})},
		{"watch of more", "mercy", nil, open(func(ctx context.Context, w world, a *App) error {
			_, err := see(ctx, a, WatchOptions{}, w.path("more.pcap"))
			return err
		})},
		{"finding hold", "mercy", nil, open(func(ctx context.Context, w world, a *App) error {
			list, err := a.Findings(ctx, FindingFilter{})
			if err != nil {
				return err
			}
			_, err = a.HoldFindings(ctx, HoldDraft{Findings: digestsOf(list), Reason: "the maker knows, CASE-17"})
			return err
		})},
		{"finding unhold", "mercy", []fault.Code{fault.NotAllowed}, open(func(ctx context.Context, w world, a *App) error {
			list, err := a.Findings(ctx, FindingFilter{})
			if err != nil {
				return err
			}
			_, err = a.UnholdFindings(ctx, digestsOf(list), "it does not")
			return err
		})},
		{"second release add", "acme", []fault.Code{fault.VersionTaken}, add("2.1.0", "pump-2.bin")},
		{"withdraw", "acme", nil, open(func(ctx context.Context, w world, a *App) error {
			_, err := a.Withdraw(ctx, pump, "2.0.0", "battery drains")
			return err
		})},
		{"key compromised", "acme", nil, open(func(ctx context.Context, w world, a *App) error {
			return a.compromiseFirst(ctx, evidence.RoleRelease, "2027-01-01T00:00:00Z")
		})},
		{"trust rotate", "acme", nil, open(func(ctx context.Context, w world, a *App) error {
			_, err := a.RotateTrust(ctx, evidence.RoleRelease)
			return err
		})},
		{"trust rotate of the root", "acme", nil, open(func(ctx context.Context, w world, a *App) error {
			_, err := a.RotateTrust(ctx, evidence.RoleRoot)
			return err
		})},
		{"publish of a withdrawal", "acme", nil, publish},
		{"second sync", "mercy", nil, sync},
		{"erase of what was seen", "mercy", []fault.Code{fault.NotAllowed}, open(func(ctx context.Context, w world, a *App) error {
			d, err := a.firstOf(ctx, evidence.PredObservation)
			if err != nil {
				return err
			}
			_, err = a.Erase(ctx, d)
			return err
		})},
	}
}

func digestsOf(list []model.Finding) []model.Digest {
	var out []model.Digest
	for _, f := range list {
		out = append(out, f.ID)
	}
	return out
}

// firstOf finds the first statement of a predicate.
func (a *App) firstOf(ctx context.Context, predicate string) (d model.Digest, err error) {
	err = a.db.View(ctx, func(tx *store.Tx) error {
		return tx.Archive().ByPredicate(ctx, evidence.PredicateURI(predicate), func(rec ledger.Record) error {
			if d.IsZero() {
				d = rec.Digest
			}
			return nil
		})
	})
	return d, err
}

// compromiseFirst speaks about the first key of a role of acme's.
func (a *App) compromiseFirst(ctx context.Context, role, since string) error {
	keys, err := a.Keys(ctx, "acme")
	if err != nil {
		return err
	}
	i := slices.IndexFunc(keys, func(k KeyInfo) bool { return k.Role == role })
	_, err = a.Compromise(ctx, keys[i].Key, since, "laptop stolen")
	return err
}

// random is what differs from one run of the story to the next.
var random = regexp.MustCompile(`key:sha256:[0-9a-f]{64}`)

// state is all that a home knows and holds, in words, with its logs verified, and its last checkpoint.
// older is a checkpoint that the log must have grown from; nil: none.
func (w world) state(ctx context.Context, org string, older []byte) (text string, checkpoint []byte, err error) {
	if _, err := os.Stat(w.path(org)); errors.Is(err, fs.ErrNotExist) {
		return "no home", nil, nil
	}
	var out []string
	say := func(format string, args ...any) {
		out = append(out, random.ReplaceAllString(fmt.Sprintf(format, args...), "key:*"))
	}
	err = using(ctx, w.options(org), func(a *App) error {
		logs, err := a.VerifyLogs(ctx, older)
		if err != nil {
			return err
		}
		for _, l := range logs {
			say("log %s of %d entries, %d checkpoints, %d erased", l.Origin, l.Size, l.Checkpoints, l.Erased)
		}
		cp, err := a.Checkpoint(ctx)
		if err != nil {
			return err
		}
		checkpoint = cp.Note
		if err := a.db.View(ctx, func(tx *store.Tx) error { return describeStore(ctx, tx, say) }); err != nil {
			return err
		}
		return w.describeAnswers(ctx, a, say)
	})
	slices.Sort(out) // some answers are in the order of key ids
	return strings.Join(out, "\n"), checkpoint, err
}

func describeStore(ctx context.Context, tx *store.Tx, say func(string, ...any)) error {
	err := tx.Archive().All(ctx, func(r ledger.Record) error {
		rows, err := tx.Rows().Read(ctx, r.Digest)
		say("%s of %s by %s about %v: %s, erased %v, retracted %v, %d rows", evidence.PredicateName(r.PredicateType), r.Author,
			r.Role, r.Subjects, r.Effect, r.Envelope == nil, !r.Retracted.IsZero(), len(rows))
		return err
	})
	if err != nil {
		return err
	}
	err = tx.Edges().All(ctx, func(e model.Edge) error {
		say("edge %s %s %s %s %s %v", e.From, e.Relation, e.To, e.Harm, e.Known, e.Claim)
		return nil
	})
	if err != nil {
		return err
	}
	kept, err := tx.Findings().All(ctx)
	if err != nil {
		return err
	}
	for _, f := range kept {
		say("a finding is kept, closed %v", !f.Closed.IsZero())
	}
	mirrors, err := tx.Mirrors().All(ctx)
	for _, m := range mirrors {
		say("mirror of %s at %d with %d entries", m.Publisher, m.Counter, m.Size)
	}
	return err
}

func (w world) describeAnswers(ctx context.Context, a *App, say func(string, ...any)) error {
	trusted, err := a.Trusted(ctx)
	if err != nil {
		return err
	}
	for _, t := range trusted {
		say("root %d of %s, confirmed %v", t.Version, t.Org, t.Confirmed)
		keys, err := a.Keys(ctx, t.Org)
		if err != nil {
			return err
		}
		for _, k := range keys {
			say("key of %s: %s %s %v", k.Org, k.Role, k.Algorithm, k.Compromised)
		}
	}
	for _, f := range []string{"pump-1.bin", "pump-2.bin", "vendor.bin"} {
		v, err := a.VerifyFile(ctx, w.path(f))
		if err != nil {
			return err
		}
		say("%s is %s as %s", f, v.Verdict, v.Release)
	}
	err = a.ListDevices(ctx, DeviceFilter{}, func(d ListedDevice) error {
		say("device %s, %s at %v", d.Device, d.Role, d.IPs)
		return nil
	})
	if err != nil {
		return err
	}
	found, err := a.Findings(ctx, FindingFilter{})
	if err != nil {
		return err
	}
	for _, f := range found {
		say("finding %s %s by %d transfers to %d devices", f.Rule, f.State, f.Transfers, f.DeviceCount)
	}
	releases, err := a.Releases(ctx)
	if err != nil {
		return err
	}
	for _, r := range releases {
		say("%s with counter %d is %s", r.Release, r.Counter, r.State)
		for _, art := range r.Artifacts {
			if err := w.holds(a, r, art); err != nil {
				return err
			}
		}
	}
	return nil
}

// holds checks that a release's files lie beside the ledger, whole.
func (w world) holds(a *App, r ReleaseInfo, art release.Artifact) error {
	want := map[string]model.Digest{filepath.Join("blocks", art.Blocks.SHA256.Hex()): art.Blocks.SHA256}
	if r.Publisher == a.home.Org {
		want[filepath.Join("artifacts", art.SHA256.Hex())] = art.SHA256
	}
	for name, d := range want {
		b, err := os.ReadFile(filepath.Join(a.opt.Dir, name))
		if err != nil {
			return err
		}
		if model.DigestOf(b) != d {
			return fmt.Errorf("%s of %s has other bytes than its name says", name, r.Release)
		}
	}
	return nil
}

// published says what whoever fetches from the repository would see now, checked as a hospital checks it
// that was given the first trust root.
func (w world) published(ctx context.Context) (string, error) {
	if _, err := os.Stat(w.path("acme")); errors.Is(err, fs.ErrNotExist) {
		return "nothing", nil
	}
	out := "nothing"
	err := using(ctx, w.options("acme"), func(a *App) error {
		f, err := release.OpenFetcher(w.path("repo"))
		if errors.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		var roots *evidence.Roots
		if err := a.db.View(ctx, func(tx *store.Tx) (err error) { roots, err = a.roots(ctx, tx); return err }); err != nil {
			return err
		}
		versions := roots.Versions("acme")
		roots = evidence.NewRoots("visitor", versions[len(versions)-1])
		got, err := release.Sync(ctx, f, roots, func(string) (release.Mirror, bool) { return release.Mirror{}, false },
			func(model.Digest) bool { return false }, w.at)
		if errors.Is(err, fault.NotFound) {
			return nil
		}
		out = fmt.Sprintf("publication %d of %d entries, %d block files", got.Mirror.Counter, got.Mirror.Size, len(got.Blocks))
		return err
	})
	if b, rerr := os.ReadFile(w.path("acme.json")); rerr == nil {
		if _, err := trusted(bytes.TrimSpace(b), false); err != nil {
			return out, fmt.Errorf("half a trust file: %w", err)
		}
		out += ", a trust file"
	}
	return out, err
}
