package network

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-trust/cordon/internal/model"
)

// ftpScene is a control connection with one data connection.
type ftpScene struct {
	setup    []string // pairs of command and reply
	client   string   // of the data connection
	server   string
	upload   bool
	trailing []string
	change   func(*wire, *conv) // of the data connection, before it closes
	open     func(*wire)        // runs instead of a handshake
}

func (f ftpScene) build(body []byte) *wire {
	w := newWire()
	c := w.conv("10.0.0.11:43000", "10.0.0.201:21").open()
	c.send(1, []byte("220-welcome\r\n227 not this (10,0,0,201,1,1)\r\n220 ready\r\n"))
	say := func(lines []string) {
		for i, l := range lines {
			c.send(i%2, []byte(l+"\r\n"))
		}
	}
	say(append([]string{"USER doe-jane", "331 ?", "PASS secret", "230 ok"}, f.setup...))
	d := w.conv(f.client, f.server)
	side := 1
	if f.upload {
		side = 0
	}
	if f.open != nil {
		f.open(w)
	} else {
		d.open()
	}
	d.send(side, body)
	if f.change != nil {
		f.change(w, d)
	}
	d.close()
	say(append([]string{"NOOP", "226 done"}, f.trailing...))
	c.close()
	return w
}

func TestFTP(t *testing.T) {
	t.Parallel()
	fw := firmware(4, 50_000)
	const ps, pc = "10.0.0.201:50000", "10.0.0.11:50001"
	for name, k := range map[string]struct {
		scene ftpScene
		want  string // device name complete notes
	}{
		"passive": {
			ftpScene{setup: []string{"TYPE I", "200", "PASV", "227 Entering (10,0,0,201,195,80).", "RETR /pub/a b/fw.bin", "150 (50000 bytes)"}, client: pc, server: ps},
			"11 fw.bin true []",
		},
		"behind address translation": {
			ftpScene{setup: []string{"PASV", "227 =192,168,3,4,195,80", "RETR fw.bin", "150 go"}, client: pc, server: ps},
			"11 fw.bin true []",
		},
		"extended passive": {
			ftpScene{setup: []string{"epsv", "229 ok (|||50000|)", "retr c:\\x\\fw.bin", "125 go"}, client: pc, server: ps},
			"11 fw.bin true []",
		},
		"active": {
			ftpScene{setup: []string{"PORT 10,0,0,11,195,81", "200", "RETR fw.bin", "150 go"}, client: "10.0.0.201:20", server: pc, upload: true},
			"11 fw.bin true []",
		},
		"extended active": {
			ftpScene{setup: []string{"EPRT |1|10.0.0.11|50001|", "200", "RETR fw.bin", "150 go"}, client: "10.0.0.201:20", server: pc, upload: true},
			"11 fw.bin true []",
		},
		"no announcement: the default port": {
			ftpScene{setup: []string{"RETR fw.bin", "150 go"}, client: "10.0.0.201:20", server: "10.0.0.11:43000", upload: true},
			"11 fw.bin true []",
		},
		"upload": {
			ftpScene{setup: []string{"PASV", "227 (10,0,0,201,195,80)", "STOR up/fw.bin", "150 go"}, client: pc, server: ps, upload: true},
			"201 fw.bin true []",
		},
		"upload, extended passive": {
			ftpScene{setup: []string{"EPSV", "229 ok (|||50000|)", "STOR fw.bin", "150 go"}, client: pc, server: ps, upload: true},
			"201 fw.bin true []",
		},
		"upload, active": {
			ftpScene{setup: []string{"PORT 10,0,0,11,195,81", "200", "STOR fw.bin", "150 go"}, client: "10.0.0.201:20", server: pc},
			"201 fw.bin true []",
		},
		"append": {
			ftpScene{setup: []string{"PASV", "227 (10,0,0,201,195,80)", "APPE fw.bin", "150 go"}, client: pc, server: ps, upload: true},
			"201 fw.bin true [it was appended to what the server had under this name]",
		},
		"as text": {
			ftpScene{setup: []string{"TYPE A N", "200", "PASV", "227 (10,0,0,201,195,80)", "RETR fw.bin", "150 go"}, client: pc, server: ps},
			"11 fw.bin true [it was sent as text (TYPE A): line ends may differ from the file's]",
		},
		"shorter than the server said": {
			ftpScene{setup: []string{"PASV", "227 (10,0,0,201,195,80)", "RETR fw.bin", "150 x (50001 bytes)"}, client: pc, server: ps},
			"11 fw.bin false [50000 of 50001 bytes were seen]",
		},
		"resumed": {
			ftpScene{setup: []string{"PASV", "227 (10,0,0,201,195,80)", "REST 700", "350", "RETR fw.bin", "150 go"}, client: pc, server: ps},
			"11 fw.bin false [it is part of a larger object, from byte 700]",
		},
		"no command": {
			ftpScene{setup: []string{"PASV", "227 (10,0,0,201,195,80)"}, client: pc, server: ps},
			"11  true [no command was seen that says what it is, so that it may be a listing]",
		},
		"the wrong way": {
			ftpScene{setup: []string{"PASV", "227 (10,0,0,201,195,80)", "RETR fw.bin", "150"}, client: pc, server: ps, upload: true},
			"201  true [the bytes go the other way than the command asked for]",
		},
		"a refused command before": {
			ftpScene{setup: []string{"PASV", "227 (10,0,0,201,195,80)", "RETR other", "550 no", "RETR fw.bin", "150 go"}, client: pc, server: ps},
			"11 fw.bin true []",
		},
		"an announcement replaced": {
			ftpScene{setup: []string{"PASV", "227 (10,0,0,201,1,80)", "EPSV", "229 (|||50000|)", "RETR fw.bin", "150 go"}, client: pc, server: ps},
			"11 fw.bin true []",
		},
		"begins in the middle": {
			ftpScene{setup: []string{"PASV", "227 (10,0,0,201,195,80)", "RETR fw.bin", "150 go"}, client: pc, server: ps, open: func(*wire) {}},
			"11 fw.bin false [its beginning was not seen]",
		},
		"never closed": {
			ftpScene{setup: []string{"PASV", "227 (10,0,0,201,195,80)", "RETR fw.bin", "150 go"}, client: pc, server: ps, change: func(_ *wire, c *conv) { c.seq[1] += 1 << 30; c.seq[0] += 1 << 30 }},
			"11 fw.bin false",
		},
		"a segment is missing": {
			ftpScene{setup: []string{"PASV", "227 (10,0,0,201,195,80)", "RETR fw.bin", "150 go"}, client: pc, server: ps, change: func(w *wire, _ *conv) {
				w.frames = slices.Delete(w.frames, len(w.frames)-9, len(w.frames)-8)
			}},
			"11 fw.bin false [1448 bytes of it are missing from the capture, though the receiver acknowledged them: the mirror lost them]",
		},
		"listing":     {ftpScene{setup: []string{"PASV", "227 (10,0,0,201,195,80)", "LIST", "150 go"}, client: pc, server: ps}, ""},
		"not FTP":     {ftpScene{setup: []string{"HELP", "214 -"}, client: pc, server: ps}, ""},
		"mail server": {ftpScene{setup: []string{"EHLO x", "250 ok", "PASV", "227 (10,0,0,201,195,80)", "RETR x", "150"}, client: pc, server: ps}, ""},
		"encrypted":   {ftpScene{setup: []string{"AUTH TLS", "234 go", "PASV", "227 (10,0,0,201,195,80)", "RETR x", "150"}, client: pc, server: ps}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _ := watch(t, k.scene.build(fw).pcap())
			if k.want == "" {
				if len(got) != 0 {
					t.Fatalf("%+v", got)
				}
				return
			}
			if len(got) != 1 {
				t.Fatalf("%d transfers, want 1: %+v", len(got), got)
			}
			g := got[0]
			dev := g.Device.String()
			seen := fmt.Sprint(strings.TrimSuffix(dev[strings.LastIndexByte(dev, '.')+1:], "/-"), " ", g.Name, " ", g.Complete, " ", g.Notes)
			if !strings.HasPrefix(seen, k.want) {
				t.Errorf("got %q, want %q", seen, k.want)
			}
			if g.Complete && g.Digest != model.DigestOf(fw) || g.Complete == g.Digest.IsZero() || g.Protocol != "ftp" {
				t.Errorf("digest %s of %s", g.Digest, g.Protocol)
			}
		})
	}
}

