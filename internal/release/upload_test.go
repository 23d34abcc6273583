package release

import (
	"testing"

	"github.com/cordon-trust/cordon/internal/model"
)

// What a device sends up to its maker's server, such as its settings under a name that a release has too, does
// not come from that server: it is no altered update.
func TestSentUpIsNotFromTheHost(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	w.release("1", 1, func(s *Set) { s.Hosts = []string{"update.acme.test"} }, artifact("settings.json", "as delivered"))
	for name, c := range map[string]struct {
		upload bool
		want   model.Verdict
	}{"fetched": {false, model.Altered}, "sent up": {true, model.Unknown}} {
		x := seen("settings.json", "as it is here and now")
		x.Host, x.Upload = "update.acme.test", c.upload
		if j := w.book.Judge(day0, &x, model.Device{}, nil); j.Verdict != c.want {
			t.Errorf("%s: %s %q", name, j.Verdict, j.Why)
		}
	}
}
