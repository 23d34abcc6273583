package release

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/model"
)

// drawer is where the test keeps block files.
type drawer string

func (d drawer) OpenBlocks(file model.Digest) (io.ReadCloser, error) {
	return os.Open(filepath.Join(string(d), BlockDir, file.Hex()))
}

// inPart is a transfer of body of which the bytes in these ranges were not seen.
func inPart(name string, body []byte, missing ...[2]int) model.Transfer {
	t := model.Transfer{Time: day0, Name: name, Declared: int64(len(body)), Size: int64(len(body))}
	for _, m := range missing {
		t.Size -= int64(m[1] - m[0])
	}
	t.Complete = len(missing) == 0
	if t.Complete {
		t.Digest = model.DigestOf(body)
	}
	hole := false
	for from := 0; from < len(body); from += BlockSize {
		to := min(from+BlockSize, len(body))
		whole := !slices.ContainsFunc(missing, func(m [2]int) bool { return m[0] < to && m[1] > from })
		hole = hole || !whole
		switch {
		case whole && !hole && to-from == BlockSize:
			t.Parts.Prefixes = append(t.Parts.Prefixes, model.DigestOf(body[:to]))
		case whole && hole:
			t.Parts.Behind = append(t.Parts.Behind, model.Block{Index: int64(from / BlockSize), Digest: model.DigestOf(body[from:to])})
		}
	}
	return t
}

// flip returns a copy of body with other bytes at these offsets.
func flip(body []byte, at ...int) []byte {
	out := bytes.Clone(body)
	for _, i := range at {
		out[i] ^= 0x40
	}
	return out
}

const bs = BlockSize

