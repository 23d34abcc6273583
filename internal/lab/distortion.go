package lab

import (
	"fmt"

	"github.com/cordon-trust/cordon/internal/lab/frame"
)

// Side picks one direction of a connection.
type Side uint8

// What a mirror can lack.
const (
	Both       Side = iota
	ToDevice        // only what the server sends is seen
	FromDevice      // only what the device sends is seen
)

// Distortion is what happens between the wire and the capture. Shares are of data segments, from 0 to 1,
// and chance is drawn from the plan's seed. The zero value distorts nothing.
type Distortion struct {
	Reorder   float64 // pass after one to three later frames of their connection
	Duplicate float64 // are sent again, as a retransmission
	Overlap   float64 // are followed by a segment that repeats them and up to 100 bytes before them
	Conflict  float64 // of answers: are followed, not acknowledged yet, by a copy with other bytes
	Damage    float64 // of answers: follow a copy with other bytes and a wrong checksum, which every receiver drops
	Lose      float64 // of all frames of connections: are not seen by the mirror

	NoHandshake bool          // SYN, SYN-ACK and the ACK after them are not seen
	Only        Side          // the other direction is not seen
	Twice       bool          // every frame is seen again behind a router: other MACs, TTL one lower
	Tags        [2]frame.Tags // of frames that the device sends, and that the server sends
	Snap        int           // bytes of a frame that are kept; 0: all
	Segment     int           // bytes of a data segment; 0: 1,448; above it, as merged by a network card
	Wrap        bool          // sequence numbers pass 2^32: within the request, and within 32 KiB of what the server sends
	Sum         frame.Sum     // what stands in the checksum fields of data that the server sends
}

// segment is the default size of a data segment: an MTU of 1,500 bytes less IPv4, TCP and the timestamp option.
const segment = 1448

func (d *Distortion) valid() error {
	if d.Segment == 0 {
		d.Segment = segment
	}
	if d.Segment < 1 || d.Segment > frame.MaxPayload {
		return fmt.Errorf("segments of %d bytes: 1 to %d", d.Segment, frame.MaxPayload)
	}
	for _, s := range []struct {
		name string
		is   float64
	}{{"reorder", d.Reorder}, {"duplicate", d.Duplicate}, {"overlap", d.Overlap}, {"conflict", d.Conflict}, {"damage", d.Damage}, {"lose", d.Lose}} {
		if s.is < 0 || s.is > 1 {
			return fmt.Errorf("%s %v is not a share from 0 to 1", s.name, s.is)
		}
	}
	if d.Segment+100 > frame.MaxPayload && d.Overlap > 0 {
		return fmt.Errorf("segments of %d bytes leave no room for an overlap", d.Segment)
	}
	return nil
}
