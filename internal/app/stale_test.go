package app

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/evidence"
	"github.com/cordon-trust/cordon/internal/model"
)

// After the head expires a verdict stays, and says since when the copy is stale; a sync makes it fresh.
func TestStaleVerdictStays(t *testing.T) {
	t.Parallel()
	c := newHand()
	acme, house := newHouse(t, c, "acme", evidence.Maker), newHouse(t, c, "st-elsewhere", evidence.Hospital)
	repo := filepath.Join(t.TempDir(), "repo")
	path := file(t, "one.bin", "one", 1000)
	add(t, acme, "1", path)
	publish(t, acme, repo)
	trust(t, house, acme)
	sync(t, house, repo)
	expired := c.at.Add(headLifetime)

	for _, step := range []struct {
		at    time.Time
		stale time.Time
	}{{c.at, time.Time{}}, {expired.Add(-time.Second), time.Time{}}, {expired.Add(time.Second), expired}} {
		c.at = step.at
		if v := verdict(t, house, path); v.Verdict != model.Verified || !v.StaleSince.Equal(step.stale) || v.Err() != nil {
			t.Errorf("at %s: %s, stale since %s, %v; want verified, stale since %s", step.at, v.Verdict, v.StaleSince, v.Err(), step.stale)
		}
	}
	publish(t, acme, repo)
	sync(t, house, repo)
	if v := verdict(t, house, path); !v.StaleSince.IsZero() {
		t.Errorf("still stale since %s after a sync", v.StaleSince)
	}
}
