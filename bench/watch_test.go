package bench_test

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/lab"
)

// capture is one of the two captures and the ratios of CPU time that the program must hold on it against the
// reference reader: the gate fails, the goal is printed.
type capture struct {
	name       string
	write      func(io.Writer, uint64) (lab.Record, error)
	gate, goal float64
}

const (
	peakGate  = 64 << 20 // bytes the program may hold at most
	pairs     = 9        // runs of each program; the median counts, which of three moved by a tenth
	seed      = 1
	usageExit = 2
)

func captures() []capture {
	return []capture{{"mix", lab.WriteMix, 4, 5}, {"bulk", lab.WriteBulk, 1.6, 1.7}}
}

// BenchmarkWatch must hold 4 times less CPU than the reference reader on the mix and 1.6 times less on the
// bulk, in at most 64 MiB, with every object found and none invented.
func BenchmarkWatch(b *testing.B) {
	p := newPrograms(b)
	for _, c := range captures() {
		path, record := makeCapture(b, c)
		b.Run(c.name, func(b *testing.B) {
			ours, theirs := p.compare(b, path)
			b.ReportMetric(0, "ns/op") // a pair of runs is no operation
			report(b, c, ours, theirs)
			p.check(b, record)
			p.recording(b, path, ours)
		})
	}
}

func makeCapture(b *testing.B, c capture) (string, lab.Record) {
	b.Helper()
	path, began := filepath.Join(b.TempDir(), c.name+".pcap"), time.Now()
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	record, err := c.write(f, seed)
	if cerr := f.Close(); err != nil || cerr != nil {
		b.Fatal(err, cerr)
	}
	b.Logf("%s: %d connections, %d objects in clear, %d TLS sessions, %d frames, %.1f MB, made in %.1f s", c.name,
		record.Connections, len(record.Objects), len(record.Sessions), record.Frames, float64(record.Bytes)/1e6, time.Since(began).Seconds())
	return path, record
}

// programs are the binaries that are compared.
type programs struct {
	dir    string
	cordon string
	home   string // of a hospital without releases; "" when none could be made
	args   []string
	peer   string // "" when there is none
}

func newPrograms(b *testing.B) *programs {
	b.Helper()
	p := &programs{dir: b.TempDir()}
	p.cordon = binary(b, p.dir)
	if own := os.Getenv("CORDON_BENCH_ARGS"); own != "" {
		p.args = strings.Fields(own)
	} else {
		p.prepare(b)
	}
	peer := filepath.Join(cmp.Or(os.Getenv("CORDON_SHARED"), filepath.Join("..", "..", "shared")), "bench", "gopeer")
	if _, err := os.Stat(filepath.Join(peer, "go.mod")); err != nil {
		b.Logf("skipped: no reference reader at %s, so there is no ratio", peer)
		return p
	}
	p.peer = filepath.Join(p.dir, "gopeer")
	build(b, peer, p.peer, ".")
	return p
}

// binary returns the path of the program, which it builds unless CORDON_BIN names one.
func binary(b *testing.B, dir string) string {
	b.Helper()
	out := os.Getenv("CORDON_BIN")
	if out == "" {
		out = filepath.Join(dir, "cordon")
		build(b, "..", out, "./cmd/cordon")
	}
	if path, err := filepath.Abs(out); err == nil {
		out = path
	}
	return out
}

func build(b *testing.B, in, out, what string) {
	b.Helper()
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", out, what)
	cmd.Dir, cmd.Env = in, append(os.Environ(), "GOTOOLCHAIN=auto", "GOWORK=off")
	if text, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("build %s in %s: %v\n%s", what, in, err, text)
	}
}

