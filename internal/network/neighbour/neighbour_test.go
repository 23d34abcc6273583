package neighbour

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
)

var (
	pump   = MAC{0x02, 0x4d, 0x50, 0xab, 0xcd, 0xef}
	laptop = MAC{0x02, 1, 2, 3, 4, 5}
)

// arp is a message of RFC 826 from mac, which says that it has the address.
func arp(op byte, mac MAC, addr string) []byte {
	b := []byte{0, 1, 8, 0, 6, 4, 0, op}
	b = append(append(b, mac[:]...), netip.MustParseAddr(addr).AsSlice()...)
	return append(b, make([]byte, 10+18)...) // the target, and padding to the smallest frame
}

func set(b []byte, at int, v ...byte) []byte {
	b = slices.Clone(b)
	copy(b[at:], v)
	return b
}

func TestARP(t *testing.T) {
	t.Parallel()
	good := arp(2, pump, "10.0.0.10")
	for name, c := range map[string]struct {
		in     []byte
		source MAC
		want   bool
		bad    bool
	}{
		"reply":                      {in: good, source: pump, want: true},
		"request":                    {in: arp(1, pump, "10.0.0.10"), source: pump, want: true},
		"without padding":            {in: good[:28], source: pump, want: true},
		"IEEE 802 hardware":          {in: set(good, 0, 0, 6), source: pump, want: true},
		"another host's frame":       {in: good, source: laptop},
		"probe":                      {in: arp(1, pump, "0.0.0.0"), source: pump},
		"a group's address":          {in: arp(2, pump, "224.0.0.1"), source: pump},
		"everybody's address":        {in: arp(2, pump, "255.255.255.255"), source: pump},
		"a group's MAC":              {in: arp(2, MAC{1, 0, 0x5e, 0, 0, 1}, "10.0.0.10"), source: MAC{1, 0, 0x5e, 0, 0, 1}},
		"no MAC":                     {in: arp(2, MAC{}, "10.0.0.10"), source: MAC{}},
		"reverse request":            {in: set(good, 7, 3), source: pump},
		"ARP for another network":    {in: set(good, 2, 0x86, 0xdd), source: pump},
		"ARP on another link":        {in: set(good, 1, 32), source: pump},
		"lengths that are not these": {in: set(good, 4, 8), source: pump, bad: true},
		"cut in the sender":          {in: good[:17], source: pump, bad: true},
		"cut in the header":          {in: good[:7], source: pump, bad: true},
		"nothing":                    {source: pump, bad: true},
	} {
		got, ok, err := ARP(c.in, c.source)
		if ok != c.want || errors.Is(err, ErrMalformed) != c.bad {
			t.Errorf("%s: %v, %v, %v", name, got, ok, err)
		}
		if want := (Claim{Addr: netip.MustParseAddr("10.0.0.10"), MAC: pump}); ok && got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// option is a link-layer address option (RFC 4861 section 4.6.1).
func option(kind byte, mac MAC) []byte { return append([]byte{kind, 1}, mac[:]...) }

// message is an ICMPv6 message with the fixed part that its type has.
func message(kind byte, fixed int, options ...[]byte) []byte {
	b := make([]byte, fixed)
	b[0] = kind
	return append(b, slices.Concat(options...)...)
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	src, target := netip.MustParseAddr("fe80::1"), netip.MustParseAddr("2001:db8::10")
	na := message(136, 24, option(2, pump))
	copy(na[8:], target.AsSlice())
	na[4] = 0x60
	ra := message(134, 16, option(1, pump))
	ra[7] = 30
	for name, c := range map[string]struct {
		in   []byte
		src  netip.Addr
		want Claim
		bad  bool
	}{
		"advertisement":                      {in: na, want: Claim{Addr: target, MAC: pump}},
		"advertisement of a proxy":           {in: set(na, 4, 0x40)},
		"advertisement for a group":          {in: set(na, 8, 0xff, 2)},
		"solicitation":                       {in: message(135, 24, option(1, pump)), want: Claim{Addr: src, MAC: pump}},
		"duplicate address detection":        {in: message(135, 24, option(1, pump)), src: netip.IPv6Unspecified()},
		"solicitation without an option":     {in: message(135, 24)},
		"solicitation with other options":    {in: message(135, 24, []byte{14, 1, 1, 2, 3, 4, 5, 6}, option(1, pump)), want: Claim{Addr: src, MAC: pump}},
		"another host's MAC":                 {in: message(135, 24, option(1, laptop))},
		"the option of the other message":    {in: message(135, 24, option(2, pump))},
		"router":                             {in: ra, want: Claim{Addr: src, MAC: pump, Router: true}},
		"router that routes no more":         {in: set(ra, 7, 0), want: Claim{Addr: src, MAC: pump}},
		"router solicitation":                {in: message(133, 8, option(1, pump)), want: Claim{Addr: src, MAC: pump}},
		"echo":                               {in: message(128, 8)},
		"cut in the target":                  {in: na[:20], bad: true},
		"cut in an option":                   {in: na[:30], bad: true},
		"cut between option type and length": {in: na[:25], bad: true},
		"option of no length":                {in: set(na, 25, 0), bad: true},
		"option beyond the end":              {in: set(na, 25, 2), bad: true},
		"nothing":                            {bad: true},
	} {
		if !c.src.IsValid() {
			c.src = src
		}
		got, ok, err := Discovery(c.in, c.src, pump)
		if ok != c.want.Addr.IsValid() || errors.Is(err, ErrMalformed) != c.bad {
			t.Errorf("%s: %v, %v, %v", name, got, ok, err)
		}
		if ok && got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestMAC(t *testing.T) {
	t.Parallel()
	if s := pump.String(); s != "02:4d:50:ab:cd:ef" {
		t.Error(s)
	}
	for mac, want := range map[MAC]bool{
		{0, 0, 0x5e, 0, 1, 7}: true, {0, 0, 0x5e, 0, 2, 7}: true, {0, 0, 0x0c, 7, 0xac, 1}: true,
		{0, 0, 0x0c, 0x9f, 0xf0, 1}: true, {0, 5, 0x73, 0xa0, 0, 1}: true, pump: false, {0, 0, 0x0c, 1, 2, 3}: false,
	} {
		if mac.Shared() != want {
			t.Errorf("%v is shared: %v", mac, !want)
		}
	}
}

func FuzzMessages(f *testing.F) {
	f.Add(arp(1, pump, "10.0.0.10"))
	f.Add(message(136, 24, option(2, pump)))
	f.Add(message(134, 16, option(1, pump), []byte{3, 4, 64}, make([]byte, 29)))
	src := netip.MustParseAddr("fe80::1")
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, read := range []func() (Claim, bool, error){
			func() (Claim, bool, error) { return ARP(b, pump) },
			func() (Claim, bool, error) { return Discovery(b, src, pump) },
		} {
			c, ok, err := read()
			if ok && (err != nil || c.MAC != pump || !Owned(c.Addr)) {
				t.Fatalf("%v is proved, %v", c, err)
			}
		}
	})
}
