package app

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
)

func TestHistoryTellsWhoServes(t *testing.T) {
	t.Parallel()
	to := netip.MustParseAddr("10.0.0.10")
	for name, c := range map[string]struct {
		seen  model.Transfer
		known bool
		want  bool
	}{
		"handed out an update":         {seen: model.Transfer{Peer: "10.0.0.5:80", Addr: to, UpdateLike: true}, want: true},
		"handed it out in IPv6's form": {seen: model.Transfer{Peer: "[::ffff:10.0.0.5]:80", Addr: to, UpdateLike: true}, want: true},
		"handed out a web page":        {seen: model.Transfer{Peer: "10.0.0.5:80", Addr: to}, want: false},
		"handed out a release":         {seen: model.Transfer{Peer: "10.0.0.5:80", Addr: to}, known: true, want: true},
		"has no such update":           {seen: model.Transfer{Peer: "10.0.0.5:80", Addr: to, UpdateLike: true, Refused: true}, want: false},
		"a release under an error":     {seen: model.Transfer{Peer: "10.0.0.5:80", Addr: to, Refused: true}, known: true, want: true},
		"sent one up":                  {seen: model.Transfer{Peer: "10.0.0.5:40000", Addr: to, Upload: true, UpdateLike: true}, want: false},
		"took one in":                  {seen: model.Transfer{Peer: "10.0.0.9:40000", Addr: netip.MustParseAddr("10.0.0.5"), Upload: true, UpdateLike: true}, known: true, want: false},
		"received a file":              {seen: model.Transfer{Peer: "10.0.0.9:80", Addr: netip.MustParseAddr("10.0.0.5"), UpdateLike: true}, want: false},
		"sent what is encrypted":       {seen: model.Transfer{Peer: "10.0.0.5:443", Addr: to, Encrypted: true, UpdateLike: true}, want: false},
		"nobody is named":              {seen: model.Transfer{Peer: "nowhere", Addr: to, UpdateLike: true}, want: false},
	} {
		h := newHistory()
		h.served(&c.seen, c.known)
		if got := h.serves(netip.MustParseAddr("10.0.0.5")); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	h := newHistory()
	h.served(&model.Transfer{Peer: "10.0.0.5:80", Addr: to, UpdateLike: true}, false)
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

// A pump that is not listed and whose own web page somebody looks at stays one that can be replayed; one that
// hands releases on is a server.
func TestWebPageMakesNoServer(t *testing.T) {
	t.Parallel()
	old, next := elf(1, 5000), elf(2, 6000)
	for name, c := range map[string]struct {
		file string
		body []byte
		want []string
	}{
		"a web page": {"index.html", []byte("<!DOCTYPE html><html><body>battery 80 %</body></html>"), []string{"update.replayed open"}},
		"a release":  {"pump.bin", next, nil},
	} {
		w := newWard(t)
		w.release(t, "2.0.0", "pump-2.0.0.bin", next)
		w.publish(t)
		looked := talk{wireTime().Add(time.Minute), "10.0.0.50:50001", "10.0.0.10:80", []turn{
			{false, "GET /" + c.file + " HTTP/1.1\r\nHost: 10.0.0.10\r\n\r\n"},
			{true, fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(c.body), c.body)},
		}}
		got, err := see(t.Context(), w.house, WatchOptions{All: true}, capture(t,
			download("10.0.0.10", host, "pump-2.0.0.bin", next, wireTime()), looked,
			download("10.0.0.10", host, "pump-1.0.0.bin", old, wireTime().Add(time.Hour)),
		))
		if err != nil || len(got.transfers) != 3 {
			t.Fatalf("%s: %d transfers, %v", name, len(got.transfers), err)
		}
		if replayed := got.transfers[2].Verdict == model.Replayed; replayed != (c.want != nil) {
			t.Errorf("%s: %s", name, got.transfers[2].Verdict)
		}
		says(t, w.house, c.want...)
	}
}

// Updates that a service laptop pushes to a pump are in its history, and an older one is replayed.
func TestPushedUpdateIsReplayed(t *testing.T) {
	t.Parallel()
	w, next := newWard(t), elf(2, 6000)
	w.release(t, "2.0.0", "pump-2.0.0.bin", next)
	w.publish(t)
	push := func(body []byte, at time.Time) talk {
		return talk{at, "10.0.0.60:50001", "10.0.0.10:80", []turn{
			{false, fmt.Sprintf("PUT /update HTTP/1.1\r\nHost: 10.0.0.10\r\nContent-Length: %d\r\n\r\n%s", len(body), body)},
			{true, "HTTP/1.1 204 No Content\r\n\r\n"},
		}}
	}
	got := mustSee(t, w.house, capture(t, push(next, wireTime()), push(elf(1, 5000), wireTime().Add(time.Hour))))
	if v := got.verdicts(); !slices.Equal(v, []model.Verdict{model.Verified, model.Replayed}) {
		t.Errorf("%v", v)
	}
	says(t, w.house, "update.replayed open")
}
