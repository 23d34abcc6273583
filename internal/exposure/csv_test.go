package exposure

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/google/go-cmp/cmp"
)

const header = "from,relation,to,harm,known,since,until,control\n"

func subj(t testing.TB, s string) model.Subject {
	t.Helper()
	out, err := model.ParseSubject(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var sameSubject = cmp.Comparer(func(a, b model.Subject) bool { return a == b })

func TestReadEdges(t *testing.T) {
	t.Parallel()
	plain := model.Edge{
		From: subj(t, "system:a"), Relation: "runs", To: subj(t, "system:b"),
		Harm: model.Integrity, Known: model.Asserted,
	}
	with := func(change func(*model.Edge)) []model.Edge {
		e := plain
		change(&e)
		return []model.Edge{e}
	}
	const row = "system:a,runs,system:b,integrity,asserted,,,"
	for _, tt := range []struct {
		name, in string
		want     []model.Edge
		line     int    // of the first row
		raw      string // of the first row
	}{
		{"plain", header + row + "\n", []model.Edge{plain}, 2, row},
		{"no newline at the end", header + row, []model.Edge{plain}, 2, row},
		{"mark and CRLF", "\ufeff" + strings.ReplaceAll(header+row+"\n", "\n", "\r\n"), []model.Edge{plain}, 2, row},
		{"blank lines", header + "\n,,,,,,,\n  \n" + row + "\n\n", []model.Edge{plain}, 5, row},
		{
			"quotes and spaces", `"from", relation ,to,harm,known,since,until,"control"` + "\n" + ` "system:a" ,"runs", system:b,integrity,asserted,,,"a ""b"", c"`,
			with(func(e *model.Edge) { e.Control = `a "b", c` }), 2,
			` "system:a" ,"runs", system:b,integrity,asserted,,,"a ""b"", c"`,
		},
		{
			"columns in another order", "control,until,since,known,harm,to,relation,from\nmfa,2026-02-01,2026-01-01T12:00:00+02:00,denied,availability,system:b,runs,system:a\n",
			with(func(e *model.Edge) {
				e.Harm, e.Known, e.Control = model.Availability, model.Denied, "mfa"
				e.Since, e.Until = time.Date(2026, 1, 1, 10, 0, 0, 0, time.UTC), time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
			}), 2, "mfa,2026-02-01,2026-01-01T12:00:00+02:00,denied,availability,system:b,runs,system:a",
		},
		{
			"a gate", header + "gate:a/g,needs:2,system:b,integrity,asserted,,,\n",
			with(func(e *model.Edge) { e.From, e.Relation = subj(t, "gate:a/g"), "needs:2" }), 2,
			"gate:a/g,needs:2,system:b,integrity,asserted,,,",
		},
		{"the same k twice", header + "gate:a/g,needs:2,system:b,integrity,asserted,,,\ngate:a/g,needs:2,system:c,integrity,asserted,,,\n", []model.Edge{
			{From: subj(t, "gate:a/g"), Relation: "needs:2", To: subj(t, "system:b"), Harm: model.Integrity, Known: model.Asserted},
			{From: subj(t, "gate:a/g"), Relation: "needs:2", To: subj(t, "system:c"), Harm: model.Integrity, Known: model.Asserted},
		}, 2, "gate:a/g,needs:2,system:b,integrity,asserted,,,"},
		{"no rows", header, nil, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rows, err := ReadEdges(iotest.OneByteReader(strings.NewReader(tt.in)))
			if err != nil {
				t.Fatal(err)
			}
			var got []model.Edge
			for _, r := range rows {
				got = append(got, r.Edge)
			}
			if diff := cmp.Diff(tt.want, got, sameSubject); diff != "" {
				t.Error(diff)
			}
			if len(rows) > 0 && (rows[0].Line != tt.line || string(rows[0].Raw) != tt.raw) {
				t.Errorf("line %d, raw %q", rows[0].Line, rows[0].Raw)
			}
		})
	}
}

func TestReadEdgesRefuses(t *testing.T) {
	t.Parallel()
	row := func(s string) string { return header + s + "\n" }
	for _, tt := range []struct{ name, in, want string }{
		{"empty", "", "line 1: the file is empty"},
		{"nearest column", "from,relation,too,harm,known,since,until,control\n", `line 1: unknown column "too"; did you mean to?`},
		{"swapped letters", "form,relation,to,harm,known,since,until,control\n", `unknown column "form"; did you mean from?`},
		{"capitals", "From,relation,to,harm,known,since,until,control\n", `unknown column "From"; did you mean from?`},
		{"nothing near", "price,relation,to,harm,known,since,until,control\n", `unknown column "price"; the columns are from, relation`},
		{"a column more", strings.TrimSpace(header) + ",note\n", `unknown column "note"`},
		{"columns missing", "from,to,harm,known,control\n", "the header lacks relation, since, until"},
		{"column twice", strings.TrimSpace(header) + ",to\n", `column "to" is there twice`},
		{"semicolons", "from;relation;to;harm\n", "unknown column"},
		{"UTF-16", "\xff\xfef\x00r\x00", "line 1: it is not valid UTF-8"},
		{"too few cells", row("x,y"), "line 2: it has 2 cells where the header has 8"},
		{"no subject", row(",runs,system:b,integrity,asserted,,,"), "line 2: from is empty"},
		{"bad subject", row("system:a,runs,pump,integrity,asserted,,,"), `line 2: to: subject "pump"`},
		{"no harm", row("system:a,runs,system:b,,asserted,,,"), `line 2: harm "" is none of integrity, confidentiality, availability`},
		{"harm mistyped", row("system:a,runs,system:b,integrty,asserted,,,"), "did you mean integrity?"},
		{"no known", row("system:a,runs,system:b,integrity,,,,"), `known "" is none of`},
		{"relation in capitals", row("system:a,Runs,system:b,integrity,asserted,,,"), `relation "Runs"`},
		{"relation begins with a digit", row("system:a,2b,system:b,integrity,asserted,,,"), `relation "2b"`},
		{"needs nothing", row("gate:a/g,needs:,system:b,integrity,asserted,,,"), "k from 1 to 64"},
		{"needs too many", row("gate:a/g,needs:65,system:b,integrity,asserted,,,"), "k from 1 to 64"},
		{"needs zero", row("gate:a/g,needs:0,system:b,integrity,asserted,,,"), "k from 1 to 64"},
		{"needs on no gate", row("system:a,needs:2,system:b,integrity,asserted,,,"), "is for an edge that leaves a gate"},
		{"time of no form", row("system:a,runs,system:b,integrity,asserted,yesterday,,"), `since "yesterday" is neither`},
		{"no such day", row("system:a,runs,system:b,integrity,asserted,,2026-02-30,"), `until "2026-02-30"`},
		{"year beyond", row("system:a,runs,system:b,integrity,asserted,,9999-12-31T23:00:00-05:00,"), "until"},
		{"year of the zero time", row("system:a,runs,system:b,integrity,asserted,0001-01-01,,"), "since"},
		{"until before since", row("system:a,runs,system:b,integrity,asserted,2026-01-02,2026-01-02,"), "is not after since"},
		{"control character", row("system:a,runs,system:b,integrity,asserted,,,a\x1b[31m"), "control character"},
		{"control too long", row("system:a,runs,system:b,integrity,asserted,,," + strings.Repeat("a", 257)), "longer than 256"},
		{"not UTF-8", row("system:a,runs,system:b,integrity,asserted,,,\xff"), "line 2: it is not valid UTF-8"},
		{"line too long", row("system:a,runs,system:b,integrity,asserted,,," + strings.Repeat("a", 3*MaxLine)), "line 2: it has 24"},
		{"open quote", row(`"system:a,runs,system:b,integrity,asserted,,,`), "line 2: cell 1 opens a quote"},
		{"quote in the middle", row(`sys"tem:a,runs,system:b,integrity,asserted,,,`), "line 2: cell 1 has a quote"},
		{"text behind a quote", row(`"system:a"x,runs,system:b,integrity,asserted,,,`), "line 2: cell 1 goes on"},
		{
			"two k for one gate", header + "gate:a/g,needs:2,system:b,integrity,asserted,,,\n\ngate:a/g,needs:3,system:c,availability,asserted,,,\n",
			"line 4: gate:a/g needs 3 here and 2 on line 2",
		},
		{
			"every bad row", header + "x,y\nsystem:a,runs,system:b,integrity,asserted,,,\nx\n",
			"2 rows cannot be read and nothing was taken: line 2: it has 2 cells where the header has 8; line 4: it has 1 cells",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rows, err := ReadEdges(strings.NewReader(tt.in))
			if !errors.Is(err, fault.BadRows) || rows != nil {
				t.Fatalf("%d rows, error %v", len(rows), err)
			}
			if !strings.Contains(err.Error(), tt.want) || strings.ContainsAny(err.Error(), "\n\r\x1b") {
				t.Errorf("error %q, want one line with %q", err, tt.want)
			}
		})
	}
}

