package app_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/clock"
	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/lab"
	"github.com/cordon-trust/cordon/internal/model"
)

// synced is a hospital that follows a maker whose one release is the file body.
func synced(t *testing.T, body []byte) *app.App {
	t.Helper()
	house, repo := unsynced(t, body)
	if _, err := house.Sync(t.Context(), repo); err != nil {
		t.Fatal(err)
	}
	return house
}

// unsynced is the same hospital before its first sync from the repository.
func unsynced(t *testing.T, body []byte) (*app.App, string) {
	t.Helper()
	dir := t.TempDir()
	open := func(org string, kind evidence.OrgKind) *app.App {
		opt := app.Options{
			Dir: filepath.Join(dir, org), FS: disk.OS{}, Clock: clock.Fixed(lab.DefaultStart().Add(time.Hour)), Rand: rand.Reader,
			Passphrase: func(context.Context, string) (string, error) { return "correct horse", nil },
		}
		if _, err := app.Init(t.Context(), opt, app.Home{Org: org, Kind: kind, Site: "main", Lab: true}); err != nil {
			t.Fatal(err)
		}
		a, err := app.Open(t.Context(), opt)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = a.Close() })
		return a
	}
	acme, house := open("acme", evidence.Maker), open("mercy", evidence.Hospital)
	file, root, repo := filepath.Join(dir, "pump-2.1.0.bin"), filepath.Join(dir, "acme.json"), filepath.Join(dir, "repo")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		t.Fatal(err)
	}
	pump, err := model.ParseProduct("acme/pump-7")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := acme.AddRelease(t.Context(), app.Draft{Product: pump, Version: "2.1.0", Kind: "firmware", Files: []string{file}}); err != nil {
		t.Fatal(err)
	}
	if _, err := acme.Publish(t.Context(), repo); err != nil {
		t.Fatal(err)
	}
	info, err := acme.ExportTrust(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(root)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := house.AddTrust(t.Context(), raw, &info.Fingerprint); err != nil {
		t.Fatal(err)
	}
	return house, repo
}

func capture(t *testing.T, d lab.Download) ([]byte, lab.Truth) {
	t.Helper()
	var out bytes.Buffer
	truth, err := lab.WriteDownload(&out, d)
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), truth
}

