package lab_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cordon-trust/cordon/internal/lab"
	"github.com/cordon-trust/cordon/internal/lab/frame"
	"github.com/cordon-trust/cordon/internal/model"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func download(t *testing.T, d lab.Download) ([]byte, lab.Truth) {
	t.Helper()
	var out bytes.Buffer
	truth, err := lab.WriteDownload(&out, d)
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), truth
}

// body reads the answer that a stream holds.
func body(t *testing.T, stream []byte) []byte {
	t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(stream)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDownload(t *testing.T) {
	t.Parallel()
	capture, truth := download(t, lab.Download{Seed: 7})
	all, frames := sights(t, capture, false)
	flows := assemble(all)
	answer, request := flows[[2]netip.AddrPort{truth.Server, truth.Device}], flows[[2]netip.AddrPort{truth.Device, truth.Server}]
	got := body(t, answer.data)
	if !bytes.Equal(got, lab.Firmware(7, 200_000)) || model.DigestOf(got) != truth.Digest {
		t.Errorf("%d bytes arrived that were not served", len(got))
	}
	if frames != len(all)+2 {
		t.Errorf("%d frames, of which %d are TCP: ARP is one question and one answer", frames, len(all))
	}
	wantRequest := "GET /fw/pump-2.1.0.bin HTTP/1.1\r\nHost: updates.acme.example\r\nUser-Agent: PumpUpdater/1.4\r\n\r\n"
	if string(request.data) != wantRequest {
		t.Errorf("request %q", request.data)
	}
	header, _, _ := strings.Cut(string(answer.data), "\r\n\r\n")
	if !strings.Contains(header, "Date: Mon, 05 Jan 2026 08:00:00 GMT") {
		t.Errorf("the clock of the server is not that of the plan: %q", header)
	}
	first := all[slices.IndexFunc(all, func(s sight) bool { return s.from == truth.Server && len(s.tcp.Payload) > 0 })]
	if d := first.at.Sub(truth.Time); d < 0 || d > time.Millisecond {
		t.Errorf("the answer began at %v, the truth says %v", first.at, truth.Time)
	}
	want := lab.Truth{
		Time: truth.Time, Device: netip.MustParseAddrPort("10.0.0.10:40001"), Server: netip.MustParseAddrPort("10.0.0.200:80"),
		Host: "updates.acme.example", Path: "/fw/pump-2.1.0.bin", Length: 200_000, Whole: 200_000, Digest: truth.Digest, Complete: true, Requested: true,
	}
	if truth != want {
		t.Errorf("truth %+v", truth)
	}
}

// The shape of a connection: handshake, full segments, an acknowledgement for every second, and the end.
func TestShape(t *testing.T) {
	t.Parallel()
	capture, truth := download(t, lab.Download{})
	all, _ := sights(t, capture, false)
	var shape []string
	for _, s := range all {
		word := "<"
		if s.from == truth.Device {
			word = ">"
		}
		for flag, on := range map[string]bool{"S": s.tcp.SYN, "F": s.tcp.FIN} {
			if on {
				word += flag
			}
		}
		if n := len(s.tcp.Payload); n > 0 {
			word += fmt.Sprint(n)
		}
		shape = append(shape, word)
		if s.tcp.ACK == (s.tcp.SYN && s.from == truth.Device) {
			t.Errorf("%s has ACK %v", word, s.tcp.ACK)
		}
	}
	text := strings.Join(shape, " ")
	if !strings.HasPrefix(text, ">S <S > >92 <1448 <1448 > <1448 <1448 > ") || !strings.HasSuffix(text, " >F <F >") {
		t.Errorf("shape %.200s ... %s", text, text[max(0, len(text)-60):])
	}
	if n := strings.Count(text, "<1448 <1448 >"); n != 200_000/1448/2 {
		t.Errorf("%d acknowledged pairs", n)
	}
	acked := map[netip.AddrPort]uint32{}
	for _, s := range all {
		end := s.tcp.Seq + uint32(len(s.tcp.Payload))
		if s.tcp.ACK && acked[s.to] != s.tcp.Ack {
			t.Errorf("%v acknowledges %d, of %d sent", s.from, s.tcp.Ack, acked[s.to])
		}
		if s.tcp.SYN || s.tcp.FIN {
			end++
		}
		acked[s.from] = end
	}
}

func TestSameSeedSameCapture(t *testing.T) {
	t.Parallel()
	all := lab.Distortion{Reorder: 0.1, Duplicate: 0.1, Overlap: 0.1, Conflict: 0.1, Lose: 0.01}
	for _, d := range []lab.Distortion{{}, all} {
		one, truth := download(t, lab.Download{Seed: 3, Distortion: d})
		two, again := download(t, lab.Download{Seed: 3, Distortion: d})
		if !bytes.Equal(one, two) || truth != again {
			t.Errorf("%+v: two captures of one seed differ", d)
		}
		if other, _ := download(t, lab.Download{Seed: 4, Distortion: d}); bytes.Equal(one, other) {
			t.Errorf("%+v: the seed changes nothing", d)
		}
	}
}

// The digest is pinned: benchmarks and demonstrations of different days compare the same bytes.
func TestFirmware(t *testing.T) {
	t.Parallel()
	fw := lab.Firmware(1, 200_000)
	const want = "sha256:97ef043bae30516d723e42789f6e6ad6d42ba110b0630a933b2f9dc24ef98c4d"
	if got := model.DigestOf(fw).String(); got != want {
		t.Errorf("firmware of seed 1 is %s, want %s", got, want)
	}
	if !bytes.HasPrefix(fw, []byte("\x7fELF\x02\x01\x01")) || len(lab.Firmware(1, 3)) != 3 || bytes.Equal(fw, lab.Firmware(2, 200_000)) {
		t.Error("firmware does not begin as an executable, or not from its seed")
	}
}

// One byte changed on the way changes one byte of the capture's payload, and checksums.
func TestFlip(t *testing.T) {
	t.Parallel()
	good := lab.Firmware(9, 50_000)
	bad := lab.Flip(good, 30_000)
	one, truth := download(t, lab.Download{Seed: 9, Body: good})
	two, altered := download(t, lab.Download{Seed: 9, Body: bad})
	differ := 0
	for i := range one {
		if one[i] != two[i] {
			differ++
		}
	}
	if len(one) != len(two) || differ < 2 || differ > 3 { // the byte, and one or both of the checksum
		t.Errorf("%d bytes of the captures differ", differ)
	}
	sights(t, two, false)
	if truth.Digest == altered.Digest || altered.Digest != model.DigestOf(bad) || truth.Digest != model.DigestOf(good) {
		t.Errorf("digests %s and %s", truth.Digest, altered.Digest)
	}
	if !bytes.Equal(lab.Flip(good, -1), good) || !bytes.Equal(lab.Flip(good, len(good)), good) {
		t.Error("an offset outside changes something")
	}
}

func TestIPv6AndFormats(t *testing.T) {
	t.Parallel()
	d := lab.Download{Device: netip.MustParseAddrPort("[fd00::10]:40001"), Server: netip.MustParseAddrPort("[fd00::c8]:80")}
	capture, truth := download(t, d)
	all, _ := sights(t, capture, false)
	if got := body(t, assemble(all)[[2]netip.AddrPort{truth.Server, truth.Device}].data); model.DigestOf(got) != truth.Digest {
		t.Error("another body arrived over IPv6")
	}
	d.Format = frame.PcapNG
	if ng, again := download(t, d); again != truth || !bytes.HasPrefix(ng, []byte{0x0a, 0x0d, 0x0d, 0x0a}) {
		t.Error("the format of the file changes the truth")
	}
}

func TestPlansRefused(t *testing.T) {
	t.Parallel()
	six := netip.MustParseAddrPort("[fd00::1]:80")
	for want, d := range map[string]lab.Download{
		"of one family":         {Server: six},
		"begin with a slash":    {Path: "x"},
		"a share from 0 to 1":   {Distortion: lab.Distortion{Lose: 1.5}},
		"segments of 70000":     {Distortion: lab.Distortion{Segment: 70000}},
		"no room for an over":   {Distortion: lab.Distortion{Segment: frame.MaxPayload, Overlap: 0.1}},
		"snap length":           {Distortion: lab.Distortion{Snap: -4}},
		"capture format 7":      {Format: 7},
		"invalid character \" ": {Host: "a b"},
	} {
		if _, err := lab.WriteDownload(io.Discard, d); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
	if _, err := lab.Write(io.Discard, lab.Plan{}); err == nil {
		t.Error("a plan without conversations is taken")
	}
	if _, err := lab.Write(io.Discard, lab.Plan{Lanes: 9, Conversations: slices.Values([]lab.Conversation{})}); err == nil {
		t.Error("nine lanes are taken")
	}
}

var errFull = errors.New("disk full")

// full fails after some bytes.
type full int

func (f *full) Write(p []byte) (int, error) {
	if *f -= full(len(p)); *f < 0 {
		return 0, errFull
	}
	return len(p), nil
}

// A writer that fails ends everything that was going on; goleak looks for what is left.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	for _, room := range []full{0, 300 << 10, 700 << 10} {
		if _, err := lab.WriteDownload(&room, lab.Download{Body: lab.Firmware(1, 1<<20)}); !errors.Is(err, errFull) {
			t.Errorf("error %v", err)
		}
	}
}
