// Package seen is what a sensor keeps of what it saw: rows of transfers, of sightings of devices and of the
// counts of a run, in a compact encoding of their own, and the statement that a batch of rows is signed by.
//
// Most callers need [AppendTransfer] and its siblings to write a row and [Reader.Read] to read one back.
// There is one encoding of every row: what is read and written again gives the same bytes. The reader
// refuses whatever the writer does not write, within fixed bounds. A row holds a name or a host only when
// whoever writes it put it there; beside or in place of it stands its [model.Mark].
package seen

import (
	"net/netip"
	"time"

	"github.com/cordon-trust/cordon/internal/model"
)

// Bounds of a row. The writer shortens what is longer.
const (
	MaxRow    = 768 << 10 // bytes of an encoded row; most of it is the digests of [model.MaxBlocks] parts
	maxNotes  = 24        // remarks
	maxNote   = 512       // bytes of one
	maxText   = 255       // bytes of a name, a host or a content type
	maxWord   = 64        // bytes of a protocol, a peer or the name of a count
	maxCounts = 64
	maxMarks  = 8
)

// Kind says what a row is about. Its number never changes meaning.
type Kind byte

// The kinds of row.
const (
	KindTransfer Kind = 1
	KindSighting Kind = 2
	KindCounts   Kind = 3
)

// AnyKind stands for all of them where rows are chosen. No row has it.
const AnyKind Kind = 0

// May reports whether an encoded row must be read by whoever wants rows of this kind: not when it is one of
// another kind. What is no row at all must be, so that it is found out.
func (k Kind) May(row []byte) bool {
	if k == AnyKind || len(row) < 2 || row[0] != version {
		return true
	}
	is := Kind(row[1])
	return is == k || is < KindTransfer || is > KindCounts
}

// The first byte of a row is its version. Every row has the first, as each had before there was another, except
// that of a transfer that was refused: whoever does not know of that must not read it and judge it by its name.
const (
	version        = 1
	versionRefused = 2
)

// Row is one decoded row: of the fields, the one that Kind names is set.
type Row struct {
	Kind     Kind
	Transfer model.Transfer
	Sighting Sighting
	Counts   Counts
}

// Sighting says that somebody was there: who had an address, and for how long.
type Sighting struct {
	First, Last time.Time // capture time
	Device      model.Subject
	Addr        netip.Addr
	MAC         string       // as in [model.Transfer]; empty: not proved
	By          string       // what proved it: "arp", "nd", "dhcp"; empty when nothing did
	Router      bool         // the MAC stands for many addresses
	Received    int64        // transfers that went there
	Served      int64        // transfers that came from there
	Marks       []model.Mark // of the names that the host gives itself, or DNS gives it; the names are not kept
}

// Counts are the numbers of one run.
type Counts struct {
	First, Last time.Time // capture time
	Counts      []Count   // by name, each once
}

// Count is one number of a run.
type Count struct {
	Name  string
	Value int64 // not negative
}

// Key is what two rows about the same transfer have in common: a capture that is watched twice, or a
// connection that two sensors saw, is one transfer.
type Key [16]byte

// KeyOf digests what identifies a transfer: when, from where to where, how, and which bytes.
func KeyOf(t *model.Transfer) Key {
	w := writer{buf: make([]byte, 0, 256)}
	w.time(t.Time)
	w.addr(t.Addr)
	if !t.Addr.IsValid() {
		w.text(t.Device.String(), maxSubject)
	}
	w.text(t.Peer, maxWord)
	w.text(t.Protocol, maxWord)
	w.number(t.Size)
	w.buf = append(w.buf, t.Digest[:]...)
	w.buf = append(w.buf, t.EntityDigest[:]...)
	w.buf = append(w.buf, t.NameMark[:]...)
	d := model.DigestOf(w.buf)
	return Key(d[:len(Key{})])
}
