package dhcp

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// message is one of RFC 2131 with options as they are sent.
func message(op byte, options ...[]byte) []byte {
	b := make([]byte, 236, 400)
	b[0], b[1], b[2] = op, 1, 6
	copy(b[12:], []byte{10, 0, 0, 9})
	copy(b[16:], []byte{10, 0, 0, 10})
	copy(b[28:], []byte{2, 0x4d, 0x50, 0, 0, 1})
	b = append(b, 99, 130, 83, 99)
	return append(append(b, slices.Concat(options...)...), 255)
}

func opt(code byte, v ...byte) []byte { return append([]byte{code, byte(len(v))}, v...) }

func TestParse(t *testing.T) {
	t.Parallel()
	ack := message(2, opt(53, 5), opt(51, 0, 0, 0x0e, 0x10), opt(54, 10, 0, 0, 1))
	full := message(1, opt(53, 3), opt(81, append([]byte{4, 0, 0}, "\x06pump-7\x04ward\x00"...)...))
	over := message(1, opt(52, 1), opt(53, 3))
	copy(over[108:], slices.Concat(opt(12, []byte("in-the-file-field")...), []byte{255}))
	mac := [6]byte{2, 0x4d, 0x50, 0, 0, 1}
	own, given := netip.MustParseAddr("10.0.0.9"), netip.MustParseAddr("10.0.0.10")
	noAddr := message(2, opt(53, 5))
	copy(noAddr[16:], []byte{0, 0, 0, 0})
	for name, c := range map[string]struct {
		in   []byte
		want Message
	}{
		"acknowledgement": {ack, Message{Kind: Ack, Reply: true, MAC: mac, Addr: given, Lease: time.Hour}},
		"no address":      {noAddr, Message{Kind: Ack, Reply: true, MAC: mac}},
		"request": {
			message(1, opt(53, 3), opt(12, []byte("PUMP-7\x00")...), opt(60, []byte("acme pump")...)),
			Message{Kind: Request, MAC: mac, Addr: own, Name: "PUMP-7", Vendor: "acme pump"},
		},
		"full name, encoded":  {full, Message{Kind: Request, MAC: mac, Addr: own, Name: "pump-7.ward"}},
		"full name, as text":  {message(1, opt(53, 3), opt(81, append([]byte{0, 0, 0}, "pump"...)...)), Message{Kind: Request, MAC: mac, Addr: own, Name: "pump"}},
		"both names":          {message(1, opt(53, 3), opt(81, append([]byte{0, 0, 0}, "b"...)...), opt(12, 'a')), Message{Kind: Request, MAC: mac, Addr: own, Name: "a"}},
		"padding":             {message(1, []byte{0, 0, 0}, opt(53, 3), []byte{0}, opt(12, 'a')), Message{Kind: Request, MAC: mac, Addr: own, Name: "a"}},
		"options in the file": {over, Message{Kind: Request, MAC: mac, Addr: own, Name: "in-the-file-field"}},
		"no end":              {message(1, opt(53, 1))[:243], Message{Kind: Discover, MAC: mac, Addr: own}},
	} {
		if got, err := Parse(c.in); err != nil || got != c.want {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, c.want)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	good := message(1, opt(53, 3), opt(12, []byte("pump")...))
	set := func(at int, v byte) []byte { b := slices.Clone(good); b[at] = v; return b }
	many := message(1, opt(53, 3), []byte(strings.Repeat("\x0c\x00", 400)))
	for name, c := range map[string]struct {
		in   []byte
		want error
	}{
		"nothing":                {nil, ErrMalformed},
		"cut in the header":      {good[:200], ErrMalformed},
		"option beyond the end":  {good[:246], ErrMalformed},
		"option without length":  {good[:244], ErrMalformed},
		"type of two bytes":      {message(1, opt(53, 3, 3)), ErrMalformed},
		"lease of three bytes":   {message(1, opt(53, 3), opt(51, 1, 2, 3)), ErrMalformed},
		"short full name":        {message(1, opt(53, 3), opt(81, 0, 0)), ErrMalformed},
		"too many options":       {many, ErrMalformed},
		"long hardware address":  {set(2, 16), ErrMalformed},
		"another kind of link":   {set(1, 32), ErrForeign},
		"neither ask nor answer": {set(0, 3), ErrForeign},
		"no cookie":              {set(236, 0), ErrForeign},
		"BOOTP":                  {message(1), ErrForeign},
	} {
		if got, err := Parse(c.in); !errors.Is(err, c.want) || got != (Message{}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(message(2, opt(53, 5), opt(51, 0, 0, 0x0e, 0x10)))
	f.Add(message(1, opt(53, 3), opt(81, append([]byte{4, 0, 0}, "\x06pump-7\x04ward\x00"...)...), opt(60, 'x')))
	f.Add(message(1, opt(52, 3), opt(53, 3)))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Parse(b)
		if err != nil && m != (Message{}) {
			t.Fatalf("%+v beside %v", m, err)
		}
		if len(m.Name) > MaxName || len(m.Vendor) > MaxName || m.Lease < 0 {
			t.Fatalf("%+v", m)
		}
		if err == nil && m.Kind == 0 {
			t.Fatal("a message without a type")
		}
	})
}
