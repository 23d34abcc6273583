package cli_test

import (
	"bufio"
	"bytes"
	"encoding/json/v2"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// wardHome is a lab hospital and captures of its ward, for commands that run as processes of their own.
type wardHome struct {
	dir string
}

func newWardHome(t *testing.T) wardHome {
	t.Helper()
	w := wardHome{t.TempDir()}
	if err := os.WriteFile(filepath.Join(w.dir, "pass"), []byte("correct horse\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.run(t, "lab", "ward", "--out", filepath.Join(w.dir, "ward"), "--devices", "8", "--days", "3", "--seed", "7")
	w.run(t, "init", "--org", "mercy", "--role", "hospital", "--lab")
	w.run(t, "device", "import", filepath.Join(w.dir, "ward", "devices.csv"))
	return w
}

func (w wardHome) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Args = append([]string{"cordon", "--json", "--quiet", "--home", filepath.Join(w.dir, "house"), "--passphrase-file", filepath.Join(w.dir, "pass")}, args...)
	cmd.WaitDelay = 20 * time.Second
	return cmd
}

// run runs a command that may end with findings, which is no failure.
func (w wardHome) run(t *testing.T, args ...string) string {
	t.Helper()
	cmd := w.command(t, args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil && cmd.ProcessState.ExitCode() != 10 && cmd.ProcessState.ExitCode() != 11 {
		t.Fatalf("%v: %v: %s", args, err, said.String())
	}
	return string(out)
}

// reader is somebody with the console open.
type reader struct {
	client *http.Client
	base   string
	state  map[string]string // of the pages it has
}

func (w wardHome) serve(t *testing.T) *reader {
	t.Helper()
	cmd := w.command(t, "serve", "--listen", "localhost:0")
	cmd.Cancel = func() error { return os.ErrProcessDone } // the end of the test ends it as a person would
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 130 {
			t.Errorf("the console ended with %v", err)
		}
	})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var row struct {
		Link string `json:"link"`
	}
	if err := json.Unmarshal(line, &row); err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{client: &http.Client{Jar: jar, Timeout: 60 * time.Second}, state: map[string]string{}}
	r.base, _, _ = strings.Cut(row.Link, "/?")
	r.look(t, strings.TrimPrefix(row.Link, r.base))
	return r
}

// look asks for a page as an open one does, and returns it when it changed. Every page is whole.
func (r *reader) look(t *testing.T, at string) (body string, changed bool) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.base+at, nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("If-None-Match", r.state[at])
	answer, err := r.client.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case answer.StatusCode == http.StatusNotModified && r.state[at] != "":
		return "", false
	case answer.StatusCode != http.StatusOK || !strings.HasSuffix(string(b), "</html>\n"):
		t.Fatalf("%s answers %d: %s", at, answer.StatusCode, b)
	}
	r.state[at] = answer.Header.Get("ETag")
	return string(b), true
}

// The console shows what other processes record while they do, and what is left when one is killed.
func TestServeBesideAWatch(t *testing.T) {
	t.Parallel()
	w := newWardHome(t)
	r := w.serve(t)
	looks, changes := 0, 0
	beside := func(cmd *exec.Cmd, life time.Duration) {
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = cmd.Wait() // it is killed now and then, or tells of findings
		}()
		var kill <-chan time.Time
		if life > 0 {
			kill = time.After(life)
		}
		for {
			select {
			case <-ended:
				return
			case <-kill:
				_ = cmd.Process.Kill()
			default:
			}
			for _, at := range []string{"/", "/transfers", "/findings?state=open"} {
				looks++
				if _, changed := r.look(t, at); changed {
					changes++
				}
			}
		}
	}
	shown := func() string {
		r.state = map[string]string{}
		body, _ := r.look(t, "/transfers")
		_, after, _ := strings.Cut(body, `data-total="`)
		n, _, _ := strings.Cut(after, `"`)
		body, _ = r.look(t, "/findings?state=open")
		_, after, _ = strings.Cut(body, `data-total="`)
		found, _, _ := strings.Cut(after, `"`)
		return n + " transfers, " + found + " findings"
	}
	before := shown()
	for i, life := range []time.Duration{150 * time.Millisecond, 300 * time.Millisecond, 0, 0} {
		beside(w.command(t, "watch", filepath.Join(w.dir, "ward", fmt.Sprintf("ward-day-%02d.pcap", 1+i%3))), life)
	}
	open := strings.Count(w.run(t, "finding", "list", "--state", "open"), `"type":"finding"`)
	if now := shown(); now == before || !strings.HasSuffix(now, fmt.Sprintf(", %d findings", open)) {
		t.Errorf("first %s, then %s; the list on the command line has %d", before, now, open)
	}
	if looks < 10 || changes < 3 || changes == looks {
		t.Errorf("%d looks, of which %d saw a change", looks, changes)
	}
	t.Logf("%d looks, %d changes", looks, changes)
}
