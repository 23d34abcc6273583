package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/cli"
)

// running is a demo with its console.
type running struct {
	cmd  *exec.Cmd
	out  *bufio.Reader
	said *bytes.Buffer // stderr; to be read when the process has ended
	text string        // stdout up to the address
	link *url.URL
}

var demoLink = regexp.MustCompile(`^  (http://127\.0\.0\.1:[0-9]+/findings/[0-9a-f]{64}\?token=[0-9a-f]{32})\n$`)

// patience is for a demo on a machine that does much else.
const patience = 2 * time.Minute

// startDemo starts a demo without HOME and waits for its address.
func startDemo(t *testing.T, temp string, env []string, flags ...string) *running {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// Under nohup a hang-up is ignored, also by children. Of a signal that is handled here they have the default.
	handled := make(chan os.Signal, 1)
	signal.Notify(handled, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(handled) })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	r := &running{cmd: exec.CommandContext(ctx, self), said: &bytes.Buffer{}}
	r.cmd.Args = append([]string{"cordon", "demo"}, flags...)
	r.cmd.Env = append([]string{"TMPDIR=" + temp, "PATH=" + os.Getenv("PATH")}, env...)
	r.cmd.Stderr = r.said
	r.cmd.WaitDelay = 20 * time.Second
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.out = bufio.NewReader(out)
	for !strings.HasSuffix(r.text, "\nCtrl-C ends it and removes all that was made here.\n") {
		line, err := r.out.ReadString('\n')
		if err != nil {
			t.Fatalf("%v after %q: %s", err, r.text, r.said.String())
		}
		r.text += line
		if m := demoLink.FindStringSubmatch(line); m != nil {
			if r.link, err = url.Parse(m[1]); err != nil {
				t.Fatal(err)
			}
		}
	}
	return r
}

// ends waits for the end of the process and returns its exit code.
func (r *running) ends(t *testing.T) int {
	t.Helper()
	if _, err := io.Copy(io.Discard, r.out); err != nil {
		t.Error(err)
	}
	var exit *exec.ExitError
	if err := r.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return r.cmd.ProcessState.ExitCode()
}

// home returns the arguments of the command that the demo prints for reading its home.
func (r *running) home(t *testing.T, temp string) []string {
	t.Helper()
	_, rest, ok := strings.Cut(r.text, "\n  cordon --home "+temp+"/")
	line, _, ended := strings.Cut(rest, "\n")
	if !ok || !ended {
		t.Fatalf("printed %q", r.text)
	}
	return strings.Fields("--home " + temp + "/" + line)
}

// page reads a page of the console as a browser does.
func (r *running) page(t *testing.T) (text string, at *url.URL) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	ask, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.link.String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := (&http.Client{Jar: jar, Timeout: 30 * time.Second}).Do(ask)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if cerr := answer.Body.Close(); err == nil {
		err = cerr
	}
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%d, %v: %s", answer.StatusCode, err, body)
	}
	return string(body), answer.Request.URL
}

// answers reports whether the console still knows the key that it printed. Another demo may have its port by now.
func (r *running) answers(t *testing.T) bool {
	t.Helper()
	ask, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.link.String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(ask)
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return answer.StatusCode != http.StatusUnauthorized
}

// left are the names in a folder.
func left(t *testing.T, dir string) (names []string) {
	t.Helper()
	there, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range there {
		names = append(names, f.Name())
	}
	return names
}

// The address that is printed leads to the page of the gravest finding, which is open; and nothing is left
// when the demo is ended, however it is asked to.
func TestDemoOpensTheConsoleAndLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			temp := t.TempDir()
			r := startDemo(t, temp, nil, "--no-browser")
			if !strings.Contains(r.text, "\n  critical  PUMP-017 (ward 3, bed 17) fetched ") || strings.Contains(r.text, "\x1b") {
				t.Errorf("printed %q", r.text)
			}
			text, at := r.page(t)
			if at.RawQuery != "" || at.Path != r.link.Path {
				t.Errorf("led to %s", at)
			}
			for _, want := range []string{"PUMP-017", "ward 3, bed 17", "critical", "it differs from", "Leave the device connected and on"} {
				if !strings.Contains(text, want) {
					t.Errorf("the page does not say %q", want)
				}
			}
			list := exec.CommandContext(t.Context(), r.cmd.Path, r.home(t, temp)...)
			list.Args[0] = "cordon"
			if out, err := list.CombinedOutput(); err != nil || !strings.Contains(string(out), "PUMP-017 (ward 3, bed 17) fetched") {
				t.Errorf("%v: %s", err, out)
			}
			if len(left(t, temp)) != 1 {
				t.Errorf("while it runs there are %v", left(t, temp))
			}
			if err := r.cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			if code := r.ends(t); code != 130 {
				t.Errorf("exit %d", code)
			}
			const want = "cordon: error: the demo was ended, and nothing of it is left [CRD-GEN-007]\ncordon: hint: `cordon demo` begins anew\n"
			if r.said.String() != want {
				t.Errorf("said %q", r.said.String())
			}
			if names := left(t, temp); len(names) != 0 {
				t.Errorf("left are %v", names)
			}
			if r.answers(t) {
				t.Errorf("it still answers at %s", r.link.Host)
			}
		})
	}
}

