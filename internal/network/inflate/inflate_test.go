package inflate

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// decode decodes b in pieces of n bytes.
func decode(f Format, b []byte, n int, limit int64) ([]byte, bool, error) {
	var z Reader
	var out []byte
	z.Reset(f, limit, func(p []byte) { out = append(out, p...) })
	for part := range slices.Chunk(b, n) {
		if _, err := z.Write(part); err != nil {
			return out, false, err
		}
	}
	return out, z.Done(), nil
}

func pack(tb testing.TB, w io.WriteCloser, err error, data []byte) {
	tb.Helper()
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		tb.Fatal(err)
	}
}

func samples() map[string][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	noise, mixed := make([]byte, 200_000), make([]byte, 0, 300_000)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	for len(mixed) < 290_000 {
		mixed = append(mixed, noise[r.IntN(1000):][:1+r.IntN(600)]...)
	}
	return map[string][]byte{
		"nothing": {}, "one": []byte("a"), "text": []byte(strings.Repeat("the pump fetched the release. ", 3000)),
		"zeros": make([]byte, 300_000), "noise": noise, "mixed": mixed,
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for name, data := range samples() {
		for _, level := range []int{flate.HuffmanOnly, 0, 1, 6, 9} {
			var g, z, raw bytes.Buffer
			gw, err := gzip.NewWriterLevel(&g, level)
			if err == nil {
				gw.Name, gw.Comment, gw.Extra = "fw.bin", "a comment", []byte{1, 2, 3}
			}
			pack(t, gw, err, data)
			zw, err := zlib.NewWriterLevel(&z, level)
			pack(t, zw, err, data)
			rw, err := flate.NewWriter(&raw, level)
			pack(t, rw, err, data)
			for _, n := range []int{1 << 30, 1448, 7} {
				for how, c := range map[string]struct {
					f Format
					b []byte
				}{"gzip": {Gzip, g.Bytes()}, "zlib": {Deflate, z.Bytes()}, "raw": {Deflate, raw.Bytes()}} {
					got, done, err := decode(c.f, c.b, n, 1<<30)
					if err != nil || !done || !bytes.Equal(got, data) {
						t.Fatalf("%s, %s, level %d, %d at a time: %d of %d bytes, done %v, %v", name, how, level, n, len(got), len(data), done, err)
					}
				}
			}
		}
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	var g bytes.Buffer
	w := gzip.NewWriter(&g)
	pack(t, w, nil, bytes.Repeat([]byte("firmware "), 10_000))
	good := g.Bytes()
	change := func(i int) []byte { b := slices.Clone(good); b[i] ^= 1; return b }
	for name, c := range map[string]struct {
		in   []byte
		done bool
		err  error
	}{
		"whole":             {good, true, nil},
		"two members":       {append(slices.Clone(good), good...), true, nil},
		"cut":               {good[:len(good)-1], false, nil},
		"cut in the header": {good[:5], false, nil},
		"another sum":       {change(len(good) - 8), false, ErrCorrupt},
		"another length":    {change(len(good) - 1), false, ErrCorrupt},
		"not gzip":          {change(1), false, ErrCorrupt},
		"rest":              {append(slices.Clone(good), 'x'), false, ErrCorrupt},
		"block type 3":      {append(slices.Clone(good[:10]), 7), false, ErrCorrupt},
	} {
		if _, done, err := decode(Gzip, c.in, 100, 1<<30); done != c.done || !errors.Is(err, c.err) {
			t.Errorf("%s: done %v, %v", name, done, err)
		}
	}
	if out, _, err := decode(Gzip, good, 100, 50_000); !errors.Is(err, ErrTooLarge) || len(out) > 50_000 {
		t.Errorf("a bomb: %d bytes, %v", len(out), err)
	}
}

// A header is read in time that grows with its length only, whichever of its fields are there.
func TestHeaders(t *testing.T) {
	t.Parallel()
	data := []byte("firmware")
	var raw bytes.Buffer
	w, err := flate.NewWriter(&raw, 6)
	pack(t, w, err, data)
	long := strings.Repeat("n", 60_000)
	for flags := range byte(1 << 5) {
		h := []byte{0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3}
		if flags&flagExtra != 0 {
			h = append(h, 3, 1)
			h = append(h, make([]byte, 0x103)...)
		}
		if flags&flagName != 0 {
			h = append(append(h, "name"...), 0)
		}
		if flags&flagComment != 0 {
			h = append(h, 0)
		}
		if flags&flagHeaderSum != 0 {
			h = append(h, 1, 2)
		}
		b := append(h, raw.Bytes()...)
		b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(data))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
		for _, n := range []int{1, 1 << 20} {
			if got, done, err := decode(Gzip, b, n, 1<<20); err != nil || !done || !bytes.Equal(got, data) {
				t.Errorf("flags %#x, %d at a time: %q, %v, %v", flags, n, got, done, err)
			}
		}
	}
	start := time.Now()
	for range 100 {
		var g bytes.Buffer
		gw := gzip.NewWriter(&g)
		pack(t, gw, nil, data)
		b := slices.Concat(g.Bytes()[:3], []byte{flagName}, g.Bytes()[4:10], []byte(long), []byte{0}, g.Bytes()[10:])
		if _, done, err := decode(Gzip, b, 1448, 1<<20); err != nil || !done {
			t.Fatalf("a long name: %v, %v", done, err)
		}
	}
	if took := time.Since(start); took > 10*time.Second { // read anew for each byte it takes a minute
		t.Errorf("long names took %v", took)
	}
}

// Blocks without content cost little, however many there are.
func TestEmptyBlocks(t *testing.T) {
	t.Parallel()
	const blocks = 800_000 // of ten bits: not the last, fixed codes, end
	var b []byte
	var bits, n uint
	for range blocks {
		bits |= 2 << n
		for n += 10; n >= 8; n -= 8 {
			b, bits = append(b, byte(bits)), bits>>8
		}
	}
	start := time.Now()
	if out, _, err := decode(Deflate, b, 1448, 1<<20); err != nil || len(out) != 0 {
		t.Errorf("%d bytes, %v", len(out), err)
	}
	if took := time.Since(start); took > 2*time.Second { // with codes made anew for each it takes over 4 s
		t.Errorf("%d bytes took %v", len(b), took)
	}
}

// reserved reports whether what may be a gzip header has a reserved flag: RFC 1952 section 2.3.1.2 refuses it,
// and the standard library lets it pass.
func reserved(b []byte) bool {
	for at := bytes.Index(b, []byte("\x1f\x8b\x08")); at >= 0 && at+3 < len(b); {
		if b[at+3]&0xe0 != 0 {
			return true
		}
		next := bytes.Index(b[at+1:], []byte("\x1f\x8b\x08"))
		if next < 0 {
			return false
		}
		at += 1 + next
	}
	return false
}

func FuzzWrite(f *testing.F) {
	f.Add([]byte("\x1f\x8b\b \x00\x00\x00\x00\x00\xff\x00\x01\x00\xfe\xffa\x03\x00C\xbe\xb7\xe8\x01\x00\x00\x00"), true, uint8(7))
	for _, data := range samples() {
		var g, z, raw bytes.Buffer
		pack(f, gzip.NewWriter(&g), nil, data[:min(len(data), 3000)])
		pack(f, zlib.NewWriter(&z), nil, data[:min(len(data), 3000)])
		rw, err := flate.NewWriter(&raw, 6)
		pack(f, rw, err, data[:min(len(data), 3000)])
		f.Add(g.Bytes(), true, uint8(7))
		f.Add(z.Bytes(), false, uint8(1))
		f.Add(raw.Bytes(), false, uint8(100))
	}
	f.Fuzz(func(t *testing.T, b []byte, gz bool, n uint8) {
		const limit = 1 << 20
		format := Deflate
		if gz {
			format = Gzip
		}
		whole, done, err := decode(format, b, 1<<30, limit)
		parts, done2, err2 := decode(format, b, 1+int(n), limit)
		if done != done2 || (err == nil) != (err2 == nil) || err == nil && !bytes.Equal(whole, parts) {
			t.Fatalf("at once: %d bytes, %v, %v; in pieces: %d bytes, %v, %v", len(whole), done, err, len(parts), done2, err2)
		}
		if len(whole) > limit {
			t.Fatalf("%d bytes", len(whole))
		}
		if !gz || len(b) == 0 || reserved(b) {
			return
		}
		r, oerr := gzip.NewReader(bytes.NewReader(b))
		if oerr != nil {
			return
		}
		want, oerr := io.ReadAll(io.LimitReader(r, limit+1))
		if len(want) > limit {
			return
		}
		if oerr == nil != done || done && !bytes.Equal(want, whole) {
			t.Fatalf("the standard library reads %d bytes, %v; this package %d, %v, %v", len(want), oerr, len(whole), done, err)
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	var g bytes.Buffer
	data := samples()["mixed"]
	pack(b, gzip.NewWriter(&g), nil, data)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	var z Reader
	for b.Loop() {
		z.Reset(Gzip, 1<<30, func([]byte) {})
		for part := range slices.Chunk(g.Bytes(), 1448) {
			if _, err := z.Write(part); err != nil {
				b.Fatal(err)
			}
		}
	}
}
