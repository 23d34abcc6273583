package seen

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/cordon-trust/cordon/internal/model"
)

var comparable = cmp.Options{cmpopts.EquateComparable(model.Subject{}, netip.Addr{})}

func device(t interface{ Fatal(...any) }, addr string) model.Subject {
	s, err := model.DeviceAt("main", "-", netip.MustParseAddr(addr), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// full is a transfer with something in every field.
func full(t interface{ Fatal(...any) }) model.Transfer {
	return model.Transfer{
		Time: time.Unix(1_700_000_000, 123).UTC(), Device: device(t, "10.0.0.10"), Addr: netip.MustParseAddr("10.0.0.10"),
		MAC: "02:4d:50:00:00:0a", Peer: "[fd00::1]:80", Host: "updates.acme.example", Protocol: "http", Name: "pumpe-ü.bin",
		Size: 200_000, Declared: 0, Complete: true, Ambiguous: true, Unchecked: true, Encrypted: true, Upload: true, UpdateLike: true, Refused: true,
		Digest: model.DigestOf([]byte("a")), EntityDigest: model.DigestOf([]byte("b")), ContentType: "application/x-elf",
		Parts: model.Parts{
			Prefixes: []model.Digest{model.DigestOf([]byte("p")), {}},
			Behind:   []model.Block{{Index: 3, Digest: model.DigestOf([]byte("q"))}, {Index: 700}},
		},
		Notes:    []string{"seen are 1 of 2 bytes", ""},
		HostMark: model.NewMarker([]byte("k")).Mark("host", "x"), NameMark: model.NewMarker([]byte("k")).Mark("name", "x"),
	}
}

func read(t interface{ Fatal(...any) }, b []byte) Row {
	var rd Reader
	var r Row
	if err := rd.Read(b, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTransferRoundTrip(t *testing.T) {
	t.Parallel()
	for name, tr := range map[string]model.Transfer{"full": full(t), "empty": {Declared: -1}} {
		r := read(t, AppendTransfer(nil, &tr))
		if diff := cmp.Diff(tr, r.Transfer, comparable); diff != "" || r.Kind != KindTransfer {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestOtherRowsRoundTrip(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_700_000_000, 0).UTC()
	s := Sighting{
		First: at, Last: at.Add(time.Hour), Device: device(t, "fd00::10"), Addr: netip.MustParseAddr("fd00::10"), MAC: "02:4d:50:00:00:0a",
		By: "nd", Router: true, Received: 3, Served: 4, Marks: []model.Mark{model.NewMarker([]byte("k")).Mark("name", "bed-7"), {}},
	}
	if diff := cmp.Diff(s, read(t, AppendSighting(nil, &s)).Sighting, comparable); diff != "" {
		t.Errorf("sighting (-want +got):\n%s", diff)
	}
	c := Counts{First: at, Last: at, Counts: []Count{{"packets", 1 << 40}, {"copies", 0}}}
	if diff := cmp.Diff(c, read(t, AppendCounts(nil, &c)).Counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

// Whoever wants rows of one kind must still come upon what is none.
func TestMay(t *testing.T) {
	t.Parallel()
	tr, s := full(t), Sighting{Device: device(t, "10.0.0.10")}
	transfer, sighting, counts := AppendTransfer(nil, &tr), AppendSighting(nil, &s), AppendCounts(nil, &Counts{})
	for _, c := range []struct {
		name                               string
		row                                []byte
		any, ofTransfer, ofSight, ofCounts bool
	}{
		{"transfer", AppendTransfer(nil, &model.Transfer{Declared: -1}), true, true, false, false},
		{"sighting", sighting, true, false, true, false},
		{"counts", counts, true, false, false, true},
		{"a refused transfer, which is of another version", transfer, true, true, true, true},
		{"empty", nil, true, true, true, true},
		{"one byte", sighting[:1], true, true, true, true},
		{"kind 0", []byte{version, 0}, true, true, true, true},
		{"kind 4", []byte{version, 4, 1}, true, true, true, true},
		{"another version", append([]byte{9}, sighting[1:]...), true, true, true, true},
	} {
		got := [...]bool{AnyKind.May(c.row), KindTransfer.May(c.row), KindSighting.May(c.row), KindCounts.May(c.row)}
		if want := [...]bool{c.any, c.ofTransfer, c.ofSight, c.ofCounts}; got != want {
			t.Errorf("%s: %v, want %v", c.name, got, want)
		}
	}
}

// A row that was written before transfers could be refused reads as it did, and is written in the same bytes.
func TestOldRow(t *testing.T) {
	t.Parallel()
	old := []byte("\x01\x01(\xe1\x17\x97\x9c\xfe6*\x00\x00\x1cdevice:ip/main/-/10.0.0.10/-\x04\n\x00\x00\n\v10.0.0.5:80\x04http\bpump.bin\x03\x03" +
		"\x11Pz\x0e/^i\xd5ߤ\nb\xa1\xbd{n\xe5~kͅ\xc6|\x9b\x841\xb3o\xff!\xc47\ntext/plain\x00\x00\x00\x01\x01x")
	want := model.Transfer{
		Time: time.Unix(1_700_000_000, 0).UTC(), Device: device(t, "10.0.0.10"), Addr: netip.MustParseAddr("10.0.0.10"), Peer: "10.0.0.5:80",
		Protocol: "http", Name: "pump.bin", Size: 3, Declared: 3, Complete: true, UpdateLike: true, Digest: model.DigestOf([]byte("new")),
		ContentType: "text/plain", Notes: []string{"x"},
	}
	got := read(t, old).Transfer
	if diff := cmp.Diff(want, got, comparable); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if again := AppendTransfer(nil, &got); !bytes.Equal(again, old) {
		t.Errorf("written again it is %q", again)
	}
	got.Refused = true
	if b := AppendTransfer([]byte("before"), &got); b[6] != versionRefused || !read(t, b[6:]).Transfer.Refused {
		t.Errorf("refused it is %q", b)
	}
}

// What cannot be a row is refused, whatever part of it is wrong.
func TestRefused(t *testing.T) {
	t.Parallel()
	tr := full(t)
	good := AppendTransfer(nil, &tr)
	flip := func(at int, b byte) []byte {
		out := bytes.Clone(good)
		out[at] = b
		return out
	}
	bare := model.Transfer{Declared: -1}
	long := AppendTransfer(nil, &bare)
	sighting := AppendSighting(nil, &Sighting{})
	as := func(version byte, row []byte) []byte { return append([]byte{version}, row[1:]...) }
	for name, b := range map[string][]byte{
		"nothing":               {},
		"another version":       flip(0, 3),
		"no version":            flip(0, 0),
		"another kind":          flip(1, 9),
		"refused, of old":       as(version, good),
		"not refused, of new":   as(versionRefused, long),
		"a sighting, of new":    as(versionRefused, sighting),
		"an unknown flag":       append([]byte{version, byte(KindSighting), 0xff}, sighting[3:]...),
		"cut":                   good[:len(good)-1],
		"something behind":      append(bytes.Clone(good), 0),
		"a device that is none": bytes.Replace(good, []byte("device:ip"), []byte("device:iq"), 1),
		"a text that is not":    bytes.Replace(good, []byte("application"), []byte("applicat\xff\xfen"), 1),
		"a long number":         append(long[:len(long)-4:len(long)-4], 0x80, 0, 0, 0, 0),
		"too large":             make([]byte, MaxRow+1),
	} {
		var rd Reader
		var r Row
		if err := rd.Read(b, &r); err == nil {
			t.Errorf("%s: it is taken as %+v", name, r)
		}
	}
}

// Whatever crosses the wire, a row stays within its bounds and can be read.
func TestBounds(t *testing.T) {
	t.Parallel()
	tr := full(t)
	tr.Name, tr.Host = strings.Repeat("ü", 5000), "\xff\xfe"+strings.Repeat("x", 1000)
	tr.Size, tr.Declared = -5, 1<<62
	for i := range model.MaxBlocks + 5000 {
		if i < 5000 {
			tr.Notes = append(tr.Notes, strings.Repeat("n", 5000))
		}
		tr.Parts.Prefixes = append(tr.Parts.Prefixes, model.DigestOf([]byte{byte(i)}))
		tr.Parts.Behind = append(tr.Parts.Behind, model.Block{Index: int64(i % (model.MaxBlocks + 3000))})
	}
	b := AppendTransfer(nil, &tr)
	if len(b) > MaxRow {
		t.Fatalf("a row of %d bytes", len(b))
	}
	r := read(t, b)
	if again := AppendTransfer(nil, &r.Transfer); !bytes.Equal(again, b) {
		t.Error("read and written again it differs")
	}
	tr.Parts.Prefixes = nil
	if b := AppendTransfer(nil, &tr); len(b) > MaxRow {
		t.Errorf("a row of %d bytes", len(b))
	}
	if got := read(t, AppendTransfer(nil, &tr)).Transfer.Parts; len(got.Behind) != model.MaxBlocks {
		t.Errorf("%d blocks behind a hole", len(got.Behind))
	}
	if got := r.Transfer; got.Size != 0 || len(got.Name) > maxText || !strings.HasPrefix(got.Name, "üü") || len(got.Parts.Prefixes) != model.MaxBlocks || len(got.Parts.Behind) != 0 {
		t.Errorf("%d bytes, a name of %d bytes, %d prefixes", got.Size, len(got.Name), len(got.Parts.Prefixes))
	}
}

// Any transfer is written in a way that reads back to itself.
func TestAnyTransfer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		tr := full(rt)
		tr.Name, tr.Host = rapid.String().Draw(rt, "name"), rapid.StringN(0, 300, -1).Draw(rt, "host")
		tr.MAC = rapid.SampledFrom([]string{"", "02:4d:50:00:00:0a", "nonsense"}).Draw(rt, "mac")
		tr.Size, tr.Declared = rapid.Int64Min(0).Draw(rt, "size"), rapid.Int64Min(-1).Draw(rt, "declared")
		tr.Addr = rapid.SampledFrom([]netip.Addr{{}, netip.MustParseAddr("::ffff:10.0.0.1"), netip.MustParseAddr("fe80::1%eth0")}).Draw(rt, "addr")
		tr.Time = time.Unix(0, rapid.Int64().Draw(rt, "time"))
		tr.Complete, tr.Upload = rapid.Bool().Draw(rt, "complete"), rapid.Bool().Draw(rt, "upload")
		tr.Refused = rapid.Bool().Draw(rt, "refused")
		if rapid.Bool().Draw(rt, "bare") {
			tr.Digest, tr.NameMark, tr.Notes, tr.Parts = model.Digest{}, model.Mark{}, nil, model.Parts{}
		}
		b := AppendTransfer(nil, &tr)
		r := read(rt, b)
		if again := AppendTransfer(nil, &r.Transfer); !bytes.Equal(again, b) {
			rt.Fatalf("%x\n%x", b, again)
		}
		if r.Transfer.Size != tr.Size || r.Transfer.Declared != tr.Declared || r.Transfer.Complete != tr.Complete || r.Transfer.Refused != tr.Refused || r.Transfer.Digest != tr.Digest {
			rt.Fatalf("%+v became %+v", tr, r.Transfer)
		}
		got := r.Transfer
		got.Device, got.Notes, got.Parts, got.ContentType, got.Host = model.Subject{}, nil, model.Parts{}, "", ""
		got.Device = tr.Device
		if KeyOf(&got) != KeyOf(&r.Transfer) {
			rt.Fatal("what does not identify a transfer changes its key")
		}
		if got.Size++; KeyOf(&got) == KeyOf(&r.Transfer) && r.Transfer.Size >= 0 {
			rt.Fatal("another transfer has the same key")
		}
	})
}

// Whatever is read is written the same way again.
func FuzzRead(f *testing.F) {
	tr := full(f)
	f.Add(AppendTransfer(nil, &tr))
	tr.Refused = false
	f.Add(AppendTransfer(nil, &tr))
	tr = model.Transfer{Declared: -1}
	f.Add(AppendTransfer(nil, &tr))
	f.Add(AppendSighting(nil, &Sighting{First: time.Unix(1, 2), MAC: "02:4d:50:00:00:0a", By: "arp", Marks: make([]model.Mark, 2)}))
	f.Add(AppendCounts(nil, &Counts{Counts: []Count{{"packets", 7}}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		var rd Reader
		var r Row
		if rd.Read(b, &r) != nil {
			return
		}
		var again []byte
		switch r.Kind {
		case KindTransfer:
			again = AppendTransfer(nil, &r.Transfer)
		case KindSighting:
			again = AppendSighting(nil, &r.Sighting)
		case KindCounts:
			again = AppendCounts(nil, &r.Counts)
		}
		if !bytes.Equal(again, b) {
			t.Fatalf("%x reads as %+v, which is written %x", b, r, again)
		}
	})
}

// A row costs little to write and to read: 30,000 of them are a busy day of one sensor.
func BenchmarkRow(b *testing.B) {
	tr := full(b)
	tr.Parts, tr.Notes = model.Parts{}, nil
	row := AppendTransfer(nil, &tr)
	b.Run("write", func(b *testing.B) {
		buf := make([]byte, 0, 1024)
		for b.Loop() {
			buf = AppendTransfer(buf[:0], &tr)
		}
		b.SetBytes(int64(len(buf)))
	})
	b.Run("read", func(b *testing.B) {
		var rd Reader
		var r Row
		b.SetBytes(int64(len(row)))
		for b.Loop() {
			if err := rd.Read(row, &r); err != nil {
				b.Fatal(err)
			}
		}
	})
}
