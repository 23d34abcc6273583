package network

import (
	"encoding/json/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/cordon-trust/cordon/internal/model"
)

// sharedCaptures is the folder of public captures, which are read in place and never copied.
func sharedCaptures(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("CORDON_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	dir = filepath.Join(dir, "data", "pcap")
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the public captures are missing: %v", err)
		}
		t.Skipf("the public captures are missing (set CORDON_SHARED): %v", err)
	}
	return dir
}

func watchFile(t *testing.T, path string) (*list, Summary) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var l list
	s, err := Watch(t.Context(), f, filepath.Base(path), Options{AllObjects: true}, &l)
	if err != nil {
		t.Fatal(err)
	}
	return &l, s
}

// Every object on whose digest two other tools agree is found, and packets are counted as they count them.
func TestAgreedDigests(t *testing.T) {
	t.Parallel()
	dir := sharedCaptures(t)
	b, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Files []struct {
			File     string `json:"file"`
			Expected struct {
				Packets int64    `json:"packets"`
				Agreed  []string `json:"object_hashes_agreed_by_tshark_and_suricata"`
			} `json:"expected"`
		} `json:"files"`
	}
	if err := json.Unmarshal(b, &manifest); err != nil {
		t.Fatal(err)
	}
	objects := 0
	for _, m := range manifest.Files {
		l, s := watchFile(t, filepath.Join(dir, m.File))
		if s.Packets != m.Expected.Packets {
			t.Errorf("%s: %d packets, want %d", m.File, s.Packets, m.Expected.Packets)
		}
		found := map[string]bool{}
		for _, g := range l.got {
			found[g.Digest.Hex()] = g.Complete
		}
		for _, p := range l.parts {
			found[p.Digest.Hex()] = p.Complete
		}
		for _, d := range m.Expected.Agreed {
			objects++
			if !found[d] {
				t.Errorf("%s: object %s is not found", m.File, d)
			}
		}
	}
	if len(manifest.Files) < 30 || objects < 130 {
		t.Errorf("only %d captures and %d objects: has the manifest changed?", len(manifest.Files), objects)
	}
}

func TestKnownCaptures(t *testing.T) {
	t.Parallel()
	dir := sharedCaptures(t)
	exe, err := model.ParseHexDigest("cac5f74a1e146d6de26845e3e03732c01167e4bbb4333e76889b538c9bd30362")
	if err != nil {
		t.Fatal(err)
	}
	l, _ := watchFile(t, filepath.Join(dir, "suricata-verify__http-sha256-drop-02.pcap"))
	found := false
	for _, g := range l.got {
		found = found || g.Digest == exe && g.Size == 78_160 && g.Name == "Malware 2.exe" && g.ContentType == "application/vnd.microsoft.portable-executable"
	}
	if !found {
		t.Errorf("the executable is not carved: %+v", l.got)
	}
	l, _ = watchFile(t, filepath.Join(dir, "suricata-verify__http-body-inspect_http-aptget-ids-02-s2.pcap"))
	if len(l.got) != 1 || l.got[0].Complete || !l.got[0].Digest.IsZero() || l.got[0].Size != 261_039 || l.got[0].Declared != 2_047_608 {
		t.Errorf("the package that is cut: %+v", l.got)
	}
	l, s := watchFile(t, filepath.Join(dir, "suricata-verify__http-pipeline-files-with-gap.pcap"))
	if len(l.got) != 3 || !l.got[0].Complete || l.got[0].Size != 24_555 || l.got[1].Complete || s.Losses.GapsAcked != 1 {
		t.Errorf("the pipeline with a gap: %+v, %+v", l.got, s.Losses)
	}
}
