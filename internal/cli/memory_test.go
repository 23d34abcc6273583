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
	watchMemory(func(string) string { return "50" })
	if p, l := debug.SetGCPercent(100), debug.SetMemoryLimit(-1); p != 100 || l != math.MaxInt64 {
		t.Errorf("growth %d%% and limit %d replace what the operator set", p, l)
	}
	watchMemory(func(string) string { return "" })
	if p, l := debug.SetGCPercent(100), debug.SetMemoryLimit(-1); p != watchGrowth || l != watchLimit {
		t.Errorf("growth %d%%, limit %d", p, l)
	}
}
