package app

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
)

// answered is a device that asks the update server for a file and gets this instead.
func answered(name, status, body string) talk {
	c := download("10.0.0.10", host, name, nil, wireTime())
	c.turns[1].text = fmt.Sprintf("HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s", status, len(body), body)
	return c
}

// An error page of the update server has the name of a release's file and comes from its host, and is no altered
// release: not on the wire, and not when what was recorded is judged anew.
func TestErrorPageIsNotTheFile(t *testing.T) {
	t.Parallel()
	const page = "<html>moved or gone</html>"
	for status, c := range map[string]struct {
		verdict  model.Verdict
		findings []string
	}{
		"200 OK":                    {model.Altered, []string{"update.altered open"}},
		"404 Not Found":             {model.Unknown, nil},
		"403 Forbidden":             {model.Unknown, nil},
		"302 Found":                 {model.Unknown, nil},
		"500 Internal Server Error": {model.Unknown, nil},
	} {
		w := newWard(t)
		got := mustSee(t, w.house, capture(t, answered("pump-1.0.0.bin", status, page)))
		if !slices.Equal(got.verdicts(), []model.Verdict{c.verdict}) || got.summary.Recorded != 1 || len(got.findings) != len(c.findings) {
			t.Errorf("%s: %v, %d findings, %+v", status, got.verdicts(), len(got.findings), got.summary)
			continue
		}
		said := fmt.Sprintf("the server answered %.3s: this is not the file that was asked for", status)
		if slices.Contains(got.transfers[0].Why, said) != (c.findings == nil) {
			t.Errorf("%s: %q", status, got.transfers[0].Why)
		}
		says(t, w.house, c.findings...)
	}
}

// The bytes count all the same: a release under an error is that release, and code that reaches a listed device
// is told of, with what the server said.
func TestCodeUnderAnError(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	devices(t, w.house, "P-1,acme,pump-7,SN-1,,10.0.0.10,main,ward 3,CE,endpoint")
	known, other := answered("x", "404 Not Found", string(elf(1, 5000))), answered("pump-1.0.0.bin", "404 Not Found", string(elf(7, 5000)))
	other.client, other.at = "10.0.0.10:40002", other.at.Add(time.Minute)
	got := mustSee(t, w.house, capture(t, known, other))
	if v := got.verdicts(); !slices.Equal(v, []model.Verdict{model.Verified, model.Unknown}) {
		t.Fatalf("%v", v)
	}
	for _, f := range says(t, w.house, "update.unknown open") {
		if f.Rule == model.UpdateUnknown && !strings.Contains(strings.Join(f.Evidence, "\n"), "the server answered 404") {
			t.Errorf("%q", f.Evidence)
		}
	}
}
