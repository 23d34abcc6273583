package lab

import (
	"fmt"
	"io"
	"net/netip"
	"slices"
	"time"

	"github.com/cordon-trust/cordon/internal/lab/frame"
)

// Download is one device that fetches one file by HTTP. Every field has a usable zero.
type Download struct {
	Seed       uint64
	Body       []byte         // what the server serves; nil means Firmware(Seed, 200,000)
	Path       string         // default "/fw/pump-2.1.0.bin"
	Host       string         // default "updates.acme.example"
	Device     netip.AddrPort // default 10.0.0.10:40001
	Server     netip.AddrPort // default 10.0.0.200:80
	Start      time.Time      // default [DefaultStart]
	NoARP      bool           // do not show the ARP exchange that proves the device's MAC
	Format     frame.Format
	Distortion Distortion
}

// defaultSize is the length in bytes of a file when nobody names one.
const defaultSize = 200_000

func (d *Download) fill() {
	if d.Body == nil {
		d.Body = Firmware(d.Seed, defaultSize)
	}
	if d.Path == "" {
		d.Path = "/fw/pump-2.1.0.bin"
	}
	if d.Host == "" {
		d.Host = "updates.acme.example"
	}
	if d.Device == (netip.AddrPort{}) {
		d.Device = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, 10}), 40001)
	}
	if d.Server == (netip.AddrPort{}) {
		d.Server = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, 200}), 80)
	}
}

// WriteDownload writes the capture of one download and returns the truth about it. The same download
// with another body, such as one that [Flip] returns, differs in that body and its checksums only.
func WriteDownload(w io.Writer, d Download) (Truth, error) {
	d.fill()
	one := Conversation{
		Device: d.Device, Server: d.Server, Host: d.Host, ARP: !d.NoARP && d.Device.Addr().Is4(),
		Fetch: []Object{{Path: d.Path, Body: BytesBody(d.Body)}},
	}
	r, err := Write(w, Plan{
		Seed: d.Seed, Start: d.Start, Format: d.Format, Distortion: d.Distortion,
		Conversations: slices.Values([]Conversation{one}),
	})
	if err != nil {
		return Truth{}, err
	}
	if len(r.Objects) != 1 {
		return Truth{}, fmt.Errorf("lab: one download left %d objects", len(r.Objects))
	}
	return r.Objects[0], nil
}
