package bench_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/cordon-trust/cordon/internal/lab"
)

const (
	lossSize    = 100_000_000 // bytes of the download
	lossRuns    = 3           // captures of each share
	lossRelease = "release:acme/pump-7/2.1.0"
)

// lossShares are of frames, with the share of 256 KiB blocks of which no frame is lost by chance.
func lossShares() []struct{ lost, intact float64 } {
	return []struct{ lost, intact float64 }{{0.0001, 0.98}, {0.001, 0.83}, {0.01, 0.16}}
}

// BenchmarkLoss loses frames of a download of a published release at random. No verdict may be wrong and each
// must name the release; the share of blocks that match has no gate.
func BenchmarkLoss(b *testing.B) {
	h := newHospital(b, lab.Firmware(seed, lossSize))
	for _, share := range lossShares() {
		b.Run(fmt.Sprintf("%g%%", 100*share.lost), func(b *testing.B) {
			b.ReportMetric(0, "ns/op") // a capture is no operation
			var sum lossSum
			for run := range uint64(lossRuns) {
				h.lose(b, &sum, lab.Download{Seed: seed + run, Body: h.body, Distortion: lab.Distortion{Lose: share.lost}}, "incomplete")
			}
			b.ReportMetric(sum.share(), "%blocks")
			b.Logf("%g %% of frames lost from %d downloads: %d wrong verdicts, %d without the release's name, %d whose headers were lost; %d of %d blocks match (%.1f %%; by chance %.0f %%), peak %.1f MiB",
				100*share.lost, lossRuns, sum.wrong, sum.nameless, sum.unseen, sum.same, sum.of, sum.share(), 100*share.intact, float64(sum.peak)/(1<<20))
			if sum.wrong > 0 || sum.nameless > 0 {
				b.Error("a loss made a verdict wrong")
			}
		})
	}
	h.changed(b)
}

// changed loses frames of downloads in which one byte was changed.
func (h *hospital) changed(b *testing.B) {
	b.Run("changed", func(b *testing.B) {
		b.ReportMetric(0, "ns/op")
		var sum lossSum
		for run := range uint64(2 * lossRuns) {
			body := lab.Flip(h.body, int(run+1)*lossSize/(2*lossRuns+1))
			share := lossShares()[run%3].lost
			h.lose(b, &sum, lab.Download{Seed: 100 + run, Body: body, Distortion: lab.Distortion{Lose: share}}, "altered", "incomplete")
		}
		b.Logf("one byte changed, and the same losses: %d altered, %d incomplete (the changed block was not seen whole), %d wrong", sum.altered,
			2*lossRuns-sum.altered-sum.unseen-sum.wrong, sum.wrong)
		if sum.wrong > 0 || sum.nameless > 0 {
			b.Error("a loss made a verdict wrong")
		}
	})
}

// lossSum adds up what was said of several captures.
type lossSum struct {
	wrong, nameless, unseen, altered, same, of int
	peak                                       int64
}

func (s *lossSum) share() float64 { return 100 * float64(s.same) / float64(max(s.of, 1)) }

// hospital is a home that follows a maker whose one release is body.
type hospital struct {
	cordon, dir, home string
	body              []byte
}

func newHospital(b *testing.B, body []byte) *hospital {
	b.Helper()
	h := &hospital{dir: b.TempDir(), body: body}
	h.cordon = binary(b, h.dir)
	h.home = filepath.Join(h.dir, "hospital")
	file, pass, maker := filepath.Join(h.dir, "pump-2.1.0.bin"), filepath.Join(h.dir, "pass"), filepath.Join(h.dir, "maker")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(pass, []byte("bench\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	b.Setenv("CORDON_PASSPHRASE_FILE", pass)
	root, repo := filepath.Join(h.dir, "acme.json"), filepath.Join(h.dir, "repo")
	h.do(b, maker, "init", "--org", "acme", "--role", "maker")
	h.do(b, maker, "release", "add", "--product", "acme/pump-7", "--version", "2.1.0", file)
	h.do(b, maker, "release", "publish", "--repo", repo)
	var trust struct{ Fingerprint string }
	if out := h.do(b, maker, "trust", "export", "--out", root, "--json"); json.Unmarshal(out, &trust) != nil || trust.Fingerprint == "" {
		b.Fatalf("no fingerprint in %s", out)
	}
	h.do(b, h.home, "init", "--org", "mercy", "--role", "hospital")
	h.do(b, h.home, "trust", "add", root, "--fingerprint", trust.Fingerprint)
	h.do(b, h.home, "release", "sync", "--from", repo)
	return h
}

func (h *hospital) do(b *testing.B, home string, args ...string) []byte {
	b.Helper()
	cmd := exec.Command(h.cordon, append([]string{"--home", home}, args...)...)
	out, err := cmd.Output()
	if err != nil {
		b.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// blocksSaid is how a transfer says how many of its blocks match.
var blocksSaid = regexp.MustCompile(`"(\d+) of (\d+) blocks \(\d+ %\) match`)

// lose makes one capture and adds up what the program says of it. Of what is not lost nothing is expected but
// that it is right.
func (h *hospital) lose(b *testing.B, sum *lossSum, d lab.Download, expect ...string) {
	b.Helper()
	path, out := filepath.Join(h.dir, "loss.pcap"), filepath.Join(h.dir, "loss.out")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	truth, err := lab.WriteDownload(w, d)
	if err == nil {
		err = w.Flush()
	}
	if cerr := f.Close(); err != nil || cerr != nil {
		b.Fatal(err, cerr)
	}
	c, err := run(out, h.cordon, "--home", h.home, "watch", "--json", "--transfers", "all", "--no-record", path)
	if err != nil || c.Exit != 0 {
		b.Fatalf("watch: exit %d, %v", c.Exit, err)
	}
	sum.peak = max(sum.peak, c.Peak)
	text, err := os.ReadFile(out)
	if err != nil {
		b.Fatal(err)
	}
	sum.add(b, string(text), truth.Missing == 0, expect)
}

func (s *lossSum) add(b *testing.B, text string, whole bool, expect []string) {
	b.Helper()
	transfers := 0
	for line := range strings.Lines(text) {
		var row struct{ Type, Verdict, Release string }
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			b.Fatal(err)
		}
		if row.Type != "transfer" {
			continue
		}
		transfers++
		right := whole && row.Verdict == "verified"
		for _, v := range expect {
			right = right || row.Verdict == v
		}
		switch {
		case !right:
			s.wrong++
		case row.Verdict == "altered":
			s.altered++
		}
		if row.Release != lossRelease {
			s.nameless++
		}
		if m := blocksSaid.FindStringSubmatch(line); m != nil {
			same, _ := strconv.Atoi(m[1])
			of, _ := strconv.Atoi(m[2])
			s.same, s.of = s.same+same, s.of+of
		}
	}
	if transfers == 0 {
		s.unseen++
	}
}
