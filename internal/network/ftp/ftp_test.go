package ftp

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/cordon-trust/cordon/internal/network/flow"
)

func TestAddresses(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"227 Entering Passive Mode (10,0,0,1,195,80)": "10.0.0.1:50000",
		"=10,0,0,1,0,21":      "10.0.0.1:21",
		"10,0,0,1,195":        "",
		"10,0,0,256,195,80":   "",
		"9999999,1,2,3,4,5,6": "1.2.3.4:1286",
		"1,2,,3,4,5,6":        "",
		"":                    "",
	} {
		at, ok := sixNumbers([]byte(strings.TrimPrefix(in, "227 ")))
		if got := at.String(); ok && got != want || ok != (want != "") {
			t.Errorf("%q: %s, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"|1|132.235.1.2|6275|": "132.235.1.2:6275",
		"|2|1080::8|5282|":     "[1080::8]:5282",
		"|2|fe80::1%x|5282|":   "",
		"|1|1.2.3.4|0|":        "",
		"|1|1.2.3.4|65536|":    "",
		"|1|1.2.3.4":           "",
		"":                     "",
	} {
		at, ok := extended([]byte(in))
		if got := at.String(); ok && got != want || ok != (want != "") {
			t.Errorf("%q: %s, want %q", in, got, want)
		}
	}
	for in, want := range map[string]uint16{"ok (|||6446|)": 6446, "(!!!1!)": 1, "(|||)": 0, "|||6446|": 0, "(|||99999|)": 0, "(||x6446|)": 0} {
		if got, _ := extendedPort([]byte(in)); got != want {
			t.Errorf("%q: %d, want %d", in, got, want)
		}
	}
}

// However many connections are announced, what is kept is bounded and the loss is counted.
func TestBound(t *testing.T) {
	t.Parallel()
	var tab Table
	client := netip.MustParseAddr("10.0.0.1")
	var last *Transfer
	for i := range 3 * maxExpected {
		at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), uint16(1+i>>16))
		last = &Transfer{}
		tab.expect(last, at, at, client)
		if i%7 == 0 {
			tab.Take([2]netip.AddrPort{netip.AddrPortFrom(client, 9), at})
		}
	}
	if len(tab.expected) > maxExpected || len(tab.order) > 5*maxExpected || tab.Evicted == 0 {
		t.Errorf("%d expected, %d in order, %d evicted", len(tab.expected), len(tab.order), tab.Evicted)
	}
	if x, _ := tab.Take([2]netip.AddrPort{last.keys[0].listener, netip.AddrPortFrom(client, 9)}); x != last {
		t.Error("the announcement made last is lost")
	}
}

// Whatever the lines are, memory is bounded and given back, and names are single segments.
func FuzzControl(f *testing.F) {
	for _, s := range []string{
		"PASV\r\n|227 (10,0,0,2,195,80)\r\n|RETR a/b\r\n|150 x (12 bytes)\r\n|",
		"EPSV\r\n|229 (|||50000|)\r\n", "PORT 10,0,0,1,1,1\r\nRETR x\r\n|200\r\n", "EPRT |2|::1|99|\r\n|220-x\r\n220 y\r\n",
		"AUTH TLS\r\n|234\r\n", "REST 99\r\nRETR\r\n||NOOP", strings.Repeat("a", 5000) + "\nPASV\n",
	} {
		f.Add(s, byte(3))
	}
	f.Fuzz(func(t *testing.T, script string, cut byte) {
		var tab Table
		ends := [2]netip.AddrPort{netip.MustParseAddrPort("10.0.0.1:40000"), netip.MustParseAddrPort("10.0.0.2:21")}
		c := New(&tab, ends, 1, true)
		for i, part := range strings.Split(script, "|") {
			for len(part) > 0 {
				n := min(len(part), 1+int(cut))
				if n == 13 {
					c.Gap(i % 2)
				}
				if !c.Data(i%2, &flow.Chunk{Bytes: []byte(part[:n])}) {
					break
				}
				part = part[n:]
			}
			if x := c.current; x != nil && (strings.ContainsAny(x.Name, "/\\\n") || len(x.Name) > 3*maxName) {
				t.Fatalf("name %q", x.Name)
			}
		}
		c.Close()
		if tab.held != 0 || len(tab.expected) > 2*len(script) {
			t.Fatalf("%d bytes held, %d expected", tab.held, len(tab.expected))
		}
	})
}
