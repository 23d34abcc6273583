package finding

import (
	"bytes"
	"strings"
	"testing"

	"github.com/cordon-trust/cordon/internal/kit/fault"
	"github.com/cordon-trust/cordon/internal/network/magic"
)

func TestThirdParty(t *testing.T) {
	t.Parallel()
	s, err := BuiltinSources()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ host, name, want string }{
		{"ctldl.windowsupdate.com", "authrootstl.cab", "Microsoft (trust lists)"},
		{"ctldl.windowsupdate.com", "other.bin", "Microsoft (system updates)"}, // the host above it
		{"au.download.windowsupdate.com", "x.cab", "Microsoft (system updates)"},
		{"crl.microsoft.com", "pca3.crl", "Microsoft (certificates)"},
		{"crl.microsoft.com", "setup.exe", ""},
		{"DEB.debian.org.", "bash_5.2_amd64.deb", "Debian (packages)"},
		{"database.clamav.net", "daily.cvd", "ClamAV (virus definitions)"},
		{"database.clamav.net", "daily.exe", ""},
		{"r10.o.lencr.org", "", "Let's Encrypt (certificate status)"},
		{"evil-windowsupdate.com", "x.cab", ""},
		{"windowsupdate.com.evil.test", "x.cab", ""},
		{"update.acme.test", "pump.bin", ""},
		{"com", "x", ""},
		{"", "x.cab", ""},
	} {
		got, list, ok := s.ThirdParty(c.host, c.name)
		if ok && !strings.HasPrefix(list, "Cordon's own list of "+s.Date+", ") {
			t.Errorf("%s/%s: from %q", c.host, c.name, list)
		}
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%s/%s: %q, %v; want %q", c.host, c.name, got, ok, c.want)
		}
		h, ending, kept := s.Keep(c.host, c.name)
		again, _, _ := s.ThirdParty(h, ending)
		if kept != ok || again != got || ok && (h == "" || !strings.HasSuffix(strings.TrimSuffix(strings.ToLower(c.host), "."), h) || !strings.HasSuffix(c.name, ending)) {
			t.Errorf("%s/%s: kept is %q of %q, which is %q", c.host, c.name, ending, h, again)
		}
	}
}

const own = `{"source":"St Elsewhere IT","status":"in force","date":"2026-02-01","publishers":[
{"name":"Our mirror","kind":"packages","hosts":["mirror.st-elsewhere.test","deb.debian.org"],"names":[]}]}`

func TestOwnSources(t *testing.T) {
	t.Parallel()
	base, err := BuiltinSources()
	if err != nil {
		t.Fatal(err)
	}
	mine, err := ReadSources(strings.NewReader(own))
	if err != nil {
		t.Fatal(err)
	}
	s := base.Over(mine)
	for host, want := range map[string][2]string{
		"mirror.st-elsewhere.test": {"Our mirror", "this hospital's list of 2026-02-01, unverified"},
		"deb.debian.org":           {"Our mirror", "this hospital's list of 2026-02-01, unverified"},
		"archive.ubuntu.com":       {"Ubuntu (packages)", "Cordon's own list of " + base.Date},
	} {
		if got, list, _ := s.ThirdParty(host, "a.deb"); got != want[0] || !strings.HasPrefix(list, want[1]) {
			t.Errorf("%s: %q of %q, want %q", host, got, list, want)
		}
	}
	if got, _, _ := base.ThirdParty("mirror.st-elsewhere.test", "a"); got != "" {
		t.Errorf("the built-in list was changed: %q", got)
	}
	for name, edit := range map[string][2]string{
		"a whole top-level domain": {"deb.debian.org", "org"},
		"a host in capitals":       {"deb.debian.org", "Deb.debian.org"},
		"a host with a dot ahead":  {"deb.debian.org", ".debian.org"},
		"no date":                  {"2026-02-01", "yesterday"},
		"no source":                {"St Elsewhere IT", ""},
		"an unknown member":        {`"kind"`, `"sort":"x","kind"`},
		"a member twice":           {`"kind"`, `"name":"x","kind"`},
		"more behind it":           {"]}]}", "]}]} x"},
		"an escape character":      {"Our mirror", `\u001b[31m`},
	} {
		bad := strings.Replace(own, edit[0], edit[1], 1)
		if bad == own {
			t.Fatalf("%s: nothing was changed", name)
		}
		if name == "more behind it" {
			bad = own + " x"
		}
		if _, err := ReadSources(strings.NewReader(bad)); fault.CodeOf(err) != fault.BadInput {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ReadSources(bytes.NewReader(make([]byte, MaxSourcesFile+1))); fault.CodeOf(err) != fault.TooLarge {
		t.Errorf("a large file: %v", err)
	}
}

func FuzzReadSources(f *testing.F) {
	f.Add([]byte(own), "deb.debian.org", "a.deb")
	f.Add(builtin, "ctldl.windowsupdate.com", "a.cab")
	f.Add([]byte(`{}`), "", "")
	f.Fuzz(func(t *testing.T, b []byte, host, name string) {
		s, err := ReadSources(bytes.NewReader(b))
		if err != nil {
			return
		}
		if got, _, ok := s.ThirdParty(host, name); ok && (got == "" || !strings.Contains(host, ".")) {
			t.Fatalf("%q of %q is %q", name, host, got)
		}
	})
}

// Code must know the types by the names that magic gives them.
func TestCodeKnowsMagic(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		bytes string
		want  bool
	}{
		{"\x7fELF", true},
		{"MZ" + strings.Repeat("\x00", 80), true},
		{"\xca\xfe\xba\xbe", true},
		{"\x00asm", true},
		{"dex\n", true},
		{"#!/bin/sh\n", true},
		{"\xfe\xed\xfa\xce", true},
		{"\x27\x05\x19\x56", true},
		{"\xd0\x0d\xfe\xed", true},
		{"hsqs", true},
		{"UBI#", true},
		{"\x31\x18\x10\x06", true},
		{"\x45\x3d\xcd\x28", true},
		{"HDR0", true},
		{"ANDROID!", true},
		{"CrAU", true},
		{"UF2\n", true},
		{"DfuSe", true},
		{"\x3d\xb8\xf3\x96", true},
		{":10010000214601360121470136007EFE09D2190140", true},
		{"S00F000068656C6C6F202020202000003C", true},
		{"\x85\x19\x01\xe0" + strings.Repeat("\x00", 20), true},
		{"!<arch>\ndebian-binary", true},
		{"\xed\xab\xee\xdb", true},
		{"MSCF", true},
		{"PK\x03\x04", false},
		{"\x1f\x8b\x08", false},
		{"GGUF", false},
		{"%PDF-1.7", false},
		{"hello\n", false},
		{"{\"a\":1}", false},
		{"\x91\x02\xff\x00\x10\x07", false},
		{"", false},
	} {
		typ, class := magic.Sniff([]byte(c.bytes))
		if Code(typ) != c.want {
			t.Errorf("%q of class %d is code: %v", typ, class, Code(typ))
		}
		if (class == magic.Code || class == magic.Firmware) && !Code(typ) {
			t.Errorf("%q is code or firmware to magic and not here", typ)
		}
	}
}
