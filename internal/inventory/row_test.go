package inventory

import (
	"bytes"
	"crypto/rand"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/model"
)

func TestEncodeRow(t *testing.T) {
	t.Parallel()
	d := Device{
		Asset: "A-17", Vendor: "acme", MACs: []string{"00:1a:2b:3c:4d:5e"}, IPs: []netip.Addr{netip.MustParseAddr("10.0.0.1")},
		Role: model.Endpoint, Notes: map[string]string{"b": "<2>", "a": "1"},
	}
	want := `{"asset":"A-17","vendor":"acme","mac":["00:1a:2b:3c:4d:5e"],"ip":["10.0.0.1"],"role":"endpoint","notes":{"a":"1","b":"<2>"}}`
	if got := string(EncodeRow(d)); got != want {
		t.Errorf("%s", got)
	}
	for name, bad := range map[string]string{
		"a space":             strings.Replace(want, ":", ": ", 1),
		"an unknown member":   strings.Replace(want, `"vendor"`, `"x":1,"vendor"`, 1),
		"a member twice":      strings.Replace(want, `"vendor"`, `"asset":"B","vendor"`, 1),
		"another order":       strings.Replace(want, `"asset":"A-17","vendor":"acme"`, `"vendor":"acme","asset":"A-17"`, 1),
		"a MAC in capitals":   strings.Replace(want, "5e", "5E", 1),
		"an IPv4 in IPv6":     strings.Replace(want, "10.0.0.1", "::ffff:10.0.0.1", 1),
		"an empty address":    strings.Replace(want, "10.0.0.1", "", 1),
		"an odd role":         strings.Replace(want, "endpoint", "thing", 1),
		"an empty note":       strings.Replace(want, `"<2>"`, `""`, 1),
		"a note for a column": strings.Replace(want, `"a":"1"`, `"asset":"1"`, 1),
		"more behind it":      want + "{}",
		"a cut row":           want[:len(want)-1],
		"a large row":         strings.Repeat(" ", maxRow) + want,
	} {
		if bad == want {
			t.Fatalf("%s: nothing was changed", name)
		}
		if d, err := DecodeRow([]byte(bad)); err == nil {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

func FuzzDecodeRow(f *testing.F) {
	f.Add([]byte(`{"asset":"A-17","vendor":"acme","mac":["00:1a:2b:3c:4d:5e"],"ip":["10.0.0.1","2001:db8::1"],"role":"endpoint","notes":{"a":"1"}}`))
	f.Add([]byte(`{"serial":"\u0041","role":"server"}`))
	f.Add([]byte(`{"role":"endpoint","ip":["fe80::1%x"]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := DecodeRow(b)
		if err != nil {
			return
		}
		if got := EncodeRow(d); !bytes.Equal(got, b) {
			t.Fatalf("%s\nbecomes\n%s", b, got)
		}
	})
}

func TestRegistration(t *testing.T) {
	t.Parallel()
	row, err := evidence.NewRow(rand.Reader, EncodeRow(Device{Asset: "A", Role: model.Endpoint}))
	if err != nil {
		t.Fatal(err)
	}
	batch, err := evidence.Batch([]evidence.Row{row})
	if err != nil {
		t.Fatal(err)
	}
	site, err := model.ParseSubject("org:st-elsewhere")
	if err != nil {
		t.Fatal(err)
	}
	want := Registration{evidence.Header{Author: "st-elsewhere", Issued: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}, batch}
	read := func(predicate string, r Registration) (Registration, error) {
		payload, err := evidence.NewPayload(predicate, r, site)
		if err != nil {
			t.Fatal(err)
		}
		st, err := evidence.ParseStatement(payload)
		if err != nil {
			t.Fatal(err)
		}
		return DecodeRegistration(st)
	}
	got, err := read(evidence.PredDeviceRegister, want)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := read(evidence.PredImport, want); fault.CodeOf(err) != fault.BadEnvelope {
		t.Errorf("another predicate: %v", err)
	}
	for _, n := range []int64{0, -1, MaxDevices + 1} {
		r := want
		r.Rows.Count = n
		if _, err := read(evidence.PredDeviceRegister, r); fault.CodeOf(err) != fault.BadEnvelope {
			t.Errorf("%d rows: %v", n, err)
		}
	}
}

// someDevice draws devices that often claim the same things.
func someDevice() *rapid.Generator[Device] {
	return rapid.Custom(func(rt *rapid.T) Device {
		pick := func(label string, from ...string) string { return rapid.SampledFrom(from).Draw(rt, label) }
		d := Device{
			Asset: pick("asset", "", "A-1", "A-2", "A-3"), Vendor: pick("vendor", "", "acme", "Acme", "Umbrella Corp"),
			Model: pick("model", "", "pump-7", "x/y"), Serial: pick("serial", "", "1", "2"), Site: pick("site", "", "main", "Main", "west"),
			Location: pick("location", "", "ward 3"), Role: rapid.SampledFrom(model.Roles[:]).Draw(rt, "role"),
		}
		macs := rapid.SliceOfN(rapid.SampledFrom([]string{"02:00:00:00:00:01", "02:00:00:00:00:02"}), 0, 2)
		d.MACs = append(d.MACs, macs.Draw(rt, "macs")...)
		for _, n := range rapid.SliceOfN(rapid.ByteRange(1, 3), 0, 2).Draw(rt, "ips") {
			d.IPs = append(d.IPs, netip.AddrFrom4([4]byte{10, 0, 0, n}))
		}
		if d.Asset == "" && d.Serial == "" && len(d.MACs) == 0 && len(d.IPs) == 0 {
			d.Asset = "A-9"
		}
		if note := pick("note", "", "blue"); note != "" {
			d.Notes = map[string]string{"colour": note}
		}
		d.canonical()
		return d
	})
}

func TestRowsComeBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		d := someDevice().Draw(rt, "device")
		again, err := DecodeRow(EncodeRow(d))
		if err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(d, again, sameAddr); diff != "" {
			rt.Fatal(diff)
		}
	})
}
