package network

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/model"
)

// roll is a list that also takes who was seen.
type roll struct {
	list
	seen []Sighting
}

var _ SightingSink = (*roll)(nil)

func (r *roll) Sighting(s Sighting) error {
	r.seen = append(r.seen, s)
	return nil
}

func watchWho(tb testing.TB, capture []byte) (*roll, Summary) {
	tb.Helper()
	var r roll
	s, err := Watch(tb.Context(), bytes.NewReader(capture), "test.pcap", Options{AllObjects: true}, &r)
	if err != nil {
		tb.Fatal(err)
	}
	return &r, s
}

// say puts sightings into one line each.
func (r *roll) say() []string {
	var out []string
	for _, s := range r.seen {
		l := fmt.Sprintf("%s %s %s -%d +%d", s.Addr, s.MAC, s.By, s.Received, s.Served)
		if s.Router {
			l += " router"
		}
		if len(s.Names) > 0 {
			l += " " + strings.Join(s.Names, ",")
		}
		if s.Vendor != "" {
			l += " (" + s.Vendor + ")"
		}
		out = append(out, l)
	}
	return out
}

// short is a subject without what all have.
func short(s model.Subject) string {
	return strings.NewReplacer("device:", "", "main/-/", "", "02%3A4d%3A50%3A00%3A00%3A", "pump ", "%3A", ":").Replace(s.String())
}

// fetch is a download of its own by addr.
func (w *wire) fetch(addr string, port int) {
	c := w.conv(fmt.Sprintf("%s:%d", addr, port), "10.0.0.200:80").open()
	c.send(0, get("/fw.bin"))
	c.send(1, ok(firmware(uint64(port), 3000), ""))
	c.close()
}