func TestJudgeInPart(t *testing.T) {
	t.Parallel()
	body, old := noise(5*bs+1000), bytes.Clone(noise(5*bs+1000))
	copy(old[3*bs:], noise(9 * bs)[6*bs:]) // the same up to its third block
	gap := [2]int{2*bs + 100, 2*bs + 200}
	blank := append(make([]byte, 2*bs), noise(bs)...)
	longer := append(bytes.Clone(body), "more"...)
	from := func(x model.Transfer, host string) model.Transfer { x.Host = host; return x }
	with := func(x model.Transfer, change func(*model.Transfer)) model.Transfer { change(&x); return x }
	for name, c := range map[string]struct {
		said    func(w *ward, dir string)
		t       model.Transfer
		d       model.Device
		verdict model.Verdict
		release string
		why     []string
		not     string // what must not be said
	}{
		"a gap": {
			t: inPart("pump.bin", body, gap), verdict: model.Incomplete, release: "2.1.0",
			why: []string{"1311620 of 1311720 bytes were seen", "5 of 6 blocks (83 %) match those of release:acme/pump-7/2.1.0 at their offsets, 0 differ, 1 were not seen whole"},
		},
		"a gap in what is withdrawn": {
			said: func(w *ward, _ string) { w.withdraw(w.acme, set(w.t, "acme", "acme/pump-7", "2.1.0", 2), "battery") },
			t:    inPart("pump.bin", body, gap), verdict: model.Incomplete, release: "2.1.0", why: []string{"5 of 6 blocks", "the maker acme withdrew release:acme/pump-7/2.1.0 on", ": battery"},
		},
		"the end is missing":         {t: inPart("pump.bin", body, [2]int{4*bs + 1, 5*bs + 1000}), verdict: model.Incomplete, release: "2.1.0", why: []string{"4 of 6 blocks (66 %)"}},
		"no name, no beginning":      {t: inPart("", body, [2]int{0, 9}), verdict: model.Incomplete, release: "2.1.0", why: []string{"has the size and blocks of an artifact of", "5 of 6 blocks"}},
		"no name, no length":         {t: with(inPart("", body, gap), func(x *model.Transfer) { x.Declared, x.Parts.Behind = -1, x.Parts.Behind[:2] }), verdict: model.Incomplete, release: "2.1.0", why: []string{"4 of 6 blocks"}},
		"changed behind the gap":     {t: inPart("pump.bin", flip(body, 4*bs+7), gap), verdict: model.Altered, release: "2.1.0", why: []string{"of the file that acme signed as pump-7 2.1.0, but other bytes, as far as it was seen", "its bytes differ, though parts of it are missing", "4 of 6 blocks (66 %) match", "1 differ, 1 were", "the first block that differs begins at byte 1048576"}},
		"changed before the gap":     {t: inPart("pump.bin", flip(body, bs), gap), verdict: model.Altered, release: "2.1.0", why: []string{"begins at byte 262144"}},
		"changed in the last block":  {t: inPart("pump.bin", flip(body, 5*bs+999), gap), verdict: model.Altered, release: "2.1.0", why: []string{"begins at byte 1310720"}},
		"changed where the gap is":   {t: inPart("pump.bin", flip(body, 2*bs, 3*bs-1), gap), verdict: model.Incomplete, release: "2.1.0", why: []string{"5 of 6 blocks", "0 differ"}},
		"changed, no name":           {t: inPart("x", flip(body, 4*bs+7), gap), verdict: model.Altered, release: "2.1.0", why: []string{"has the size and blocks of an artifact"}},
		"changed all, no name":       {t: inPart("x", noise(20 * bs)[10*bs:15*bs+1000], gap), verdict: model.Incomplete, not: "release:"},
		"changed all, name and size": {t: inPart("pump.bin", noise(20 * bs)[10*bs:15*bs+1000], gap), verdict: model.Altered, release: "2.1.0", why: []string{"0 of 6 blocks", "the first block that differs begins at byte 0"}},
		"changed, on unchecked segments": {
			t: with(inPart("pump.bin", flip(body, 4*bs+7), gap), func(x *model.Transfer) { x.Unchecked = true }), verdict: model.Altered, release: "2.1.0",
			why: []string{"whose checksum could not be checked"},
		},
		"disputed": {
			t: with(inPart("pump.bin", flip(body, 4*bs+7), gap), func(x *model.Transfer) { x.Ambiguous = true }), verdict: model.Ambiguous,
		},
		"an older release": {
			said: func(w *ward, dir string) { w.release("2.2.0", 3, nil, measured(w.t, dir, "pump.bin", old)) },
			t:    inPart("pump.bin", body, [2]int{bs + 1, bs + 2}), verdict: model.Incomplete, release: "2.1.0", why: []string{"5 of 6 blocks"}, not: "may also be",
		},
		"either of two": {
			said: func(w *ward, dir string) { w.release("2.2.0", 3, nil, measured(w.t, dir, "pump.bin", old)) },
			t:    inPart("pump.bin", body, [2]int{3 * bs, 5*bs + 1000}), verdict: model.Incomplete, release: "2.2.0", why: []string{"3 of 6 blocks", "may also be of release:acme/pump-7/2.1.0"},
		},
		"neither of two": {
			said: func(w *ward, dir string) { w.release("2.2.0", 3, nil, measured(w.t, dir, "pump.bin", old)) },
			t:    inPart("pump.bin", flip(body, 3*bs), [2]int{1, 2}), verdict: model.Altered, release: "2.1.0", why: []string{"4 of 6 blocks (66 %) match those of release:acme/pump-7/2.1.0"},
		},
		"perhaps what was vouched for": {
			said: func(w *ward, _ string) {
				v := w.vouch("3", "pump.bin", "vvv", day0.Add(VouchValidity))
				v.Artifact.Length = int64(len(body))
				w.add(w.fact(w.hospital, evidence.RoleHouse, v))
			},
			t: inPart("pump.bin", flip(body, 4*bs+7), gap), verdict: model.Incomplete, release: "/3", why: []string{"nobody published its blocks"},
		},
		"longer, from its host":    {t: from(inPart("pump.bin", longer, gap), "update.acme.test"), verdict: model.Altered, release: "2.1.0", why: []string{"announced with 1311724 bytes, and the artifact has 1311720"}},
		"longer, nothing compared": {t: from(inPart("pump.bin", longer, [2]int{1, 5*bs + 1004}), "update.acme.test"), verdict: model.Incomplete, release: "2.1.0", why: []string{"no block of 262144 bytes of it was seen whole", "announced with 1311724 bytes"}},
		"goes on behind its end":   {t: with(inPart("pump.bin", append(bytes.Clone(body), noise(2*bs)...), [2]int{10, 11}), func(x *model.Transfer) { x.Declared = -1; x.Host = "update.acme.test" }), verdict: model.Altered, release: "2.1.0"},
		"whole, other name":        {t: inPart("x", append(flip(body, 3*bs), 'm')), verdict: model.Altered, release: "2.1.0", why: []string{`"x" has parts of the file that acme signed as pump-7 2.1.0, but other bytes`, `it has blocks of an artifact of release:acme/pump-7/2.1.0, and its bytes differ`}},
		"whole, cut short":         {t: inPart("x", body[:4*bs]), verdict: model.Altered, release: "2.1.0"},
		"whole, first block other": {t: inPart("x", flip(body, 1)), verdict: model.Unknown},
		"whole, one block too few": {t: inPart("x", body[:bs-1]), verdict: model.Unknown},
		"filling, like another's":  {said: func(w *ward, dir string) { w.release("9", 9, nil, measured(w.t, dir, "disk.img", blank)) }, t: inPart("x", append(make([]byte, 3*bs), 1)), verdict: model.Unknown},
		"filling, and what follows": {
			said: func(w *ward, dir string) { w.release("9", 9, nil, measured(w.t, dir, "disk.img", blank)) },
			t:    inPart("disk.img", blank, [2]int{1, 2}), verdict: model.Incomplete, release: "/9", why: []string{"2 of 3 blocks"},
		},
		"not logged": {
			said: func(w *ward, dir string) {
				f := w.fact(w.acme, evidence.RoleRelease, set(w.t, "acme", "acme/pump-7", "6", 6, measured(w.t, dir, "new.bin", noise(7 * bs)[3*bs:])))
				f.Logged = false
				w.add(f)
			},
			t: inPart("x", noise(7 * bs)[3*bs:], gap), verdict: model.Incomplete, not: "release:",
		},
		"a form that differs by device": {
			said: func(w *ward, dir string) {
				a := measured(w.t, dir, "enc.bin", noise(8 * bs)[4*bs:])
				a.Forms = []Form{{Form: FormEncrypted}}
				w.release("4", 4, nil, a)
			},
			t: inPart("enc.bin", noise(4*bs), [2]int{0, 1}), verdict: model.Incomplete, release: "/4", why: []string{"declared form, not matched yet"},
		},
		"a small file": {
			said: func(w *ward, dir string) { w.release("5", 5, nil, measured(w.t, dir, "s.bin", noise(900))) },
			t:    inPart("s.bin", noise(900), [2]int{4, 5}), verdict: model.Incomplete, release: "/5", why: []string{"no block of 262144 bytes of it was seen whole"},
		},
		"the block file is gone": {
			said: func(w *ward, dir string) { _ = os.RemoveAll(filepath.Join(dir, BlockDir)) },
			t:    inPart("pump.bin", flip(body, 4*bs+7), gap), verdict: model.Incomplete, release: "2.1.0", why: []string{"no block of it was compared with release:acme/pump-7/2.1.0: the file of its blocks is not here"},
		},
		"the block file is damaged": {
			said: func(w *ward, dir string) {
				for _, b := range blockFiles(w.t, dir) {
					data, err := os.ReadFile(b)
					if err != nil {
						w.t.Fatal(err)
					}
					if err := os.WriteFile(b, bytes.Replace(data, []byte("\n"), []byte("\n "), 2), 0o600); err != nil {
						w.t.Fatal(err)
					}
				}
			},
			t: inPart("pump.bin", flip(body, 4*bs+7), gap), verdict: model.Incomplete, release: "2.1.0", why: []string{"the file of its blocks is damaged"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, dir := newWard(t), t.TempDir()
			w.book.UseBlocks(drawer(dir))
			w.release("2.1.0", 2, func(s *Set) { s.Hosts = []string{"update.acme.test"} }, measured(t, dir, "pump.bin", body))
			if c.said != nil {
				c.said(w, dir)
			}
			for range 2 { // the second answer comes from memory
				j := w.book.Judge(later, &c.t, c.d, nil)
				if j.Verdict != c.verdict || !strings.HasSuffix(j.Release.String(), c.release) || c.release == "" && !j.Release.IsZero() {
					t.Errorf("verdict %s, release %s; want %s, %s; why %q", j.Verdict, j.Release, c.verdict, c.release, j.Why)
				}
				for _, part := range c.why {
					if !slices.ContainsFunc(j.Why, func(s string) bool { return strings.Contains(s, part) }) {
						t.Errorf("%q is not said: %q", part, j.Why)
					}
				}
				if c.not != "" && slices.ContainsFunc(j.Why, func(s string) bool { return strings.Contains(s, c.not) }) {
					t.Errorf("%q is said: %q", c.not, j.Why)
				}
			}
		})
	}
}

