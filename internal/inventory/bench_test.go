package inventory

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// A device is looked up for every transfer: 0.25 microseconds without an allocation is what it may cost.
func BenchmarkRegisterAt(b *testing.B) {
	var s strings.Builder
	s.WriteString("asset,vendor,model,serial,ip,site\n")
	for i := range 5000 {
		fmt.Fprintf(&s, "A-%d,acme,pump-7,S%d,10.1.%d.%d,main\n", i, i, i/250, 1+i%250)
	}
	list, err := ReadDevices(strings.NewReader(s.String()))
	if err != nil {
		b.Fatal(err)
	}
	r := NewRegister()
	r.Add(time.Now(), list)
	addr := netip.MustParseAddr("10.1.3.4")
	b.ReportAllocs()
	for b.Loop() {
		if d, _, ok := r.At("main", addr, "", time.Time{}); !ok || d.Subject.IsZero() {
			b.Fatal("not found")
		}
	}
}