func TestWho(t *testing.T) {
	t.Parallel()
	const server = "10.0.0.200   -0 +1"
	for name, c := range map[string]struct {
		build func(*wire)
		who   []string // receivers of the downloads
		seen  []string
		check func(Summary) string
	}{
		"nothing is proved": {
			build: func(w *wire) { w.fetch("10.0.0.10", 40001) },
			who:   []string{"ip/10.0.0.10/-"}, seen: []string{"10.0.0.10   -1 +0", server},
		},
		"by ARP": {
			build: func(w *wire) { w.arp(pumpMAC(1), "10.0.0.10"); w.fetch("10.0.0.10", 40001) },
			who:   []string{"mac/pump 01"}, seen: []string{"10.0.0.10 02:4d:50:00:00:01 arp -1 +0", server},
		},
		"only after the download": {
			build: func(w *wire) { w.fetch("10.0.0.10", 40001); w.arp(pumpMAC(1), "10.0.0.10") },
			who:   []string{"ip/10.0.0.10/-"},
			seen:  []string{"10.0.0.10   -1 +0", "10.0.0.10 02:4d:50:00:00:01 arp -0 +0", server},
		},
		"forged for another host": {
			build: func(w *wire) {
				w.arp(pumpMAC(1), "10.0.0.10")
				w.frames[0].data[11] = 9 // the frame comes from elsewhere
				w.fetch("10.0.0.10", 40001)
			},
			who: []string{"ip/10.0.0.10/-"}, seen: []string{"10.0.0.10   -1 +0", server},
		},
		"by a lease, with names": {
			build: func(w *wire) {
				w.hello(pumpMAC(1), "pump-7", "acme")
				w.lease(pumpMAC(1), "10.0.0.10", 3600)
				w.resolve("pump", "ward", "10.0.0.10")
				w.resolve("Updates", "ACME", "10.0.0.200")
				w.fetch("10.0.0.10", 40001)
			},
			who:  []string{"mac/pump 01"},
			seen: []string{"10.0.0.10 02:4d:50:00:00:01 dhcp -1 +0 pump-7,pump.ward (acme)", server + " updates.acme"},
		},
		"a lease that ran out": {
			build: func(w *wire) {
				w.lease(pumpMAC(1), "10.0.0.10", 3600)
				w.fetch("10.0.0.10", 40001)
				w.pass(2 * time.Hour)
				w.fetch("10.0.0.10", 40002)
				w.arp(pumpMAC(1), "10.0.0.10")
				w.fetch("10.0.0.10", 40003)
			},
			who:  []string{"mac/pump 01", "ip/10.0.0.10/-", "mac/pump 01"},
			seen: []string{"10.0.0.10   -1 +0", "10.0.0.10 02:4d:50:00:00:01 dhcp -2 +0", "10.0.0.200   -0 +3"},
		},
		"another device gets the address": {
			build: func(w *wire) {
				w.arp(pumpMAC(1), "10.0.0.10")
				w.fetch("10.0.0.10", 40001)
				w.pass(time.Hour)
				w.arp(pumpMAC(2), "10.0.0.10")
				w.fetch("10.0.0.10", 40002)
			},
			who:  []string{"mac/pump 01", "mac/pump 02"},
			seen: []string{"10.0.0.10 02:4d:50:00:00:01 arp -1 +0", "10.0.0.10 02:4d:50:00:00:02 arp -1 +0", "10.0.0.200   -0 +2"},
		},
		"two devices fight for an address": {
			build: func(w *wire) {
				w.arp(pumpMAC(1), "10.0.0.10")
				w.arp(pumpMAC(2), "10.0.0.10")
				w.arp(pumpMAC(1), "10.0.0.10")
				w.fetch("10.0.0.10", 40001)
				w.pass(2 * time.Minute)
				w.arp(pumpMAC(1), "10.0.0.10")
				w.fetch("10.0.0.10", 40002)
			},
			who: []string{"ip/10.0.0.10/-", "mac/pump 01"},
			seen: []string{
				"10.0.0.10   -1 +0", "10.0.0.10 02:4d:50:00:00:01 arp -0 +0", "10.0.0.10 02:4d:50:00:00:01 arp -1 +0",
				"10.0.0.10 02:4d:50:00:00:02 arp -0 +0", "10.0.0.200   -0 +2",
			},
		},
		"a router": {
			build: func(w *wire) {
				for i := range 5 {
					w.arp(pumpMAC(1), fmt.Sprintf("10.0.%d.1", i))
				}
				w.fetch("10.0.0.1", 40001)
			},
			who: []string{"ip/10.0.0.1/-"},
			seen: []string{
				"10.0.0.1 02:4d:50:00:00:01 arp -1 +0 router", server, "10.0.1.1 02:4d:50:00:00:01 arp -0 +0 router",
				"10.0.2.1 02:4d:50:00:00:01 arp -0 +0 router", "10.0.3.1 02:4d:50:00:00:01 arp -0 +0 router",
				"10.0.4.1 02:4d:50:00:00:01 arp -0 +0 router",
			},
		},
		"a virtual router": {
			build: func(w *wire) { w.arp(mac{0, 0, 0x5e, 0, 1, 7}, "10.0.0.1"); w.fetch("10.0.0.1", 40001) },
			who:   []string{"ip/10.0.0.1/-"}, seen: []string{"10.0.0.1 00:00:5e:00:01:07 arp -1 +0 router", server},
		},
		"a laptop that moves from day to day": {
			build: func(w *wire) {
				for i := range 7 {
					w.arp(pumpMAC(1), fmt.Sprintf("10.0.%d.9", i))
					w.pass(9 * time.Hour)
				}
				w.fetch("10.0.6.9", 40001)
			},
			who: []string{"mac/pump 01"},
			seen: []string{
				"10.0.0.9 02:4d:50:00:00:01 arp -0 +0", server, "10.0.1.9 02:4d:50:00:00:01 arp -0 +0", "10.0.2.9 02:4d:50:00:00:01 arp -0 +0",
				"10.0.3.9 02:4d:50:00:00:01 arp -0 +0", "10.0.4.9 02:4d:50:00:00:01 arp -0 +0", "10.0.5.9 02:4d:50:00:00:01 arp -0 +0",
				"10.0.6.9 02:4d:50:00:00:01 arp -1 +0",
			},
		},
		"one host with IPv4 and many IPv6 addresses": {
			build: func(w *wire) {
				w.arp(pumpMAC(1), "10.0.0.10")
				for i := range 9 {
					w.advertise(pumpMAC(1), fmt.Sprintf("2001:db8::%d", i+1))
				}
				w.frames = slices.Delete(w.frames, 2, 9)
				w.fetch("10.0.0.10", 40001)
			},
			who: []string{"mac/pump 01"},
			seen: []string{
				"10.0.0.10 02:4d:50:00:00:01 arp -1 +0", server, "2001:db8::1 02:4d:50:00:00:01 nd -0 +0",
				"2001:db8::9 02:4d:50:00:00:01 nd -0 +0",
			},
		},
		"messages that lie about their lengths": {
			build: func(w *wire) {
				w.arp(pumpMAC(1), "10.0.0.10")
				w.frames[0].data = w.frames[0].data[:30]
				w.advertise(pumpMAC(1), "2001:db8::1")
				w.udp(pumpMAC(1), "0.0.0.0:68", "255.255.255.255:67", make([]byte, 100))
				w.udp(pumpMAC(1), "10.0.0.2:53", "10.0.0.10:40000", []byte{0, 7, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, 60})
				w.fetch("10.0.0.10", 40001)
			},
			who: []string{"ip/10.0.0.10/-"}, seen: []string{"10.0.0.10   -1 +0", server, "2001:db8::1 02:4d:50:00:00:01 nd -0 +0"},
			check: func(s Summary) string { return differs("malformed", s.Losses.Malformed, int64(3)) },
		},
		"cut by the snap length": {
			build: func(w *wire) {
				w.arp(pumpMAC(1), "10.0.0.10")
				w.frames[0].data, w.frames[0].wire = w.frames[0].data[:30], 60
				w.fetch("10.0.0.10", 40001)
			},
			who: []string{"ip/10.0.0.10/-"}, seen: []string{"10.0.0.10   -1 +0", server},
			check: func(s Summary) string { return differs("malformed", s.Losses.Malformed, int64(0)) },
		},
	} {
		w := newWire()
		c.build(w)
		r, s := watchWho(t, w.pcap())
		var who []string
		for _, g := range r.got {
			who = append(who, short(g.Device))
			if want := strings.Contains(short(g.Device), "mac/"); (g.MAC != "") != want || g.Addr.String() == "" {
				t.Errorf("%s: MAC %q, address %s", name, g.MAC, g.Addr)
			}
		}
		if d := cmp.Diff(c.who, who); d != "" {
			t.Errorf("%s: receivers: %s", name, d)
		}
		if d := cmp.Diff(c.seen, r.say()); d != "" {
			t.Errorf("%s: sightings: %s", name, d)
		}
		if c.check != nil {
			if d := c.check(s); d != "" {
				t.Errorf("%s: %s", name, d)
			}
		}
	}
}

