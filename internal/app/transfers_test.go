package app

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
)

// transfersOf reads what a filter takes, some at a time.
func transfersOf(t *testing.T, a *App, only TransferFilter, most int) []SeenTransfer {
	t.Helper()
	var out []SeenTransfer
	for {
		list, total, err := a.Transfers(t.Context(), only, len(out), most)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, list...)
		if len(out) >= total || len(list) == 0 {
			if len(out) != total {
				t.Errorf("%d transfers of %d", len(out), total)
			}
			return out
		}
	}
}

// Recorded transfers are told the latest first, each once, as the statements of now judge them, and belong to the findings
// that count them.
func TestTransfers(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	if got := transfersOf(t, w.house, TransferFilter{}, 10); len(got) != 0 {
		t.Errorf("before anything was seen: %+v", got)
	}
	devices(t, w.house, "A-1,acme,pump-7,SN-1,,10.0.0.11,main,ward 3,,")
	for i := range 5 { // recorded in another order than they happened
		n := (i * 2) % 5
		device := fmt.Sprintf("10.0.0.1%d", n%2)
		mustSee(t, w.house, capture(t, download(device, host, fmt.Sprintf("file-%d.bin", n), elf(byte(10+n), 6000), wireTime().Add(time.Duration(n)*time.Hour))))
	}
	again := capture(t, download("10.0.0.10", host, "pump-1.0.0.bin", elf(1, 5000), wireTime().Add(9*time.Hour)))
	mustSee(t, w.house, again)
	mustSee(t, w.house, again) // the same once more is no other transfer
	for _, most := range []int{1, 2, 4, 100} {
		var names []string
		for _, s := range transfersOf(t, w.house, TransferFilter{}, most) {
			names = append(names, s.Name)
		}
		if want := []string{"pump-1.0.0.bin", "file-4.bin", "file-3.bin", "file-2.bin", "file-1.bin", "file-0.bin"}; !slices.Equal(names, want) {
			t.Errorf("%d at a time: %q, want %q", most, names, want)
		}
	}
	found, err := w.house.Findings(t.Context(), FindingFilter{})
	if err != nil || len(found) != 6 {
		t.Fatalf("%d findings, %v", len(found), err)
	}
	for _, f := range found {
		if got := transfersOf(t, w.house, TransferFilter{Finding: f.ID}, 3); len(got) != f.Transfers || got[0].Finding != f.ID || !got[0].Time.Equal(f.Last) {
			t.Errorf("%s of %d transfers has %+v", f.Rule, f.Transfers, got)
		}
	}
	listed := transfersOf(t, w.house, TransferFilter{Verdict: model.Unknown}, 100)[1]
	if listed.Device.Asset != "A-1" || !listed.Device.Listed || listed.Device.Location != "ward 3" || listed.Device.Device.String() != "device:acme/pump-7/SN-1" {
		t.Errorf("%+v", listed.Device)
	}

	// A release that arrives later judges what was recorded.
	w.release(t, "2.0.0", "file-3.bin", elf(13, 6000))
	w.publish(t)
	verified := transfersOf(t, w.house, TransferFilter{Verdict: model.Verified}, 100)
	if len(verified) != 2 || verified[1].Name != "file-3.bin" || verified[1].Release.String() != "release:acme/pump-7/2.0.0" || len(verified[1].Why) == 0 {
		t.Errorf("%+v", verified)
	}
}
