package tls

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// builder writes handshake messages by hand.
type builder []byte

func (b builder) u16(v ...uint16) builder {
	for _, x := range v {
		b = binary.BigEndian.AppendUint16(b, x)
	}
	return b
}

func (b builder) vec8(in []byte) builder  { return append(append(b, byte(len(in))), in...) }
func (b builder) vec16(in []byte) builder { return append(b.u16(uint16(len(in))), in...) }
func (b builder) vec24(in []byte) builder {
	return append(append(b, byte(len(in)>>16), byte(len(in)>>8), byte(len(in))), in...)
}

// ext is one extension.
type ext struct {
	typ  uint16
	data []byte
}

func sni(name string) ext {
	return ext{0, builder{}.vec16(append(builder{0}, builder{}.vec16([]byte(name))...))}
}

func alpn(names ...string) ext {
	var l builder
	for _, n := range names {
		l = l.vec8([]byte(n))
	}
	return ext{16, builder{}.vec16(l)}
}

func versions(v ...uint16) ext   { return ext{43, builder{}.vec8(builder{}.u16(v...))} }
func signatures(v ...uint16) ext { return ext{13, builder{}.vec16(builder{}.u16(v...))} }

// hello is a ClientHello in one handshake message.
func hello(version uint16, ciphers []uint16, exts ...ext) []byte {
	b := append(builder{}.u16(version), make([]byte, 32)...)
	b = b.vec8(nil).vec16(builder{}.u16(ciphers...)).vec8([]byte{0})
	if exts != nil {
		var all builder
		for _, e := range exts {
			all = append(all.u16(e.typ), builder{}.vec16(e.data)...)
		}
		b = b.vec16(all)
	}
	return builder{clientHello}.vec24(b)
}

func answer(version, cipher uint16, exts ...ext) []byte {
	b := append(builder{}.u16(version), make([]byte, 32)...)
	b = append(b.vec8(nil).u16(cipher), 0)
	var all builder
	for _, e := range exts {
		all = append(all.u16(e.typ), builder{}.vec16(e.data)...)
	}
	if exts != nil {
		b = b.vec16(all)
	}
	return builder{serverHello}.vec24(b)
}

// records puts bytes into records of at most n bytes.
func records(typ byte, b []byte, n int) (out []byte) {
	for part := range slices.Chunk(b, n) {
		out = append(append(out, typ, 3, 3), builder{}.vec16(part)...)
	}
	return out
}

func one(typ byte, b []byte) []byte { return records(typ, b, 1<<14) }