func TestBadRowsAreCounted(t *testing.T) {
	t.Parallel()
	_, err := ReadEdges(strings.NewReader(header + strings.Repeat("x\n", 130)))
	var bad *BadRows
	if !errors.As(err, &bad) {
		t.Fatalf("error %v has no *BadRows", err)
	}
	if len(bad.Rows) != MaxBadRows || bad.More != 30 || bad.Rows[99].Line != 101 || !strings.HasSuffix(err.Error(), "; and 30 more") {
		t.Errorf("%d named, %d more: %.80s", len(bad.Rows), bad.More, err)
	}
}

func TestReadEdgesLimits(t *testing.T) {
	t.Parallel()
	line := []byte("system:a,runs,system:b,integrity,asserted,,,\n")
	many := func(b []byte) io.Reader { return io.MultiReader(strings.NewReader(header), &endless{b: b}) }
	for name, r := range map[string]io.Reader{
		"rows":           many(line),
		"one line":       many(bytes.Repeat([]byte("x"), 4096)),
		"blank lines":    many(bytes.Repeat([]byte("\n"), 4096)),
		"a header alone": &endless{b: bytes.Repeat([]byte("y"), 4096)},
	} {
		if _, err := ReadEdges(r); !errors.Is(err, fault.TooLarge) {
			t.Errorf("%s without end: error %v", name, err)
		}
	}
	broken := io.MultiReader(strings.NewReader(header), iotest.ErrReader(errors.New("the disk is gone")))
	if _, err := ReadEdges(broken); !errors.Is(err, fault.ReadFailed) || !strings.Contains(fmt.Sprint(err), "line 2") {
		t.Errorf("a reader that fails: %v", err)
	}
}

