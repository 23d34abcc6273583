package ward_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/csv"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/cordon-trust/cordon/internal/lab"
	"github.com/cordon-trust/cordon/internal/lab/ward"
	"github.com/cordon-trust/cordon/internal/model"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newWard(t *testing.T, opt ward.Options) *ward.Ward {
	t.Helper()
	w, err := ward.New(opt)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// made is a day as it was written.
type made struct {
	capture []byte
	truth   []ward.Fetch
	size    lab.Size
}

func write(t *testing.T, w *ward.Ward, number int) made {
	t.Helper()
	var out bytes.Buffer
	var m made
	size, err := w.WriteDay(t.Context(), &out, number, func(f ward.Fetch) error { m.truth = append(m.truth, f); return nil })
	if err != nil {
		t.Fatal(err)
	}
	m.capture, m.size = out.Bytes(), size
	return m
}

// record is one frame of a classic capture of Ethernet.
type record struct {
	at   time.Time
	data []byte
}

func records(t *testing.T, capture []byte) (out []record) {
	t.Helper()
	le := binary.LittleEndian
	for rest := capture[24:]; len(rest) > 0; {
		n := int(le.Uint32(rest[8:]))
		out = append(out, record{time.Unix(int64(le.Uint32(rest)), int64(le.Uint32(rest[4:]))*1000).UTC(), rest[16 : 16+n]})
		rest = rest[16+n:]
	}
	return out
}

// secret reports whether a frame belongs to a TLS connection. Those are not tagged.
func (r record) secret() bool {
	d := r.data
	if binary.BigEndian.Uint16(d[12:]) != 0x0800 || d[23] != 6 {
		return false
	}
	return binary.BigEndian.Uint16(d[34:]) == 443 || binary.BigEndian.Uint16(d[36:]) == 443
}

// Everything but TLS comes out the same from the same seed, and otherwise from another.
func TestSameSeedSameBytes(t *testing.T) {
	t.Parallel()
	print := func(opt ward.Options, number int) (sum [32]byte, truth []ward.Fetch) {
		m, h := write(t, newWard(t, opt), number), sha256.New()
		for _, r := range records(t, m.capture) {
			if !r.secret() {
				_, _ = fmt.Fprintf(h, "%v %x\n", r.at, r.data)
			}
		}
		for _, f := range m.truth {
			if f.Meant != ward.Encrypted { // when it ended depends on its length
				truth = append(truth, f)
			}
		}
		return [32]byte(h.Sum(nil)), truth
	}
	for _, number := range []int{1, 2, 3} {
		opt := ward.Options{Seed: 9, Devices: 10}
		first, truth := print(opt, number)
		again, truthAgain := print(opt, number)
		if first != again {
			t.Errorf("day %d differs from itself", number)
		}
		if diff := cmp.Diff(truth, truthAgain, cmp.Comparer(func(a, b model.Subject) bool { return a == b }), cmp.Comparer(func(a, b model.Digest) bool { return a == b }),
			cmp.Comparer(func(a, b ward.Fetch) bool { return a == b })); diff != "" {
			t.Errorf("the truth about day %d differs: %s", number, diff)
		}
		if number > 1 {
			continue
		}
		opt.Seed++
		if other, _ := print(opt, number); other == first {
			t.Errorf("day %d does not depend on the seed", number)
		}
	}
}

// A ward has as many devices as were asked for, with at least one pump and no address twice, at any size.
func TestEverySizeOfWard(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 3, 4, 5, 6, 7, 19, 20, 40, 241, 499, 500, 1999, 2000} {
		w := newWard(t, ward.Options{Devices: n})
		listed, pumps, seen := 0, 0, map[string]bool{}
		for _, d := range w.Devices() {
			if !strings.HasPrefix(d.Asset, "SRV-") && !strings.HasPrefix(d.Asset, "RTR-") {
				listed++
			}
			if d.Model == "pump-7" {
				pumps++
			}
			keys := []string{d.Asset}
			for _, a := range d.IPs {
				keys = append(keys, a.String())
			}
			if d.MAC != "" {
				keys = append(keys, d.MAC)
			}
			if d.Serial != "" {
				keys = append(keys, d.Serial)
			}
			for _, k := range keys {
				if seen[k] {
					t.Errorf("%d devices: %q is there twice", n, k)
				}
				seen[k] = true
			}
			if !slices.Contains(model.Roles[:], d.Role) || len(d.IPs) == 0 || d.Location == "" || d.Owner == "" || d.Zone == "" {
				t.Errorf("%d devices: %+v", n, d)
			}
		}
		if listed != n || pumps < 1 || n >= 10 && pumps < n/2 {
			t.Errorf("%d devices were asked for: %d, of which %d pumps", n, listed, pumps)
		}
	}
	for _, n := range []int{-1, ward.MaxDevices + 1} {
		if _, err := ward.New(ward.Options{Devices: n}); err == nil {
			t.Errorf("a ward of %d devices", n)
		}
	}
}