// A demo that is killed leaves its folder, and the next one goes its way.
func TestDemoAfterOneThatWasKilled(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("days of wards take a while")
	}
	temp := t.TempDir()
	r := startDemo(t, temp, nil, "--no-browser")
	if err := r.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	r.ends(t)
	was := left(t, temp)
	if len(was) != 1 || !strings.HasPrefix(was[0], "cordon-demo-") {
		t.Fatalf("left are %v", was)
	}
	if code, out, said := demoIn(t.Context(), temp, nil); code != 0 || said != "" {
		t.Errorf("exit %d, %q after %q", code, said, out)
	}
	if now := left(t, temp); len(now) != 1 || now[0] != was[0] {
		t.Errorf("left are %v", now)
	}
}

// demoIn runs a demo to its end in this process; each line that it prints goes to see.
func demoIn(ctx context.Context, temp string, see func(line string)) (code int, out, said string) {
	var err bytes.Buffer
	to := &seenLines{see: see}
	code = cli.Run(ctx, []string{"demo", "--exit"}, cli.Streams{Out: to, Err: &err}, func(name string) string {
		if name == "TMPDIR" {
			return temp
		}
		return ""
	})
	return code, to.String(), err.String()
}

type seenLines struct {
	bytes.Buffer
	see func(string)
}

func (s *seenLines) Write(b []byte) (int, error) {
	if s.see != nil {
		s.see(string(b))
	}
	return s.Buffer.Write(b)
}

// Ctrl-C between any two steps, and in the middle of each, leaves nothing.
func TestDemoInterruptedHalfWay(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("days of wards take a while")
	}
	for _, c := range []struct {
		step  int           // after which it is interrupted
		later time.Duration // so long after it
	}{{1, 0}, {2, 5 * time.Millisecond}, {4, 0}, {7, 10 * time.Millisecond}, {7, 100 * time.Millisecond}, {8, 5 * time.Millisecond}, {10, 0}, {12, 0}} {
		t.Run(fmt.Sprintf("%d+%s", c.step, c.later), func(t *testing.T) {
			t.Parallel()
			temp := t.TempDir()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			steps := 0
			code, out, said := demoIn(ctx, temp, func(text string) {
				steps += strings.Count(text, " s  ")
				switch {
				case steps == c.step && c.later == 0:
					cancel()
				case steps == c.step:
					time.AfterFunc(c.later, cancel)
				}
			})
			ended := code == 130 && strings.HasPrefix(said, "cordon: error: the demo was ended, and nothing of it is left [CRD-GEN-007]\n")
			done := c.later > 0 && code == 0 && said == "" // it was faster
			if !ended && !done {
				t.Errorf("exit %d, %q after %q", code, said, out)
			}
			if names := left(t, temp); len(names) != 0 {
				t.Errorf("left are %v", names)
			}
		})
	}
}

// A port that somebody holds is passed by, and one that is free is taken.
func TestDemoListensAtTheNextPort(t *testing.T) {
	t.Parallel()
	first, held, err := cli.ListenNear(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close() //nolint:errcheck // nobody was answered
	next, at, err := cli.ListenNear(t.Context(), held.Port())
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close() //nolint:errcheck // likewise
	if at.Port() <= held.Port() || at.Port() > held.Port()+20 || at.Addr().String() != "127.0.0.1" {
		t.Errorf("at %s, and %s is held", at, held)
	}
}

// Two demos at once: at least one of them finds the usual port taken, and says so.
func TestDemoSaysThatThePortIsTaken(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("days of wards take a while")
	}
	a, b := startDemo(t, t.TempDir(), nil, "--no-browser"), startDemo(t, t.TempDir(), nil, "--no-browser")
	if a.link.Host == b.link.Host {
		t.Errorf("both are at %s", a.link.Host)
	}
	for _, r := range []*running{a, b} {
		moved := r.link.Port() != "8420"
		if told := strings.Contains(r.text, "; 127.0.0.1:8420 is taken, so it is at "+r.link.Host+":\n"); told != moved {
			t.Errorf("at %s, and printed %q", r.link.Host, r.text)
		}
		if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		if code := r.ends(t); code != 130 {
			t.Errorf("exit %d: %s", code, r.said.String())
		}
	}
}

// Where there is a desktop its browser is asked to open the address; where that fails, nobody hears of it.
func TestDemoOpensABrowser(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("days of wards take a while")
	}
	dir := t.TempDir()
	asked := filepath.Join(dir, "asked")
	program := "#!/bin/sh\necho noise\necho \"$1\" >" + asked + ".part && mv " + asked + ".part " + asked + "\nexit 3\n"
	for _, name := range []string{"xdg-open", "open"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(program), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	r := startDemo(t, t.TempDir(), []string{"DISPLAY=:99", "PATH=" + dir + ":" + os.Getenv("PATH")})
	var got []byte
	for end := time.Now().Add(20 * time.Second); len(got) == 0 && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		got, _ = os.ReadFile(asked)
	}
	if strings.TrimSpace(string(got)) != r.link.String() {
		t.Errorf("asked for %q, printed %s", got, r.link)
	}
	if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := r.ends(t); code != 130 || strings.Contains(r.said.String(), "noise") {
		t.Errorf("exit %d: %s", code, r.said.String())
	}
}