func watched(t *testing.T, house *app.App, pcap []byte) []app.TransferInfo {
	t.Helper()
	var got []app.TransferInfo
	opt := app.WatchOptions{Files: []string{"-"}, Stdin: bytes.NewReader(pcap), All: true, NoRecord: true}
	_, err := house.Watch(t.Context(), opt, app.WatchShow{
		Transfer: func(i *app.TransferInfo) error { got = append(got, *i); return nil },
		Part:     func(app.PartInfo) error { return nil },
		Finding:  func(model.Finding) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

var blocksLine = regexp.MustCompile(`^(\d+) of (\d+) blocks \(\d+ %\) match those of release:acme/pump-7/2\.1\.0 at their offsets, (\d+) differ, `)

// blocksOf reads what a transfer says of its blocks.
func blocksOf(t *testing.T, i app.TransferInfo) (same, of, differ int) {
	t.Helper()
	for _, w := range i.Why {
		if m := blocksLine.FindStringSubmatch(w); m != nil {
			var n [3]int
			for k := range n {
				n[k], _ = strconv.Atoi(m[k+1])
			}
			return n[0], n[1], n[2]
		}
	}
	t.Errorf("nothing is said of blocks: %q", i.Why)
	return 0, 0, 0
}

// sentAt maps the sequence number of each segment of the server that a capture holds to its length. It reads
// what lab writes and nothing else: a classic capture of Ethernet, IPv4 and TCP.
func sentAt(t *testing.T, pcap []byte) map[uint32]int {
	t.Helper()
	out := map[uint32]int{}
	for at := 24; at < len(pcap); {
		n := int(binary.LittleEndian.Uint32(pcap[at+8:]))
		f := pcap[at+16 : at+16+n]
		at += 16 + n
		if binary.BigEndian.Uint16(f[12:]) != 0x0800 {
			continue
		}
		tcp := f[14+int(f[14]&15)*4 : 14+int(binary.BigEndian.Uint16(f[16:]))]
		if data := tcp[int(tcp[12]>>4)*4:]; binary.BigEndian.Uint16(tcp) == 80 && len(data) > 0 {
			out[binary.BigEndian.Uint32(tcp[4:])] = len(data)
		}
	}
	return out
}

// intact says of each block of the body whether every byte of it lies in a frame of the capture, by comparing
// it with the capture of the same download without loss.
func intact(t *testing.T, whole, lossy []byte, size int) []bool {
	t.Helper()
	all, some := sentAt(t, whole), sentAt(t, lossy)
	end, total := uint32(0), 0
	for seq, n := range all {
		total += n
		if end == 0 || int32(seq+uint32(n)-end) > 0 {
			end = seq + uint32(n)
		}
	}
	out := make([]bool, (size+model.BlockSize-1)/model.BlockSize)
	for i := range out {
		out[i] = true
	}
	for seq, n := range all {
		if some[seq] == n {
			continue
		}
		from := size - int(end-seq)
		for b := max(0, from) / model.BlockSize; b < len(out) && b*model.BlockSize < from+n; b++ {
			out[b] = false
		}
	}
	if total < size || len(some) > len(all) {
		t.Fatalf("%d bytes of %d in %d segments, %d seen", total, size, len(all), len(some))
	}
	return out
}

// Frames that the mirror loses never make a verdict wrong, the release is named all the same, and exactly the
// blocks of which every byte was seen are compared.
func TestLoss(t *testing.T) {
	t.Parallel()
	const size = 5_000_000
	body := lab.Firmware(1, size)
	house := synced(t, body)
	whole, _ := capture(t, lab.Download{Seed: 7, Body: body})
	for _, share := range []float64{0.0001, 0.001, 0.01} {
		same, of := 0, 0
		for seed := range uint64(6) {
			pcap, truth := capture(t, lab.Download{Seed: 7 + seed<<32, Body: body, Distortion: lab.Distortion{Lose: share}})
			clean, _ := capture(t, lab.Download{Seed: 7 + seed<<32, Body: body})
			want, blocks := 0, intact(t, clean, pcap, size)
			for _, ok := range blocks {
				if ok {
					want++
				}
			}
			got := watched(t, house, pcap)
			if len(got) == 0 && truth.Missing == 0 && truth.Complete {
				t.Errorf("%v, seed %d: a whole download is not seen", share, seed)
			}
			for _, g := range got {
				if g.Release.String() != "release:acme/pump-7/2.1.0" {
					t.Errorf("%v, seed %d: release %s, %q", share, seed, g.Release, g.Why)
				}
				if truth.Complete && truth.Requested {
					if g.Verdict != model.Verified {
						t.Errorf("%v, seed %d: %s: %q", share, seed, g.Verdict, g.Why)
					}
					continue
				}
				if g.Verdict != model.Incomplete && (g.Verdict != model.Verified || truth.Missing > 0) {
					t.Errorf("%v, seed %d: %s: %q", share, seed, g.Verdict, g.Why)
				}
				if g.Verdict == model.Incomplete {
					s, n, d := blocksOf(t, g)
					if same, of = same+s, of+n; s != want || d != 0 || n != len(blocks) {
						t.Errorf("%v, seed %d: %d of %d blocks match, %d differ; %d of %d are intact", share, seed, s, n, d, want, len(blocks))
					}
				}
			}
		}
		if of > 0 {
			t.Logf("%.2f %% of frames lost: %d of %d blocks match (%.0f %%)", 100*share, same, of, 100*float64(same)/float64(of))
		}
	}
	if got := watched(t, house, whole); len(got) != 1 || got[0].Verdict != model.Verified {
		t.Errorf("without loss: %+v", got)
	}
}

// One byte that somebody changed is found though frames are lost, whenever its block was seen whole; otherwise
// the transfer is incomplete, and never anything better.
func TestLossAndChange(t *testing.T) {
	t.Parallel()
	const size = 5_000_000
	body := lab.Firmware(2, size)
	house := synced(t, body)
	verdicts := map[model.Verdict]int{}
	for seed := range uint64(24) {
		at := int(seed*2_654_435_761) % size
		d := lab.Download{Seed: 100 + seed, Body: lab.Flip(body, at)}
		clean, _ := capture(t, d)
		d.Distortion.Lose = []float64{0.001, 0.003, 0.01}[seed%3]
		pcap, truth := capture(t, d)
		if truth.Complete && truth.Requested {
			continue
		}
		want := model.Incomplete
		if intact(t, clean, pcap, size)[at/model.BlockSize] {
			want = model.Altered
		}
		for _, g := range watched(t, house, pcap) {
			verdicts[g.Verdict]++
			if g.Verdict != want && truth.Missing > 0 || g.Release.IsZero() {
				t.Errorf("seed %d, byte %d: %s %s, want %s: %q", seed, at, g.Verdict, g.Release, want, g.Why)
			}
			if said := fmt.Sprintf("the first block that differs begins at byte %d", at/model.BlockSize*model.BlockSize); want == model.Altered && truth.Missing > 0 && !slices.Contains(g.Why, said) {
				t.Errorf("seed %d: %q is not said: %q", seed, said, g.Why)
			}
		}
	}
	if verdicts[model.Altered] < 3 || verdicts[model.Incomplete] < 3 {
		t.Errorf("too little was tried: %v", verdicts)
	}
}

// What was recorded of a download with missing bytes is compared with a release that is learnt later, without
// the capture: the changed one is found then, the other stays incomplete.
func TestLossIsJudgedAgain(t *testing.T) {
	t.Parallel()
	const size = 1_500_000
	body := lab.Firmware(3, size)
	for name, c := range map[string]struct {
		sent []byte
		want []model.Rule
	}{
		"as signed": {sent: body},
		"changed":   {sent: lab.Flip(body, 1_400_000), want: []model.Rule{model.UpdateAltered}},
	} {
		house, repo := unsynced(t, body)
		d := lab.Download{Seed: 5, Body: c.sent, Distortion: lab.Distortion{Lose: 0.002}}
		pcap, truth := capture(t, d)
		d.Distortion = lab.Distortion{}
		clean, _ := capture(t, d)
		if truth.Missing == 0 || !intact(t, clean, pcap, size)[1_400_000/model.BlockSize] {
			t.Fatalf("%s: the capture does not show what is tested: %+v", name, truth)
		}
		opt := app.WatchOptions{Files: []string{"-"}, Stdin: bytes.NewReader(pcap)}
		var before []app.TransferInfo
		_, err := house.Watch(t.Context(), opt, app.WatchShow{
			Transfer: func(i *app.TransferInfo) error { before = append(before, *i); return nil },
			Finding:  func(f model.Finding) error { return fmt.Errorf("before the release is known: %s", f.Summary) },
		})
		if err != nil || len(before) != 1 || before[0].Verdict != model.Incomplete || !before[0].Release.IsZero() {
			t.Fatalf("%s: %v, %+v", name, err, before)
		}
		if _, err := house.Sync(t.Context(), repo); err != nil {
			t.Fatal(err)
		}
		found, err := house.Findings(t.Context(), app.FindingFilter{State: model.Open})
		if err != nil {
			t.Fatal(err)
		}
		var rules []model.Rule
		for _, f := range found {
			rules = append(rules, f.Rule)
			if f.Release.String() != "release:acme/pump-7/2.1.0" || !slices.Contains(f.Evidence, "the first block that differs begins at byte 1310720") {
				t.Errorf("%s: %+v", name, f)
			}
		}
		if !slices.Equal(rules, c.want) {
			t.Errorf("%s: findings %v, want %v", name, rules, c.want)
		}
	}
}
