package app

import (
	"testing"
	"time"
)

func TestOverview(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	has, err := w.house.Overview(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(has.Trusted) != 2 || has.Trusted[0].Org != "acme" || has.Releases != 1 || has.Devices != 0 || has.Recorded {
		t.Errorf("%+v", has)
	}
	if len(has.Copies) != 1 || has.Copies[0].Publisher != "acme" || !has.Copies[0].SyncedAt.Equal(w.c.at) || !has.Copies[0].Expires.After(w.c.at) {
		t.Errorf("the copies are %+v", has.Copies)
	}
	devices(t, w.house, "A-1,acme,pump-7,SN-1,,10.0.0.10,main,,,", "A-2,acme,pump-7,SN-2,,10.0.0.11,main,,,")
	mustSee(t, w.house, capture(t, download("10.0.0.10", host, "pump-1.0.0.bin", elf(1, 5000), wireTime())))
	if has, err = w.house.Overview(t.Context()); err != nil || has.Devices != 2 || !has.Recorded {
		t.Errorf("%+v, %v", has, err)
	}
	// A copy is good no longer than the root under which it was signed.
	if root, cp := has.Trusted[0].Expires, has.Copies[0].Expires; cp.After(root) {
		t.Errorf("the copy is good until %s, the root until %s", cp.Format(time.RFC3339), root.Format(time.RFC3339))
	}
	w.c.at = w.c.at.Add(10 * Retention) // what was recorded is erased by the next write
	devices(t, w.house, "A-1,acme,pump-7,SN-1,,10.0.0.10,main,,,")
	if has, err = w.house.Overview(t.Context()); err != nil || has.Devices != 1 || has.Recorded {
		t.Errorf("%+v, %v", has, err)
	}
}
