// Package ward is the content of the digital ward: its devices, what each of them does in the course of a
// day, the releases that their maker signs, and the truth about everything they fetch.
//
// Most callers need [New] and then [Ward.WriteFolder], which writes captures, device list, releases and
// truth for anyone; [Ward.WriteDay] writes the capture of one day. The same options give the same bytes,
// apart from TLS, whose keys are random. Everything is made up: names, serials, patients, files; hosts of
// third parties are those of real download services and the bytes said to come from them are noise. It
// opens no socket and refuses a ward that is larger than its address plan.
package ward

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/cordon-trust/cordon/internal/lab"
)

// Limits of a ward.
const (
	MaxDevices = 2000
	MaxDays    = 30
)

// Options say which ward. The zero value is usable.
type Options struct {
	Seed    uint64
	Devices int       // 1 to [MaxDevices]; 0 means 40. A router and the hospital's servers come on top
	Start   time.Time // some time of the first day, in UTC; the default is that of [lab.DefaultStart]
}

func (o *Options) valid() error {
	if o.Devices == 0 {
		o.Devices = 40
	}
	if o.Devices < 1 || o.Devices > MaxDevices {
		return fmt.Errorf("a ward of %d devices: 1 to %d", o.Devices, MaxDevices)
	}
	if o.Start.IsZero() {
		o.Start = lab.DefaultStart()
	}
	o.Start = o.Start.UTC().Truncate(24 * time.Hour)
	return nil
}

// Ward is a ward that does not change. Its methods may be called by one goroutine at a time.
type Ward struct {
	opt      Options
	devices  []Device
	of       map[kind][]int     // indices of devices
	byAddr   map[netip.Addr]int // indices of devices by every address
	order    []int              // pumps, as their turn comes
	releases []Release
	stranger []byte // bytes that are in no release
	altered  []byte // the newest pump release with one byte changed

	authorities [2]*lab.Authority // of the servers' certificates, one after the other
	renewed     int               // day for which the certificates were renewed last
}

// New makes a ward.
func New(opt Options) (*Ward, error) {
	if err := opt.valid(); err != nil {
		return nil, fmt.Errorf("ward: %w", err)
	}
	w := &Ward{opt: opt}
	for i := range w.authorities {
		w.authorities[i] = lab.NewAuthority(opt.Start)
	}
	w.populate()
	if err := w.build(); err != nil {
		return nil, fmt.Errorf("ward: %w", err)
	}
	w.order = w.dice("order", 0).Perm(len(w.of[pump]))
	for i, p := range w.order {
		w.order[i] = w.of[pump][p]
	}
	return w, nil
}

// Start returns the first midnight.
func (w *Ward) Start() time.Time { return w.opt.Start }

// dice returns a source of chance for one purpose, so that using one does not shift another.
func (w *Ward) dice(purpose string, n ...int) *rand.Rand {
	b := binary.LittleEndian.AppendUint64(nil, w.opt.Seed)
	for _, x := range n {
		b = binary.LittleEndian.AppendUint64(b, uint64(x))
	}
	return rand.New(rand.NewChaCha8(sha256.Sum256(append(b, purpose...)))) //nolint:gosec // a ward must come out the same from the same seed
}
