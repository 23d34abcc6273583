package network

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

// shelf serves captures from memory and counts how many are open.
type shelf struct {
	open, most, opened int
}

type lent struct {
	io.Reader
	of *shelf
}

func (l lent) Close() error {
	l.of.open--
	return nil
}

func (s *shelf) source(name string, b []byte) Source {
	return Source{Name: name, Open: func() (io.ReadCloser, error) {
		s.open++
		s.opened++
		s.most = max(s.most, s.open)
		return lent{bytes.NewReader(b), s}, nil
	}}
}

func watchAll(tb testing.TB, sources ...Source) (*roll, Summary, error) {
	tb.Helper()
	var r roll
	s, err := WatchAll(tb.Context(), sources, Options{AllObjects: true}, &r)
	return &r, s, err
}

// rowsOf is everything that a watch hands out, and its counts.
func rowsOf(r *roll, s Summary) string {
	var b strings.Builder
	for _, g := range r.got {
		fmt.Fprintf(&b, "%+v\n", g)
	}
	for _, g := range r.parts {
		fmt.Fprintf(&b, "%+v\n", g)
	}
	for _, g := range r.seen {
		fmt.Fprintf(&b, "%+v\n", g)
	}
	fmt.Fprintf(&b, "%+v\n", s)
	return b.String()
}

// with returns a capture of some of the frames of w.
func (w *wire) with(frames []frame) []byte { return (&wire{frames: frames}).pcap() }

// ward is a capture with several devices that talk at the same time.
func ward() *wire {
	w := newWire()
	for i := range 3 {
		w.arp(pumpMAC(byte(i)), fmt.Sprintf("10.0.0.%d", 10+i))
	}
	var convs []*conv
	for i := range 3 {
		c := w.conv(fmt.Sprintf("10.0.0.%d:40001", 10+i), "10.0.0.200:80").open()
		c.send(0, get(fmt.Sprintf("/%d.bin", i)))
		convs = append(convs, c)
	}
	var answers [][]byte
	for i := range convs {
		answers = append(answers, ok(firmware(uint64(i), 60_000), ""))
	}
	for len(answers[0]) > 0 {
		for i, c := range convs {
			n := min(len(answers[i]), 3000)
			c.send(1, answers[i][:n])
			answers[i] = answers[i][n:]
		}
	}
	for _, c := range convs {
		c.close()
	}
	return w
}

// A series of files that a capture tool rotated is one capture, in whatever order it is given, and never more
// than two of its files are open.
func TestRotatedSeries(t *testing.T) {
	t.Parallel()
	w := ward()
	whole, wholeSum := watchWho(t, w.pcap())
	var s shelf
	var sources []Source
	for part := range slices.Chunk(w.frames, 1+len(w.frames)/40) {
		sources = append(sources, s.source(fmt.Sprint(len(sources)), w.with(part)))
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(sources), func(i, j int) { sources[i], sources[j] = sources[j], sources[i] })
	r, sum, err := watchAll(t, sources...)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(rowsOf(whole, wholeSum), rowsOf(r, sum)); d != "" {
		t.Error(d)
	}
	if len(sources) < 35 || s.open != 0 || s.most > 2 || s.opened != 2*len(sources) {
		t.Errorf("%d files: %d open, %d at most, %d times", len(sources), s.open, s.most, s.opened)
	}
}

// However the frames of a capture are dealt out to files, which may overlap in time, the rows are the same.
func TestAnySplit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t)
		s.disturb(t)
		k := rapid.IntRange(1, 12).Draw(t, "files") // more than have wide buffers
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "deal"), 5))
		hands := make([][]frame, k)
		for _, f := range s.w.frames {
			i := r.IntN(k)
			hands[i] = append(hands[i], f)
		}
		var sh shelf
		var sources []Source
		for i, h := range hands {
			src := sh.source(fmt.Sprint(i), s.w.with(h))
			src.Once = r.IntN(3) == 0
			sources = append(sources, src)
		}
		run := func(sources ...Source) string {
			var l roll
			sum, err := WatchAll(context.Background(), sources, Options{AllObjects: true}, &l)
			if err != nil {
				t.Fatal(err)
			}
			return rowsOf(&l, sum)
		}
		if d := cmp.Diff(run(sh.source("whole", s.w.pcap())), run(sources...)); d != "" {
			t.Fatal(d)
		}
		if sh.open != 0 {
			t.Fatalf("%d files stay open", sh.open)
		}
	})
}

