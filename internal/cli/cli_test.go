package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/cordon-trust/cordon/internal/kit/fault"
)

func TestExitCodeAndTwoLines(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	stopped, stop := context.WithCancel(ctx)
	stop()
	for name, c := range map[string]struct {
		ctx  context.Context
		err  error
		code int
		want string
	}{
		"nothing wrong": {ctx, nil, 0, ""},
		"a fault": {
			ctx, fault.New(fault.Locked, "home %q is being written to", "/h").Hint("wait"), 12,
			"cordon: error: home \"/h\" is being written to [CRD-STO-001]\ncordon: hint: wait\n",
		},
		"a plain error is a defect, not usage": {ctx, errors.New("odd"), 1, "cordon: error: odd [CRD-GEN-001]\n"},
		"foreign text cannot act": {
			ctx, fault.New(fault.BadInput, "name %s", "\x1b[2Jx\u202ey\nz"), 1,
			`cordon: error: name \u{1b}[2Jx\u{202e}y; z [CRD-GEN-008]`,
		},
		"long text is clipped":             {ctx, fault.New(fault.BadInput, "%s", strings.Repeat("ä", 5000)), 1, "(8000 more bytes)"},
		"interrupted":                      {stopped, fault.Wrap(context.Canceled, fault.ReadFailed, "read"), 130, "interrupted [CRD-GEN-007]"},
		"done before the interrupt came":   {stopped, nil, 0, ""},
		"a verdict outlives the interrupt": {stopped, fault.New(fault.NotSigned, "not signed"), 11, "not signed [CRD-REL-003]"},
	} {
		code, said := runWith(c.ctx, io.Discard, func(*state, *cobra.Command) error { return c.err })
		if code != c.code || !strings.Contains(said, c.want) || c.want == "" && said != "" {
			t.Errorf("%s: exit %d, %q; want %d, %q", name, code, said, c.code, c.want)
		}
		if c.code != 0 && strings.Count(said, "\n") != 2 {
			t.Errorf("%s: not two lines: %q", name, said)
		}
	}
}

type fullWriter struct{}

func (fullWriter) Write([]byte) (int, error) { return 0, errors.New("no space") }

func TestAnswerThatCannotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()
	code, said := runWith(t.Context(), fullWriter{}, func(s *state, _ *cobra.Command) error { return s.print(readBuild()) })
	if code != 1 || !strings.Contains(said, "standard output: no space [CRD-GEN-005]") {
		t.Errorf("exit %d, %q", code, said)
	}
}

type strange struct {
	Name string `json:"name"`
	Type string `json:"type,omitzero"`
}

func (strange) kind() string      { return "strange" }
func (r strange) lines() []string { return []string{"name " + r.Name, "second"} }

func TestPrinters(t *testing.T) {
	t.Parallel()
	hostile := strange{Name: "a\x1b]0;t\x07\nb\u202e\xff"}
	for _, c := range []struct{ flag, want string }{
		{"--quiet", "name a\\u{1b}]0;t\\u{7}\\u{a}b\\u{202e}\\x{ff}\nsecond\n"},
		{"--json", `{"type":"strange","name":"a\u001b]0;t\u0007\nb\u202e` + "\ufffd\"}\n"},
	} {
		var out bytes.Buffer
		code, said := runWith(t.Context(), &out, func(s *state, _ *cobra.Command) error { return s.print(hostile) }, c.flag)
		if code != 0 || out.String() != c.want {
			t.Errorf("%s: exit %d %s\n got %q\nwant %q", c.flag, code, said, out.String(), c.want)
		}
	}
	code, said := runWith(t.Context(), io.Discard,
		func(s *state, _ *cobra.Command) error { return s.print(strange{Type: "mine"}) }, "--json")
	if code != 1 || !strings.Contains(said, "type") {
		t.Errorf("a row with a type of its own: exit %d, %q", code, said)
	}
}

func TestQuietKeepsAnswersAndDropsNotes(t *testing.T) {
	t.Parallel()
	for flag, want := range map[string]string{"--quiet": "", "--json": "reading \\u{1b}x\n"} {
		_, said := runWith(t.Context(), io.Discard, func(s *state, _ *cobra.Command) error {
			s.note("reading %s", "\x1bx")
			return nil
		}, flag)
		if said != want {
			t.Errorf("%s: %q, want %q", flag, said, want)
		}
	}
}

func TestHome(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		flag string
		env  map[string]string
		want string
	}{
		{"/a/b/", map[string]string{"CORDON_HOME": "/c", "HOME": "/h"}, "/a/b"},
		{"", map[string]string{"CORDON_HOME": "/c", "XDG_DATA_HOME": "/x"}, "/c"},
		{"", map[string]string{"XDG_DATA_HOME": "/x", "HOME": "/h"}, "/x/cordon"},
		{"", map[string]string{"XDG_DATA_HOME": "relative", "HOME": "/h"}, "/h/.local/share/cordon"},
		{"", map[string]string{}, ""},
	} {
		s := &state{homeFlag: c.flag, env: func(k string) string { return c.env[k] }}
		got, err := s.home()
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("home of %q and %v is %q, %v; want %q", c.flag, c.env, got, err, c.want)
		}
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	words := []string{"release", "trust", "watch", "why", "init"}
	for typed, want := range map[string]string{
		"relaese": "release", "wacth": "watch", "trus": "trust", "releases": "release", "whi": "why",
		"nonsense": "", "": "", "x": "", "delete": "",
	} {
		if got, ok := nearest(typed, words); got != want || ok != (want != "") {
			t.Errorf("nearest(%q) = %q, %v; want %q", typed, got, ok, want)
		}
	}
}