// Two files over one control connection keep their own names, also with a lost command between them.
func TestFTPLostCommand(t *testing.T) {
	t.Parallel()
	for _, lost := range []string{"", "PASV", "227", "RETR b"} {
		w := newWire()
		c := w.conv("10.0.0.11:43000", "10.0.0.201:21").open()
		c.send(1, []byte("220 ready\r\n"))
		say := func(side int, line string) {
			at := len(w.frames)
			c.send(side, []byte(line+"\r\n"))
			if lost != "" && strings.HasPrefix(line, lost) && at > 12 {
				w.frames = slices.Delete(w.frames, at, at+1)
			}
		}
		for i, name := range []string{"a", "b"} {
			say(0, "PASV")
			say(1, fmt.Sprintf("227 (10,0,0,201,195,%d)", 80+i))
			say(0, "RETR "+name)
			say(1, "150 go")
			d := w.conv(fmt.Sprintf("10.0.0.11:5000%d", i), fmt.Sprintf("10.0.0.201:%d", 195*256+80+i)).open()
			d.send(1, firmware(uint64(i), 9000))
			d.close()
			say(1, "226 done")
		}
		c.close()
		got, _ := watch(t, w.pcap())
		for _, g := range got {
			if g.Name != "" && g.Digest != model.DigestOf(firmware(map[string]uint64{"a": 0, "b": 1}[g.Name], 9000)) {
				t.Errorf("with %q lost, %q has the wrong bytes", lost, g.Name)
			}
		}
		if lost == "" && len(got) != 2 {
			t.Errorf("%d transfers, want 2", len(got))
		}
	}
}

func TestKnownFTP(t *testing.T) {
	t.Parallel()
	dir := sharedCaptures(t)
	for file, want := range map[string][]int64{
		"zeek__pe_pe.pcap":    {131_080, 126_912, 68_608, 43_568},
		"zeek__ftp_retr.pcap": {16_557},
	} {
		l, _ := watchFile(t, filepath.Join(dir, file))
		var sizes []int64
		for _, g := range l.got {
			if g.Protocol == "ftp" && g.Complete && g.Name != "" {
				sizes = append(sizes, g.Size)
			}
		}
		slices.Sort(sizes)
		slices.Sort(want)
		if d := cmp.Diff(want, sizes); d != "" {
			t.Errorf("%s: %s\n%+v", file, d, l.got)
		}
	}
}