func TestSightingTimesAndNames(t *testing.T) {
	t.Parallel()
	w := newWire()
	w.arp(pumpMAC(1), "10.0.0.10")
	first := w.now
	for i := range 12 {
		w.resolve(fmt.Sprintf("n%d", i), "ward", "10.0.0.10")
	}
	w.pass(time.Minute)
	w.arp(pumpMAC(1), "10.0.0.10")
	r, s := watchWho(t, w.pcap())
	if len(r.seen) != 1 || s.Losses.Names != 4 {
		t.Fatalf("%+v, %+v", r.seen, s.Losses)
	}
	g := r.seen[0]
	at := func(ns int64) time.Time { return time.Unix(0, ns).UTC().Truncate(time.Microsecond) }
	if g.First != at(first) || g.Last != at(w.now) || len(g.Names) != maxNames || g.Names[0] != "n0.ward" || short(g.Device) != "mac/pump 01" {
		t.Errorf("%+v", g)
	}
}

// A flood of forged addresses costs bounded memory, is counted, and does not push out who received something.
func TestFlood(t *testing.T) {
	t.Parallel()
	var r roll
	e := newEngine(Options{Site: "main", Realm: "-"}, &r)
	to := e.device(netipAddr("10.0.0.10"))
	e.who.claim(claimOf("10.0.0.10", pumpMAC(1)), "arp", 1, 0)
	e.handed(&model.Transfer{Time: time.Unix(0, 2), Peer: "10.0.0.200:80"}, &to)
	for i := range maxPlaces + 5000 {
		m := mac{2, 0, byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)}
		addr := fmt.Sprintf("11.%d.%d.%d", i>>16, i>>8&255, i&255)
		e.who.claim(claimOf(addr, m), "arp", int64(3+i), 0)
		s := e.who.station(m)
		s.names = e.who.name(s.names, strings.Repeat("x", 200)+addr)
	}
	e.handSightings()
	seen := r.seen
	if len(seen) != maxPlaces || seen[0].Addr.String() != "10.0.0.10" || seen[0].Received != 1 || seen[1].Served != 1 {
		t.Errorf("%d sightings, first %+v", len(seen), seen[:2])
	}
	s := e.summary()
	if s.Losses.Addresses < 10_000 || s.Losses.Names < 40_000 || e.who.named > nameBytes || e.who.named < nameBytes/2 {
		t.Errorf("%+v, %d bytes of names", s.Losses, e.who.named)
	}
	for i := range 100 {
		e.who.claim(claimOf("10.0.0.10", mac{2, 9, 0, 0, 0, byte(i)}), "arp", int64(1e18)+int64(i)*1e12, 0)
	}
	if p := e.who.place(addrOf("10.0.0.10")); len(p.stays) != maxStays || p.stays[0].received != 1 {
		t.Errorf("%d stays, first %+v", len(p.stays), p.stays[0])
	}
}
