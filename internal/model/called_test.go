package model_test

import (
	"testing"

	"github.com/cordon-trust/cordon/internal/model"
)

// Sentences name a device as people do, and never by the form in which subjects are written when it has an address.
func TestCalled(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		device, asset string
		listed        bool
		want          string
	}{
		{"device:ip/main/-/10.0.0.99/-", "", false, "A device at 10.0.0.99 that is not on the list"},
		{"device:ip/main/-/fd00%3A%3A1/-", "", false, "A device at fd00::1 that is not on the list"},
		{"device:mac/02%3A4d%3A50%3A00%3A00%3Aff", "", true, "A device at 02:4d:50:00:00:ff"},
		{"device:ip/main/-/10.0.0.99/-", "SRV-1", true, "SRV-1"},
		{"device:acme/pump-7/SN-1", "", true, "device:acme/pump-7/SN-1"},
	} {
		s, err := model.ParseSubject(c.device)
		if err != nil {
			t.Fatal(err)
		}
		d := model.FindingDevice{Device: s, Listed: c.listed, DeviceInfo: model.DeviceInfo{Asset: c.asset}}
		if got := d.Called(); got != c.want {
			t.Errorf("%s is called %q, want %q", c.device, got, c.want)
		}
	}
	if got := model.ArtifactOf(model.DigestOf(nil)).DeviceAddr(); got != "" {
		t.Errorf("bytes are at %q", got)
	}
}
