package release

import (
	"strings"
	"testing"

	"github.com/cordon-trust/cordon/internal/model"
)

// What a server gives in place of a file has the file's name, host and product whatever it is. Only its bytes
// say something, whole or in blocks.
func TestJudgeRefused(t *testing.T) {
	t.Parallel()
	body := noise(3*bs + 1000)
	gap := [2]int{2*bs + 100, 2*bs + 200}
	refused := func(x model.Transfer) model.Transfer { x.Refused, x.Host = true, "update.acme.test"; return x }
	as := func(x model.Transfer, contentType string) model.Transfer { x.ContentType = contentType; return x }
	for name, c := range map[string]struct {
		t       model.Transfer
		before  model.Verdict // were it an answer that gives the file
		verdict model.Verdict
		release string
		why     string
	}{
		"a page with its name":         {seen("pump.bin", "<html>"), model.Altered, model.Unknown, "", "no organisation"},
		"a page of its size":           {seen("small.bin", "page"), model.Altered, model.Unknown, "", "no organisation"},
		"half a page":                  {inPart("pump.bin", []byte("<html>"), [2]int{3, 6}), model.Incomplete, model.Incomplete, "", "bytes were seen"},
		"a page of what is encrypted":  {as(seen("sealed.bin", "<html>"), "application/octet-stream"), model.CannotSee, model.Unknown, "", "no organisation"},
		"its bytes":                    {seen("pump.bin", string(body)), model.Verified, model.Verified, "2.1.0", "signed these bytes"},
		"bytes that were withdrawn":    {seen("bad.bin", "bad"), model.Withdrawn, model.Withdrawn, "2.0.0", "battery"},
		"its bytes, one changed":       {inPart("pump.bin", flip(body, 2*bs)), model.Altered, model.Altered, "2.1.0", "its bytes differ"},
		"one changed, and in part":     {inPart("x", flip(body, 3*bs), gap), model.Altered, model.Altered, "2.1.0", "the first block that differs"},
		"in part":                      {inPart("pump.bin", body, gap), model.Incomplete, model.Incomplete, "2.1.0", "3 of 4 blocks"},
		"as long, and nothing of it":   {inPart("pump.bin", noise(9 * bs)[5*bs:8*bs+1000]), model.Altered, model.Unknown, "", "no organisation"},
		"as long, in part, nothing":    {inPart("pump.bin", noise(9 * bs)[5*bs:8*bs+1000], gap), model.Altered, model.Incomplete, "", "bytes were seen"},
		"a sealed name, one changed":   {as(inPart("sealed.bin", flip(body, 2*bs)), "application/octet-stream"), model.CannotSee, model.Altered, "2.1.0", "its bytes differ"},
		"a page from where files come": {seen("index.html", "<html>"), model.Unknown, model.Unknown, "", "no organisation"},
	} {
		dir := t.TempDir()
		w := newWard(t)
		w.book.UseBlocks(drawer(dir))
		w.withdraw(w.acme, w.release("2.0.0", 1, nil, artifact("bad.bin", "bad")), "battery")
		sealed := artifact("sealed.bin", "sealed")
		sealed.Forms = []Form{{Form: FormEncrypted}}
		w.release("2.1.0", 2, func(s *Set) { s.Hosts = []string{"update.acme.test"} },
			measured(t, dir, "pump.bin", body), artifact("small.bin", "four"), sealed)
		d := model.Device{Product: product(t, "acme/pump-7"), Listed: true}
		given := refused(c.t)
		given.Refused = false
		if j := w.book.Judge(later, &given, d, nil); j.Verdict != c.before {
			t.Errorf("%s: given it is %s, want %s", name, j.Verdict, c.before)
		}
		j := w.book.Judge(later, new(refused(c.t)), d, nil)
		if j.Verdict != c.verdict || j.Release.IsZero() != (c.release == "") || !strings.HasSuffix(j.Release.String(), c.release) ||
			!strings.Contains(strings.Join(j.Why, "\n"), c.why) {
			t.Errorf("%s: %s of %s: %q", name, j.Verdict, j.Release, j.Why)
		}
	}
}
