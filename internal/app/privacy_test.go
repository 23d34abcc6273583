package app

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/network/seen"
	"github.com/cordon-trust/cordon/internal/store"
)

// The patient, as systems spell her. No part of it may be found.
const (
	surname = "Zyxwvutski"
	given   = "Quibblina"
)

// spellings are ways in which a name could lie in a file.
func spellings() map[string][]byte {
	out := map[string][]byte{}
	for _, s := range []string{surname, given, strings.ToLower(surname), strings.ToUpper(surname), strings.ToLower(given)} {
		out["plain "+s] = []byte(s)
		out["hex "+s] = []byte(hex.EncodeToString([]byte(s)))
		var be, le []byte
		for _, u := range utf16.Encode([]rune(s)) {
			be, le = append(be, byte(u>>8), byte(u)), append(le, byte(u), byte(u>>8))
		}
		out["UTF-16BE "+s], out["UTF-16LE "+s] = be, le
		for shift := range 3 { // wherever in a longer text it begins
			enc := base64.StdEncoding.EncodeToString(append(make([]byte, shift), s...))
			out[fmt.Sprintf("base64 %d %s", shift, s)] = []byte(enc[(shift*8+5)/6 : (shift+len(s))*8/6]) // the digits that hold no other bit
		}
	}
	return out
}

// searched checks every byte of every file, and every name of one, below the folders.
func searched(t *testing.T, dirs ...string) {
	t.Helper()
	files, held := 0, spellings()
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			files++
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			lower := bytes.ToLower(append([]byte(path), b...))
			for how, s := range held {
				if bytes.Contains(b, s) || strings.HasPrefix(how, "plain") && bytes.Contains(lower, bytes.ToLower(s)) {
					t.Errorf("%s of the patient is in %s", how, path)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 5 {
		t.Errorf("only %d files were searched", files)
	}
}

// planted are connections that name the patient wherever a name can be.
func planted(body []byte) []talk {
	patient := given + "_" + surname
	at := func(n int) time.Time { return wireTime().Add(time.Duration(n) * time.Minute) }
	get := func(path, host string, more ...string) string {
		return "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n" + strings.Join(more, "") + "\r\n"
	}
	ok := func(b []byte, more ...string) string {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s", strings.Join(more, ""), len(b), b)
	}
	form := "--XX\r\nContent-Disposition: form-data; name=\"" + patient + "\"; filename=\"" + patient + ".exe\"\r\n" +
		"Content-Type: application/octet-stream\r\n\r\n" + string(body) + "\r\n--XX--\r\n"
	post := func(host, name string, b string, more ...string) string {
		return fmt.Sprintf("POST /%s HTTP/1.1\r\nHost: %s\r\n%sContent-Length: %d\r\n\r\n%s", name, host, strings.Join(more, ""), len(b), b)
	}
	basic := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(patient+":secret")) + "\r\nCookie: patient=" + patient + "\r\n"
	web := func(n int, client, server string, turns ...string) talk {
		c := talk{at: at(n), client: client, server: server}
		for i, s := range turns {
			c.turns = append(c.turns, turn{i%2 == 1, s})
		}
		return c
	}
	ftpData := talk{at: at(6).Add(time.Second), client: "10.0.0.16:50001", server: "10.0.0.201:50000", turns: []turn{{true, string(body)}}}
	ftp := talk{at: at(6), client: "10.0.0.16:40006", server: "10.0.0.201:21"}
	for i, s := range []string{
		"220 ready\r\n", "USER " + patient + "\r\n", "331 pass\r\n", "PASS " + surname + "\r\n", "230 ok\r\n", "TYPE I\r\n", "200 ok\r\n",
		"PASV\r\n", "227 Entering Passive Mode (10,0,0,201,195,80)\r\n", "RETR " + patient + ".bin\r\n", "150 go\r\n",
	} {
		ftp.turns = append(ftp.turns, turn{i%2 == 0, s})
	}
	return []talk{
		web(0, "10.0.0.10:40000", "10.0.0.200:80", get("/"+patient+"/"+patient+".bin?name="+patient, "files.example"), ok(body)),
		web(1, "10.0.0.11:40001", "10.0.0.200:80", get("/fw/pump.bin", patient+".ward.example"), ok(body)),
		web(2, "10.0.0.12:40002", "10.0.0.200:80", get("/"+url.PathEscape(given+" "+surname+".zip"), "files.example", basic), ok(body, "Content-Disposition: attachment; filename=\""+patient+".bin\"\r\n")),
		web(3, "10.0.0.13:40003", "10.0.0.200:80", post("files.example", patient, form, "Content-Type: multipart/form-data; boundary=XX\r\n"), ok(nil)),
		web(4, "10.0.0.14:40004", "10.0.0.200:80", post(host, patient+".bin", string(body)), ok(nil)),
		web(5, "10.0.0.15:40005", "10.0.0.200:80", get("/x.bin", "files.example"), ok([]byte("MSH|^~\\&|A|B|||ADT^A01|1|P|2.5\rPID|1||7||"+surname+"^"+given+"\r"))),
		web(7, "10.0.0.17:40007", "10.0.0.200:80", post("pacs.example", "studies", string(image()), "Content-Type: application/dicom\r\n"), ok(nil)),
		web(8, "10.0.0.18:40008", "10.0.0.202:2575", "\vMSH|^~\\&|A|B|||ADT^A01|1|P|2.5\rPID|1||7||"+surname+"^"+given+"\r\x1c\r", "\vMSH|^~\\&|B|A|||ACK|1|P|2.5\rMSA|AA|1|"+surname+"\r\x1c\r"),
		web(9, "10.0.0.19:40009", "10.0.0.203:11112", associate(1), associate(2), storeImage()),
		ftp, ftpData,
	}
}

// image is a DICOM file whose patient is named (PS3.10 section 7.1), big enough to be worth keeping.
func image() []byte {
	name := surname + "^" + given
	b := append(make([]byte, 128), "DICM\x10\x00\x10\x00PN"...)
	b = append(binary.LittleEndian.AppendUint16(b, uint16(len(name))), name...)
	return append(append(b, "\x08\x00\x05\x00CS"...), elf(6, 3000)...)
}

// unit is a data unit of DICOM's upper layer (PS3.8 section 9.3.1).
func unit(kind byte, body []byte) string {
	return string(append(binary.BigEndian.AppendUint32([]byte{kind, 0}, uint32(len(body))), body...))
}

// associate asks for an association, or as type 2 accepts it, by application entities called after the patient.
func associate(kind byte) string {
	return unit(kind, append(fmt.Appendf([]byte{0, 1, 0, 0}, "%-16.16s%-16.16s", surname, given), make([]byte, 32)...))
}

// storeImage carries the image in one value of data.
func storeImage() string {
	body := append([]byte{1, 2}, image()...)
	return unit(4, append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...))
}

