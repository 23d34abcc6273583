package lab_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/lab"
	"github.com/cordon-trust/cordon/internal/model"
)

// played is the outcome of a script.
type played struct {
	capture  []byte
	size     lab.Size
	objects  []lab.Truth
	sessions []lab.Session
}

func play(t *testing.T, events ...lab.Event) played {
	t.Helper()
	var p played
	var out bytes.Buffer
	size, err := lab.Play(t.Context(), &out, lab.Script{
		Seed: 5, Events: slices.Values(events),
		Object:  func(o lab.Truth) error { p.objects = append(p.objects, o); return nil },
		Session: func(s lab.Session) error { p.sessions = append(p.sessions, s); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	p.capture, p.size = out.Bytes(), size
	return p
}

// fetching returns an event: device 10.0.0.(10+i) fetches objects after a delay.
func fetching(i int, after time.Duration, all ...lab.Object) lab.Event {
	return lab.Event{At: lab.DefaultStart().Add(after), Talk: &lab.Conversation{
		Device: netip.MustParseAddrPort(fmt.Sprintf("10.0.0.%d:40001", 10+i)), Server: netip.MustParseAddrPort("10.0.9.1:80"),
		Host: "ward.example", Fetch: all,
	}}
}

// What runs at the same time lies frame by frame between each other, in the order of time, and arrives whole.
func TestPlayInterleavesByTime(t *testing.T) {
	t.Parallel()
	slow := fetching(0, 0, lab.Object{Path: "/slow", Body: lab.FirmwareBody(1, 300_000)})
	slow.Talk.Rate = 20_000_000
	p := play(t, slow,
		fetching(1, 30*time.Millisecond, lab.Object{Path: "/quick", Body: lab.NoiseBody(2, 5000)}),
		fetching(2, time.Hour, lab.Object{Path: "/late", Body: lab.NoiseBody(3, 100)}),
	)
	all, frames := sights(t, p.capture, false) // checks the order of times
	if int64(frames) != p.size.Frames || p.size.Connections != 3 {
		t.Errorf("%d frames, %+v", frames, p.size)
	}
	var order []string
	for _, o := range p.objects {
		order = append(order, o.Path)
		answer := assemble(all)[[2]netip.AddrPort{o.Server, o.Device}]
		if got := model.DigestOf(body(t, answer.data)); got != o.Digest || !o.Complete {
			t.Errorf("%s: %s is in the frames, the truth says %s", o.Path, got, o.Digest)
		}
	}
	if want := []string{"/quick", "/slow", "/late"}; !slices.Equal(order, want) {
		t.Errorf("they ended as %q, want %q", order, want)
	}
	span := func(device string) (first, last int) {
		of := func(s sight) bool { return s.from.Addr().String() == device || s.to.Addr().String() == device }
		first = slices.IndexFunc(all, of)
		for last = len(all) - 1; !of(all[last]); last-- {
		}
		return first, last
	}
	slowFirst, slowLast := span("10.0.0.10")
	if first, last := span("10.0.0.11"); first < slowFirst || last > slowLast {
		t.Errorf("the quick one takes frames %d to %d, the slow one %d to %d", first, last, slowFirst, slowLast)
	}
	if took := all[slowLast].at.Sub(all[slowFirst].at); took < 120*time.Millisecond || took > 200*time.Millisecond {
		t.Errorf("300 kB at 20 Mbit/s took %v", took)
	}
	if first, _ := span("10.0.0.12"); all[first].at.Sub(lab.DefaultStart()) < time.Hour {
		t.Errorf("the late one began at %v", all[first].at)
	}
}

// A connection is the same whatever runs beside it, TLS included.
func TestPlayIsIndependentOfNeighbours(t *testing.T) {
	t.Parallel()
	one := fetching(0, time.Millisecond, lab.Object{Path: "/a", Body: lab.NoiseBody(1, 40_000)})
	secret := fetching(1, 0, lab.Object{Path: "/b", Body: lab.NoiseBody(2, 90_000)})
	secret.Talk.TLS = tls.VersionTLS13
	alone, _ := sights(t, play(t, one).capture, false)
	p := play(t, secret, one)
	both, _ := sights(t, p.capture, false)
	both = slices.DeleteFunc(both, func(s sight) bool {
		return s.from.Addr() == secret.Talk.Device.Addr() || s.to.Addr() == secret.Talk.Device.Addr()
	})
	if len(alone) != len(both) {
		t.Fatalf("%d frames alone, %d beside a neighbour", len(alone), len(both))
	}
	for i := range alone {
		if !alone[i].at.Equal(both[i].at) || alone[i].tcp.Seq != both[i].tcp.Seq || !bytes.Equal(alone[i].tcp.Payload, both[i].tcp.Payload) {
			t.Fatalf("frame %d differs: at %v and %v", i, alone[i].at, both[i].at)
		}
	}
	if len(p.sessions) != 1 || p.sessions[0].Version != tls.VersionTLS13 || len(p.sessions[0].Objects) != 1 {
		t.Errorf("sessions %+v", p.sessions)
	}
}

func TestRangesPostsAndEncodings(t *testing.T) {
	t.Parallel()
	whole := lab.Firmware(3, 50_000)
	p := play(t, fetching(0, 0,
		lab.Object{Path: "/fw", Body: lab.BytesBody(whole), From: 1000, To: 30_000, Ref: "first"},
		lab.Object{Path: "/fw", Body: lab.BytesBody(whole), From: 30_000, To: 50_000, Wait: time.Second},
		lab.Object{Path: "/status", Post: []byte(`{"ok":true}`), Body: lab.BytesBody([]byte(`{}`)), Type: "application/json"},
		lab.Object{Path: "/zip", Body: lab.BytesBody(whole), Gzip: true},
	))
	all, _ := sights(t, p.capture, false)
	device, server := netip.MustParseAddrPort("10.0.0.10:40001"), netip.MustParseAddrPort("10.0.9.1:80")
	answers := answersOf(t, assemble(all)[[2]netip.AddrPort{server, device}].data, 4)
	if a := answers[0]; a.status != http.StatusPartialContent || a.header.Get("Content-Range") != "bytes 1000-29999/50000" ||
		!bytes.Equal(a.body, whole[1000:30_000]) || a.header.Get("ETag") != answers[1].header.Get("ETag") || a.header.Get("ETag") == "" {
		t.Errorf("the first range: %d, %v", a.status, a.header)
	}
	if a := answers[2]; a.header.Get("Content-Type") != "application/json" || string(a.body) != "{}" {
		t.Errorf("the answer to what was sent: %v %q", a.header, a.body)
	}
	z, err := gzip.NewReader(bytes.NewReader(answers[3].body))
	if err != nil {
		t.Fatal(err)
	}
	if entity, err := io.ReadAll(z); err != nil || model.DigestOf(entity) != p.objects[3].Entity || len(entity) != 50_000 {
		t.Errorf("%d bytes decoded, %v", len(entity), err)
	}
	if h := answers[3].header; h.Get("Content-Encoding") != "gzip" || !answers[3].chunked {
		t.Errorf("encoded answer %v", h)
	}
	for i, o := range p.objects {
		if !o.Complete || o.Length != int64(len(answers[i].body)) || o.Digest != model.DigestOf(answers[i].body) {
			t.Errorf("object %d: truth %+v", i, o)
		}
	}
	if o := p.objects[0]; o.From != 1000 || o.Whole != 50_000 || o.Ref != "first" {
		t.Errorf("truth of a range %+v", o)
	}
	if wait := p.objects[1].Time.Sub(p.objects[0].Time); wait < time.Second {
		t.Errorf("the second range came after %v", wait)
	}
	if asked := string(assemble(all)[[2]netip.AddrPort{device, server}].data); !strings.Contains(asked, "\r\nRange: bytes=1000-29999\r\n") ||
		!strings.Contains(asked, "POST /status ") || !strings.Contains(asked, "\r\n\r\n{\"ok\":true}GET /zip ") {
		t.Errorf("asked %q", asked)
	}
}

// What is said without a stack crosses as it is written down; a refusal is SYN and RST.
func TestRecitalAndRefusal(t *testing.T) {
	t.Parallel()
	said := lab.Conversation{
		Device: netip.MustParseAddrPort("10.0.0.10:40001"), Server: netip.MustParseAddrPort("10.0.9.1:2575"), Route: [6]byte{2, 0, 0, 0, 0, 1},
		Say: []lab.Line{{Data: bytes.Repeat([]byte("ab"), 4000)}, {Server: true}, {Server: true, Data: []byte("yes")}, {Data: []byte("bye")}},
	}
	refused := lab.Conversation{Device: netip.MustParseAddrPort("10.0.0.11:40001"), Server: said.Server, Refused: true}
	p := play(t, lab.Event{At: lab.DefaultStart(), Talk: &said, After: time.Second}, lab.Event{At: lab.DefaultStart().Add(time.Minute), Talk: &refused})
	all, _ := sights(t, p.capture, false)
	flows := assemble(all)
	if got := string(flows[[2]netip.AddrPort{said.Device, said.Server}].data); got != strings.Repeat("ab", 4000)+"bye" {
		t.Errorf("the device said %d bytes", len(got))
	}
	if got := string(flows[[2]netip.AddrPort{said.Server, said.Device}].data); got != "yes" {
		t.Errorf("the server said %q", got)
	}
	if since := all[0].at.Sub(lab.DefaultStart()); since < time.Second || since > time.Second+time.Millisecond {
		t.Errorf("it began after %v", since)
	}
	last := all[len(all)-2:]
	if !last[0].tcp.SYN || last[0].tcp.ACK || !last[1].tcp.RST || last[1].from != refused.Server {
		t.Errorf("refused with %+v", last)
	}
	if len(p.objects) != 0 {
		t.Errorf("objects %+v", p.objects)
	}
}

func TestPlayRefuses(t *testing.T) {
	t.Parallel()
	object := lab.Object{Path: "/a", Body: lab.NoiseBody(1, 100)}
	with := func(change func(*lab.Conversation)) lab.Event {
		e := fetching(0, 0, object)
		change(e.Talk)
		return e
	}
	for name, c := range map[string]struct {
		want   string
		events []lab.Event
	}{
		"backwards":  {"comes after", []lab.Event{fetching(0, time.Second, object), fetching(1, 0, object)}},
		"snap":       {"snap length", []lab.Event{with(func(c *lab.Conversation) { c.Mirror = &lab.Distortion{Snap: 96} })}},
		"distortion": {"not a share", []lab.Event{with(func(c *lab.Conversation) { c.Mirror = &lab.Distortion{Lose: 2} })}},
		"nothing":    {"must fetch something", []lab.Event{with(func(c *lab.Conversation) { c.Fetch = nil })}},
		"both":       {"must fetch something", []lab.Event{with(func(c *lab.Conversation) { c.Refused = true })}},
		"path":       {"begin with a slash", []lab.Event{fetching(0, 0, lab.Object{Path: "a"})}},
		"range":      {"bytes 0 to 101", []lab.Event{fetching(0, 0, lab.Object{Path: "/a", Body: lab.NoiseBody(1, 100), To: 101})}},
		"post":       {"at most 2000", []lab.Event{fetching(0, 0, lab.Object{Path: "/a", Post: make([]byte, 2001)})}},
		"families":   {"one family", []lab.Event{with(func(c *lab.Conversation) { c.Server = netip.MustParseAddrPort("[2001:db8::1]:80") })}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := lab.Play(t.Context(), io.Discard, lab.Script{Events: slices.Values(c.events)})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q in it", err, c.want)
			}
		})
	}
	if _, err := lab.Play(t.Context(), io.Discard, lab.Script{}); err == nil {
		t.Error("a script without events is played")
	}
}

// Whoever is told may stop the play, and so may the context; nobody is left on the stage (see TestMain).
func TestPlayStops(t *testing.T) {
	t.Parallel()
	enough := errors.New("enough")
	events := func(yield func(lab.Event) bool) {
		for i := range 1000 {
			if !yield(fetching(i%100, time.Duration(i)*time.Millisecond, lab.Object{Path: "/a", Body: lab.NoiseBody(1, 100_000)})) {
				return
			}
		}
	}
	_, err := lab.Play(t.Context(), io.Discard, lab.Script{Events: events, Object: func(lab.Truth) error { return enough }})
	if !errors.Is(err, enough) {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	_, err = lab.Play(ctx, io.Discard, lab.Script{Events: events, Object: func(lab.Truth) error {
		if n++; n == 3 {
			cancel()
		}
		return nil
	}})
	if !errors.Is(err, context.Canceled) || n > 50 {
		t.Errorf("error %v after %d objects", err, n)
	}
}

// An authority lives from one capture to the next; its certificates change when they are renewed.
func TestAuthorityLasts(t *testing.T) {
	t.Parallel()
	a := lab.NewAuthority(lab.DefaultStart())
	key := func() (out model.Digest) {
		e := fetching(0, 0, lab.Object{Path: "/a", Body: lab.NoiseBody(1, 100)})
		e.Talk.TLS = tls.VersionTLS12
		_, err := lab.Play(t.Context(), io.Discard, lab.Script{
			Events: slices.Values([]lab.Event{e}), Authority: a,
			Session: func(s lab.Session) error { out = s.SPKI; return nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	first := key()
	if second := key(); first != second || first.IsZero() {
		t.Errorf("keys %s and %s of one server", first, second)
	}
	a.Renew()
	if third := key(); third == first {
		t.Error("the key is the same after the renewal")
	}
}