func blockFiles(t testing.TB, dir string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, BlockDir, "*"))
	if err != nil || len(list) == 0 {
		t.Fatal(list, err)
	}
	return list
}

// Whatever is lost and changed: a verdict of altered has a changed byte in a block that was seen whole or in the
// prefix, and each such byte leads to it.
func TestAnyChangeInPart(t *testing.T) {
	t.Parallel()
	w, dir := newWard(t), t.TempDir()
	body := noise(6*bs + 77)
	w.book.UseBlocks(drawer(dir))
	w.release("2.1.0", 2, nil, measured(t, dir, "pump.bin", body))
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "losses"), 0))
		var missing [][2]int
		for range rapid.IntRange(1, 4).Draw(t, "holes") {
			at := r.IntN(len(body) - 2000)
			missing = append(missing, [2]int{at, at + 1 + r.IntN(2000)})
		}
		at := r.IntN(len(body))
		changed := rapid.Bool().Draw(t, "changed")
		sent := body
		if changed {
			sent = flip(body, at)
		}
		from, to := at/bs*bs, min(at/bs*bs+bs, len(body))
		whole := !slices.ContainsFunc(missing, func(m [2]int) bool { return m[0] < to && m[1] > from })
		want := model.Incomplete
		if changed && whole {
			want = model.Altered
		}
		j := w.book.Judge(later, new(inPart("pump.bin", sent, missing...)), model.Device{}, nil)
		if j.Verdict != want || j.Release.IsZero() {
			t.Fatalf("%s %s, want %s: byte %d changed %v, missing %v: %q", j.Verdict, j.Release, want, at, changed, missing, j.Why)
		}
	})
}

