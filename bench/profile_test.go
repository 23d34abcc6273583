package bench_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/cli"
)

// profileTime is how long each capture is watched for a profile, at a hundred samples a second.
const profileTime = time.Minute

// BenchmarkProfile writes the profile by which the program is compiled, see scripts/profile: where a watch spends
// its time on both captures, without the time that it takes to make them.
func BenchmarkProfile(b *testing.B) {
	out := os.Getenv("CORDON_PROFILE")
	if out == "" {
		b.Skip("CORDON_PROFILE names no file to write; scripts/profile does")
	}
	dir := b.TempDir()
	pass := filepath.Join(dir, "pass")
	if err := os.WriteFile(pass, []byte("bench\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	env := map[string]string{"CORDON_HOME": filepath.Join(dir, "home"), "CORDON_PASSPHRASE_FILE": pass}
	must := func(args ...string) {
		var said strings.Builder
		streams := cli.Streams{In: strings.NewReader(""), Out: io.Discard, Err: &said}
		if exit := cli.Run(context.Background(), args, streams, func(name string) string { return env[name] }); exit != 0 {
			b.Fatalf("cordon %s: exit %d: %s", strings.Join(args, " "), exit, said.String())
		}
	}
	watch := func(path string) { must("watch", "--json", "--transfers", "all", "--sessions", "--no-record", path) }
	must("init", "--org", "bench", "--role", "hospital")
	var paths []string
	for _, c := range captures() {
		path, _ := makeCapture(b, c)
		watch(path) // the file lies in the page cache now
		paths = append(paths, path)
	}
	runtime.GC() // what making them left behind is of no concern
	var profile bytes.Buffer
	if err := pprof.StartCPUProfile(&profile); err != nil {
		b.Fatal(err)
	}
	for _, path := range paths {
		for began := time.Now(); time.Since(began) < profileTime; {
			watch(path)
		}
	}
	pprof.StopCPUProfile()
	anywhere, err := withoutMachine(profile.Bytes())
	if err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(out, anywhere, 0o644); err != nil {
		b.Fatal(err)
	}
}