// The examples of the specification.
func TestJA4(t *testing.T) {
	t.Parallel()
	ciphers := []uint16{0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035}
	sigs := []uint16{0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601}
	example := func(first string, algorithms ...uint16) []ext {
		out := []ext{sni("a.example"), alpn(first, "http/1.1"), versions(0x1a1a, 0x0304, 0x0303)}
		if first == "none" {
			out[1] = alpn()
		}
		for _, e := range []uint16{0x001b, 0x0033, 0x4469, 0x0017, 0x002d, 0x0005, 0x0023, 0x0012, 0xff01, 0x000b, 0x000a, 0x0015} {
			out = append(out, ext{e, []byte{0, 0}})
		}
		if algorithms != nil {
			return append(out, signatures(algorithms...), ext{typ: 0x2a2a})
		}
		return append(out, ext{0x000d, []byte{0, 0}})
	}
	greased := append([]uint16{0x3a3a}, ciphers...)
	for name, c := range map[string]struct {
		hello []byte
		want  string
	}{
		"the specification's":            {hello(0x0303, greased, example("h2", sigs...)...), "t13d1516h2_8daaf6152771_e5627efa2ab1"},
		"without signature algorithms":   {hello(0x0303, greased, example("h2")...), "t13d1516h2_8daaf6152771_6d807ffa2a79"},
		"a reserved signature algorithm": {hello(0x0303, greased, example("h2", append([]uint16{0x5a5a}, sigs...)...)...), "t13d1516h2_8daaf6152771_e5627efa2ab1"},
		"http/1.1":                       {hello(0x0303, ciphers, example("http/1.1", sigs...)...), "t13d1516h1_8daaf6152771_e5627efa2ab1"},
		"one letter":                     {hello(0x0303, ciphers, example("q", sigs...)...), "t13d1516qq_8daaf6152771_e5627efa2ab1"},
		"byte AB":                        {hello(0x0303, ciphers, example("\xab", sigs...)...), "t13d1516ab_8daaf6152771_e5627efa2ab1"},
		"bytes AB CD":                    {hello(0x0303, ciphers, example("\xab\xcd", sigs...)...), "t13d1516ad_8daaf6152771_e5627efa2ab1"},
		"bytes 30 AB":                    {hello(0x0303, ciphers, example("0\xab", sigs...)...), "t13d15163b_8daaf6152771_e5627efa2ab1"},
		"bytes 30 31 AB CD":              {hello(0x0303, ciphers, example("01\xab\xcd", sigs...)...), "t13d15163d_8daaf6152771_e5627efa2ab1"},
		"bytes 30 AB CD 31":              {hello(0x0303, ciphers, example("0\xab\xcd1", sigs...)...), "t13d151601_8daaf6152771_e5627efa2ab1"},
		"a list without protocols":       {hello(0x0303, ciphers, example("none", sigs...)...), "t13d151600_8daaf6152771_e5627efa2ab1"},
		"a reserved protocol first":      {hello(0x0303, ciphers, append([]ext{alpn("\x0a\x0a", "h2")}, slices.Delete(example("h2", sigs...), 1, 2)...)...), "t13d1516h2_8daaf6152771_e5627efa2ab1"},
		"no extensions":                  {hello(0x0301, ciphers), "t10i150000_8daaf6152771_000000000000"},
		"only name and protocol":         {hello(0x0302, ciphers, sni("a"), alpn("h2")), "t11d1502h2_8daaf6152771_000000000000"},
		"nothing":                        {hello(0x0300, nil), "ts3i000000_000000000000_000000000000"},
		"SSL 2 in a later hello":         {hello(0x0002, ciphers), "ts2i150000_8daaf6152771_000000000000"},
		"a draft":                        {hello(0x0303, ciphers, versions(0x7f1c)), "t00i150100_8daaf6152771_" + short([]byte("002b"))},
		"more than 99":                   {hello(0x0303, slices.Repeat(ciphers, 9)), "t12i990000_" + short(appendList(nil, sorted(slices.Repeat(ciphers, 9)))) + "_000000000000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := play([]turn{{0, one(recordHandshake, c.hello)}})
			if f == nil || f.JA4 != c.want || f.Partial {
				t.Errorf("%+v, want %s", f, c.want)
			}
		})
	}
}

func sorted(in []uint16) []uint16 {
	slices.Sort(in)
	return in
}

