package exposure

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
	"pgregory.net/rapid"
)

func TestEncodeRow(t *testing.T) {
	t.Parallel()
	e := model.Edge{
		From: subj(t, "gate:acme/g"), Relation: "needs:2", To: subj(t, "device:acme/pump%207/1"),
		Harm: model.Integrity, Known: model.Denied,
		Since:   time.Date(2026, 1, 2, 3, 4, 5, 600, time.FixedZone("", 3600)),
		Control: `<a> & "b"`, Author: "st", Claim: true, Statement: model.DigestOf(nil),
	}
	want := `{"from":"gate:acme/g","relation":"needs:2","to":"device:acme/pump%207/1","harm":"integrity","known":"denied",` +
		`"since":"2026-01-02T02:04:05.0000006Z","control":"<a> & \"b\""}`
	if got := string(EncodeRow(e)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	back, err := DecodeRow([]byte(want))
	if err != nil {
		t.Fatal(err)
	}
	e.Since = e.Since.UTC()
	e.Author, e.Claim, e.Statement = "", false, model.Digest{}
	if back != e {
		t.Errorf("read again: %v, want %v", back, e)
	}
}

func TestDecodeRowRefuses(t *testing.T) {
	t.Parallel()
	const ok = `{"from":"system:a","relation":"runs","to":"system:b","harm":"integrity","known":"denied"}`
	if _, err := DecodeRow([]byte(ok)); err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]string{
		"a space":            strings.Replace(ok, ":\"", ": \"", 1),
		"bytes behind":       ok + " ",
		"another order":      `{"relation":"runs","from":"system:a","to":"system:b","harm":"integrity","known":"denied"}`,
		"a key twice":        strings.Replace(ok, `{`, `{"from":"system:a",`, 1),
		"an unknown key":     strings.Replace(ok, `}`, `,"note":"x"}`, 1),
		"a key in capitals":  strings.Replace(ok, `"from"`, `"From"`, 1),
		"an empty member":    strings.Replace(ok, `}`, `,"control":""}`, 1),
		"null":               "null",
		"an array":           "[]",
		"nothing":            "",
		"a time spelled out": strings.Replace(ok, `}`, `,"since":"2026-01-02"}`, 1),
		"a time with offset": strings.Replace(ok, `}`, `,"since":"2026-01-02T00:00:00+00:00"}`, 1),
		"an escape":          strings.Replace(ok, "system:a", `system:\u0061`, 1),
		"a bad subject":      strings.Replace(ok, "system:a", "a", 1),
		"a bad relation":     strings.Replace(ok, "runs", "needs:2", 1),
		"not UTF-8":          strings.Replace(ok, `}`, ",\"control\":\"\xff\"}", 1),
		"a number":           strings.Replace(ok, `"runs"`, `1`, 1),
		"too long":           ok + strings.Repeat(" ", maxRow),
	} {
		if e, err := DecodeRow([]byte(in)); err == nil || e != (model.Edge{}) {
			t.Errorf("%s: %v, error %v", name, e, err)
		}
	}
}

// TestRowsRoundTrip: what may be imported is what can be read again, spelled in one way.
func TestRowsRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		subject := rapid.SampledFrom([]string{"system:a", "gate:acme/g", "zone:st/a/b", "component:pkg:npm/%40a/b@1?x=\"&<", "person:%C3%A9"})
		at := rapid.SampledFrom([]string{"", "2026-01-01", "1999-12-31T23:59:59.123456789-11:00"})
		c := cells{
			From: subject.Draw(t, "from"), To: subject.Draw(t, "to"),
			Relation: rapid.SampledFrom([]string{"runs", "backs-up", "needs:64", "a1"}).Draw(t, "relation"),
			Harm:     string(rapid.SampledFrom(model.Harms[:]).Draw(t, "harm")),
			Known:    string(rapid.SampledFrom(model.Knowns[:]).Draw(t, "known")),
			Since:    at.Draw(t, "since"), Until: at.Draw(t, "until"),
			Control: rapid.StringN(0, 40, 300).Draw(t, "control"),
		}
		e, err := c.edge()
		if err != nil {
			t.Skip("cells that are refused")
		}
		b := EncodeRow(e)
		again, err := DecodeRow(b)
		if err != nil || again != e || !bytes.Equal(EncodeRow(again), b) {
			t.Fatalf("%v became %s and %v, %v", e, b, again, err)
		}
	})
}

// FuzzDecodeRow: no input panics, and what is taken has one spelling.
func FuzzDecodeRow(f *testing.F) {
	for _, s := range []string{
		`{"from":"system:a","relation":"runs","to":"system:b","harm":"integrity","known":"denied"}`,
		`{"from":"gate:a/g","relation":"needs:2","to":"system:b","harm":"availability","known":"observed","since":"2026-01-02T02:04:05.0000006Z","until":"2026-01-03T00:00:00Z","control":"a \"b\" \u2028 é"}`,
		`{"from":"system:a","from":"system:a"}`, `{`, `null`, `{"control":"\ud800"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		e, err := DecodeRow(in)
		if err != nil {
			return
		}
		if out := EncodeRow(e); !bytes.Equal(out, in) {
			t.Fatalf("%q was taken and is written %q", in, out)
		}
	})
}
