package dns

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// builder writes messages by hand, so that it can also write wrong ones.
type builder struct{ b []byte }

func answer(questions, answers, more int) *builder {
	be := binary.BigEndian
	b := be.AppendUint16(be.AppendUint16(nil, 7), 0x8180)
	b = be.AppendUint16(be.AppendUint16(b, uint16(questions)), uint16(answers))
	return &builder{be.AppendUint16(be.AppendUint16(b, 0), uint16(more))}
}

func (m *builder) name(n string) *builder {
	for l := range strings.SplitSeq(n, ".") {
		m.b = append(append(m.b, byte(len(l))), l...)
	}
	m.b = append(m.b, 0)
	return m
}

func (m *builder) raw(b ...byte) *builder { m.b = append(m.b, b...); return m }

func (m *builder) ask(n string, kind byte) *builder { return m.name(n).raw(0, kind, 0, 1) }

// rest is a record behind its name.
func (m *builder) rest(kind byte, data ...byte) *builder {
	return m.raw(0, kind, 0, 1, 0, 0, 0, 60, 0, byte(len(data))).raw(data...)
}

func encoded(n string) []byte { return new(builder).name(n).b }

func TestAnswers(t *testing.T) {
	t.Parallel()
	six := netip.MustParseAddr("2001:db8::7")
	question := answer(1, 0, 0).ask("a.example", 1)
	question.b[2] = 1
	failure := answer(1, 0, 0).ask("a.example", 1)
	failure.b[3] |= 3
	for name, c := range map[string]struct {
		in   []byte
		want []Named
	}{
		"plain": {
			answer(1, 1, 0).ask("Updates.ACME.example", 1).raw(0xc0, 12).rest(1, 10, 0, 0, 7).b,
			[]Named{{netip.MustParseAddr("10.0.0.7"), []string{"updates.acme.example"}}},
		},
		"aliases": {
			answer(1, 3, 0).ask("a.example", 1).
				raw(0xc0, 12).rest(5, encoded("b.example")...).
				name("b.example").rest(5, encoded("c.cdn.example")...).
				name("c.cdn.example").rest(1, 10, 0, 0, 8).b,
			[]Named{{netip.MustParseAddr("10.0.0.8"), []string{"a.example", "c.cdn.example"}}},
		},
		"aliases in a circle": {
			answer(1, 3, 0).ask("a.example", 1).
				name("a.example").rest(5, encoded("b.example")...).
				name("b.example").rest(5, encoded("a.example")...).
				name("c.example").rest(1, 10, 0, 0, 8).b,
			[]Named{{netip.MustParseAddr("10.0.0.8"), []string{"c.example"}}},
		},
		"IPv6": {
			answer(1, 1, 0).ask("a.example", 28).raw(0xc0, 12).rest(28, six.AsSlice()...).b,
			[]Named{{six, []string{"a.example"}}},
		},
		"multicast, with the address among additional records": {
			answer(0, 1, 1).name("pump._http._tcp.local").rest(16, 0).name("pump.local").raw(0, 1, 0x80, 1, 0, 0, 0, 60, 0, 4, 10, 0, 0, 9).b,
			[]Named{{netip.MustParseAddr("10.0.0.9"), []string{"pump.local"}}},
		},
		"a dot in a label": {
			answer(0, 1, 0).raw(3, 'a', '.', 'b', 0).rest(1, 10, 0, 0, 9).b,
			[]Named{{netip.MustParseAddr("10.0.0.9"), []string{`a\.b`}}},
		},
		"other records":    {answer(1, 1, 0).ask("a.example", 16).raw(0xc0, 12).rest(16, 1, 'x').b, nil},
		"another class":    {answer(0, 1, 0).name("a.example").raw(0, 1, 0, 3, 0, 0, 0, 60, 0, 4, 10, 0, 0, 7).b, nil},
		"question":         {question.b, nil},
		"failure":          {failure.b, nil},
		"root has no name": {answer(0, 1, 0).raw(0).rest(1, 10, 0, 0, 7).b, nil},
	} {
		got, err := Answers(c.in)
		if d := cmp.Diff(c.want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); d != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, d)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	good := answer(1, 1, 0).ask("a.example", 1).raw(0xc0, 12).rest(1, 10, 0, 0, 7).b
	long := answer(0, 1, 0)
	for range 5 {
		long.raw(63).raw(slices.Repeat([]byte{'a'}, 63)...)
	}
	// Labels that each go on with the one before: more than a name may have.
	const links = 200
	chain := answer(0, 2, 0).raw(0, 0, 16, 0, 1, 0, 0, 0, 60, byte((3+4*links)>>8), byte((3+4*links)&255))
	at := len(chain.b)
	chain.raw(1, 'a', 0)
	for range links {
		chain.raw(1, 'a', 0xc0|byte(at>>8), byte(at))
		at = len(chain.b) - 4
	}
	chain.raw(0xc0|byte(at>>8), byte(at)).rest(1, 10, 0, 0, 7)
	for name, in := range map[string][]byte{
		"nothing":                {},
		"half a header":          good[:11],
		"cut in the question":    good[:20],
		"cut behind a question":  good[:25],
		"cut in a record":        good[:len(good)-7],
		"cut in an address":      good[:len(good)-1],
		"pointer to itself":      answer(0, 1, 0).raw(0xc0, 12).rest(1, 10, 0, 0, 7).b,
		"pointer forwards":       answer(0, 1, 0).raw(0xc0, 14).name("a").rest(1, 10, 0, 0, 7).b,
		"pointer into nowhere":   answer(0, 1, 0).raw(0xff).b,
		"label of unknown kind":  answer(0, 1, 0).raw(0x80, 'a', 0).rest(1, 10, 0, 0, 7).b,
		"label beyond the end":   answer(0, 1, 0).raw(60, 'a').b,
		"name of 320 bytes":      long.raw(0).rest(1, 10, 0, 0, 7).b,
		"address of five bytes":  answer(0, 1, 0).name("a").rest(1, 10, 0, 0, 7, 7).b,
		"IPv6 address of four":   answer(0, 1, 0).name("a").rest(28, 10, 0, 0, 7).b,
		"alias that ends early":  answer(0, 1, 0).name("a").rest(5, 1, 'b', 0, 0).b,
		"alias that ends late":   answer(0, 2, 0).name("a").rest(5, 3, 'b').raw('c', 'd', 0).b,
		"a hundred questions":    answer(100, 0, 0).raw(make([]byte, 500)...).b,
		"more records than here": answer(0, 2, 0).name("a").rest(1, 10, 0, 0, 7).b,
		"a chain of pointers":    chain.b,
	} {
		if got, err := Answers(in); !errors.Is(err, ErrMalformed) || got != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// What a message can cost is bounded however many records it claims.
func TestManyRecords(t *testing.T) {
	t.Parallel()
	m := answer(0, 5000, 0)
	for range 5000 {
		m.name("a.example").rest(1, 10, 0, 0, 7)
	}
	got, err := Answers(m.b)
	if err != nil || len(got) != MaxRecords {
		t.Errorf("%d addresses, %v", len(got), err)
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add(answer(1, 1, 0).ask("a.example", 1).raw(0xc0, 12).rest(1, 10, 0, 0, 7).b)
	f.Add(answer(1, 2, 0).ask("a.example", 1).raw(0xc0, 12).rest(5, encoded("b.example")...).raw(0xc0, 39).rest(28, make([]byte, 16)...).b)
	f.Add(answer(0, 1, 1).name("pump._http._tcp.local").rest(16, 0).name("pump.local").rest(1, 10, 0, 0, 9).b)
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := Answers(b)
		if err != nil && got != nil || len(got) > MaxRecords {
			t.Fatalf("%d addresses, %v", len(got), err)
		}
		for _, n := range got {
			if !n.Addr.IsValid() || len(n.Names) == 0 || len(n.Names) > maxQuestions+1 {
				t.Fatalf("%+v", n)
			}
			for _, name := range n.Names {
				if len(name) > 2*MaxName || name == "" {
					t.Fatalf("a name of %d bytes", len(name))
				}
			}
		}
	})
}
