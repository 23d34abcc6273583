package magic

import (
	"os"
	"strings"
	"testing"
)

func TestSniff(t *testing.T) {
	t.Parallel()
	tar := make([]byte, 512)
	copy(tar[257:], "ustar\x0000")
	exe := append([]byte("MZ\x90\x00"), make([]byte, 100)...)
	for name, c := range map[string]struct {
		in    string
		typ   string
		class Class
	}{
		"nothing":        {"", "", Empty},
		"elf":            {"\x7fELF\x01\x01\x01" + strings.Repeat("\x00", 60), "application/x-elf", Code},
		"exe":            {string(exe), "application/vnd.microsoft.portable-executable", Code},
		"MZ and no more": {"MZ hello", "text/plain", Text},
		"deb":            {"!<arch>\ndebian-binary   1700000000", "application/vnd.debian.binary-package", Archive},
		"ar":             {"!<arch>\nfoo.o/          0", "application/x-archive", Archive},
		"gzip":           {"\x1f\x8b\x08\x00abc", "application/gzip", Archive},
		"tar":            {string(tar), "application/x-tar", Archive},
		"hex":            {":10010000214601360121470136007EFE09D2190140", "application/x-intel-hex", Firmware},
		"srec":           {"S00F000068656C6C6F202020202000003C", "application/x-srecord", Firmware},
		"not srec":       {"S0mething else", "text/plain", Text},
		"uimage":         {"\x27\x05\x19\x56\x00\x00", "application/x-uimage", Firmware},
		"safetensors":    {"\x40\x00\x00\x00\x00\x00\x00\x00{\"w\":{\"dtype\":", "application/x-safetensors", Model},
		"pickle":         {"\x80\x04\x95\x10", "application/x-python-pickle", Model},
		"onnx":           {"\x08\x07\x12\x07pytorch", "application/x-onnx", Model},
		"png":            {"\x89PNG\r\n\x1a\n\x00", "image/png", Document},
		"html":           {"\n <!DOCTYPE HTML><html>", "text/html", Text},
		"xml":            {"<?xml version=\"1.0\"?><a/>", "text/xml", Config},
		"json":           {"\xef\xbb\xbf{\"a\":1}", "application/json", Config},
		"text":           {"hello world\n", "text/plain", Text},
		"umlaut":         {"Gr\u00fc\u00dfe", "text/plain", Text},
		"hl7":            {"MSH|^~\\&|", "application/hl7-v2", Document},
		"cda":            {"<?xml version=\"1.0\"?>\n<ClinicalDocument xmlns=\"urn:hl7-org:v3\">", "application/hl7-cda+xml", Document},
		"hl7 v3":         {"<PRPA_IN201305UV02 xmlns=\"urn:hl7-org:v3\">", "application/hl7-cda+xml", Document},
		"fhir":           {"<Bundle xmlns=\"http://hl7.org/fhir\">", "application/fhir+xml", Document},
		"fhir json":      {"{\n \"resourceType\": \"Patient\"", "application/fhir+json", Document},
		"hl7 batch":      {"FHS|^~\\&|X", "application/hl7-v2", Document},
		"office":         {"PK\x03\x04" + strings.Repeat("\x00", 26) + "[Content_Types].xml", TypeOffice, Archive},
		"open office":    {"PK\x03\x04" + strings.Repeat("\x00", 26) + "mimetypeapplication/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument", Document},
		"zip":            {"PK\x03\x04" + strings.Repeat("\x00", 26) + "fw/image.bin", "application/zip", Archive},
		"bare dicom":     {"\x08\x00\x05\x00CS\x0a\x00ISO_IR 100", "application/dicom", Document},
		"random":         {"\x91\x02\xff\x00\x10\x07", "application/octet-stream", Unknown},
		"high bytes":     {"\x91\xa2\xff\xc0\xc1", "application/octet-stream", Unknown},
	} {
		typ, class := Sniff([]byte(c.in))
		if typ != c.typ || class != c.class {
			t.Errorf("%s: %s, class %d; want %s, class %d", name, typ, class, c.typ, c.class)
		}
	}
}

func FuzzSniff(f *testing.F) {
	f.Add([]byte("\x7fELF"))
	f.Add([]byte(":1001"))
	if b, err := os.ReadFile("magic.go"); err == nil {
		f.Add(b[:Need])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		typ, class := Sniff(b)
		if (typ == "") != (len(b) == 0) || (class == Empty) != (len(b) == 0) {
			t.Fatalf("%d bytes: %q, class %d", len(b), typ, class)
		}
		// Nothing behind Need may matter, except that it ends the doubt whether there is more.
		if len(b) > Need {
			if again, _ := Sniff(b[:Need]); again != typ {
				t.Fatalf("%q with all bytes, %q with %d", typ, again, Need)
			}
		}
	})
}
