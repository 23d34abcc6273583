package inventory

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/cordon-trust/cordon/internal/model"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

var sameAddr = cmpopts.EquateComparable(netip.Addr{})

func TestReadDevices(t *testing.T) {
	t.Parallel()
	ip := netip.MustParseAddr
	for name, c := range map[string]struct {
		in   string
		want []Device
	}{
		"every column": {
			"asset,vendor,model,serial,version,mac,ip,site,location,zone,owner,role,criticality\n" +
				"A-17,acme,pump-7,SN-0001,,,10.0.0.10,main,ward 3,pumps,clinical engineering,endpoint,life-supporting\n",
			[]Device{{
				Asset: "A-17", Vendor: "acme", Model: "pump-7", Serial: "SN-0001", IPs: []netip.Addr{ip("10.0.0.10")}, Site: "main",
				Location: "ward 3", Zone: "pumps", Owner: "clinical engineering", Role: model.Endpoint, Criticality: "life-supporting",
			}},
		},
		"another order, notes, several addresses, a role in capitals": {
			"\ufeffROLE, Asset ,MAC,PO Number,ip\r\n\r\nServer,A-1,00-1A-2B-3C-4D-5E; 001a.2b3c.4d5c 001a2b3c4d5d;001A2B3C4D5D,\"4711, b\",\"::ffff:10.0.0.9;2001:DB8::1\"\r\n,,,,\r\n",
			[]Device{{
				Asset: "A-1", MACs: []string{"00:1a:2b:3c:4d:5c", "00:1a:2b:3c:4d:5d", "00:1a:2b:3c:4d:5e"},
				IPs: []netip.Addr{ip("10.0.0.9"), ip("2001:db8::1")}, Role: model.Server, Notes: map[string]string{"PO Number": "4711, b"},
			}},
		},
		"semicolons":      {"asset;location\nA-1;ward 3, bed 2\n", []Device{{Asset: "A-1", Location: "ward 3, bed 2", Role: model.Endpoint}}},
		"a cell in lines": {"asset,owner\nA-1,\"one\ntwo\"\nA-2,x\n", nil},
		"no devices":      {"asset\n", nil},
		"decomposed":      {"asset,location\nA,Entbindungsstation Ko\u0308ln\n", []Device{{Asset: "A", Location: "Entbindungsstation K\u00f6ln", Role: model.Endpoint}}},
		"no line ending":  {"asset,role\nA-1,service laptop", []Device{{Asset: "A-1", Role: model.ServiceLaptop}}},
		"an empty column": {"asset,,\nA-1,,\n", []Device{{Asset: "A-1", Role: model.Endpoint}}},
	} {
		got, err := ReadDevices(iotest.OneByteReader(strings.NewReader(c.in)))
		if name == "a cell in lines" {
			if err == nil || !strings.Contains(err.Error(), "line 2: owner") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, got, sameAddr); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestBadRows(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in    string
		lines []int
		says  string
	}{
		"nothing":                 {"", []int{1}, "the file is empty"},
		"no header":               {"A-1,acme\n", []int{1}, "none of the columns asset, serial, mac and ip"},
		"a column twice":          {"asset,Asset\n", []int{1}, `column "asset" is there twice`},
		"a misspelt column":       {"asset,criticalty\n", []int{1}, "did you mean criticality?"},
		"a bad address":           {"asset,ip\nA,10.0.0.1\nB,10.0.0.256\nC,10.0.0.3\n", []int{3}, `ip "10.0.0.256"`},
		"two bad rows":            {"asset,mac\nA,xx\nB,ff:ff:ff:ff:ff:ff\n", []int{2, 3}, "not the address of one device"},
		"a role that is none":     {"asset,role\nA,endpoin\n", []int{2}, "did you mean endpoint?"},
		"a short row":             {"asset,role\nA\n", []int{2}, "it has 1 cells where the header has 2"},
		"no identity":             {"asset,vendor\n,acme\n", []int{2}, "no asset, serial, mac or ip"},
		"not UTF-8":               {"asset\nK\xf6ln\n", []int{2}, "save the file as UTF-8"},
		"a control character":     {"asset\nA\x1b[31m\n", []int{2}, "control character"},
		"a long cell":             {"asset\n" + strings.Repeat("a", MaxCell+1) + "\n", []int{2}, "more than 512"},
		"a quote in the middle":   {"asset,role\nA\"b,server\nB,server\n", []int{2}, "bare"},
		"a quote that stays open": {"asset,role\nA,server\n\"B,server\n", []int{3}, "quote"},
		"a cell without a column": {"asset,\nA,x\n", []int{2}, "without a name"},
		"too many addresses":      {"asset,ip\nA," + strings.Repeat("10.0.0.1 ", 400) + "\n", []int{2}, "more than"},
	} {
		got, err := ReadDevices(strings.NewReader(c.in))
		var bad *BadRows
		if got != nil || fault.CodeOf(err) != fault.BadRows || !errors.As(err, &bad) {
			t.Errorf("%s: %v, %v", name, got, err)
			continue
		}
		var lines []int
		for _, r := range bad.Rows {
			lines = append(lines, r.Line)
		}
		if diff := cmp.Diff(c.lines, lines); diff != "" || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
}

func TestReadDevicesLimits(t *testing.T) {
	t.Parallel()
	_, err := ReadDevices(strings.NewReader("asset\n" + strings.Repeat("A\x00\n", MaxBadRows+5)))
	var bad *BadRows
	if !errors.As(err, &bad) || len(bad.Rows) != MaxBadRows || bad.More != 5 || !strings.HasSuffix(err.Error(), "and 5 more") {
		t.Errorf("many bad rows: %.200v", err)
	}
	endless := strings.Repeat("some asset of some kind\n", MaxBytes/24+1)
	if _, err := ReadDevices(strings.NewReader("asset\n" + endless)); fault.CodeOf(err) != fault.TooLarge {
		t.Errorf("a large file: %v", err)
	}
	if _, err := ReadDevices(strings.NewReader("asset\n\"" + endless)); fault.CodeOf(err) != fault.TooLarge {
		t.Errorf("a large cell: %.200v", err)
	}
	if _, err := ReadDevices(strings.NewReader("asset\n" + strings.Repeat("A\n", MaxDevices+1))); fault.CodeOf(err) != fault.TooLarge {
		t.Errorf("many devices: %v", err)
	}
	broken := iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("asset\nA\n")))
	if _, err := ReadDevices(broken); fault.CodeOf(err) != fault.ReadFailed {
		t.Errorf("a broken disk: %v", err)
	}
}

