package ward

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/cordon-trust/cordon/internal/lab"
	"github.com/cordon-trust/cordon/internal/model"
)

// The maker whose devices fetch updates, and where from.
const (
	maker      = "acme"
	updateHost = "updates.acme.example"
)

// Release is a release for a demonstration to sign and publish: one file.
type Release struct {
	Product model.Subject
	Version string
	Counter int64
	Name    string   // of its file, also on the wire
	Hosts   []string // that serve it
	Body    []byte   // not to be changed
}

// Subject returns the subject of the release.
func (r *Release) Subject() (model.Subject, error) {
	return model.NewSubject(model.KindRelease, maker, r.Product.Parts()[1], r.Version)
}

// Releases returns three releases of two products of one maker, in the order in which they were made. They
// are not to be changed.
func (w *Ward) Releases() []Release { return w.releases }

// The releases by their place.
const (
	pumpOld = iota
	pumpNew
	monitorNew
)

const strangerName = "pump-7-service.bin"

func (w *Ward) build() error {
	dice := w.dice("releases")
	for _, r := range []struct {
		model, version string
		counter        int64
		body           func() []byte
	}{
		{"pump-7", "2.0.0", 1, func() []byte { return lab.Firmware(dice.Uint64(), 1_150_000+dice.IntN(50_000)) }},
		{"pump-7", "2.1.0", 2, func() []byte { return lab.Firmware(dice.Uint64(), 1_250_000+dice.IntN(50_000)) }},
		{"monitor-3", "5.4.1", 1, func() []byte { return image(dice.Uint64(), 850_000+dice.IntN(50_000), w.opt.Start) }},
	} {
		product, err := model.NewSubject(model.KindProduct, maker, r.model)
		if err != nil {
			return err
		}
		w.releases = append(w.releases, Release{
			Product: product, Version: r.version, Counter: r.counter, Name: fmt.Sprintf("%s-%s.bin", r.model, r.version),
			Hosts: []string{updateHost}, Body: r.body(),
		})
	}
	newest := w.releases[pumpNew].Body
	w.altered = lab.Flip(newest, len(newest)/3+dice.IntN(len(newest)/3))
	w.stranger = lab.Firmware(dice.Uint64(), 310_000+dice.IntN(20_000))
	return nil
}

// image returns a legacy boot image: a header of 64 bytes with checksums of itself and of what follows.
func image(seed uint64, size int, made time.Time) []byte {
	const header = 64
	out := append(make([]byte, header), lab.Firmware(seed, size-header)...)
	be := binary.BigEndian
	be.PutUint32(out[0:], 0x27051956)
	be.PutUint32(out[8:], uint32(made.AddDate(0, -1, 0).Unix())) //nolint:gosec // the format counts in 32 bits
	be.PutUint32(out[12:], uint32(size-header))                  //nolint:gosec // of a file made here
	be.PutUint32(out[16:], 0x8000)                               // load address
	be.PutUint32(out[20:], 0x8000)                               // entry point
	be.PutUint32(out[24:], crc32.ChecksumIEEE(out[header:]))
	copy(out[28:], []byte{5, 2, 2, 0}) // Linux, ARM, kernel, not compressed
	copy(out[32:header], "monitor-3 5.4.1")
	be.PutUint32(out[4:], crc32.ChecksumIEEE(out[:header]))
	return out
}
