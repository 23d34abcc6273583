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

// made are the releases before their bytes are made, in the order in which they were.
func made() []spec {
	return []spec{
		{model: "pump-7", version: "2.0.0", counter: 1, size: 1_150_000},
		{model: "pump-7", version: "2.1.0", counter: 2, size: 1_250_000},
		{model: "monitor-3", version: "5.4.1", counter: 1, size: 850_000, image: true},
	}
}

type spec struct {
	model, version string
	counter        int64
	size           int  // bytes, at least; up to 50,000 more
	image          bool // for a boot loader; else a program
}

func (s spec) file() string { return fmt.Sprintf("%s-%s.bin", s.model, s.version) }

func (w *Ward) build() error {
	dice := w.dice("releases")
	for _, s := range made() {
		product, err := model.NewSubject(model.KindProduct, maker, s.model)
		if err != nil {
			return err
		}
		r := Release{Product: product, Version: s.version, Counter: s.counter, Name: s.file(), Hosts: []string{updateHost}}
		if seed, size := dice.Uint64(), s.size+dice.IntN(50_000); s.image {
			r.Body = image(seed, size, w.opt.Start)
		} else {
			r.Body = lab.Firmware(seed, size)
		}
		w.releases = append(w.releases, r)
	}
	newest := w.releases[pumpNew].Body
	w.altered = lab.Flip(newest, len(newest)/3+dice.IntN(len(newest)/3))
	w.stranger = lab.Firmware(dice.Uint64(), 310_000+dice.IntN(20_000))
	return nil
}

// image returns a legacy boot image: a header of 64 bytes with checksums of itself and of what follows.
func image(seed uint64, size int, today time.Time) []byte {
	const header = 64
	out := append(make([]byte, header), lab.Firmware(seed, size-header)...)
	be := binary.BigEndian
	be.PutUint32(out[0:], 0x27051956)
	be.PutUint32(out[8:], uint32(today.AddDate(0, -1, 0).Unix()))
	be.PutUint32(out[12:], uint32(size-header))
	be.PutUint32(out[16:], 0x8000) // load address
	be.PutUint32(out[20:], 0x8000) // entry point
	be.PutUint32(out[24:], crc32.ChecksumIEEE(out[header:]))
	copy(out[28:], []byte{5, 2, 2, 0}) // Linux, ARM, kernel, not compressed
	copy(out[32:header], "monitor-3 5.4.1")
	be.PutUint32(out[4:], crc32.ChecksumIEEE(out[:header]))
	return out
}