// Every day lies within its midnights and in the order of time, whatever the size of the ward.
func TestDaysAreInOrder(t *testing.T) {
	t.Parallel()
	start := time.Date(2027, 2, 27, 13, 0, 0, 0, time.UTC)
	for _, c := range []struct{ devices, number int }{{1, 1}, {2, 2}, {3, 3}, {6, 4}, {20, 3}, {10, 30}} {
		m := write(t, newWard(t, ward.Options{Seed: 3, Devices: c.devices, Start: start}), c.number)
		from := time.Date(2027, 2, 27, 0, 0, 0, 0, time.UTC).AddDate(0, 0, c.number-1)
		last, all := from, records(t, m.capture)
		for i, r := range all {
			if r.at.Before(last) {
				t.Fatalf("%v: frame %d of %v comes after %v", c, i, r.at, last)
			}
			last = r.at
		}
		if !last.Before(from.AddDate(0, 0, 1)) || last.Sub(from) < 12*time.Hour || int64(len(all)) != m.size.Frames {
			t.Errorf("%v: %d frames until %v", c, len(all), last)
		}
	}
	w := newWard(t, ward.Options{Devices: 1})
	for _, number := range []int{0, -1, ward.MaxDays + 1} {
		if _, err := w.WriteDay(t.Context(), io.Discard, number, nil); err == nil {
			t.Errorf("day %d was written", number)
		}
	}
}

// The ward that a newcomer gets: what happened to it, and that it stays small.
func TestTheDefaultWard(t *testing.T) {
	t.Parallel()
	w := newWard(t, ward.Options{})
	m := write(t, w, 1)
	if len(m.capture) > 60<<20 {
		t.Errorf("the capture has %d bytes", len(m.capture))
	}
	count, broken, ranged, zipped := map[ward.Meaning]int{}, 0, 0, 0
	releases, who := w.Releases(), map[ward.Meaning]string{}
	for _, f := range m.truth {
		count[f.Meant]++
		who[f.Meant] = f.Device
		if f.Device == "" || f.MAC == "" || f.Host == "" || f.Size == 0 {
			t.Errorf("truth lacks something: %+v", f)
		}
		if f.Meant != ward.Encrypted && f.Digest.IsZero() || f.Meant == ward.Encrypted && !f.Digest.IsZero() {
			t.Errorf("digest of %+v", f)
		}
		switch f.Meant {
		case ward.Genuine:
			if !f.Complete {
				broken++
			}
			if f.Parts > 1 {
				ranged++
			}
			digest := f.Digest
			if !f.Entity.IsZero() {
				zipped, digest = zipped+1, f.Entity
			}
			if !slices.ContainsFunc(releases, func(r ward.Release) bool {
				sub, err := r.Subject()
				return err == nil && sub == f.Release && r.Name == f.Name && model.DigestOf(r.Body) == digest
			}) {
				t.Errorf("no release is %+v", f)
			}
		case ward.Stranger, ward.Altered:
			if !f.Complete || !f.Entity.IsZero() || slices.ContainsFunc(releases, func(r ward.Release) bool { return model.DigestOf(r.Body) == f.Digest }) {
				t.Errorf("%s: %+v", f.Meant, f)
			}
			if size := int64(len(releases[1].Body)); f.Meant == ward.Altered && (f.Name != releases[1].Name || f.Size != size) {
				t.Errorf("the altered one is called %q and has %d of %d bytes", f.Name, f.Size, size)
			}
		}
	}
	if count[ward.Stranger] != 1 || count[ward.Altered] != 1 || count[ward.Older] != 0 || count[ward.Genuine] < 6 ||
		count[ward.ThirdParty] < 20 || count[ward.Encrypted] < 80 || count[ward.Noise] < 2000 {
		t.Errorf("fetched: %v", count)
	}
	if broken != 1 || ranged != 1 || zipped != 1 || who[ward.Stranger] == who[ward.Altered] {
		t.Errorf("%d releases with bytes missing, %d in ranges, %d encoded; %v", broken, ranged, zipped, who)
	}
}