// Bytes that the receiver has yet to acknowledge stay comparable while the buffers of their file and of others
// are filled anew, and when their file is over.
func TestBytesOutliveTheirBuffer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		early    int // which file has the first copy
		differs  bool
		conflict int64
	}{
		"same bytes, file goes on":   {0, false, 0},
		"same bytes, file is over":   {2, false, 0},
		"other bytes, file goes on":  {0, true, 1},
		"other bytes, file is over":  {2, true, 1},
		"same bytes, the other file": {1, false, 0},
	} {
		w := newWire()
		conn := w.conv("10.0.0.10:40001", "10.0.0.200:80").open()
		conn.send(0, get("/a.bin"))
		body := ok(firmware(1, 1400), "")
		conn.put(1, 0x18, conn.seq[1], body) // not acknowledged
		var hands [4][]frame
		hands[c.early] = append(hands[c.early], w.frames...)
		other := &wire{now: w.now, step: 1000}
		d := other.conv("10.0.0.11:40001", "10.0.0.201:80").open()
		d.send(0, get("/b.bin"))
		d.send(1, ok(firmware(2, 6<<20), ""))
		for i, f := range other.frames {
			hands[i%2] = append(hands[i%2], f)
		}
		again := slices.Clone(body)
		if c.differs {
			again[len(again)-1] ^= 1
		}
		late := &wire{now: other.now, step: 1000}
		conn.w = late
		conn.put(1, 0x18, conn.seq[1], again)
		hands[3] = late.frames
		var s shelf
		var sources []Source
		for i, h := range hands {
			sources = append(sources, s.source(fmt.Sprint(i), w.with(h)))
		}
		r, sum, err := watchAll(t, sources...)
		if err != nil {
			t.Fatal(err)
		}
		if sum.Losses.Conflicts != c.conflict || sum.Losses.Uncompared != 0 || len(r.got) != 2 || r.got[1].Ambiguous != c.differs || r.got[0].Ambiguous {
			t.Errorf("%s: %+v, %+v", name, sum.Losses, r.got)
		}
	}
}

// The same tap given twice is one capture with copies.
func TestSameTapTwice(t *testing.T) {
	t.Parallel()
	w := ward()
	once, sum1 := watchWho(t, w.pcap())
	var s shelf
	twice, sum2, err := watchAll(t, s.source("a", w.pcap()), s.source("b", w.pcap()))
	if err != nil {
		t.Fatal(err)
	}
	sub := func(a model.Subject, b model.Subject) bool { return a == b }
	if d := cmp.Diff(rowsOf(once, Summary{}), rowsOf(twice, Summary{}), cmp.Comparer(sub)); d != "" {
		t.Error(d)
	}
	if sum2.Packets != 2*sum1.Packets || sum2.Copies != sum1.Packets-3 || sum2.Sessions != sum1.Sessions || sum2.Transfers != sum1.Transfers {
		t.Errorf("%+v and %+v", sum1, sum2)
	}
}

// Records of the same time come in the order of the arguments, and those of one file in its own, also where
// its clock steps back.
func TestOrder(t *testing.T) {
	t.Parallel()
	var order []string
	at := func(name string, times ...int64) Source {
		w := newWire()
		for i, sec := range times {
			w.frames = append(w.frames, frame{time: sec * 1e9, data: slices.Concat([]byte(name), []byte{byte('0' + i)}, make([]byte, 60))})
		}
		var s shelf
		return s.source(name, w.pcap())
	}
	e := newEngine(Options{Connections: 10, Site: "main", Realm: "-"}, &roll{})
	m := merge{engine: e, given: 3}
	for i, s := range []Source{at("a", 5, 5, 9, 2, 20), at("b", 5, 7, 9), at("c", 1, 9)} {
		m.begin(s, i)
	}
	for len(m.queue) > 0 { // run, one record at a time
		slices.SortFunc(m.queue, func(a, b *feed) int {
			if a.before(b) {
				return -1
			}
			return 1
		})
		f := m.queue[0]
		if f.rd == nil && (!m.open(f) || !m.advance(f)) {
			t.Fatal("cannot be opened")
		}
		order = append(order, string(f.p.Data[:2]))
		if !m.advance(f) {
			m.queue = m.queue[1:]
		}
	}
	want := []string{"c0", "a0", "a1", "b0", "b1", "a2", "a3", "b2", "c1", "a4"}
	if d := cmp.Diff(want, order); d != "" {
		t.Error(d)
	}
}

