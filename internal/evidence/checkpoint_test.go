package evidence_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
)

const testOrigin = "log.acme.example/house"

var testTime = time.Date(2026, 11, 20, 12, 0, 0, 999, time.UTC)

func signText(t testing.TB, text string, signers ...note.Signer) []byte {
	t.Helper()
	b, err := note.Sign(&note.Note{Text: text}, signers...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCheckpointRoundTrip(t *testing.T) {
	t.Parallel()
	l := newTestLog(t, testOrigin)
	root := tlog.RecordHash([]byte("x"))
	signed, err := evidence.SignCheckpoint(testOrigin, 1, root, testTime, l.classical, l.pq)
	if err != nil {
		t.Fatal(err)
	}
	cp, err := evidence.OpenCheckpoint(signed, l.id)
	if err != nil {
		t.Fatal(err)
	}
	if cp.Origin != testOrigin || cp.Size != 1 || cp.Root != root || !cp.Time.Equal(testTime.Truncate(time.Second)) || !bytes.Equal(cp.Note, signed) {
		t.Errorf("read back as %+v", cp)
	}
	// The order of keys in the identity and of signatures in the note does not matter.
	turned, err := evidence.SignCheckpoint(testOrigin, 1, root, testTime, l.pq, l.classical)
	if err != nil {
		t.Fatal(err)
	}
	id := evidence.LogIdentity{Origin: testOrigin, Keys: []string{l.id.Keys[1], l.id.Keys[0]}}
	if _, err := evidence.OpenCheckpoint(turned, id); err != nil {
		t.Error(err)
	}
}

func TestOpenCheckpointRefuses(t *testing.T) {
	t.Parallel()
	l, other := newTestLog(t, testOrigin), newTestLog(t, testOrigin)
	elsewhere := newTestLog(t, "elsewhere")
	root := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))
	text := testOrigin + "\n5\n" + root + "\n"
	both := func(text string) []byte { return signText(t, text, l.classical, l.pq) }
	good := both(text)
	classicalLine := strings.SplitAfter(string(good), "\n")[4]
	// The ML-DSA signer of the formats module signs only what it can parse.
	withText := func(text string) []byte {
		return []byte(text + strings.TrimPrefix(string(good), testOrigin+"\n5\n"+root+"\n"))
	}
	for name, c := range map[string]struct {
		in  []byte
		err string
	}{
		"only classical":           {signText(t, text, l.classical), "missing post-quantum"},
		"only post-quantum":        {signText(t, text, l.pq), "missing classical"},
		"strangers":                {signText(t, text, other.classical, other.pq), "no key of this log"},
		"classical by a stranger":  {signText(t, text, other.classical, l.pq), "missing classical"},
		"classical twice":          {[]byte(strings.SplitAfter(string(good), classicalLine)[0] + classicalLine), "missing post-quantum"},
		"another log's":            {signText(t, "elsewhere\n5\n"+root+"\n", elsewhere.classical, elsewhere.pq), "no key of this log"},
		"another origin, our keys": {signText(t, "elsewhere\n5\n"+root+"\n", l.classical, l.pq), `of log "elsewhere"`},
		"text changed":             {withText(testOrigin + "\n6\n" + root + "\n"), "classical signature (Ed25519) does not verify"},
		"extension line":           {signText(t, text+"extension\n", l.classical, l.pq), "extension"},
		"two lines":                {signText(t, testOrigin+"\n5\n", l.classical), "missing post-quantum"},
		"size with plus":           {signText(t, testOrigin+"\n05\n"+root+"\n", l.classical, l.pq), "size"},
		"absurd size":              {both(testOrigin + "\n1125899906842625\n" + root + "\n"), "size"},
		"size zero, other root":    {both(testOrigin + "\n0\n" + root + "\n"), "empty tree"},
		"trailing bytes":           {append(bytes.Clone(good), "junk"...), "malformed"},
		"trailing line":            {append(bytes.Clone(good), "junk\n"...), "malformed"},
		"control character":        {bytes.Replace(good, []byte("\n5\n"), []byte("\n5\x00\n"), 1), "malformed"},
		"empty":                    {nil, "malformed"},
		"endless":                  {append(bytes.Clone(good), make([]byte, 64<<10)...), "more than"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cp, err := evidence.OpenCheckpoint(c.in, l.id)
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Fatalf("got %+v and error %v, want an error with %q", cp, err, c.err)
			}
			if !errors.Is(err, fault.BadCheckpoint) {
				t.Errorf("the error carries %s", fault.CodeOf(err))
			}
		})
	}
}

// Every changed byte is noticed, or changes nothing that is signed.
func TestCheckpointEveryByte(t *testing.T) {
	t.Parallel()
	l := newTestLog(t, testOrigin)
	signed, err := evidence.SignCheckpoint(testOrigin, 300, tlog.RecordHash(nil), testTime, l.classical, l.pq)
	if err != nil {
		t.Fatal(err)
	}
	for i := range signed {
		bad := bytes.Clone(signed)
		bad[i] ^= 1
		if cp, err := evidence.OpenCheckpoint(bad, l.id); err == nil {
			t.Errorf("byte %d (%q) changed and still read as size %d", i, signed[i], cp.Size)
		}
	}
}