// On the second day a pump that got the newest release the day before fetches the one before it, and the
// roll-out goes on with pumps that did not have their turn.
func TestTheSecondDay(t *testing.T) {
	t.Parallel()
	w := newWard(t, ward.Options{Seed: 4, Devices: 14})
	got := map[string]bool{}
	for _, f := range write(t, w, 1).truth {
		if f.Meant == ward.Genuine && f.Complete {
			got[f.Device] = true
		}
	}
	older := 0
	for _, f := range write(t, w, 2).truth {
		switch f.Meant {
		case ward.Older:
			if older++; !got[f.Device] || f.Release.String() != "release:acme/pump-7/2.0.0" {
				t.Errorf("%s fetched %s", f.Device, f.Release)
			}
		case ward.Genuine:
			if got[f.Device] {
				t.Errorf("%s got %s once more", f.Device, f.Release)
			}
		case ward.Stranger, ward.Altered:
			t.Errorf("%+v on the second day", f)
		}
	}
	if older != 1 {
		t.Errorf("%d older releases were fetched", older)
	}
}

func TestReleases(t *testing.T) {
	t.Parallel()
	all := newWard(t, ward.Options{Seed: 2}).Releases()
	if len(all) != 3 || all[0].Product != all[1].Product || all[0].Product == all[2].Product || all[0].Counter >= all[1].Counter {
		t.Fatalf("%d releases", len(all))
	}
	for _, r := range all[:2] {
		if !bytes.HasPrefix(r.Body, []byte("\x7fELF\x02\x01\x01")) {
			t.Errorf("%s begins with % x", r.Name, r.Body[:8])
		}
	}
	// The header of a legacy boot image: magic, sum of itself with this field zero, and sum of the rest.
	image, be := bytes.Clone(all[2].Body), binary.BigEndian
	head, data := be.Uint32(image[4:]), be.Uint32(image[24:])
	be.PutUint32(image[4:], 0)
	if be.Uint32(image) != 0x27051956 || head != crc32.ChecksumIEEE(image[:64]) || data != crc32.ChecksumIEEE(image[64:]) || int(be.Uint32(image[12:])) != len(image)-64 {
		t.Errorf("%s is no boot image: % x", all[2].Name, image[:64])
	}
	if other := newWard(t, ward.Options{Seed: 3}).Releases(); bytes.Equal(other[0].Body, all[0].Body) {
		t.Error("the releases do not depend on the seed")
	}
}

func TestDeviceList(t *testing.T) {
	t.Parallel()
	w := newWard(t, ward.Options{Devices: 7})
	var out bytes.Buffer
	if err := w.WriteDevices(&out); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1+len(w.Devices()) || strings.Join(rows[0], ",") != ward.Columns {
		t.Fatalf("%d rows under %q", len(rows), rows[0])
	}
	if got, want := rows[1][0], "PUMP-001"; got != want {
		t.Errorf("the first device is %q, want %q", got, want)
	}
}
