package inventory

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cordon-trust/cordon/internal/model"
)

func TestRegisterAt(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	r := NewRegister()
	// Added in the wrong order on purpose.
	r.Add(day(20), devices(t, "A-1,acme,pump-7,S1,,10.0.0.11,main,\nA-4,Umbrella,,,,10.0.0.4,main,\nA-5,,,,02:00:00:00:00:05,10.0.0.5,,\n"))
	r.Add(day(10), devices(t, "A-1,Acme,pump-7,S1,,10.0.0.1,main,ward 3\nA-2,acme,pump-7,S2,02:00:00:00:00:02,10.0.0.2,main,\n"+
		"A-6,acme,pump-7,,,10.0.0.6,main,\nA-7,,,,,10.0.0.6,main,\nA-8,,,,02:00:00:00:00:08,,,\nA-9,,,,020000000008,,,\n"))
	for name, c := range map[string]struct {
		site, addr, mac string
		day             int
		asset, subject  string
		product         string
	}{
		"in force":                        {"main", "10.0.0.1", "", 15, "A-1", "device:acme/pump-7/S1", "product:acme/pump-7"},
		"a site in other letters":         {" Main ", "::ffff:10.0.0.1", "", 15, "A-1", "device:acme/pump-7/S1", "product:acme/pump-7"},
		"before the first list":           {"main", "10.0.0.1", "", 1, "A-1", "device:acme/pump-7/S1", "product:acme/pump-7"},
		"on the day of the list":          {"main", "10.0.0.11", "", 20, "A-1", "device:acme/pump-7/S1", "product:acme/pump-7"},
		"it has another address now":      {"main", "10.0.0.1", "", 25, "", "", ""},
		"listed later":                    {"main", "10.0.0.4", "", 15, "A-4", "", ""},
		"gone":                            {"main", "10.0.0.2", "", 25, "", "", ""},
		"another site":                    {"west", "10.0.0.1", "", 15, "", "", ""},
		"a row without a site":            {"west", "10.0.0.5", "", 25, "A-5", "", ""},
		"by MAC, whatever the address":    {"west", "192.0.2.1", "02-00-00-00-00-02", 15, "A-2", "device:acme/pump-7/S2", "product:acme/pump-7"},
		"the MAC names it":                {"main", "10.0.0.5", "02:00:00:00:00:05", 25, "A-5", "device:mac/02%3A00%3A00%3A00%3A00%3A05", ""},
		"somebody else has the address":   {"main", "10.0.0.2", "02:00:00:00:00:77", 15, "", "", ""},
		"a list without MACs":             {"main", "10.0.0.1", "02:00:00:00:00:77", 15, "A-1", "device:acme/pump-7/S1", "product:acme/pump-7"},
		"two rows claim the address":      {"main", "10.0.0.6", "", 15, "", "", ""},
		"two rows claim the MAC":          {"main", "10.0.0.1", "02:00:00:00:00:08", 15, "", "", ""},
		"no address":                      {"main", "", "", 15, "", "", ""},
		"a MAC that is none, and no more": {"main", "", "ff:ff:ff:ff:ff:ff", 15, "", "", ""},
	} {
		var addr netip.Addr
		if c.addr != "" {
			addr = netip.MustParseAddr(c.addr)
		}
		d, info, ok := r.At(c.site, addr, c.mac, day(c.day))
		if ok != (c.asset != "") || d.Listed != ok || info.Asset != c.asset || d.Subject.String() != c.subject || d.Product.String() != c.product {
			t.Errorf("%s: %+v, %+v, %v", name, d, info, ok)
		}
	}
	if n := len(r.Current()); n != 3 {
		t.Errorf("%d devices", n)
	}
	if _, _, ok := NewRegister().At("main", netip.MustParseAddr("10.0.0.1"), "", day(1)); ok {
		t.Error("an empty register answers")
	}
}

func TestInfo(t *testing.T) {
	t.Parallel()
	list, err := ReadDevices(strings.NewReader("asset,ip,site,location,zone,owner,role,criticality\nA,10.0.0.1,main,ward 3,pumps,ce,gateway,high\n"))
	if err != nil {
		t.Fatal(err)
	}
	r := NewRegister()
	r.Add(time.Time{}, list)
	_, got, _ := r.At("main", netip.MustParseAddr("10.0.0.1"), "", time.Now())
	want := model.DeviceInfo{Asset: "A", Site: "main", Location: "ward 3", Zone: "pumps", Owner: "ce", Role: "gateway", Criticality: "high"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What At returns claims the address or MAC that was asked for, and alone does so.
func TestAtIsNeverAnother(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		list := rapid.SliceOfN(someDevice(), 1, 6).Draw(rt, "list")
		for i := range list {
			list[i].Location = string(rune('a' + i)) // tells the rows apart
		}
		r := NewRegister()
		r.Add(time.Unix(0, 0), list)
		addr := netip.AddrFrom4([4]byte{10, 0, 0, rapid.ByteRange(1, 3).Draw(rt, "ip")})
		mac := rapid.SampledFrom([]string{"", "02:00:00:00:00:01", "02:00:00:00:00:03"}).Draw(rt, "mac")
		_, info, ok := r.At("main", addr, mac, time.Unix(1, 0))
		if !ok {
			return
		}
		d := list[info.Location[0]-'a']
		for i := range list {
			o := &list[i]
			if o.Location == info.Location {
				continue
			}
			for _, m := range o.MACs {
				if m == mac {
					rt.Fatalf("%s also claims %s", o.label(), mac)
				}
			}
		}
		byMAC, byIP := false, false
		for _, m := range d.MACs {
			byMAC = byMAC || m == mac
		}
		for _, a := range d.IPs {
			byIP = byIP || a == addr
		}
		if !byMAC && (!byIP || mac != "" && len(d.MACs) > 0) {
			rt.Fatalf("%s has neither %s nor %s", d.label(), addr, mac)
		}
	})
}

