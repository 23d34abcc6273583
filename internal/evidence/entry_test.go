package evidence_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/secure-systems-lab/go-securesystemslib/cjson"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/model"
)

func digest(s string) model.Digest { return model.DigestOf([]byte(s)) }

func sampleEntry() evidence.Entry {
	return evidence.Entry{
		Seq: 7, Author: "acme.example", PayloadType: evidence.PayloadType,
		Commitment: evidence.Commit([32]byte{1}, digest("pae")),
		Signatures: []evidence.SignatureRef{
			{Key: model.KeyOf(digest("b")), Digest: digest("sig b")},
			{Key: model.KeyOf(digest("a")), Digest: digest("sig a")},
		},
	}
}

// The bytes of an entry are signed for ever: this text may never change.
const goldenEntry = `{"author":"acme.example","commitment":"sha256:a000136f2e6f55164c2f3c29bbfdacc93b641d4c59e2797452fb89116d90efd4",` +
	`"payloadType":"application/vnd.in-toto+json","seq":7,"signatures":[` +
	`{"key":"key:sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d","sha256":"260d7e88845fa09be6af3a3496864bad3207dfeee9b5169b335bb4154b4499c9"},` +
	`{"key":"key:sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb","sha256":"b613795f108db3e8a9b1c24a719c73e27f2783a4a9868248a926d11bfa395366"}]}`

func TestEntryBytes(t *testing.T) {
	t.Parallel()
	got, err := sampleEntry().Encode()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(goldenEntry, string(got)); diff != "" {
		t.Errorf("entry (-want +got):\n%s", diff)
	}
	if want := tlog.RecordHash([]byte(goldenEntry)); evidence.LeafHash(got) != want {
		t.Errorf("leaf hash %v, want %v", evidence.LeafHash(got), want)
	}
}

func drawEntry(t *rapid.T) evidence.Entry {
	e := evidence.Entry{
		Seq:         rapid.Int64Range(0, 1<<53-1).Draw(t, "seq"),
		Author:      rapid.StringMatching(`[a-z0-9]([a-z0-9.-]{0,20}[a-z0-9])?x`).Draw(t, "author"),
		PayloadType: rapid.StringMatching(`[!#-\[\]-~]{1,128}`).Draw(t, "type"),
		Commitment:  digest(rapid.String().Draw(t, "commitment")),
	}
	for i := range rapid.IntRange(0, 8).Draw(t, "signatures") {
		e.Signatures = append(e.Signatures, evidence.SignatureRef{
			Key:    model.KeyOf(digest(fmt.Sprint(rapid.IntRange(0, 4).Draw(t, "key")))),
			Digest: digest(fmt.Sprint("signature", i)),
		})
	}
	return e
}

// Every entry comes back, has one encoding whatever the order of its signatures, and that encoding is
// what the canonical JSON library writes.
func TestEntryRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := drawEntry(t)
		b, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := evidence.ParseEntry(b)
		if err != nil {
			t.Fatal(err)
		}
		again, err := back.Encode()
		if err != nil || string(again) != string(b) {
			t.Fatalf("%s encodes again as %s (%v)", b, again, err)
		}
		e.Signatures = rapid.Permutation(e.Signatures).Draw(t, "order")
		if other, err := e.Encode(); err != nil || string(other) != string(b) {
			t.Fatalf("the order of signatures matters: %s and %s (%v)", b, other, err)
		}
		oracle, err := cjson.EncodeCanonical(map[string]any{
			"author": back.Author, "commitment": back.Commitment.String(), "payloadType": back.PayloadType,
			"seq": back.Seq, "signatures": refs(back.Signatures),
		})
		if err != nil || string(oracle) != string(b) {
			t.Fatalf("cjson writes %s, Encode %s (%v)", oracle, b, err)
		}
	})
}

func refs(sigs []evidence.SignatureRef) []map[string]string {
	out := []map[string]string{}
	for _, s := range sigs {
		out = append(out, map[string]string{"key": s.Key.String(), "sha256": s.Digest.Hex()})
	}
	return out
}

