package jsonrow_test

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cordon-trust/cordon/internal/kit/jsonrow"
	"github.com/cordon-trust/cordon/internal/kit/visible"
)

type sample struct {
	First string    `json:"first"`
	Text  string    `json:"text"`
	List  []string  `json:"list"`
	N     int64     `json:"n"`
	Yes   bool      `json:"yes"`
	At    time.Time `json:"at"`
	Sum   string    `json:"sum"`
}

// reflective is what the rows must be equal to.
func reflective(t interface{ Fatal(...any) }, v any) string {
	b, err := json.Marshal(v, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		t.Fatal(err)
	}
	return string(visible.JSON(b))
}

func appended(s sample, digest [32]byte) string {
	b := []byte(`{"first":`)
	b = visible.AppendJSON(b, s.First)
	b = jsonrow.String(b, "text", s.Text)
	b = jsonrow.Strings(b, "list", s.List)
	b = jsonrow.Int(b, "n", s.N)
	b = jsonrow.Bool(b, "yes", s.Yes)
	b = jsonrow.Time(b, "at", s.At)
	b = jsonrow.SHA256(b, "sum", digest)
	return string(append(b, '}'))
}

func TestRowEqualsReflection(t *testing.T) {
	t.Parallel()
	hostile := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.RuneFrom([]rune{
		0, '\b', '\t', '\n', '\f', '\r', 0x1b, '"', '\\', '/', '<', '&', 'a', 0x7f, 0x80, 0x9b, 0xad, 0xe4, 0x200b,
		0x2028, 0x202e, 0xfe0f, 0xfeff, 0xfffd, 0x1f600, 0xe0041,
	}), 0, 40, -1), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
	rapid.Check(t, func(t *rapid.T) {
		var digest [32]byte
		copy(digest[:], rapid.SliceOfN(rapid.Byte(), 0, 32).Draw(t, "digest"))
		s := sample{
			First: hostile.Draw(t, "first"), Text: hostile.Draw(t, "text"),
			List: rapid.SliceOfN(hostile, 0, 4).Draw(t, "list"),
			N:    rapid.Int64().Draw(t, "n"), Yes: rapid.Bool().Draw(t, "yes"),
			At: time.Unix(0, rapid.Int64().Draw(t, "at")).UTC(),
		}
		if digest != [32]byte{} {
			s.Sum = "sha256:" + strings.Repeat("0", 64)
		}
		got, want := appended(s, digest), reflective(t, s)
		if s.Sum != "" { // its digits are compared below
			i := strings.LastIndex(got, ":") + 1
			got = got[:i] + strings.Repeat("0", 64) + got[i+64:]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("-reflective +appended:\n%s", diff)
		}
	})
}

func TestValues(t *testing.T) {
	t.Parallel()
	digest := [32]byte{0xab, 0xcd, 31: 0x01}
	for _, c := range []struct {
		got  []byte
		want string
	}{
		{jsonrow.SHA256(nil, "d", digest), `,"d":"sha256:abcd` + strings.Repeat("0", 58) + `01"`},
		{jsonrow.SHA256(nil, "d", [32]byte{}), `,"d":""`},
		{jsonrow.Time(nil, "t", time.Date(2026, 1, 5, 8, 0, 0, 1000, time.UTC)), `,"t":"2026-01-05T08:00:00.000001Z"`},
		{jsonrow.Time(nil, "t", time.Time{}), `,"t":"0001-01-01T00:00:00Z"`},
		{jsonrow.Time(nil, "t", time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)), `,"t":null`},
		{jsonrow.Int(nil, "n", math.MinInt64), `,"n":-9223372036854775808`},
		{jsonrow.Strings(nil, "l", nil), `,"l":[]`},
		{jsonrow.Word([]byte("{"), "w", "cannot-see"), `{,"w":"cannot-see"`},
		{jsonrow.Strings([]byte("{"), "l", []string{"a", "\x1b"}), `{,"l":["a","\u001b"]`},
		{jsonrow.Bool(nil, "b", true), `,"b":true`},
		{jsonrow.String(nil, "s", "\xff \u202e"), ",\"s\":\"\ufffd \\u202e\""},
	} {
		if string(c.got) != c.want {
			t.Errorf("%s, want %s", c.got, c.want)
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	b, at, list := make([]byte, 0, 1024), time.Unix(1767600000, 421000).UTC(), []string{"one", "two"}
	n := testing.AllocsPerRun(100, func() {
		b = jsonrow.String(b[:0], "name", "pump-2.1.0 äöü \u202e.bin")
		b = jsonrow.Strings(b, "why", list)
		b = jsonrow.Time(b, "time", at)
		b = jsonrow.SHA256(b, "digest", [32]byte{1})
		b = jsonrow.Int(b, "size", 12345)
	})
	if n != 0 {
		t.Errorf("%v allocations a row", n)
	}
}

func FuzzRow(f *testing.F) {
	f.Add("10.2.0.15:80", "pump\"\\\x00\u202e.bin", "sentence \xff", int64(1767600000000000001), int64(-1), true)
	f.Fuzz(func(t *testing.T, first, text, one string, at, n int64, yes bool) {
		s := sample{First: first, Text: text, List: []string{one, text}, N: n, Yes: yes, At: time.Unix(0, at).UTC()}
		if want, got := reflective(t, s), appended(s, [32]byte{}); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	})
}
