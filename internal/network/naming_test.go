package network

import (
	"bytes"
	"encoding/json/v2"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cordon-trust/cordon/internal/kit/disk"
	"github.com/cordon-trust/cordon/internal/model"
)

// watchSaving watches everything and saves what may be saved in dir.
func watchSaving(tb testing.TB, capture []byte, dir string) ([]model.Transfer, Summary) {
	tb.Helper()
	l, s := watchWith(tb, capture, Options{AllObjects: true, Saver: dirSaver(tb, dir)})
	return l.got, s
}

func watchWith(tb testing.TB, capture []byte, opt Options) (*list, Summary) {
	tb.Helper()
	var l list
	s, err := Watch(tb.Context(), bytes.NewReader(capture), "test.pcap", opt, &l)
	if err != nil {
		tb.Fatal(err)
	}
	return &l, s
}

func dirSaver(tb testing.TB, dir string) *DirSaver {
	tb.Helper()
	saver, err := NewDirSaver(disk.OS{}, dir, 64<<20)
	if err != nil {
		tb.Fatal(err)
	}
	return saver
}

// refuse fails when any of the words is found in what a watch handed out, or in a file or a file name of dir.
func refuse(t *testing.T, dir string, got []model.Transfer, parts []Part, s Summary, words ...string) {
	t.Helper()
	for _, v := range []any{got, parts, s} {
		text := fmt.Sprintf("%+v", v)
		if b, err := json.Marshal(v); err == nil {
			text += string(b)
		}
		for _, w := range words {
			if strings.Contains(strings.ToLower(text), strings.ToLower(w)) {
				t.Errorf("%q is in %s", w, text)
			}
		}
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for _, w := range words {
			if strings.Contains(path, w) || bytes.Contains(b, []byte(w)) {
				t.Errorf("%q is in the saved file %s", w, path)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// dicom returns n bytes that begin as a DICOM file does.
func dicom(n int) []byte {
	b := make([]byte, n)
	copy(b[128:], "DICMDOE^JANE")
	return b
}

// A patient is planted wherever the protocols have room for one.
func TestPlantedNames(t *testing.T) {
	t.Parallel()
	fw := firmware(31, 4000)
	const typed, coded = "DOE^JANE", "Jane%20Doe%2019610304"
	request := func(target, fields string) string {
		return "GET " + target + " HTTP/1.1\r\nUser-Agent: DOE^JANE\r\nReferer: http://x/DOE^JANE\r\nCookie: p=DOE^JANE\r\nAuthorization: Basic DOE^JANE\r\n" + fields + "\r\n"
	}
	const host = "Host: updates.acme.example\r\n"
	pdf := slices.Concat([]byte("%PDF-1.7 DOE^JANE"), make([]byte, 600))
	for name, k := range map[string]struct {
		request string
		body    []byte
		want    string // name
	}{
		"query":                              {request("/fw/pump.bin?patient="+typed, host), fw, "pump.bin"},
		"fragment":                           {request("/fw/pump.bin#"+coded, host), fw, "pump.bin"},
		"matrix parameter":                   {request("/fw/pump.bin;patient="+typed, host), fw, "pump.bin"},
		"matrix parameter before":            {request("/fw;patient="+typed+"/pump.bin", host), fw, "pump.bin"},
		"encoded parameter":                  {request("/fw/pump.bin%3Bpatient="+coded, host), fw, "pump.bin"},
		"encoded query":                      {request("/fw/pump.bin%3fpatient="+coded, host), fw, "pump.bin"},
		"encoded path":                       {request("/fw/"+coded+"%2Fpump.bin", host), fw, "pump.bin"},
		"encoded Windows path":               {request("/fw/"+coded+"%5Cpump.bin", host), fw, "pump.bin"},
		"folder":                             {request("/"+coded+"/"+typed+"/pump.bin", host), fw, "pump.bin"},
		"user in the target":                 {request("http://"+typed+":"+coded+"@updates.acme.example:80/pump.bin", ""), fw, "pump.bin"},
		"user and nothing else":              {request("http://"+typed+"@updates.acme.example", ""), fw, ""},
		"user in Host":                       {request("/pump.bin", "Host: "+typed+"@updates.acme.example:8080\r\n"), fw, "pump.bin"},
		"a host that is none":                {request("/pump.bin", "Host: "+typed+"\r\n"), fw, "pump.bin"},
		"a target that is no path":           {request(typed+"@updates.acme.example:443", host), fw, ""},
		"a document":                         {request("/report/"+coded, host), pdf, ""},
		"a document as a program":            {request("/report/"+coded+".bin", host), pdf, ""},
		"an image":                           {request("/"+coded+".jpg", host), slices.Concat([]byte("\xff\xd8\xff\xe0"), fw), ""},
		"an image in DICOM":                  {request("/"+coded, host), dicom(4000), ""},
		"an HL7 message":                     {request("/"+coded, host), []byte("MSH|^~\\&|X|Y|||ADT^A01\rPID|1||DOE^JANE"), ""},
		"a clinical document":                {request("/"+coded+".xml", host), []byte("<?xml version=\"1.0\"?>\n<ClinicalDocument xmlns=\"urn:hl7-org:v3\"><title>DOE^JANE"), ""},
		"a FHIR resource":                    {request("/Patient/"+coded, host), []byte(`{ "resourceType" : "Patient", "name": "DOE^JANE" }`), ""},
		"a FHIR resource in XML":             {request("/Patient/"+coded, host), []byte(`<Patient xmlns="http://hl7.org/fhir"><name value="DOE^JANE"/></Patient>`), ""},
		"an office document":                 {request("/"+coded+".DOCX", host), []byte("PK\x03\x04" + strings.Repeat("x", 600)), ""},
		"an office document without its end": {request("/"+coded, host), []byte("PK\x03\x04" + strings.Repeat("\x00", 26) + "[Content_Types].xml" + strings.Repeat("x", 600)), ""},
		"a table":                            {request("/"+coded+".csv", host), []byte("DOE^JANE;1"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire()
			c := w.conv("10.0.0.10:40001", "10.0.0.200:80").open()
			c.send(0, []byte(k.request))
			c.send(1, ok(k.body, "X-Patient: DOE^JANE\r\nSet-Cookie: DOE^JANE\r\nContent-Disposition: attachment; filename=\"DOE^JANE.bin\"\r\n"))
			c.close()
			dir := t.TempDir()
			got, s := watchSaving(t, w.pcap(), dir)
			if len(got) != 1 || got[0].Digest != model.DigestOf(k.body) || got[0].Name != k.want {
				t.Fatalf("%+v", got)
			}
			if left := len(got[0].Notes) == 1 && strings.HasPrefix(got[0].Notes[0], "its name was left out"); left != (k.want == "" && !bytes.Equal(k.body, fw)) {
				t.Errorf("notes %q", got[0].Notes)
			}
			refuse(t, dir, got, nil, s, "DOE^JANE", "Jane Doe", "19610304")
		})
	}
}

// Ranges of a clinical object have no name either, and neither has what crosses in forms, by FTP and TFTP.
func TestPlantedNamesElsewhere(t *testing.T) {
	t.Parallel()
	image, fw := dicom(4000), firmware(32, 4000)
	captures := map[string]*wire{}
	w := newWire()
	for i, s := range [][2]int{{0, 2000}, {2000, 4000}} {
		c := w.conv(fmt.Sprintf("10.0.0.10:4000%d", i), "10.0.0.200:80").open()
		c.send(0, get("/DOE%5eJANE.dcm"))
		c.send(1, append(fmt.Appendf(nil, "HTTP/1.1 206 x\r\nContent-Range: bytes %d-%d/4000\r\nContent-Length: 2000\r\n\r\n", s[0], s[1]-1), image[s[0]:s[1]]...))
		c.close()
	}
	captures["ranges"] = w
	w = newWire()
	c := w.conv("10.0.0.10:40001", "10.0.0.200:80").open()
	c.send(0, get("/DOE%5eJANE.dcm"))
	c.send(1, partial(byteranges("B", image, [2]int{2000, 4000}, [2]int{0, 2000})))
	c.close()
	captures["several ranges"] = w
	w = newWire()
	c = w.conv("10.0.0.10:40001", "10.0.0.200:80").open()
	c.send(0, post(form("b",
		formPart{`name="DOE^JANE"; filename="DOE^JANE"`, "X-Name: DOE^JANE\r\n", image},
		formPart{`name="DOE^JANE"; filename="Jane Doe 19610304\fw.bin"`, "", fw},
		formPart{`name="Jane Doe 19610304"`, "", []byte("DOE^JANE")}), formB))
	c.send(1, ok(nil, ""))
	c.close()
	captures["form"] = w
	captures["ftp"] = ftpScene{
		setup: []string{
			"USER DOE^JANE", "331 DOE^JANE", "PASS DOE^JANE", "230 DOE^JANE", "ACCT DOE^JANE", "202 no", "CWD /DOE^JANE", "250 ok",
			"SITE DOE^JANE", "200 ok", "PASV", "227 (10,0,0,201,195,80)", `STOR C:\Jane Doe 19610304\DOE^JANE.dcm`, "150 DOE^JANE",
		}, client: "10.0.0.11:50001", server: "10.0.0.201:50000", upload: true,
	}.build(image)
	captures["tftp"] = tftpRead("/Jane Doe 19610304/DOE^JANE", image)
	for name, w := range captures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			l, s := watchWith(t, w.pcap(), Options{AllObjects: true, Saver: dirSaver(t, dir), Spool: dir})
			if !slices.Contains(digests(l.got), model.DigestOf(image)) {
				t.Errorf("the image is not carved: %+v", l.got)
			}
			if name == "form" && (len(l.got) != 2 || l.got[1].Name != "fw.bin") {
				t.Errorf("the form: %+v", l.got)
			}
			if strings.Contains(name, "ranges") && len(l.parts) == 0 {
				t.Error("no parts")
			}
			refuse(t, dir, l.got, l.parts, s, "DOE^JANE", "Jane Doe", "19610304", "JANE")
		})
	}
}

// What bears on a release keeps its name, whatever its bytes look like: an update that somebody replaced by
// a document is known by its name.
func TestNameOfRelease(t *testing.T) {
	t.Parallel()
	w := newWire()
	c := w.conv("10.0.0.10:40001", "10.0.0.200:80").open()
	for _, name := range []string{"/pump-2.1.0.bin", "/other.bin"} {
		c.send(0, get(name))
		c.send(1, ok([]byte("%PDF-1.7"), ""))
	}
	c.close()
	for _, all := range []bool{true, false} {
		l, _ := watchWith(t, w.pcap(), Options{AllObjects: all, Keep: func(t *model.Transfer) bool { return t.Name == "pump-2.1.0.bin" }})
		if len(l.got) != 2 || l.got[0].Name != "pump-2.1.0.bin" || l.got[1].Name != "" {
			t.Errorf("all %v: %+v", all, l.got)
		}
	}
}

func TestLongNames(t *testing.T) {
	t.Parallel()
	w := newWire()
	c := w.conv("10.0.0.10:40001", "10.0.0.200:80").open()
	for _, name := range []string{strings.Repeat("n", 300), strings.Repeat("%c3%bc", 200), strings.Repeat("a%ff", 200)} {
		c.send(0, get("/"+name))
		c.send(1, ok(firmware(33, 600), ""))
	}
	c.close()
	got, _ := watch(t, w.pcap())
	if len(got) != 3 {
		t.Fatalf("%+v", got)
	}
	for _, g := range got {
		if len(g.Name) > maxName || len(g.Name) < maxName-3 || strings.HasSuffix(g.Name, "\xc3") {
			t.Errorf("%d bytes: %q", len(g.Name), g.Name)
		}
	}
}

// tftpRead is a transfer in datagrams of the usual size.
func tftpRead(path string, body []byte) *wire {
	w := newWire()
	client, server := [4]byte{10, 0, 0, 12}, [4]byte{10, 0, 0, 202}
	w.gram(client, server, 3000, 69, []byte("\x00\x01"+path+"\x00octet\x00"))
	for i := 0; i*512 <= len(body); i++ {
		block := body[i*512 : min(len(body), i*512+512)]
		w.gram(server, client, 3100, 3000, append([]byte{0, 3, byte((i + 1) >> 8), byte(i + 1)}, block...))
		w.gram(client, server, 3000, 3100, []byte{0, 4, byte((i + 1) >> 8), byte(i + 1)})
	}
	return w
}