// A list is loaded once, when an answer needs it; one that cannot be loaded leaves no answer at all.
func TestLoadedWhenAsked(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return time.Date(2026, 1, 10+n, 0, 0, 0, 0, time.UTC) }
	list := func(asset, ip string) []Device {
		return []Device{{Asset: asset, IPs: []netip.Addr{netip.MustParseAddr(ip)}, Role: model.Endpoint}}
	}
	var calls []string
	r := NewRegister()
	add := func(d int, asset, ip string, err error) {
		r.AddLater(day(d), func() ([]Device, error) { calls = append(calls, asset); return list(asset, ip), err })
	}
	add(1, "old", "10.0.0.1", nil)
	add(3, "new", "10.0.0.1", nil)
	add(5, "last", "10.0.0.2", nil)
	asset := func(ip string, d int) string {
		_, info, _ := r.At("main", netip.MustParseAddr(ip), "", day(d))
		return info.Asset
	}
	for _, c := range []struct {
		ip    string
		day   int
		want  string
		calls []string
	}{
		{"10.0.0.2", 6, "last", []string{"last"}},
		{"10.0.0.1", 6, "", []string{"last"}},
		{"10.0.0.1", 4, "new", []string{"last", "new"}},
		{"10.0.0.2", 4, "last", []string{"last", "new"}},
		{"10.0.0.1", 1, "old", []string{"last", "new", "old"}},
		{"10.0.0.1", 0, "old", []string{"last", "new", "old"}},
	} {
		if got := asset(c.ip, c.day); got != c.want || !slices.Equal(calls, c.calls) {
			t.Errorf("%s on day %d: %q after loading %v", c.ip, c.day, got, calls)
		}
	}
	broken := errors.New("the disk is gone")
	add(7, "broken", "10.0.0.9", broken)
	if got := asset("10.0.0.1", 2); got != "old" || r.Err() != nil {
		t.Errorf("before it is asked: %q, %v", got, r.Err())
	}
	for range 2 {
		if got := asset("10.0.0.9", 8); got != "" || !errors.Is(r.Err(), broken) || r.Current() != nil {
			t.Errorf("a list that cannot be loaded: %q, %v", got, r.Err())
		}
	}
	if got := asset("10.0.0.1", 2); got != "" || len(calls) != 4 {
		t.Errorf("after it: %q, loaded %v", got, calls)
	}
}

func TestAddressed(t *testing.T) {
	t.Parallel()
	devices, err := ReadDevices(strings.NewReader("asset,ip,site,mac\nA,10.0.0.1,Main Site,\nB,10.0.0.2,,\nC,10.0.0.3,annex,\nD,,annex,00:1a:2b:3c:4d:5e\n"))
	if err != nil {
		t.Fatal(err)
	}
	for site, want := range map[string][2]int{"main  site": {2, 1}, "annex": {2, 1}, "attic": {1, 2}} {
		if here, elsewhere := Addressed(devices, site); [2]int{here, elsewhere} != want {
			t.Errorf("%s: %d here, %d elsewhere, want %v", site, here, elsewhere, want)
		}
	}
}

// What the list says a product is, in Cordon's own form or in the hospital's.
func TestProductColumn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ row, product, device string }{
		"vendor and model":            {"acme,pump-7,", "product:acme/pump-7", "device:acme/pump-7/SN"},
		"a vendor in its long name":   {"Acme Medical GmbH,Pump 7,", "product:acme-medical-gmbh/Pump%207", "device:acme-medical-gmbh/Pump%207/SN"},
		"the column counts first":     {"Acme Medical GmbH,Pump 7,acme/pump-7", "product:acme/pump-7", "device:acme/pump-7/SN"},
		"with its kind":               {",,product:acme/pump-7", "product:acme/pump-7", "device:acme/pump-7/SN"},
		"the hospital's own words":    {"acme,pump-7,Infusion pump", "product:acme/pump-7", "device:acme/pump-7/SN"},
		"words with a slash":          {"acme,pump-7,IV/Pump", "product:acme/pump-7", "device:acme/pump-7/SN"},
		"nothing":                     {",,", "", ""},
		"a vendor of foreign letters": {"\u0391\u03ba\u03bc\u03ae,pump-7,", "", ""},
	} {
		list, err := ReadDevices(strings.NewReader("serial,vendor,model,product\nSN," + c.row + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		if p, d := list[0].Product().String(), list[0].Subject().String(); p != c.product || d != c.device {
			t.Errorf("%s: %q and %q", name, p, d)
		}
	}
}

// What a list says that a device runs holds from that list on, not for what was seen before it.
func TestRunningHoldsFromItsList(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	addr := netip.MustParseAddr("10.0.0.10")
	r := NewRegister()
	r.Add(from, []Device{{Asset: "A", Version: "2.1.0", IPs: []netip.Addr{addr}, Site: "main"}})
	for when, want := range map[time.Time]string{from: "2.1.0", from.Add(time.Hour): "2.1.0", from.Add(-time.Hour): ""} {
		if d, _, ok := r.At("main", addr, "", when); !ok || d.Running != want {
			t.Errorf("at %s: %v, running %q, want %q", when, ok, d.Running, want)
		}
	}
}
