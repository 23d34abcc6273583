package network

import (
	"time"

	"github.com/cordon-trust/cordon/internal/model"
)

// Part is the body of one message that carried a range of a larger object. Where the
// parts of an object can be told to belong together they have one transfer, handed out when they cover it or
// nothing more comes; any other part has an incomplete transfer of its own, handed out before it.
type Part struct {
	Time       time.Time // capture time of the first byte of the message
	Device     model.Subject
	Peer       string
	Host, Name string
	First      int64        // offset in the whole, -1 when not told
	Whole      int64        // length of the whole, -1 when not told
	Size       int64        // bytes that were seen
	Complete   bool         // every byte of the message was seen
	Digest     model.Digest // of the bytes of the part; zero unless Complete
}

// PartSink is a [Sink] that also takes parts.
type PartSink interface {
	Part(Part) error
}

// part is the object as the part it is of another, whose incomplete transfer is t.
func (o *object) part(t *model.Transfer) Part {
	return Part{
		Time: t.Time, Device: t.Device, Peer: t.Peer, Host: t.Host, Name: t.Name, First: o.first, Whole: o.whole,
		Size: o.seen, Complete: o.complete, Digest: o.digest,
	}
}
