package release

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/kit/disktest"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

func TestMeasure(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 100, BlockSize - 1, BlockSize, BlockSize + 1, 3*BlockSize + 17} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			body, home := noise(n), t.TempDir()
			a := measured(t, home, "pump.bin", body)
			h := sha512.Sum512(body)
			want := Artifact{
				Name: "pump.bin", Length: int64(n), SHA256: model.DigestOf(body), SHA512: hex.EncodeToString(h[:]), Blocks: a.Blocks,
			}
			if d := cmp.Diff(want, a); d != "" {
				t.Fatal(d)
			}
			copied, err := os.ReadFile(filepath.Join(home, ArtifactDir, a.SHA256.Hex()))
			if err != nil || !bytes.Equal(copied, body) {
				t.Fatalf("the copy differs: %v", err)
			}
			file, err := os.ReadFile(filepath.Join(home, BlockDir, a.Blocks.SHA256.Hex()))
			if err != nil || model.DigestOf(file) != a.Blocks.SHA256 || int64(len(file)) != a.Blocks.Length || a.Blocks.Length > blockFileMax(a.Length) {
				t.Fatalf("the block file is not what its name says: %v", err)
			}
			b, err := ParseBlocks(file)
			if err != nil {
				t.Fatal(err)
			}
			if b.Artifact != a.SHA256 || b.Length != a.Length || int64(len(b.Sums)) != blockCount(a.Length) {
				t.Fatalf("the block file is about %s, %d bytes, %d blocks", b.Artifact, b.Length, len(b.Sums))
			}
			for i := range b.Sums {
				end := min((i+1)*BlockSize, n)
				if b.Sums[i] != model.DigestOf(body[i*BlockSize:end]) || b.Prefixes[i] != model.DigestOf(body[:end]) {
					t.Errorf("block %d", i)
				}
			}
		})
	}
}

func TestMeasureRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	sparse := write("sparse", nil)
	if err := os.Truncate(sparse, maxLength+1); err != nil {
		t.Skipf("no sparse files here: %v", err)
	}
	for name, c := range map[string]struct {
		path string
		code fault.Code
	}{
		"nothing there":       {filepath.Join(dir, "none"), fault.NotFound},
		"an empty file":       {write("empty", nil), fault.BadInput},
		"a folder":            {dir, fault.BadInput},
		"a pipe":              {fifo, fault.BadInput},
		"a device":            {"/dev/zero", fault.BadInput},
		"too large":           {sparse, fault.TooLarge},
		"a name with newline": {write("a\nb", []byte("x")), fault.BadInput},
		"a name in Latin-1":   {write("a\xff", []byte("x")), fault.BadInput},
	} {
		home := t.TempDir()
		_, err := Measure(context.Background(), fast{}, home, c.path)
		if fault.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
		assertNoFiles(t, home)
	}
}

func assertNoFiles(t *testing.T, dir string) {
	t.Helper()
	for path := range load(t, dir) {
		t.Errorf("%q was left behind", path)
	}
}

// growing is a file system that changes the source while it is copied.
type growing struct {
	disk.OS
	path string
	size int64
}

func (g growing) CreateTemp(dir, pattern string) (disk.File, error) {
	if err := os.Truncate(g.path, g.size); err != nil {
		return nil, err
	}
	return g.OS.CreateTemp(dir, pattern)
}

