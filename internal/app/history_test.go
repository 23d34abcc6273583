package app

import (
	"net/netip"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
)

func TestHistoryTellsWhoServes(t *testing.T) {
	t.Parallel()
	to := netip.MustParseAddr("10.0.0.10")
	for name, c := range map[string]struct {
		seen model.Transfer
		want bool
	}{
		"handed out a file":            {model.Transfer{Peer: "10.0.0.5:80", Addr: to}, true},
		"handed it out in IPv6's form": {model.Transfer{Peer: "[::ffff:10.0.0.5]:80", Addr: to}, true},
		"sent one up":                  {model.Transfer{Peer: "10.0.0.5:40000", Addr: to, Upload: true}, false},
		"took one in":                  {model.Transfer{Peer: "10.0.0.9:40000", Addr: netip.MustParseAddr("10.0.0.5"), Upload: true}, true},
		"received a file":              {model.Transfer{Peer: "10.0.0.9:80", Addr: netip.MustParseAddr("10.0.0.5")}, false},
		"sent what is encrypted":       {model.Transfer{Peer: "10.0.0.5:443", Addr: to, Encrypted: true}, false},
		"nobody is named":              {model.Transfer{Peer: "nowhere", Addr: to}, false},
	} {
		h := newHistory()
		h.served(&c.seen)
		if got := h.serves(netip.MustParseAddr("10.0.0.5")); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	h := newHistory()
	h.served(&model.Transfer{Peer: "10.0.0.5:80", Addr: to})
	f := facts{history: h}
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
