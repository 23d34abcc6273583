package app

import (
	"net/netip"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
)

func TestServing(t *testing.T) {
	t.Parallel()
	sent := func(peer, to string) *model.Transfer {
		return &model.Transfer{Peer: peer, Addr: netip.MustParseAddr(to)}
	}
	for name, c := range map[string]struct {
		seen []*model.Transfer
		want bool
	}{
		"nothing":                            {nil, false},
		"from a port of a service":           {[]*model.Transfer{sent("10.0.0.5:80", "10.0.0.10")}, true},
		"an upload":                          {[]*model.Transfer{sent("10.0.0.5:40000", "10.0.0.10")}, false},
		"an upload twice":                    {[]*model.Transfer{sent("10.0.0.5:40000", "10.0.0.10"), sent("10.0.0.5:40000", "10.0.0.10")}, false},
		"uploads to two, from two ports":     {[]*model.Transfer{sent("10.0.0.5:40000", "10.0.0.10"), sent("10.0.0.5:40001", "10.0.0.11")}, false},
		"to two from one port":               {[]*model.Transfer{sent("10.0.0.5:8080", "10.0.0.10"), sent("10.0.0.5:8080", "10.0.0.11")}, true},
		"to two from one port, in IPv6 form": {[]*model.Transfer{sent("[::ffff:10.0.0.5]:8080", "10.0.0.10"), sent("10.0.0.5:8080", "10.0.0.11")}, true},
		"without an address":                 {[]*model.Transfer{{Peer: "nowhere"}}, false},
	} {
		var s serving
		for _, tr := range c.seen {
			s.note(tr)
		}
		if got := s.serves(netip.MustParseAddr("10.0.0.5")); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	var s serving
	for i := range 3 * maxServing {
		a := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		s.note(&model.Transfer{Peer: netip.AddrPortFrom(a, uint16(80+i%2*8000)).String(), Addr: netip.MustParseAddr("192.0.2.1")}) //nolint:gosec // two ports
	}
	if len(s.to) > maxServing || len(s.servers) > maxServing {
		t.Errorf("%d and %d addresses are remembered", len(s.to), len(s.servers))
	}
	f := facts{serves: func(a netip.Addr) bool { return a == netip.MustParseAddr("10.0.0.5") }}
	for addr, want := range map[string]model.Role{"10.0.0.5": model.Server, "10.0.0.6": ""} {
		at, err := model.DeviceAt("main", "-", netip.MustParseAddr(addr), time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		for _, tr := range []model.Transfer{{Device: at}, {Device: at, Addr: netip.MustParseAddr(addr)}} {
			if d, _ := f.device(&tr); d.Role != want || d.Listed || d.Subject != at {
				t.Errorf("%s: %+v", addr, d)
			}
		}
	}
}