func TestFacts(t *testing.T) {
	t.Parallel()
	ours := hello(0x0303, []uint16{0x1301}, sni("Pump.Example"), versions(0x0304), ext{51, builder{}.vec16(append(builder{}.u16(0x2a2a).vec16([]byte{0}).u16(29), builder{}.vec16(make([]byte, 32))...))}, ext{10, builder{}.vec16(builder{}.u16(0x4a4a, 0x11ec, 29))})
	long := strings.Repeat("a", 300)
	for name, c := range map[string]struct {
		turns []turn
		check func(*Facts) string
	}{
		"one record a byte": {
			[]turn{{0, records(recordHandshake, ours, 1)}},
			func(f *Facts) string {
				return cmp.Diff([]any{"Pump.Example", []Group{0x11ec, 29}, []Group{29}, []Version{TLS13}}, []any{f.SNI, f.Groups, f.KeyShares, f.Offered})
			},
		},
		"an address instead of a name": {
			[]turn{{0, one(22, hello(0x0303, []uint16{1}, ext{0, []byte{0, 5, 1, 0, 2, 'x', 'y'}}))}},
			func(f *Facts) string { return cmp.Diff("t12d0101", f.JA4[:8]) + cmp.Diff("", f.SNI) },
		},
		"a name nobody can have": {
			[]turn{{0, one(22, hello(0x0303, []uint16{1}, sni(long)))}},
			func(f *Facts) string { return cmp.Diff(long[:255], f.SNI) + cmp.Diff(true, f.Partial) },
		},
		"a name that lies about its length": {
			[]turn{{0, one(22, hello(0x0303, []uint16{1}, ext{0, []byte{0, 9, 0, 0, 7, 'x'}}, alpn("h2")))}},
			func(f *Facts) string {
				return cmp.Diff("", f.SNI) + cmp.Diff("h2", f.ALPNOffered[0]) + cmp.Diff(true, f.Partial)
			},
		},
		"extensions that lie about their length": {
			[]turn{{0, one(22, builder{clientHello}.vec24(append(hello(0x0303, []uint16{1})[4:], 0, 9, 0, 0, 0, 0)))}},
			func(f *Facts) string {
				return cmp.Diff(false, f.ClientHello) + cmp.Diff("", f.JA4) + cmp.Diff(true, f.Partial)
			},
		},
		"an encrypted hello is offered": {
			[]turn{{0, one(22, hello(0x0303, []uint16{1}, sni("front.example"), ext{typ: 0xfe0d}))}},
			func(f *Facts) string { return cmp.Diff(true, f.ECH) },
		},
		"a refusal in clear": {
			[]turn{{0, one(22, ours)}, {1, []byte{21, 3, 3, 0, 2, 2, 40}}},
			func(f *Facts) string {
				return cmp.Diff("handshake failure", f.Alert[1].String()) + cmp.Diff("", f.Alert[0].String())
			},
		},
		"a draft of TLS 1.3": {
			[]turn{{0, one(22, ours)}, {1, slices.Concat(one(22, answer(0x0303, 0x1301, ext{43, []byte{0x7f, 0x1c}})), one(20, []byte{1}), one(23, make([]byte, 90)))}},
			func(f *Facts) string { return cmp.Diff("0x7f1c", f.Version.String()) + cmp.Diff(int64(90), f.App[1]) },
		},
		"the server's direction only": {
			[]turn{{1, slices.Concat(one(22, answer(0x0303, 0xc02f, alpn("h2"))), one(22, []byte{12, 0, 0, 4, 3, 0, 24, 0}))}},
			func(f *Facts) string {
				return cmp.Diff([]any{0, TLS12, Cipher(0xc02f), "h2", Group(24)}, []any{f.Client, f.Version, f.Cipher, f.ALPN, f.Group})
			},
		},
		"a key exchange without a curve": {
			[]turn{{1, slices.Concat(one(22, answer(0x0303, 0x009e)), one(22, []byte{12, 0, 0, 4, 3, 0, 24, 0}))}},
			func(f *Facts) string { return cmp.Diff(Group(0), f.Group) },
		},
		"encrypted messages behind the change": {
			[]turn{{0, slices.Concat(one(22, ours), one(20, []byte{1}), one(22, []byte{1, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 99}), one(23, make([]byte, 7)))}},
			func(f *Facts) string { return cmp.Diff(false, f.Partial) + cmp.Diff(int64(7), f.App[0]) },
		},
		"a record that lies": {
			[]turn{{0, slices.Concat(one(22, ours), one(23, make([]byte, 100)), []byte{23, 3, 3, 0xff, 0xff}, make([]byte, 5000))}},
			func(f *Facts) string {
				return cmp.Diff([2]bool{true, false}, f.Broken) + cmp.Diff(int64(100), f.App[0]) + cmp.Diff(true, f.Inexact[0])
			},
		},
		"text behind the hello": {
			[]turn{{0, one(22, ours)}, {1, []byte("HTTP/1.1 400 Bad Request\r\n\r\n")}},
			func(f *Facts) string {
				return cmp.Diff([2]bool{false, true}, f.Broken) + cmp.Diff("Pump.Example", f.SNI)
			},
		},
		"certificates that do not parse": {
			[]turn{{1, slices.Concat(one(22, answer(0x0303, 0xc02f)), one(22, builder{certificate}.vec24(builder{}.vec24(builder{}.vec24([]byte("no")).vec24(nil)))))}},
			func(f *Facts) string {
				return cmp.Diff([]any{2, true, true, false}, []any{f.Chains[1].Seen, f.Chains[1].List[0].Unreadable, f.Chains[1].List[1].Unreadable, f.Chains[1].Cut})
			},
		},
		"a list of certificates that lies": {
			[]turn{{1, slices.Concat(one(22, answer(0x0303, 0xc02f)), one(22, builder{certificate}.vec24([]byte{0, 0, 9, 0, 0, 9, 1})))}},
			func(f *Facts) string {
				return cmp.Diff([]any{0, true, true}, []any{f.Chains[1].Seen, f.Chains[1].Cut, f.Partial})
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := play(c.turns)
			if f == nil {
				t.Fatal("it is not taken for TLS")
			}
			if bad := c.check(f); bad != "" {
				t.Error(bad)
			}
		})
	}
}