// prepare makes the home of a hospital and finds out which arguments this binary knows.
func (p *programs) prepare(b *testing.B) {
	b.Helper()
	pass := filepath.Join(p.dir, "pass")
	if err := os.WriteFile(pass, []byte("bench\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	b.Setenv("CORDON_PASSPHRASE_FILE", pass)
	p.home = filepath.Join(p.dir, "home")
	if text, err := exec.Command(p.cordon, "--home", p.home, "init", "--org", "bench", "--role", "hospital").CombinedOutput(); err != nil {
		b.Fatalf("init: %v\n%s", err, text)
	}
	tiny := filepath.Join(p.dir, "tiny.pcap")
	var out bytes.Buffer
	if _, err := lab.WriteDownload(&out, lab.Download{}); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(tiny, out.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	p.args = []string{"--home", p.home, "watch", "--json", "--transfers", "all", "--sessions", "--no-record"}
	if c, err := run(p.output("tiny"), p.ours(tiny)...); err == nil && c.Exit == usageExit {
		b.Log("without --sessions: this binary does not know it")
		p.args = slices.DeleteFunc(p.args, func(a string) bool { return a == "--sessions" })
	}
}

func (p *programs) output(name string) string { return filepath.Join(p.dir, name+".out") }

func (p *programs) ours(path string) []string {
	return slices.Concat([]string{p.cordon}, p.args, []string{path})
}

// must runs a program that has to succeed.
func (p *programs) must(b *testing.B, out string, argv ...string) cost {
	b.Helper()
	c, err := run(out, argv...)
	if err != nil {
		b.Fatal(err)
	}
	if c.Exit != 0 {
		text, _ := os.ReadFile(out + ".err")
		b.Fatalf("%s ends with exit %d: %s", strings.Join(argv, " "), c.Exit, text[max(0, len(text)-400):])
	}
	return c
}

// compare runs both programs in turn, so that a busy machine troubles both alike.
func (p *programs) compare(b *testing.B, path string) (ours, theirs []cost) {
	b.Helper()
	p.must(b, p.output("warm"), p.ours(path)...) // the file lies in the page cache now
	pair := func() {
		ours = append(ours, p.must(b, p.output("cordon"), p.ours(path)...))
		if p.peer != "" {
			theirs = append(theirs, p.must(b, p.output("peer"), p.peer, path))
		}
	}
	for b.Loop() {
		pair()
	}
	for len(ours) < pairs {
		pair()
	}
	return ours, theirs
}

func median(costs []cost) time.Duration {
	var cpu []time.Duration
	for _, c := range costs {
		cpu = append(cpu, c.CPU)
	}
	slices.Sort(cpu)
	return cpu[len(cpu)/2]
}

func peak(costs []cost) int64 {
	return slices.MaxFunc(costs, func(a, b cost) int { return cmp.Compare(a.Peak, b.Peak) }).Peak
}

func report(b *testing.B, c capture, ours, theirs []cost) {
	b.Helper()
	cpu, most := median(ours), peak(ours)
	b.ReportMetric(cpu.Seconds(), "cpu-s")
	b.ReportMetric(float64(most)/(1<<20), "peak-MiB")
	b.Logf("cordon: median of %d runs %.3f s CPU, %.3f s wall, peak %.1f MiB (gate %d)", len(ours), cpu.Seconds(), ours[0].Wall.Seconds(),
		float64(most)/(1<<20), peakGate>>20)
	if most > peakGate {
		b.Logf("GATE MISSED: peak memory of %.1f MiB is over the gate of %d MiB", float64(most)/(1<<20), peakGate>>20)
	}
	if theirs == nil {
		return
	}
	reference := median(theirs)
	ratio := reference.Seconds() / cpu.Seconds()
	b.ReportMetric(ratio, "x-peer")
	b.Logf("gopeer: median of %d runs %.3f s CPU, peak %.1f MiB; ratio %.2fx, gate %.1fx, goal %.1fx: %s", len(theirs), reference.Seconds(),
		float64(peak(theirs))/(1<<20), ratio, c.gate, c.goal, standing(ratio, c))
	if ratio < c.gate {
		b.Logf("GATE MISSED: ratio %.2fx is under %.1fx", ratio, c.gate)
	}
}

func standing(ratio float64, c capture) string {
	switch {
	case ratio >= c.goal:
		return "goal reached"
	case ratio >= c.gate:
		return fmt.Sprintf("gate held, %.0f%% of CPU above the goal", 100*(c.goal/ratio-1))
	}
	return fmt.Sprintf("gate missed, %.0f%% of CPU above it", 100*(c.gate/ratio-1))
}

// check compares what the program printed last with the truth: every object found, none invented.
func (p *programs) check(b *testing.B, record lab.Record) {
	b.Helper()
	seen, err := readRows(p.output("cordon"))
	if err != nil {
		b.Fatal(err)
	}
	if len(seen.digests) == 0 {
		b.Log("not checked: no transfer with a digest was printed")
		return
	}
	found, missing := 0, 0
	for _, o := range record.Objects {
		if d := o.Digest.String(); seen.digests[d] > 0 {
			seen.digests[d]--
			found++
		} else {
			missing++
		}
	}
	invented := 0
	for _, n := range seen.digests {
		invented += n
	}
	b.Logf("objects: %d of %d found, %d invented; packets %d of %d; TLS sessions printed %d of %d", found, len(record.Objects), invented,
		seen.packets, record.Frames, seen.tls, len(record.Sessions))
	if missing > 0 || invented > 0 || seen.packets != record.Frames {
		b.Error("what was printed is not what was on the wire")
	}
}

// printed is what the program said, counted.
type printed struct {
	digests map[string]int // of transfers
	packets int64
	tls     int // sessions with a server name
}

func readRows(path string) (printed, error) {
	f, err := os.Open(path)
	if err != nil {
		return printed{}, err
	}
	defer func() { _ = f.Close() }()
	out := printed{digests: map[string]int{}}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row struct {
			Type    string `json:"type"`
			Digest  string `json:"digest"`
			SNI     string `json:"sni"`
			Packets int64  `json:"packets"`
		}
		if json.Unmarshal(lines.Bytes(), &row) != nil {
			continue // another program was asked for
		}
		switch {
		case row.Type == "transfer" && row.Digest != "":
			out.digests[row.Digest]++
		case row.Type == "session" && row.SNI != "":
			out.tls++
		case row.Type == "summary":
			out.packets = row.Packets
		}
	}
	return out, lines.Err()
}

// recording prints what it costs more to record what was seen, each time in a fresh home.
func (p *programs) recording(b *testing.B, path string, watch []cost) {
	b.Helper()
	if p.home == "" {
		return
	}
	var costs []cost
	for i := range pairs {
		home := filepath.Join(p.dir, fmt.Sprintf("home-%s-%d", filepath.Base(path), i))
		if err := copyHome(home, p.home); err != nil {
			b.Fatal(err)
		}
		argv := slices.DeleteFunc(p.ours(path), func(a string) bool { return a == "--no-record" })
		argv[slices.Index(argv, p.home)] = home
		c, err := run(p.output("recording"), argv...)
		if err != nil || c.Exit != 0 {
			text, _ := os.ReadFile(p.output("recording") + ".err")
			b.Logf("recording: not measured, exit %d, %v: %s", c.Exit, err, text)
			return
		}
		costs = append(costs, c)
	}
	more, base := median(costs)-median(watch), median(watch)
	b.ReportMetric(more.Seconds()/base.Seconds(), "x-recording")
	b.Logf("recording: %.3f s CPU more, %.2f of the watch (goal on the mix 0.5), peak %.1f MiB in all", more.Seconds(),
		more.Seconds()/base.Seconds(), float64(peak(costs))/(1<<20))
}