func TestParseMAC(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"00:1A:2B:3C:4D:5E": "00:1a:2b:3c:4d:5e", "00-1a-2b-3c-4d-5e": "00:1a:2b:3c:4d:5e", "001a.2b3c.4d5e": "00:1a:2b:3c:4d:5e",
		"001A2B3C4D5E": "00:1a:2b:3c:4d:5e", "02:00:00:00:00:01": "02:00:00:00:00:01",
		"": "", "00:1a:2b:3c:4d": "", "00:1a:2b:3c:4d:5g": "", "00:1a-2b:3c:4d:5e": "", "0:01a:2b:3c:4d:5e": "", "00:00:00:00:00:00": "",
		"ff:ff:ff:ff:ff:ff": "", "01:00:5e:00:00:01": "", "001a2b3c4d5e6f70": "", "0.0.1.a.2b3c4d5e": "",
	} {
		if got, err := ParseMAC(in); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestOrgName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"acme": "acme", "Acme Medical": "acme-medical", "B. Braun": "b-braun", "Dräger": "drager", "ACME, Inc.": "acme-inc",
		"3M": "3m", "Becton/Dickinson": "becton-dickinson", "Groß": "", "日立": "", "": "", "--": "", "ip": "", "MAC": "",
		strings.Repeat("a", 64): "", " acme ": "acme",
	} {
		if got := OrgName(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzReadDevices(f *testing.F) {
	f.Add([]byte("asset,vendor,model,serial,version,mac,ip,site,location,zone,owner,role,criticality\nA-17,acme,pump-7,SN-0001,,,10.0.0.10,main,ward 3,pumps,ce,endpoint,high\n"))
	f.Add([]byte("\ufeffasset;mac;PO\nA;00-1a-2b-3c-4d-5e 001a2b3c4d5d;\"x;\"\"y\"\n"))
	f.Add([]byte("asset,ip\nA,\"::ffff:1.2.3.4;fe80::1%eth0\"\n"))
	f.Add([]byte("asset\n\"open\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		devices, err := ReadDevices(strings.NewReader(string(b)))
		if err != nil && devices != nil {
			t.Fatal("devices beside an error")
		}
		for _, d := range devices {
			again, err := DecodeRow(EncodeRow(d))
			if err != nil {
				t.Fatalf("%+v does not come back: %v", d, err)
			}
			if diff := cmp.Diff(d, again, sameAddr); diff != "" {
				t.Fatal(diff)
			}
			d.Subject()
		}
		c := Compare(devices, devices)
		if len(c.Matched)+len(c.Conflicting) != len(devices) || len(c.New) != 0 || len(c.Gone) != 0 {
			t.Fatalf("a list differs from itself: %d matched, %d conflicting, %d new, %d gone of %d",
				len(c.Matched), len(c.Conflicting), len(c.New), len(c.Gone), len(devices))
		}
	})
}