// old is a hello in the format of SSL 2.
func old(version uint16) []byte {
	b := builder{1}.u16(version, 9, 0, 16)
	b = append(append(b, make([]byte, 9)...), make([]byte, 16)...)
	return append(builder{}.u16(0x8000|uint16(len(b))), b...)
}

func TestLegacy(t *testing.T) {
	t.Parallel()
	for _, cut := range []int{1, 5, 11, 36} {
		f := feed(&Shared{})
		for part := range slices.Chunk(old(0x0301), cut) {
			f.send(0, part)
		}
		f.send(1, one(22, answer(0x0301, 5)))
		f.send(0, slices.Concat(one(20, []byte{1}), one(22, make([]byte, 40)), one(23, make([]byte, 77))))
		got := f.conn.Facts()
		want := &Facts{ClientHello: true, Legacy: true, Offered: []Version{TLS10}, ServerHello: true, Version: TLS10, Cipher: 5, App: [2]int64{77, 0}}
		if d := cmp.Diff(want, got, cmp.Transformer("lists", func(g []Group) int { return len(g) }), cmp.Transformer("names", func(g []string) int { return len(g) }), cmp.Transformer("chains", func(c Chain) int { return c.Seen })); d != "" {
			t.Errorf("cut at %d: %s", cut, d)
		}
	}
	f := play([]turn{{0, old(2)}, {1, append([]byte{0x80, 30, 4, 0, 1, 0, 2}, make([]byte, 25)...)}, {0, make([]byte, 500)}})
	if f == nil || f.Version != SSL2 || !f.Legacy || f.JA4 != "" || f.Inexact != [2]bool{true, true} || f.Broken != [2]bool{} {
		t.Errorf("SSL 2: %+v", f)
	}
}

func TestLooks(t *testing.T) {
	t.Parallel()
	whole := one(22, hello(0x0303, []uint16{1}, sni("a")))
	for name, c := range map[string]struct {
		b             []byte
		first, within bool
	}{
		"a hello":                           {whole, true, true},
		"its first byte":                    {whole[:1], true, false},
		"its first five":                    {whole[:5], true, true},
		"application data":                  {[]byte{23, 3, 3, 0, 40, 1}, false, true},
		"two records":                       {slices.Concat(one(23, []byte("ab")), []byte{23, 3, 3, 0, 1}), false, true},
		"a record and something else":       {slices.Concat(one(23, []byte("ab")), []byte("hello")), false, false},
		"a record longer than one is":       {[]byte{22, 3, 1, 0x80, 0, 1}, false, false},
		"another message":                   {[]byte{22, 3, 1, 0, 90, 11}, false, true},
		"a record of version 5":             {[]byte{22, 3, 5, 0, 90, 1}, false, false},
		"an alert":                          {[]byte{21, 3, 1, 0, 2, 2, 40}, true, true},
		"a hello as SSL 2 has it":           {old(0x0301), true, false},
		"its first two bytes":               {old(0x0301)[:2], true, false},
		"such a hello that does not add up": {append([]byte{0x80, 0x40}, old(0x0301)[2:]...), false, false},
		"SMB":                               {[]byte{0, 0, 0, 90, 0xfe, 'S', 'M', 'B'}, false, false},
		"HTTP":                              {[]byte("GET / HTTP/1.1\r\n"), false, false},
		"nothing":                           {nil, false, false},
	} {
		if got := Looks(c.b, true); got != c.first {
			t.Errorf("%s at the beginning: %v", name, got)
		}
		if got := Looks(c.b, false); got != c.within {
			t.Errorf("%s within: %v", name, got)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for name, in := range map[string][][]byte{
		"a byte that began one":      {{22}, []byte("no TLS")},
		"a message that is no hello": {{22, 3, 3, 0, 40}, make([]byte, 40)},
		"no hello of SSL 2":          {{0x80}, []byte("no TLS at all")},
	} {
		f := feed(&Shared{})
		for _, b := range in {
			f.send(0, b)
		}
		if !f.conn.Refused() || f.conn.Facts() != nil {
			t.Errorf("%s: not refused", name)
		}
	}
}
