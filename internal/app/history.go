package app

import (
	"net/netip"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
	"github.com/cordon-trust/cordon/internal/release"
)

// maxReceipts bounds what a history remembers, so that forged addresses cannot grow it without end.
const maxReceipts = 1 << 18

// history is what each device received verified and complete, and who hands out files. It belongs to one
// goroutine.
type history struct {
	receipts map[model.Subject][]receipt
	count    int
	serving  map[netip.Addr]bool
}

// receipt is the first time that a device received a release.
type receipt struct {
	release model.Subject
	at      time.Time
}

var _ release.History = (*history)(nil)

func newHistory() *history {
	return &history{receipts: map[model.Subject][]receipt{}, serving: map[netip.Addr]bool{}}
}

// Received returns the releases that the device received before a time.
func (h *history) Received(device model.Subject, before time.Time) []model.Subject {
	var out []model.Subject
	for _, r := range h.receipts[device] {
		if r.at.Before(before) {
			out = append(out, r.release)
		}
	}
	return out
}

// received notes a transfer that was verified.
func (h *history) received(device, release model.Subject, at time.Time) {
	list := h.receipts[device]
	for i := range list {
		if list[i].release == release {
			if at.Before(list[i].at) {
				list[i].at = at
			}
			return
		}
	}
	if h.count < maxReceipts {
		h.receipts[device] = append(list, receipt{release, at})
		h.count++
	}
}

// served notes who handed out an update. known says that the bytes are a release's. A device with a web page of
// its own hands out pages, and is looked at by people: that makes no server of it. Nor does it that an update is
// pushed to it. Who asked for what is encrypted is not seen.
func (h *history) served(t *model.Transfer, known bool) {
	if t.Upload || t.Encrypted || !known && (!t.UpdateLike || t.Refused) || len(h.serving) >= maxReceipts {
		return
	}
	if peer, err := netip.ParseAddrPort(t.Peer); err == nil {
		h.serving[peer.Addr().Unmap()] = true
	}
}

// serves reports whether an address handed out updates.
func (h *history) serves(a netip.Addr) bool { return h != nil && a.IsValid() && h.serving[a.Unmap()] }