func TestMeasureNoticesAChange(t *testing.T) {
	t.Parallel()
	for _, size := range []int64{0, 5, 999, 1001, BlockSize * 2} {
		path, home := filepath.Join(t.TempDir(), "f"), t.TempDir()
		if err := os.WriteFile(path, noise(1000), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Measure(context.Background(), growing{path: path, size: size}, home, path)
		if !errors.Is(err, fault.BadInput) || !strings.Contains(err.Error(), "changed") {
			t.Errorf("%d bytes: %v", size, err)
		}
		assertNoFiles(t, home)
	}
}

// Each operation on the disk failing in each way leaves no half of a file under a digest's name, and the
// next run heals what was left.
func TestMeasureSurvivesEveryFailure(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	body := noise(BlockSize + 5)
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	measure := func(fsys disk.FS, home string) error {
		_, err := Measure(context.Background(), fsys, home, path)
		return err
	}
	all := disktest.New(fast{})
	if err := measure(all, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= all.Ops(); n++ {
		for _, mode := range disktest.Modes {
			home := t.TempDir()
			f := disktest.New(fast{})
			f.FailAt(n, mode, syscall.ENOSPC)
			err := measure(f, home)
			if !errors.Is(err, fault.DiskFull) {
				t.Fatalf("operation %d %s: %v (%v)", n, mode, err, f.Log())
			}
			assertDigestNames(t, home)
			if err := measure(fast{}, home); err != nil {
				t.Fatalf("operation %d %s, again: %v", n, mode, err)
			}
			assertDigestNames(t, home)
		}
	}
}

func assertDigestNames(t *testing.T, dir string) {
	t.Helper()
	for path, b := range load(t, dir) {
		if !disk.IsTemp(path) && filepath.Base(path) != model.DigestOf(b).Hex() {
			t.Fatalf("%q does not have the bytes that its name says", path)
		}
	}
}

func TestMeasureHealsADamagedCopy(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	a := measured(t, home, "f", []byte("good"))
	p := filepath.Join(home, ArtifactDir, a.SHA256.Hex())
	if err := os.WriteFile(p, []byte("bad!"), 0o600); err != nil {
		t.Fatal(err)
	}
	measured(t, home, "f", []byte("good"))
	assertDigestNames(t, home)
}

type file struct{ name, body string }

func zipOf(t testing.TB, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		e, err := w.Create(f.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(e, f.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarOf(t testing.TB, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Size: int64(len(f.body)), Mode: 0o600, Typeflag: tar.TypeReg}
		if strings.HasSuffix(f.name, "/") {
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, f.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipOf(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestMeasureListsArchives(t *testing.T) {
	t.Parallel()
	files := []file{{"dir/", ""}, {"dir/a", "alpha"}, {"b", strings.Repeat("beta", 10_000)}}
	var members []Member
	for _, f := range files[1:] {
		members = append(members, Member{f.name, int64(len(f.body)), model.DigestOf([]byte(f.body))})
	}
	plain := []Form{{Form: FormArchive, Members: members}}
	odd := []Form{{Form: FormArchive, Truncated: true}}
	var many []file
	for i := range maxMembers + 1 {
		many = append(many, file{name: fmt.Sprint(i)})
	}
	for name, c := range map[string]struct {
		body []byte
		want []Form
	}{
		"zip":              {zipOf(t, files...), plain},
		"tar":              {tarOf(t, files...), plain},
		"tar.gz":           {gzipOf(t, tarOf(t, files...)), plain},
		"gzip of a text":   {gzipOf(t, []byte("text")), nil},
		"gzip magic alone": {[]byte{0x1f, 0x8b, 1, 2, 3}, nil},
		"text":             {[]byte("text"), nil},
		"empty zip":        {zipOf(t), odd},
		"cut zip":          {zipOf(t, files...)[:60], odd},
		"cut tar":          {tarOf(t, files...)[:1026], odd},
		"cut tar.gz":       {gzipOf(t, tarOf(t, append(files, file{"c", string(noise(50_000))})...))[:20_000], odd},
		"a member twice":   {zipOf(t, file{"a", "1"}, file{"a", "2"}), odd},
		"a name with ESC":  {tarOf(t, file{"a\x1b", "1"}), odd},
		"too many members": {zipOf(t, many...), odd},
		"zip in a zip":     {zipOf(t, file{"x.zip", "PK\x03\x04"}), []Form{{Form: FormArchive, Members: []Member{{"x.zip", 4, model.DigestOf([]byte("PK\x03\x04"))}}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := measured(t, t.TempDir(), "f", c.body)
			if d := cmp.Diff(c.want, a.Forms); d != "" {
				t.Error(d)
			}
			if err := a.check(); err != nil {
				t.Errorf("what was measured cannot be signed: %v", err)
			}
		})
	}
}

// A bomb is named and not unpacked to its end.
func TestArchiveIsBounded(t *testing.T) {
	t.Parallel()
	zeros := strings.Repeat("\x00", 3<<20)
	for name, body := range map[string][]byte{
		"zip":           zipOf(t, file{"z", zeros}),
		"tar.gz":        gzipOf(t, tarOf(t, file{"z", zeros})),
		"headers alone": gzipOf(t, tarOf(t, slices.Repeat([]file{{"d/", ""}}, 8000)...)),
	} {
		form, ok := listArchive(context.Background(), bytes.NewReader(body), int64(len(body)), 1<<20)
		if !ok || !form.Truncated || form.Members != nil {
			t.Errorf("%s: %v %v with %d members", name, ok, form.Truncated, len(form.Members))
		}
	}
}

func TestParseBlocksRefuses(t *testing.T) {
	t.Parallel()
	body := noise(2*BlockSize + 1)
	b := Blocks{Artifact: model.DigestOf(body), Length: int64(len(body))}
	for i := range 3 {
		end := min((i+1)*BlockSize, len(body))
		b.Sums = append(b.Sums, model.DigestOf(body[i*BlockSize:end]))
		b.Prefixes = append(b.Prefixes, model.DigestOf(body[:end]))
	}
	good := b.Encode()
	if _, err := ParseBlocks(good); err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string][]byte{
		"empty":          nil,
		"no header":      good[bytes.IndexByte(good, '\n')+1:],
		"a line less":    good[:len(good)-blockLine],
		"a line more":    slices.Concat(good, good[len(good)-blockLine:]),
		"cut":            good[:len(good)-1],
		"other version":  bytes.Replace(good, []byte("/v1"), []byte("/v2"), 1),
		"other length":   bytes.Replace(good, []byte(fmt.Sprint(len(body))), []byte(fmt.Sprint(len(body)-1)), 1),
		"leading zero":   bytes.Replace(good, []byte(" 52"), []byte(" 052"), 1),
		"upper case":     bytes.ToUpper(good),
		"two spaces":     bytes.Replace(good, []byte(" "), []byte("  "), 1),
		"other artifact": bytes.Replace(good, []byte(b.Artifact.Hex()), []byte(b.Sums[0].Hex()), 1),
		"a huge length":  []byte(blocksFormat + " " + b.Artifact.Hex() + " 9223372036854775807 262144\n"),
		"a negative one": []byte(blocksFormat + " " + b.Artifact.Hex() + " -1 262144\n"),
	} {
		if _, err := ParseBlocks(bad); !errors.Is(err, fault.BadInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBlocksRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "blocks")
		digest := rapid.Custom(func(t *rapid.T) model.Digest {
			return model.DigestOf(rapid.SliceOfN(rapid.Byte(), 1, 4).Draw(t, "b"))
		})
		b := Blocks{Length: int64((n-1)*BlockSize + rapid.IntRange(1, BlockSize).Draw(t, "rest"))}
		for range n {
			b.Sums, b.Prefixes = append(b.Sums, digest.Draw(t, "s")), append(b.Prefixes, digest.Draw(t, "p"))
		}
		b.Prefixes[0] = b.Sums[0]
		b.Artifact = b.Prefixes[n-1]
		got, err := ParseBlocks(b.Encode())
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(b, got); d != "" {
			t.Fatal(d)
		}
	})
}

func FuzzParseBlocks(f *testing.F) {
	b := Blocks{Artifact: model.DigestOf(nil), Length: 5, Sums: []model.Digest{model.DigestOf(nil)}, Prefixes: []model.Digest{model.DigestOf(nil)}}
	f.Add(b.Encode())
	f.Add([]byte(blocksFormat + " x 1 262144\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := ParseBlocks(data)
		if err == nil && !bytes.Equal(b.Encode(), data) {
			t.Fatal("two spellings of one block file")
		}
	})
}

func FuzzListArchive(f *testing.F) {
	f.Add(zipOf(f, file{"a", "alpha"}, file{"b/", ""}))
	f.Add(tarOf(f, file{"a", "alpha"}))
	f.Add(gzipOf(f, tarOf(f, file{"a", "alpha"})))
	f.Fuzz(func(t *testing.T, b []byte) {
		form, ok := listArchive(context.Background(), bytes.NewReader(b), int64(len(b)), 1<<20)
		if !ok {
			return
		}
		if err := form.check(); err != nil {
			t.Fatalf("a form that cannot be signed: %v", err)
		}
		total := int64(0)
		for _, m := range form.Members {
			total += m.Length
		}
		if total > 1<<20 {
			t.Fatalf("%d bytes unpacked", total)
		}
	})
}

func FuzzParseEntries(f *testing.F) {
	good, err := encodeEntries([][]byte{[]byte("one"), []byte("two")})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good, 2)
	f.Add([]byte{0, 0}, 1)
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		n = max(0, min(n, bundleWidth))
		list, err := parseEntries(b, n)
		if err != nil {
			return
		}
		again, err := encodeEntries(list)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("two spellings of one bundle: %v", err)
		}
	})
}

func FuzzParseLines(f *testing.F) {
	f.Add([]byte("{}\n{}\n"))
	f.Add([]byte("\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		lines, err := parseLines(b, 4)
		if err != nil {
			return
		}
		joined := bytes.Join(lines, []byte("\n"))
		if len(lines) > 4 || !bytes.Equal(joined, bytes.TrimSuffix(b, []byte("\n"))) {
			t.Fatalf("%d lines of %q", len(lines), b)
		}
	})
}

func FuzzParseHead(f *testing.F) {
	_, files := small(f)
	f.Add(files[headPath])
	f.Add(files[rootsPath])
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _, _ = parseHead(b)
		_, _, _ = parseRoot(b)
	})
}

// What counts is CPU: two SHA-256 and one SHA-512 over each byte, and a copy that is made durable.
func BenchmarkMeasure(b *testing.B) {
	path := filepath.Join(b.TempDir(), "f")
	body := noise(32 << 20)
	if err := os.WriteFile(path, body, 0o600); err != nil {
		b.Fatal(err)
	}
	home := b.TempDir()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Measure(context.Background(), disk.OS{}, home, path); err != nil {
			b.Fatal(err)
		}
	}
}
