package console_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/cordon-trust/cordon/internal/app"
	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/lab/ward"
)

// newBusyWard makes a hospital with forty devices that saw a day of traffic, and their maker.
func newBusyWard(t testing.TB) house {
	t.Helper()
	h := newHouse(t)
	w, err := ward.New(ward.Options{Seed: 1, Devices: 40, Start: now.AddDate(0, 0, -1)})
	if err != nil {
		t.Fatal(err)
	}
	h.found(t, "acme", evidence.Maker)
	h.in(t, "acme", func(a *app.App) error {
		for _, r := range w.Releases() {
			if _, err := a.AddRelease(t.Context(), app.Draft{
				Product: r.Product, Version: r.Version, Kind: "firmware", Files: []string{h.file(t, r.Name, r.Body)}, Hosts: r.Hosts,
			}); err != nil {
				return err
			}
		}
		if _, err := a.Publish(t.Context(), filepath.Join(h.dir, "www")); err != nil {
			return err
		}
		_, err := a.ExportTrust(t.Context(), filepath.Join(h.dir, "acme.json"))
		return err
	})
	root, err := os.ReadFile(filepath.Join(h.dir, "acme.json"))
	if err != nil {
		t.Fatal(err)
	}
	var list, day bytes.Buffer
	if err := w.WriteDevices(&list); err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteDay(t.Context(), &day, 1, nil); err != nil {
		t.Fatal(err)
	}
	h.in(t, "mercy", func(a *app.App) error {
		if _, err := a.AddTrust(t.Context(), root, nil); err != nil {
			return err
		}
		if _, err := a.Sync(t.Context(), filepath.Join(h.dir, "www")); err != nil {
			return err
		}
		if _, err := a.ImportDevices(t.Context(), &list); err != nil {
			return err
		}
		_, err := a.Watch(t.Context(), app.WatchOptions{Files: []string{h.file(t, "day.pcap", day.Bytes())}}, quiet())
		return err
	})
	return h
}
