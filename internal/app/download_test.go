package app

import (
	"cmp"
	"testing"
	"time"
)

// fetch is one device that fetches one file by HTTP from 10.0.0.200.
type fetch struct {
	body   []byte
	name   string // default "pump.bin"
	host   string // default "updates.acme.example"
	device string // default 10.0.0.10
	at     time.Time
}

// fetched writes the capture of a fetch.
func fetched(t *testing.T, f fetch) string {
	t.Helper()
	return capture(t, download(cmp.Or(f.device, "10.0.0.10"), cmp.Or(f.host, "updates.acme.example"), cmp.Or(f.name, "pump.bin"), f.body, f.at))
}
