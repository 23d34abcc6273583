package cli_test

import (
	"crypto/sha256"
	"encoding/json/v2"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cordon-trust/cordon/internal/lab"
)

// tree describes every file and folder below dir: its mode and its bytes.
func tree(ts *testscript.TestScript, dir string) string {
	var out strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		var sum [sha256.Size]byte
		if info.Mode().IsRegular() {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			sum = sha256.Sum256(b)
		}
		fmt.Fprintf(&out, "%s %s %x\n", strings.TrimPrefix(path, dir), info.Mode(), sum)
		return nil
	})
	ts.Check(err)
	return out.String()
}

// remember DIR keeps in mind what lies in a folder, for unchanged.
func remember(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: remember DIR")
	}
	ts.Setenv("TREE_"+args[0], tree(ts, ts.MkAbs(args[0])))
}

// unchanged DIR checks that every file of a folder has the bytes and the mode that it had.
func unchanged(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: [!] unchanged DIR")
	}
	was, is := ts.Getenv("TREE_"+args[0]), tree(ts, ts.MkAbs(args[0]))
	if was == "" {
		ts.Fatalf("%s was not remembered", args[0])
	}
	if (was == is) == neg {
		ts.Fatalf("%s was\n%sand is\n%s", args[0], was, is)
	}
}

// jsonl TYPE... checks that every line of stdout is one JSON object with a "type" from the list, and that
// each type of the list is there.
func jsonl(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: jsonl TYPE...")
	}
	seen := map[string]bool{}
	out := ts.ReadFile("stdout")
	for line := range strings.Lines(out) {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil || !strings.HasSuffix(line, "}\n") {
			ts.Fatalf("not one JSON object on a line: %q: %v", line, err)
		}
		kind, _ := object["type"].(string)
		if !slices.Contains(args, kind) {
			ts.Fatalf("type %q is none of %v: %s", kind, args, line)
		}
		seen[kind] = true
	}
	if len(seen) != len(args) {
		ts.Fatalf("of the types %v there are only %v", args, slices.Sorted(maps.Keys(seen)))
	}
}

// flip FILE AT N changes N bytes of a file from the given percent of its length on.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: flip FILE PERCENT N")
	}
	path := ts.MkAbs(args[0])
	b, err := os.ReadFile(path)
	ts.Check(err)
	at, err := strconv.Atoi(args[1])
	ts.Check(err)
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	for i := range n {
		b[len(b)*at/100+i] ^= 0xff
	}
	ts.Check(os.WriteFile(path, b, 0o600))
}

// capture FILE AS OUT [today] writes a capture of a device that fetches the file under a name.
func capture(ts *testscript.TestScript, neg bool, args []string) {
	start := lab.DefaultStart()
	if len(args) == 4 && args[3] == "today" {
		start, args = time.Now(), args[:3]
	}
	if neg || len(args) != 3 {
		ts.Fatalf("usage: capture FILE AS OUT [today]")
	}
	body, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	out, err := os.Create(ts.MkAbs(args[2]))
	ts.Check(err)
	_, err = lab.WriteDownload(out, lab.Download{
		Device: netip.MustParseAddrPort("10.0.0.10:40001"), Server: netip.MustParseAddrPort("10.0.0.200:80"),
		Host: "updates.acme.example", Path: "/fw/" + args[1], Body: body, Start: start,
	})
	ts.Check(err)
	ts.Check(out.Close())
}