// The first transfer that is compared reads the beginning of every block file, once: at most 100 ms for 2,000 of
// them. A later one of 100 MB costs at most 50 µs.
func BenchmarkInPart(b *testing.B) {
	const releases, blocks = 2000, 382
	dir, book := b.TempDir(), NewBook(house)
	if err := os.Mkdir(filepath.Join(dir, BlockDir), 0o700); err != nil {
		b.Fatal(err)
	}
	for i := range releases {
		k := Blocks{Length: blocks * bs, Sums: make([]model.Digest, blocks), Prefixes: make([]model.Digest, blocks)}
		for j := range blocks {
			k.Sums[j] = model.DigestOf([]byte{byte(i), byte(i >> 8), byte(j), byte(j >> 8)})
			k.Prefixes[j] = k.Sums[j]
		}
		k.Artifact = k.Prefixes[blocks-1]
		file := k.Encode()
		ref := &BlockRef{SHA256: model.DigestOf(file), Length: int64(len(file))}
		if err := os.WriteFile(filepath.Join(dir, BlockDir, ref.SHA256.Hex()), file, 0o600); err != nil {
			b.Fatal(err)
		}
		s := set(b, "acme", "acme/pump-7", fmt.Sprint(i), int64(i), Artifact{Name: "pump.bin", Length: k.Length, SHA256: k.Artifact, Blocks: ref})
		d := model.DigestOf(file)
		book.sets[d] = &Release{Set: s, Subject: s.Subject(), Statement: d, Logged: true}
	}
	x := model.Transfer{Name: "x", Declared: 1, Size: 1, Parts: model.Parts{Prefixes: make([]model.Digest, blocks)}}
	for j := range blocks {
		x.Parts.Prefixes[j] = model.DigestOf([]byte{7, 0, byte(j), byte(j >> 8)})
	}
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			book.shelf = shelf{files: drawer(dir)}
			if j := book.Judge(later, &x, model.Device{}, nil); j.Release.IsZero() {
				b.Fatal(j)
			}
		}
	})
	b.Run("later", func(b *testing.B) {
		for b.Loop() {
			if j := book.Judge(later, &x, model.Device{}, nil); j.Release.IsZero() {
				b.Fatal(j)
			}
		}
	})
}

// The memory for block files is bounded, and what is forgotten is read again.
func TestShelfForgets(t *testing.T) {
	t.Parallel()
	s := &shelf{}
	big := &Blocks{Sums: make([]model.Digest, shelfDigests/6), Prefixes: make([]model.Digest, shelfDigests/6)}
	for i := range 10 {
		s.hold(model.DigestOf([]byte{byte(i)}), onShelf{blocks: big})
		if s.digests > shelfDigests || len(s.held) != len(s.order) {
			t.Fatalf("%d digests, %d of %d held", s.digests, len(s.held), len(s.order))
		}
	}
	if len(s.held) != 3 || s.held[model.DigestOf([]byte{9})].blocks == nil {
		t.Errorf("%d are held", len(s.held))
	}
}

func TestFillIsKnown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		of   byte
		want bool
	}{{0, true}, {0xff, true}, {1, false}} {
		if isFill(model.DigestOf(bytes.Repeat([]byte{c.of}, bs))) != c.want {
			t.Errorf("a block of %#x is filling: %v", c.of, !c.want)
		}
	}
}

// What the first lines of a file say is what the whole file says.
func FuzzFirstBlock(f *testing.F) {
	body := noise(bs + 5)
	sum := func(b []byte) model.Digest { return model.DigestOf(b) }
	f.Add(Blocks{
		Artifact: sum(body), Length: int64(len(body)),
		Sums: []model.Digest{sum(body[:bs]), sum(body[bs:])}, Prefixes: []model.Digest{sum(body[:bs]), sum(body)},
	}.Encode())
	f.Add([]byte("cordon-blocks/v1 x 1 262144\n"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		head, d, ok := firstBlock(data[:min(len(data), 256+blockLine)])
		b, err := ParseBlocks(data)
		if err != nil {
			return
		}
		if !ok || d != b.Sums[0] || cmp.Diff(head.Artifact, b.Artifact) != "" || head.Length != b.Length {
			t.Fatalf("%v %v %v of %v", ok, d, head, b)
		}
	})
}
