package lab

import (
	"testing"

	"pgregory.net/rapid"
)

// The set agrees with a plain array of marks, and its ranges stay sorted and apart.
func TestSpans(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const size = 64
		var marks [size]bool
		var s spans
		for range rapid.IntRange(0, 20).Draw(t, "ranges") {
			from, to := int64(rapid.IntRange(0, size).Draw(t, "from")), int64(rapid.IntRange(0, size).Draw(t, "to"))
			s.add(from, to)
			for i := from; i < to; i++ {
				marks[i] = true
			}
			for i := range s {
				if s[i].from >= s[i].to || i > 0 && s[i-1].to >= s[i].from {
					t.Fatalf("ranges %v", s)
				}
			}
		}
		from, to := int64(rapid.IntRange(0, size).Draw(t, "ask from")), int64(rapid.IntRange(0, size).Draw(t, "ask to"))
		gone := int64(0)
		for i := from; i < to; i++ {
			if !marks[i] {
				gone++
			}
		}
		if got := s.missing(from, to); got != gone {
			t.Fatalf("%d of %d-%d are missing, want %d: %v", got, from, to, gone, s)
		}
		if from < to && s.touches(from, to) != (gone < to-from) {
			t.Fatalf("touches %d-%d: %v", from, to, s)
		}
	})
}