// endless repeats b for ever.
type endless struct {
	b  []byte
	at int
}

func (e *endless) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		k := copy(p[n:], e.b[e.at:])
		n += k
		e.at = (e.at + k) % len(e.b)
	}
	return n, nil
}

// FuzzReadEdges: no input panics, and every row that is taken can be kept and read again.
func FuzzReadEdges(f *testing.F) {
	for _, s := range []string{
		header + "system:a,runs,system:b,integrity,asserted,,,\n",
		"\ufeff" + header + "gate:a/g,needs:2,system:b,integrity,denied,2026-01-01,2026-01-02T00:00:00.5Z,\"a \"\"b\"\"\"\r\n",
		"control,until,since,known,harm,to,relation,from\n,,,observed,availability,zone:a/b/c,in,device:ip/s/r/10.0.0.1/-",
		header + "gate:a/g,needs:2,system:b,integrity,asserted,,,\ngate:a/g,needs:3,system:b,integrity,asserted,,,\n",
		header + "\"", header + "x,y\n", "", "\xff\xfe",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		rows, err := ReadEdges(bytes.NewReader(in))
		if err != nil {
			if rows != nil || fault.CodeOf(err) != fault.BadRows {
				t.Fatalf("%d rows with error %v", len(rows), err)
			}
			return
		}
		last := 1
		for _, r := range rows {
			if r.Line <= last || !bytes.Contains(in, r.Raw) {
				t.Fatalf("line %d after %d, raw %q", r.Line, last, r.Raw)
			}
			last = r.Line
			kept := EncodeRow(r.Edge)
			again, err := DecodeRow(kept)
			if err != nil || again != r.Edge {
				t.Fatalf("row %q: edge %v, kept as %s, read again as %v, %v", r.Raw, r.Edge, kept, again, err)
			}
		}
	})
}