// named are a host that leases its address under the patient's name, and an answer of DNS that has it.
func named() []byte {
	host := strings.ToLower(given + "-" + surname)
	mac := [6]byte{2, 0, 0, 0, 0, 0x11}
	dhcp := func(op, kind byte, yours []byte) []byte {
		b := make([]byte, 236)
		b[0], b[1], b[2], b[7] = op, 1, 6, 9
		copy(b[16:], yours)
		copy(b[28:], mac[:])
		b = append(b, 0x63, 0x82, 0x53, 0x63, 53, 1, kind, 12, byte(len(host)))
		b = append(append(b, host...), 60, byte(len(surname)))
		b = append(append(b, surname...), 81, byte(3+len(host)), 0, 0, 0)
		b = append(b, host...)
		if kind == 5 {
			b = append(b, 54, 4, 10, 0, 0, 1, 51, 4, 0, 0, 14, 16)
		}
		return append(b, 255)
	}
	dns := append([]byte{0, 7, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, byte(len(host))}, host...)
	dns = append(dns, "\x04ward\x07example\x00\x00\x01\x00\x01\xc0\x0c\x00\x01\x00\x01\x00\x00\x0e\x10\x00\x04"...)
	dns = append(dns, 10, 0, 0, 11)
	out := letter{wireTime(), "0.0.0.0:68", "255.255.255.255:67", mac, dhcp(1, 3, nil)}.append(nil)
	out = letter{wireTime(), "10.0.0.1:67", "255.255.255.255:68", [6]byte{2, 0, 0, 0, 0, 1}, dhcp(2, 5, []byte{10, 0, 0, 11})}.append(out)
	return letter{wireTime(), "10.0.0.1:53", "10.0.0.12:5353", [6]byte{2, 0, 0, 0, 0, 1}, dns}.append(out)
}

