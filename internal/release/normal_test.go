package release

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/cordon-trust/cordon/internal/model"
)

// What spares most names the way through a subject gives what that way gives.
func TestPlainNamesAreNormal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[ -~\n]{0,260}`), rapid.SampledFrom([]string{"", ".", "..", "ü", "u\u0308"})).Draw(rt, "name")
		want := ""
		if sub, err := model.NewSubject(model.KindAdvisory, s); err == nil {
			want = sub.Parts()[0]
		}
		if got := NormalName(s); got != want {
			rt.Fatalf("%q is %q, want %q", s, got, want)
		}
	})
}
