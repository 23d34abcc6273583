package finding

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/cordon-trust/cordon/internal/model"
)

// What is remembered is what would be worked out.
func TestIDsAreRemembered(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		few := func(label string, list ...string) string { return rapid.SampledFrom(list).Draw(t, label) }
		mark := func(label string) (m model.Mark) {
			m[0] = rapid.ByteRange(0, 2).Draw(t, label)
			return m
		}
		digest := func(label string) (d model.Digest) {
			d[0] = rapid.ByteRange(0, 1).Draw(t, label)
			return d
		}
		var s ids
		for range 40 {
			tr := model.Transfer{
				Host: few("host", "", "a", "b"), Peer: few("peer", "10.0.0.1:80", "10.0.0.1:81", "10.0.0.2:80", "x"), Protocol: few("protocol", "http", "ftp"),
				Name: few("name", "", "a.bin", "b.bin"), HostMark: mark("host mark"), NameMark: mark("name mark"),
				Digest: digest("digest"), EntityDigest: digest("entity"),
				Size: rapid.Int64Range(0, 2).Draw(t, "size"), Declared: rapid.Int64Range(-1, 1).Draw(t, "declared"),
			}
			rule := model.Rule(few("rule", string(model.UpdatePlaintext), string(model.UpdateUnknown), string(model.UpdateAltered)))
			if got, want := s.of(rule, &tr), ID(rule, &tr); got != want {
				t.Fatalf("%s of %+v is remembered as %s, and is %s", rule, tr, got, want)
			}
		}
	})
}
