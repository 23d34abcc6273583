package cli_test

import (
	"bytes"
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cordon-trust/cordon/internal/cli"
	"github.com/cordon-trust/cordon/internal/inventory"
	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/lab/ward"
	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network"
	"github.com/cordon-trust/cordon/internal/network/finding"
)

// seenObjects collects what a watch carves.
type seenObjects struct{ all []model.Transfer }

func (s *seenObjects) Transfer(t *model.Transfer) error {
	s.all = append(s.all, *t)
	return nil
}

// watchDay reads a day of a ward as the product does, every object of it.
func watchDay(t *testing.T, w *ward.Ward, number int) (seen []model.Transfer, truth []ward.Fetch, sum network.Summary) {
	t.Helper()
	var capture bytes.Buffer
	_, err := w.WriteDay(t.Context(), &capture, number, func(f ward.Fetch) error { truth = append(truth, f); return nil })
	if err != nil {
		t.Fatal(err)
	}
	var sink seenObjects
	sum, err = network.Watch(t.Context(), &capture, "ward", network.Options{AllObjects: true, Spool: t.TempDir()}, &sink)
	if err != nil {
		t.Fatal(err)
	}
	return sink.all, truth, sum
}

// sent is how an object is told from the others: who sent it, under which name, and which bytes.
type sent struct {
	peer, name string
	digest     model.Digest
}

// Everything that a device of the ward fetched in clear and that lies in the capture whole is found with its
// digest as often as it was fetched, however it crossed; what lacks bytes has none; and nothing is found
// that was neither fetched nor told to the pump server.
func TestWatchFindsTheTruthOfAWard(t *testing.T) {
	t.Parallel()
	w, err := ward.New(ward.Options{Seed: 11, Devices: 40})
	if err != nil {
		t.Fatal(err)
	}
	for _, number := range []int{1, 2} {
		seen, truth, sum := watchDay(t, w, number)
		found := map[sent]int{}
		for _, o := range seen {
			if o.Complete {
				found[sent{o.Peer, o.Name, o.Digest}]++
			}
			if strings.Contains(o.Name+o.Host+strings.Join(o.Notes, ""), "PATIENT") {
				t.Errorf("a patient is named: %+v", o)
			}
		}
		for _, f := range truth {
			if f.Meant == ward.Encrypted || !f.Complete {
				continue
			}
			key := sent{f.Server.String(), f.Name, f.Digest}
			if found[key]--; found[key] < 0 {
				t.Errorf("day %d: not found: %+v", number, f)
			}
		}
		for key, n := range found {
			if n > 0 && !toldByPump(w, key) {
				t.Errorf("day %d: found %d times too often: %+v", number, n, key)
			}
		}
		if sum.Truncated || sum.Losses.BadChecksum+sum.Losses.WrongChecksum+sum.Losses.Stray+sum.Losses.Framing != 0 || sum.Copies == 0 {
			t.Errorf("day %d: %+v", number, sum)
		}
	}
}

// toldByPump reports whether an object is what a pump says of itself.
func toldByPump(w *ward.Ward, key sent) bool {
	from, err := netip.ParseAddrPort(key.peer)
	return err == nil && key.name == "status" && slices.ContainsFunc(w.Devices(), func(d ward.Device) bool {
		return d.Model == "pump-7" && d.IPs[0] == from.Addr()
	})
}

// The device list is read as it was written, and its products are those of the releases.
func TestInventoryReadsTheListOfAWard(t *testing.T) {
	t.Parallel()
	if got, want := ward.Columns, strings.Join(inventory.Columns[:], ","); got != want {
		t.Fatalf("columns %q, want %q", got, want)
	}
	for _, n := range []int{1, 40, 2000} {
		w, err := ward.New(ward.Options{Devices: n})
		if err != nil {
			t.Fatal(err)
		}
		var list bytes.Buffer
		if err := w.WriteDevices(&list); err != nil {
			t.Fatal(err)
		}
		read, err := inventory.ReadDevices(&list)
		if err != nil {
			t.Fatal(err)
		}
		if len(read) != len(w.Devices()) {
			t.Fatalf("%d devices were read of %d", len(read), len(w.Devices()))
		}
		products := map[model.Subject]int{}
		for i, d := range read {
			want := w.Devices()[i]
			if d.Asset != want.Asset || d.Role != want.Role || len(d.IPs) != len(want.IPs) || strings.Join(d.MACs, " ") != want.MAC ||
				d.Site != "main" || d.Location != want.Location || d.Owner != want.Owner || len(d.Notes) != 0 {
				t.Errorf("read %+v, want %+v", d, want)
			}
			products[d.Product()]++
		}
		if pump := w.Releases()[1].Product; products[pump] == 0 {
			t.Errorf("no device is of %s: %v", pump, products)
		}
	}
}

// Every host that the ward takes for a third party is in the list of third parties, with the name that was fetched.
func TestThirdPartiesOfAWardAreKnown(t *testing.T) {
	t.Parallel()
	sources, err := finding.BuiltinSources()
	if err != nil {
		t.Fatal(err)
	}
	w, err := ward.New(ward.Options{Seed: 2, Devices: 20})
	if err != nil {
		t.Fatal(err)
	}
	hosts := map[string]bool{}
	_, err = w.WriteDay(t.Context(), &bytes.Buffer{}, 1, func(f ward.Fetch) error {
		_, _, known := sources.ThirdParty(f.Host, f.Name)
		if known != (f.Meant == ward.ThirdParty) {
			t.Errorf("%s of %s is meant to be %q, and known as a third party's: %v", f.Name, f.Host, f.Meant, known)
		}
		if known {
			hosts[f.Host] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(hosts) < 7 {
		t.Errorf("third parties %v", hosts)
	}
}

// The releases in a folder are those that devices of the ward fetch.
func TestReleasesOfAWardLieInItsFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w, err := ward.New(ward.Options{Devices: 2})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteFolder(t.Context(), disk.OS{}, dir, 1, nil); err != nil {
		t.Fatal(err)
	}
	for _, r := range w.Releases() {
		if b, err := os.ReadFile(filepath.Join(dir, ward.ReleasesName, r.Name)); err != nil || !bytes.Equal(b, r.Body) {
			t.Errorf("%s: %d bytes, %v", r.Name, len(b), err)
		}
	}
}

// interruptAt is a stream of progress that ends the run when a line is written.
type interruptAt struct {
	line   string
	cancel context.CancelFunc
	bytes.Buffer
}

func (i *interruptAt) Write(b []byte) (int, error) {
	if strings.Contains(string(b), i.line) {
		i.cancel()
	}
	return i.Buffer.Write(b)
}

// Ctrl-C in the middle of the second day leaves nothing, not even the first.
func TestLabWardInterrupted(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "ward")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out bytes.Buffer
	said := &interruptAt{line: "day 2 of 3", cancel: cancel}
	code := cli.Run(ctx, []string{"lab", "ward", "--out", dir, "--devices", "4", "--days", "3"}, cli.Streams{Out: &out, Err: said}, func(string) string { return "" })
	if code != 130 || out.Len() != 0 || !strings.Contains(said.String(), "interrupted") {
		t.Errorf("exit %d, %q, %q", code, out.String(), said.String())
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left are %v, %v", left, err)
	}
}