// A witness may add its line; it changes nothing.
func TestWitnessLineIsAllowed(t *testing.T) {
	t.Parallel()
	l, w := newTestLog(t, testOrigin), newTestLog(t, "witness.example")
	text := testOrigin + "\n0\n" + evidence.EmptyRoot().String() + "\n"
	cp, err := evidence.OpenCheckpoint(signText(t, text, l.classical, w.classical, l.pq), l.id)
	if err != nil || cp.Size != 0 {
		t.Errorf("%+v, %v", cp, err)
	}
}

func TestLogIdentity(t *testing.T) {
	t.Parallel()
	l, other := newTestLog(t, testOrigin), newTestLog(t, testOrigin)
	elsewhere := newTestLog(t, "elsewhere")
	ed, pq := l.id.Keys[0], l.id.Keys[1]
	badHash := func(k string) string {
		parts := strings.SplitN(k, "+", 3)
		return parts[0] + "+00000000+" + parts[2]
	}
	for name, c := range map[string]struct {
		origin string
		keys   []string
		err    string
	}{
		"as made":             {testOrigin, []string{ed, pq}, ""},
		"turned":              {testOrigin, []string{pq, ed}, ""},
		"no keys":             {testOrigin, nil, "0 keys"},
		"one key":             {testOrigin, []string{ed}, "1 keys"},
		"three keys":          {testOrigin, []string{ed, pq, other.id.Keys[0]}, "3 keys"},
		"two classical":       {testOrigin, []string{ed, other.id.Keys[0]}, "two keys"},
		"two post-quantum":    {testOrigin, []string{pq, other.id.Keys[1]}, "two keys"},
		"named otherwise":     {testOrigin, []string{ed, elsewhere.id.Keys[1]}, "named"},
		"classical hash":      {testOrigin, []string{badHash(ed), pq}, "type 0x01"},
		"post-quantum hash":   {testOrigin, []string{ed, badHash(pq)}, "hash"},
		"truncated":           {testOrigin, []string{ed, pq[:200]}, "key"},
		"no base64":           {testOrigin, []string{ed + "!", pq}, "base64"},
		"unknown type":        {testOrigin, []string{ed, testOrigin + "+00000000+BAAA"}, "neither"},
		"not a key":           {testOrigin, []string{ed, "x"}, "form"},
		"huge":                {testOrigin, []string{ed, pq + strings.Repeat("A", 5000)}, "longer"},
		"empty origin":        {"", []string{ed, pq}, "origin"},
		"origin with space":   {"a b", []string{ed, pq}, "origin"},
		"origin with newline": {"a\nb", []string{ed, pq}, "origin"},
		"long origin":         {strings.Repeat("a", 201), []string{ed, pq}, "origin"},
	} {
		err := evidence.LogIdentity{Origin: c.origin, Keys: c.keys}.Check()
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: error %v, want %q", name, err, c.err)
		}
	}
}

func TestSignCheckpointRefuses(t *testing.T) {
	t.Parallel()
	l := newTestLog(t, testOrigin)
	for name, err := range map[string]error{
		"origin": func() error { _, err := evidence.SignCheckpoint("a b", 1, tlog.Hash{}, testTime, l.pq); return err }(),
		"size": func() error {
			_, err := evidence.SignCheckpoint(testOrigin, -1, tlog.Hash{}, testTime, l.pq)
			return err
		}(),
		"time": func() error {
			_, err := evidence.SignCheckpoint(testOrigin, 1, tlog.Hash{}, time.Unix(-1, 0), l.pq)
			return err
		}(),
	} {
		if err == nil {
			t.Errorf("%s: signed", name)
		}
	}
}

func FuzzOpenCheckpoint(f *testing.F) {
	l := newTestLog(f, testOrigin)
	good, err := evidence.SignCheckpoint(testOrigin, 300, tlog.RecordHash(nil), testTime, l.classical, l.pq)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(testOrigin + "\n0\n" + evidence.EmptyRoot().String() + "\n\n— x AAAA\n"))
	f.Add([]byte(fmt.Sprintf("%s\n5\nAA==\nmore\n\n— %s AAAAAAAA\n", testOrigin, testOrigin)))
	f.Fuzz(func(t *testing.T, b []byte) {
		cp, err := evidence.OpenCheckpoint(b, l.id)
		if err != nil {
			if !errors.Is(err, fault.BadCheckpoint) {
				t.Fatalf("the error carries %s", fault.CodeOf(err))
			}
			return
		}
		// Nobody can sign anew: only lines of other keys may have been added.
		if cp.Size != 300 || cp.Root != tlog.RecordHash(nil) {
			t.Fatalf("forged %+v", cp)
		}
	})
}
