package cli_test

import (
	"bufio"
	"bytes"
	"encoding/json/v2"
	"errors"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The command prints where it is, answers there to whoever has the link, and ends with Ctrl-C and 130.
func TestServe(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	pass := filepath.Join(dir, "pass")
	if err := os.WriteFile(pass, []byte("correct horse\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	command := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), self)
		cmd.Args = append([]string{"cordon", "--json", "--quiet", "--home", filepath.Join(dir, "house"), "--passphrase-file", pass}, args...)
		cmd.Stderr = &said
		cmd.WaitDelay = 20 * time.Second
		return cmd
	}
	if err := command("init", "--org", "mercy", "--role", "hospital", "--lab").Run(); err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	cmd := command("serve", "--listen", "localhost:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	var row struct {
		Type   string `json:"type"`
		Link   string `json:"link"`
		Listen string `json:"listen"`
	}
	if err := json.Unmarshal(line, &row); err != nil || row.Type != "console" || !strings.HasPrefix(row.Link, "http://"+row.Listen+"/?token=") {
		t.Fatalf("%s, %v", line, err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, row.Link, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := (&http.Client{Jar: jar, Timeout: 20 * time.Second}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusOK || answer.Request.URL.RawQuery != "" {
		t.Errorf("%d at %s, %v", answer.StatusCode, answer.Request.URL, err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 130 {
		t.Errorf("%v, want exit code 130", err)
	}
	const want = "cordon: error: the console was ended [CRD-GEN-007]\ncordon: hint: `cordon serve` opens it again, with a new key\n"
	if !strings.HasSuffix(said.String(), want) {
		t.Errorf("said %q", said.String())
	}
}
