package evidence

import (
	"bytes"
	"crypto/rand"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"github.com/cordon-trust/cordon/internal/model"
)

func saltedRow(t interface{ Fatal(...any) }, body string) Row {
	r, err := NewRow(rand.Reader, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Rows come back from a segment as they went in, erased ones as their digests.
func TestSegmentRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var rows []Row
		var segment []byte
		for range rapid.IntRange(0, 20).Draw(rt, "rows") {
			r := saltedRow(rt, rapid.String().Draw(rt, "body"))
			if rapid.Bool().Draw(rt, "erased") {
				r.Salt, r.Body = nil, nil
			}
			before := len(segment)
			segment = AppendRow(segment, r)
			if r.Salt != nil && len(segment)-before != RowOverhead+len(r.Body) {
				rt.Fatalf("a row with a body of %d bytes takes %d", len(r.Body), len(segment)-before)
			}
			rows = append(rows, r)
		}
		got, err := ReadRows(segment)
		if err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(rows, got); diff != "" {
			rt.Fatalf("(-want +got):\n%s", diff)
		}
		if n := len(segment); n > 0 {
			cut := rapid.IntRange(1, n-1).Draw(rt, "cut")
			short, err := ReadRows(segment[:cut])
			if err == nil && !cmp.Equal(short, rows[:len(short)]) {
				rt.Fatal("a segment that was cut gives other rows")
			}
		}
	})
}

// The root is the one of RFC 6962, as another implementation computes it.
func TestRowRoot(t *testing.T) {
	t.Parallel()
	var rows []Row
	var stored []tlog.Hash
	read := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(at))
		for i, x := range at {
			out[i] = stored[x]
		}
		return out, nil
	})
	for n := range int64(70) {
		r := Row{Digest: model.DigestOf([]byte{byte(n)})}
		rows = append(rows, r)
		more, err := tlog.StoredHashes(n, r.Digest[:], read)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, more...)
		want, err := tlog.TreeHash(n+1, read)
		if err != nil {
			t.Fatal(err)
		}
		if got := rowRoot(rows); got != model.Digest(want) {
			t.Errorf("the root of %d rows is %s, want %s", n+1, got, want)
		}
	}
}

// A segment from anywhere is read within its bytes, and written again as it was.
func FuzzReadRows(f *testing.F) {
	held := AppendRow(nil, Row{Digest: model.DigestOf(nil), Salt: make([]byte, SaltSize), Body: []byte("body")})
	f.Add(held)
	f.Add(AppendRow(held, Row{Digest: model.DigestOf([]byte("x"))}))
	f.Add([]byte("short"))
	f.Fuzz(func(t *testing.T, b []byte) {
		rows, err := ReadRows(b)
		if err != nil {
			return
		}
		var again []byte
		for _, r := range rows {
			again = AppendRow(again, r)
		}
		if !bytes.Equal(again, b) {
			t.Fatalf("%x is written again as %x", b, again)
		}
	})
}