// Wherever a capture names a patient, the home, what was saved and what is exported do not.
func TestNoPatientIsKept(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	saved := filepath.Join(t.TempDir(), "saved")
	path := filepath.Join(t.TempDir(), "planted.pcap")
	if err := os.WriteFile(path, append(pcap(planted(elf(7, 3000))...), named()...), 0o600); err != nil {
		t.Fatal(err)
	}
	devices := "asset,vendor,model,serial,ip,site,role\nA-17,acme,pump-7,SN-1,10.0.0.10,main,endpoint\n"
	if _, err := w.house.ImportDevices(t.Context(), strings.NewReader(devices)); err != nil {
		t.Fatal(err)
	}
	got, err := see(t.Context(), w.house, WatchOptions{All: true, Save: saved}, path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.ToLower(fmt.Sprint(got.devices)), strings.ToLower(given+"-"+surname)) {
		t.Fatalf("no device has the name: %v", got.devices)
	}
	shown := fmt.Sprint(got.transfers)
	if got.summary.Recorded < 6 || !strings.Contains(shown, surname) || got.summary.Saved == 0 {
		t.Fatalf("the captures are not what they should be: %+v\n%s", got.summary, shown)
	}
	if n := markedSightings(t, w.house); n == 0 {
		t.Error("no recorded sighting has the mark of a name")
	}
	says(t, w.house, "update.unknown open") // the first download: its device is listed
	exported := filepath.Join(t.TempDir(), "root.json")
	if _, err := w.house.ExportTrust(t.Context(), exported); err != nil {
		t.Fatal(err)
	}
	searched(t, w.house.opt.Dir, saved, filepath.Dir(exported)) // with the write-ahead log
	// Later a release names the channel: what was kept then stays as it was.
	w.release(t, "2.0.0", "other.bin", elf(2, 5000))
	w.publish(t)
	if _, err := see(t.Context(), w.house, WatchOptions{All: true}, capture(t, planted(elf(7, 3000))...)); err != nil {
		t.Fatal(err)
	}
	if err := w.house.db.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	searched(t, w.house.opt.Dir)
	list, err := w.house.Findings(t.Context(), FindingFilter{})
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprint(list); strings.Contains(text, surname) || strings.Contains(text, given) {
		t.Errorf("a finding names the patient: %s", text)
	}
}

// What an update channel serves keeps its name: a person has to find the file.
func TestNamesOfUpdatesAreKept(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	mustSee(t, w.house, capture(t,
		download("10.0.0.10", host, "pump-9.bin", elf(9, 5000), wireTime()),
		download("10.0.0.11", "elsewhere.example", "pump-1.0.0.bin", elf(8, 5000), wireTime()),
	))
	for _, f := range says(t, w.house, "update.unknown open", "update.altered open") {
		switch {
		case f.Rule == model.UpdateUnknown && (f.Name != "pump-9.bin" || f.Host != host):
			t.Errorf("%q from %q", f.Name, f.Host)
		case f.Rule == model.UpdateAltered && (f.Name != "pump-1.0.0.bin" || f.Host != "" || strings.Contains(fmt.Sprint(f), "elsewhere")):
			t.Errorf("%q from %q", f.Name, f.Host)
		}
	}
}

// markedSightings counts the recorded sightings that have a MAC and the marks of names.
func markedSightings(t *testing.T, a *App) (n int) {
	t.Helper()
	err := a.db.View(t.Context(), func(tx *store.Tx) error {
		return a.eachSeen(t.Context(), tx, func(r *seen.Row) error {
			if s := &r.Sighting; r.Kind == seen.KindSighting && s.MAC == "02:00:00:00:00:11" && len(s.Marks) > 0 && !s.Marks[0].IsZero() && s.By == "dhcp" {
				n++
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