func TestUnreadableAmongOthers(t *testing.T) {
	t.Parallel()
	w := ward()
	half := len(w.frames) / 2
	first, second := w.with(w.frames[:half]), w.with(w.frames[half:])
	whole, _ := watchWho(t, w.pcap())
	var s shelf
	missing := Source{Name: "gone.pcap", Open: func() (io.ReadCloser, error) {
		return nil, fault.Wrap(fs.ErrNotExist, fault.NotFound, "open gone.pcap")
	}}
	text := s.source("text.pcap", []byte("hello, world, this is no capture"))
	cut := s.source("cut.pcap", slices.Concat(w.with(w.frames[:2]), make([]byte, 8)))
	opens := 0
	vanishes := Source{Name: "rotated-away.pcap", Open: func() (io.ReadCloser, error) {
		if opens++; opens == 1 {
			return io.NopCloser(bytes.NewReader(second)), nil
		}
		return missing.Open()
	}}
	for name, c := range map[string]struct {
		more []Source
		code fault.Code
		says []string
		cut  bool
	}{
		"missing":            {[]Source{missing}, fault.NotFound, []string{"gone.pcap"}, false},
		"no capture":         {[]Source{text}, fault.BadCapture, []string{`"text.pcap"`}, false},
		"cut":                {[]Source{cut}, fault.CutCapture, []string{`"cut.pcap"`}, true},
		"empty file":         {[]Source{s.source("empty.pcap", nil)}, fault.BadCapture, []string{`"empty.pcap"`, "empty"}, false},
		"several":            {[]Source{cut, text, missing}, fault.BadCapture, []string{"cut.pcap", "text.pcap", "gone.pcap", "3 of 5"}, true},
		"gone while reading": {[]Source{vanishes}, fault.NotFound, []string{"gone.pcap"}, false},
	} {
		sources := append([]Source{s.source("2", second)}, c.more...)
		r, sum, err := watchAll(t, append(sources, s.source("1", first))...)
		if fault.CodeOf(err) != c.code || sum.Truncated != c.cut {
			t.Errorf("%s: truncated %v, %v", name, sum.Truncated, err)
		}
		for _, w := range c.says {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %v does not name %s", name, err, w)
			}
		}
		if d := cmp.Diff(digests(whole.got), digests(r.got)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	var l roll
	sum, err := WatchAll(t.Context(), []Source{s.source("no packets", newWire().pcap()), s.source("1", first)}, Options{}, &l)
	if err != nil || sum.Packets != int64(half) {
		t.Errorf("a file without packets: %+v, %v", sum, err)
	}
	if s.open != 0 {
		t.Errorf("%d files stay open", s.open)
	}
}

type fussy struct{ err error }

func (f fussy) Transfer(*model.Transfer) error { return f.err }

func TestStopped(t *testing.T) {
	t.Parallel()
	w := ward()
	var s shelf
	full := errors.New("full")
	_, err := WatchAll(t.Context(), []Source{s.source("a", w.pcap()), s.source("b", w.pcap())}, Options{AllObjects: true}, fussy{full})
	if !errors.Is(err, full) || s.open != 0 {
		t.Errorf("a sink that fails: %v, %d open", err, s.open)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	long := newWire()
	for range 3 * checkEvery {
		long.arp(pumpMAC(1), "10.0.0.1")
	}
	sum, err := WatchAll(ctx, []Source{s.source("a", long.pcap()), s.source("b", long.pcap())}, Options{}, &roll{})
	if fault.CodeOf(err) != fault.Interrupted || sum.Packets != checkEvery || s.open != 0 {
		t.Errorf("interrupted: %v, %d packets, %d open", err, sum.Packets, s.open)
	}
	if sum, err := WatchAll(t.Context(), nil, Options{}, &roll{}); err != nil || sum.Packets != 0 {
		t.Errorf("nothing to read: %+v, %v", sum, err)
	}
}

// Hundreds of files that all begin at once are read within bounded memory.
func TestManyOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := ward()
	const files = 200
	hands := make([][]frame, files)
	for i, f := range w.frames {
		hands[i%files] = append(hands[i%files], f)
	}
	var sources []Source
	for i, h := range hands {
		path := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(path, w.with(h), 0o600); err != nil {
			t.Fatal(err)
		}
		sources = append(sources, Source{Name: path, Open: func() (io.ReadCloser, error) { return os.Open(path) }})
	}
	whole, wholeSum := watchWho(t, w.pcap())
	r, sum, err := watchAll(t, sources...)
	if err != nil {
		t.Fatal(err)
	}
	if len(w.frames) < files {
		t.Errorf("only %d frames for %d files", len(w.frames), files)
	}
	if d := cmp.Diff(rowsOf(whole, wholeSum), rowsOf(r, sum)); d != "" {
		t.Error(d)
	}
}
