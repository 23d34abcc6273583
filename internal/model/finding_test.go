package model

import (
	"encoding/json/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseSeverity(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]struct {
		severity Severity
		says     string
	}{
		"critical":                   {Critical, ""},
		"low":                        {Low, ""},
		"hihg":                       {"", "did you mean high?"},
		"HIGH":                       {"", "did you mean high?"},
		"medum":                      {"", "did you mean medium?"},
		"":                           {"", "is none of critical, high, medium, low"},
		"grave":                      {"", "is none of"},
		strings.Repeat("high", 1000): {"", "is none of"},
	} {
		got, err := ParseSeverity(in)
		if got != want.severity || (err == nil) != (want.says == "") || err != nil && !strings.Contains(err.Error(), want.says) {
			t.Errorf("%.20q: %q, %v; want %q, %q", in, got, err, want.severity, want.says)
		}
	}
}

func TestSeverityOrder(t *testing.T) {
	t.Parallel()
	list := []Severity{Low, "odd", Critical, Medium, High}
	slices.SortFunc(list, Severity.Compare)
	if diff := cmp.Diff([]Severity{Critical, High, Medium, Low, "odd"}, list); diff != "" {
		t.Error(diff)
	}
	for _, c := range []struct {
		s, limit Severity
		want     bool
	}{
		{Critical, High, true}, {High, High, true}, {Medium, High, false}, {Low, Low, true}, {"odd", Low, false}, {"odd", "odd", false},
	} {
		if got := c.s.AtLeast(c.limit); got != c.want {
			t.Errorf("%q at least %q: %v", c.s, c.limit, got)
		}
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	words := []string{"asset", "serial", "mac", "ip"}
	for in, want := range map[string]string{"aset": "asset", "serail": "serial", "seriall": "serial", "i": "", "zz": "", "owner": ""} {
		if got := Nearest(in, words); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// The names of the members are a contract with scripts.
func TestFindingJSON(t *testing.T) {
	t.Parallel()
	device, err := ParseSubject("device:acme/pump-7/SN-1")
	if err != nil {
		t.Fatal(err)
	}
	f := Finding{
		Rule: UpdateAltered, Severity: Critical, Class: PatientSafety, State: Open, DeviceCount: 1, Transfers: 1,
		Devices: []FindingDevice{{Device: device, Listed: true, DeviceInfo: DeviceInfo{Asset: "A-17"}}},
		Time:    time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Last: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Summary: "s", Hint: Hint{"a", "b", "c"}, Evidence: []string{"e"},
	}
	got, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"","rule":"update.altered","severity":"critical","class":"patient-safety","state":"open",` +
		`"devices":[{"device":"device:acme/pump-7/SN-1","listed":true,"asset":"A-17"}],"device_count":1,` +
		`"time":"2026-01-02T03:04:05Z","last":"2026-01-02T03:04:05Z","transfers":1,"summary":"s",` +
		`"hint":{"now":"a","next":"b","later":"c"},"evidence":["e"]}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}
