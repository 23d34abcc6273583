package flow

import (
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

// Addresses are packed and unpacked without loss, and ordered as netip orders them.
func TestAddrCompare(t *testing.T) {
	t.Parallel()
	addr := rapid.Custom(func(t *rapid.T) netip.Addr {
		if rapid.Bool().Draw(t, "v4") {
			return netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "bytes")))
		}
		b := [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "bytes"))
		if rapid.Bool().Draw(t, "low") {
			clear(b[:8])
		}
		return netip.AddrFrom16(b).Unmap()
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := addr.Draw(t, "a"), addr.Draw(t, "b")
		if AddrOf(a).IP() != a {
			t.Fatalf("%s becomes %s", a, AddrOf(a).IP())
		}
		if got, want := AddrOf(a).Compare(AddrOf(b)), a.Compare(b); got != want {
			t.Fatalf("%s and %s: %d, not %d", a, b, got, want)
		}
	})
}
