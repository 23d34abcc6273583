package cli

import (
	"testing"
	"time"
)

func TestDays(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"90d": "90d", "1d": "1d", "24h": "1d", "36h": "36h0m0s", "90m": "1h30m0s", "0d": "0s", "2160h": "90d", "106751d": "106751d",
	} {
		var d time.Duration
		f := daysFlag{&d}
		if err := f.Set(text); err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := f.String(); got != want {
			t.Errorf("%s reads as %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{"", "d", "-1d", "1.5d", "90", "90 d", "106752d", "18446744073709551615d", "1y"} {
		d := time.Minute
		if err := (daysFlag{&d}).Set(text); err == nil || d != time.Minute {
			t.Errorf("%q: %v, and the value is %s", text, err, d)
		}
	}
}
