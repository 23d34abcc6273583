package ward

import (
	"net/netip"
	"path"
	"time"

	"github.com/cordon-trust/cordon/internal/lab"
	"github.com/cordon-trust/cordon/internal/model"
)

// Meaning is what something that a device fetched is meant to be.
type Meaning string

// The meanings.
const (
	Genuine    Meaning = "release"
	Older      Meaning = "older release" // after a newer one
	Altered    Meaning = "altered"       // a release with one byte changed
	Stranger   Meaning = "unknown"       // in no release
	ThirdParty Meaning = "third party"   // by the name of the host only: the bytes are noise
	Noise      Meaning = "noise"
	Encrypted  Meaning = "encrypted" // inside TLS
)

// Fetch is one line of the truth: something that a device fetched.
type Fetch struct {
	Time   time.Time      `json:"time"`           // of the first byte of the answer; of the connection, when encrypted
	Device string         `json:"device"`         // its asset
	MAC    string         `json:"mac"`            //
	Addr   netip.AddrPort `json:"addr"`           // that it fetched with
	Server netip.AddrPort `json:"server"`         // that it fetched from
	Host   string         `json:"host"`           // by name
	Name   string         `json:"name,omitempty"` // last segment of the path; none when encrypted
	Meant  Meaning        `json:"meant"`
	// Release is the release that the bytes are of, or were made from.
	Release model.Subject `json:"release,omitzero"`
	Size    int64         `json:"size"`                   // bytes of the object as sent; of all objects, when encrypted
	Digest  model.Digest  `json:"digest,omitzero"`        // of the bytes as sent; none when encrypted
	Entity  model.Digest  `json:"entity_digest,omitzero"` // of the decoded bytes, when they were encoded
	Parts   int           `json:"parts,omitzero"`         // ranges in which it was fetched
	// Complete says that every byte of all answers lies in the capture.
	Complete bool `json:"complete"`
}

// fetch is what the ward knows of an object before it is served.
type fetch struct {
	meant   Meaning
	release *Release
	parted  *parted // nil: fetched in one piece
}

// parted is an object that is fetched in ranges.
type parted struct {
	left     int64 // bytes that were not fetched yet
	parts    int
	complete bool
	began    time.Time
}

// object tells about an object that was fetched. Of ranges it tells when the last has come.
func (d *day) object(t lab.Truth, tell func(Fetch) error) error {
	ref, _ := t.Ref.(fetch)
	f := d.line(t.Device, t.Server, t.Host)
	f.Time, f.Name, f.Meant, f.Complete = t.Time, path.Base(t.Path), ref.meant, t.Complete && t.Requested
	f.Size, f.Digest, f.Entity = t.Length, t.Digest, t.Entity
	if r := ref.release; r != nil {
		sub, err := r.Subject()
		if err != nil {
			return err
		}
		f.Release = sub
	}
	if p := ref.parted; p != nil {
		if p.parts == 0 {
			p.began = t.Time
		}
		p.parts, p.left, p.complete = p.parts+1, p.left-t.Length, p.complete && f.Complete
		if p.left > 0 {
			return nil
		}
		f.Time, f.Parts, f.Complete = p.began, p.parts, p.complete
		f.Size, f.Digest = t.Whole, model.DigestOf(ref.release.Body)
	}
	return tell(f)
}

func (d *day) session(s lab.Session) Fetch {
	f := d.line(s.Device, s.Server, s.Name)
	f.Time, f.Meant, f.Complete = s.Time, Encrypted, true
	for _, o := range s.Objects {
		f.Size += o.Body.Size()
	}
	return f
}

// line begins a line of truth with who spoke to whom.
func (d *day) line(device, server netip.AddrPort, host string) Fetch {
	f := Fetch{Addr: device, Server: server, Host: host}
	if i, ok := d.byAddr[device.Addr()]; ok {
		f.Device, f.MAC = d.devices[i].Asset, d.devices[i].MAC
	}
	return f
}
