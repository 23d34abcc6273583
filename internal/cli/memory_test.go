package cli

import (
	"math"
	"runtime/debug"
	"testing"
)

// The bounds are the process's own: this test sets them and puts back what was there.
func TestWatchMemory(t *testing.T) {
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(math.MaxInt64)
	defer func() { debug.SetGCPercent(percent); debug.SetMemoryLimit(limit) }()
	watchMemory(func(string) string { return "50" }, true)
	if p, l := debug.SetGCPercent(100), debug.SetMemoryLimit(-1); p != 100 || l != math.MaxInt64 {
		t.Errorf("growth %d%% and limit %d replace what the operator set", p, l)
	}
	for records, want := range map[bool]int64{false: watchLimit, true: recordLimit} {
		watchMemory(func(string) string { return "" }, records)
		if p, l := debug.SetGCPercent(100), debug.SetMemoryLimit(-1); p != watchGrowth || l != want {
			t.Errorf("growth %d%%, limit %d", p, l)
		}
	}
}