func TestParseEntryRefuses(t *testing.T) {
	t.Parallel()
	good, err := sampleEntry().Encode()
	if err != nil {
		t.Fatal(err)
	}
	swap := func(old, with string) string {
		if !strings.Contains(string(good), old) {
			t.Fatalf("the sample holds no %q", old)
		}
		return strings.Replace(string(good), old, with, 1)
	}
	first := string(good)[strings.Index(string(good), `{"key"`) : strings.Index(string(good), `},{`)+1]
	for name, c := range map[string]struct{ in, err string }{
		"nothing":           {"", "parse entry"},
		"not JSON":          {"{", "parse entry"},
		"white space":       {swap(`,"seq"`, `, "seq"`), "canonical"},
		"trailing newline":  {string(good) + "\n", "canonical"},
		"trailing value":    {string(good) + "{}", "parse entry"},
		"members reordered": {`{"seq":7,` + strings.Replace(string(good)[1:], `"seq":7,`, "", 1), "canonical"},
		"escaped letter":    {swap("acme", `\u0061cme`), "canonical"},
		"sequence as float": {swap(`"seq":7`, `"seq":7.0`), "parse entry"},
		"sequence negative": {swap(`"seq":7`, `"seq":-7`), "outside"},
		"sequence too big":  {swap(`"seq":7`, `"seq":9007199254740992`), "outside"},
		"duplicate member":  {swap(`"seq":7`, `"seq":7,"seq":7`), "duplicate"},
		"unknown member":    {swap(`"seq":7`, `"more":1,"seq":7`), "more"},
		"other case":        {swap(`"seq"`, `"Seq"`), "parse entry"},
		"bad author":        {swap("acme.example", "ACME"), "organisation"},
		"no commitment":     {swap(sampleEntry().Commitment.String(), ""), "no commitment"},
		"short digest":      {swap(`"sha256":"`, `"sha256":"00`), "digest"},
		"upper-case digest": {swap(sampleEntry().Signatures[1].Digest.Hex(), strings.ToUpper(sampleEntry().Signatures[1].Digest.Hex())), "lower-case"},
		"key of no kind":    {swap(model.KeyOf(digest("a")).String(), "org:acme"), "does not name a key"},
		"signature twice":   {swap(first, first+","+first), "twice"},
		"signatures null":   {`{"author":"a","commitment":"` + digest("x").String() + `","payloadType":"t","seq":0,"signatures":null}`, "canonical"},
		"signatures absent": {`{"author":"a","commitment":"` + digest("x").String() + `","payloadType":"t","seq":0}`, "canonical"},
		"type with quote":   {swap("application/vnd", `application\"vnd`), "not allowed"},
		"too long":          {strings.Repeat(" ", 16<<10) + string(good), "longer"},
		"invalid UTF-8":     {swap("acme", "ac\xffme"), "parse entry"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if e, err := evidence.ParseEntry([]byte(c.in)); err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("got %+v and error %v, want an error with %q", e, err, c.err)
			}
		})
	}
}

func TestEncodeRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*evidence.Entry){
		"65 signatures": func(e *evidence.Entry) {
			for i := range 65 {
				e.Signatures = append(e.Signatures, evidence.SignatureRef{Key: model.KeyOf(digest("k")), Digest: digest(fmt.Sprint(i))})
			}
		},
		"no key":          func(e *evidence.Entry) { e.Signatures[0].Key = model.Subject{} },
		"no digest":       func(e *evidence.Entry) { e.Signatures[0].Digest = model.Digest{} },
		"no type":         func(e *evidence.Entry) { e.PayloadType = "" },
		"type with space": func(e *evidence.Entry) { e.PayloadType = "a b" },
		"long type":       func(e *evidence.Entry) { e.PayloadType = strings.Repeat("a", 129) },
		"no author":       func(e *evidence.Entry) { e.Author = "" },
		"no commitment":   func(e *evidence.Entry) { e.Commitment = model.Digest{} },
	} {
		e := sampleEntry()
		change(&e)
		if b, err := e.Encode(); err == nil {
			t.Errorf("%s: encoded as %s", name, b)
		}
	}
}

// Without the salt the same statement cannot be recognised.
func TestCommitBlinds(t *testing.T) {
	t.Parallel()
	d := digest("statement")
	if evidence.Commit([32]byte{1}, d) == evidence.Commit([32]byte{2}, d) {
		t.Error("two salts, one commitment")
	}
	want := model.DigestOf(append(make([]byte, 32), d[:]...))
	if got := evidence.Commit([32]byte{}, d); got != want {
		t.Errorf("commitment %v, want %v", got, want)
	}
}

func FuzzParseEntry(f *testing.F) {
	good, err := sampleEntry().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"author":"a","commitment":"sha256:` + digest("x").Hex() + `","payloadType":"t","seq":0,"signatures":[]}`))
	f.Add([]byte(strings.Replace(string(good), `"seq":7`, `"seq":7e0`, 1)))
	f.Add([]byte(strings.Repeat("[", 9000)))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := evidence.ParseEntry(b)
		if err != nil {
			return
		}
		again, err := e.Encode()
		if err != nil || string(again) != string(b) {
			t.Fatalf("accepted %q, which encodes as %q (%v)", b, again, err)
		}
	})
}
